"""The state of a person as compact JSON text and back: what is in flight, and what follows from their events."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from decimal import Decimal
from operator import attrgetter
from typing import Any

from nurture.model.event import Event
from nurture.model.makers import (
    new_consent,
    new_enrolment,
    new_firing,
    new_gift,
    new_orders,
    new_outcome,
    new_round,
    new_stage,
)
from nurture.model.person import (
    Consent,
    Enrolment,
    Firing,
    Orders,
    Outcome,
    Person,
    Reserved,
    StageState,
)
from nurture.store.codec import (
    decoded,
    encoded,
    event_of,
    instant,
    maybe_instant,
    maybe_micros,
    micros,
    pack,
    unpack,
    values_text,
)
from nurture.store.enrolled import ENDED, OUTCOMES, PACKED, packed, rows_of

_NO_ORDERS = Orders()


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
        *((firing.thing,) if firing.thing else ()),
    ]


def _firing(row: list[Any], known: Known) -> Firing:
    sequence, trigger, fired, settles, day0, name, subject, event, parked, *thing = row
    return new_firing(
        sequence,
        trigger,
        instant(fired),
        instant(settles),
        date.fromordinal(day0),
        name,
        subject,
        _referred(event, known),
        parked,
        *thing,
    )


def firings_of(state: Mapping[str, Any]) -> Iterator[tuple[str, bool]]:
    """What is to be asked whether it starts, of a decoded state: its sequence, and whether it queues behind another."""
    yield from ((row[0], row[8]) for row in state.get("firings", ()))


def _enrolment_lists(enrolments: Iterable[Enrolment], known: Known) -> Iterator[list[Any]]:
    """Each as a row; those that follow each other and have the same outcomes have one list of them."""
    outcomes: tuple[Outcome, ...] = ()
    told: list[Any] = []
    for one in enrolments:
        if one.outcomes is not outcomes:
            outcomes, told = one.outcomes, [_outcome_list(outcome) for outcome in one.outcomes]
        yield _enrolment_list(one, told, known)


def _enrolment_list(one: Enrolment, outcomes: list[Any], known: Known) -> list[Any]:
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
        outcomes,
        maybe_micros(one.ended_at),
        one.ending,
        maybe_micros(one.goal_at),
        *_rest_of(one, known),
    ]


def _outcome_list(outcome: Outcome) -> list[Any]:
    """A round is told only when it is not the first, which nearly all are."""
    return [outcome.step, outcome.outcome, micros(outcome.at), *((outcome.round,) if outcome.round != 1 else ())]


def _rest_of(one: Enrolment, known: Known) -> tuple[Any, ...]:
    """What most enrolments have nothing of; left out altogether then."""
    if not (one.thing or one.answer or one.rounds or one.gifts or one.waits_for):
        return ()
    rounds = [[round_.repeat, round_.number, micros(round_.began_at)] for round_ in one.rounds]
    gifts = [_gift_list(gift) for gift in one.gifts]
    return (one.thing, _reference(one.answer, known), rounds, gifts, one.waits_for)


def _gift_list(gift: Reserved) -> list[Any]:
    return [
        gift.key,
        gift.step,
        gift.gift,
        gift.state,
        micros(gift.at),
        gift.code,
        gift.expires_on.toordinal() if gift.expires_on else None,
        maybe_micros(gift.given_at),
        maybe_micros(gift.used_at),
        str(gift.worth),
    ]


def _gift(row: list[Any]) -> Reserved:
    key, step, name, state, at, code, expires, given, used, worth = row
    expires_on = date.fromordinal(expires) if expires is not None else None
    return new_gift(
        key, step, name, state, instant(at), code, expires_on, maybe_instant(given), maybe_instant(used), Decimal(worth)
    )


def _enrolments(rows: Iterable[list[Any]], known: Known) -> tuple[Enrolment, ...]:
    found: list[Enrolment] = []
    told: list[Any] = []
    outcomes: tuple[Outcome, ...] = ()
    for row in rows:
        if row[OUTCOMES] is not told:
            told = row[OUTCOMES]
            outcomes = tuple([new_outcome(of, outcome, instant(at), *round_) for of, outcome, at, *round_ in told])
        found.append(_enrolment(row, outcomes, known))
    return tuple(found)


def _enrolment(row: list[Any], outcomes: tuple[Outcome, ...], known: Known) -> Enrolment:
    sequence, subject, ordinal, version, started, day0, name, trigger, event = row[:9]
    step, done, due, message_due, _, ended, ending, goal, *rest = row[9:]
    thing, answer, rounds, gifts, waits_for = rest or ("", None, (), (), "")
    return new_enrolment(
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
        outcomes,
        maybe_instant(ended),
        ending,
        maybe_instant(goal),
        thing,
        _referred(answer, known),
        tuple([new_round(repeat, number, instant(began)) for repeat, number, began in rounds]),
        tuple([_gift(gift) for gift in gifts]),
        waits_for,
    )


class _Untold(dict[str, Any]):
    """Stands for events that were not read: of none of them anything is known."""

    def __missing__(self, _id: str) -> None:
        return None


_UNTOLD = _Untold()


def running_of(text: str) -> tuple[Enrolment, ...]:
    """What runs of a state, without the events that it is about."""
    rows = rows_of(decoded(text))
    return _enrolments([row for row in rows if row[ENDED] is None], _UNTOLD)


def _orders_list(orders: Orders) -> list[Any] | None:
    if not orders.days and orders == _NO_ORDERS:
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
        return _NO_ORDERS
    days, first, last, total, others = row
    return new_orders(
        tuple([date.fromordinal(day) for day in days]),
        maybe_instant(first),
        maybe_instant(last),
        Decimal(total),
        tuple([(currency, Decimal(amount)) for currency, amount in others]),
    )


def _stage_list(stage: StageState | None) -> list[Any] | None:
    if stage is None:
        return None
    row = [stage.id, micros(stage.since), maybe_micros(stage.keep_until), maybe_micros(stage.check_at), stage.rules]
    return [*row, micros(stage.pinned_until)] if stage.pinned_until else row


def _stage(row: list[Any] | None) -> StageState | None:
    if row is None:
        return None
    pinned = instant(row[5]) if len(row) > 5 else None
    return new_stage(row[0], instant(row[1]), maybe_instant(row[2]), maybe_instant(row[3]), row[4], pinned)


def _consent_list(one: Consent) -> list[Any]:
    """When it expires is told only of those that do, which few are."""
    return [one.given, micros(one.since), one.basis, *((micros(one.until),) if one.until else ())]


def _consent(row: list[Any]) -> Consent:
    return new_consent(row[0], instant(row[1]), row[2], instant(row[3]) if len(row) > 3 else None)


def state_text(person: Person, known: Known) -> str:
    """What is in flight and what follows from the events, but for facts and tags, which have columns.

    Keys that say nothing are left out, so that a quiet person costs a few bytes.
    """
    state: dict[str, Any] = {
        "address": person.address,
        "deliverable": person.address_state if person.address_state != "ok" else "",
        "refused": person.refused_all,
        "suppressed": person.suppressed,
        "erased": person.erased,
        "orders": _orders_list(person.orders),
        "stage": _stage_list(person.stage),
        "moments_at": maybe_micros(person.moments_check_at),
        "tracked": person.tracked,
        "wrote": maybe_micros(person.wrote_at),
    }
    state = {key: value for key, value in state.items() if value or type(value) is int}
    if person.consents:
        state["consents"] = {topic: _consent_list(one) for topic, one in person.consents.items()}
    if person.firings:
        state["firings"] = [_firing_list(one, known) for one in person.firings]
    if person.enrolments:
        state[PACKED] = packed(_enrolment_lists(person.enrolments, known))
    return encoded(_with_the_rare(state, person))


def _with_the_rare(state: dict[str, Any], person: Person) -> dict[str, Any]:
    """And what few have."""
    if person.spared:
        state["spared"] = sorted(person.spared)
    if person.moments:
        state["moments"] = sorted(person.moments)
    if person.things:
        things = person.things.items()
        state["things"] = {kind: {key: _values(one) for key, one in all_.items()} for kind, all_ in things}
    if person.numbers:
        state["numbers"] = {name: [micros(told), _values(values)] for name, (told, values) in person.numbers.items()}
    if person.formerly:
        state["formerly"] = list(person.formerly)
    return state


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
    "things",
    "numbers",
    "tracked",
    "wrote_at",
    "formerly",
)


def same_state(person: Person, other: Person) -> bool:
    """Whether `state_text` would say the same of both."""
    return bool(_of_state(person) == _of_state(other))


def state_of(text: str, known: Known) -> dict[str, Any]:
    """The inverse of `state_text`, as arguments for `Person`."""
    state = decoded(text)
    consents, things, numbers = state.get("consents"), state.get("things"), state.get("numbers")
    return {
        "address": state.get("address", ""),
        "address_state": state.get("deliverable", "ok"),
        "consents": {topic: _consent(row) for topic, row in consents.items()} if consents else {},
        "refused_all": state.get("refused", False),
        "spared": frozenset(state.get("spared", ())),
        "suppressed": state.get("suppressed", ""),
        "erased": state.get("erased", False),
        "orders": _orders(state.get("orders")),
        "stage": _stage(state.get("stage")),
        "moments": frozenset(state.get("moments", ())),
        "moments_check_at": maybe_instant(state.get("moments_at")),
        "firings": tuple([_firing(row, known) for row in state["firings"]]) if "firings" in state else (),
        "enrolments": _enrolments(rows_of(state), known),
        "things": {kind: {key: _unvalues(one) for key, one in all_.items()} for kind, all_ in things.items()}
        if things
        else {},
        "numbers": {name: (instant(told), _unvalues(one)) for name, (told, one) in numbers.items()} if numbers else {},
        "tracked": state.get("tracked", False),
        "wrote_at": maybe_instant(state.get("wrote")),
        "formerly": tuple(state.get("formerly", ())),
    }


def _values(values: Mapping[str, object]) -> dict[str, Any]:
    return {name: pack(value) for name, value in values.items()}


def _unvalues(values: Mapping[str, Any]) -> dict[str, object]:
    return {name: unpack(value) for name, value in values.items()}
