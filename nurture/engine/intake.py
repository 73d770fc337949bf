"""An import: rows of a CSV file become events about people; bad rows become reasons (language.md 11.10).

Safe to repeat and to interrupt: an event is known by its outside id, and a row without one by the
hash of what it says and how often the file has said it before.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from hashlib import blake2b
from zoneinfo import ZoneInfo

from nurture.decide.clock import Clock, after
from nurture.engine import cells
from nurture.engine.cells import CellError, Reader
from nurture.engine.faults import MisuseError
from nurture.engine.table import Row, Table
from nurture.model import event as names
from nurture.model.book import Book
from nurture.model.catalogue import Field
from nurture.model.event import Event, Origin
from nurture.model.length import Length

KINDS = ("contacts", "orders", "events", "consents", "suppressions", "sends")
ABOUT = ("id", "email", "at", "event", "outside_id", "consent")
NEEDED: dict[str, tuple[str, ...]] = {
    "contacts": (),
    "orders": ("at",),
    "events": ("at", "event"),
    "consents": ("consent",),
    "suppressions": (),
    "sends": ("at", "mail"),
}
DELIVERED = "order.delivered"
MAIL_FIELDS = {name: Field(name, "text") for name in ("mail", "class", "topic", "sequence")}


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the command was asked to do with a file. `fresh` lets events so young start sequences."""

    kind: str
    columns: Mapping[str, str] = field(default_factory=dict)
    delivered_after: Length | None = None
    topics: tuple[str, ...] = ()
    basis: str = ""
    fresh: Length | None = None


@dataclass(frozen=True, slots=True)
class Arrival:
    """What one row says of one person: who they are outside, and the events that follow from it."""

    id: str
    address: str
    events: tuple[Event, ...]


@dataclass(frozen=True, slots=True)
class Rejected:
    """A row that could not be taken in, and why."""

    row: Row
    reason: str


class Intake:
    """The reading of one file: its columns matched to names once, then every row turned into events."""

    def __init__(self, table: Table, wanted: Wanted, book: Book, now: datetime) -> None:
        self.table = table
        self.wanted = wanted
        self.book = book
        self.now = now
        self.zone = ZoneInfo(book.rules.zone)
        self.clock = Clock(self.zone)
        self.seen: Counter[bytes] = Counter()
        self.agreed: set[str] = set()
        self.places, self.ignored = match_columns(table.columns, wanted, book)
        self.event = orders_event(book) if wanted.kind == "orders" else ""
        self.readers = self._readers()
        self.extra = [name for name in self.places if name not in ABOUT]
        self.fresh_from = None if wanted.fresh is None else now - _span(wanted.fresh)

    def _readers(self) -> dict[str, dict[str, Reader]]:
        """For each event a row can be, how its fields are read."""
        catalogue = self.book.catalogue
        if self.wanted.kind == "events":
            return {name: self._fields(fields) for name, fields in catalogue.events.items()}
        if self.wanted.kind == "orders":
            return {self.event: self._fields(catalogue.events.get(self.event, {}))}
        if self.wanted.kind == "sends":
            return {"": self._fields(MAIL_FIELDS)}
        return {"": self._fields(catalogue.person)}

    def _fields(self, fields: Mapping[str, Field]) -> dict[str, Reader]:
        currency = self.book.rules.currency
        return {name: cells.reader(one, currency, self.zone) for name, one in fields.items() if name in self.places}

    def arrivals(self) -> Iterator[tuple[Row, Arrival | Rejected]]:
        """Every row, in order, as what arrived or as a reason."""
        for row in self.table.rows():
            if row.wrong:
                yield row, Rejected(row, row.wrong)
                continue
            try:
                yield row, self.arrival(row.cells)
            except CellError as fault:
                yield row, Rejected(row, str(fault))

    def arrival(self, row: Sequence[str]) -> Arrival:
        """One row; CellError with the reason when it says something that cannot be."""
        id_ = self.cell(row, "id")
        address = self.cell(row, "email")
        if not id_ and not address:
            raise CellError("neither an id nor an address")
        if address:
            address = cells.address(address)
        at = self.moment(row)
        outside = self.cell(row, "outside_id") or self.hashed(row)
        events = tuple(self.events(row, outside, at))
        return Arrival(id_, address, (*self.consent(id_ or address, at), *events))

    def cell(self, row: Sequence[str], name: str) -> str:
        """The text of a named column; empty when the file has none."""
        place = self.places.get(name)
        return row[place].strip() if place is not None else ""

    def moment(self, row: Sequence[str]) -> datetime:
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

    def hashed(self, row: Sequence[str]) -> str:
        """What the row says and how often that was said before: equal rows are events of their own."""
        digest = blake2b("\x1f".join(row).encode("utf-8", "surrogatepass"), digest_size=12).digest()
        self.seen[digest] += 1
        return f"{digest.hex()}-{self.seen[digest]}"

    def events(self, row: Sequence[str], outside: str, at: datetime) -> Iterator[Event]:
        """The events of a row of this kind."""
        kind = self.wanted.kind
        if kind == "contacts":
            facts = self.values(row, "")
            if facts:
                yield self.made(names.PERSON_CHANGED, outside, at, {"facts": facts})
            yield from self.row_consent(row, outside, at)
        elif kind == "consents":
            yield from self.row_consent(row, outside, at)
        elif kind == "suppressions":
            yield self.made(names.SUPPRESSED, outside, at, {"because": "imported"})
        elif kind == "orders":
            yield from self.order(row, outside, at)
        else:
            name = self.cell(row, "event")
            if kind == "events" and name not in self.readers:
                raise CellError(f"there is no event '{name}' in the catalogue" if name else "no event")
            yield self.made(name, outside, at, self.values(row, name))

    def order(self, row: Sequence[str], outside: str, at: datetime) -> Iterator[Event]:
        """An order, and with --delivered-after its delivery so much later."""
        fields = self.values(row, self.event)
        yield self.made(self.event, outside, at, fields)
        if self.wanted.delivered_after is None:
            return
        there = after(at, self.wanted.delivered_after, self.clock)
        known = {name: value for name, value in fields.items() if name in self.book.catalogue.events[DELIVERED]}
        yield self.made(DELIVERED, outside, there, known)

    def row_consent(self, row: Sequence[str], outside: str, at: datetime) -> Iterator[Event]:
        """The topics in the column `consent`; one behind a minus sign is refused."""
        topics = cells.words(self.cell(row, "consent"))
        unknown = [topic for topic in topics if topic.lstrip("-") not in self.book.topics]
        if unknown:
            raise CellError(f"there is no topic '{unknown[0].lstrip('-')}' in topics.yaml")
        given = tuple(topic for topic in topics if not topic.startswith("-"))
        refused = tuple(topic[1:] for topic in topics if topic.startswith("-"))
        if given:
            yield self.made(names.CONSENT_GIVEN, outside, at, {"topics": given, "basis": self.wanted.basis})
        if refused:
            yield self.made(names.CONSENT_REFUSED, outside, at, {"topics": refused})

    def consent(self, who: str, at: datetime) -> Iterator[Event]:
        """--consent: once for each person of the file."""
        if self.wanted.topics and who not in self.agreed:
            self.agreed.add(who)
            fields = {"topics": self.wanted.topics, "basis": self.wanted.basis}
            yield self.made(names.CONSENT_GIVEN, f"{who} {' '.join(self.wanted.topics)}", at, fields)

    def values(self, row: Sequence[str], name: str) -> dict[str, object]:
        """The typed fields of an event, or facts of a person; empty cells say nothing."""
        found = {}
        for field_name, read in self.readers[name].items():
            text = row[self.places[field_name]].strip()
            if text:
                try:
                    found[field_name] = read(text)
                except CellError as fault:
                    raise CellError(f"{field_name}: {fault}") from None
        return found

    def made(self, name: str, outside: str, at: datetime, fields: Mapping[str, object]) -> Event:
        """An event of this import; what is still to come is known when it comes."""
        fresh = self.fresh_from is not None and at >= self.fresh_from
        return Event(f"{name} {outside}", name, at, max(at, self.now), 0, fields, Origin.imported, outside, fresh)


