"""One `apply` in one transaction: files, versions, moves, renames, and whom to look at because of it."""

from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import field
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, and_, delete, exists, func, insert, or_, select, update

from nurture.model.book import Applied, Book, Move
from nurture.model.event import CONSENT_REFUSED, PERSON_TAGGED, THEME_SPARED
from nurture.model.renaming import SEQUENCE, THEME, TOPIC, flattened
from nurture.model.values import dataclass
from nurture.store import files, installation, rebuild, save
from nurture.store.codec import decoded, micros, words_of
from nurture.store.database import Database
from nurture.store.effects import length_text
from nurture.store.state_codec import firings_of
from nurture.store.switches import wake_inside
from nurture.store.tables import (
    AGENDA,
    CONSENT,
    ENROLMENT,
    EVENT,
    MESSAGE,
    MOVE,
    PERSON,
    REASON,
    RENAMED,
    SWITCH,
    TASK,
    VERSION,
    WEBHOOK,
)

BUCKETS = 1024  # of `database.bucket`
STATE, TAGS = PERSON.c.state, PERSON.c.tags
OF_SEQUENCES = (ENROLMENT, MESSAGE, REASON, TASK, WEBHOOK, SWITCH, VERSION, MOVE)


class Superseded(Exception):
    """Decisions were taken by a book in whose place another was applied: take the newest book and decide again."""


def refuse_superseded(connection: Connection, book: Book) -> None:
    """Raises Superseded when another book was applied since this one was read; one of the working tree never is."""
    if book.application and book.application != files.newest_application(connection):
        raise Superseded("another book was applied meanwhile")


class Outdated(Exception):
    """What an apply was planned on has moved: another apply came between, or somebody reached a step that is gone."""


@dataclass(frozen=True, slots=True)
class Applying:
    """What is to become live, as the engine decided it.

    `same` are sequences whose file changed and whose meaning did not. `moves` say by sequence how people come to its
    new version, also for one that is dropped. `empty` are places (sequence, version, step) where nobody may stand when
    this is written. `after` is the number of the `apply` that the plan saw. `everybody`: whether all people are to be
    looked at, and not only those inside the sequences that changed.
    """

    files: Mapping[str, bytes]
    sequences: Mapping[str, str]
    live: Collection[str]
    now: datetime
    who: str = ""
    commit: str = ""
    same: Collection[str] = ()
    lineages: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    renames: Collection[tuple[str, str, str]] = ()
    moves: Mapping[str, Move] = field(default_factory=dict)
    empty: Collection[tuple[str, int, str]] = ()
    after: int = 0
    everybody: bool = True
    applied: Mapping[str, Applied] = field(default_factory=dict)


def write(connection: Connection, applying: Applying) -> files.Change:
    """Make it live. Raises Outdated, and writes nothing, when the plan no longer holds."""
    _refuse_outdated(connection, applying)
    first = applying.after == 0
    for kind, old, new in applying.renames:
        _carry_over(connection, kind, old, new)
    change = files.save_files(
        connection, applying.files, applying.sequences, applying.live, applying.now, applying.who, applying.commit,
        same=applying.same, lineages=applying.lineages, applied=applying.applied,
    )  # fmt: skip
    number = files.newest_application(connection)
    _keep_renames(connection, applying.renames, number)
    for name, move in applying.moves.items():
        row = {"sequence": name, "version": move.version, "at": micros(move.at), "application": number}
        mine = (MOVE.c.sequence == name, MOVE.c.version == move.version)
        connection.execute(delete(MOVE).where(*mine))
        connection.execute(insert(MOVE), row | {"due_now": move.due_now, "spread": length_text(move.spread)})
        wake_inside(connection, name, applying.now)
    if first:
        save.move_watermark(connection, applying.now)
    if applying.everybody:
        rebuild.wake_everybody(connection, applying.now)
    return change


def _refuse_outdated(connection: Connection, applying: Applying) -> None:
    if files.newest_application(connection) != applying.after:
        raise Outdated("somebody else applied files meanwhile")
    for name, version, step in applying.empty:
        standing = select(ENROLMENT.c.person).where(
            ENROLMENT.c.sequence == name, ENROLMENT.c.version == version, ENROLMENT.c.step == step,
            ENROLMENT.c.ended_at.is_(None),
        )  # fmt: skip
        if connection.execute(standing.limit(1)).first() is not None:
            raise Outdated(f"somebody came to {step} of {name} meanwhile")


