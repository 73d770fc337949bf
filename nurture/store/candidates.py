"""Whom to look at: everybody for whom anything can have fallen due in a stretch of time, and few others.

Four sources, none of which costs anything per person at rest (architecture.md 2.2): the agenda of what is
in flight, a moving window over last local days for fixed lapses, a probe by month and day for dates, and for
weeks, broadcasts and feasts the people of a zone at its hour (`crowds`).
"""

from collections.abc import Iterable, Iterator
from datetime import date, datetime, time, timedelta
from typing import Any
from weakref import WeakKeyDictionary

from sqlalchemy import BigInteger, Connection, Select, bindparam, func, literal_column, select

from nurture.model.book import Book
from nurture.model.length import Length
from nurture.model.placing import stage_rules
from nurture.model.sequence import Status
from nurture.model.trigger import DayTrigger, LapseTrigger
from nurture.model.values import dataclass
from nurture.store.codec import instant, micros
from nurture.store.crowds import DAY_START, Crowd, Dates, crowds_of, next_moment
from nurture.store.crowds import crowds as of_zone
from nurture.store.database import ask
from nurture.store.local import clock_of, days_opening, next_opening
from nurture.store.projections import HEARD, ORDERS, zones_of
from nurture.store.tables import AGENDA, DAY_OF, SILENCE

LAPSE_HOUR = time(10, 0)  # language.md 4.2
_DAY = timedelta(days=1)
_YEAR = 366
_LONG = {"month": 30, "year": 365}  # a lapse is counted in dates, as `decide` counts it


@dataclass(frozen=True, slots=True)
class Lapse:
    """A fixed silence: this many dates after the last `event`."""

    event: str
    days: int


@dataclass(frozen=True, slots=True)
class Day:
    """A date of people, so many dates ahead."""

    path: str
    yearly: bool
    lead: int


@dataclass(frozen=True, slots=True, eq=False, weakref_slot=True)
class Watched:
    """What a book makes the store look for, each once however many sequences want it; equal only to itself."""

    lapses: tuple[Lapse, ...]
    days: tuple[Day, ...]
    leap_day: str
    crowds: tuple[Crowd, ...] = ()
    rules: str = ""

    @property
    def hours(self) -> tuple[time, ...]:
        """The local hours at which a scan is due."""
        return ((DAY_START,) if self.days else ()) + ((LAPSE_HOUR,) if self.lapses else ())


_WATCHED: WeakKeyDictionary[Book, Watched] = WeakKeyDictionary()


def watched(book: Book) -> Watched:
    """What the sequences of a book that are not drafts wait for; worked out once for each book."""
    found = _WATCHED.get(book)
    if found is None:
        found = _WATCHED[book] = _watched(book)
    return found


def _watched(book: Book) -> Watched:
    lapses: dict[Lapse, None] = {}
    days: dict[Day, None] = {}
    orders = book.catalogue.orders.event if book.catalogue.orders else None
    for sequence in book.sequences.values():
        for trigger in sequence.start if sequence.status is not Status.draft else ():
            if isinstance(trigger, LapseTrigger) and trigger.length is not None:
                event = ORDERS if trigger.event == orders else trigger.event
                lapses[Lapse(event, _dates(trigger.length))] = None
            elif isinstance(trigger, DayTrigger):
                lead = (trigger.lead.days or 0) if trigger.lead else 0
                days[Day(_path(trigger), trigger.yearly, lead)] = None
    rule = book.rules.silence
    if rule is not None and rule.start in book.sequences:
        lapses[Lapse(HEARD, _dates(rule.at_most))] = None
    return Watched(
        tuple(lapses), tuple(days), book.rules.leap_day, tuple(dict.fromkeys(crowds_of(book))), stage_rules(book)
    )


def _dates(length: Length) -> int:
    return length.days if length.days is not None else length.amount * _LONG.get(length.unit.value, 1)


def _path(trigger: DayTrigger) -> str:
    """The projection's name of a date: `orders.first_at`, `subscription.renews_on`, or the fact's own name."""
    path = trigger.path
    if trigger.per:
        return ".".join(path)
    return ".".join(path[1:]) if path[1:2] == ("orders",) else path[-1]


Buckets = tuple[int, int]
"""The first and the last bucket of the people that one of many workers looks at."""


def within(statement: Select[Any], buckets: Buckets | None) -> Select[Any]:
    """A statement about people without those of other buckets; without buckets it asks for all."""
    if buckets is None:
        return statement
    (whose,) = statement.selected_columns[0].base_columns
    return statement.where(whose.table.c.bucket.between(*buckets))


def candidates(
    connection: Connection, wanted: Watched, since: datetime, until: datetime, buckets: Buckets | None = None
) -> list[str]:
    """The ids, ascending, of all who can have something due in (since, until], and of all overdue."""
    return sorted(_found(connection, probes(connection, wanted, since, until), buckets))


def scanned(
    connection: Connection, wanted: Watched, since: datetime, until: datetime, buckets: Buckets | None = None
) -> list[str]:
    """The ids, ascending, of all for whom a date or a lapse can fall due in (since, until]."""
    return sorted(_found(connection, scans(connection, wanted, since, until), buckets))


def _found(connection: Connection, statements: Iterable[Select[Any]], buckets: Buckets | None) -> set[str]:
    found: set[str] = set()
    for statement in statements:
        found.update(row[0] for row in connection.execute(within(statement, buckets)))
    return found


def very_many(connection: Connection, until: datetime, most: int) -> bool:
    """Whether more than so many rows of the agenda are due by then; no more of them than that are looked at."""
    return int(ask(connection, _DUE, until=micros(until), some=most + 1)[0][0]) > most


