"""People as they were before each of their decisions, put together again from journal, events and mails."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import field, replace
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Table, select

from nurture.model.decision import Decision
from nurture.model.event import Origin
from nurture.model.person import Person
from nurture.model.renaming import SEQUENCE, TOPIC, Renamed, person_today
from nurture.model.values import dataclass
from nurture.store import files
from nurture.store.basis import Basis, bases
from nurture.store.codec import instant, micros
from nurture.store.database import Database, pages
from nurture.store.footings import Footing, used_of
from nurture.store.journal import NO_DIGEST
from nurture.store.load import EVENT_COLUMNS, Loaded, loaded
from nurture.store.page import Rows
from nurture.store.save import gather
from nurture.store.tables import DECISION, EVENT, MESSAGE, PERSON, REASON

ZoneOf = Callable[[Person], str]
HAD = (
    "key", "sequence", "subject", "step", "mail", "class_", "topic", "due_at", "decided_at", "day", "address", "fate",
    "offered", "clicked_at",
)  # fmt: skip
"""What a mail is read with, in the order of `load.message_of`."""
_SEQUENCE, _TOPIC, _DECIDED, _FATE, _CLICKED = (HAD.index(name) for name in
                                                ("sequence", "topic", "decided_at", "fate", "clicked_at"))  # fmt: skip
NEVER_LEFT = "cancelled"  # a fate of which the core knows only that it is one of `load.NOT_HAD`


@dataclass(frozen=True, slots=True)
class Entry:
    """A row of the journal: one decision, or (without a digest) something that no decision wrote."""

    number: int
    at: int
    since: int
    upto: int
    mails: int
    gone: str
    basis: int
    digest: bytes

    @property
    def moment(self) -> datetime:
        """Up to when it was decided (UTC)."""
        return instant(self.at)


@dataclass(frozen=True, slots=True)
class Past:
    """What is kept of one person: the journal, every event, the mails with their numbers, and how they stand now.

    `footing` is where the journal begins, when older rows of it went.
    """

    person: str
    entries: tuple[Entry, ...]
    events: tuple[Sequence[Any], ...]
    mails: tuple[tuple[int, tuple[Any, ...]], ...]
    state: str
    facts: str
    tags: str
    footing: Footing | None = None

    @property
    def whole(self) -> bool:
        """Whether decisions alone made them what they are, from their first day or from their footing on."""
        return all(entry.digest != NO_DIGEST for entry in self.entries)


@dataclass(slots=True)
class Retold:
    """One person between two decisions, as the store had them: texts, and mails by key."""

    past: Past
    state: str = "{}"
    facts: str = "{}"
    tags: str = "[]"
    zone: str = ""
    until: int = 0
    number: int = 0
    own: dict[str, list[Any]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        stood = self.past.footing
        if stood is None:
            return
        self.state, self.facts, self.tags, self.zone = stood.state, stood.facts, stood.tags, stood.zone
        self.until, self.number = stood.until, stood.seen
        for (_, stored), (sequence, topic, clicked) in zip(self.past.mails, stood.mails, strict=False):
            mail = list(stored)
            mail[_SEQUENCE], mail[_TOPIC], mail[_CLICKED] = sequence, topic, clicked
            self.own[stored[0]] = mail

    def as_read(self, entry: Entry, renamed: Renamed) -> Loaded:
        """As they were read for a decision, under the names of that day."""
        row = (self.past.person, self.until, self.number, self.zone, self.facts, self.tags, self.state)
        events = [event for event in self.past.events if event[0] <= entry.upto]
        found = loaded(row, events, self._mails(entry, renamed), entry.at, entry.since, entry.upto)
        return replace(found, person=person_today(found.person, renamed))

    def _mails(self, entry: Entry, renamed: Renamed) -> list[list[Any]]:
        """The mails they had by then, the first `entry.mails` that were ever written, in the order of reading."""
        seen = sorted(self.past.mails[: entry.mails], key=lambda one: (one[1][_DECIDED], one[0]))
        gone = {int(place) for place in entry.gone.split()}
        found = []
        for place, (_, stored) in enumerate(seen):
            mail = list(self.own.get(stored[0], stored))
            mail[_SEQUENCE] = renamed.get(SEQUENCE, {}).get(mail[_SEQUENCE], mail[_SEQUENCE])
            mail[_TOPIC] = renamed.get(TOPIC, {}).get(mail[_TOPIC], mail[_TOPIC])
            mail[_FATE] = NEVER_LEFT if place in gone else None
            if stored[0] not in self.own:
                mail[_CLICKED] = None
            found.append(mail)
        return found

    def decided(self, entry: Entry, rows: Rows) -> None:
        """Take on what a decision wrote."""
        person = rows.people[-1]
        self.state, self.facts, self.tags, self.zone = (person[name] for name in ("state", "facts", "tags", "zone"))
        self.until, self.number = entry.at, max(entry.upto, self.number)
        for row in rows.messages:
            self.own[row["key"]] = [row.get(name) for name in HAD]
        for clicked in rows.clicked:
            self._click(clicked["key_"], clicked["clicked_at"])

    def _click(self, key: str, at: int | None) -> None:
        stored = next(mail for _, mail in self.past.mails if mail[0] == key)
        self.own.setdefault(key, [*stored])[_CLICKED] = at


def written(decision: Decision, before: Loaded, zone_of: ZoneOf, classes: Sequence[str]) -> Rows:
    """The rows that a decision writes, as they are digested."""
    return gather([decision], {before.person.id: before}, zone_of, classes, 0)


@dataclass(frozen=True, slots=True)
class Journal:
    """The journal of a store, as the engine asks for it."""

    database: Database

    def people(self, since: datetime | None) -> list[str]:
        """The ids, ascending, of all with a decision since an instant (None: ever)."""
        asked = select(DECISION.c.person).distinct().order_by(DECISION.c.person)
        if since is not None:
            asked = asked.where(DECISION.c.at >= micros(since))
        with self.database.reading() as connection:
            return list(connection.execute(asked).scalars())

    def bases(self) -> dict[int, Basis]:
        """All that was ever decided by, by number."""
        with self.database.reading() as connection:
            return bases(connection)

    def files_then(self, application: int) -> files.Files | None:
        """The files of an `apply` with what was known beside them then; None where that was not kept."""
        with self.database.reading() as connection:
            return files.files_then(connection, application)

    def pasts(self, ids: Sequence[str]) -> list[Past]:
        """What is kept of these people, in the order of their ids."""
        with self.database.reading() as connection:
            return [past for page in pages(sorted(ids)) for past in _pasts(connection, page)]

    def written(self, person: str, entry: Entry) -> list[str]:
        """What stands in the store of one decision, one line each: reasons, mails and own events."""
        with self.database.reading() as connection:
            return list(_written(connection, person, entry))


def _pasts(connection: Connection, ids: Collection[str]) -> Iterator[Past]:
    names = ("number", "at", "since", "upto", "mails", "gone", "basis", "digest")
    columns = [DECISION.c[name] for name in names]
    asked = select(DECISION.c.person, *columns).where(DECISION.c.person.in_(ids)).order_by(DECISION.c.number)
    entries = _by_person(connection.execute(asked))
    known = select(EVENT.c.person, *EVENT_COLUMNS).where(EVENT.c.person.in_(ids)).order_by(EVENT.c.number)
    events = _by_person(connection.execute(known))
    had = select(MESSAGE.c.person, MESSAGE.c.number, *[MESSAGE.c[name] for name in HAD])
    mails = _by_person(connection.execute(had.where(MESSAGE.c.person.in_(ids)).order_by(MESSAGE.c.number)))
    stood = used_of(connection, ids)
    standing = select(PERSON.c.id, PERSON.c.state, PERSON.c.facts, PERSON.c.tags).where(PERSON.c.id.in_(ids))
    for id_, state, facts, tags in connection.execute(standing.order_by(PERSON.c.id)):
        footing = stood.get(id_)
        own = tuple(Entry(*row) for row in entries.get(id_, ()) if footing is None or row[0] > footing.upto)
        letters = tuple((number, tuple(mail)) for number, *mail in mails.get(id_, ()))
        known_of = tuple(
            (*event, id_) for event in events.get(id_, ())
        )  # as `load` reads them: whose they are comes last
        yield Past(id_, own, known_of, letters, state, facts, tags, footing)


def _by_person(rows: Any) -> dict[str, list[tuple[Any, ...]]]:
    found: dict[str, list[tuple[Any, ...]]] = {}
    for person, *row in rows:
        found.setdefault(person, []).append(tuple(row))
    return found


def _written(connection: Connection, person: str, entry: Entry) -> Iterator[str]:
    def of(table: Table, at: ColumnElement[int], *more: ColumnElement[bool]) -> Sequence[Mapping[str, Any]]:
        asked = select(table).where(table.c.person == person, at >= entry.since, at <= entry.at, *more)
        return [dict(row) for row in connection.execute(asked).mappings()]

    own = of(EVENT, EVENT.c.known_at, EVENT.c.origin == Origin.sequence.value)
    mails = of(MESSAGE, MESSAGE.c.decided_at, MESSAGE.c.before.is_(False))
    return lines(of(REASON, REASON.c.at), mails, own)


def lines(
    reasons: Sequence[Mapping[str, Any]], mails: Sequence[Mapping[str, Any]], events: Sequence[Mapping[str, Any]]
) -> Iterator[str]:
    """Rows of a decision in words that can be held against each other."""
    for row in reasons:
        about = " ".join(word for word in (row["sequence"], row["step"], row["words"]) if word)
        yield f"{row['why']} {about}".strip()
    for row in mails:
        yield f"mail {row['mail']} of {row['sequence']}, due {instant(row['due_at']):%Y-%m-%d %H:%M} UTC"
    for row in events:
        yield f"event {row['name']} {row['fields']}"