def _keep_renames(connection: Connection, renames: Collection[tuple[str, str, str]], number: int) -> None:
    """The table of former names, each leading to the one of today; written anew, since older ones lead further now."""
    known: Mapping[str, Mapping[str, str]] = files.renamed(connection)
    if not renames:
        return
    for kind, old, new in renames:
        known = flattened(known, kind, old, new)
    connection.execute(delete(RENAMED))
    rows = [
        {"kind": kind, "old": old, "new": new, "application": number}
        for kind, names in known.items()
        for old, new in names.items()
    ]
    if rows:
        connection.execute(insert(RENAMED), rows)


def _carry_over(connection: Connection, kind: str, old: str, new: str) -> None:
    """History follows a rename: what has columns, at once; what is in flight of people follows as they are read."""
    if kind == SEQUENCE:
        for table in OF_SEQUENCES:
            connection.execute(update(table).where(table.c.sequence == old).values(sequence=new))
    elif kind == TOPIC:
        _consents(connection, old, new)
        connection.execute(update(MESSAGE).where(MESSAGE.c.topic == old).values(topic=new))
    elif kind == THEME:
        connection.execute(update(MESSAGE).where(MESSAGE.c.theme == old).values(theme=new))


def _consents(connection: Connection, old: str, new: str) -> None:
    """Answers under a former name count for the topic of today; where both were given, a refusal stands."""
    both = CONSENT.alias()
    same = and_(both.c.person == CONSENT.c.person, both.c.address == CONSENT.c.address)
    refused = exists().where(same, both.c.topic == old, both.c.given.is_(False))
    answered = exists().where(same, both.c.topic == new)
    connection.execute(update(CONSENT).where(CONSENT.c.topic == new, refused).values(given=False))
    connection.execute(delete(CONSENT).where(CONSENT.c.topic == old, answered))
    connection.execute(update(CONSENT).where(CONSENT.c.topic == old).values(topic=new))


def standing(connection: Connection) -> dict[tuple[str, int], dict[str | None, int]]:
    """How many stand where: by sequence and version, the steps with their head counts."""
    asked = (
        select(ENROLMENT.c.sequence, ENROLMENT.c.version, ENROLMENT.c.step, func.count())
        .where(ENROLMENT.c.ended_at.is_(None))
        .group_by(ENROLMENT.c.sequence, ENROLMENT.c.version, ENROLMENT.c.step)
    )
    found: dict[tuple[str, int], dict[str | None, int]] = {}
    for name, version, step, count in connection.execute(asked):
        found.setdefault((name, version), {})[step] = int(count)
    return found


def settling(connection: Connection, until: datetime) -> Counter[str]:
    """Of whom it is not asked yet whether they start, by sequence: what came settles, at the latest at `until`.

    Everybody of them is on the agenda by then, so that few states are read.
    """
    soon = exists().where(AGENDA.c.person == PERSON.c.id, AGENDA.c.due_at <= micros(until))
    rows = connection.execute(select(STATE).where(soon, STATE.contains('"firings"'))).scalars()
    firings = (firing for text in rows for firing in firings_of(decoded(text)))
    return Counter(sequence for sequence, parked in firings if not parked)


def people_on(
    connection: Connection,
    places: Collection[tuple[str, int, str | None]],
    due_until: Mapping[tuple[str, int, str | None], datetime] | None = None,
) -> list[str]:
    """The ids, ascending, of all who stand on one of these steps; of a step in `due_until` only those due by then."""
    limits = due_until or {}
    found: set[str] = set()
    for place in places:
        name, version, step = place
        asked = select(ENROLMENT.c.person).where(
            ENROLMENT.c.sequence == name,
            ENROLMENT.c.version == version,
            ENROLMENT.c.ended_at.is_(None),
            ENROLMENT.c.step.is_(None) if step is None else ENROLMENT.c.step == step,
        )
        if place in limits:
            asked = asked.where(or_(ENROLMENT.c.due_at.is_(None), ENROLMENT.c.due_at <= micros(limits[place])))
        found.update(connection.execute(asked).scalars())
    return sorted(found)


def refusals(connection: Connection, topics: Collection[str]) -> int:
    """How many refused a topic, under any of its names; also what has arrived and was not looked at yet."""
    asked = select(CONSENT.c.person).where(CONSENT.c.topic.in_(topics), CONSENT.c.given.is_(False)).distinct()
    return len({*connection.execute(asked).scalars(), *_arrived(connection, CONSENT_REFUSED, topics)})


def spared(connection: Connection, themes: frozenset[str]) -> int:
    """How many are spared a theme, under any of its names; asked only when one is dropped: it reads all people."""
    named = _naming(connection, STATE, themes)
    known = (person for person, text in named if not themes.isdisjoint(decoded(text).get("spared", ())))
    return len({*known, *_arrived(connection, THEME_SPARED, themes)})


