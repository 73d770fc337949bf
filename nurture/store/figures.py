"""Figures for `status` and `doctor`: every question is answered from an index, however many people there are."""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, func, select

from nurture.model.book import Book
from nurture.model.event import Event
from nurture.model.mail import Fate
from nurture.model.sequence import Sequence
from nurture.store import crowds
from nurture.store.codec import event_of, instant, maybe_instant, micros, values_of
from nurture.store.database import PAGE, Database
from nurture.store.files import inhabited
from nurture.store.load import EVENT_COLUMNS
from nurture.store.outbox_rows import SETTLED
from nurture.store.projections import zones_of
from nurture.store.tables import (
    AGENDA,
    APPLICATION,
    BATCH,
    BATCH_MEMBER,
    ENROLMENT,
    EVENT,
    HELD,
    MESSAGE,
    PERSON,
    PLANNED,
    SILENCE,
    VERSION,
)

Version = tuple[str, int]
MOST_CLASSED = 100_000  # mails of one day that are told apart by class; of more only the fates are counted


@dataclass(frozen=True, slots=True)
class Application:
    """The newest `apply`: when (UTC) and by whom."""

    at: datetime
    who: str


@dataclass(frozen=True, slots=True)
class Figures:
    """Questions about a store as a whole; nothing is written."""

    database: Database

    def application(self) -> Application | None:
        """The newest `apply`; None before the first."""
        asked = select(APPLICATION.c.at, APPLICATION.c.who).order_by(APPLICATION.c.id.desc()).limit(1)
        row = self._rows(asked)
        return Application(instant(row[0][0]), row[0][1]) if row else None

    def versions(self) -> list[Version]:
        """Every version of every sequence that was ever applied."""
        return [(name, number) for name, number in self._rows(select(VERSION.c.sequence, VERSION.c.version))]

    def inside(self, wanted: Iterable[Version]) -> dict[Version, int]:
        """How many are inside each of these versions; those in which nobody is are left out."""
        found = {one: self._number(inside_of(*one)) for one in wanted}
        return {one: number for one, number in found.items() if number}

    def inhabited(self, wanted: Collection[Version]) -> set[Version]:
        """Those of these versions in which anybody is, without counting them."""
        return {one for one in wanted if self._rows(select(ENROLMENT.c.version).where(*_runs(*one)).limit(1))}

    def inhabited_versions(self) -> set[Version]:
        """All versions in which anybody is; read from an index."""
        with self.database.reading() as connection:
            return inhabited(connection)

    def anybody_started(self, sequence: str, since: datetime) -> bool:
        """Whether anybody came into a sequence since an instant (UTC); read from an index."""
        asked = select(ENROLMENT.c.person).where(ENROLMENT.c.sequence == sequence)
        return bool(self._rows(asked.where(ENROLMENT.c.started_at >= micros(since)).limit(1)))

    def ever_inside(self, names: Collection[str]) -> Iterator[list[str]]:
        """The ids, ascending, of all who were ever inside a sequence, which had these names, in pages."""
        last = ""
        while page := [row[0] for row in self._rows(entered_after(names, last))]:
            yield page
            last = page[-1]

    def ever_inside_count(self, names: Collection[str]) -> int:
        """How many those are."""
        people = func.count(ENROLMENT.c.person.distinct())
        return self._number(select(people).where(ENROLMENT.c.sequence.in_(sorted(names))))

    def waiting_by_lane(self) -> dict[int, int]:
        """How many mails wait to be claimed, by lane: 0 is service, the others follow the classes' order."""
        asked = select(PLANNED.c.lane, func.count()).group_by(PLANNED.c.lane).order_by(PLANNED.c.lane)
        return {int(lane): int(number) for lane, number in self._rows(asked)}

    def fitting(self, book: Book, sequence: Sequence) -> dict[str, int]:
        """How many people, by zone, can fit the start of a sequence by what stands in columns: never too few."""
        with self.database.reading() as connection:
            return {zone: crowds.fitting_in(connection, book, sequence, zone) for zone in zones_of(connection)}

    def countries(self) -> tuple[str, ...]:
        """The countries that people were said to live in, as they were told."""
        with self.database.reading() as connection:
            found = {country for zone in zones_of(connection) for country in crowds.countries_of(connection, zone)}
        return tuple(sorted(found - {""}))

    def held_by_cause(self) -> dict[str, int]:
        """How many mails are held until a person releases them, by cause."""
        asked = select(HELD.c.because, func.count()).group_by(HELD.c.because).order_by(HELD.c.because)
        return {because: int(number) for because, number in self._rows(asked)}

    def overdue(self, now: datetime) -> int:
        """How many entries of the agenda are due and were not looked at."""
        return self._number(overdue(now))

    def gone_since(self, since: datetime) -> tuple[dict[str, int], dict[Fate, int]]:
        """Mails whose hand-over began since an instant: by class and by fate; no classes for more than 100,000."""
        batches = {number: _of_batch(status) for number, status in self._rows(begun(since))}
        if not batches:
            return {}, {}
        first, fates = min(batches), Counter[Fate]()
        for batch, number in self._rows(sizes(first)):
            fates[batches.get(batch, Fate.claimed)] += int(number)  # one that was claimed between two questions
        for batch, fate, number in self._rows(exceptions(since, first)):
            fates[batches.get(batch, Fate.claimed)] -= int(number)
            fates[Fate(fate)] += int(number)
        left = {fate: number for fate, number in fates.items() if number}
        if sum(left.values()) > MOST_CLASSED:
            return {}, left
        return {class_: int(number) for class_, number in self._rows(by_class(first))}, left

    def newest_events(self, limit: int) -> list[Event]:
        """The events that arrived last, the newest first."""
        asked = select(*EVENT_COLUMNS).order_by(EVENT.c.number.desc()).limit(limit)
        return [event_of(row) for row in self._rows(asked)]

    def newest_known(self) -> datetime | None:
        """When the event that arrived last was known."""
        rows = self._rows(select(EVENT.c.known_at).order_by(EVENT.c.number.desc()).limit(1))
        return maybe_instant(rows[0][0]) if rows else None

    def last_day(self, event: str) -> date | None:
        """The last day, on the reader's clock, on which an event happened to anybody; taken in by a tick."""
        with self.database.reading() as connection:
            zones = zones_of(connection)
        days = [self._number(last_day_in(event, zone)) for zone in zones]
        return date.fromordinal(max(days)) if any(days) else None

    def zones_told(self, limit: int) -> list[tuple[str, str]]:
        """Id and `zone` fact of those among the first `limit` people who have one, as they were told."""
        asked = select(PERSON.c.id, PERSON.c.facts).order_by(PERSON.c.id).limit(limit)
        told = ((id_, values_of(facts).get("zone")) for id_, facts in self._rows(asked) if '"zone"' in facts)
        return [(id_, zone) for id_, zone in told if isinstance(zone, str)]

    def _rows(self, asked: Select[Any]) -> list[Any]:
        with self.database.reading() as connection:
            return list(connection.execute(asked))

    def _number(self, asked: Select[Any]) -> int:
        return int(self._rows(asked)[0][0] or 0)


