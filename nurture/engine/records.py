"""Imports of things and numbers: what a row says of somebody's subscription, or of their week (language.md 3)."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from hashlib import blake2b
from itertools import islice

from nurture.engine import cells
from nurture.engine.cells import CellError
from nurture.engine.faults import MisuseError
from nurture.language.names import did_you_mean
from nurture.model.book import Book
from nurture.model.catalogue import Field
from nurture.model.event import NUMBERS_TOLD, THING_CHANGED, THING_REMOVED
from nurture.store.open import Store
from nurture.store.rows import AnyRow, EventRow
from nurture.store.told import Things, Who, things_told

CHUNK = 500  # rows that are compared with the store at a time


def record_fields(kind: str, about: str, book: Book) -> Mapping[str, Field]:
    """The fields of the thing or numbers that a file is about; none for other kinds of file."""
    if kind == "things" and about in book.catalogue.things:
        return book.catalogue.things[about].fields
    if kind == "numbers" and about in book.catalogue.numbers:
        return book.catalogue.numbers[about].fields
    return {}


def check_about(kind: str, about: str, book: Book) -> None:
    """MisuseError for a thing or numbers that the catalogue does not have."""
    known = {"things": book.catalogue.things, "numbers": book.catalogue.numbers}.get(kind)
    if known is not None and about not in known:
        there = f"the catalogue knows: {', '.join(known) or 'none; say so in the catalogue first'}"
        option = "--thing" if kind == "things" else "--numbers"
        raise MisuseError(f"{option} {about}: {did_you_mean(about, known, there)}")


def key_column(about: str, book: Book) -> str:
    """The column that names a thing where none is called `key`: the field that does so in the catalogue."""
    thing = book.catalogue.things.get(about)
    return thing.key if thing is not None and thing.key not in ("id", "email") else "key"


def thing_row(
    common: dict[str, object], about: str, key: str, removed: str, given: dict[str, object], now: datetime
) -> EventRow:
    """One thing of one person, or that it is no more. What is told again is sorted out before."""
    if not key:
        raise CellError(f"no key: which {about} is it?")
    gone = bool(removed) and cells.yes_no(removed)
    words = (str(common["outside_id"]), str(common["address"]), about, key, now.isoformat(), str(common["line"]))
    fields: dict[str, object] = {"thing": about, "key": key} | ({} if gone else {"fields": given})
    return EventRow(
        **common, name=THING_REMOVED if gone else THING_CHANGED, at=now, fields=fields,  # type: ignore[arg-type]
        id=blake2b("\x1f".join(words).encode(), digest_size=8).hexdigest(),
    )  # fmt: skip


def numbers_row(common: dict[str, object], about: str, given: dict[str, object], at: datetime) -> EventRow:
    """The numbers of one person, told at that moment; told again they are the same event."""
    if not given:
        raise CellError("no numbers")
    return EventRow(**common, name=NUMBERS_TOLD, at=at, fields={"numbers": about, "fields": given})  # type: ignore[arg-type]


class Unchanged:
    """Sorts out rows of things that say what is known already; `count` is how many there were."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.count = 0
        self._known: dict[Who, Things] = {}

    def without(self, rows: Iterator[AnyRow]) -> Iterator[AnyRow]:
        """The rows that change something; what an earlier row of the file said counts as known."""
        while some := list(islice(rows, CHUNK)):
            new = [who for row in some if (who := (row.outside_id, row.address)) not in self._known]
            told = things_told(self.store, new)
            self._known |= {who: told.get(who, {}) for who in new}
            for row in some:
                if isinstance(row, EventRow) and not self._changes(row):
                    self.count += 1
                else:
                    yield row

    def _changes(self, row: EventRow) -> bool:
        things = self._known[(row.outside_id, row.address)]
        which = (str(row.fields["thing"]), str(row.fields["key"]))
        if row.name == THING_REMOVED:
            return things.pop(which, None) is not None
        known, given = things.get(which), row.fields["fields"]
        if not isinstance(given, Mapping):
            return True
        things[which] = {**(known or {}), **given}
        return things[which] != known
