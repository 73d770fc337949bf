"""Who may be written to about what: address, suppression, consent, themes (language.md 6.10)."""

from datetime import datetime, timedelta
from typing import Protocol
from zoneinfo import ZoneInfo

from nurture.decide.clock import Clock, local_day
from nurture.decide.consents import ELSEWHERE
from nurture.decide.draft import Draft
from nurture.decide.sunset import sunset
from nurture.model.decision import Why

DEAD_ADDRESSES = frozenset({"hard", "blocked", "complained", "role"})


class Addressed(Protocol):
    """What a message, decided or to be decided, says of itself here."""

    @property
    def class_(self) -> str: ...  # noqa: D102
    @property
    def topic(self) -> str: ...  # noqa: D102
    @property
    def theme(self) -> str: ...  # noqa: D102


def refusal(draft: Draft, message: Addressed, now: datetime) -> tuple[Why, str] | None:
    """Why a message may not go to this person at all, with the words for it; None when it may."""
    if draft.erased or draft.suppressed:
        return Why.suppressed, draft.suppressed or "erased"
    if not draft.address:
        return Why.no_address, "no address is known"
    if draft.address_state in DEAD_ADDRESSES:
        return Why.no_address, f"the address is {draft.address_state}"
    if message.theme and message.theme in draft.spared:
        return Why.spared, message.theme
    if message.class_ == "service":
        return None
    return _consent(draft, message.topic, now) or sunset(draft, message, now)


def _consent(draft: Draft, topic: str, now: datetime) -> tuple[Why, str] | None:
    consent = draft.consents.get(topic)
    if draft.refused_all:
        return Why.no_consent, "refused everything"
    if consent is not None and not consent.given:
        return Why.no_consent, f"refused {topic}"
    if consent is not None and consent.holds(now):
        return None
    known = draft.book.topics.get(topic)
    if known is not None and known.basis == "customer" and draft.orders.count > 0:
        return None  # soft opt-in of customers, which can be refused
    if consent is not None and consent.given and consent.basis == ELSEWHERE:
        return Why.no_consent, f"agreed to {topic} at another address, and not at this one"
    if consent is not None and consent.until is not None:
        last = local_day(consent.until - timedelta.resolution, Clock(ZoneInfo(draft.book.rules.zone)))
        return Why.no_consent, f"consent to {topic} expired on {last.isoformat()}"
    return Why.no_consent, f"no consent to {topic}"


def hears_of(draft: Draft, topic: str, now: datetime) -> bool:
    """Whether they agreed to a topic, or hear of it as a customer who did not refuse it."""
    return _consent(draft, topic, now) is None


def may_have(draft: Draft, message: Addressed, now: datetime) -> bool:
    """Whether nothing of the above speaks against it."""
    return refusal(draft, message, now) is None
