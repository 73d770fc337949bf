"""What stands in the pieces of a template where a reader's own words go; templates ask their environment for it."""

from functools import lru_cache
from typing import Final

MOST_SLOTS = 500


class Marker:
    """The place of a slot, by its number."""

    __slots__ = ("number",)

    def __init__(self, number: int) -> None:
        self.number = number


class Markers:
    """The marker of each slot."""

    def __getitem__(self, number: int) -> Marker:
        return _marker(number)


@lru_cache(maxsize=MOST_SLOTS)
def _marker(number: int) -> Marker:
    return Marker(number)


MARKERS: Final = Markers()
