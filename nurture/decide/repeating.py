"""Repeats: round k begins at the start of round 1 and (k - 1) times the length, never chained (language.md 6.2)."""

from datetime import datetime

from nurture.decide.clock import after
from nurture.decide.conditions import truth
from nurture.decide.draft import Draft
from nurture.decide.inside import Inside
from nurture.model.length import Length
from nurture.model.person import Round
from nurture.model.step import Node, Repeat

ALL_DONE, ENOUGH = "done", "until"


def begin(draft: Draft, inside: Inside, node: Node, step: Repeat, now: datetime) -> None:
    """The first round, at once."""
    _round(draft, inside, node, step, Round(step.id, 1, inside.done_at), inside.done_at, now)


def again(draft: Draft, inside: Inside, node: Node, step: Repeat, before: Round) -> None:
    """Back at the repeat after a round: wait for the next, or go on."""
    if before.number >= step.times:
        inside.goes_on(ALL_DONE, inside.done_at, node.next)
        return
    inside.due_at = next_round(draft, step, before)


def next_round(draft: Draft, step: Repeat, before: Round) -> datetime:
    """When the round behind this one begins: counted from the start of the first."""
    passed = Length(step.every.amount * before.number, step.every.unit)
    return after(before.began_at, passed, draft.clock, None, str(draft.facts.get("country") or ""))


def over(draft: Draft, inside: Inside, node: Node, step: Repeat, now: datetime) -> None:
    """The next round's time has come."""
    due = inside.due_at or now
    before = inside.rounds_of(step.id) or Round(step.id, 0, due)
    _round(draft, inside, node, step, Round(step.id, before.number + 1, before.began_at), due, now)


def _round(draft: Draft, inside: Inside, node: Node, step: Repeat, round_: Round, due: datetime, now: datetime) -> None:
    """One round, unless `until` says that it is enough; what is not known does not end it."""
    if step.until is not None and truth(step.until, draft.scene(now, inside)):
        inside.goes_on(ENOUGH, due, node.next)
        return
    inside.rounds = (*(one for one in inside.rounds if one.repeat != step.id), round_)
    inside.goes_on("", due, node.arms[0])
