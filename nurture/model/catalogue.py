"""What is known about people and what can happen (language.md 3, catalogue.yaml)."""

from collections.abc import Mapping
from dataclasses import field
from datetime import date
from types import MappingProxyType

from nurture.model.length import Length
from nurture.model.place import Place
from nurture.model.values import dataclass

NOTHING: Mapping[str, object] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Field:
    """One typed field: of a person, an event or a thing.

    `type` is text, number, bool, day, moment, tags, money or lines; `lines` is a list of
    products, `parts` what is told of each beside its name: quantity, price. `take` and
    `source` say that a fact is worked out from events (`from: EVENT, take: count | days | first | last | sum FIELD`).
    """

    name: str
    type: str
    format: str = ""
    one_of: tuple[str, ...] = ()
    placeholders: tuple[date, ...] = ()
    year_optional: bool = False
    sensitive: bool = False
    example: object = None
    source: str = ""
    take: str = ""
    take_field: str = ""
    place: Place | None = None
    parts: tuple[str, ...] = ("quantity", "price")


@dataclass(frozen=True, slots=True)
class OrderRule:
    """Which event is an order, what names it, and which events undo it."""

    event: str
    id_field: str = ""
    undone_by: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Thing:
    """A kind of record that a person can have several of, such as a subscription; `key` is the field that names one."""

    name: str
    key: str
    fields: Mapping[str, Field] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Numbers:
    """Numbers for digests that the shop tells, such as cups; they are known for one `over` (week, month) from then."""

    name: str
    fields: Mapping[str, Field] = field(default_factory=dict)
    over: str = "week"


@dataclass(frozen=True, slots=True)
class Catalogue:
    """The contract with whoever sends data; conditions and templates may use nothing else."""

    person: Mapping[str, Field] = field(default_factory=dict)
    orders: OrderRule | None = None
    events: Mapping[str, Mapping[str, Field]] = field(default_factory=dict)
    done_by_shop: frozenset[str] = frozenset()
    things: Mapping[str, Thing] = field(default_factory=dict)
    numbers: Mapping[str, Numbers] = field(default_factory=dict)
    expects: tuple[
        tuple[str, Length], ...
    ] = ()  # an event that should come at least once in so long, or doctor says so


@dataclass(frozen=True, slots=True)
class Mute:
    """A no-upsell window: these classes are silent after an event (language.md 6.10)."""

    name: str
    classes: frozenset[str]
    after: str
    length: Length | None = None
    until: str = ""
    then_for: Length | None = None
    at_most: Length | None = None


@dataclass(frozen=True, slots=True)
class Limit:
    """At most `most` messages per calendar period or within so many local dates; no classes = all."""

    most: int
    per: str = ""
    within: Length | None = None
    classes: frozenset[str] = frozenset()

    def __str__(self) -> str:
        span = f"per {self.per}" if self.per else f"per {self.within}".replace("per 1 ", "per ")
        kinds = " ".join(sorted(self.classes))
        return f"limit {self.most} {kinds + ' ' if kinds else ''}{span}"
