"""What starts people: events as they come, and days, feasts, hours and silences by themselves (language.md 4.2)."""

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta

from nurture.decide import unheard
from nurture.decide.clock import at, comes_within
from nurture.decide.dates import armed_days, before_live, begins_by_moving, date_of, late_days, lead
from nurture.decide.draft import Draft
from nurture.decide.feasts import armed_feasts, late_feasts
from nurture.decide.index import Listening
from nurture.decide.orders import days_of, is_undone
from nurture.decide.rhythm import silence
from nurture.decide.timed import armed_broadcasts, armed_weeks, late_broadcasts, late_weeks
from nurture.decide.unheard import BY_RULE, armed_silence
from nurture.model import event as names
from nurture.model.decision import Why
from nurture.model.event import Event, Origin
from nurture.model.length import Length
from nurture.model.makers import new_alarms, new_armed, new_firing, new_reason
from nurture.model.person import Alarms, Armed, Firing
from nurture.model.sequence import Status
from nurture.model.trigger import EveryTrigger, LapseTrigger, OnceTrigger, Trigger

__all__ = [
    "LAPSE_HOUR", "arm", "before_live", "date_of", "event_firings", "firing", "is_fresh", "lapse_day", "late_firings",
    "lead", "rung", "stage_firings",
]  # fmt: skip

DAY_START, LAPSE_HOUR = time(0), unheard.HOUR


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
                new_reason(why, now, event.happened_at, listening.sequence.name, version, words=event.name)
            )


def _manual(draft: Draft, event: Event, now: datetime) -> Iterator[Firing]:
    sequence = draft.book.sequences.get(str(event.fields.get("sequence")))
    if sequence is None or sequence.status is Status.draft:
        return
    number, day = event.fields.get("trigger"), event.fields.get("day")
    if isinstance(number, int) and number < len(sequence.start) and isinstance(day, date):  # `enrol --already`
        name, thing = str(event.fields.get("name") or ""), str(event.fields.get("thing") or "")
        yield new_firing(sequence.name, number, event.happened_at, now, day, name, thing=thing)
        return
    number = draft.index.manual[sequence.name]
    yield firing(draft, Listening(sequence, number), None, event.happened_at, now, "manual", event)


def stage_firings(
    draft: Draft, crossed: tuple[tuple[str, bool], ...], cause: Event | None, now: datetime
) -> Iterator[Firing]:
    """The firings of stages and moments newly entered, or left (True); `cause` is the event, None for time.

    What an import moved starts nothing (4.2).
    """
    if cause is not None and cause.origin is Origin.imported and not cause.fresh:
        return
    for stage, left in crossed:
        for listening, trigger in draft.index.stages.get((stage, left), ()):
            if cause is None or is_fresh(cause, trigger):
                yield firing(draft, listening, trigger, now, now, stage, cause)