def orders_event(book: Book) -> str:
    """The event that the catalogue calls an order."""
    if book.catalogue.orders is None:
        raise MisuseError("the catalogue does not say which event is an order: add  orders: {from: order.placed}")
    return book.catalogue.orders.event


def match_columns(columns: Sequence[str], wanted: Wanted, book: Book) -> tuple[dict[str, int], list[str]]:
    """Which name stands in which column, and the columns that mean nothing here.

    MisuseError for a column that is not in the file, a name nobody knows, and a name that is needed and missing.
    """
    allowed = allowed_names(wanted, book)
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
    missing = [name for name in NEEDED[wanted.kind] if name not in places]
    if "id" not in places and "email" not in places:
        missing.insert(0, "id")
    if missing:
        said = " ".join(f"--map COLUMN={name}" for name in missing)
        raise MisuseError(
            f"no column says '{missing[0]}'; the file has: {', '.join(columns)}. Say which is which: {said}"
        )
    return places, [column for place, column in enumerate(columns) if place not in places.values()]


def allowed_names(wanted: Wanted, book: Book) -> list[str]:
    """Every name a column of this kind of file can have."""
    catalogue = book.catalogue
    extra: Mapping[str, object] = catalogue.person if wanted.kind == "contacts" else {}
    if wanted.kind == "orders":
        extra = catalogue.events.get(orders_event(book), {})
    if wanted.kind == "events":
        extra = {name: None for fields in catalogue.events.values() for name in fields}
    if wanted.kind == "sends":
        extra = MAIL_FIELDS
    return [*ABOUT, *(name for name in extra if name not in ABOUT)]


def check_wanted(wanted: Wanted, book: Book) -> None:
    """MisuseError for what cannot be before any row is read: unknown topics, consent without a basis."""
    unknown = [topic for topic in wanted.topics if topic not in book.topics]
    if unknown:
        raise MisuseError(f"--consent {unknown[0]}: there is no such topic; there are: {', '.join(book.topics)}")
    if (wanted.topics or wanted.kind == "consents") and not wanted.basis:
        raise MisuseError("consent needs --basis: on what ground did they agree, such as 'ticked the box at checkout'")
    if wanted.delivered_after and (wanted.kind != "orders" or DELIVERED not in book.catalogue.events):
        raise MisuseError("--delivered-after goes with orders, and needs the event order.delivered in the catalogue")


def _span(length: Length) -> timedelta:
    return timedelta(seconds=length.seconds) if length.elapsed else timedelta(days=length.days or 0)
