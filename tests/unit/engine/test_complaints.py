"""The brake of complaints: a tenth of a per cent slows, three tenths stop, and small figures prove nothing."""

from hypothesis import given
from hypothesis import strategies as st

from nurture.engine.complaints import (
    EVERYWHERE,
    LEAST_COMPLAINTS,
    LEAST_DELIVERED,
    Brake,
    Heard,
    braking,
    heard,
)

FAMILIES = st.sampled_from(["gmail", "microsoft", "web.de"])
COUNTS = st.dictionaries(
    st.tuples(FAMILIES, st.sampled_from(["delivered", "complained", "opened"])), st.integers(0, 20_000)
)


def test_the_two_thresholds_are_reached_and_not_passed() -> None:
    assert Heard(10_000, 9).brake is Brake.free
    assert Heard(10_000, 10).brake is Brake.half
    assert Heard(10_000, 29).brake is Brake.half
    assert Heard(10_000, 30).brake is Brake.stop


def test_small_figures_prove_nothing() -> None:
    assert Heard(499, 499).brake is Brake.free
    assert Heard(500, 2).brake is Brake.free
    assert Heard(500, 3).brake is Brake.stop


@given(st.integers(0, 10**7), st.integers(0, 10**6))
def test_no_brake_fires_below_the_minimum_and_more_complaints_never_brake_less(delivered: int, complained: int) -> None:
    brake = Heard(delivered, complained).brake
    if delivered < LEAST_DELIVERED or complained < LEAST_COMPLAINTS:
        assert brake is Brake.free
    assert Heard(delivered, complained + 1).brake >= brake
    if delivered >= LEAST_DELIVERED:
        assert Heard(delivered + 1, complained).brake <= brake


@given(COUNTS)
def test_the_figures_of_all_are_those_of_every_family_together(counts: dict[tuple[str, str], int]) -> None:
    found = heard(counts)
    assert found.get(EVERYWHERE, Heard()).delivered == sum(n for (_, what), n in counts.items() if what == "delivered")
    assert set(braking(counts)) <= set(found)
    for one in braking(counts).values():
        assert one.delivered >= LEAST_DELIVERED
        assert one.complained >= LEAST_COMPLAINTS


def test_it_is_said_in_plain_words() -> None:
    assert Heard(4_000, 12).words("gmail") == "gmail: 12 complaints of 4,000 delivered in 7 days (0.30 %)"
    assert Heard(4_000, 12).words(EVERYWHERE).startswith("everywhere: ")
