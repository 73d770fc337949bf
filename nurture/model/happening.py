"""What became of a mail, as a provider or a reader tells it later: unordered, late and many times (email.md 1.6)."""

from datetime import datetime
from enum import Enum

from nurture.model.values import dataclass


class Happened(Enum):
    """The one vocabulary for what can become of a mail; every provider's words end in it."""

    processed = "processed"
    delivered = "delivered"
    deferred = "deferred"
    bounced = "bounced"
    blocked = "blocked"
    dropped = "dropped"
    opened = "opened"
    clicked = "clicked"
    complained = "complained"
    unsubscribed = "unsubscribed"
    replied = "replied"


class By(Enum):
    """Who did it: a person, a machine that opens or follows links for them, or it cannot be told (domain.md 5.5)."""

    person = "person"
    machine = "machine"
    unknown = "unknown"


class Bounce(Enum):
    """What a bounce means for the address: it is gone for good, it may work later, or they refuse us and not it."""

    hard = "hard"
    soft = "soft"
    refused_us = "refused us"


@dataclass(frozen=True, slots=True)
class Happening:
    """One thing that became of one mail, once by `id` (the provider's name and its own id for it).

    `key` is our send key, empty where the provider does not repeat it; `address` the reader's. `at` is UTC, as the
    provider tells it. `bounce` only of what bounced. `detail` holds the provider's words and may name the address:
    it is kept in the store and never logged; of an open or a click it is the program that made it. `link` is the
    address behind a click, without its query. `known` is what a provider that dropped a mail had known of its reader.
    """

    id: str
    what: Happened
    at: datetime
    provider: str
    key: str = ""
    address: str = ""
    message: str = ""
    bounce: Bounce | None = None
    detail: str = ""
    link: str = ""
    by: By = By.unknown
    known: Happened | None = None
