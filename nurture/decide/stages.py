"""Which stage and moments a person is in, and when time alone may move them (language.md 3, 4.2)."""

from dataclasses import replace
from datetime import datetime

from nurture.decide.clock import after
from nurture.decide.conditions import next_change, truth
from nurture.decide.draft import Draft
from nurture.model.decision import Why
from nurture.model.makers import new_stage
from nurture.model.person import StageState
from nurture.model.rules import Stage

Crossed = tuple[tuple[str, bool], ...]
"""Stages and moments newly entered, and those left (True)."""


def place(draft: Draft, now: datetime, *, undoing: bool = False) -> Crossed:
    """Work out stage and moments at `now`; what was entered and left comes back, entered first.

    `undoing` says that an undone order is what moved them: then `keep_for` keeps nobody.
    """
    if draft.erased:
        return ()  # nothing is known of them, and nothing is to be
    crossed = _moments(draft, now)
    if not draft.book.stages:
        return crossed
    before = draft.stage
    state = _stage(draft, now, undoing)
    draft.stage = state
    if before is None or before.id != state.id:
        draft.changed.add("person.stage")
        draft.note(Why.stage, now, words=f"{before.id if before else 'nobody yet'} -> {state.id}")
        return crossing(before.id if before else "", state.id) + crossed
    return crossed


def crossing(before: str, after_: str) -> Crossed:
    """From one stage to another; nobody leaves a stage who was in none yet."""
    return ((after_, False), *(((before, True),) if before else ()))


def stale(draft: Draft) -> bool:
    """Whether the person was placed by other rules than the book's: then they are placed anew, and nothing starts."""
    return draft.stage is not None and draft.stage.rules != draft.index.stage_rules


def _stage(draft: Draft, now: datetime, undoing: bool) -> StageState:
    scene = draft.scene(now)
    before = draft.stage
    if before is not None and before.pinned_until is not None and before.pinned_until > now:
        return replace(before, check_at=before.pinned_until, rules=draft.index.stage_rules)  # a `move_to` step's word
    check: datetime | None = None
    for stage in draft.book.stages:
        check = _sooner(check, next_change(stage.enter.root, scene))
        if truth(stage.enter, scene):
            break
        keep = None if undoing else _kept(draft, stage, now)
        if before is not None and keep is not None and keep > now:
            return new_stage(before.id, before.since, keep, _sooner(check, keep), draft.index.stage_rules)
    else:
        stage = draft.book.stages[-1]
    since = before.since if before is not None and before.id == stage.id else now
    return new_stage(stage.id, since, None, check, draft.index.stage_rules)


def _kept(draft: Draft, stage: Stage, now: datetime) -> datetime | None:
    """Until when a stage whose rule no longer holds is kept: `keep_for` from when it stopped holding."""
    before = draft.stage
    if before is None or before.id != stage.id or stage.keep_for is None:
        return None
    if before.pinned_until is not None:
        return None  # a step put them there, its rule never held
    return before.keep_until or after(now, stage.keep_for, draft.clock, None, "")


def _moments(draft: Draft, now: datetime) -> Crossed:
    if not draft.book.moments:
        return ()
    scene = draft.scene(now)
    holding, check = set(), None
    for moment in draft.book.moments:
        check = _sooner(check, next_change(moment.while_.root, scene))
        if truth(moment.while_, scene):
            holding.add(moment.id)
    entered = tuple((moment.id, False) for moment in draft.book.moments if moment.id in holding - draft.moments)
    left = tuple((moment.id, True) for moment in draft.book.moments if moment.id in draft.moments - holding)
    if holding != draft.moments:
        draft.changed.add("moments")
    draft.moments, draft.moments_check_at = frozenset(holding), check
    return entered + left


def _sooner(one: datetime | None, other: datetime | None) -> datetime | None:
    if one is None or other is None:
        return one or other
    return min(one, other)
