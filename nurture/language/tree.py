"""The tree a file is read into, the same for YAML and TOML, with the place of every part."""

from collections.abc import Iterator
from dataclasses import replace

from nurture.model.place import Place, Problem
from nurture.model.values import dataclass

Value = str | int | float | bool | None


@dataclass(frozen=True, slots=True)
class ScalarNode:
    """One value. Dates and clock times are text.

    `text` is the author's spelling (`010`, `1.50`, empty for nothing); of a text it is the text
    itself. `literal` says that the text stands in the file letter by letter on one line, so that
    a place inside it can be told (`place_in`).
    """

    place: Place
    value: Value
    text: str
    quoted: bool = False
    literal: bool = True


@dataclass(frozen=True, slots=True)
class ListNode:
    """Several nodes in order."""

    place: Place
    items: tuple["Node", ...] = ()

    def __iter__(self) -> Iterator["Node"]:
        return iter(self.items)


@dataclass(frozen=True, slots=True)
class MappingNode:
    """Keys and their nodes in the author's order; the value of a key is always text, and no key is here twice."""

    place: Place
    items: tuple[tuple[ScalarNode, "Node"], ...] = ()

    def __iter__(self) -> Iterator[tuple[ScalarNode, "Node"]]:
        return iter(self.items)

    def __contains__(self, key: str) -> bool:
        return self.key(key) is not None

    @property
    def keys(self) -> tuple[str, ...]:
        """The words of all keys, in order."""
        return tuple(key.text for key, _ in self.items)

    def get(self, key: str) -> "Node | None":
        """What stands behind a key; None when the key is not there."""
        return next((node for name, node in self.items if name.text == key), None)

    def key(self, key: str) -> ScalarNode | None:
        """The key itself, for its place; None when it is not there."""
        return next((name for name, _ in self.items if name.text == key), None)


Node = MappingNode | ListNode | ScalarNode


@dataclass(frozen=True, slots=True)
class Allowance:
    """`# nurture: allow W308 because ...`: a finding silenced on one line of its file (language.md 9.4)."""

    code: str
    reason: str
    place: Place
    line: int


@dataclass(frozen=True, slots=True)
class Source:
    """A file as read: its lines for the report, its tree, and what was wrong.

    `root` is None when the file could not be read to its end; with other findings the tree is
    still there, so that the grammar can say the rest in the same breath.
    """

    file: str
    lines: tuple[str, ...]
    root: Node | None
    problems: tuple[Problem, ...] = ()
    allowed: tuple[Allowance, ...] = ()


def place_in(node: ScalarNode, offset: int, length: int = 1) -> Place:
    """The place of some letters inside a text, counted from 0 in its value.

    Right for plain and quoted texts on one line; for folded, block and escaped ones the start of the text.
    """
    if not node.literal:
        return replace(node.place, length=1)
    column = node.place.column + offset + (1 if node.quoted else 0)
    return replace(node.place, column=column, length=max(length, 1))
