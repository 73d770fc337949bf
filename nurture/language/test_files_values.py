"""The values of a test file by the types of the catalogue: facts, fields of events, things and numbers."""

import math
import re
import unicodedata
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, time
from decimal import Decimal
from zoneinfo import ZoneInfo

from nurture.language import values
from nurture.language.names import did_you_mean
from nurture.language.reader import Reader
from nurture.language.test_files import LAST_SECOND, Moment, When
from nurture.language.tree import ListNode, MappingNode, Node, ScalarNode
from nurture.model.catalogue import Field
from nurture.model.event import Line, Money, MonthDay

FIRST_YEAR, LAST_YEAR = 1970, 2199  # what a clock of a test can show
_AMOUNT = re.compile(r"(-?[0-9]+(?:\.[0-9]+)?)(?: ([A-Z]{3}))?")
_HINTS = {
    "number": "a number such as 5 or 4.5",
    "bool": "true or false",
    "day": "write 1991-05-14, or --05-14 without the year",
    "moment": "write 2027-03-09 10:00",
    "money": "write 24, or 24 TRY in another currency",
    "lines": "a list such as [{product: sampler, quantity: 1, price: 18}]",
    "tags": "a list of words",
}


class Typed:
    """Reads values by their type; what is not understood becomes a finding of the reader.

    A moment without an offset is meant in the project's zone, as it is in an import.
    """

    def __init__(self, reader: Reader, currency: str, zone: str) -> None:
        self.reader = reader
        self.currency = currency
        self.zone = ZoneInfo(zone)

    def value(self, label: str, node: Node, field: Field) -> object | None:
        """The value of a node by the type of its field; None, with a finding, when it is not understood."""
        if isinstance(node, ScalarNode) and node.value is None:
            return None  # `birthday:` without a value: not known
        found = self._by_type(node, field)
        if found is None:
            shown = f": {node.text}" if isinstance(node, ScalarNode) else ""
            self.reader.say("E114", node.place, f"'{label}{shown}' is not understood", _HINTS.get(field.type, ""))
            return None
        told = found if isinstance(found, tuple) and field.type == "tags" else (found,)
        wrong = next((word for word in told if field.one_of and word not in field.one_of), None)
        if wrong is None:
            return found
        cure = did_you_mean(str(wrong), field.one_of, f"one of {', '.join(field.one_of)}")
        self.reader.say("E201", node.place, f"'{label}' is never '{wrong}'", cure)
        return None

    def _by_type(self, node: Node, field: Field) -> object | None:
        if field.type == "lines":
            return self._lines(node, field)
        if field.type == "tags":
            return _tags(node)
        if not isinstance(node, ScalarNode):
            return None
        if field.type == "money":
            return self._money(node)
        if field.type == "moment":
            return self._moment(node)
        return _PLAIN[field.type](node)

    def _money(self, node: ScalarNode) -> Money | None:
        found = _AMOUNT.fullmatch(node.text)
        return Money(Decimal(found[1]), found[2] or self.currency) if found else None

    def _moment(self, node: ScalarNode) -> datetime | None:
        """An instant, in UTC; a day alone is its noon."""
        try:
            found = datetime.fromisoformat(node.text)
        except ValueError:
            return None
        if len(node.text) <= len("2027-03-02"):
            found = datetime.combine(found.date(), time(12))
        return (found if found.tzinfo else found.replace(tzinfo=self.zone)).astimezone(UTC)

    def _lines(self, node: Node, field: Field) -> tuple[Line, ...] | None:
        if not isinstance(node, ListNode):
            return None
        lines = [self._line(item, field) for item in node]
        whole = tuple(line for line in lines if line is not None)
        return whole if len(whole) == len(lines) else None

    def _line(self, node: Node, field: Field) -> Line | None:
        if isinstance(node, ScalarNode):
            return Line(_normal(node.text)) if isinstance(node.value, str) else None
        product = node.get("product") if isinstance(node, MappingNode) else None
        if not isinstance(node, MappingNode) or not isinstance(product, ScalarNode):
            return None
        if set(node.keys) - {"product", *field.parts}:
            return None
        quantity, price = node.get("quantity"), node.get("price")
        counted = _number(quantity) if isinstance(quantity, ScalarNode) else 1
        cost = self._money(price) if isinstance(price, ScalarNode) else None
        if counted is None or (price is not None and cost is None):
            return None
        return Line(_normal(product.text), float(counted), cost)


def _normal(text: str) -> str:
    """Text in one normal form (NFC), as an import takes it in."""
    return text if text.isascii() else unicodedata.normalize("NFC", text)


def _text(node: ScalarNode) -> str | None:
    return _normal(node.text) if not isinstance(node.value, bool) and node.text.strip() else None


def _number(node: ScalarNode) -> int | float | None:
    value = node.value
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        return None
    return int(value) if float(value).is_integer() else value


def _yes_no(node: ScalarNode) -> bool | None:
    return node.value if isinstance(node.value, bool) else None


def _day(node: ScalarNode) -> date | MonthDay | None:
    if not node.text.startswith("--"):
        return values.day(node.text)
    found = values.day(f"2000-{node.text[2:]}")
    return MonthDay(found.month, found.day) if found else None


def _tags(node: Node) -> tuple[str, ...] | None:
    items = tuple(node) if isinstance(node, ListNode) else (node,)
    words = [item.value for item in items if isinstance(item, ScalarNode)]
    told = tuple(word for word in words if isinstance(word, str))
    return told if len(told) == len(items) else None


_PLAIN: dict[str, Callable[[ScalarNode], object | None]] = {
    "text": _text,
    "number": _number,
    "bool": _yes_no,
    "day": _day,
}


def moment_of(text: str, clock: time = LAST_SECOND) -> Moment | None:
    """`2027-03-09 10:00`; a day alone is meant at `clock`. None for a day that does not exist, or lies too far away."""
    written, _, hour = text.partition(" ")
    found = values.day(written)
    if found is not None and not FIRST_YEAR <= found.year <= LAST_YEAR:
        return None
    return Moment(found, time.fromisoformat(hour) if hour else clock) if found else None


def when_of(text: str) -> When | None:
    """`2027-03-09 10:00`, or `day 6 10:00`. None for a day that does not exist."""
    if not text.startswith("day"):
        found = moment_of(text)
        return When(found.clock, found.day) if found else None
    days, _, hour = text.removeprefix("day ").partition(" ")
    return When(time.fromisoformat(hour), None, int(days))


def others(node: MappingNode, keys: frozenset[str]) -> Iterator[tuple[ScalarNode, Node]]:
    """The keys of the author's own in a mapping, beside those of its table."""
    return ((name, child) for name, child in node if name.text not in keys)
