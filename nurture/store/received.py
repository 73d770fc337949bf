"""Posts of the outside world as they came: kept safely before anybody is answered, read afterwards, once or again."""

import json
import zlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256
from typing import Any

from sqlalchemy import Connection, delete, func, select, text, update
from sqlalchemy.exc import OperationalError

from nurture.store.codec import instant, micros
from nurture.store.database import Conflict, Database, pages
from nurture.store.installation import Mark, count_on
from nurture.store.tables import RECEIVED

LATER: tuple[type[Exception], ...] = (OperationalError, OSError, Conflict)
"""Faults of the world, such as a locked store or a full disk: what fails so may go well another time."""
LONGEST = 64 * 1024 * 1024  # bytes: more than any route takes, so that no row can unpack to more


@dataclass(frozen=True, slots=True)
class Post:
    """What was posted: `source` names the kind of it, `headers` are those that reading the body needs."""

    source: str
    body: bytes = field(repr=False)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True)
class Received:
    """A post that is kept, by its number in the order of arrival; `at` is when it came (UTC)."""

    source: str
    body: bytes = field(repr=False)
    headers: Mapping[str, str] = field(repr=False)
    number: int = 0
    at: datetime = field(kw_only=True)
    problem: str = ""


_KEPT = text(
    "INSERT INTO received (source, digest, at, headers, body, problem)"
    " VALUES (:source, :digest, :at, :headers, :body, '') ON CONFLICT (source, digest) DO NOTHING"
)
_ASKED = select(RECEIVED.c.source, RECEIVED.c.body, RECEIVED.c.headers, RECEIVED.c.number, RECEIVED.c.at)
_ASKED = _ASKED.add_columns(RECEIVED.c.problem)
_OPEN = RECEIVED.c.done_at.is_(None)


@dataclass(frozen=True, slots=True)
class Posts:
    """The doors to what was posted. `remember` keeps what a commit counts as in the installation."""

    database: Database
    remember: Callable[[Mark], None]

    def keep(self, source: str, body: bytes, headers: Mapping[str, str], now: datetime) -> bool:
        """Keep a post; False when the same, with the same headers, is kept already. See `keep_all`."""
        return self.keep_all([Post(source, body, headers)], now)[0]

    def keep_all(self, posts: Sequence[Post], now: datetime) -> list[bool]:
        """Keep posts in one transaction; for each whether it is new.

        They are safe from a power cut when this returns, and it counts as a commit: a backup from before lacks them.
        """
        rows = [_row(one, now) for one in posts]
        with self.database.writing(durable=True) as connection:
            new = [connection.execute(_KEPT, row).rowcount == 1 for row in rows]
            mark = count_on(connection) if any(new) else None
        if mark is not None:
            self.remember(mark)
        return new

    def to_do(self, most: int) -> list[Received]:
        """The oldest that nobody has read yet, so many at the most; those with a problem wait for a person."""
        asked = _ASKED.where(_OPEN, RECEIVED.c.problem == "").order_by(RECEIVED.c.number).limit(most)
        with self.database.reading() as connection:
            return [_received(row) for row in connection.execute(asked)]

    def one(self, number: int) -> Received | None:
        """One post, read or not; None when there is none of that number (any more)."""
        with self.database.reading() as connection:
            row = connection.execute(_ASKED.where(RECEIVED.c.number == number)).first()
        return None if row is None else _received(row)

    def done(self, numbers: Iterable[int], now: datetime) -> None:
        """These were read and taken in."""
        with self.database.writing() as connection:
            done(connection, numbers, now)

    def refuse(self, number: int, words: str) -> None:
        """Say why a post cannot be taken in; it is kept until a person has it tried again."""
        named = update(RECEIVED).where(RECEIVED.c.number == number, _OPEN)
        with self.database.writing() as connection:
            connection.execute(named.values(problem=words or "it cannot be read"))

    def problems(self, limit: int) -> list[Received]:
        """Those that could not be taken in, the newest first."""
        asked = _ASKED.where(_OPEN, RECEIVED.c.problem != "").order_by(RECEIVED.c.number.desc()).limit(limit)
        with self.database.reading() as connection:
            return [_received(row) for row in connection.execute(asked)]

    def again(self, numbers: Sequence[int] = ()) -> int:
        """Have those with a problem read again, all or these; how many."""
        count = 0
        with self.database.writing() as connection:
            for page in pages(numbers) if numbers else [()]:
                these = (RECEIVED.c.number.in_(page),) if page else ()
                stood = update(RECEIVED).where(_OPEN, RECEIVED.c.problem != "", *these)
                count += connection.execute(stood.values(problem="")).rowcount
        return count

    def how_many(self) -> tuple[int, int]:
        """How many wait to be read, and how many could not be."""
        bad = RECEIVED.c.problem != ""
        asked = select(bad, func.count()).where(_OPEN).group_by(bad)
        with self.database.reading() as connection:
            found = {bool(wrong): int(count) for wrong, count in connection.execute(asked)}
        return found.get(False, 0), found.get(True, 0)

    def forget(self, source: str, before: datetime, most: int = 1_000) -> int:
        """Delete posts of a source that were taken in before an instant, so many at the most; how many.

        They hold addresses, and what they said is kept by then in the words of this store.
        """
        old = select(RECEIVED.c.number).where(RECEIVED.c.source == source, RECEIVED.c.done_at < micros(before))
        old = old.order_by(RECEIVED.c.number).limit(most)
        with self.database.writing() as connection:
            return connection.execute(delete(RECEIVED).where(RECEIVED.c.number.in_(old))).rowcount


def done(connection: Connection, numbers: Iterable[int], now: datetime) -> None:
    """These were taken in, within the transaction that took them in."""
    for page in pages(list(numbers)):
        read = update(RECEIVED).where(RECEIVED.c.number.in_(page), _OPEN)
        connection.execute(read.values(done_at=micros(now), problem=""))


def _digest(one: Post) -> str:
    """What makes a post the same: its body, with the headers that say what the body is about."""
    said = json.dumps(dict(one.headers), sort_keys=True).encode() if one.headers else b""
    return sha256(said + one.body).hexdigest()


def _row(one: Post, now: datetime) -> dict[str, object]:
    return {
        "source": one.source, "digest": _digest(one), "at": micros(now),
        "headers": json.dumps(dict(one.headers)), "body": zlib.compress(one.body, 1),
    }  # fmt: skip


def _received(row: Any) -> Received:
    source, body, headers, number, at, problem = row
    unpacked = zlib.decompressobj().decompress(body, LONGEST)
    return Received(source, unpacked, json.loads(headers), int(number or 0), at=instant(at), problem=problem)
