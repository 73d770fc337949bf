"""Footings: where people stood at some row of their journal, so that older rows can go and replaying begins there.

Taken of people as they stand, within one transaction, and used once all that is older than it may go.
"""

import zlib
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, bindparam, delete, func, select, update

from nurture.model.values import dataclass
from nurture.store.codec import decoded, encoded, instant, micros
from nurture.store.database import bucket, insert_many
from nurture.store.tables import DECISION, FOOTING, MESSAGE, PERSON


@dataclass(frozen=True, slots=True)
class Footing:
    """One person at row `upto` of the journal, taken `at` (UTC).

    `mails` has of each mail that they had by then, in the order in which they were written, what can change later:
    the names of its sequence and topic, and when somebody clicked in it.
    """

    upto: int
    at: datetime
    until: int
    seen: int
    zone: str
    facts: str
    tags: str
    state: str
    mails: tuple[tuple[str, str, int | None], ...]


def used_of(connection: Connection, people: Collection[str]) -> dict[str, Footing]:
    """Those by which replaying begins, by person."""
    names = ("person", "upto", "at", "until", "seen", "standing")
    asked = select(*(FOOTING.c[name] for name in names)).where(FOOTING.c.person.in_(people), FOOTING.c.used)
    found = {}
    for person, upto, at, until, seen, standing in connection.execute(asked):
        zone, facts, tags, state, mails = decoded(zlib.decompress(standing).decode())
        had = tuple([(sequence, topic, clicked) for sequence, topic, clicked in mails])
        found[person] = Footing(upto, instant(at), until, seen, zone, facts, tags, state, had)
    return found


def take(connection: Connection, people: Sequence[str], now: datetime) -> int:
    """Take a footing of each of these who has none that waits to be used; how many were taken."""
    waiting = select(FOOTING.c.person).where(FOOTING.c.person.in_(people), FOOTING.c.used.is_(False))
    has = set(connection.execute(waiting).scalars())
    wanted = sorted(set(people) - has)
    newest = _newest(connection, wanted)
    rows = [_row(row, newest[row[0]], mails, now) for row, mails in _standing(connection, wanted) if row[0] in newest]
    insert_many(connection, FOOTING, rows)
    return len(rows)


def _newest(connection: Connection, people: Sequence[str]) -> dict[str, int]:
    """The newest row of the journal of each."""
    asked = select(DECISION.c.person, func.max(DECISION.c.number)).where(DECISION.c.person.in_(people))
    return {person: int(number) for person, number in connection.execute(asked.group_by(DECISION.c.person))}


def _standing(connection: Connection, people: Sequence[str]) -> list[tuple[Any, list[Any]]]:
    names = ("id", "decided_until", "decided_number", "zone", "facts", "tags", "state")
    rows = connection.execute(select(*(PERSON.c[name] for name in names)).where(PERSON.c.id.in_(people))).all()
    had = select(MESSAGE.c.person, MESSAGE.c.sequence, MESSAGE.c.topic, MESSAGE.c.clicked_at)
    mails: dict[str, list[Any]] = {}
    for person, *mail in connection.execute(had.where(MESSAGE.c.person.in_(people)).order_by(MESSAGE.c.number)):
        mails.setdefault(person, []).append(mail)
    return [(row, mails.get(row[0], [])) for row in rows]


def _row(row: Any, upto: int, mails: list[Any], now: datetime) -> Mapping[str, Any]:
    person, until, seen, zone, facts, tags, state = row
    standing = zlib.compress(encoded([zone, facts, tags, state, mails]).encode())
    return {
        "person": person, "upto": upto, "bucket": bucket(person), "at": micros(now), "until": until, "seen": seen,
        "used": False, "standing": standing,
    }  # fmt: skip


_OLDER = delete(FOOTING).where(FOOTING.c.person == bindparam("of_"), FOOTING.c.upto < bindparam("upto_"))
_NEWEST = select(func.max(DECISION.c.number)).scalar_subquery()  # it stays, or SQLite would count from 1 again
_COVERED = delete(DECISION).where(
    DECISION.c.person == bindparam("of_"), DECISION.c.number <= bindparam("upto_"), DECISION.c.number < _NEWEST
)
_USED = update(FOOTING).where(FOOTING.c.person == bindparam("of_"), FOOTING.c.upto == bindparam("upto_"))


def to_use(connection: Connection, before: int, most: int) -> list[tuple[str, int]]:
    """Person and row of footings that were taken before an instant (microseconds) and not used yet, oldest first."""
    asked = select(FOOTING.c.person, FOOTING.c.upto).where(FOOTING.c.used.is_(False), FOOTING.c.at <= before)
    return [(person, upto) for person, upto in connection.execute(asked.order_by(FOOTING.c.at).limit(most))]


def use(connection: Connection, person: str, upto: int) -> int:
    """From now on replaying begins here: what the journal has of them up to it goes; how many rows that is."""
    of_this = {"of_": person, "upto_": upto}
    went = connection.execute(_COVERED, of_this).rowcount
    connection.execute(_OLDER, of_this)
    connection.execute(_USED.values(used=True), of_this)
    return went
