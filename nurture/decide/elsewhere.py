"""Steps that act beyond their own sequence: `move_to` a stage, and `enrol` in another sequence (language.md 4.3)."""

from datetime import datetime

from nurture.decide import entry
from nurture.decide.clock import after
from nurture.decide.draft import Draft
from nurture.decide.inside import Inside
from nurture.decide.making import make
from nurture.decide.stages import crossing
from nurture.decide.triggers import event_firings, stage_firings
from nurture.model import event as names
from nurture.model.decision import Reason, Why
from nurture.model.step import Enrol, MoveTo, Node

STARTED, REFUSED = "started", "refused"


def move_to(draft: Draft, inside: Inside, node: Node, step: MoveTo, now: datetime) -> None:
    """Put the person into a stage; a pin keeps them there, else the stage rules have the next word."""
    country = str(draft.facts.get("country") or "")
    until = after(now, step.pin, draft.clock, None, country) if step.pin is not None else None
    before = draft.stage.id if draft.stage is not None else ""
    event = make(draft, inside, now, names.STAGE_MOVED, {"stage": step.stage, "until": until})
    if before != step.stage:
        draft.note(Why.stage, now, inside, words=f"{before or 'nobody yet'} -> {step.stage}", step=step.id, until=until)
        for firing in stage_firings(draft, crossing(before, step.stage), event, now):
            entry.take(draft, firing, now)
    inside.goes_on("done", inside.done_at, node.next)


def enrol(draft: Draft, inside: Inside, node: Node, step: Enrol, now: datetime) -> None:
    """Ask whether they start in another sequence, like a manual start: now, without settling."""
    event = make(draft, inside, now, names.PERSON_ENROLLED, {"sequence": step.sequence})
    asked = False
    for firing in event_firings(draft, event, now):
        entry.take(draft, firing, now)
        asked = True
    if not asked:
        draft.reasons.append(Reason(Why.closed, now, now, step.sequence, words=f"enrolled by {inside.sequence}"))
    entry.settle(draft, now)
    draft.changed.add("enrolled")
    if inside.running:
        began = any(other.event is not None and other.event.id == event.id for other in draft.inside)
        inside.goes_on(STARTED if began else REFUSED, inside.done_at, node.next)
