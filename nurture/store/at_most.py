"""`at_most`: above so many people whom a sequence starts in a day, mails wait until somebody was asked (4.1, 5.13).

The core cannot know how many others start; so whoever is above goes through the sequence like all, and their mails
are held as they are decided, in the same transaction. `nurture release` lets them go.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, delete, func, insert, select, tuple_

from nurture.model.book import Book
from nurture.store import installation
from nurture.store.beside import Turn, in_turn
from nurture.store.codec import instant, micros
from nurture.store.installation import read_mark
from nurture.store.local import opening
from nurture.store.page import Rows
from nurture.store.page_writes import write
from nurture.store.tables import DECLARATION, ENROLMENT, HELD, PLANNED

_DAY = timedelta(days=1)
Start = tuple[int, str]
"""When a person started and who: the order in which people of a day are counted."""


@dataclass(slots=True)
class Place:
    """The first of a day who is one too many; while there is none, how many started.

    Whoever started `twice` at that instant stands in more than one place: it is counted anew then.
    """

    first: Start | None
    count: int
    twice: bool = False


@dataclass(slots=True)
class Places:
    """How far a store has counted, so that a page is added to the pages before it: else each would walk them again.

    What is known holds while nobody else commits: every transaction that writes enrolments counts on in the
    installation. `known` is by sequence, limit and the instants between which its day lies.
    """

    known: dict[tuple[str, int, int, int], Place] = field(default_factory=dict)
    counter: int = -1
    looked_at: int = -1

    def look(self, connection: Connection) -> None:
        """Forget what another's commit can have moved; within the transaction of a page."""
        self.looked_at = read_mark(connection).counter
        if self.looked_at != self.counter:
            self.known.clear()
        self.counter = -1  # until the page is committed: what falls back leaves nothing behind

    def stand(self, counter: int) -> None:
        """The page was committed as this one, and nobody else committed in between."""
        if self.looked_at >= 0:
            self.counter, self.looked_at = (counter if counter == self.looked_at + 1 else -1), -1


def because_of(name: str) -> str:
    """Why a mail is held, as `status` shows it."""
    return f"at_most of {name}"


def keep(
    connection: Connection, rows: Rows, now: datetime, horizon: int, book: Book | None, places: Places
) -> None:  # fmt: skip
    """Write a page of decisions (`page_writes.write`), and hold what is above `at_most` of its sequence."""
    write(connection, rows, now, horizon)
    if book is not None:
        hold(connection, rows, book, now, places)
    else:
        places.known.clear()


def hold(connection: Connection, rows: Rows, book: Book, now: datetime, places: Places) -> int:
    """Take out of the queue what was just decided for people above `at_most`; how many mails."""
    limited = {name: one.at_most for name, one in book.sequences.items() if one.at_most is not None}
    if not limited:
        places.known.clear()
        return 0
    waiting = {row["key"]: row for row in rows.planned}
    mails = [mail for mail in rows.messages if mail["sequence"] in limited and mail["key"] in waiting]
    if mails:
        in_turn(connection, Turn.counting_starts)
    places.look(connection)
    held = 0
    for name, most in limited.items():
        own = [mail for mail in mails if mail["sequence"] == name]
        _count_in(connection, places, name, rows.started)
        keys = _above(connection, book, name, most, own, places) if own else []
        if keys:
            connection.execute(delete(PLANNED).where(PLANNED.c.key.in_(keys)))
            connection.execute(insert(HELD), [_held(waiting[key], name, now) for key in keys])
            held += len(keys)
    return held


def _held(row: Mapping[str, Any], name: str, now: datetime) -> dict[str, Any]:
    kept = {column: row[column] for column in ("key", "lane", "due_at", "bucket", "alike")}
    return {**kept, "because": because_of(name), "since": micros(now)}


