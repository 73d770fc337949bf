"""The nouns as compact JSON text and back, exactly: the only place that knows how values look in the database.

Instants are whole microseconds since 1970 in UTC, days are ordinals, amounts keep their digits.
"""

from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from json import JSONDecoder, JSONEncoder
from json.scanner import make_scanner
from operator import attrgetter
from typing import Any

from nurture.model.decision import Look
from nurture.model.event import Event, Line, Money, MonthDay, Origin
from nurture.model.person import Consent, Enrolment, Firing, Orders, Outcome, Person, StageState
from nurture.model.place import Place

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_NATIVE = frozenset({str, int, float, bool, type(None)})
_encode = JSONEncoder(ensure_ascii=False, separators=(",", ":"), sort_keys=True, check_circular=False).encode
# The scanner itself, without the decoder's search for white space round it, which we never write: twice as quick.
_scan: Callable[[str, int], tuple[Any, int]] = make_scanner(JSONDecoder())  # type: ignore[arg-type]


def _decode(text: str) -> Any:
    return _scan(text, 0)[0]


def micros(instant: datetime) -> int:
    """An aware instant as microseconds since 1970 in UTC; a naive one is a TypeError."""
    span = instant - EPOCH
    return (span.days * 86_400 + span.seconds) * 1_000_000 + span.microseconds


def maybe_micros(instant: datetime | None) -> int | None:
    """The same, keeping None."""
    return None if instant is None else micros(instant)


def instant(number: int) -> datetime:
    """Microseconds since 1970 as an aware instant in UTC."""
    return EPOCH + timedelta(microseconds=number)


def maybe_instant(number: int | None) -> datetime | None:
    """The same, keeping None."""
    return None if number is None else EPOCH + timedelta(microseconds=number)


def _lines_or_words(value: Iterable[Any]) -> list[Any]:
    return [_pack(item) for item in value]


_PACKERS: dict[type, Callable[[Any], Any]] = {
    tuple: _lines_or_words,
    list: _lines_or_words,
    frozenset: lambda value: {"s": sorted(value)},
    date: lambda value: {"d": value.toordinal()},
    datetime: lambda value: {"t": micros(value)},
    Decimal: lambda value: {"n": str(value)},
    Money: lambda value: {"m": [str(value.amount), value.currency]},
    MonthDay: lambda value: {"y": [value.month, value.day]},
    Line: lambda value: {"l": [value.product, value.quantity, _pack(value.price)]},
}


def _pack(value: Any) -> Any:
    kind = type(value)
    if kind in _NATIVE:
        return value
    packer = _PACKERS.get(kind)
    if packer is not None:
        return packer(value)
    if isinstance(value, Mapping):
        return {"o": {key: _pack(item) for key, item in value.items()}}
    raise TypeError(f"a value of type {kind.__name__} cannot be kept in the store: {value!r}")


_UNPACKERS: dict[str, Callable[[Any], Any]] = {
    "d": date.fromordinal,
    "t": instant,
    "n": Decimal,
    "m": lambda value: Money(Decimal(value[0]), value[1]),
    "y": lambda value: MonthDay(value[0], value[1]),
    "l": lambda value: Line(value[0], value[1], _unpack(value[2])),
    "s": frozenset,
    "o": lambda value: {key: _unpack(item) for key, item in value.items()},
}


def _unpack(value: Any) -> Any:
    kind = type(value)
    if kind is dict:
        ((mark, inner),) = value.items()
        return _UNPACKERS[mark](inner)
    if kind is list:
        return tuple([_unpack(item) for item in value])
    return value


def values_text(values: Mapping[str, object]) -> str:
    """Fields of an event, facts of a person or variables of a mail as text."""
    if not values:
        return "{}"
    return _encode({key: item if type(item) in _NATIVE else _pack(item) for key, item in values.items()})


