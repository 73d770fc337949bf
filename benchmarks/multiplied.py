"""A lived store many times over, in SQL: everybody of it again under other ids, spread as real ones are.

The first of everybody stay byte for byte as they were lived. Of the copies ids, buckets, keys and addresses are their
own, and whatever names one of these says the new one; times, reasons and texts are those of the original. Rows that
come in the order of arrival lie as they would: the same event of all copies together, one person's far apart. A copy
cannot be replayed, since its journal holds no digest; `nurture rebuild` has nothing to say of it.
"""

# ruff: noqa: S608 - every name that is put into a statement is one of our own tables or columns

import re
import sqlite3
from bisect import bisect_right
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from hashlib import sha256
from pathlib import Path

from sqlalchemy import String

from nurture.decide.keys import key_for
from nurture.model.book import Book
from nurture.model.bucket import bucket
from nurture.store.tables import METADATA

ROUNDS = 8  # of a repeat: no lived sample has more
NUMBERED = ("event", "message", "reason", "decision", "happening", "batch", "code")
OF_PERSON = (
    "person", "outside_id", "address", "consent", "silence", "day_of", "agenda", "enrolment", "task", "webhook",
    "planned", "held", "draft", "batch_member", "footing",
)  # fmt: skip
NAMES = {("outside_id", "value"), ("code", "code")}  # unique, and no more than a name
SPACE = 1 << 32
NAMED = re.compile(r"\b(?:[0-9a-f]{64}|[0-9a-f]{24}|[A-Z]{2,8}-[A-Z0-9]{8})\b|@shop\.example")
EVENT, KEY = 24, 64  # digits of the id of an event that came in, and of a key
INDEXES = "SELECT name, sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL"
CACHE = 1_500_000  # kilobytes of the file in memory while it is built

Piece = Callable[[int], str]


@dataclass(slots=True)
class Naming:
    """What everything of a copy is called; the originals are copy 0. `places` numbers people and events."""

    copies: int
    project: str
    places: dict[str, int] = field(default_factory=dict)
    people: int = 0
    events: int = 0
    last_event: int = 0
    codes: set[str] = field(default_factory=set)
    keys: dict[str, tuple[str, str, str]] = field(default_factory=dict)
    kept: dict[str, list[str | Piece]] = field(default_factory=dict)

    def person(self, old: str, copy: int) -> str:
        """Ids ascend from copy to copy, and within one as those of the originals do: so they are written in order."""
        place = copy * self.people + self.places[old]
        return f"p{place * SPACE // (self.people * self.copies):08x}{old[9:]}"

    def event(self, old: str, copy: int) -> str:
        """Ids ascend with the order of arrival."""
        place = self.places[old] * self.copies + copy
        return f"{place * SPACE // (self.events * self.copies):08x}{old[8:]}"

    def key(self, old: str, copy: int) -> str:
        """The send key of a copy, as `decide` works it out; of another key one as long."""
        known = self.keys.get(old)
        if known is None:
            return sha256(f"{old}.{copy}".encode()).hexdigest()
        person, subject, rest = known
        subject = self.told(subject, copy)
        return sha256(f"{self.project}\x1f{self.person(person, copy)}{rest.format(subject)}".encode()).hexdigest()

    def told(self, text: str, copy: int) -> str:
        """A text in which everything is called as in the copy."""
        pieces = self.kept.get(text)
        if pieces is None:
            pieces = self.kept[text] = list(self._pieces(text))
        return "".join([one if type(one) is str else one(copy) for one in pieces])  # type: ignore[operator]

    def names(self, text: str | None) -> bool:
        """Whether a text names anything that is called otherwise in a copy."""
        return bool(text) and any(self._piece(found.group()) for found in NAMED.finditer(text or ""))

    def _pieces(self, text: str) -> Iterator[str | Piece]:
        end = 0
        for found in NAMED.finditer(text):
            if (piece := self._piece(found.group())) is not None:
                yield text[end : found.start()]
                yield piece
                end = found.end()
        yield text[end:]

    def _piece(self, word: str) -> Piece | None:
        if word.startswith("@"):
            return lambda copy: f".{copy}{word}"
        if word in self.codes:
            return lambda copy: f"{word}.{copy}"
        if len(word) == EVENT:
            return partial(self.event, word) if word in self.places else None
        return partial(self.key, word) if len(word) == KEY else None


def multiply(file: Path, copies: int, book: Book) -> None:
    """Everybody of a SQLite store so many times over, themselves included. Nobody else may have it open."""
    with built(file) as connection:
        naming = named(connection, copies, book)
        give_functions(connection, naming)
        connection.execute("CREATE TEMP TABLE place (person TEXT PRIMARY KEY, place INTEGER)")
        people = connection.execute("SELECT id FROM person").fetchall()
        connection.executemany("INSERT INTO place VALUES (?, ?)", [(who, naming.places[who]) for (who,) in people])
        connection.execute("CREATE TEMP TABLE copy (copy INTEGER PRIMARY KEY)")
        connection.executemany("INSERT INTO copy VALUES (?)", [(copy,) for copy in range(1, copies)])
        connection.execute("UPDATE mail_day SET count = count * ?", (copies,))
        renumber_batches(connection, copies)
        for table in (*OF_PERSON, *NUMBERED):
            multiply_table(connection, table, naming)


def give_functions(connection: sqlite3.Connection, naming: Naming) -> None:
    """What a statement asks of `naming`, and how many events had arrived by a number."""
    arrived = [number for (number,) in connection.execute("SELECT number FROM event ORDER BY number")]
    given: tuple[tuple[str, Callable[..., str | int], int], ...] = (
        ("told", naming.told, 2),
        ("names", naming.names, 1),
        ("bucket_of", bucket, 1),
        ("arrived", partial(bisect_right, arrived), 1),
    )
    for name, function, values in given:
        connection.create_function(name, values, function, deterministic=True)


