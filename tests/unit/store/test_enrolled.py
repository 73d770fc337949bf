"""Enrolments in few words are the very rows that former versions wrote, and those are read still."""

from hypothesis import given
from hypothesis import strategies as st

from nurture.store.codec import decoded, encoded
from nurture.store.enrolled import LISTED, PACKED, listed, packed, rows_of, unpacked

MICROS = st.integers(-(2**50), 2**53) | st.integers(-(10**6), 10**6).map(lambda second: second * 10**6)
MAYBE = st.none() | MICROS
WORDS = st.sampled_from(["", "5.", "5.000007", "welcome", "rhythm"]) | st.text(max_size=3)
EVENTS = st.none() | WORDS | st.just([7, "e1", "order.placed", 0, 0, "{}", "live", "", True])
NUMBERS = st.integers(0, 3)
OUTCOMES = st.lists(st.tuples(WORDS, WORDS, MICROS).map(list) | st.tuples(WORDS, WORDS, MICROS, NUMBERS).map(list))
PLAIN = st.tuples(
    WORDS, WORDS, NUMBERS, NUMBERS, MICROS, st.integers(1, 800_000), WORDS, NUMBERS, EVENTS, st.none() | WORDS, MAYBE,
    MAYBE, MAYBE, OUTCOMES, MAYBE, WORDS, MAYBE,
)  # fmt: skip
LISTS = st.lists(st.tuples(WORDS, NUMBERS, MICROS).map(list), max_size=2)
RARE = st.tuples(WORDS, EVENTS, LISTS, LISTS, WORDS).filter(any)
ROWS = PLAIN.map(list) | st.tuples(PLAIN, RARE).map(lambda parts: [*parts[0], *parts[1]])
ORDER = 1_735_732_800_000_000
DAY = 86_400_000_000


def started_by_one_order(name: str) -> list[object]:
    """An enrolment that had one mail a day later and ended there."""
    at = ORDER + DAY
    head = [name, "o-1", 1, 1, ORDER, 739_252, "order.placed", 0, "6eae48fba9b6b9d17933295d", None, at, None, None]
    return [*head, [["how_to_brew", "sent", at]], at, "finished", None]


@given(st.lists(ROWS, max_size=6))
def test_rows_come_back_as_they_were(rows: list[list[object]]) -> None:
    said = decoded(encoded(packed(rows)))
    assert encoded(unpacked(said)) == encoded(rows)
    assert listed(encoded({PACKED: said, "address": "a@b.example"})) == encoded(
        {LISTED: rows, "address": "a@b.example"}
    )


@given(st.lists(ROWS, min_size=1, max_size=4))
def test_what_former_versions_wrote_is_read_and_stays_as_it_is(rows: list[list[object]]) -> None:
    text = encoded({LISTED: rows})
    assert rows_of(decoded(text)) == decoded(text)[LISTED]
    assert listed(text) == text


def test_what_one_event_started_takes_its_name_and_two_more_letters() -> None:
    one, many = ([started_by_one_order(f"care_{number:02}") for number in range(count)] for count in (1, 51))
    assert len(encoded(packed(many))) - len(encoded(packed(one))) == 50 * len(',1,"care_00"')
    assert len(encoded(many)) - len(encoded(one)) == 50 * len(encoded(one)[1:])


def test_a_word_that_was_said_is_told_by_its_place() -> None:
    rows = [started_by_one_order(name) for name in ("care", "tips", "care")]
    assert packed(rows)[-4:] == [1, "tips", 1, 0]
