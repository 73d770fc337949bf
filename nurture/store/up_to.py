"""Counts that stop: of very many of a kind it is told that there are more than so many, and none is walked to its end.

Whoever wants the number itself asks another question, which takes as long as it takes.
"""

from typing import Any

from sqlalchemy import Select, func, select

MOST = 100_000
MORE = MOST + 1  # what a count answers that stopped


def counted(asked: Select[Any]) -> Select[Any]:
    """How many rows a question has, `MORE` where there are more than `MOST`."""
    return select(func.count()).select_from(first(asked))


def first(asked: Select[Any]) -> Any:
    """No more of its rows than it takes to know that there are more than `MOST`."""
    return asked.limit(MORE).subquery()


def together(*numbers: int) -> int:
    """The sum of counts, of which each may have stopped."""
    return min(sum(numbers), MORE)


def number_words(number: int) -> str:
    """`12,345`, or `more than 100,000`."""
    return f"more than {MOST:,}" if number == MORE else f"{number:,}"
