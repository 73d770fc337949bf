"""Values as templates see them: unknown is a value of its own, and foreign text cannot turn a line round."""

import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from markupsafe import Markup, escape

from nurture.model.event import Line, Money

ISOLATE = "\u2068"
END_OF_ISOLATE = "\u2069"
RIGHT_TO_LEFT_MARK = "\u200f"
_CONTROLS = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]+")
_BIDI_CONTROLS = re.compile("[\u202a-\u202e\u2066-\u2069]")
_RIGHT_TO_LEFT = frozenset({"R", "AL"})


class UnknownPrinted(Exception):
    """A mail printed something that is not known of this reader; write `or_else` behind it."""


class WrongValue(Exception):
    """Something got a value it cannot show; the message says which."""


class Unknown:
    """What is not known: no comparison with it holds, and printing it is a fault of the template."""

    __slots__ = ("_name",)

    def __init__(self, name: str) -> None:
        self._name = name

    def __str__(self) -> str:
        raise UnknownPrinted(self._name)

    def __html__(self) -> str:
        raise UnknownPrinted(self._name)

    def __iter__(self) -> Iterator[object]:
        raise UnknownPrinted(self._name)

    def __bool__(self) -> bool:
        return False

    def _unknown(self, _other: object) -> "Unknown":
        return self

    __eq__ = __ne__ = __lt__ = __le__ = __gt__ = __ge__ = _unknown  # type: ignore[assignment]
    __add__ = __radd__ = __sub__ = __rsub__ = __mul__ = __rmul__ = __truediv__ = __rtruediv__ = _unknown
    __hash__ = None  # type: ignore[assignment]


class Isolated(str):
    """Text of a reader's own, set apart from the direction of the text around it (U+2068 … U+2069, UAX 9)."""

    __slots__ = ()

    def __str__(self) -> str:
        return f"{ISOLATE}{self[:]}{END_OF_ISOLATE}"

    def __html__(self) -> str:
        return Markup(f"{ISOLATE}{escape(self[:])}{END_OF_ISOLATE}")


def clean(text: str) -> str:
    """One line of text without control characters and without characters that turn the reading direction."""
    if text.isascii() and text.isprintable() and "  " not in text:
        return text.strip(" ")
    return _BIDI_CONTROLS.sub("", " ".join(_CONTROLS.sub(" ", text).split()))


def starts_right_to_left(text: str) -> bool | None:
    """What the first strong character says about the direction; None when there is none. Isolated text is skipped."""
    depth = 0
    for character in text:
        if character in (ISOLATE, END_OF_ISOLATE):
            depth += 1 if character == ISOLATE else -1
        kind = unicodedata.bidirectional(character)
        if not depth and kind in ("L", "R", "AL"):
            return kind in _RIGHT_TO_LEFT
    return None


def _has_right_to_left(text: str) -> bool:
    return not text.isascii() and any(unicodedata.bidirectional(letter) in _RIGHT_TO_LEFT for letter in text)


def shown(value: object, name: str, right_to_left: bool) -> object:
    """A fact or variable as a template may have it; None and blank text are unknown."""
    if isinstance(value, str):
        text = clean(value)
        if not text:
            return Unknown(name)
        foreign = right_to_left or _has_right_to_left(text)
        return Isolated(text) if foreign else text
    if value is None:
        return Unknown(name)
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if type(value) in (tuple, list, frozenset, set):
        parts = value if isinstance(value, tuple | list) else sorted(value)  # type: ignore[call-overload]
        return tuple(shown(part, name, right_to_left) for part in parts)
    if isinstance(value, Mapping):
        told = {key: shown(part, key, right_to_left) for key, part in value.items()}
        return Attributes(name, told, frozenset())
    if isinstance(value, Line):
        fields = value._asdict()
        return Attributes(name, {key: shown(part, key, right_to_left) for key, part in fields.items()}, frozenset())
    return value


@dataclass(frozen=True)
class Attributes:
    """Named values that a template reads with a dot; what may be known but is not answers `Unknown`.

    Never a dict: `x.items` on one would print a method (architecture.md 4).
    """

    _name: str
    _values: Mapping[str, object]
    _possible: frozenset[str] = field(default_factory=frozenset)

    def __getattr__(self, name: str) -> object:
        if name.startswith("_"):
            raise AttributeError(name)
        if name in self._values:
            return self._values[name]
        if name in self._possible:
            return Unknown(f"{self._name}.{name}")
        raise AttributeError(name)


def amount_of(value: object, currency: str) -> tuple[Decimal, str] | None:
    """The amount and currency of a money value, or of a plain number in the project's currency."""
    if isinstance(value, Money):
        return value.amount, value.currency
    if isinstance(value, int | float | Decimal) and not isinstance(value, bool):
        return Decimal(str(value)), currency
    return None