def tagged(connection: Connection, tags: frozenset[str]) -> int:
    """How many carry a tag, under any of its names; asked only when one is dropped: it reads all people."""
    known = (person for person, text in _naming(connection, TAGS, tags) if not words_of(text).isdisjoint(tags))
    return len({*known, *_arrived(connection, PERSON_TAGGED, tags)})


def _naming(connection: Connection, column: Any, words: Collection[str]) -> Iterator[tuple[str, str]]:
    """Who has one of these names in a column, whatever it is the name of, and the column's text."""
    rows = connection.execute(select(PERSON.c.id, column).where(_named(column, words)))
    return ((person, text) for person, text in rows)


def _arrived(connection: Connection, event: str, words: Collection[str]) -> set[str]:
    """Who was told such an event that names one of these and that no decision has taken in yet."""
    coming = EVENT.join(PERSON, PERSON.c.id == EVENT.c.person)
    new = or_(EVENT.c.number > PERSON.c.decided_number, EVENT.c.known_at > PERSON.c.decided_until)
    asked = select(EVENT.c.person).select_from(coming).where(EVENT.c.name == event, new, _named(EVENT.c.fields, words))
    return set(connection.execute(asked).scalars())


def _named(column: Any, words: Collection[str]) -> Any:
    return or_(*(column.contains(f'"{word}"', autoescape=True) for word in words))


@dataclass(frozen=True, slots=True)
class Applications:
    """What was applied and who stands where, as the engine asks for it; `remember` keeps the store's newest mark."""

    database: Database
    remember: Callable[[installation.Mark], None]

    def apply(self, applying: Applying) -> files.Change:
        """Make it live in one transaction that counts as a commit. Raises Outdated when the plan no longer holds."""
        with self.database.writing(durable=True) as connection:
            change = write(connection, applying)
            mark = installation.count_on(connection)
        self.remember(mark)
        return change

    def save_files(
        self,
        given: Mapping[str, bytes],
        sequences: Mapping[str, str],
        live: Collection[str],
        now: datetime,
        who: str = "",
        commit: str = "",
    ) -> files.Change:
        """Keep files and nothing else; see `files.save_files`."""
        with self.database.writing() as connection:
            change = files.save_files(connection, given, sequences, live, now, who, commit)
            mark = installation.count_on(connection)
        self.remember(mark)
        return change

    def load_files(self) -> files.Files:
        """The newest applied files and versions; empty when nothing was applied yet."""
        with self.database.reading() as connection:
            return files.load_files(connection)

    def files_of(self, application: int) -> dict[str, bytes]:
        """Every file as it stood in an `apply`."""
        with self.database.reading() as connection:
            return files.files_of(connection, application)

    def at(self, moment: datetime) -> tuple[int, datetime] | None:
        """The `apply` that was live at an instant, and when it was made; None before the first."""
        with self.database.reading() as connection:
            return files.application_at(connection, moment)

    def standing(self) -> dict[tuple[str, int], dict[str | None, int]]:
        """How many stand where: by sequence and version, the steps with their head counts."""
        with self.database.reading() as connection:
            return standing(connection)

    def settling(self, until: datetime) -> Counter[str]:
        """Of how many it is not asked yet whether they start, by sequence; see `settling`."""
        with self.database.reading() as connection:
            return settling(connection, until)

    def people_on(
        self,
        places: Collection[tuple[str, int, str | None]],
        due_until: Mapping[tuple[str, int, str | None], datetime] | None = None,
    ) -> list[str]:
        """The ids, ascending, of all who stand on one of these steps; see `people_on`."""
        with self.database.reading() as connection:
            return people_on(connection, places, due_until)

    def some_people(self, most: int, of: int) -> list[str]:
        """About so many of all ids, chosen by hash; all where there are no more."""
        asked = select(PERSON.c.id).order_by(PERSON.c.id)
        if of > most:
            asked = asked.where(PERSON.c.bucket < max(1, BUCKETS * most // of)).limit(most)
        with self.database.reading() as connection:
            return list(connection.execute(asked).scalars())

    def refusals(self, topics: Collection[str]) -> int:
        """How many refused a topic, under any of its names."""
        with self.database.reading() as connection:
            return refusals(connection, topics)

    def spared(self, themes: frozenset[str]) -> int:
        """How many are spared a theme, under any of its names."""
        with self.database.reading() as connection:
            return spared(connection, themes)

    def tagged(self, tags: frozenset[str]) -> int:
        """How many carry a tag, under any of its names."""
        with self.database.reading() as connection:
            return tagged(connection, tags)

    def ever_versioned(self, name: str) -> bool:
        """Whether a sequence of that name was ever applied, and not renamed since."""
        with self.database.reading() as connection:
            return connection.execute(select(VERSION.c.version).where(VERSION.c.sequence == name)).first() is not None
