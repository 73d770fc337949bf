"""Rows that were posted to the API become rows of the store, read cell by cell as those of a CSV file are.

There is one reader for what the world tells of people: `intake`. Here JSON only becomes its cells, so that a row means
the same however it came. What is stricter: a field that the catalogue does not have refuses its row, since somebody
can read the answer; and a moment up to five minutes ahead counts as now, since clocks differ.
"""

import json
import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import NamedTuple

from nurture import observe
from nurture.engine import cells
from nurture.engine.cells import CellError
from nurture.engine.intake import ABOUT, Intake, Wanted, allowed_names, person_fields
from nurture.engine.records import Unchanged, key_column
from nurture.engine.table import Row
from nurture.engine.unknown import meant
from nurture.engine.workshop import Workshop
from nurture.model.book import Book
from nurture.store.ingest_once import Once
from nurture.store.rows import AnyRow, ConsentRow, ContactRow, EventRow

KINDS = ("contacts", "events", "things", "numbers", "consents")
SKEW = timedelta(minutes=5)
SAID_BEFORE = "as posted"  # what stands for the basis until each row's own is put in
EVERYTHING = "refuses_everything"
LONGEST = 10_000  # characters of one text: more is no name, no answer and no id


class Verdict(NamedTuple):
    """What became of one row: taken, known or refused, and why it was."""

    row: int
    status: str
    reason: str = ""


@dataclass(slots=True)
class Names:
    """What stands for the columns of a file: every name that a row of this kind may have."""

    columns: Sequence[str] = field(default_factory=list)


class Posting:
    """The reading of one batch of one kind, told `by` somebody.

    `facts`: whether these rows may tell facts of people beside.
    """

    def __init__(self, kind: str, book: Book, now: datetime, by: str, facts: bool = True) -> None:
        self.kind = kind
        self.book = book
        self.now = now
        self.by = by
        self.facts = facts or kind == "contacts"
        self._intakes: dict[str, Intake] = {}
        self._names: dict[str, frozenset[str]] = {}

    def rows(self, number: int, given: Mapping[str, object]) -> list[AnyRow]:
        """What one row says, as rows of the store with its number as their line; CellError with the reason."""
        about = self._about(given)
        intake = self._intake(about)
        said = {name: value for name, value in given.items() if value is not None}
        self._known(said, about)
        self._complete(said)
        texts = {name: text_of(name, value) for name, value in said.items()}
        if self.kind == "things" and "key" not in texts:
            texts["key"] = texts.get(key_column(about, self.book), "")
        row = Row(number, [texts.get(name, "") for name in intake.table.columns], 0)
        refuses = texts.get(EVERYTHING) == "true"
        rows = [] if refuses else intake.rows(row)
        if refuses:
            rows = [self._nothing_more(number, texts, intake.moment(row))]
        if not rows:
            raise CellError("it says nothing: no topic is given or refused")
        return [self._finished(one, texts) for one in rows]

    def _about(self, given: Mapping[str, object]) -> str:
        """Which thing or numbers a row is about."""
        if self.kind not in ("things", "numbers"):
            return ""
        name = "thing" if self.kind == "things" else "numbers"
        known = self.book.catalogue.things if self.kind == "things" else self.book.catalogue.numbers
        about = given.get(name)
        if not isinstance(about, str) or about not in known:
            words = f"'{name}' says which {name}: {', '.join(known) or 'the catalogue has none'}"
            raise CellError(words if about is None else f"the catalogue has no {name} like that; {words}")
        return about

    def _intake(self, about: str) -> Intake:
        if about not in self._intakes:
            wanted = Wanted(self.kind, basis=SAID_BEFORE, about=about, by=self.by)
            columns = Names(list(allowed_names(wanted, self.book)))
            self._intakes[about] = Intake(columns, wanted, self.book, self.now + SKEW)
        return self._intakes[about]

    def _known(self, said: Mapping[str, object], about: str) -> None:
        """CellError for a field that rows like this one do not have."""
        event = str(said.get("event", "")).strip()
        if self.kind == "events" and event not in self.book.catalogue.events:
            return  # the reader of rows says so, in better words
        names = self.names(about, event)
        for name in said:
            if name not in names:
                raise CellError(f"there is no field '{name[:60]}' here; {meant(name, names)}")

    def names(self, about: str = "", event: str = "") -> frozenset[str]:
        """Every name that a row may have: of this thing, these numbers or this event."""
        if (which := about or event) not in self._names:
            self._names[which] = frozenset(self._named(about, event))
        return self._names[which]

    def _named(self, about: str, event: str) -> Iterator[str]:
        wanted = Wanted(self.kind, about=about)
        yield from ABOUT[self.kind]
        if self.kind == "events":
            yield from self.book.catalogue.events.get(event, {})
            yield from person_fields(wanted, self.book) if self.facts else ()
        else:
            yield from allowed_names(wanted, self.book)
        if self.kind in ("things", "numbers"):
            yield "thing" if self.kind == "things" else "numbers"
        if self.kind == "things":
            yield key_column(about, self.book)
        if self.kind in ("contacts", "consents"):
            yield "basis"
        if self.kind == "consents":
            yield EVERYTHING

    def _complete(self, said: Mapping[str, object]) -> None:
        """CellError for a consent without its proof: who agrees, agrees at a time and on a ground."""
        if "consent" in said or self.kind == "consents":
            if "at" not in said:
                raise CellError("a consent needs 'at': when they said so")
            if not str(said.get("basis", "")).strip():
                raise CellError("a consent needs 'basis': on what ground, such as 'ticked the box at checkout'")

    def _nothing_more(self, number: int, texts: Mapping[str, str], at: datetime) -> ConsentRow:
        if texts.get("consent"):
            raise CellError(f"'{EVERYTHING}' stands alone, without 'consent'")
        id_, address = texts.get("id", ""), texts.get("email", "")
        if not id_ and not address:
            raise CellError("neither an id nor an address")
        return ConsentRow(
            line=number, outside_id=id_, address=address, given=False, at=at, basis=SAID_BEFORE, by=self.by,
            wording=texts.get("wording", ""), how=texts.get("how", ""),
        )  # fmt: skip

    def _finished(self, row: AnyRow, texts: Mapping[str, str]) -> AnyRow:
        """A row with its own proof of consent, and of no later time than now."""
        if isinstance(row, ConsentRow):
            row = replace(row, basis=texts.get("basis", ""))
        if isinstance(row, ContactRow | EventRow | ConsentRow) and row.at is not None and row.at > self.now:
            row = replace(row, at=self.now)
        return row