def renumber_batches(connection: sqlite3.Connection, copies: int) -> None:
    """Leave room for the copies of each batch: later ones have higher numbers, whosever they are."""
    for table, name in (("batch", "id"), ("batch_member", "batch")):
        connection.execute(f'UPDATE "{table}" SET "{name}" = -"{name}" * {copies}')
        connection.execute(f'UPDATE "{table}" SET "{name}" = -"{name}"')


def named(connection: sqlite3.Connection, copies: int, book: Book) -> Naming:
    """All names of the originals."""
    naming = Naming(copies, book.rules.project)
    people = sorted(person for (person,) in connection.execute("SELECT id FROM person"))
    events = [event for (event,) in connection.execute("SELECT id FROM event ORDER BY number")]
    naming.people, naming.events = len(people), len(events)
    naming.places = {name: place for some in (people, events) for place, name in enumerate(some)}
    naming.last_event = one(connection, "SELECT max(number) FROM event")
    naming.codes = {code for (code,) in connection.execute("SELECT code FROM code")}
    lived = connection.execute("SELECT DISTINCT person, sequence, subject FROM enrolment").fetchall()
    for person, name, subject in lived:
        sequence = book.sequences[name]
        for node in sequence.nodes.values():
            step, lineage = node.step, sequence.lineage or sequence.name
            step_lineage = step.lineage or step.id
            for round_ in range(ROUNDS):
                rest = f"\x1f{lineage}\x1f{{}}\x1f{step_lineage}\x1f{round_}"
                naming.keys[key_for(book, person, sequence, subject, step, round_)] = (person, subject, rest)
    return naming


@contextmanager
def built(file: Path) -> Iterator[sqlite3.Connection]:
    """A connection that writes with no way back; indexes are made at the end, which sorts once."""
    connection = sqlite3.connect(file, isolation_level=None)
    for pragma in ("journal_mode=OFF", "synchronous=OFF", "locking_mode=EXCLUSIVE", f"cache_size=-{CACHE}"):
        connection.execute(f"PRAGMA {pragma}")
    found = connection.execute(
        "SELECT name, sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL"
    ).fetchall()
    for name, _ in found:
        connection.execute(f'DROP INDEX "{name}"')
    connection.execute("BEGIN")
    yield connection
    connection.execute("COMMIT")
    for _, words in found:
        connection.execute(words)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.close()


def multiply_table(connection: sqlite3.Connection, table: str, naming: Naming) -> None:
    """The rows of all copies. Those of people copy after copy, ascending; those that are counted row after row."""
    columns = [column.name for column in METADATA.tables[table].columns]
    who = "id" if table == "person" else "person" if "person" in columns else None
    texts = [name for name in columns if name != who and is_text(METADATA.tables[table].c[name].type)]
    flags = "".join(f', names("{name}") AS "_{name}"' for name in texts)
    place = f'(SELECT place FROM place WHERE person = t."{who}")' if who else "0"
    counted = table in NUMBERED
    order = f't."{columns[0]}"' if counted or who is None else place
    connection.execute(f'CREATE TEMP TABLE s AS SELECT t.*, {place} AS _place{flags} FROM "{table}" t ORDER BY {order}')
    last = one(connection, f'SELECT max("{columns[0]}") FROM "{table}"') if counted else 0
    flagged = {name for name in texts if one(connection, f'SELECT max("_{name}") FROM s')}
    values = [value_of(table, name, who, name in flagged, last, naming) for name in columns]
    names = ", ".join(f'"{name}"' for name in columns)
    nested = "s CROSS JOIN copy c" if counted else "copy c CROSS JOIN s"
    connection.execute(f'INSERT INTO "{table}" ({names}) SELECT {", ".join(values)} FROM {nested}')
    connection.execute("DROP TABLE temp.s")


def is_text(type_: object) -> bool:
    """Whether a column holds text; SQLModel wraps the type."""
    return isinstance(getattr(type_, "impl", type_), String)


def one(connection: sqlite3.Connection, asked: str) -> int:
    """The one number that a question answers; 0 for nothing."""
    return int(connection.execute(asked).fetchone()[0] or 0)


def value_of(table: str, name: str, who: str | None, flagged: bool, last: int, naming: Naming) -> str:
    """A column of a copy, in SQL."""
    more = naming.copies - 1
    place = f"(c.copy * {naming.people} + s._place) * {SPACE} / {naming.people * naming.copies}"
    made = f"'p' || printf('%08x', {place}) || substr(s.\"{who}\", 10)"
    person = f"CASE WHEN s._place IS NULL THEN '' ELSE {made} END"
    if name == who:
        return person
    if name == "bucket":
        return f"bucket_of({person})" if who else "s.bucket"
    if table == "batch" and name == "id":
        return "s.id + c.copy"
    if table in NUMBERED and name in ("number", "id") and not (table == "event" and name == "id"):
        return f"{last} + (s.rowid - 1) * {more} + c.copy"
    if (table, name) in {("person", "decided_number"), ("decision", "upto"), ("agenda", "number"), ("footing", "seen")}:
        return f'CASE WHEN s."{name}" = 0 THEN 0 ELSE {naming.last_event} + arrived(s."{name}") * {more} END'
    if (table, name) == ("batch_member", "batch"):
        return "s.batch + c.copy"
    if name == "digest":
        return "x''"
    if (table, name) in NAMES:
        return f'CASE WHEN s."{name}" IS NULL THEN NULL ELSE s."{name}" || \'.\' || c.copy END'
    if flagged:
        return f'CASE WHEN s."_{name}" THEN told(s."{name}", c.copy) ELSE s."{name}" END'
    return f's."{name}"'
