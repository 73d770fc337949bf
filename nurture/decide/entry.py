"""Starting and re-entry: the exact rule, asked in order; the first no is final and is kept (language.md 6.4)."""

from datetime import datetime, timedelta
from hashlib import sha256

from nurture.decide.clock import add_dates
from nurture.decide.conditions import looks, truth
from nurture.decide.draft import Draft
from nurture.decide.inside import Inside, entered
from nurture.decide.switches import stop_on
from nurture.decide.unheard import NAME as BY_SILENCE
from nurture.model.decision import Look, Why
from nurture.model.event import PERSON_ENROLLED
from nurture.model.length import Length
from nurture.model.makers import new_firing, new_reason
from nurture.model.person import Enrolment, Firing
from nurture.model.sequence import Sequence, Status
from nurture.model.trigger import Again, DayTrigger, EveryTrigger, HolidayTrigger, LapseTrigger, OnceTrigger

LONGEST_SUBJECT = 400  # characters of a subject as they are: it stands in keys and in indexes
CORRECTED_DAYS = 300  # a corrected birthday brings no second greeting within these (6.4)


def take(draft: Draft, firing: Firing, now: datetime) -> None:
    """Steps 1 and 2 of 6.4: a closed door and a refused person are said at once; the rest settles."""
    sequence = draft.book.sequences.get(firing.sequence)
    stopped = stop_on(sequence, now)
    if sequence is None or sequence.status is Status.closed or stopped is not None:
        _refuse(draft, firing, Why.closed, now, words=stopped.words if stopped else "")
    elif draft.erased or draft.suppressed:
        _refuse(draft, firing, Why.refused, now, words=draft.suppressed or "erased")
    else:
        draft.firings.append(firing)


def settle(draft: Draft, now: datetime) -> bool:
    """Ask every firing that has settled whether it starts; true when one did."""
    ready = [firing for firing in draft.firings if firing.settles_at <= now and not firing.parked]
    if not ready:
        return False
    draft.firings = [firing for firing in draft.firings if firing.settles_at > now or firing.parked]
    if len(ready) > 1:
        ready.sort(key=lambda firing: _rank(draft, firing))
    started = [_ask(draft, firing, now) for firing in ready]
    return any(started)


def unpark(draft: Draft, now: datetime) -> bool:
    """A queued firing is asked again when nobody of its sequence is inside any more; one at a time."""
    started = False
    if not draft.firings:
        return started
    for firing in sorted((f for f in draft.firings if f.parked), key=lambda firing: _rank(draft, firing)):
        if not any(inside.sequence == firing.sequence for inside in draft.inside):
            draft.firings.remove(firing)
            started = _ask(draft, firing, now) or started
    return started


def _rank(draft: Draft, firing: Firing) -> tuple[datetime, int, str, datetime, int, str, int]:
    """The order in which firings are asked: settled first, by priority and name, then as things happened."""
    sequence = draft.book.sequences.get(firing.sequence)
    number, event = (firing.event.number, firing.event.id) if firing.event else (0, "")
    priority = sequence.priority if sequence else 0
    return (firing.settles_at, -priority, firing.sequence, firing.fired_at, number, event, firing.trigger)


def _ask(draft: Draft, firing: Firing, now: datetime) -> bool:
    sequence = draft.book.sequences.get(firing.sequence)
    if sequence is None or sequence.status in (Status.closed, Status.draft):
        return _refuse(draft, firing, Why.closed, now)
    if draft.erased or draft.suppressed:
        return _refuse(draft, firing, Why.refused, now, words=draft.suppressed or "erased")
    earlier = _starts(draft, sequence.name)
    asked, (firing, unknown) = firing, _about(draft, sequence, firing, _unused(earlier))
    if unknown:
        return _refuse(draft, firing, Why.condition, now, words=f"unknown: {unknown}")
    why, words = _again(draft, sequence, firing, earlier, now)
    if why is not None:
        return _refuse(draft, firing, why, now, words=words)
    running = [inside for inside in draft.inside if inside.sequence == sequence.name]
    if running and sequence.again.running == "ignore":
        return _refuse(draft, firing, Why.already_inside, now)
    if running and sequence.again.running == "queue":
        if not asked.parked:
            draft.firings.append(_parked(asked))  # its ordinal is told when it starts, not now
        return _refuse(draft, firing, Why.queued, now)
    return _enter(draft, sequence, firing, len(earlier) + 1, running, now)


