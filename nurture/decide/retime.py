"""When people who came to another version are due there (language.md 8): waits are counted anew from their own start.

Who is due at once by it goes now, spread over a length, or on the day they had, as `apply` was told.
"""

from datetime import datetime
from hashlib import sha256

from nurture.decide.clock import after
from nurture.decide.conditions import looks, truth
from nurture.decide.draft import Draft
from nurture.decide.inside import Inside
from nurture.decide.migrate import STOP, Moved
from nurture.decide.repeating import next_round
from nurture.decide.same_work import same_work
from nurture.decide.steps import WAITS, due_of
from nurture.model.book import Move
from nurture.model.decision import Why
from nurture.model.step import AnyStep, Repeat, Task, WaitDay, WaitEvent, WaitLength, WaitUntil, WaitWeekday
from nurture.model.values import dataclass

OLD_DAY, SPREAD = "old-day", "spread"
_WHOLE = 2**256


@dataclass(frozen=True, slots=True)
class Arrival:
    """What a move means for one enrolment's time: when they are due now, when they were, and whether at once by it."""

    due: datetime | None
    was_due: datetime | None
    at_once: bool = False


def retime(draft: Draft) -> list[tuple[Inside, Moved, Arrival]]:
    """Settle everybody who came over when the draft was opened, note why, and tell what it means for each."""
    told = []
    for inside, moved in draft.moved:
        move = move_of(draft, inside)
        at = draft.asof if move is None else max(draft.asof, move.at)
        if moved.landing.how == STOP:
            draft.note(Why.version, at, inside, words=moved.words, step=moved.stood_on)
            draft.end(inside, Why.removed, at, f"removed by version {inside.version}")
            inside.ending = f"removed by version {inside.version}"
            told.append((inside, moved, Arrival(None, moved.enrolment.due_at)))
            continue
        arrival = _arrive(draft, inside, moved, move, at)
        draft.note(Why.version, at, inside, words=moved.words, step=inside.step or "", until=inside.due_at)
        _stops(draft, inside, moved, at)
        told.append((inside, moved, arrival))
    draft.moved = []
    draft.close()
    return told


def move_of(draft: Draft, inside: Inside) -> Move | None:
    """How the live version came to be: when, and what was chosen for who is due at once by it."""
    moves = draft.book.moves.get(inside.sequence, ())
    return next((move for move in reversed(moves) if move.version == inside.version), None)


def _arrive(draft: Draft, inside: Inside, moved: Moved, move: Move | None, at: datetime) -> Arrival:
    """The time of one who stands on a step of the live version; `at` is when it came to be."""
    was_due, node = inside.due_at, inside.node
    if node is None:
        return Arrival(None, was_due)  # nothing is left to come: it ends when it is run
    old = moved.old.nodes.get(moved.stood_on)
    stood = old.step if old is not None and not moved.landing.moved_on else None
    if stood is not None and same_work(stood, node.step):
        return Arrival(was_due, was_due)
    if type(stood) is type(node.step) and not _is_wait(node.step, inside):
        return _judged_anew(inside, at)
    if type(stood) is not type(node.step):
        inside.message_due, inside.waits_for = None, ""
    return _timed(draft, inside, node.step, type(stood) is type(node.step), move, at, was_due)


def _judged_anew(inside: Inside, at: datetime) -> Arrival:
    """A message that waits is judged by its new class, window and time of validity; other steps keep their time."""
    was_due = inside.due_at
    if inside.message_due is not None and was_due is not None:
        inside.due_at = min(was_due, at)
    return Arrival(inside.due_at, was_due)


def _timed(
    draft: Draft, inside: Inside, step: AnyStep, stood: bool, move: Move | None, at: datetime, was_due: datetime | None
) -> Arrival:
    """When the wait they stand on is over, or when they arrive at a step that is none."""
    waits = _is_wait(step, inside)
    fresh = _due(draft, inside, step) if waits else at
    if fresh is None:
        inside.due_at = None  # its date is not known: it ends when it is run, and says so
        return Arrival(None, was_due)
    if fresh <= at and (was_due is None or was_due > at):
        inside.due_at = _chosen(draft, inside, move, at, was_due)
        return Arrival(inside.due_at, was_due, at_once=True)
    if fresh <= at and was_due is not None:
        fresh = max(fresh, was_due)  # it was due already, and nobody had looked
    newly_waits = isinstance(step, WaitEvent) and not stood and fresh > at
    inside.due_at = None if newly_waits else fresh  # one who comes to it now: what happened since they waited counts
    return Arrival(fresh, was_due)


def _is_wait(step: AnyStep, inside: Inside) -> bool:
    """Whether a due time on this step is the end of waiting on it."""
    if isinstance(step, Repeat):
        return inside.rounds_of(step.id) is not None
    return isinstance(step, (*WAITS, WaitEvent)) or (isinstance(step, Task) and bool(inside.waits_for))


def _due(draft: Draft, inside: Inside, step: AnyStep) -> datetime | None:
    """The end of a wait counted from the same start as before."""
    country = str(draft.facts.get("country") or "")
    match step:
        case WaitEvent():
            return after(inside.done_at, step.up_to, draft.clock, None, country)
        case Task():
            return inside.due_at if step.hold is None else after(inside.done_at, step.hold, draft.clock, None, country)
        case Repeat():
            before = inside.rounds_of(step.id)
            return None if before is None else next_round(draft, step, before)
        case WaitLength() | WaitDay() | WaitUntil() | WaitWeekday():
            return due_of(draft, inside, step)
    return None


def _chosen(draft: Draft, inside: Inside, move: Move | None, at: datetime, was_due: datetime | None) -> datetime:
    """When one who is due at once goes: now, by a hash somewhere in the length it is spread over, or as they were."""
    if move is not None and move.due_now == OLD_DAY and was_due is not None:
        return was_due
    if move is None or move.due_now != SPREAD or move.spread is None:
        return at
    end = after(move.at, move.spread, draft.clock, None, "")
    return max(at, move.at + (end - move.at) * share(draft, inside))


def share(draft: Draft, inside: Inside) -> float:
    """Where in the spread somebody comes, from 0 to 1: the same however often it is asked."""
    lineage = inside.book_sequence.lineage or inside.sequence
    parts = (draft.book.rules.project, draft.id, lineage, inside.subject, "spread", str(inside.version))
    return int.from_bytes(sha256("\x1f".join(parts).encode()).digest()) / _WHOLE


def _stops(draft: Draft, inside: Inside, moved: Moved, at: datetime) -> None:
    """A `stop_when` that is new and holds already ends them at once; those of events act on events to come."""
    if not inside.running:
        return
    before = {rule.condition.text for rule in moved.old.stop_when if rule.condition and not rule.event}
    for rule in inside.book_sequence.stop_when:
        if rule.event or rule.condition is None or rule.condition.text in before:
            continue
        scene = draft.scene(at, inside)
        if truth(rule.condition, scene):
            draft.end(inside, Why.stopped, at, rule.condition.text, looks(rule.condition, scene), rule.place)
            return
