"""The rows of a CSV file become rows of the store; what cannot be read becomes a reason (language.md 11.10)."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import field
from datetime import datetime, timedelta
from hashlib import blake2b
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from nurture.decide.clock import Clock, after, local_day
from nurture.engine import cells
from nurture.engine.cells import CellError, Reader
from nurture.engine.faults import MisuseError
from nurture.engine.records import check_about, key_column, numbers_row, record_fields, thing_row
from nurture.engine.table import Columns, Row
from nurture.engine.unknown import meant
from nurture.engine.world_names import Unheard
from nurture.model.book import Book
from nurture.model.catalogue import Field
from nurture.model.event import MonthDay
from nurture.model.length import Length
from nurture.model.values import dataclass
from nurture.store.counted_rows import CountedRows
from nurture.store.rows import AnyRow, ConsentRow, ContactRow, EventRow, SendRow, SuppressionRow

KINDS = ("contacts", "orders", "events", "consents", "suppressions", "sends", "things", "numbers")
PROOF = ("how", "wording", "until")  # what proves a consent, beside its basis
ABOUT: dict[str, tuple[str, ...]] = {
    "contacts": ("id", "email", "at", "consent", *PROOF),
    "orders": ("id", "email", "at", "outside_id"),
    "events": ("id", "email", "at", "event", "outside_id"),
    "consents": ("id", "email", "at", "consent", *PROOF),
    "suppressions": ("id", "email", "at"),
    "sends": ("id", "email", "at", "outside_id"),
    "things": ("id", "email", "key", "removed"),
    "numbers": ("id", "email", "at"),
}
NEEDED: dict[str, tuple[str, ...]] = {
    "contacts": (),
    "orders": ("at",),
    "events": ("at", "event"),
    "consents": ("consent",),
    "suppressions": (),
    "sends": ("at", "mail"),
    "things": ("key",),
    "numbers": ("at",),
}
DELIVERED = "order.delivered"
NOT_ASKED = "topic '{topic}' says no `confirm` in topics.yaml: there is no mail that asks for it"
NO_BASIS = "consent needs --basis: on what ground did they agree, such as 'ticked the box at checkout'"


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the command was asked to do with a file. `fresh` lets events so young start sequences.

    `about` names the thing or the numbers that a file of those is about. With `ask` consents are asked for only: each
    topic's mail asks the reader to confirm. `by` is who tells all this.
    """

    kind: str
    columns: Mapping[str, str] = field(default_factory=dict)
    delivered_after: Length | None = None
    topics: tuple[str, ...] = ()
    basis: str = ""
    fresh: Length | None = None
    about: str = ""
    ask: bool = False
    by: str = ""


class Who(NamedTuple):
    """Whom a row is about: its line, the shop's id and the address, either of which may be empty."""

    line: int
    id: str
    address: str


