"""Waits for events: answered at the event's own time, or over with nothing come (language.md 6.1 step 4, 6.2)."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime

from nurture.decide import errands
from nurture.decide.calendar import add_dates
from nurture.decide.clock import after, at, local
from nurture.decide.conditions import looks, truth
from nurture.decide.draft import Draft
from nurture.decide.inside import TIMED_OUT, Inside
from nurture.decide.orders import standing
from nurture.decide.outcomes import everyone, node_of, note_of
from nurture.model.decision import Why
from nurture.model.event import OWN_EVENTS, Event
from nurture.model.length import Length
from nurture.model.person import Enrolment, Outcome
from nurture.model.step import Node, WaitEvent

CAME = "came"


def begin(draft: Draft, inside: Inside, node: Node, step: WaitEvent, now: datetime) -> None:
    """Stand at a wait; what happened since the step before was done answers it at once: there is no gap."""
    inside.due_at = after(inside.done_at, step.up_to, draft.clock, None, str(draft.facts.get("country") or ""))
    _look(draft, inside, node, step, draft.events, now)


def answer(draft: Draft, events: Sequence[Event], now: datetime) -> None:
    """Step 4 of 6.1: what arrives answers those who wait for it, before any wait for time is over."""
    for event in events:
        errands.answer(draft, event, now)
    happened = [event for event in events if event.name not in OWN_EVENTS]
    if not happened:
        return
    for inside in draft.inside:
        node = inside.node
        if node is not None and inside.due_at is not None and isinstance(node.step, WaitEvent):
            _look(draft, inside, node, node.step, happened, now)
    _came_too_late(draft, happened, now)


def over(draft: Draft, inside: Inside, node: Node, step: WaitEvent, now: datetime) -> None:
    """Nothing came: the other way, with the end of the wait as its due time."""
    due = inside.due_at or now
    draft.note(Why.timed_out, now, inside, words=f"no {_either(step)}", step=step.id, due_at=due, place=step.place)
    inside.answer = None
    inside.goes_on(TIMED_OUT, due, node.arms[1])


def _look(draft: Draft, inside: Inside, node: Node, step: WaitEvent, events: Iterable[Event], now: datetime) -> None:
    """Let the first event that fits answer a wait that stands."""
    for event in events:
        if inside.due_at is None or not inside.done_at <= event.happened_at <= inside.due_at:
            continue
        if event.name in step.events and _counts(draft, inside, event) and _fits(draft, inside, step, event, now):
            _came(draft, inside, node, step, event, now)
            return


def _came(draft: Draft, inside: Inside, node: Node, step: WaitEvent, event: Event, now: datetime) -> None:
    done = max(inside.done_at, min(event.happened_at, now))
    found = looks(step.fits, draft.scene(now, inside, event)) if step.fits is not None else ()
    draft.note(Why.came, now, inside, words=event.name, step=step.id, due_at=done, looks=found, place=step.place)
    inside.answer = event
    inside.goes_on(CAME, done, node.arms[0])


def _counts(draft: Draft, inside: Inside, event: Event) -> bool:
    """Not what began it all, not what answered the wait before, and no order that does not stand."""
    if inside.event is not None and event.id == inside.event.id:
        return False
    before = inside.answer
    if before is not None and event.happened_at == before.happened_at and event.number <= before.number:
        return False
    rule = draft.book.catalogue.orders
    if rule is None or event.name != rule.event:
        return True
    return any(order.id == event.id for order in standing(rule, draft.events))


def _fits(draft: Draft, inside: Inside, step: WaitEvent, event: Event, now: datetime) -> bool:
    return step.fits is None or truth(step.fits, draft.scene(now, inside, event)) is True


def _came_too_late(draft: Draft, events: Sequence[Event], now: datetime) -> None:
    """What happened before the end of a wait and is learned of after it changes nothing, and is said (6.2)."""
    for event in events:
        for one, outcome, step in _timed_out(draft):
            if event.name not in step.events or not _began(draft, outcome, step) <= event.happened_at <= outcome.at:
                continue
            if _would_have_fitted(draft, one, step, event, now):
                note_of(draft, one, Why.came_too_late, now, step, event.name, outcome.at)


def _timed_out(draft: Draft) -> Iterator[tuple[Inside | Enrolment, Outcome, WaitEvent]]:
    for one in everyone(draft):
        for outcome in one.outcomes:
            if outcome.outcome == TIMED_OUT:
                node = node_of(draft, one, outcome)
                if node is not None and isinstance(node.step, WaitEvent):
                    yield one, outcome, node.step


def _began(draft: Draft, outcome: Outcome, step: WaitEvent) -> datetime:
    """When a wait that is over began, to the day: its end less its length."""
    length = Length(-step.up_to.amount, step.up_to.unit)
    if length.elapsed:
        return after(outcome.at, length, draft.clock)
    ended = local(outcome.at, draft.clock)
    day = add_dates(ended.date(), length, str(draft.facts.get("country") or ""))
    return at(day, ended.time(), draft.clock)


def _would_have_fitted(draft: Draft, one: Inside | Enrolment, step: WaitEvent, event: Event, now: datetime) -> bool:
    if one.event is not None and event.id == one.event.id:
        return False
    return step.fits is None or truth(step.fits, draft.scene(now, one, event)) is True


def _either(step: WaitEvent) -> str:
    return " or ".join(step.events) + f" within {step.up_to}"
