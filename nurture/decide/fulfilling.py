"""Perks and parcels: what a gift that is no mere code asks of the shop, as a task (language.md 15)."""

from hashlib import sha256

from nurture.decide.draft import Draft
from nurture.decide.outcomes import everyone
from nurture.decide.shop import due_on
from nurture.model.decision import TaskIntent
from nurture.model.event import Event
from nurture.model.length import Length, Unit

OWNER = "owner"
SOON = Length(3, Unit.working_day)


def fulfil(draft: Draft, event: Event) -> None:
    """A perk or a parcel that was given is to be handed out: one task for the owner, in three working days."""
    present = draft.book.house.gift(str(event.fields.get("gift")))
    if present is None or present.kind == "code":
        return
    key, now = str(event.fields.get("key")), event.known_at
    for one in everyone(draft):
        reserved = next((gift for gift in one.gifts if gift.key == key), None)
        if reserved is None:
            continue
        who = str(draft.facts.get("first_name") or draft.address or draft.id)
        draft.tasks.append(
            TaskIntent(
                sha256(f"fulfil\x1f{key}".encode()).hexdigest(), draft.id, one.sequence, one.version, one.subject,
                reserved.step, f"{present.kind.capitalize()} {present.name} for {who}", OWNER, now,
                due_on(draft.book.rules, SOON, now),
            )
        )  # fmt: skip
        return
