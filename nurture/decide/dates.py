"""Days of people and of their things: which comes next, and which began before it was learned of (language.md 4.2)."""

from collections.abc import Container, Iterator
from datetime import date, datetime, time, timedelta
from functools import lru_cache

from nurture.decide.clock import at, day_start, next_occurrence
from nurture.decide.draft import Draft
from nurture.model.book import Book
from nurture.model.event import MonthDay
from nurture.model.makers import new_armed
from nurture.model.person import Armed
from nurture.model.sequence import Sequence
from nurture.model.trigger import DayTrigger, HolidayTrigger


def date_of(draft: Draft, path: tuple[str, ...], thing: str = "") -> date | MonthDay | None:
    """A date of the person by its path: a fact, the first or last order, or a field of the thing with that key."""
    value: object
    if path[0] in draft.book.catalogue.things:
        value = draft.things.get(path[0], {}).get(thing, {}).get(path[-1])
    elif path == ("person", "orders", "first_at"):
        value = draft.orders.first_at
    elif path == ("person", "orders", "last_at"):
        value = draft.orders.last_at
    else:
        value = draft.facts.get(path[-1])
    if isinstance(value, datetime):
        return draft.today(value)
    return value if isinstance(value, date | MonthDay) else None


def lead(trigger: DayTrigger | HolidayTrigger) -> timedelta:
    """How long before day 0 people start; a lead is written in days or weeks."""
    return timedelta(days=trigger.lead.days or 0) if trigger.lead else timedelta()


def before_live(book: Book, sequence: Sequence, moment: datetime) -> bool:
    """Nobody is taken in retroactively: only what fires after the sequence, or its new `start`, went live (6.4)."""
    applied = book.applied.get(sequence.name)
    return applied is not None and moment < (applied.starts_since or applied.live_since)


def begins_by_moving(draft: Draft, day: date, clock_time: time, now: datetime) -> bool:
    """Whether a moment that has passed on the reader's new clock was still to come on the old one."""
    return draft.moved_from is not None and at(day, clock_time, draft.moved_from) >= now


def things_of(draft: Draft, trigger: DayTrigger) -> tuple[str, ...]:
    """The keys of the things whose day it is; of a day of the person's own just one, without a name."""
    return tuple(sorted(draft.things.get(trigger.per, {}))) if trigger.per else ("",)


_DAY = timedelta(days=1)
_LONG = 300  # so many dates have nearly every day of the year among them


def armed_days(draft: Draft, until: datetime | None) -> Iterator[Armed]:
    """The next day of every `day` trigger, for each thing it is about; none that cannot begin by `until`."""
    span = None if until is None else (draft.today(draft.asof) - _DAY, draft.today(until) + _DAY)
    for listening, trigger in draft.index.days:
        for thing in things_of(draft, trigger):
            if span is not None and not _may_fall(draft, trigger, thing, span):
                continue
            day = next_day(draft, trigger, draft.asof, thing)
            if day is not None:
                when = day_start(day - lead(trigger), draft.clock)
                yield new_armed(when, listening.sequence.name, listening.number, day, ".".join(trigger.path), thing)


def _may_fall(draft: Draft, trigger: DayTrigger, thing: str, span: tuple[date, date]) -> bool:
    """Whether the lead of a day can begin in a span of dates; quick, since of most people it cannot."""
    value = date_of(draft, trigger.path, thing)
    if value is None:
        return False
    if trigger.yearly:
        return value.month * 100 + value.day in _days_of_year(*span, lead(trigger))
    ahead = lead(trigger)
    return isinstance(value, date) and span[0] + ahead <= value <= span[1] + ahead


@lru_cache(maxsize=1024)
def _days_of_year(first: date, last: date, ahead: timedelta) -> Container[int]:
    """The days of the year, as month * 100 + day, so far ahead of a span; 29 February beside the days next to it."""
    if (last - first).days > _LONG:
        return range(1300)
    days = [first + ahead + timedelta(days=number) for number in range((last - first).days + 1)]
    found = {day.month * 100 + day.day for day in days}
    return frozenset(found | {229} if found & {228, 301} else found)


def next_day(draft: Draft, trigger: DayTrigger, since: datetime, thing: str = "") -> date | None:
    """The next day 0 whose lead begins after an instant; a yearly day never falls on its own date."""
    value = date_of(draft, trigger.path, thing)
    if value is None:
        return None
    earliest = draft.today(since) + lead(trigger)
    if trigger.yearly and isinstance(value, date):
        earliest = max(earliest, value + timedelta(days=1))
    day = next_occurrence(value, earliest, draft.book.rules.leap_day, trigger.yearly)
    if day is not None and day_start(day - lead(trigger), draft.clock) <= since:
        day = next_occurrence(value, max(day, earliest) + timedelta(days=1), draft.book.rules.leap_day, trigger.yearly)
    return day


def late_days(draft: Draft, now: datetime, until: datetime) -> Iterator[tuple[Armed, bool]]:
    """The days whose lead began before they were learned of, or by moving east; and whether they were told just now."""
    for listening, trigger in draft.index.days:
        told = ".".join(trigger.path) in draft.changed
        if not told and draft.moved_from is None:
            continue
        for thing in things_of(draft, trigger):
            day = _coming(draft, trigger, thing, now)
            if day is None:
                continue
            began = day_start(day - lead(trigger), draft.clock)
            if began >= until or before_live(draft.book, listening.sequence, began):
                continue
            if told or begins_by_moving(draft, day - lead(trigger), time(0), now):
                name = ".".join(trigger.path)
                yield new_armed(began, listening.sequence.name, listening.number, day, name, thing), told


def _coming(draft: Draft, trigger: DayTrigger, thing: str, now: datetime) -> date | None:
    """The day that has not passed yet."""
    value = date_of(draft, trigger.path, thing)
    earliest = draft.today(now)
    if trigger.yearly and isinstance(value, date):
        earliest = max(earliest, value + timedelta(days=1))
    return None if value is None else next_occurrence(value, earliest, draft.book.rules.leap_day, trigger.yearly)
