"""How many of some did what was hoped, beside how many of others: a difference with its interval (domain: measurement).

Newcombe's hybrid score interval for two independent proportions (Statistics in Medicine 17, 1998, method 10), built on
Wilson's score interval; it holds for few people and for none of many too. Nothing here asks what was counted.
"""

from math import sqrt
from statistics import NormalDist

from nurture.model.values import dataclass

CERTAINTY = 0.95


@dataclass(frozen=True, slots=True)
class Share:
    """So many of so many; nobody at all is a share of nothing."""

    hits: int
    people: int

    def __post_init__(self) -> None:
        if not 0 <= self.hits <= self.people:
            raise ValueError(f"{self.hits} of {self.people} is no share")

    @property
    def rate(self) -> float:
        """From 0 to 1."""
        return self.hits / self.people if self.people else 0.0


@dataclass(frozen=True, slots=True)
class Difference:
    """By how much one share is larger than another, and between which two values that lies; all from -1 to 1."""

    value: float
    low: float
    high: float

    @property
    def told(self) -> bool:
        """Whether there is a difference at all, as far as can be told."""
        return self.low > 0 or self.high < 0


def wilson(share: Share, certainty: float = CERTAINTY) -> tuple[float, float]:
    """Wilson's score interval of one share."""
    if not share.people:
        return 0.0, 1.0
    z, n, p = _z(certainty), share.people, share.rate
    middle, reach = p + z * z / (2 * n), z * sqrt(p * (1 - p) / n + z * z / (4 * n * n))
    low = 0.0 if share.hits == 0 else (middle - reach) / (1 + z * z / n)
    high = 1.0 if share.hits == n else (middle + reach) / (1 + z * z / n)
    return low, high


def difference(one: Share, other: Share, certainty: float = CERTAINTY) -> Difference:
    """`one` less `other`, with Newcombe's interval."""
    value = one.rate - other.rate
    (low, high), (other_low, other_high) = wilson(one, certainty), wilson(other, certainty)
    down = sqrt((one.rate - low) ** 2 + (other_high - other.rate) ** 2)
    up = sqrt((high - one.rate) ** 2 + (other.rate - other_low) ** 2)
    return Difference(value, max(-1.0, value - down), min(1.0, value + up))


def certainty_of_each(shares: int) -> float:
    """How certain each pair must be so that all pairs of so many shares together are at 95 % (Bonferroni)."""
    pairs = max(1, shares * (shares - 1) // 2)
    return 1 - (1 - CERTAINTY) / pairs


def _z(certainty: float) -> float:
    return NormalDist().inv_cdf((1 + certainty) / 2)
