"""The mail that a judged message becomes: what it says, offers and carries, as an intent (language.md 4.3)."""

from datetime import datetime

from nurture.decide import gifts
from nurture.decide.conditions import evaluate
from nurture.decide.draft import Draft
from nurture.decide.inside import Inside
from nurture.decide.keys import key_of
from nurture.decide.scene import Scene
from nurture.model.decision import Intent
from nurture.model.house import Rung
from nurture.model.makers import new_intent, new_message
from nurture.model.step import Offer, Send


def mail_for(
    draft: Draft, inside: Inside, send: Send, rung: Rung | None, good_until: datetime, now: datetime
) -> Intent:
    """The mail as it is to be handed over; the person has had it from now on, under the same send key."""
    due, day, key = inside.message_due or now, draft.today(now), key_of(draft.book, draft.id, inside)
    offered = f"{send.ladder}.{rung.id}" if isinstance(send, Offer) and rung is not None else ""
    carries = gifts.carried(draft, inside, send) if send.variables else ()
    scene = draft.scene(now, inside)
    given = {} if offered else {name: evaluate(value, scene) for name, value in send.variables}
    message = new_message(
        key, inside.sequence, inside.subject, send.id, send.mail, send.class_, send.topic, due, now, day,
        draft.address, offered=offered,
    )  # fmt: skip
    draft.messages = (*draft.messages, message)
    draft.changed.add("messages")
    if rung is not None:  # worked out when it is had: only then `ladders.<id>.rung` names what it offers
        given = {"rung": rung.id, "rung_title": rung.title}
        given |= {name: evaluate(value, scene) for name, value in send.variables}
    return new_intent(
        key, draft.id, inside.sequence, inside.version, inside.subject, send.id, send.mail, send.class_,
        send.topic, send.theme, due, now, good_until, day, draft.clock.zone.key, draft.clock.rung, draft.address,
        given, _variant(send, scene), offered, send.approve, send.valid_for if send.approve else None, carries,
    )  # fmt: skip


def _variant(send: Send, scene: Scene) -> str:
    """The folder of the mail that is looked in first; none where its expression is unknown."""
    found = evaluate(send.variant_from, scene) if send.variant_from is not None else send.variant
    return "" if found is None else str(found)
