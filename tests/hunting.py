"""Looking for an example that breaks a law while a fault is planted: the first one ends the hunt."""

from collections.abc import Callable
from typing import TypeVar

from tests.drawing import Dice, seeded

Example = TypeVar("Example")


def hunt(example: Callable[[Dice], Example], broken: Callable[[Example], bool], tries: int) -> Example:
    """The first of `tries` examples that is broken; AssertionError when there is none, so the law cannot bite.

    No hunt of Hypothesis: it would make the example small by trying it again, for minutes, and would call a law of the
    store flaky, whose every store has a salt of its own. The examples are the same each time, on every machine.
    """
    for seed in range(tries):
        found = example(seeded(seed))
        if broken(found):
            return found
    raise AssertionError(f"none of {tries} examples broke the law: it would not see this fault")