def firing(
    draft: Draft, listening: Listening, trigger: Trigger | None, fired_at: datetime, now: datetime, name: str,
    event: Event | None = None,
) -> Firing:  # fmt: skip
    """A firing that settles from now on: the entry question is asked once the data had time to arrive."""
    settles_at = now if trigger is None else now + timedelta(seconds=_settling(trigger.settle))
    return new_firing(
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
    """What fires next by itself for every listening sequence, after what was already lived through.

    Where nobody asks for the time after `draft.until`, only what fires until then: nearly nothing does.
    """
    known, until = draft.alarms, draft.until
    if known is not None and (known.until is None or (until is not None and until <= known.until)):
        return known
    armed = [] if draft.erased else _armed(draft, until)
    if until is not None:
        armed = [alarm for alarm in armed if alarm.at <= until]
    if len(armed) > 1:
        armed.sort(key=lambda alarm: (alarm.at, alarm.sequence, alarm.trigger, alarm.name, alarm.thing))
    draft.alarms = found = new_alarms(draft.book, tuple(armed), until)
    return found


def _armed(draft: Draft, until: datetime | None) -> list[Armed]:
    """By the hours at which each kind fires on the reader's clock: one that does not come is not asked for."""
    found: list[Armed] = []
    if _comes(draft, DAY_START, until):
        found += [*armed_days(draft, until), *armed_feasts(draft)]
    if draft.index.weekly:
        found += armed_weeks(draft)
    if draft.index.broadcasts:
        found += armed_broadcasts(draft, until)
    if _comes(draft, LAPSE_HOUR, until):
        found += [*_armed_lapses(draft), *armed_silence(draft)]
    return found


def _comes(draft: Draft, hour: time, until: datetime | None) -> bool:
    return until is None or comes_within(draft.clock.zone, hour, draft.asof, until)


def rhythms(draft: Draft) -> Iterator[datetime]:
    """When the silences by people's own rhythm fire: the store finds them by these instants only."""
    if draft.erased:
        return
    yield from (alarm.at for alarm in _armed_lapses(draft, draft.index.rhythms))


def _armed_lapses(draft: Draft, only: frozenset[tuple[str, int]] | None = None) -> Iterator[Armed]:
    for listening, trigger in draft.index.lapses:
        if only is not None and (listening.sequence.name, listening.number) not in only:
            continue
        day = lapse_day(draft, trigger)
        if day is not None:
            when = at(day, LAPSE_HOUR, draft.clock)
            if when > draft.asof:
                yield new_armed(when, listening.sequence.name, listening.number, day, trigger.event)


def lapse_day(draft: Draft, trigger: LapseTrigger) -> date | None:
    """The date on which the present silence becomes a lapse."""
    days = days_of(draft.book, draft.events, draft.orders, trigger.event, draft.clock)
    if not days:
        return None
    long = silence(trigger, days)
    return None if long is None else days[-1] + timedelta(days=long)


def late_firings(draft: Draft, now: datetime, *, at_now: bool = False, imported: bool = False) -> Iterator[Firing]:
    """Days, feasts, hours and silences that were already running when nurture learned of them (`if_late`; 4.2).

    A day learned of between its lead and day 0 starts at once, unless the sequence says skip.
    A silence that was reached before now starts only if it was reached within `fresh`. A reader
    who moves east may find that a day has begun already there: it starts too. `at_now` counts
    what begins at this very instant as well, where no alarm rings for it any more. What only an
    import taught starts nothing; for a day that is kept as a reason, as it is where late is skipped.
    """
    until = now + timedelta(microseconds=1) if at_now else now
    for late, told in (*late_days(draft, now, until), *late_feasts(draft, now, until)):
        trigger = draft.book.sequences[late.sequence].start[late.trigger]
        if told and (imported or trigger.skip_if_late):
            _refused_as_late(draft, late, now)
        else:
            yield _firing_of(late, now)
    for late in (*late_weeks(draft, now, until), *late_broadcasts(draft, now, until)):
        yield _firing_of(late, now)
    for listening, lapse in () if imported else draft.index.lapses:
        told = lapse.event in draft.changed or "person.orders" in draft.changed
        if told or draft.moved_from is not None:
            yield from _late_lapse(draft, listening, lapse, now, until, told=told)


def _refused_as_late(draft: Draft, late: Armed, now: datetime) -> None:
    version = draft.book.version(late.sequence)
    words = f"{late.name} was learned of too late"
    draft.reasons.append(new_reason(Why.late, now, late.at, late.sequence, version, words=words))


def _late_lapse(
    draft: Draft, listening: Listening, trigger: LapseTrigger, now: datetime, until: datetime, *, told: bool
) -> Iterator[Firing]:
    day = lapse_day(draft, trigger)
    if day is None:
        return
    reached = at(day, LAPSE_HOUR, draft.clock)
    if not now - _span(trigger.fresh) < reached < until or before_live(draft.book, listening.sequence, reached):
        return
    if told or begins_by_moving(draft, day, LAPSE_HOUR, now):
        yield _firing_of(new_armed(reached, listening.sequence.name, listening.number, day, trigger.event), now)


def _firing_of(alarm: Armed, now: datetime) -> Firing:
    return new_firing(
        alarm.sequence, alarm.trigger, alarm.at, now, alarm.day0, alarm.name, thing=alarm.thing
    )  # fmt: skip


def rung(draft: Draft, now: datetime) -> list[Firing]:
    """What was armed for `now`; it is taken off the list."""
    alarms = arm(draft)
    if not alarms.armed or alarms.armed[0].at > now:
        return []
    ringing = [alarm for alarm in alarms.armed if alarm.at <= now]
    once = all(_once(draft, alarm) for alarm in ringing)  # then what is left stays what comes next
    left = tuple([alarm for alarm in alarms.armed if alarm.at > now])
    draft.alarms = new_alarms(draft.book, left, alarms.until) if once else None
    return [firing for alarm in ringing for firing in _ringing(draft, alarm, now)]


def _once(draft: Draft, alarm: Armed) -> bool:
    """Whether an alarm never rings again: a broadcast's."""
    start = draft.book.sequences[alarm.sequence].start
    return alarm.trigger != BY_RULE and isinstance(start[alarm.trigger], OnceTrigger)


def _ringing(draft: Draft, alarm: Armed, now: datetime) -> Iterator[Firing]:
    sequence = draft.book.sequences[alarm.sequence]
    if alarm.trigger == BY_RULE:
        number = draft.index.manual[sequence.name]
        if not before_live(draft.book, sequence, alarm.at):
            yield new_firing(alarm.sequence, number, alarm.at, now, alarm.day0, alarm.name)
    elif isinstance(sequence.start[alarm.trigger], EveryTrigger) and draft.suppressed:
        return  # who is never written to is not refused anew every week
    elif isinstance(sequence.start[alarm.trigger], OnceTrigger) or not before_live(draft.book, sequence, alarm.at):
        yield _firing_of(alarm, now)
