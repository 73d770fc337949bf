"""The vocabulary of the step table: what a value may be; checker, JSON Schema and reference are made from it."""

from collections.abc import Mapping
from dataclasses import field

from nurture.model.length import Unit
from nurture.model.values import dataclass

ELAPSED = (Unit.minute, Unit.hour)
CALENDAR = (Unit.day, Unit.week, Unit.month, Unit.year)
ANY_UNIT = (*ELAPSED, *CALENDAR)
WAITING = (*ANY_UNIT, Unit.working_day)


@dataclass(frozen=True, slots=True)
class Words:
    """Free text; a number is taken as the text it is written with."""


@dataclass(frozen=True, slots=True)
class Pattern:
    """Text of one written form; `of` says which, for the reader of the reference."""

    regex: str
    of: str
    hint: str = ""


@dataclass(frozen=True, slots=True)
class Known:
    """A name of this project: an event, stage, mail, gift; or one of the words in `also`, or text of one `form`."""

    what: str
    also: tuple[str, ...] = ()
    form: Pattern | None = None


@dataclass(frozen=True, slots=True)
class Choice:
    """One of a closed list of words."""

    options: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Whole:
    """A whole number between two bounds, both inclusive."""

    least: int
    most: int


@dataclass(frozen=True, slots=True)
class Factor:
    """A number above 0, such as 1.5."""


@dataclass(frozen=True, slots=True)
class Flag:
    """true or false; `only` says that but one of the two means anything."""

    only: bool | None = None


@dataclass(frozen=True, slots=True)
class Span:
    """A length of time in one of these units; never negative, `least` at the lowest."""

    units: tuple[Unit, ...] = ANY_UNIT
    least: int = 1


@dataclass(frozen=True, slots=True)
class WallClock:
    """A 24-hour clock time."""


@dataclass(frozen=True, slots=True)
class Day:
    """A date such as 2027-03-02."""


@dataclass(frozen=True, slots=True)
class Zone:
    """An IANA time zone."""


@dataclass(frozen=True, slots=True)
class Question:
    """A condition (language.md 7)."""


@dataclass(frozen=True, slots=True)
class Formula:
    """A value worked out as in a condition: a name, a number, a quoted text."""


@dataclass(frozen=True, slots=True)
class Anything:
    """Any plain value; kept for people."""


@dataclass(frozen=True, slots=True)
class Many:
    """A list; with `alone` a single value may stand without its brackets."""

    each: "Shape"
    alone: bool = False
    least: int = 1
    most: int | None = None


@dataclass(frozen=True, slots=True)
class Named:
    """A mapping whose keys are the author's names, all of one form."""

    key: "Pattern | Known"
    each: "Shape"


@dataclass(frozen=True, slots=True)
class Part:
    """A mapping with the keys of one table."""

    table: "Table"


@dataclass(frozen=True, slots=True)
class Forms:
    """A mapping whose verb says which table of a family it follows; named, because steps hold steps."""

    family: str


@dataclass(frozen=True, slots=True)
class PlainOr:
    """Either a plain value or a mapping, and where `listed` says so a list."""

    plain: "Shape"
    mapping: "Part | Forms | Named"
    listed: "Many | None" = None


Shape = (
    Words | Pattern | Known | Choice | Whole | Factor | Flag | Span | WallClock | Day | Zone | Question
    | Formula | Anything | Many | Named | Part | Forms | PlainOr
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Key:
    """One key: what may stand behind it, what it means, and what counts when it is absent."""

    name: str
    shape: Shape
    about: str
    required: bool = False
    default: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class Table:
    """One kind of mapping.

    `verb` is the key that tells it from its fellows in `Forms`. Of `one_of`, exactly one key must
    stand; of `some_of`, at least one; `beside` are pairs (key, the key it only stands beside);
    `cures` say of keys that do not belong here what to write instead. `others` are keys of the author's
    own beside the table's: that key's name is what they are gathered under, its shape a `Named`.
    """

    name: str
    called: str
    about: str
    keys: tuple[Key, ...]
    verb: str = ""
    one_of: tuple[str, ...] = ()
    some_of: tuple[str, ...] = ()
    beside: tuple[tuple[str, str], ...] = ()
    cures: tuple[tuple[str, str], ...] = ()
    others: Key | None = None
    stranger: str = "E110"
    _by_name: Mapping[str, Key] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_by_name", {key.name: key for key in self.keys})

    @property
    def names(self) -> tuple[str, ...]:
        """The names of all its keys."""
        return tuple(self._by_name)

    def key(self, name: str) -> Key | None:
        """The key of that name, if it belongs here."""
        return self._by_name.get(name)


@dataclass(frozen=True, slots=True)
class Family:
    """Tables told apart by their verb; `strange` is the finding for an unknown verb."""

    name: str
    called: str
    tables: tuple[Table, ...]
    strange: str
    common: frozenset[str] = frozenset()

    def table(self, verb: str) -> Table | None:
        """The table of that verb."""
        return next((table for table in self.tables if table.verb == verb), None)