def values_of(text: str) -> dict[str, object]:
    """The inverse of `values_text`."""
    if text == "{}":
        return {}
    found: dict[str, object] = _decode(text)
    for key, item in found.items():
        if type(item) is dict or type(item) is list:
            found[key] = _unpack(item)
    return found


def words_text(words: Iterable[str]) -> str:
    """A set of names as text, sorted."""
    return _encode(sorted(words)) if words else "[]"


def words_of(text: str) -> frozenset[str]:
    """The inverse of `words_text`."""
    return frozenset() if text == "[]" else frozenset(_decode(text))


def event_of(row: Any) -> Event:
    """An event from a row (number, id, name, happened_at, known_at, fields, origin, outside_id, fresh)."""
    number, id_, name, happened, known, fields, origin, outside, fresh = row
    return Event(
        id_,
        name,
        EPOCH + timedelta(microseconds=happened),
        EPOCH + timedelta(microseconds=known),
        number,
        values_of(fields),
        _ORIGINS[origin],
        outside,
        bool(fresh),
    )


_ORIGINS = {origin.value: origin for origin in Origin}


def _event_list(event: Event) -> list[Any]:
    return [
        event.number,
        event.id,
        event.name,
        micros(event.happened_at),
        micros(event.known_at),
        values_text(event.fields),
        event.origin.value,
        event.outside_id,
        event.fresh,
    ]


Known = Mapping[str, Event]


def _reference(event: Event | None, known: Known) -> Any:
    """An event of the person's history by its id; one that is not in it, whole."""
    if event is None:
        return None
    return event.id if event.id in known else _event_list(event)


def _referred(value: Any, known: Known) -> Event | None:
    if value is None:
        return None
    return known[value] if type(value) is str else event_of(value)


def _firing_list(firing: Firing, known: Known) -> list[Any]:
    return [
        firing.sequence,
        firing.trigger,
        micros(firing.fired_at),
        micros(firing.settles_at),
        firing.day0.toordinal(),
        firing.name,
        firing.subject,
        _reference(firing.event, known),
        firing.parked,
    ]


def _firing(row: list[Any], known: Known) -> Firing:
    sequence, trigger, fired, settles, day0, name, subject, event, parked = row
    return Firing(
        sequence,
        trigger,
        instant(fired),
        instant(settles),
        date.fromordinal(day0),
        name,
        subject,
        _referred(event, known),
        parked,
    )


def _enrolment_list(one: Enrolment, known: Known) -> list[Any]:
    return [
        one.sequence,
        one.subject,
        one.ordinal,
        one.version,
        micros(one.started_at),
        one.day0.toordinal(),
        one.name,
        one.trigger,
        _reference(one.event, known),
        one.step,
        maybe_micros(one.done_at),
        maybe_micros(one.due_at),
        maybe_micros(one.message_due),
        [[outcome.step, outcome.outcome, micros(outcome.at)] for outcome in one.outcomes],
        maybe_micros(one.ended_at),
        one.ending,
        maybe_micros(one.goal_at),
    ]


def _enrolment(row: list[Any], known: Known) -> Enrolment:
    sequence, subject, ordinal, version, started, day0, name, trigger, event = row[:9]
    step, done, due, message_due, outcomes, ended, ending, goal = row[9:]
    return Enrolment(
        sequence,
        subject,
        ordinal,
        version,
        instant(started),
        date.fromordinal(day0),
        name,
        trigger,
        _referred(event, known),
        step,
        maybe_instant(done),
        maybe_instant(due),
        maybe_instant(message_due),
        tuple([Outcome(step, outcome, instant(at)) for step, outcome, at in outcomes]),
        maybe_instant(ended),
        ending,
        maybe_instant(goal),
    )


def _orders_list(orders: Orders) -> list[Any] | None:
    if not orders.days and orders == Orders():
        return None
    return [
        [day.toordinal() for day in orders.days],
        maybe_micros(orders.first_at),
        maybe_micros(orders.last_at),
        str(orders.total),
        [[currency, str(amount)] for currency, amount in orders.others],
    ]


