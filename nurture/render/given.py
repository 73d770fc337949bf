"""What a mail may name: the facts of the catalogue, and what each step gives it by `with`."""

from collections.abc import Iterator, Mapping
from dataclasses import field, replace
from types import MappingProxyType
from weakref import WeakKeyDictionary

from nurture.model.book import Book
from nurture.model.catalogue import Catalogue, Field
from nurture.model.expression import (
    Among,
    Arithmetic,
    Both,
    Call,
    Compare,
    Either,
    Expression,
    IsKnown,
    Kind,
    Literal,
    Name,
    Opposite,
)
from nurture.model.sequence import Sequence
from nurture.model.step import Gift, Offer, Send, flow
from nurture.model.values import dataclass
from nurture.render.footer import SERVICE
from nurture.render.layout import CONTENT
from nurture.render.told import SETTLED, TOLD

ALWAYS_KNOWN = frozenset({"person.id", "person.email", "person.stage", "person.orders.count", "person.orders.total"})
ALWAYS_KNOWN_STARTS = frozenset({"start.name", "start.day"})
SURE_CALLS = frozenset({"ago", "count", "has_tag", "has_moment", "got", "bought"})


@dataclass(frozen=True, slots=True)
class Fact:
    """One thing a template can name; an empty kind is not known, so nothing is said against its use."""

    kind: str = ""
    maybe_unknown: bool = True
    parts: Mapping[str, "Fact"] = field(default_factory=lambda: MappingProxyType({}))
    tells_age: bool = False


LINE = Fact("line", False, {"product": Fact("text", False), "quantity": Fact("number", False), "price": Fact("money")})


@dataclass(frozen=True, slots=True)
class Offered:
    """What `answer`, `spare` and `image` may speak of: events with their fields, themes, and files of _images/."""

    events: Mapping[str, Mapping[str, Field]] = field(default_factory=lambda: MappingProxyType({}))
    themes: frozenset[str] | None = frozenset()  # None: not known, since the files that declare them have mistakes
    images: frozenset[str] = frozenset()
    calls: tuple[str, ...] = ("answer", "image", "spare")


@dataclass(frozen=True, slots=True)
class Giving:
    """One step that sends the mail, and the names it gives; without a step, the mail is sent by nobody."""

    names: Mapping[str, Fact]
    by: str = ""
    offered: Offered = Offered()
    refusal: str = "'{name}' is not given to this mail by {by}"

    def for_document(self) -> "Giving":
        """The same for a mail that is a whole document, which is told what a frame is told."""
        return replace(self, names={**PAGE, **self.names})


PAGE = {name: Fact("text", False) for name in (*TOLD, *SETTLED)}


def frame_giving(images: frozenset[str]) -> Giving:
    """What a frame is told."""
    names = {**PAGE, CONTENT: Fact("text", False)}
    return Giving(names, "nurture", Offered(images=images, calls=("image",)), "the frame is not told '{name}'")


def needs_a_way_out(book: Book, mail: str) -> bool:
    """Whether a reader must be able to leave by the mail: all but what only ever goes out as service."""
    classes = {send.class_ for send, _, _ in _sends_of(book, mail)}
    if any(topic.confirm == mail for topic in book.topics.values()):
        classes.add(SERVICE)
    return classes != {SERVICE}


def givings(book: Book, mail: str, images: frozenset[str], whole: bool) -> tuple[Giving, ...]:
    """What each step of the book that sends the mail gives it; a book that is not `whole` may lack themes."""
    offered = Offered(book.catalogue.events, frozenset(book.themes) if whole else None, images)
    house = {"person": person(book.catalogue), "today": Fact("day", False)}
    found = tuple(
        Giving({**_by_itself(send), **_with(send, book), **_drawn(send, sequence, book), **house}, by, offered)
        for send, sequence, by in _sends_of(book, mail)
    )
    asking = {"confirm_url": Fact("text", False), "topic_title": Fact("text", False)}
    found += tuple(
        Giving({**asking, **house}, f"topics.yaml › {topic.id}", offered)
        for topic in book.topics.values()
        if topic.confirm == mail
    )
    return found or (Giving(house, "", offered),)


def _by_itself(send: Send) -> dict[str, Fact]:
    """What a step gives without being asked: a ladder the rung that was chosen (6.13)."""
    return {name: Fact("text", False) for name in ("rung", "rung_title")} if isinstance(send, Offer) else {}