_FIRST_DUE = select(AGENDA.c.person).where(AGENDA.c.due_at <= bindparam("until")).limit(bindparam("some")).subquery()
_DUE = select(func.count()).select_from(_FIRST_DUE)
_NEXT = select(func.min(AGENDA.c.due_at)).where(AGENDA.c.due_at > bindparam("after"))


def overdue_after(
    connection: Connection, until: datetime, after: str, limit: int, buckets: Buckets | None = None
) -> list[str]:
    """The ids, ascending, of the next so many behind `after` whose agenda is due by then.

    It walks the table as it lies, which sorts nothing: a million people never stand in memory at once.
    """
    unindexed = literal_column("+agenda.due_at", BigInteger)  # else it would be found by due_at, and sorted whole
    due = select(AGENDA.c.person).where(AGENDA.c.person > after, unindexed <= micros(until)).distinct()
    return list(connection.execute(within(due, buckets).order_by(AGENDA.c.person).limit(limit)).scalars())


def fell_due(connection: Connection, after: datetime, until: datetime, limit: int) -> list[str]:
    """The ids, ascending, of up to so many whose agenda has something due in (after, until]."""
    due = select(AGENDA.c.person).where(AGENDA.c.due_at > micros(after), AGENDA.c.due_at <= micros(until))
    return sorted(connection.execute(due.distinct().limit(limit)).scalars())


def probes(connection: Connection, wanted: Watched, since: datetime, until: datetime) -> Iterator[Select[Any]]:
    """The statements that find them; on a quiet tick only the agenda's."""
    yield select(AGENDA.c.person).where(AGENDA.c.due_at <= micros(until))
    yield from scans(connection, wanted, since, until)


def scans(connection: Connection, wanted: Watched, since: datetime, until: datetime) -> Iterator[Select[Any]]:
    """Those of them that look for dates and lapses."""
    if not wanted.lapses and not wanted.days:
        return
    for name in zones_of(connection):
        zone = clock_of(name)
        lapsing = days_opening(zone, LAPSE_HOUR, since, until) if wanted.lapses else None
        starting = days_opening(zone, DAY_START, since, until) if wanted.days else None
        if lapsing:
            for lapse in wanted.lapses:
                yield _silent(name, lapse, *lapsing)
        if starting:
            for day in wanted.days:
                ahead = timedelta(days=day.lead)
                yield _dated(name, day, starting[0] + ahead, starting[1] + ahead, wanted.leap_day)


def crowds(
    connection: Connection, book: Book, since: datetime, until: datetime, dates: Dates | None
) -> Iterator[Select[Any]]:
    """The statements that find all whom a week, a broadcast or a feast concerns, of which there may be very many."""
    wanted = watched(book)
    if not wanted.crowds:
        return
    for zone in zones_of(connection):
        yield from of_zone(connection, book, wanted.rules, wanted.crowds, zone, since, until, dates)


def _silent(zone: str, lapse: Lapse, first: date, last: date) -> Select[Any]:
    return select(SILENCE.c.person).where(
        SILENCE.c.event == lapse.event,
        SILENCE.c.zone == zone,
        SILENCE.c.last_day.between(first.toordinal() - lapse.days, last.toordinal() - lapse.days),
    )


def _dated(zone: str, day: Day, first: date, last: date, leap_day: str) -> Select[Any]:
    these = select(DAY_OF.c.person).where(DAY_OF.c.path == day.path, DAY_OF.c.zone == zone)
    if (last - first).days < _YEAR:
        these = these.where(DAY_OF.c.month_day.in_(sorted(month_days(first, last, leap_day))))
    if not day.yearly:
        these = these.where((DAY_OF.c.year == 0) | DAY_OF.c.year.between(first.year, last.year))
    return these


def month_days(first: date, last: date, leap_day: str) -> set[int]:
    """The days of the year in a stretch, as month * 100 + day; 29 February where the house rule puts it."""
    found: set[int] = set()
    for ordinal in range(first.toordinal(), last.toordinal() + 1):
        day = date.fromordinal(ordinal)
        found.add(day.month * 100 + day.day)
        if (leap_day == "feb-28" and (day + _DAY).month == 3 and day.month == 2) or (
            leap_day == "mar-1" and (day.month, day.day) == (3, 1)
        ):
            found.add(229)
    return found


def next_agenda(connection: Connection, after: datetime) -> datetime | None:
    """The next instant later than `after` for which anybody stands in the agenda."""
    due = ask(connection, _NEXT, after=micros(after))[0][0]
    return None if due is None else instant(due)


def next_scan(zones: Iterable[str], wanted: Watched, after: datetime) -> datetime | None:
    """The next instant at which anything falls due by the clock of some zone; None when nothing waits for it.

    Until that instant has come the answer stays what it is, and is kept: it is asked for after every tick.
    """
    these = tuple(zones)
    known = _NEXT_SCANS.get(wanted)
    if known is None or known[0] != these or after < known[1] or (known[2] is not None and after >= known[2]):
        known = _NEXT_SCANS[wanted] = (these, after, _next_scan(these, wanted, after))
    return known[2]


_NEXT_SCANS: WeakKeyDictionary[Watched, tuple[tuple[str, ...], datetime, datetime | None]] = WeakKeyDictionary()


def _next_scan(zones: Iterable[str], wanted: Watched, after: datetime) -> datetime | None:
    clocks = [clock_of(zone) for zone in zones]
    hours = (next_opening(zone, hour, after) for zone in clocks for hour in wanted.hours)
    moments = (next_moment(crowd, zone, after) for zone in clocks for crowd in wanted.crowds)
    return min((moment for moment in (*hours, *moments) if moment is not None), default=None)