def _parked(firing: Firing) -> Firing:
    return new_firing(
        firing.sequence, firing.trigger, firing.fired_at, firing.settles_at, firing.day0, firing.name,
        firing.subject, firing.event, True, firing.thing,
    )  # fmt: skip


def _enter(
    draft: Draft, sequence: Sequence, firing: Firing, ordinal: int, running: list[Inside], now: datetime
) -> bool:
    inside = entered(firing, sequence, draft.book.version(sequence.name), ordinal, now)
    refused, words = _fits(draft, sequence, inside, now)
    if refused:
        return _refuse(draft, firing, Why.condition, now, looks=refused, words=f"{firing.name} came; {words}")
    if sequence.again.running == "restart":
        for other in running:
            draft.end(other, Why.restarted, now)
        draft.close()
    draft.inside.append(inside)
    if len(draft.inside) > 1:
        draft.inside.sort(key=lambda one: one.rank)
    draft.note(Why.started, now, inside, words=firing.name, due_at=firing.fired_at)
    return True


def _fits(draft: Draft, sequence: Sequence, inside: Inside, now: datetime) -> tuple[tuple[Look, ...], str]:
    """What speaks against the start: stage and `if`, and which of them in words; empty when nothing does."""
    found: list[Look] = []
    asked: list[str] = []
    scene = draft.scene(now, inside, inside.event)
    trigger = sequence.start[inside.trigger]
    if trigger.condition is not None and not truth(trigger.condition, scene):
        found.extend(looks(trigger.condition, scene))
        asked.append("start if")
    stage = draft.stage.id if draft.stage else ""
    if sequence.stage and stage not in sequence.stage and not draft.moments.intersection(sequence.stage):
        found.append(Look("stage " + ", ".join(sequence.stage), f"was in stage {stage or 'none'}", "no"))
        asked.append("stage")
    return tuple(found), f"{' and '.join(asked)} {'does' if len(asked) == 1 else 'do'} not hold"


def _starts(draft: Draft, name: str) -> list[Enrolment | Inside]:
    return [*(e for e in draft.past if e.sequence == name), *(i for i in draft.inside if i.sequence == name)]


def _unused(earlier: list[Enrolment | Inside]) -> int:
    """The ordinal of the next start; a number that was a subject already, by an older `per`, is left out."""
    taken = {one.subject for one in earlier}
    ordinal = len(earlier) + 1
    while str(ordinal) in taken:
        ordinal += 1
    return ordinal


def _occurrence(sequence: Sequence, firing: Firing) -> str:
    """Its date; with the name of the feast or the key of the thing, where there can be several on one date."""
    day = firing.day0.isoformat()
    feast = firing.trigger < len(sequence.start) and isinstance(sequence.start[firing.trigger], HolidayTrigger)
    about = firing.thing or (firing.name if feast else "")
    return f"{about}:{day}" if about else day


def _about(draft: Draft, sequence: Sequence, firing: Firing, ordinal: int) -> tuple[Firing, str]:
    """The firing with its subject (6.4 step 3); or the name of the field that is not known."""
    per = sequence.again.per
    event = firing.event
    if firing.subject:
        return firing, ""
    if per == "occurrence" or (per == "event" and event is None):
        subject = _occurrence(sequence, firing)
    elif per in draft.book.catalogue.things:
        if not firing.thing:
            return firing, per
        subject = firing.thing
    elif per == "event" and event is not None:
        subject = event.outside_id or event.id
    elif per.startswith("event.") and (event is None or event.name == PERSON_ENROLLED):
        subject = firing.day0.isoformat()  # a start by hand is about its day
    elif per.startswith("event.") and event is not None:
        value = event.fields.get(per.removeprefix("event."))
        if value is None:
            return firing, per
        subject = str(value)
    else:
        subject = str(ordinal)
    if len(subject) > LONGEST_SUBJECT:  # an index takes no more; whoever sends a novel as the number of an order
        subject = f"{subject[:LONGEST_SUBJECT]}…{sha256(subject.encode(errors='replace')).hexdigest()}"
    return new_firing(
        firing.sequence, firing.trigger, firing.fired_at, firing.settles_at, firing.day0, firing.name, subject,
        event, firing.parked, firing.thing,
    ), ""  # fmt: skip


