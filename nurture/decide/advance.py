"""The one function that decides: a person, an instant and what arrived become effects and reasons."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from nurture.decide import confirming, entry, leaving, waiting
from nurture.decide.arbiter import judge, pending
from nurture.decide.draft import Draft
from nurture.decide.fold import fold
from nurture.decide.retime import retime
from nurture.decide.stages import place, stale
from nurture.decide.steps import rearm, run
from nurture.decide.triggers import arm, event_firings, late_firings, rhythms, rung, stage_firings
from nurture.model.book import Book
from nurture.model.decision import Decision
from nurture.model.event import OWN_EVENTS, Event, Origin
from nurture.model.person import Firing, Person
from nurture.model.renaming import event_today

_INSTANT = timedelta(microseconds=1)
_ROUNDS = 1_000  # a book that makes a person run in circles at one instant is a fault, not work


class RunsInCircles(RuntimeError):
    """Steps of the book change a person for ever at one instant. Take out the circle of tag, set and stage rules."""


class FutureRead(ValueError):
    """An event from after `now` was given to `advance`: the caller's fault; give only what is known by then."""


def advance(book: Book, person: Person, now: datetime, inputs: Sequence[Event] = (), *, wakes: bool = True) -> Decision:
    """Live one person from `person.asof` to `now`, taking in what arrived since.

    Works through the instants up to `now` in order (language.md 6.1); messages still pending
    then are judged once, at `now`. Pure: the same arguments give the same Decision, and asking
    at extra moments between wakes changes nothing. `now` and all instants are aware, in UTC.
    Who has no use for `wake`, which is dear, says so, and gets none.

    Raises FutureRead when an input is not yet known at `now`, RunsInCircles when the book's
    own steps never come to rest.
    """
    draft = Draft(book, person, None if wakes else now)
    arrivals = _arrivals(person, now, [event_today(event, book.renamed) for event in inputs])
    if stale(draft):
        place(draft, person.asof)
        draft.changed.clear()
    if retime(draft) or draft.lost:
        _forward(draft, person.asof)
    if draft.index.stops:
        leaving.stop(draft, person.asof)
    if draft.index.holidays:
        for firing in leaving.redated(draft, person.asof):
            entry.take(draft, firing, person.asof)
    while True:
        moment = _next_instant(draft, arrivals)
        if moment is None or moment > now:
            break
        _live(draft, moment, _taken(arrivals, moment))
    draft.asof = now
    _judge_all(draft, now)
    agenda = _agenda(draft)
    if not wakes:
        return draft.decision(now, None, agenda)
    alarms = arm(draft).armed
    rings = alarms[0].at if alarms else None
    wake = rings if agenda is None or (rings is not None and rings < agenda) else agenda
    return draft.decision(now, wake, agenda)


def _taken(arrivals: list[tuple[datetime, Event]], moment: datetime) -> tuple[Event, ...]:
    """The events that take effect at an instant, by event time and arrival; they leave the list."""
    taken = []
    while arrivals and arrivals[-1][0] <= moment:
        taken.append(arrivals.pop()[1])
    return tuple(taken)


def _arrivals(person: Person, now: datetime, inputs: Sequence[Event]) -> list[tuple[datetime, Event]]:
    """What arrived, latest first, each with the instant at which it takes effect: when it was known."""
    if not inputs:
        return []
    for event in inputs:
        if event.known_at > now:
            raise FutureRead(f"event {event.id} is known at {event.known_at}, after {now}")
    effective = [(max(event.known_at, person.asof), event) for event in inputs]
    effective.sort(key=lambda one: (one[0], one[1].happened_at, one[1].number, one[1].id), reverse=True)
    return effective


def _next_instant(draft: Draft, arrivals: list[tuple[datetime, Event]]) -> datetime | None:
    """The next instant at which something arrives or anything changes by itself; messages are not among them."""
    instants = _timers(draft)
    if arrivals:
        instants.append(arrivals[-1][0])
    alarms = arm(draft).armed
    if alarms:
        instants.append(alarms[0].at)
    return min(instants, default=None)


def _timers(draft: Draft, *, held: bool = False) -> list[datetime]:
    """When something settles, expires or has been waited for; with `held` also when a held message is judged."""
    instants = [firing.settles_at for firing in draft.firings if not firing.parked]
    if draft.stage is not None and draft.stage.check_at is not None:
        instants.append(draft.stage.check_at)
    if draft.moments_check_at is not None:
        instants.append(draft.moments_check_at)
    for inside in draft.inside:
        if inside.due_at is not None and (held or inside.message_due is None):
            instants.append(inside.due_at)
    if draft.index.stops:
        concerned = {inside.sequence for inside in draft.inside} | {firing.sequence for firing in draft.firings}
        stops = (draft.index.stops.get(name) for name in concerned)
        instants += [switch.since for switch in stops if switch is not None and switch.since > draft.asof]
    return instants