def _orders(row: list[Any] | None) -> Orders:
    if row is None:
        return Orders()
    days, first, last, total, others = row
    return Orders(
        tuple([date.fromordinal(day) for day in days]),
        maybe_instant(first),
        maybe_instant(last),
        Decimal(total),
        tuple([(currency, Decimal(amount)) for currency, amount in others]),
    )


def _stage_list(stage: StageState | None) -> list[Any] | None:
    if stage is None:
        return None
    return [stage.id, micros(stage.since), maybe_micros(stage.keep_until), maybe_micros(stage.check_at), stage.rules]


def _stage(row: list[Any] | None) -> StageState | None:
    if row is None:
        return None
    return StageState(row[0], instant(row[1]), maybe_instant(row[2]), maybe_instant(row[3]), row[4])


def state_text(person: Person, known: Known) -> str:
    """What is in flight and what follows from the events, but for facts and tags, which have columns.

    Keys that say nothing are left out, so that a quiet person costs a few bytes.
    """
    state: dict[str, Any] = {
        "address": person.address,
        "deliverable": person.address_state if person.address_state != "ok" else "",
        "consents": {topic: [one.given, micros(one.since), one.basis] for topic, one in person.consents.items()},
        "refused": person.refused_all,
        "spared": sorted(person.spared),
        "suppressed": person.suppressed,
        "erased": person.erased,
        "orders": _orders_list(person.orders),
        "stage": _stage_list(person.stage),
        "moments": sorted(person.moments),
        "moments_at": maybe_micros(person.moments_check_at),
        "firings": [_firing_list(one, known) for one in person.firings],
        "enrolments": [_enrolment_list(one, known) for one in person.enrolments],
    }
    return _encode({key: value for key, value in state.items() if value or type(value) is int})


_of_state = attrgetter(
    "address",
    "address_state",
    "consents",
    "refused_all",
    "spared",
    "suppressed",
    "erased",
    "orders",
    "stage",
    "moments",
    "moments_check_at",
    "firings",
    "enrolments",
)


def same_state(person: Person, other: Person) -> bool:
    """Whether `state_text` would say the same of both."""
    return bool(_of_state(person) == _of_state(other))


def state_of(text: str, known: Known) -> dict[str, Any]:
    """The inverse of `state_text`, as arguments for `Person`."""
    state = _decode(text)
    return {
        "address": state.get("address", ""),
        "address_state": state.get("deliverable", "ok"),
        "consents": {
            topic: Consent(given, instant(since), basis)
            for topic, (given, since, basis) in state.get("consents", {}).items()
        },
        "refused_all": state.get("refused", False),
        "spared": frozenset(state.get("spared", ())),
        "suppressed": state.get("suppressed", ""),
        "erased": state.get("erased", False),
        "orders": _orders(state.get("orders")),
        "stage": _stage(state.get("stage")),
        "moments": frozenset(state.get("moments", ())),
        "moments_check_at": maybe_instant(state.get("moments_at")),
        "firings": tuple([_firing(row, known) for row in state.get("firings", ())]),
        "enrolments": tuple([_enrolment(row, known) for row in state.get("enrolments", ())]),
    }


def looks_text(looks: Iterable[Look]) -> str:
    """What was looked at, as text."""
    return _encode([[look.what, look.found, look.answer] for look in looks]) if looks else "[]"


def looks_of(text: str) -> tuple[Look, ...]:
    """The inverse of `looks_text`."""
    return () if text == "[]" else tuple([Look(*row) for row in _decode(text)])


def place_text(place: Place | None) -> str:
    """A place in an author's file as text; empty for none."""
    return "" if place is None else f"{place.line}:{place.column}:{place.length}:{place.file}"


def place_of(text: str) -> Place | None:
    """The inverse of `place_text`."""
    if not text:
        return None
    line, column, length, file = text.split(":", 3)
    return Place(file, int(line), int(column), int(length))