class Intake:
    """The reading of one file: its columns matched to names once, then every row turned into rows of the store."""

    def __init__(self, table: Columns, wanted: Wanted, book: Book, now: datetime) -> None:
        self.table = table
        self.wanted = wanted
        self.book = book
        self.now = now
        self.zone = ZoneInfo(book.rules.zone)
        self.clock = Clock(self.zone)
        self.places, self.ignored = match_columns(table.columns, wanted, book)
        self._id_place, self._email_place = self.places.get("id"), self.places.get("email")
        self.event = orders_event(book) if wanted.kind == "orders" else ""
        self.fields = {name: self._readers(fields) for name, fields in self._events().items()}
        self.unheard = Unheard()
        self.facts = [
            (name, place, self.unheard.watched(name, read))
            for name, place, read in self._readers(person_fields(wanted, book))
        ]
        self.records = self._readers(record_fields(wanted.kind, wanted.about, book))
        self.id_field = book.catalogue.orders.id_field if book.catalogue.orders else ""
        self.same = CountedRows()
        self.fresh_from = None if wanted.fresh is None else now - span(wanted.fresh)

    def _events(self) -> Mapping[str, Mapping[str, Field]]:
        """For each event a row can be, its fields."""
        events = self.book.catalogue.events
        if self.wanted.kind == "orders":
            return {self.event: events.get(self.event, {})}
        return events if self.wanted.kind == "events" else {}

    def _readers(self, fields: Mapping[str, Field]) -> list[tuple[str, int, Reader]]:
        """The named columns of the file that are among these fields, and how each is read."""
        currency = self.book.rules.currency
        return [
            (name, self.places[name], cells.reader(one, currency, self.zone))
            for name, one in fields.items()
            if name in self.places
        ]

    def rows(self, row: Row) -> list[AnyRow]:
        """What one row of the file says; CellError with the reason when it says something that cannot be."""
        if row.wrong:
            raise CellError(row.wrong)
        texts, by_id, by_address = row.cells, self._id_place, self._email_place
        id_ = "" if by_id is None else texts[by_id].strip()
        address = "" if by_address is None else texts[by_address].strip()
        if not id_ and not address:
            raise CellError("neither an id nor an address")
        who, at = Who(row.line, id_, address), self.moment(row)
        return self.order(row, who, at) if self.event else list(self.said(row, who, at))

    def cell(self, row: Row, name: str) -> str:
        """The text of a named column; empty when the file has none."""
        place = self.places.get(name)
        return "" if place is None else row.cells[place].strip()

    def moment(self, row: Row) -> datetime:
        """When it happened, in UTC; now for rows that need not say."""
        text = self.cell(row, "at")
        if not text:
            if "at" in NEEDED[self.wanted.kind]:
                raise CellError("no date")
            return self.now
        at = cells.moment(text, self.zone)
        if at > self.now:
            raise CellError(f"'{text}' lies in the future")
        return at

    def said(self, row: Row, who: Who, at: datetime) -> Iterator[AnyRow]:
        """The rows of the store that follow from a row of this kind; those of orders by `order`."""
        match self.wanted.kind:
            case "contacts":
                yield ContactRow(**self.common(row, who), at=at, tags=cells.words(self.cell(row, "tags")))
                yield from self.consents(row, who, at)
            case "consents":
                yield from self.consents(row, who, at)
            case "suppressions":
                yield SuppressionRow(line=who.line, outside_id=who.id, address=who.address, at=at)
            case "sends":
                yield self.send(row, who, at)
            case "things":
                key, removed = self.cell(row, "key"), self.cell(row, "removed")
                given = values(row, self.records)
                yield thing_row(self.common(row, who), self.wanted.about, key, removed, given, self.now)
            case "numbers":
                yield numbers_row(self.common(row, who), self.wanted.about, values(row, self.records), at)
            case _:
                yield self.happened(row, who, at, self.cell(row, "event"))

    def common(self, row: Row, who: Who) -> dict[str, Any]:
        """Who it is, what is known of them, and the consents that came with the file."""
        wanted = self.wanted
        proof = self.proof(row) if wanted.topics else {}
        topics = {"topics": wanted.topics, **proof} if wanted.topics else {}
        facts = values(row, self.facts) if self.facts else {}
        return {"line": who.line, "outside_id": who.id, "address": who.address, "facts": facts, **topics}

    def named(self, who: Who) -> dict[str, Any]:
        """Whom the row is about."""
        return {"line": who.line, "outside_id": who.id, "address": who.address}

    def proof(self, row: Row) -> dict[str, Any]:
        """What proves the consents of a row, as the file and the command tell it."""
        until = self.cell(row, "until")
        day = cells.day(until) if until else None
        if isinstance(day, MonthDay):
            raise CellError(f"'{until}' has no year")
        told = {"how": self.cell(row, "how"), "wording": self.cell(row, "wording"), "until": day}
        return {"basis": self.wanted.basis, "by": self.wanted.by, "asked": self.wanted.ask, **told}

    def happened(self, row: Row, who: Who, at: datetime, name: str) -> EventRow:
        """One event of the catalogue."""
        if name not in self.fields:
            words = f"there is no event '{name}' in the catalogue; {meant(name, self.fields)}"
            raise CellError(words if name else "no event")
        fields = values(row, self.fields[name])
        outside = self.cell(row, "outside_id")
        return EventRow(**self.common(row, who), name=name, at=at, id=outside, fields=fields, fresh=self.fresh(at))

    def order(self, row: Row, who: Who, at: datetime) -> list[AnyRow]:
        """An order, and with --delivered-after its delivery so much later, known when it comes."""
        common, outside = self.common(row, who), self.cell(row, "outside_id")
        fields = values(row, self.fields[self.event])
        if self.id_field and self.id_field not in fields:
            fields[self.id_field] = outside or self.nth(row)
        placed = EventRow(**common, name=self.event, at=at, id=outside, fields=fields, fresh=self.fresh(at))
        if self.wanted.delivered_after is None:
            return [placed]
        there = after(at, self.wanted.delivered_after, self.clock)
        known = {name: value for name, value in fields.items() if name in self.book.catalogue.events[DELIVERED]}
        delivered = EventRow(
            **common, name=DELIVERED, at=there, id=outside, fields=known, fresh=self.fresh(there),
            known_at=max(there, self.now),
        )  # fmt: skip
        return [placed, delivered]

    def nth(self, row: Row) -> str:
        """A name for an order that has none: what its row says and how many equal rows came before it."""
        digest = blake2b("\x1f".join(row.cells).encode(), digest_size=8).digest()
        return f"{digest.hex()}-{self.same.count(digest)}"

    def fresh(self, at: datetime) -> bool:
        """Whether --fresh lets an event of that age start sequences."""
        return self.fresh_from is not None and at >= self.fresh_from

    def consents(self, row: Row, who: Who, at: datetime) -> Iterator[ConsentRow]:
        """The topics in the column `consent`; one behind a minus sign is refused."""
        topics = cells.words(self.cell(row, "consent"))
        unknown = [topic for topic in topics if topic.removeprefix("-") not in self.book.topics]
        if unknown:
            topic = unknown[0].removeprefix("-")
            raise CellError(f"there is no topic '{topic}' in topics.yaml; {meant(topic, self.book.topics)}")
        given = tuple(topic for topic in topics if not topic.startswith("-"))
        mute = next((topic for topic in given if self.wanted.ask and not self.book.topics[topic].confirm), "")
        if mute:
            raise CellError(NOT_ASKED.format(topic=mute))
        refused = tuple(topic[1:] for topic in topics if topic.startswith("-"))
        for answer, named in ((True, given), (False, refused)):
            if named:
                proof = self.proof(row) | ({} if answer else {"asked": False, "until": None})
                yield ConsentRow(**self.named(who), **proof, topics=named, given=answer, at=at)

    def send(self, row: Row, who: Who, at: datetime) -> SendRow:
        """A mail that went before nurture; without a class it counts as news."""
        class_ = self.cell(row, "class") or "news"
        if class_ not in self.book.rules.classes:
            raise CellError(f"there is no class '{class_}'; {meant(class_, self.book.rules.classes)}")
        mail = self.cell(row, "mail")
        if not mail:
            raise CellError("no mail")
        return SendRow(
            line=who.line, outside_id=who.id, address=who.address, mail=mail, class_=class_, at=at,
            day=local_day(at, self.clock), topic=self.cell(row, "topic"), id=self.cell(row, "outside_id"),
        )  # fmt: skip


