"""Where random worlds take their chances from: Hypothesis, that makes a failing world small, or a seed.

A world throws dice some hundred times, and Hypothesis looks at each new strategy at length: so there is one only,
for whole numbers.
"""

import random  # noqa: TID251 - which worlds to try: the tests' choice, not nurture's
from collections.abc import Callable
from functools import cache
from typing import TypeVar

from hypothesis import strategies as st

Value = TypeVar("Value")
Dice = Callable[[int], int]
"""A whole number from 0 to the one given."""


def one_of(dice: Dice, *values: Value) -> Value:
    """One of the values, the first being the simplest."""
    return values[dice(len(values) - 1)]


def between(dice: Dice, first: int, last: int) -> int:
    """A whole number from the first to the last."""
    return first + dice(last - first)


def seeded(seed: int) -> Dice:
    """The same numbers whenever it is asked, each as likely as any other."""
    chance = random.Random(seed)  # noqa: S311 - not a secret
    return lambda last: chance.randint(0, last)


@cache
def _up_to(last: int) -> st.SearchStrategy[int]:
    return st.integers(0, last)


def drawn(draw: st.DrawFn) -> Dice:
    """As Hypothesis draws."""
    return lambda last: draw(_up_to(last))
