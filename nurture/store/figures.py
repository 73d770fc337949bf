"""Figures for `status` and `doctor`: every question is answered from an index, however many people there are.

What `status` counts is counted up to a number (`up_to`): so it is quick whatever lies in the store.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, func, select

from nurture.model.book import Book
from nurture.model.event import Event
from nurture.model.mail import Fate
from nurture.model.sequence import Sequence
from nurture.model.values import dataclass
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
    MAIL_DAY,
    MESSAGE,
    PERSON,
    PLANNED,
    SILENCE,
    VERSION,
    WEBHOOK,
)
from nurture.store.up_to import MORE, MOST, counted, first, together
from nurture.store.webhooks import HANDED as CALL_HANDED
from nurture.store.webhooks import PLANNED as CALL_PLANNED

Version = tuple[str, int]
MOST_CLASSED = 10_000  # mails of one day that are told apart by class; of more only the fates are counted


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
        found = {one: self._number(counted(inside_of(*one))) for one in wanted}
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
        found = {lane: self._number(counted(waiting_in(lane))) for lane in self._lanes()}
        return {lane: number for lane, number in found.items() if number}

    def _lanes(self) -> Iterator[int]:
        """The lanes in which anything waits, each found by one look at the index."""
        lane = -1
        while rows := self._rows(next_lane(lane)):
            lane = int(rows[0][0])
            yield lane

    def later(self, now: datetime) -> tuple[tuple[str, int, datetime], ...]:
        """Waiting mails that are put off, by what of our own pace put them off (empty: their readers' hours).

        How many, and until when the first of them is. Of more than `MOST` in a lane those that go first are told.
        """
        found: dict[str, tuple[int, int]] = {}
        for lane in self._lanes():
            for because, number, until in self._rows(put_off_in(lane, now)):
                before, earliest = found.get(because, (0, until))
                found[because] = together(before, int(number)), min(earliest, until)
        return tuple((because, number, instant(until)) for because, (number, until) in sorted(found.items()))

    def lying(self) -> dict[Fate, int]:
        """How many mails are on their way, and how many ended otherwise than accepted or cancelled."""
        found = {fate: self._number(counted(ended_as(fate))) for fate in (Fate.in_doubt, Fate.refused, Fate.unknown)}
        return {Fate.handed: self._number(counted(on_the_way())), **found}

    def calls_to_answer(self) -> int:
        """How many calls of other systems have no answer yet."""
        return self._number(counted(unanswered()))

    def fitting(self, book: Book, sequence: Sequence) -> dict[str, int]:
        """How many people, by zone, can fit the start of a sequence by what stands in columns: never too few."""
        with self.database.reading() as connection:
            return {zone: crowds.fitting_in(connection, book, sequence, zone) for zone in zones_of(connection)}

    def countries(self) -> tuple[str, ...]:
        """The countries that people were said to live in, as they were told."""
        with self.database.reading() as connection:
            found = {country for zone in zones_of(connection) for country in crowds.countries_of(connection, zone)}
        return tuple(sorted(found - {""}))

    def held_up_to(self) -> dict[str, int]:
        """How many mails are held until a person releases them, by cause; no more than `MOST` of them are looked at."""
        some = first(select(HELD.c.because))
        asked = select(some.c.because, func.count()).group_by(some.c.because).order_by(some.c.because)
        found = {because: int(number) for because, number in self._rows(asked)}
        stopped = sum(found.values()) > MOST
        return {"several causes": MORE} if stopped and len(found) > 1 else found

    def overdue(self, now: datetime) -> int:
        """How many entries of the agenda are due and were not looked at."""
        return self._number(counted(overdue(now)))

    def gone_since(self, since: datetime) -> tuple[dict[str, int], dict[Fate, int]] | None:
        """Mails whose hand-over began since an instant: by class and by fate; None for more than `MOST`.

        No classes for more than 10,000.
        """
        begun_ = self._rows(begun(since))
        if not begun_:
            return {}, {}
        (oldest,) = begun_[0]
        number, exceptional = self._number(counted(members(oldest))), self._number(counted(excepted(since)))
        if MORE in (number, exceptional):
            return None
        fates = Counter({_of_batch(status): int(number) for status, number in self._rows(sizes(oldest))})
        for status, fate, number in self._rows(exceptions(since, oldest)):
            fates[_of_batch(status)] -= int(number)
            fates[Fate(fate)] += int(number)
        left = {fate: number for fate, number in fates.items() if number}
        if number > MOST_CLASSED:
            return {}, left
        return {class_: int(number) for class_, number in self._rows(by_class(oldest))}, left

    def accepted_on(self, day: date) -> int:
        """How many mails providers took on a day (UTC), as they were counted when they did."""
        taken = (MAIL_DAY.c.day == day.toordinal(), MAIL_DAY.c.what == Fate.accepted.value)
        return self._number(select(func.sum(MAIL_DAY.c.count)).where(*taken))

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
    """Those who are inside one version."""
    return select(ENROLMENT.c.version).where(*_runs(sequence, version))


def overdue(now: datetime) -> Select[Any]:
    """What lies behind of the agenda."""
    return select(AGENDA.c.due_at).where(AGENDA.c.due_at <= micros(now))


def next_lane(after: int) -> Select[Any]:
    """The next lane in which a mail waits."""
    return select(PLANNED.c.lane).where(PLANNED.c.lane > after).order_by(PLANNED.c.lane).limit(1)


def waiting_in(lane: int) -> Select[Any]:
    """What waits in a lane."""
    return select(PLANNED.c.lane).where(PLANNED.c.lane == lane)


def put_off_in(lane: int, now: datetime) -> Select[Any]:
    """What waits in a lane for a later instant, by cause: how many, and the earliest."""
    later = select(PLANNED.c.because, PLANNED.c.due_at).where(PLANNED.c.lane == lane, PLANNED.c.due_at > micros(now))
    some = first(later.order_by(PLANNED.c.due_at))
    return select(some.c.because, func.count(), func.min(some.c.due_at)).group_by(some.c.because)


def ended_as(fate: Fate) -> Select[Any]:
    """Mails that ended in one way."""
    return select(MESSAGE.c.fate).where(MESSAGE.c.fate == fate.value)


def on_the_way() -> Select[Any]:
    """Mails of batches that were claimed or handed over, and not settled."""
    unfinished = BATCH.c.status.in_((Fate.claimed.value, Fate.handed.value))
    joined = BATCH.join(BATCH_MEMBER, BATCH_MEMBER.c.batch == BATCH.c.id)
    return select(BATCH_MEMBER.c.batch).select_from(joined).where(unfinished)


def unanswered() -> Select[Any]:
    """Calls that are to be made, or on their way."""
    return select(WEBHOOK.c.state).where(WEBHOOK.c.state.in_((CALL_PLANNED, CALL_HANDED)))


def last_day_in(event: str, zone: str) -> Select[Any]:
    """The last day of an event in one zone."""
    return select(func.max(SILENCE.c.last_day)).where(SILENCE.c.event == event, SILENCE.c.zone == zone)


def begun(since: datetime) -> Select[Any]:
    """The first batch whose hand-over began since an instant; later ones have higher numbers."""
    claimed = select(BATCH.c.id).where(BATCH.c.claimed_at >= micros(since))
    return claimed.order_by(BATCH.c.claimed_at, BATCH.c.id).limit(1)


def members(oldest: int) -> Select[Any]:
    """The mails of all batches from a number on."""
    return select(BATCH_MEMBER.c.batch).where(BATCH_MEMBER.c.batch >= oldest)


def sizes(oldest: int) -> Select[Any]:
    """How many mails are in all batches from a number on, by the batch's state."""
    joined = BATCH_MEMBER.join(BATCH, BATCH.c.id == BATCH_MEMBER.c.batch)
    asked = select(BATCH.c.status, func.count()).select_from(joined)
    return asked.where(BATCH_MEMBER.c.batch >= oldest).group_by(BATCH.c.status)


def excepted(since: datetime) -> Select[Any]:
    """Mails that say of themselves since an instant what became of them."""
    some = MESSAGE.c.fate.in_([fate.value for fate in Fate]) & (MESSAGE.c.settled_at >= micros(since))
    return select(MESSAGE.c.fate).where(some)


def exceptions(since: datetime, oldest: int) -> Select[Any]:
    """Those of them that are in a batch from a number on, by the batch's state and by what they say."""
    joined = MESSAGE.join(BATCH_MEMBER, BATCH_MEMBER.c.key == MESSAGE.c.key)
    joined = joined.join(BATCH, BATCH.c.id == BATCH_MEMBER.c.batch)
    some = MESSAGE.c.fate.in_([fate.value for fate in Fate]) & (MESSAGE.c.settled_at >= micros(since))
    asked = select(BATCH.c.status, MESSAGE.c.fate, func.count()).select_from(joined)
    return asked.where(some, BATCH_MEMBER.c.batch >= oldest).group_by(BATCH.c.status, MESSAGE.c.fate)


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