def values(row: Row, readers: Sequence[tuple[str, int, Reader]]) -> dict[str, object]:
    """The typed values of a row; empty cells say nothing, nor does what is read as None."""
    found: dict[str, object] = {}
    for name, place, read in readers:
        text = row.cells[place].strip()
        if text:
            try:
                value = read(text)
            except CellError as fault:
                raise CellError(f"{name}: {fault}") from None
            if value is not None:
                found[name] = value
    return found


def person_fields(wanted: Wanted, book: Book) -> Mapping[str, Field]:
    """The facts that rows of this kind may tell; those worked out from events are not told by anybody."""
    if wanted.kind not in ("contacts", "orders", "events"):
        return {}
    taken = event_fields(wanted, book)
    return {name: one for name, one in book.catalogue.person.items() if not one.source and name not in taken}


def event_fields(wanted: Wanted, book: Book) -> dict[str, Field]:
    """Every field that an event of such a file can have."""
    events = book.catalogue.events
    if wanted.kind == "orders":
        return dict(events.get(orders_event(book), {}))
    return {name: one for fields in events.values() for name, one in fields.items()} if wanted.kind == "events" else {}


def orders_event(book: Book) -> str:
    """The event that the catalogue calls an order."""
    if book.catalogue.orders is None:
        raise MisuseError("the catalogue does not say which event is an order: add  orders: {from: order.placed}")
    return book.catalogue.orders.event


