"""Looking for an example that breaks a law while a fault is planted: the first one ends the hunt."""

from collections.abc import Callable
from contextlib import suppress
from typing import TypeVar

from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from tests.drawing import Dice, seeded

Example = TypeVar("Example")


class Found(BaseException):
    """Ends a hunt at once: Hypothesis would make the example small, and print it, if it were an Exception."""


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


def hunt_drawn(examples: st.SearchStrategy[Example], broken: Callable[[Example], bool], tries: int) -> Example:
    """The same over examples that Hypothesis draws; AssertionError when none of them is broken."""
    found: list[Example] = []

    @settings(max_examples=tries, deadline=None, database=None, derandomize=True, phases=(Phase.generate,))
    @given(examples)
    def look(one: Example) -> None:
        if broken(one):
            found.append(one)
            raise Found

    with suppress(Found):
        look()
    assert found, f"none of {tries} examples broke the law: it would not see this fault"
    return found[0]
