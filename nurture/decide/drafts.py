"""What a person of the shop said of a mail that waited for approval: `approve:` (language.md 15)."""

from dataclasses import replace

from nurture.decide.draft import Draft
from nurture.decide.outcomes import found, turn
from nurture.model.decision import Reason, Why
from nurture.model.event import Event
from nurture.model.person import Message

APPROVED, EDITED, DROPPED = "approved", "edited", "dropped"
_WAITING = frozenset({Why.sent.value})


def settle(draft: Draft, event: Event) -> None:
    """The step's outcome is what was said; a mail that was dropped gives its place in the limits back."""
    key, word = str(event.fields.get("key")), str(event.fields.get("outcome"))
    message = next((one for one in draft.messages if one.key == key), None)
    if message is None or word not in (APPROVED, EDITED, DROPPED):
        return
    version = 0
    for one, outcome, _ in list(found(draft, key, _WAITING)):
        turn(draft, one, outcome, word, max(outcome.at, event.happened_at))
        version = one.version
    if word == DROPPED and not message.cancelled:
        _drop(draft, message, event, version)
    draft.changed.add("messages")


def _drop(draft: Draft, message: Message, event: Event, version: int) -> None:
    draft.messages = tuple(replace(one, cancelled=True) if one is message else one for one in draft.messages)
    by = str(event.fields.get("by") or "")
    draft.reasons.append(
        Reason(
            Why.dropped, max(event.happened_at, event.known_at), message.due_at, message.sequence, version,
            message.subject, message.step, message.mail, f"dropped by {by}" if by else "",
        )
    )  # fmt: skip
