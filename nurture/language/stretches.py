"""What reading a file found, whatever it was written in, and which value or comment a character belongs to."""

from bisect import bisect_right
from collections.abc import Sequence

from nurture.language.page import Page
from nurture.language.tree import Node
from nurture.model.place import Problem
from nurture.model.values import dataclass

COMMENT = "#"
MOST = 100  # findings told of one file; more help nobody
DEEPEST = 40  # mappings and lists in each other; the grammar itself never needs ten
LONGEST_NUMBER = 18  # digits; what is longer is an identifier that lost its quotes


class TooDeep(Exception):
    """More lists and mappings in each other than are read."""

    def __init__(self, index: int) -> None:
        super().__init__(index)
        self.index = index


@dataclass(frozen=True, slots=True)
class Stretch:
    """A value or a comment from one index to another; `style` is its quote, `|`, `>`, `#`, or empty."""

    start: int
    end: int
    style: str = ""


class Stretches:
    """All values and comments of a file, to ask what a character belongs to."""

    def __init__(self, found: Sequence[Stretch], reach: int) -> None:
        self._found = sorted(found, key=lambda one: one.start)
        self._starts = [one.start for one in self._found]
        self.reach = reach  # up to here the file was understood

    def at(self, index: int) -> Stretch | None:
        """The value that a character belongs to."""
        number = bisect_right(self._starts, index) - 1
        if number >= 0 and index < self._found[number].end:
            return self._found[number]
        return None

    def quoted(self, index: int) -> bool:
        """Whether a character stands in quotes, or where nobody can tell."""
        found = self.at(index)
        return index >= self.reach if found is None else found.style in ("'", '"')


@dataclass
class Found:
    """What was read of a file: its tree (None when it could not be read to its end), findings, values and comments.

    `reach` is the index up to which it was understood.
    """

    root: Node | None
    problems: list[Problem]
    stretches: list[Stretch]
    reach: int


def too_deep(page: Page, deep: TooDeep) -> Problem:
    """E100 where the depth was reached."""
    message = f"more than {DEEPEST} lists and mappings in each other"
    return page.problem("E100", deep.index, None, message)


def number_problem(page: Page, start: int, end: int) -> Problem:
    """E103 for digits that no number of ours can hold, such as an order's number or infinity."""
    text = page.text[start:end]
    shown = text if len(text) <= 30 else text[:27] + "..."
    message = f"'{shown}' is not a number that can be used here"
    return page.problem("E103", start, end, message, "put it in quotes if it is text")