def _of_batch(status: str) -> Fate:
    return Fate.accepted if status == SETTLED else Fate(status)


def _runs(sequence: str, version: int) -> tuple[ColumnElement[bool], ...]:
    return ENROLMENT.c.sequence == sequence, ENROLMENT.c.version == version, ENROLMENT.c.ended_at.is_(None)


def inside_of(sequence: str, version: int) -> Select[Any]:
    """How many are inside one version."""
    return select(func.count()).select_from(ENROLMENT).where(*_runs(sequence, version))


def overdue(now: datetime) -> Select[Any]:
    """How much of the agenda lies behind."""
    return select(func.count()).select_from(AGENDA).where(AGENDA.c.due_at <= micros(now))


def last_day_in(event: str, zone: str) -> Select[Any]:
    """The last day of an event in one zone."""
    return select(func.max(SILENCE.c.last_day)).where(SILENCE.c.event == event, SILENCE.c.zone == zone)


def begun(since: datetime) -> Select[Any]:
    """Batches whose hand-over began since an instant, and their states; later ones have higher numbers."""
    first = select(BATCH.c.id).where(BATCH.c.claimed_at >= micros(since)).order_by(BATCH.c.claimed_at, BATCH.c.id)
    return select(BATCH.c.id, BATCH.c.status).where(BATCH.c.id >= first.limit(1).scalar_subquery())


def sizes(first: int) -> Select[Any]:
    """How many mails are in each batch from a number on."""
    asked = select(BATCH_MEMBER.c.batch, func.count()).where(BATCH_MEMBER.c.batch >= first)
    return asked.group_by(BATCH_MEMBER.c.batch)


def exceptions(since: datetime, first: int) -> Select[Any]:
    """Those of their mails that say something else of themselves; found by their fate."""
    joined = MESSAGE.join(BATCH_MEMBER, BATCH_MEMBER.c.key == MESSAGE.c.key)
    some = MESSAGE.c.fate.in_([fate.value for fate in Fate]) & (MESSAGE.c.settled_at >= micros(since))
    asked = select(BATCH_MEMBER.c.batch, MESSAGE.c.fate, func.count()).select_from(joined)
    return asked.where(some, BATCH_MEMBER.c.batch >= first).group_by(BATCH_MEMBER.c.batch, MESSAGE.c.fate)


def by_class(first: int) -> Select[Any]:
    """The mails of all batches from a number on, by class."""
    joined = BATCH_MEMBER.join(MESSAGE, MESSAGE.c.key == BATCH_MEMBER.c.key)
    asked = select(MESSAGE.c.class_, func.count()).select_from(joined)
    return asked.where(BATCH_MEMBER.c.batch >= first).group_by(MESSAGE.c.class_)


def entered_after(names: Collection[str], last: str) -> Select[Any]:
    """The next page behind `last`: the table as it lies, since by an index of sequences each page would sort it all."""
    unindexed = ENROLMENT.c.sequence + ""
    these = select(ENROLMENT.c.person).where(ENROLMENT.c.person > last, unindexed.in_(sorted(names)))
    return these.distinct().order_by(ENROLMENT.c.person).limit(PAGE)
