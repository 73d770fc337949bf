"""What starts people: events as they come, and the days and silences that fire by themselves (language.md 4.2)."""

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta

from nurture.decide.clock import at, day_start, next_occurrence
from nurture.decide.draft import Draft
from nurture.decide.index import Listening
from nurture.decide.orders import days_of, is_undone
from nurture.decide.rhythm import silence
from nurture.model import event as names
from nurture.model.book import Book
from nurture.model.decision import Reason, Why
from nurture.model.event import Event, MonthDay, Origin
from nurture.model.length import Length
from nurture.model.person import Alarms, Armed, Firing
from nurture.model.sequence import Sequence, Status
from nurture.model.trigger import AnyTrigger, DayTrigger, LapseTrigger, Trigger

LAPSE_HOUR = time(10, 0)


def event_firings(draft: Draft, event: Event, now: datetime) -> Iterator[Firing]:
    """The firings of one event, with the first two questions of 6.4 already asked."""
    if event.name == names.PERSON_ENROLLED:
        yield from _manual(draft, event, now)
        return
    listeners = draft.index.events.get(event.name, ())
    undone = bool(listeners) and is_undone(draft.book, event, draft.events)
    for listening, trigger in listeners:
        why = Why.undone if undone else None if is_fresh(event, trigger) else Why.too_old
        if why is None:
            yield firing(draft, listening, trigger, event.happened_at, now, event.name, event)
        else:
            version = draft.book.version(listening.sequence.name)
            draft.reasons.append(
                Reason(why, now, event.happened_at, listening.sequence.name, version, words=event.name)
            )


def _manual(draft: Draft, event: Event, now: datetime) -> Iterator[Firing]:
    sequence = draft.book.sequences.get(str(event.fields.get("sequence")))
    if sequence is not None and sequence.status is not Status.draft:
        number = draft.index.manual[sequence.name]
        yield firing(draft, Listening(sequence, number), None, event.happened_at, now, "manual", event)


def stage_firings(draft: Draft, entered: tuple[str, ...], cause: Event | None, now: datetime) -> Iterator[Firing]:
    """The firings of stages and moments newly entered; `cause` is the event that moved them, None for time.

    What an import moved starts nothing (4.2).
    """
    if cause is not None and cause.origin is Origin.imported and not cause.fresh:
        return
    for stage in entered:
        for listening, trigger in draft.index.stages.get(stage, ()):
            if cause is None or is_fresh(cause, trigger):
                yield firing(draft, listening, trigger, now, now, stage, cause)


def firing(
    draft: Draft, listening: Listening, trigger: Trigger | None, fired_at: datetime, now: datetime, name: str,
    event: Event | None = None,
) -> Firing:  # fmt: skip
    """A firing that settles from now on: the entry question is asked once the data had time to arrive."""
    settles_at = now if trigger is None else now + timedelta(seconds=_settling(trigger.settle))
    return Firing(
        listening.sequence.name, listening.number, fired_at, settles_at, draft.today(fired_at), name, event=event
    )


def _settling(length: Length) -> int:
    return length.seconds if length.elapsed else (length.days or 0) * 86_400


def is_fresh(event: Event, trigger: Trigger) -> bool:
    """Whether an event was young enough to start anything when nurture learned of it (`fresh`)."""
    return event.fresh or event.known_at - event.happened_at <= _span(trigger.fresh)


def _span(length: Length) -> timedelta:
    return timedelta(seconds=length.seconds) if length.elapsed else timedelta(days=length.days or 0)


def arm(draft: Draft) -> Alarms:
    """The next day or silence of every listening sequence, after what was already lived through."""
    if draft.alarms is None:
        armed = [] if draft.erased else [*_armed_days(draft), *_armed_lapses(draft)]
        armed.sort(key=lambda alarm: (alarm.at, alarm.sequence, alarm.trigger))
        draft.alarms = Alarms(draft.book, tuple(armed))
    return draft.alarms


def _armed_days(draft: Draft) -> Iterator[Armed]:
    for listening, trigger in draft.index.days:
        day = next_day(draft, trigger, draft.asof)
        if day is not None:
            when = day_start(day - lead(trigger), draft.clock)
            yield Armed(when, listening.sequence.name, listening.number, day)


def _armed_lapses(draft: Draft) -> Iterator[Armed]:
    for listening, trigger in draft.index.lapses:
        day = lapse_day(draft, trigger)
        if day is not None:
            when = at(day, LAPSE_HOUR, draft.clock)
            if when > draft.asof:
                yield Armed(when, listening.sequence.name, listening.number, day)


def next_day(draft: Draft, trigger: DayTrigger, since: datetime) -> date | None:
    """The next day 0 whose lead begins after an instant; a yearly day never falls on its own date."""
    value = date_of(draft, trigger.path)
    if value is None:
        return None
    earliest = draft.today(since) + lead(trigger)
    if trigger.yearly and isinstance(value, date):
        earliest = max(earliest, value + timedelta(days=1))
    day = next_occurrence(value, earliest, draft.book.rules.leap_day, trigger.yearly)
    if day is not None and day_start(day - lead(trigger), draft.clock) <= since:
        day = next_occurrence(value, max(day, earliest) + timedelta(days=1), draft.book.rules.leap_day, trigger.yearly)
    return day