def text_of(name: str, value: object) -> str:
    """A JSON value as the cell that says the same; CellError for what no cell can say."""
    match value:
        case bool():
            return "true" if value else "false"
        case str() if len(value) > LONGEST:
            raise CellError(f"{name}: longer than {LONGEST:,} characters")
        case str() if _HIDDEN.search(value):
            raise CellError(f"{name}: holds a character that cannot be kept")
        case str():
            return value.strip()
        case int() | float():
            return json.dumps(value)
        case {"amount": amount, "currency": currency, **rest} if not rest:
            return f"{text_of(name, amount)} {text_of(name, currency)}"
        case list() if all(isinstance(one, str) for one in value):
            return " ".join(one_word(name, one) for one in value)
        case list() if all(isinstance(one, Mapping) for one in value):
            return json.dumps([line_of(name, one) for one in value], ensure_ascii=False)
    raise CellError(f"{name}: no field has a value of this form")


def line_of(name: str, line: Mapping[str, object]) -> dict[str, object]:
    """One line of an order; its price may be written as money is elsewhere."""
    return {key: one if key == "quantity" else text_of(f"{name}.{key}", one) for key, one in line.items()}


def one_word(name: str, word: str) -> str:
    """One of several words; one with a space or comma in it would be read as two."""
    if cells.words(word) != (word,):
        raise CellError(f"{name}: '{word[:60]}' is not one word")
    return text_of(name, word)


_HIDDEN = re.compile("[\0\ud800-\udfff]")  # what no database keeps: NUL and halves of characters


def take_rows(
    shop: Workshop, book: Book, kind: str, given: Sequence[object], now: datetime, key: str, scopes: Collection[str]
) -> list[Verdict]:
    """Take one batch in, in one transaction; a verdict for each row, in their order. The rows came live.

    `key` is the name of the key that they came with, and `scopes` what it may tell.
    """
    posting = Posting(kind, book, now, f"the API key {key}", facts="contacts" in scopes)
    reasons: dict[int, str] = {}

    def read() -> Iterator[AnyRow]:
        for number, one in enumerate(given):
            try:
                if not isinstance(one, Mapping):
                    raise CellError("a row is an object with names and values")
                yield from posting.rows(number, one)
            except CellError as fault:
                reasons[number] = str(fault)

    def changing() -> Iterable[AnyRow]:
        return Unchanged(shop.store).without(read()) if kind == "things" else read()

    told = Once(shop.store, now).whole(changing)
    reasons |= told.refused
    verdicts = [
        Verdict(number, "refused", reasons[number])
        if number in reasons
        else Verdict(number, "taken" if number in told.new else "known")
        for number in range(len(given))
    ]
    counts = {word: sum(one.status == word for one in verdicts) for word in ("taken", "known", "refused")}
    observe.note(observe.ROWS_POSTED, key=key, kind=kind, **counts)
    return verdicts
