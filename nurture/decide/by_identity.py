"""Answers about two values of a book that are kept, since the same two are asked about for everybody inside."""

from collections.abc import Callable
from functools import lru_cache
from typing import Generic, TypeVar

First = TypeVar("First")
Second = TypeVar("Second")
Answer = TypeVar("Answer")
MOST = 1024


class _Two(Generic[First, Second]):
    """Two values, equal to the very same two alone: to compare them by what they say would cost as much as to ask."""

    __slots__ = ("first", "second")

    def __init__(self, first: First, second: Second) -> None:
        self.first = first
        self.second = second

    def __hash__(self) -> int:
        return hash((id(self.first), id(self.second)))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Two) and self.first is other.first and self.second is other.second


def by_identity(question: Callable[[First, Second], Answer]) -> Callable[[First, Second], Answer]:
    """A pure question about two frozen values that answers the same two at once; the last thousand are kept."""

    @lru_cache(maxsize=MOST)
    def kept(two: _Two[First, Second]) -> Answer:
        return question(two.first, two.second)

    def asked(first: First, second: Second) -> Answer:
        return kept(_Two(first, second))

    asked.__doc__ = question.__doc__
    return asked
