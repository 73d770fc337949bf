"""The nouns as compact JSON text and back, exactly: the only place that knows how values look in the database.

Instants are whole microseconds since 1970 in UTC, days are ordinals, amounts keep their digits.
"""

from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from functools import lru_cache
from json import JSONDecoder, JSONEncoder, encoder
from json.scanner import make_scanner
from typing import Any

from nurture.model.decision import Look
from nurture.model.event import Event, Line, Money, MonthDay, Origin
from nurture.model.makers import new_event
from nurture.model.place import Place

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_INSTANTS = 8192  # a page of people mostly knows the same few; to work one out costs ten times the look
_NATIVE = frozenset({str, int, float, bool, type(None)})
_encoder = JSONEncoder(ensure_ascii=False, separators=(",", ":"), sort_keys=True, check_circular=False)
# The scanner itself, without the decoder's search for white space round it, which we never write: twice as quick.
_scan: Callable[[str, int], tuple[Any, int]] = make_scanner(JSONDecoder())  # type: ignore[arg-type]


def _maker() -> Callable[[Any], str]:
    """The encoder itself: `JSONEncoder.encode` makes one anew for every value, which costs more than to use it."""
    quick = getattr(encoder, "c_make_encoder", None)
    if quick is None:
        return _encoder.encode
    make = quick(
        None, _encoder.default, encoder.encode_basestring, None, _encoder.key_separator, _encoder.item_separator,
        _encoder.sort_keys, _encoder.skipkeys, _encoder.allow_nan,
    )  # fmt: skip

    def text_of(value: Any) -> str:
        """A value as compact JSON text, keys sorted."""
        return "".join(make(value, 0))

    return text_of


encoded = _maker()


def decoded(text: str) -> Any:
    """JSON text of ours as lists and mappings."""
    return _scan(text, 0)[0]


@lru_cache(maxsize=_INSTANTS)
def micros(instant: datetime) -> int:
    """An aware instant as microseconds since 1970 in UTC; a naive one is a TypeError."""
    return (instant - EPOCH) // _MICROSECOND


def maybe_micros(instant: datetime | None) -> int | None:
    """The same, keeping None."""
    return None if instant is None else micros(instant)


@lru_cache(maxsize=_INSTANTS)
def instant(number: int) -> datetime:
    """Microseconds since 1970 as an aware instant in UTC."""
    seconds, rest = divmod(number, 1_000_000)
    return EPOCH + timedelta(0, seconds, rest)


def maybe_instant(number: int | None) -> datetime | None:
    """The same, keeping None."""
    return None if number is None else instant(number)


def _lines_or_words(value: Iterable[Any]) -> list[Any]:
    return [pack(item) for item in value]


_PACKERS: dict[type, Callable[[Any], Any]] = {
    tuple: _lines_or_words,
    list: _lines_or_words,
    frozenset: lambda value: {"s": sorted(value)},
    date: lambda value: {"d": value.toordinal()},
    datetime: lambda value: {"t": micros(value)},
    Decimal: lambda value: {"n": str(value)},
    Money: lambda value: {"m": [str(value.amount), value.currency]},
    MonthDay: lambda value: {"y": [value.month, value.day]},
    Line: lambda value: {"l": [value.product, value.quantity, pack(value.price)]},
}


def pack(value: Any) -> Any:
    """A value in the form in which JSON keeps it; TypeError for what is no value of an event or a fact."""
    kind = type(value)
    if kind in _NATIVE:
        return value
    packer = _PACKERS.get(kind)
    if packer is not None:
        return packer(value)
    if isinstance(value, Mapping):
        return {"o": {key: pack(item) for key, item in value.items()}}
    raise TypeError(f"a value of type {kind.__name__} cannot be kept in the store: {value!r}")


_UNPACKERS: dict[str, Callable[[Any], Any]] = {
    "d": date.fromordinal,
    "t": instant,
    "n": Decimal,
    "m": lambda value: Money(Decimal(value[0]), value[1]),
    "y": lambda value: MonthDay(value[0], value[1]),
    "l": lambda value: Line(value[0], value[1], unpack(value[2])),
    "s": frozenset,
    "o": lambda value: {key: unpack(item) for key, item in value.items()},
}


def unpack(value: Any) -> Any:
    """The inverse of `pack`."""
    kind = type(value)
    if kind is dict:
        ((mark, inner),) = value.items()
        return _UNPACKERS[mark](inner)
    if kind is list:
        return tuple([unpack(item) for item in value])
    return value


def values_text(values: Mapping[str, object]) -> str:
    """Fields of an event, facts of a person or variables of a mail as text."""
    if not values:
        return "{}"
    return encoded({key: item if type(item) in _NATIVE else pack(item) for key, item in values.items()})


def values_of(text: str) -> dict[str, object]:
    """The inverse of `values_text`."""
    if text == "{}":
        return {}
    found: dict[str, object] = decoded(text)
    for key, item in found.items():
        if type(item) is dict or type(item) is list:
            found[key] = unpack(item)
    return found


def words_text(words: Iterable[str]) -> str:
    """A set of names as text, sorted."""
    return encoded(sorted(words)) if words else "[]"


def words_of(text: str) -> frozenset[str]:
    """The inverse of `words_text`."""
    return frozenset() if text == "[]" else frozenset(decoded(text))


def event_of(row: Any) -> Event:
    """An event from a row (number, id, name, happened_at, known_at, fields, origin, outside_id, fresh)."""
    number, id_, name, happened, known, fields, origin, outside, fresh = row
    return new_event(
        id_,
        name,
        instant(happened),
        instant(known),
        number,
        values_of(fields),
        _ORIGINS[origin],
        outside,
        bool(fresh),
    )


_ORIGINS = {origin.value: origin for origin in Origin}


def looks_text(looks: Iterable[Look]) -> str:
    """What was looked at, as text."""
    return encoded([[look.what, look.found, look.answer] for look in looks]) if looks else "[]"


def looks_of(text: str) -> tuple[Look, ...]:
    """The inverse of `looks_text`."""
    return () if text == "[]" else tuple([Look(*row) for row in decoded(text)])


def place_text(place: Place | None) -> str:
    """A place in an author's file as text; empty for none."""
    return "" if place is None else f"{place.line}:{place.column}:{place.length}:{place.file}"


def place_of(text: str) -> Place | None:
    """The inverse of `place_text`."""
    if not text:
        return None
    line, column, length, file = text.split(":", 3)
    return Place(file, int(line), int(column), int(length))