def _above(
    connection: Connection, book: Book, name: str, most: int, mails: Sequence[Mapping[str, Any]], places: Places
) -> list[str]:  # fmt: skip
    asked = select(ENROLMENT.c.person, ENROLMENT.c.subject, ENROLMENT.c.started_at).where(
        ENROLMENT.c.sequence == name, ENROLMENT.c.person.in_({mail["person"] for mail in mails})
    )
    started = {(person, subject): at for person, subject, at in connection.execute(asked)}
    released = _released_until(connection, name)
    firsts: dict[date, Start | None] = {}
    found = []
    for mail in mails:
        at = started.get((mail["person"], mail["subject"]))
        if at is None or at <= released:
            continue
        day = instant(at).astimezone(ZoneInfo(book.rules.zone)).date()
        if day not in firsts:
            firsts[day] = _first_above(connection, name, most, day, ZoneInfo(book.rules.zone), places)
        first = firsts[day]
        if first is not None and (at, mail["person"]) >= first:
            found.append(mail["key"])
    return found


def _first_above(
    connection: Connection, name: str, most: int, day: date, zone: ZoneInfo, places: Places
) -> Start | None:  # fmt: skip
    """The first of a day, by when they started and then by id, who is one too many."""
    begins, ends = (micros(opening(one, time(0), zone)) for one in (day, day + _DAY))
    place = places.known.get((name, most, begins, ends))
    if place is None:
        place = places.known[name, most, begins, ends] = _counted(connection, name, most, begins, ends)
    return place.first


def _counted(connection: Connection, name: str, most: int, begins: int, ends: int) -> Place:
    """The place where nothing is known of it: along the index, up to it."""
    these = (ENROLMENT.c.sequence == name, ENROLMENT.c.started_at >= begins, ENROLMENT.c.started_at < ends)
    asked = select(*_ORDER).where(*these).order_by(*_ORDER)
    row = connection.execute(asked.offset(most).limit(1)).first()
    if row is None:
        return Place(None, int(connection.execute(select(func.count()).select_from(asked.subquery())).scalar_one()))
    first = (row[0], row[1])
    return Place(first, most, _twice(connection, name, first))


def _twice(connection: Connection, name: str, first: Start) -> bool:
    """Whether that person started more than once at that instant, about several things."""
    asked = select(ENROLMENT.c.subject).where(ENROLMENT.c.sequence == name, tuple_(*_ORDER) == tuple_(*first))
    return len(connection.execute(asked.limit(2)).all()) > 1


_ORDER = (ENROLMENT.c.started_at, ENROLMENT.c.person)


def _count_in(connection: Connection, places: Places, name: str, started: Iterable[Mapping[str, Any]]) -> None:
    """Move the places of a sequence on by those whom a page has just started, whose rows are written."""
    new = [(row["started_at"], row["person"]) for row in started if row["sequence"] == name]
    for (of, most, begins, ends), place in list(places.known.items()):
        if of != name:
            continue
        of_day = [one for one in new if begins <= one[0] < ends]
        if place.first is None and place.count + len(of_day) <= most:
            place.count += len(of_day)
        elif place.first is None or (place.twice and of_day):
            places.known[of, most, begins, ends] = _counted(connection, name, most, begins, ends)
        elif before := sum(one < place.first for one in of_day):
            first = _earlier(connection, name, place.first, before)
            places.known[of, most, begins, ends] = Place(first, most, _twice(connection, name, first))


def _earlier(connection: Connection, name: str, first: Start, by: int) -> Start:
    """Who started so many before somebody."""
    before = tuple_(*_ORDER) < tuple_(*first)
    asked = select(*_ORDER).where(ENROLMENT.c.sequence == name, before)
    backwards = asked.order_by(*[column.desc() for column in _ORDER])
    row = connection.execute(backwards.offset(by - 1).limit(1)).one()
    return (row[0], row[1])


def _released_until(connection: Connection, name: str) -> int:
    asked = select(DECLARATION.c.at).where(DECLARATION.c.name == because_of(name))
    return int(connection.execute(asked).scalar() or 0)


def let_go(connection: Connection, sequence: str = "") -> None:
    """Whoever a sequence (none named: any of which something is held) started until now was looked at by a person.

    Nothing more of theirs is held, also of the mails that are still to come.
    """
    causes = connection.execute(select(HELD.c.because).distinct()).scalars().all()
    for name in (cause.removeprefix(because_of("")) for cause in causes if cause.startswith(because_of(""))):
        if sequence in ("", name):
            started = select(func.max(ENROLMENT.c.started_at)).where(ENROLMENT.c.sequence == name)
            last = connection.execute(started).scalar()
            installation.declare(connection, because_of(name), "released", int(last or 0))
