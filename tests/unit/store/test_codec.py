"""Values survive the database exactly."""

from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nurture.model.decision import Look
from nurture.model.event import Event, Line, Money, MonthDay, Origin
from nurture.model.person import Consent, Enrolment, Firing, Orders, Outcome, Person, Reserved, Round, StageState
from nurture.model.place import Place
from nurture.store import codec, state_codec

BEGINNING = datetime(1970, 1, 1, tzinfo=UTC)
INSTANTS = st.integers(-(2**50), 2**53).map(lambda number: BEGINNING + timedelta(microseconds=number))
DAYS = st.dates()
MAYBE = st.none() | INSTANTS
WORDS = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
MONEY = st.builds(Money, st.decimals(allow_nan=False, allow_infinity=False), st.sampled_from(["EUR", "TRY"]))
PLAIN = (
    WORDS | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.booleans() | st.none() | DAYS
    | INSTANTS | MONEY | st.builds(MonthDay, st.integers(1, 12), st.integers(1, 31))
)  # fmt: skip
LINES = st.builds(Line, WORDS, st.floats(allow_nan=False, allow_infinity=False) | st.integers(), st.none() | MONEY)
VALUES = PLAIN | st.lists(LINES, max_size=3).map(tuple) | st.lists(WORDS, max_size=3).map(tuple)
FIELDS = st.dictionaries(WORDS, VALUES | st.dictionaries(WORDS, VALUES, max_size=3), max_size=4)
EVENTS = st.builds(
    Event, WORDS, WORDS, INSTANTS, INSTANTS, st.integers(0, 2**40), FIELDS, st.sampled_from(Origin), WORDS,
    st.booleans(),
)  # fmt: skip
OUTCOMES = st.builds(Outcome, WORDS, WORDS, INSTANTS, st.integers(1, 60))
ROUNDS = st.builds(Round, WORDS, st.integers(1, 60), INSTANTS)
AMOUNTS = st.decimals(allow_nan=False, allow_infinity=False)
GIFTS = st.builds(Reserved, WORDS, WORDS, WORDS, WORDS, INSTANTS, WORDS, st.none() | DAYS, MAYBE, MAYBE, AMOUNTS)


def enrolments(events: st.SearchStrategy[Event | None]) -> st.SearchStrategy[Enrolment]:
    return st.builds(
        Enrolment, WORDS, WORDS, st.integers(1, 9), st.integers(0, 9), INSTANTS, DAYS, WORDS, st.integers(0, 3), events,
        st.none() | WORDS, MAYBE, MAYBE, MAYBE, st.lists(OUTCOMES, max_size=3).map(tuple), MAYBE, WORDS, MAYBE,
        WORDS, events, st.lists(ROUNDS, max_size=2).map(tuple), st.lists(GIFTS, max_size=2).map(tuple), WORDS,
    )  # fmt: skip


@st.composite
def people(draw: st.DrawFn) -> Person:
    history = draw(st.lists(EVENTS, max_size=3, unique_by=lambda event: event.id))
    events = st.none() | EVENTS.filter(lambda event: event.id not in {one.id for one in history})
    if history:
        events = events | st.sampled_from(history)
    firings = st.builds(
        Firing, WORDS, st.integers(0, 3), INSTANTS, INSTANTS, DAYS, WORDS, WORDS, events, st.booleans(), WORDS
    )
    orders = st.builds(
        Orders, st.lists(DAYS, max_size=3).map(tuple), MAYBE, MAYBE, st.decimals(allow_nan=False, allow_infinity=False),
        st.lists(st.tuples(WORDS, st.decimals(allow_nan=False, allow_infinity=False)), max_size=2).map(tuple),
    )  # fmt: skip
    return Person(
        "p1", datetime(2027, 1, 1, tzinfo=UTC), draw(FIELDS), draw(st.frozensets(WORDS, max_size=3)), draw(WORDS),
        draw(st.sampled_from(["ok", "hard"])),
        draw(st.dictionaries(WORDS, st.builds(Consent, st.booleans(), INSTANTS, WORDS), max_size=2)),
        draw(st.booleans()), draw(st.frozensets(WORDS, max_size=2)), draw(WORDS), draw(st.booleans()), tuple(history),
        draw(orders), draw(st.none() | st.builds(StageState, WORDS, INSTANTS, MAYBE, MAYBE, WORDS, MAYBE)),
        draw(st.frozensets(WORDS, max_size=2)), draw(MAYBE), tuple(draw(st.lists(firings, max_size=2))),
        tuple(draw(st.lists(enrolments(events), max_size=2))),
        things=draw(st.dictionaries(WORDS, st.dictionaries(WORDS, FIELDS, max_size=2), max_size=2)),
        numbers=draw(st.dictionaries(WORDS, st.tuples(INSTANTS, FIELDS), max_size=2)),
    )  # fmt: skip


def kinds(value: object) -> object:
    """A value with the types of all its parts, since 1 == 1.0 == True."""
    if isinstance(value, dict):
        return {key: kinds(item) for key, item in value.items()}
    if isinstance(value, tuple):
        return (type(value), [kinds(item) for item in value])
    return (type(value), str(value))


@given(FIELDS)
def test_fields_come_back_as_they_were(fields: dict[str, object]) -> None:
    assert kinds(codec.values_of(codec.values_text(fields))) == kinds(fields)


@given(people())
def test_people_come_back_as_they_were(person: Person) -> None:
    known = {event.id: event for event in person.events}
    back = Person(
        person.id, person.asof, codec.values_of(codec.values_text(person.facts)),
        codec.words_of(codec.words_text(person.tags)), events=person.events,
        **state_codec.state_of(state_codec.state_text(person, known), known),
    )  # fmt: skip
    assert back == person


@given(INSTANTS)
def test_instants_keep_their_microsecond(instant: datetime) -> None:
    back = codec.instant(codec.micros(instant))
    assert back == instant
    assert back.tzinfo is UTC


def test_an_instant_of_another_zone_is_the_same_instant() -> None:
    there = datetime(2027, 3, 2, 12, tzinfo=timezone(timedelta(hours=2)))
    assert codec.instant(codec.micros(there)) == datetime(2027, 3, 2, 10, tzinfo=UTC)


def test_a_naive_instant_is_refused() -> None:
    with pytest.raises(TypeError):
        codec.micros(datetime(2027, 3, 2))  # noqa: DTZ001 - the fault itself


def test_what_cannot_be_kept_is_named() -> None:
    with pytest.raises(TypeError, match="complex"):
        codec.values_text({"strange": 1j})


def test_digits_of_an_amount_are_kept() -> None:
    assert str(codec.values_of(codec.values_text({"total": Money(Decimal("24.00"), "EUR")}))["total"]) == (
        "Money(amount=Decimal('24.00'), currency='EUR')"
    )


@given(st.lists(st.builds(Look, WORDS, WORDS, WORDS), max_size=3).map(tuple))
def test_looks_come_back(looks: tuple[Look, ...]) -> None:
    assert codec.looks_of(codec.looks_text(looks)) == looks


@pytest.mark.parametrize("place", [None, Place("sequences/a:b.yaml", 3, 4, 5)])
def test_places_come_back(place: Place | None) -> None:
    assert codec.place_of(codec.place_text(place)) == place


def test_a_quiet_person_costs_a_few_bytes() -> None:
    assert state_codec.state_text(Person("p1", codec.EPOCH), {}) == "{}"


def test_a_day_is_no_moment() -> None:
    assert type(codec.values_of(codec.values_text({"birthday": date(1991, 5, 14)}))["birthday"]) is date
