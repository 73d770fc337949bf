"""One cell of an import as a typed value of the catalogue; what is not understood gets a reason in plain words."""

import json
import re
import unicodedata
from collections.abc import Callable, Collection, Mapping
from datetime import UTC, date, datetime, time
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from zoneinfo import ZoneInfo

from nurture.decide.clock import Clock, at
from nurture.model.catalogue import Field
from nurture.model.event import Line, Money, MonthDay
from nurture.model.mailbox import LONGEST_LOCAL_PART

NOON = time(12, 0)
TRUE, FALSE = frozenset({"true", "yes", "1"}), frozenset({"false", "no", "0"})
PLAIN_ADDRESS = re.compile(r"[A-Za-z0-9._%+\-]+@[A-Za-z0-9\-]+(?:\.[A-Za-z0-9\-]+)+")

Reader = Callable[[str], object]


class CellError(ValueError):
    """A cell that does not hold what its column promises; the message is the reason for the rejects file."""


def reader(field: Field, currency: str, zone: ZoneInfo) -> Reader:
    """The function that reads a cell of this field. An empty cell is never handed to it."""
    if field.type == "money":
        return lambda text: money(text, currency)
    if field.type == "moment":
        return lambda text: moment(text, zone)
    if field.type == "lines":
        return lambda text: lines(text, currency, field.parts)
    if field.one_of and field.type == "text":
        return lambda text: one_of(text, field.one_of)
    return READERS[field.type]


def moment(text: str, zone: ZoneInfo) -> datetime:
    """An instant in UTC; a day alone is 12:00 and a time without an offset is meant in the project's zone."""
    try:
        return _moment(text, zone)
    except ValueError:
        raise CellError(f"'{text}' is not a date; write 2027-03-02 or 2027-03-02 10:00") from None


@lru_cache(maxsize=4096)
def _moment(text: str, zone: ZoneInfo) -> datetime:
    """The same, remembered: logs repeat their dates. ValueError when it is none."""
    found = datetime.fromisoformat(text)
    if found.tzinfo is not None:
        return found.astimezone(UTC)
    clock_time = NOON if len(text) <= len("2027-03-02") else found.time()
    return at(found.date(), clock_time, Clock(zone))


def day(text: str) -> date | MonthDay:
    """A day, or a day of the year written `--05-14`."""
    try:
        if text.startswith("--"):
            month, number = text[2:].split("-")
            date(2000, int(month), int(number))
            return MonthDay(int(month), int(number))
        return date.fromisoformat(text[:10])
    except ValueError:
        raise CellError(f"'{text}' is not a day; write 1991-05-14, or --05-14 without the year") from None


def number(text: str) -> int | float:
    """A number with a decimal point."""
    try:
        value = float(text)
    except ValueError:
        raise CellError(f"'{text}' is not a number; write 1234.5") from None
    if value != value or value in (float("inf"), float("-inf")):
        raise CellError(f"'{text}' is not a number; write 1234.5")
    return int(value) if value.is_integer() else value


@lru_cache(maxsize=4096)
def money(text: str, currency: str) -> Money:
    """An amount with a decimal point; a currency other than the project's stands behind it. Prices repeat."""
    amount, _, written = text.strip().partition(" ")
    try:
        value = Decimal(amount)
    except InvalidOperation:
        raise CellError(f"'{text}' is not an amount; write 24.50 or '24.50 TRY'") from None
    if not value.is_finite() or (written and not re.fullmatch(r"[A-Z]{3}", written)):
        raise CellError(f"'{text}' is not an amount; write 24.50 or '24.50 TRY'")
    return Money(value, written or currency)


def yes_no(text: str) -> bool:
    """True or false, also as yes, no, 1, 0."""
    word = text.lower()
    if word not in TRUE and word not in FALSE:
        raise CellError(f"'{text}' is neither true nor false")
    return word in TRUE


def text_of(text: str) -> str:
    """Text in one normal form (NFC), so that equal names compare equal."""
    return text if text.isascii() else unicodedata.normalize("NFC", text)


def words(text: str) -> tuple[str, ...]:
    """Names between spaces or commas."""
    return tuple(word for word in re.split(r"[\s,;]+", text) if word)


def one_of(text: str, options: tuple[str, ...]) -> str:
    """A word of a closed list."""
    if text not in options:
        raise CellError(f"'{text}' is none of {', '.join(options)}")
    return text


def lines(text: str, currency: str, parts: Collection[str]) -> tuple[Line, ...]:
    """The lines of an order, as JSON: `[{"product": "sampler", "quantity": 1, "price": "18.00"}]`.

    What the catalogue does not name among `parts` is not taken in: without a quantity each line is one.
    """
    try:
        return tuple(
            Line(
                text_of(str(line["product"]).strip()),
                float(line.get("quantity", 1)) if "quantity" in parts else 1,
                _price(line, currency) if "price" in parts else None,
            )
            for line in json.loads(text)
        )
    except (ValueError, KeyError, TypeError, AttributeError):
        raise CellError('not the lines of an order; write [{"product": "…", "quantity": 1}]') from None


def _price(line: Mapping[str, object], currency: str) -> Money | None:
    found = line.get("price")
    return None if found in (None, "") else money(str(found), currency)


def address(text: str) -> str:
    """An e-mail address in the form it is written to; the domain in lower case (RFC 5321, 6531)."""
    if PLAIN_ADDRESS.fullmatch(text):
        local, _, domain = text.rpartition("@")
        if not (local.startswith(".") or local.endswith(".") or ".." in local or len(local) > LONGEST_LOCAL_PART):
            return f"{local}@{domain.lower()}"
    from email_validator import EmailNotValidError, validate_email

    try:
        found = validate_email(text, check_deliverability=False, test_environment=True)
    except EmailNotValidError as error:
        raise CellError(f"'{text}' is not an address: {str(error).rstrip('.')}") from None
    if len(found.local_part.encode()) > LONGEST_LOCAL_PART:
        raise CellError(f"'{text}' is not an address: more than {LONGEST_LOCAL_PART} characters before the @-sign")
    return found.normalized


READERS: dict[str, Reader] = {"text": text_of, "number": number, "bool": yes_no, "day": day, "tags": words}
