"""What a shop can tell, whichever shop it is: orders and their ends, people, consents, subscriptions, errands.

Values are as the shop writes them, as text; the book's catalogue decides what becomes of them.
"""

import re
from collections.abc import Mapping
from dataclasses import field
from datetime import UTC, datetime
from decimal import Decimal

from nurture.model.values import dataclass

ORDER, CANCELLED, REFUNDED, SHIPPED, DELIVERED = "order", "cancelled", "refunded", "shipped", "delivered"
STARTED, ENDED = "subscription started", "subscription ended"
NOT_KEPT = re.compile("[\0\ud800-\udfff]")  # NUL and halves of characters, which somebody may call themselves


class Misshapen(ValueError):
    """A payload that lacks what its kind must have; the words name the place, never what stands there."""


@dataclass(frozen=True, slots=True)
class Buyer:
    """Whom something is about: the shop's id, the address, or whoever placed that order."""

    id: str = ""
    email: str = ""
    order: str = ""

    @property
    def nobody(self) -> bool:
        """Whether nothing says who it is."""
        return not (self.id or self.email or self.order)


@dataclass(frozen=True, slots=True)
class Item:
    """One line of an order: the shop's SKU of it, else its title."""

    product: str
    quantity: str = "1"
    price: str = ""


@dataclass(frozen=True, slots=True)
class Deal:
    """Something that happened to an order or a subscription; `kind` is one of the words above.

    `id` is the shop's own id of what happened, `order` that of the order or subscription it happened to. `total` is
    an amount with its currency, such as `24.50 EUR`.
    """

    kind: str
    id: str
    buyer: Buyer
    at: datetime
    order: str = ""
    total: str = ""
    items: tuple[Item, ...] = ()


@dataclass(frozen=True, slots=True)
class Contact:
    """Somebody, and what the shop knows of them by the instant `at`."""

    buyer: Buyer
    at: datetime
    facts: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Agreed:
    """A word on marketing mail, as the shop states it: since when (None: not said), on what ground, how asked.

    `confirmed`: they said so from their own address, by a link in a mail of the shop's (double opt-in).
    """

    buyer: Buyer
    given: bool
    at: datetime | None
    basis: str
    how: str = ""
    confirmed: bool = False


@dataclass(frozen=True, slots=True)
class Plan:
    """A subscription as it is at the instant `at`; `gone` when it has ended. `id` is the shop's id of this news."""

    id: str
    buyer: Buyer
    key: str
    at: datetime
    gone: bool = False
    fields: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Errand:
    """What a person of the shop must do about somebody."""

    id: str
    buyer: Buyer
    text: str


Told = Deal | Contact | Agreed | Plan | Errand


def text(payload: Mapping[str, object], *path: str) -> str:
    """The text or number at a place of a payload; empty when there is none. What no database keeps is replaced."""
    found: object = payload
    for name in path:
        found = found.get(name) if isinstance(found, Mapping) else None
    if isinstance(found, bool) or not isinstance(found, str | int | float):
        return ""
    return NOT_KEPT.sub("\N{REPLACEMENT CHARACTER}", str(found)).strip()


def part(payload: Mapping[str, object], *path: str) -> Mapping[str, object]:
    """The object at a place of a payload; an empty one when there is none."""
    found: object = payload
    for name in path:
        found = found.get(name) if isinstance(found, Mapping) else None
    return found if isinstance(found, Mapping) else {}


def parts(payload: Mapping[str, object], *path: str) -> tuple[Mapping[str, object], ...]:
    """The objects of a list at a place of a payload."""
    found: object = payload
    for name in path:
        found = found.get(name) if isinstance(found, Mapping) else None
    return tuple(one for one in found if isinstance(one, Mapping)) if isinstance(found, list) else ()


def needed(payload: Mapping[str, object], *path: str) -> str:
    """The text at a place that a payload must have. Misshapen without it."""
    found = text(payload, *path)
    if not found:
        raise Misshapen(f"it has no {'.'.join(path)}")
    return found


def moment(words: str, where: str) -> datetime:
    """An instant in UTC; one without an offset is UTC already. Misshapen when it is none."""
    try:
        found = datetime.fromisoformat(words)
    except ValueError:
        raise Misshapen(f"its {where} is no date") from None
    return found.astimezone(UTC) if found.tzinfo else found.replace(tzinfo=UTC)


def seconds(words: str, where: str) -> datetime:
    """An instant told as seconds since 1970. Misshapen when it is none."""
    try:
        return datetime.fromtimestamp(int(words), UTC)
    except (ValueError, OverflowError, OSError):
        raise Misshapen(f"its {where} is no date") from None


def amount(value: str, currency: str) -> str:
    """An amount with its currency as the catalogue reads it; empty when it is none."""
    plain = re.fullmatch(r"-?[0-9]+(\.[0-9]+)?", value) and re.fullmatch(r"[A-Za-z]{3}", currency)
    return f"{value} {currency.upper()}" if plain else ""


def minor(value: str, currency: str) -> str:
    """An amount told in the smallest unit of its currency, as a whole number (ISO 4217, with Stripe's exceptions)."""
    if not re.fullmatch(r"-?[0-9]+", value):
        return ""
    places = 0 if currency.upper() in WITHOUT_MINOR else 3 if currency.upper() in THOUSANDTHS else 2
    return amount(f"{Decimal(value).scaleb(-places):f}", currency)


# docs.stripe.com/currencies: ISK and UGX have no minor unit any more, and are told with two places all the same.
WITHOUT_MINOR = frozenset("BIF CLP DJF GNF JPY KMF KRW MGA PYG RWF VND VUV XAF XOF XPF".split())
THOUSANDTHS = frozenset("BHD JOD KWD OMR TND".split())