def lead(trigger: DayTrigger) -> timedelta:
    """How long before day 0 people start; a lead is written in days or weeks."""
    return timedelta(days=trigger.lead.days or 0) if trigger.lead else timedelta()


def lapse_day(draft: Draft, trigger: LapseTrigger) -> date | None:
    """The date on which the present silence becomes a lapse."""
    days = days_of(draft.book, draft.events, draft.orders, trigger.event, draft.clock)
    if not days:
        return None
    long = silence(trigger, days)
    return None if long is None else days[-1] + timedelta(days=long)


def date_of(draft: Draft, path: tuple[str, ...]) -> date | MonthDay | None:
    """A date of the person by its path: a fact, or the first or last order."""
    value: object
    if path == ("person", "orders", "first_at"):
        value = draft.orders.first_at
    elif path == ("person", "orders", "last_at"):
        value = draft.orders.last_at
    else:
        value = draft.facts.get(path[-1])
    if isinstance(value, datetime):
        return draft.today(value)
    return value if isinstance(value, date | MonthDay) else None


def late_firings(draft: Draft, now: datetime, *, at_now: bool = False, imported: bool = False) -> Iterator[Firing]:
    """Days and silences that were already running when nurture learned of them (`if_late`; 4.2).

    A day learned of between its lead and day 0 starts at once, unless the sequence says skip.
    A silence that was reached before now starts only if it was reached within `fresh`. A reader
    who moves east may find that a day has begun already there: it starts too. `at_now` counts
    what begins at this very instant as well, where no alarm rings for it any more. What only an
    import taught starts nothing; for a day that is kept as a reason, as it is where late is skipped.
    """
    until = now + timedelta(microseconds=1) if at_now else now
    for listening, trigger in draft.index.days:
        told = ".".join(trigger.path) in draft.changed
        if not told and draft.moved_from is None:
            continue
        for firing in _late_day(draft, listening, trigger, now, until, told=told):
            if told and (imported or trigger.skip_if_late):
                _refused_as_late(draft, firing, now)
            else:
                yield firing
    for listening, lapse in () if imported else draft.index.lapses:
        told = lapse.event in draft.changed or "person.orders" in draft.changed
        if told or draft.moved_from is not None:
            yield from _late_lapse(draft, listening, lapse, now, until, told=told)


def _refused_as_late(draft: Draft, firing: Firing, now: datetime) -> None:
    version = draft.book.version(firing.sequence)
    words = f"{firing.name} was learned of too late"
    draft.reasons.append(Reason(Why.late, now, firing.fired_at, firing.sequence, version, words=words))


def _late_day(
    draft: Draft, listening: Listening, trigger: DayTrigger, now: datetime, until: datetime, *, told: bool
) -> Iterator[Firing]:
    value = date_of(draft, trigger.path)
    today = draft.today(now)
    earliest = today
    if trigger.yearly and isinstance(value, date):
        earliest = max(earliest, value + timedelta(days=1))
    day = value and next_occurrence(value, earliest, draft.book.rules.leap_day, trigger.yearly)
    if not day:
        return
    began = day_start(day - lead(trigger), draft.clock)
    if began >= until or before_live(draft.book, listening.sequence, began):
        return
    if told or _begins_by_moving(draft, day - lead(trigger), time(0), now):
        yield _firing_of(listening, began, now, day)


def _late_lapse(
    draft: Draft, listening: Listening, trigger: LapseTrigger, now: datetime, until: datetime, *, told: bool
) -> Iterator[Firing]:
    day = lapse_day(draft, trigger)
    if day is None:
        return
    reached = at(day, LAPSE_HOUR, draft.clock)
    if not now - _span(trigger.fresh) < reached < until or before_live(draft.book, listening.sequence, reached):
        return
    if told or _begins_by_moving(draft, day, LAPSE_HOUR, now):
        yield _firing_of(listening, reached, now, day)


def _begins_by_moving(draft: Draft, day: date, clock_time: time, now: datetime) -> bool:
    """Whether a moment that has passed on the reader's new clock was still to come on the old one."""
    return draft.moved_from is not None and at(day, clock_time, draft.moved_from) >= now


def _firing_of(listening: Listening, fired_at: datetime, now: datetime, day0: date) -> Firing:
    trigger = listening.sequence.start[listening.number]
    return Firing(listening.sequence.name, listening.number, fired_at, now, day0, _named(trigger))


def rung(draft: Draft, now: datetime) -> list[Firing]:
    """The armed days and silences whose moment is `now`; they are taken off the list."""
    alarms = arm(draft)
    if not alarms.armed or alarms.armed[0].at > now:
        return []
    ringing = [alarm for alarm in alarms.armed if alarm.at <= now]
    draft.alarms = None
    firings = []
    for alarm in ringing:
        sequence = draft.book.sequences[alarm.sequence]
        if not before_live(draft.book, sequence, alarm.at):
            name = _named(sequence.start[alarm.trigger])
            firings.append(Firing(alarm.sequence, alarm.trigger, alarm.at, now, alarm.day0, name))
    return firings


def before_live(book: Book, sequence: Sequence, moment: datetime) -> bool:
    """Nobody is taken in retroactively: only what fires after the sequence first went live counts (6.4)."""
    applied = book.applied.get(sequence.name)
    return applied is not None and moment < applied.live_since


def _named(trigger: AnyTrigger) -> str:
    return ".".join(trigger.path) if isinstance(trigger, DayTrigger) else getattr(trigger, "event", "")
