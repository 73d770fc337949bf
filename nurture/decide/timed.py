"""Starts at an hour of the reader's own clock: every week, and once, a broadcast (language.md 4.2)."""

from collections.abc import Iterator
from datetime import date, datetime, timedelta

from nurture.decide.clock import Clock, after, at, local_day
from nurture.decide.dates import before_live, begins_by_moving
from nurture.decide.draft import Draft
from nurture.decide.index import Listening
from nurture.model.book import Book
from nurture.model.bucket import BUCKETS, turn
from nurture.model.length import Length, Unit
from nurture.model.makers import new_armed
from nurture.model.person import Armed
from nurture.model.sequence import Sequence
from nurture.model.trigger import EveryTrigger, OnceTrigger

WEEK = "week"  # `start.name` of `every: week`
_DAY = timedelta(days=1)
_LONG = {"month": 30, "year": 365}  # a broadcast is spread over elapsed time; nobody's calendar counts there


def armed_weeks(draft: Draft) -> Iterator[Armed]:
    """The next occurrence of every weekly trigger; none while numbers that its `if` needs are not known by then.

    Who was told none would be refused every week, and the store looks for nobody of them either.
    """
    for listening, trigger, needed in draft.index.weekly:
        if not needed <= draft.numbers.keys():
            continue
        day = _next_week(trigger, draft.clock, draft.asof)
        when = at(day, trigger.at, draft.clock)
        if needed and any(_unknown_by(draft, numbers, when) for numbers in needed):
            continue
        yield new_armed(when, listening.sequence.name, listening.number, day, WEEK)


def _next_week(trigger: EveryTrigger, clock: Clock, since: datetime) -> date:
    today = local_day(since, clock)
    day = today + timedelta(days=(trigger.weekday - today.weekday()) % 7)
    return day if at(day, trigger.at, clock) > since else day + timedelta(days=7)


def _unknown_by(draft: Draft, numbers: str, when: datetime) -> bool:
    """Whether numbers that were told, if any, are known no more: they are for one `over` (language.md 3)."""
    told, described = draft.numbers.get(numbers), draft.book.catalogue.numbers.get(numbers)
    if told is None or described is None:
        return True
    return when >= after(told[0], Length(1, Unit(described.over)), draft.clock)


def late_weeks(draft: Draft, now: datetime, until: datetime) -> Iterator[Armed]:
    """What a reader who moves east would miss: its hour has passed on the new clock and was to come on the old one."""
    if draft.moved_from is None:
        return
    for listening, trigger, _ in draft.index.weekly:
        for day in (draft.today(now) - _DAY, draft.today(now)):
            when = at(day, trigger.at, draft.clock)
            if day.weekday() != trigger.weekday or when >= until or before_live(draft.book, listening.sequence, when):
                continue
            if begins_by_moving(draft, day, trigger.at, now):
                yield new_armed(when, listening.sequence.name, listening.number, day, WEEK)


def armed_broadcasts(draft: Draft, until: datetime | None) -> Iterator[Armed]:
    """The broadcasts whose moment is still to come for this person; none whose hour comes later than `until`."""
    for listening, trigger in draft.index.broadcasts:
        hour = at(trigger.day, trigger.at, draft.clock)
        if until is not None and hour > until and not before_live(draft.book, listening.sequence, hour):
            continue
        when = moment_of(draft, listening, trigger, draft.clock)
        if when is not None and when > draft.asof:
            yield _alarm(listening, trigger, when)


def late_broadcasts(draft: Draft, now: datetime, until: datetime) -> Iterator[Armed]:
    """Broadcasts that a reader who moves east would miss."""
    if draft.moved_from is None:
        return
    for listening, trigger in draft.index.broadcasts:
        when = moment_of(draft, listening, trigger, draft.clock)
        before = moment_of(draft, listening, trigger, draft.moved_from)
        if when is not None and before is not None and when < until and before >= now:
            yield _alarm(listening, trigger, when)


def _alarm(listening: Listening, trigger: OnceTrigger, when: datetime) -> Armed:
    return new_armed(when, listening.sequence.name, listening.number, trigger.day, called(trigger))


def called(trigger: OnceTrigger) -> str:
    """`start.name` of a broadcast: its moment as it is written."""
    return f"{trigger.day} {trigger.at:%H:%M}"


def moment_of(draft: Draft, listening: Listening, trigger: OnceTrigger, clock: Clock) -> datetime | None:
    """When a broadcast starts this person (UTC): at its hour on their clock, plus their turn in the spread.

    Whose hour had passed when it went live is left out, unless the question was answered: then it goes to
    them as it goes live.
    """
    hour = at(trigger.day, trigger.at, clock)
    if before_live(draft.book, listening.sequence, hour):
        since = past_too(draft.book, listening.sequence)
        if since is None:
            return None
        hour = since
    return hour + delay(draft.id, listening.sequence)


def past_too(book: Book, sequence: Sequence) -> datetime | None:
    """Since when a broadcast goes also to those whose hour had passed; None where nobody said so."""
    applied = book.applied.get(sequence.name)
    return (applied.starts_since or applied.live_since) if applied is not None and applied.past_too else None


def delay(person: str, sequence: Sequence) -> timedelta:
    """How much later than its hour a broadcast with `spread` starts somebody: their turn, a hash, of the length."""
    if sequence.spread is None:
        return timedelta()
    return spread_over(sequence.spread) * turn(person, sequence.lineage or sequence.name) / BUCKETS


def spread_over(length: Length) -> timedelta:
    """A spread as elapsed time."""
    if length.elapsed:
        return timedelta(seconds=length.seconds)
    days = length.days
    return timedelta(days=days if days is not None else length.amount * _LONG.get(length.unit.value, 1))
