"""The shapes of the demo's made-up world: a contact, and something that happened to them."""

from dataclasses import field
from datetime import datetime

from nurture.model.values import dataclass


@dataclass(frozen=True, slots=True)
class Someone:
    """One made-up contact: an outside id, an address, what is known of them, and the topics they agreed to."""

    id: str
    address: str
    joined: datetime
    facts: dict[str, object]
    topics: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Deed:
    """Something a made-up contact did, or the shop did for them."""

    person: str
    name: str
    at: datetime
    fields: dict[str, object] = field(default_factory=dict)
