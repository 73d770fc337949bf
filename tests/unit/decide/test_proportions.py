"""Two shares beside each other: Newcombe's published intervals, and what can be told of few."""

import pytest

from nurture.decide.proportions import Share, certainty_of_each, difference, wilson

# Newcombe, Statistics in Medicine 17 (1998), Tables I and II, method 10; the last is the sample of language.md 11.9.
PUBLISHED = [
    ((56, 70), (48, 80), 0.0524, 0.3339),
    ((9, 10), (3, 10), 0.1705, 0.8090),
    ((6, 7), (2, 7), 0.0582, 0.8062),
    ((5, 56), (0, 29), -0.0381, 0.1926),
    ((0, 10), (0, 20), -0.1611, 0.2775),
    ((0, 10), (0, 10), -0.2775, 0.2775),
    ((10, 10), (0, 20), 0.6791, 1.0),
    ((10, 10), (0, 10), 0.6075, 1.0),
    ((186, 1240), (3, 26), -0.141, 0.113),
]


@pytest.mark.parametrize(("one", "other", "low", "high"), PUBLISHED)
def test_newcombe_intervals(one: tuple[int, int], other: tuple[int, int], low: float, high: float) -> None:
    found = difference(Share(*one), Share(*other))
    assert (found.low, found.high) == pytest.approx((low, high), abs=0.0003)
    assert found.told == (low > 0 or high < 0)
    turned = difference(Share(*other), Share(*one))
    assert (turned.low, turned.high) == pytest.approx((-high, -low), abs=0.0003)


# Wilson's score interval in Newcombe's companion paper of the same year, method 3.
@pytest.mark.parametrize(
    ("share", "low", "high"),
    [((81, 263), 0.2553, 0.3662), ((15, 148), 0.0624, 0.1605), ((0, 20), 0.0, 0.1611), ((1, 29), 0.0061, 0.1718)],
)
def test_wilson_intervals(share: tuple[int, int], low: float, high: float) -> None:
    assert wilson(Share(*share)) == pytest.approx((low, high), abs=0.00006)


def test_of_nobody_nothing_can_be_told() -> None:
    assert wilson(Share(0, 0)) == (0.0, 1.0)
    assert not difference(Share(900, 1000), Share(0, 0)).told


def test_the_mens_mail_of_hillstrom_is_told_from_none() -> None:
    found = difference(Share(3894, 21307), Share(2262, 21306))
    assert found.value == pytest.approx(0.0766, abs=0.0001)
    assert found.told


def test_more_ways_are_asked_to_be_surer() -> None:
    assert [certainty_of_each(ways) for ways in (1, 2, 3)] == pytest.approx([0.95, 0.95, 1 - 0.05 / 3])
    assert difference(Share(33, 100), Share(20, 100)).told
    assert not difference(Share(33, 100), Share(20, 100), certainty_of_each(3)).told


def test_more_than_all_is_a_fault() -> None:
    with pytest.raises(ValueError, match="3 of 2"):
        Share(3, 2)
