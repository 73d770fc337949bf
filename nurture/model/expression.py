"""The tree of a condition (language.md 7): parsed and typed by `language`, evaluated by `decide`."""

from enum import Enum

from nurture.model.length import Length
from nurture.model.place import Place
from nurture.model.values import dataclass


class Kind(Enum):
    """The types a condition knows."""

    text = "text"
    number = "number"
    bool = "bool"
    day = "day"
    moment = "moment"
    tags = "tags"
    record = "record"  # several fields together, such as numbers.cups; only handed on to a mail


@dataclass(frozen=True, slots=True)
class Literal:
    """A number, a text, true or false."""

    value: str | float | int | bool
    kind: Kind
    column: int = 1


@dataclass(frozen=True, slots=True)
class Name:
    """A dotted name such as `person.orders.count`; `today` is ('today',)."""

    path: tuple[str, ...]
    kind: Kind
    column: int = 1

    def __str__(self) -> str:
        return ".".join(self.path)


@dataclass(frozen=True, slots=True)
class Call:
    """A function of the closed list; lengths such as within='90 days' arrive parsed.

    `days_since(x)`, `days_until(x)`, `lower(x)` keep their operand in `operand`;
    `ago`, `count`, `has_tag`, `has_moment`, `got`, `bought` keep their word in `word`.
    """

    function: str
    kind: Kind
    operand: "Expression | None" = None
    word: str = ""
    within: Length | None = None
    fields: tuple[tuple[str, "Expression"], ...] = ()
    column: int = 1


@dataclass(frozen=True, slots=True)
class Compare:
    """`left operator right`; operators are == != < <= > >=."""

    operator: str
    left: "Expression"
    right: "Expression"
    kind: Kind = Kind.bool
    column: int = 1


@dataclass(frozen=True, slots=True)
class Among:
    """`item in [..]` or `item not in [..]`."""

    item: "Expression"
    options: tuple["Expression", ...]
    negated: bool = False
    kind: Kind = Kind.bool
    column: int = 1


@dataclass(frozen=True, slots=True)
class IsKnown:
    """`item is known` (or, negated, `item is unknown`); never itself unknown."""

    item: "Expression"
    negated: bool = False
    kind: Kind = Kind.bool
    column: int = 1


@dataclass(frozen=True, slots=True)
class Both:
    """All of the parts (`and`), three-valued."""

    parts: tuple["Expression", ...]
    kind: Kind = Kind.bool
    column: int = 1


@dataclass(frozen=True, slots=True)
class Either:
    """Any of the parts (`or`), three-valued."""

    parts: tuple["Expression", ...]
    kind: Kind = Kind.bool
    column: int = 1


@dataclass(frozen=True, slots=True)
class Opposite:
    """`not part`, three-valued."""

    part: "Expression"
    kind: Kind = Kind.bool
    column: int = 1


@dataclass(frozen=True, slots=True)
class Arithmetic:
    """`left operator right` with + - * /; a unary minus is 0 - x."""

    operator: str
    left: "Expression"
    right: "Expression"
    kind: Kind = Kind.number
    column: int = 1


Expression = Literal | Name | Call | Compare | Among | IsKnown | Both | Either | Opposite | Arithmetic


@dataclass(frozen=True, slots=True)
class Condition:
    """A yes/no question with the author's own words and where they stand."""

    text: str
    root: Expression
    place: Place