def _agenda(draft: Draft) -> datetime | None:
    """The next instant for which the store keeps a row: everything in flight, held messages too, and rhythms."""
    waiting = _timers(draft, held=True)
    if draft.index.rhythms:
        waiting.extend(rhythms(draft))
    return min(waiting, default=None)


def _live(draft: Draft, now: datetime, events: tuple[Event, ...]) -> None:
    """One instant, in the order of 6.1: events, facts and stage, leaving, waits, new starts, running forward."""
    draft.asof = now - _INSTANT
    draft.changed.clear()
    for event in events:
        fold(draft, event)
    for event in events:
        confirming.ask(draft, event, now)
    if not draft.changed.isdisjoint(draft.index.armed_by):
        draft.alarms = None
    if events or draft.stage is None or _time_moves(draft, now):
        for firing in _firings(draft, events, now):
            entry.take(draft, firing, now)
    if draft.index.stops:
        leaving.stop(draft, now)
    if draft.changed or events:
        leaving.leave(draft, tuple(event for event in events if event.name not in OWN_EVENTS), now)
        rearm(draft, now)
    if events:
        _answer(draft, events, now)
    for firing in rung(draft, now):
        entry.take(draft, firing, now)
    _forward(draft, now)
    draft.asof = now


def _answer(draft: Draft, events: tuple[Event, ...], now: datetime) -> None:
    """Step 4 of 6.1; what an endpoint answered may be a fact, and what hangs on it follows."""
    draft.changed.clear()
    waiting.answer(draft, events, now)
    _own_changes(draft, now)


def _firings(draft: Draft, events: tuple[Event, ...], now: datetime) -> list[Firing]:
    undoes = _undoes(draft, events)
    cause = next((event for event in reversed(events) if event.name not in OWN_EVENTS), events[-1] if events else None)
    first = draft.stage is None
    moved = first or not draft.changed.isdisjoint(draft.index.placed_by) or _time_moves(draft, now)
    entered = place(draft, now, undoing=undoes) if moved else ()
    found = [firing for event in events for firing in event_firings(draft, event, now)]
    if cause is not None or not first:
        found.extend(stage_firings(draft, entered, cause, now))
    if events:
        imported = all(event.origin is Origin.imported for event in events)
        found.extend(late_firings(draft, now, imported=imported))
    draft.moved_from = None
    return found


def _time_moves(draft: Draft, now: datetime) -> bool:
    """Whether this is a moment at which time alone may move stage or moments."""
    stage, moments = draft.stage.check_at if draft.stage else None, draft.moments_check_at
    return (stage is not None and stage <= now) or (moments is not None and moments <= now)


def _undoes(draft: Draft, events: tuple[Event, ...]) -> bool:
    orders = draft.book.catalogue.orders
    return orders is not None and any(event.name in orders.undone_by for event in events)


def _forward(draft: Draft, now: datetime) -> None:
    """Starts and running forward until nothing moves any more at this instant."""
    for _ in range(_ROUNDS):
        draft.changed.clear()
        entry.settle(draft, now)
        for inside in list(draft.inside):
            run(draft, inside, now)
        draft.close()
        started = entry.unpark(draft, now)
        if not draft.changed and not started:
            return
        _own_changes(draft, now)
    raise RunsInCircles(f"person {draft.id} at {now}")


def _own_changes(draft: Draft, now: datetime) -> None:
    """What the steps themselves changed: stage, stop_when, moved dates and waits follow at the same instant."""
    if not draft.changed:
        return
    if not draft.changed.isdisjoint(draft.index.armed_by):
        draft.alarms = None
    if not draft.changed.isdisjoint(draft.index.placed_by):
        made = draft.made[-1] if draft.made else None
        for firing in stage_firings(draft, place(draft, now), made, now):
            entry.take(draft, firing, now)
    for firing in late_firings(draft, now, at_now=True):
        entry.take(draft, firing, now)
    draft.moved_from = None
    leaving.leave(draft, (), now)
    rearm(draft, now)


def _judge_all(draft: Draft, now: datetime) -> None:
    """Phase 8: judge what is pending, best first; what follows a message may bring the next."""
    for _ in range(_ROUNDS):
        waiting = pending(draft, now)
        if not waiting:
            return
        for inside in waiting:
            if inside.running:
                judge(draft, inside, now)
                if draft.index.mails_asked:
                    _own_changes(draft, now)
                if draft.index.silence is not None:
                    draft.alarms = None  # a mail ends the silence
                draft.changed.clear()
        draft.close()
        draft.asof = now - _INSTANT
        _forward(draft, now)
        draft.asof = now
    raise RunsInCircles(f"person {draft.id} at {now}")
