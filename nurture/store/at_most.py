"""`at_most`: above so many people whom a sequence starts in a day, mails wait until somebody was asked (4.1, 5.13).

The core cannot know how many others start; so whoever is above goes through the sequence like all, and their mails
are held as they are decided, in the same transaction. `nurture release` lets them go.
"""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, delete, func, insert, select

from nurture.model.book import Book
from nurture.store import installation
from nurture.store.beside import Turn, in_turn
from nurture.store.codec import instant, micros
from nurture.store.local import opening
from nurture.store.page import Rows
from nurture.store.page_writes import write
from nurture.store.tables import DECLARATION, ENROLMENT, HELD, PLANNED

_DAY = timedelta(days=1)


def because_of(name: str) -> str:
    """Why a mail is held, as `status` shows it."""
    return f"at_most of {name}"


def keep(connection: Connection, rows: Rows, now: datetime, horizon: int, book: Book | None) -> None:
    """Write a page of decisions (`page_writes.write`), and hold what is above `at_most` of its sequence."""
    write(connection, rows, now, horizon)
    if book is not None:
        hold(connection, rows.planned, rows.messages, book, now)


def hold(connection: Connection, planned: Sequence[Mapping[str, Any]], mails: Sequence[Mapping[str, Any]], book: Book,
         now: datetime) -> int:  # fmt: skip
    """Take out of the queue what was just decided for people above `at_most`; how many mails."""
    limited = {name: one.at_most for name, one in book.sequences.items() if one.at_most is not None}
    waiting = {row["key"]: row for row in planned}
    held = 0
    for name, most in limited.items():
        own = [mail for mail in mails if mail["sequence"] == name and mail["key"] in waiting]
        if own:
            in_turn(connection, Turn.counting_starts)
        keys = _above(connection, book, name, most, own) if own else []
        if keys:
            rows = [waiting[key] for key in keys]
            connection.execute(delete(PLANNED).where(PLANNED.c.key.in_(keys)))
            connection.execute(insert(HELD), [_held(row, name, now) for row in rows])
            held += len(keys)
    return held


def _held(row: Mapping[str, Any], name: str, now: datetime) -> dict[str, Any]:
    kept = {column: row[column] for column in ("key", "lane", "due_at", "bucket", "alike")}
    return {**kept, "because": because_of(name), "since": micros(now)}


def _above(
    connection: Connection, book: Book, name: str, most: int, mails: Sequence[Mapping[str, Any]]
) -> list[str]:  # fmt: skip
    asked = select(ENROLMENT.c.person, ENROLMENT.c.subject, ENROLMENT.c.started_at).where(
        ENROLMENT.c.sequence == name, ENROLMENT.c.person.in_({mail["person"] for mail in mails})
    )
    started = {(person, subject): at for person, subject, at in connection.execute(asked)}
    released = _released_until(connection, name)
    firsts: dict[date, tuple[int, str] | None] = {}
    found = []
    for mail in mails:
        at = started.get((mail["person"], mail["subject"]))
        if at is None or at <= released:
            continue
        day = instant(at).astimezone(ZoneInfo(book.rules.zone)).date()
        if day not in firsts:
            firsts[day] = _first_above(connection, name, most, day, ZoneInfo(book.rules.zone))
        first = firsts[day]
        if first is not None and (at, mail["person"]) >= first:
            found.append(mail["key"])
    return found


def _first_above(connection: Connection, name: str, most: int, day: date, zone: ZoneInfo) -> tuple[int, str] | None:
    """The first of a day, by when they started and then by id, who is one too many."""
    begins, ends = (micros(opening(one, time(0), zone)) for one in (day, day + _DAY))
    started = (ENROLMENT.c.started_at >= begins, ENROLMENT.c.started_at < ends)
    asked = select(ENROLMENT.c.started_at, ENROLMENT.c.person).where(ENROLMENT.c.sequence == name, *started)
    row = connection.execute(asked.order_by(ENROLMENT.c.started_at, ENROLMENT.c.person).offset(most).limit(1)).first()
    return None if row is None else (row[0], row[1])


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
