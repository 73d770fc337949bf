"""A rendered mail, and what became of handing it over."""

from dataclasses import dataclass
from datetime import datetime
from enum import Enum

from nurture.model.place import Problem


@dataclass(frozen=True, slots=True)
class Email:
    """One mail, whole: what a provider needs and nothing else. Header values hold no line breaks."""

    key: str
    from_name: str
    from_address: str
    to_name: str
    to_address: str
    subject: str
    text: str
    html: str
    locale: str
    direction: str
    date: datetime
    reply_to: str = ""
    headers: tuple[tuple[str, str], ...] = ()


class Fate(Enum):
    """The states of a mail on its way (architecture.md 2.3)."""

    planned = "planned"
    claimed = "claimed"
    handed = "handed"
    accepted = "accepted"
    in_doubt = "in_doubt"
    refused = "refused"
    bounced = "bounced"
    delivered = "delivered"
    cancelled = "cancelled"
    expired = "expired"


@dataclass(frozen=True, slots=True)
class Handover:
    """A provider's answer for one mail, in our words."""

    key: str
    fate: Fate
    detail: str = ""
    problem: Problem | None = None
