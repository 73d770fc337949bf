"""Looking for an example that breaks a law while a fault is planted: the first one ends the hunt."""

from collections.abc import Callable
from typing import TypeVar

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

Example = TypeVar("Example")


class _Caught(BaseException):
    """Ends the hunt at once. No Exception: Hypothesis would try the example again, and call a store's own salt flaky."""


def hunt(examples: st.SearchStrategy[Example], broken: Callable[[Example], bool], tries: int) -> Example:
    """The first of `tries` examples that is broken; AssertionError when there is none, so the law cannot bite."""
    caught: list[Example] = []

    @settings(
        max_examples=tries, deadline=None, database=None, derandomize=True, phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    @given(examples)
    def look(example: Example) -> None:
        if broken(example):
            caught.append(example)
            raise _Caught

    try:
        look()
    except _Caught:
        return caught[0]
    raise AssertionError(f"none of {tries} examples broke the law: it would not see this fault")