def _again(
    draft: Draft, sequence: Sequence, firing: Firing, earlier: list[Enrolment | Inside], now: datetime
) -> tuple[Why | None, str]:
    """Steps 3 to 6 of 6.4."""
    again = sequence.again
    if not _per_person(again) and any(e.subject == firing.subject for e in earlier):
        return Why.already, firing.subject
    if any(_same_cause(draft, sequence, firing, old) for old in earlier):
        return Why.already, firing.day0.isoformat()
    corrected = _corrected(draft, sequence, firing, earlier)
    if corrected:
        return Why.too_soon, corrected
    if again.never and earlier:
        return Why.once_only, ""
    if again.gap is not None and earlier and _sooner_than(draft, again.gap, max(e.started_at for e in earlier), now):
        return Why.too_soon, f"gap {again.gap}"
    if again.limit is not None:
        most, period = again.limit
        if sum(_sooner_than(draft, period, e.started_at, now) for e in earlier) >= most:
            return Why.limit, f"{most} per {period}"
    return None, ""


def _same_cause(draft: Draft, sequence: Sequence, firing: Firing, old: Enrolment | Inside) -> bool:
    """Whether a day or a silence had fired before: a reader who moves west meets the same hour twice."""
    if firing.event is not None or old.event is not None or old.trigger != firing.trigger:
        return False
    trigger = sequence.start[firing.trigger]
    near = abs((firing.day0 - old.day0).days) <= 1
    if firing.name == BY_SILENCE:
        return old.name == BY_SILENCE and near
    if isinstance(trigger, DayTrigger | HolidayTrigger | EveryTrigger | OnceTrigger):
        return (old.name, old.day0, old.thing) == (firing.name, firing.day0, firing.thing)
    if not isinstance(trigger, LapseTrigger) or not near:
        return False
    return not any(e.name == trigger.event and e.happened_at > old.started_at for e in draft.events)


def _per_person(again: Again) -> bool:
    return again.per in ("person", "")


def _sooner_than(draft: Draft, length: Length, start: datetime, now: datetime) -> bool:
    """Whether a start lies less than a length back, counted in the reader's dates."""
    if length.elapsed:
        return now - start < timedelta(seconds=length.seconds)
    return draft.today(now) < add_dates(draft.today(start), length)


def _corrected(draft: Draft, sequence: Sequence, firing: Firing, earlier: list[Enrolment | Inside]) -> str:
    """A yearly day or a feast that was already greeted under another date, not a year ago (6.4)."""
    trigger = sequence.start[firing.trigger]
    if not isinstance(trigger, HolidayTrigger) and not (isinstance(trigger, DayTrigger) and trigger.yearly):
        return ""
    greeted = {m.subject for m in draft.messages if m.sequence == sequence.name and not m.cancelled}
    days = [
        old.day0
        for old in earlier
        if old.name == firing.name and old.subject in greeted and abs((firing.day0 - old.day0).days) < CORRECTED_DAYS
    ]
    return f"greeted for {max(days).isoformat()}" if days else ""


def _refuse(
    draft: Draft, firing: Firing, why: Why, now: datetime, *, words: str = "", looks: tuple[Look, ...] = ()
) -> bool:
    version = draft.book.version(firing.sequence)
    draft.reasons.append(
        new_reason(why, now, firing.fired_at, firing.sequence, version, firing.subject,
               words=words or firing.name, looks=looks)
    )  # fmt: skip
    return False