def _with(send: Send, book: Book) -> dict[str, Fact]:
    return {name: fact(value, book.catalogue) for name, value in send.variables}


def _drawn(send: Send, sequence: Sequence, book: Book) -> dict[str, Fact]:
    """What is drawn as the mail leaves is known in it, or the mail does not go; unless it goes without (6.11)."""
    known: dict[str, Fact] = {}
    nodes = flow(sequence.steps) if send.variables else {}
    for variable, value in send.variables:
        if not isinstance(value, Name) or value.path[0] != "gifts":
            continue
        node = nodes.get(value.path[1])
        gift = node.step if node is not None and isinstance(node.step, Gift) else None
        present = book.house.gift(gift.gift) if gift is not None else None
        if gift is None or present is None or gift.if_none == "go_on":
            continue
        sure = {"code": bool(present.pool or present.make), "expires_on": bool(gift.valid or present.valid)}
        if sure.get(value.path[-1]):
            known[variable] = Fact(value.kind.value, False)
    return known


_SENDS: WeakKeyDictionary[Book, dict[str, list[tuple[Send, Sequence, str]]]] = WeakKeyDictionary()


def _sends_of(book: Book, mail: str) -> list[tuple[Send, Sequence, str]]:
    """The steps that send a mail; gathered once for each book, since every mail asks."""
    found = _SENDS.get(book)
    if found is None:
        found = _SENDS[book] = {}
        for one in _sends(book):
            found.setdefault(one[0].mail, []).append(one)
    return found.get(mail, [])


def _sends(book: Book) -> Iterator[tuple[Send, Sequence, str]]:
    for name in sorted(book.sequences):
        sequence: Sequence = book.sequences[name]
        for node in flow(sequence.steps).values():
            if isinstance(node.step, Send):
                yield node.step, sequence, f"{name} › {node.step.id}"


def person(catalogue: Catalogue) -> Fact:
    """`person` with everything the catalogue knows of people, and what is built in."""
    facts = {
        name: Fact(known.type, parts={"": LINE} if known.type == "lines" else {}, tells_age=known.year_optional)
        for name, known in catalogue.person.items()
    }
    orders = {
        "count": Fact("number", False),
        "total": Fact("money", False),
        "first_at": Fact("moment"),
        "last_at": Fact("moment"),
    }
    built_in = {name: Fact("text", False) for name in ("id", "email", "stage")}
    return Fact("person", False, {**facts, **built_in, "orders": Fact("orders", False, orders)})


def fact(value: Expression, catalogue: Catalogue) -> Fact:
    """What a `with` gives: its kind, and whether it can be unknown."""
    if isinstance(value, Name):
        return _named(value, catalogue)
    tells_age = any(part.path[1:2] == ("birthday",) for part in _names(value))
    return Fact(value.kind.value, _maybe_unknown(value), tells_age=tells_age)


def _named(name: Name, catalogue: Catalogue) -> Fact:
    if name.kind is Kind.record:
        fields = catalogue.numbers[name.path[1]].fields
        return Fact("record", False, {key: Fact(field.type) for key, field in fields.items()})
    found: Fact | None = person(catalogue)
    for part in name.path[1:]:
        found = found.parts.get(part) if found else None
    if name.path[0] == "person" and found:
        return found
    return Fact(name.kind.value, _maybe_unknown(name))


def _maybe_unknown(value: Expression) -> bool:
    """Whether an expression can come out unknown; division can, by zero (language.md 7)."""
    match value:
        case Literal() | IsKnown():
            return False
        case Name():
            return str(value) not in ALWAYS_KNOWN | ALWAYS_KNOWN_STARTS | {"today"}
        case Call() if value.function in SURE_CALLS:
            return False
        case Arithmetic() if value.operator == "/":
            return True
    return any(_maybe_unknown(part) for part in _parts(value))


def _parts(value: Expression) -> tuple[Expression, ...]:
    match value:
        case Call():
            return (value.operand,) if value.operand is not None else ()
        case Compare() | Arithmetic():
            return (value.left, value.right)
        case Among():
            return (value.item, *value.options)
        case IsKnown():
            return (value.item,)
        case Both() | Either():
            return value.parts
        case Opposite():
            return (value.part,)
    return ()


def _names(value: Expression) -> Iterator[Name]:
    if isinstance(value, Name):
        yield value
    for part in _parts(value):
        yield from _names(part)
