"""Who fulfils what starts a sequence already: what came about before now and holds still (language.md 6.4, 11.7).

A sequence that goes live takes nobody in for it. `nurture enrol --already` does, when a person asks for it.
"""

from collections.abc import Iterator
from datetime import date, datetime, timedelta

from nurture.decide.clock import at, day_start, next_occurrence
from nurture.decide.conditions import truth
from nurture.decide.dates import date_of, lead, things_of
from nurture.decide.draft import Draft
from nurture.decide.feasts import country_of, observed
from nurture.decide.inside import entered
from nurture.decide.special_days import next_special_day
from nurture.decide.triggers import LAPSE_HOUR, lapse_day
from nurture.model.book import Book
from nurture.model.person import Firing, Person
from nurture.model.sequence import Sequence
from nurture.model.trigger import AnyTrigger, DayTrigger, HolidayTrigger, LapseTrigger, StageTrigger
from nurture.model.values import dataclass

LASTING = (LapseTrigger, DayTrigger, HolidayTrigger, StageTrigger)  # what an event or an hour starts is over at once


@dataclass(frozen=True, slots=True)
class Cause:
    """Which trigger is fulfilled (its place in `start`), what it is called, day 0, and the thing it is about."""

    trigger: int
    name: str
    day0: date
    thing: str = ""


def fulfils(book: Book, person: Person, sequence: Sequence, now: datetime) -> bool:
    """Whether somebody fulfils a sequence's start already, and is neither in it nor was for this cause.

    `person` is as of `now` or earlier. That `again` lets them start is not asked here.
    """
    return fulfilled(book, person, sequence, now) is not None


def fulfilled(book: Book, person: Person, sequence: Sequence, now: datetime) -> Cause | None:
    """The first cause that holds, with the trigger's `if` and the sequence's `stage`; None when there is none."""
    if person.erased or person.suppressed:
        return None
    if any(one.running and one.sequence == sequence.name for one in person.enrolments):
        return None
    draft = Draft(book, person)
    return next((cause for cause in _causes(draft, sequence, now) if _fits(draft, sequence, cause, now)), None)


def can_last(sequence: Sequence) -> bool:
    """Whether anything that starts it can hold for longer than a moment."""
    return any(isinstance(trigger, LASTING) and not _left(trigger) for trigger in sequence.start)


def _left(trigger: AnyTrigger) -> bool:
    return isinstance(trigger, StageTrigger) and trigger.left


def _causes(draft: Draft, sequence: Sequence, now: datetime) -> Iterator[Cause]:
    for number, trigger in enumerate(sequence.start):
        match trigger:
            case LapseTrigger():
                yield from _silence(draft, sequence, number, trigger, now)
            case StageTrigger(left=False):
                yield from _stage(draft, sequence, number, trigger, now)
            case DayTrigger():
                yield from _days(draft, number, trigger, now)
            case HolidayTrigger():
                yield from _feasts(draft, number, trigger, now)


def _silence(draft: Draft, sequence: Sequence, number: int, trigger: LapseTrigger, now: datetime) -> Iterator[Cause]:
    """A silence that is long enough, and for which they were not in it yet."""
    day = lapse_day(draft, trigger)
    if day is None or at(day, LAPSE_HOUR, draft.clock) > now:
        return
    last = max((event.happened_at for event in draft.events if event.name == trigger.event), default=None)
    if last is None or not _was_in(draft, sequence, last):
        yield Cause(number, trigger.event, draft.today(now))


def _stage(draft: Draft, sequence: Sequence, number: int, trigger: StageTrigger, now: datetime) -> Iterator[Cause]:
    """The stage they are in, or a moment that holds; of a stage, since they came into it."""
    here = draft.stage
    if here is not None and here.id == trigger.stage:
        if not _was_in(draft, sequence, here.since):
            yield Cause(number, trigger.stage, draft.today(now))
    elif trigger.stage in draft.moments:
        yield Cause(number, trigger.stage, draft.today(now))


def _days(draft: Draft, number: int, trigger: DayTrigger, now: datetime) -> Iterator[Cause]:
    """A day whose lead has begun and that has not passed; one for each thing."""
    today = draft.today(now)
    for thing in things_of(draft, trigger):
        value = date_of(draft, trigger.path, thing)
        if value is None:
            continue
        earliest = today
        if trigger.yearly and isinstance(value, date):
            earliest = max(earliest, value + timedelta(days=1))
        day = next_occurrence(value, earliest, draft.book.rules.leap_day, trigger.yearly)
        if day is not None and day_start(day - lead(trigger), draft.clock) <= now:
            yield Cause(number, ".".join(trigger.path), day, thing)


def _feasts(draft: Draft, number: int, trigger: HolidayTrigger, now: datetime) -> Iterator[Cause]:
    """A feast that they keep, whose lead has begun and that has not passed."""
    for name in observed(draft, trigger):
        day = next_special_day(draft.book, name, country_of(draft, trigger), draft.today(now))
        if day is not None and day_start(day - lead(trigger), draft.clock) <= now:
            yield Cause(number, name, day)


def _was_in(draft: Draft, sequence: Sequence, since: datetime) -> bool:
    return any(one.sequence == sequence.name and one.started_at >= since for one in draft.past)


def _fits(draft: Draft, sequence: Sequence, cause: Cause, now: datetime) -> bool:
    """Whether the trigger's `if` and the sequence's `stage` hold now, and this very day was not had."""
    own = [one for one in draft.past if one.sequence == sequence.name and one.name == cause.name]
    trigger = sequence.start[cause.trigger]
    if isinstance(trigger, DayTrigger | HolidayTrigger) and any(
        (one.day0, one.thing) == (cause.day0, cause.thing) for one in own
    ):
        return False
    stage = draft.stage.id if draft.stage else ""
    if sequence.stage and stage not in sequence.stage and not draft.moments.intersection(sequence.stage):
        return False
    if trigger.condition is None:
        return True
    firing = Firing(sequence.name, cause.trigger, now, now, cause.day0, cause.name, thing=cause.thing)
    inside = entered(firing, sequence, draft.book.version(sequence.name), 1, now)
    return bool(truth(trigger.condition, draft.scene(now, inside)))