def match_columns(columns: Sequence[str], wanted: Wanted, book: Book) -> tuple[dict[str, int], list[str]]:
    """Which name stands in which column, and the columns that mean nothing here.

    MisuseError for a column that is not in the file or there twice, a name nobody knows or two columns have,
    and a name that is needed and missing.
    """
    allowed = allowed_names(wanted, book)
    refuse_twins(columns, wanted, allowed)
    places: dict[str, int] = {}
    for column, name in wanted.columns.items():
        if column not in columns:
            raise MisuseError(f"the file has no column '{column}'; it has: {', '.join(columns)}")
        if name not in allowed:
            raise MisuseError(f"--map {column}={name}: an import of {wanted.kind} knows: {', '.join(allowed)}")
        places[name] = columns.index(column)
    for place, column in enumerate(columns):
        if column not in wanted.columns and column in allowed:
            places.setdefault(column, place)
    if wanted.kind == "things" and (own := key_column(wanted.about, book)) in columns:
        places.setdefault("key", columns.index(own))
    missing = [name for name in NEEDED[wanted.kind] if name not in places]
    if "id" not in places and "email" not in places:
        missing.insert(0, "id")
    if missing:
        said = " ".join(f"--map COLUMN={name}" for name in missing)
        raise MisuseError(
            f"no column says '{missing[0]}'; the file has: {', '.join(columns)}. Say which is which: {said}"
        )
    if wanted.kind == "contacts" and "consent" in places and not (wanted.basis or wanted.ask):
        raise MisuseError(NO_BASIS)
    return places, [column for place, column in enumerate(columns) if place not in places.values()]


def allowed_names(wanted: Wanted, book: Book) -> list[str]:
    """Every name a column of this kind of file can have."""
    extra = [*event_fields(wanted, book), *person_fields(wanted, book), *record_fields(wanted.kind, wanted.about, book)]
    extra += {"contacts": ["tags"], "sends": ["mail", "class", "topic"]}.get(wanted.kind, [])
    return list(dict.fromkeys([*ABOUT[wanted.kind], *extra]))


def refuse_twins(columns: Sequence[str], wanted: Wanted, allowed: Sequence[str]) -> None:
    """MisuseError for two columns that would both be read as one thing; twins that nobody reads do no harm."""
    for header in dict.fromkeys(columns):
        places = [str(place) for place, column in enumerate(columns, 1) if column == header]
        if len(places) > 1 and (header in wanted.columns or header in allowed):
            where = f"{', '.join(places[:-1])} and {places[-1]}"
            raise MisuseError(f"columns {where} are both called '{header}'; rename the one that is not meant")
    for name in dict.fromkeys(wanted.columns.values()):
        mapped = [f"{column}={name}" for column, one in wanted.columns.items() if one == name]
        if len(mapped) > 1:
            raise MisuseError(f"--map {' and --map '.join(mapped)}: only one column can say '{name}'")


def check_wanted(wanted: Wanted, book: Book) -> None:
    """MisuseError for what cannot be before any row is read: unknown topics, consent without a basis."""
    check_about(wanted.kind, wanted.about, book)
    unknown = [topic for topic in wanted.topics if topic not in book.topics]
    if unknown:
        raise MisuseError(f"--consent {unknown[0]}: there is no such topic; {meant(unknown[0], book.topics)}")
    if wanted.ask and (mute := next((name for name in wanted.topics if not book.topics[name].confirm), "")):
        raise MisuseError(f"--ask: {NOT_ASKED.format(topic=mute)}")
    if (wanted.topics or wanted.kind == "consents") and not (wanted.basis or wanted.ask):
        raise MisuseError(NO_BASIS)
    if wanted.delivered_after and (wanted.kind != "orders" or DELIVERED not in book.catalogue.events):
        raise MisuseError("--delivered-after goes with orders, and needs the event order.delivered in the catalogue")


def span(length: Length) -> timedelta:
    """A length as elapsed time; a date counts as 24 hours."""
    return timedelta(seconds=length.seconds) if length.elapsed else timedelta(days=length.days or 0)
