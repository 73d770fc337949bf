"""Gifts: a step reserves one, a mail that carries it gives it, the shop tells of its use (language.md 6.11)."""

from dataclasses import replace
from datetime import date, datetime

from nurture.decide.draft import Draft
from nurture.decide.inside import Inside
from nurture.decide.keys import key_of
from nurture.model import event as names
from nurture.model.decision import Why
from nurture.model.event import Event
from nurture.model.person import Enrolment, Reserved
from nurture.model.step import Gift, Node

WAITING, GIVEN = "waiting", "given"


def reserve(draft: Draft, inside: Inside, node: Node, step: Gift, now: datetime) -> None:
    """Reserve the gift of a step; nothing is drawn before a mail that carries it is handed over."""
    key = key_of(draft.book, draft.id, inside)
    inside.gifts = (*inside.gifts, Reserved(key, step.id, step.gift, WAITING, now))
    draft.note(Why.gift, now, inside, words=f"{step.gift} {WAITING}", step=step.id, place=step.place)
    inside.goes_on(WAITING, inside.done_at, node.next)


def fold(draft: Draft, event: Event) -> None:
    """A gift was given, refused or used: the reservation says so from now on."""
    for inside in draft.inside:
        inside.gifts = tuple(_told(one, event) for one in inside.gifts)
    draft.past = [_of_past(one, event) for one in draft.past]


def _of_past(one: Enrolment, event: Event) -> Enrolment:
    told = tuple(_told(gift, event) for gift in one.gifts)
    return one if told == one.gifts else replace(one, gifts=told)


def _told(gift: Reserved, event: Event) -> Reserved:
    if event.name == names.GIFT_USED:
        used = gift.code and gift.code == event.fields.get("code")
        return replace(gift, used_at=event.happened_at) if used and gift.used_at is None else gift
    if gift.key != event.fields.get("key"):
        return gift
    if event.name == names.GIFT_REFUSED:
        return replace(gift, state=str(event.fields.get("because")))
    expires = event.fields.get("expires_on")
    return replace(
        gift, state=GIVEN, code=str(event.fields.get("code") or ""), given_at=event.happened_at,
        expires_on=expires if isinstance(expires, date) else None,
    )  # fmt: skip
