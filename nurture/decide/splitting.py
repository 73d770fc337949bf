"""Which way of a split somebody goes: a hash, so the same person goes the same way again (language.md 6.12)."""

from datetime import datetime
from hashlib import sha256

from nurture.decide.draft import Draft
from nurture.decide.inside import Inside
from nurture.decide.keys import step_lineage
from nurture.decide.outcomes import everyone, node_of
from nurture.model.decision import Why
from nurture.model.person import Enrolment
from nurture.model.step import Node, Split

_BITS = 64


def split(draft: Draft, inside: Inside, node: Node, step: Split, now: datetime) -> None:
    """Go the way that is theirs."""
    number = _way(draft, inside, step)
    name = step.ways[number].name
    draft.note(Why.way, now, inside, words=name, step=step.id, due_at=inside.done_at, place=step.place)
    inside.goes_on(name, inside.done_at, node.arms[number])


def _way(draft: Draft, inside: Inside, step: Split) -> int:
    """Weights that changed move nobody who was assigned before; a way that is gone assigns them anew."""
    names = [way.name for way in step.ways]
    kept = next((name for name in _gone_before(draft, inside, step) if name in names), None)
    return names.index(kept) if kept is not None else hashed(draft, inside, step)


def _gone_before(draft: Draft, inside: Inside, step: Split) -> list[str]:
    """The ways gone at this split, the newest first: in this enrolment, and with `again: same` in earlier ones."""
    ones: list[Inside | Enrolment] = [inside]
    if not step.fresh:
        others = [one for one in everyone(draft) if one.sequence == inside.sequence and one is not inside]
        ones += sorted(others, key=lambda one: one.ordinal, reverse=True)
    return [word for one in ones for word in _ways_of(draft, one, step)]


def _ways_of(draft: Draft, one: Inside | Enrolment, step: Split) -> list[str]:
    found = []
    for outcome in reversed(one.outcomes):
        node = node_of(draft, one, outcome)
        if node is not None and step_lineage(node.step) == step_lineage(step):
            found.append(outcome.outcome)
    return found


def hashed(draft: Draft, inside: Inside, step: Split) -> int:
    """The number of the way by project, sequence, split and person (with `fresh` also the subject), by weight."""
    sequence = inside.book_sequence
    parts = [draft.book.rules.project, sequence.lineage or sequence.name, step_lineage(step), draft.id]
    if step.fresh:
        parts.append(inside.subject)
    drawn = int.from_bytes(sha256("\x1f".join(parts).encode()).digest()[: _BITS // 8])
    place = drawn * sum(way.weight for way in step.ways) >> _BITS
    for number, way in enumerate(step.ways):
        if place < way.weight:
            return number
        place -= way.weight
    return len(step.ways) - 1
