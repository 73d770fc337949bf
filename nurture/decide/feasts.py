"""Special days as a start: whose feast comes next, and which began before it was learned of (language.md 4.2)."""

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta

from nurture.decide.clock import day_start
from nurture.decide.dates import before_live, begins_by_moving, lead
from nurture.decide.draft import Draft
from nurture.decide.special_days import dates_in, next_special_day
from nurture.model.makers import new_armed, new_firing
from nurture.model.person import Armed, Firing
from nurture.model.trigger import HolidayTrigger


def observed(draft: Draft, trigger: HolidayTrigger) -> tuple[str, ...]:
    """The days of a trigger that this person keeps, by their own word; what is not known is not kept."""
    if not trigger.observed_by:
        return trigger.days
    said = draft.facts.get(trigger.observed_by[-1])
    kept = said if isinstance(said, tuple | list | frozenset) else ()
    return tuple(name for name in trigger.days if name in kept)


def country_of(draft: Draft, trigger: HolidayTrigger) -> str:
    """The country by which the days are dated; empty while it is not known."""
    return str(draft.facts.get(trigger.country[-1]) or "").upper()


def falls_on(draft: Draft, trigger: HolidayTrigger, name: str, day: date) -> bool:
    """Whether a feast is on that date, as its country is known now and the calendars say."""
    return day in dates_in(draft.book, name, country_of(draft, trigger), day.year)


def armed_feasts(draft: Draft) -> Iterator[Armed]:
    """The next occurrence of every feast that the person keeps."""
    for listening, trigger in draft.index.holidays:
        for name in observed(draft, trigger):
            day = _next(draft, trigger, name)
            if day is not None:
                when = day_start(day - lead(trigger), draft.clock)
                yield new_armed(when, listening.sequence.name, listening.number, day, name)


def _next(draft: Draft, trigger: HolidayTrigger, name: str) -> date | None:
    """The next date whose lead begins after what was lived through."""
    country = country_of(draft, trigger)
    day = next_special_day(draft.book, name, country, draft.today(draft.asof) + lead(trigger))
    if day is not None and day_start(day - lead(trigger), draft.clock) <= draft.asof:
        day = next_special_day(draft.book, name, country, day + timedelta(days=1))
    return day


def late_feasts(draft: Draft, now: datetime, until: datetime) -> Iterator[tuple[Armed, bool]]:
    """Feasts whose lead began before it was known that, or where, they are kept; and whether that was told just now."""
    for listening, trigger in draft.index.holidays:
        told = not draft.changed.isdisjoint({".".join(trigger.observed_by), ".".join(trigger.country)})
        if not told and draft.moved_from is None:
            continue
        for name in observed(draft, trigger):
            day = next_special_day(draft.book, name, country_of(draft, trigger), draft.today(now))
            if day is None:
                continue
            began = day_start(day - lead(trigger), draft.clock)
            if began >= until or before_live(draft.book, listening.sequence, began):
                continue
            if told or begins_by_moving(draft, day - lead(trigger), time(0), now):
                yield new_armed(began, listening.sequence.name, listening.number, day, name), told


def started(draft: Draft, sequence: str, number: int, name: str, now: datetime) -> Firing | None:
    """The start of a feast's next date for who stands in its lead already, by the live book; else None."""
    current = draft.book.sequences.get(sequence)
    trigger = current.start[number] if current is not None and number < len(current.start) else None
    if current is None or not isinstance(trigger, HolidayTrigger) or name not in observed(draft, trigger):
        return None
    day = next_special_day(draft.book, name, country_of(draft, trigger), draft.today(now))
    began = day_start(day - lead(trigger), draft.clock) if day is not None else None
    if day is None or began is None or began > now or before_live(draft.book, current, began):
        return None
    return new_firing(sequence, number, began, now, day, name)
