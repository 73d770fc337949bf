"""Posts of the outside world as they came: kept safely before anybody is answered, read afterwards, once or again.

A body may be megabytes, so that posts are fetched one at a time, however many wait.
"""

import json
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import field
from datetime import datetime
from hashlib import sha256
from typing import Any

from sqlalchemy import Connection, bindparam, delete, func, literal_column, select, text, update
from sqlalchemy.exc import OperationalError

from nurture.model.values import dataclass
from nurture.store.codec import instant, micros
from nurture.store.database import Conflict, Database, ask, pages
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


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A post that could not be taken in, without its body; `size` is in bytes as it is kept, compressed."""

    number: int
    source: str
    at: datetime
    problem: str
    size: int


@dataclass(frozen=True, slots=True)
class Old:
    """Which posts are given up: those of a source that were read before an instant.

    `whole`: nothing stays of them; else their digest does, and the same post is still known when it comes again.
    """

    source: str
    before: datetime
    whole: bool

    @property
    def asked(self) -> dict[str, object]:
        """As the store is asked for them."""
        return {"source": self.source, "before": micros(self.before)}


_KEPT = text(
    "INSERT INTO received (source, digest, at, headers, body, problem)"
    " VALUES (:source, :digest, :at, :headers, :body, '') ON CONFLICT (source, digest) DO NOTHING"
)
_ASKED = select(RECEIVED.c.source, RECEIVED.c.body, RECEIVED.c.headers, RECEIVED.c.number, RECEIVED.c.at)
_ASKED = _ASKED.add_columns(RECEIVED.c.problem)
_OPEN = RECEIVED.c.done_at.is_(None)
_UNREAD = (_OPEN, RECEIVED.c.problem == "")
_TO_DO = select(RECEIVED.c.number).where(*_UNREAD).order_by(RECEIVED.c.number).limit(bindparam("most"))
_ONE_TO_DO = _ASKED.where(RECEIVED.c.number == bindparam("number"), *_UNREAD)
_WITH_PROBLEM = (_OPEN, RECEIVED.c.problem != "")
_BARE, _NO_BODY = "", zlib.compress(b"")  # headers and body of a post of which only the digest is left
_READ_BEFORE = (
    select(RECEIVED.c.number)
    .where(RECEIVED.c.source == bindparam("source"), RECEIVED.c.done_at < bindparam("before"))
    .where(RECEIVED.c.headers != literal_column("''"))
    .order_by(RECEIVED.c.done_at)
    .limit(bindparam("most"))
)


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

    def to_do(self, most: int) -> Iterator[Received]:
        """The oldest that nobody has read yet, so many at the most; those with a problem wait for a person.

        One at a time is fetched; one that somebody else read meanwhile is passed over.
        """
        with self.database.reading() as connection:
            numbers = [row[0] for row in ask(connection, _TO_DO, most=most)]
        for number in numbers:
            with self.database.reading() as connection:
                found = ask(connection, _ONE_TO_DO, number=number)
            if found:
                yield _received(found[0])

    def any_to_do(self) -> bool:
        """Whether there is a post that nobody has read yet, but for those with a problem."""
        with self.database.reading() as connection:
            return bool(ask(connection, _TO_DO, most=1))

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

    def problems(self, limit: int) -> list[Unreadable]:
        """Those that could not be taken in, the newest first."""
        columns = (
            RECEIVED.c.number,
            RECEIVED.c.source,
            RECEIVED.c.at,
            RECEIVED.c.problem,
            func.length(RECEIVED.c.body),
        )
        asked = select(*columns).where(*_WITH_PROBLEM).order_by(RECEIVED.c.number.desc()).limit(limit)
        with self.database.reading() as connection:
            rows = connection.execute(asked).all()
        return [Unreadable(number, source, instant(at), problem, size) for number, source, at, problem, size in rows]

    def again(self, numbers: Sequence[int] = ()) -> int:
        """Have those with a problem read again, all or these; how many."""
        count = 0
        with self.database.writing() as connection:
            for page in pages(numbers) if numbers else [()]:
                these = (RECEIVED.c.number.in_(page),) if page else ()
                stood = update(RECEIVED).where(*_WITH_PROBLEM, *these)
                count += connection.execute(stood.values(problem="")).rowcount
        return count

    def how_many(self) -> tuple[int, int]:
        """How many wait to be read, and how many could not be."""
        bad = RECEIVED.c.problem != ""
        asked = select(bad, func.count()).where(_OPEN).group_by(bad)
        with self.database.reading() as connection:
            found = {bool(wrong): int(count) for wrong, count in connection.execute(asked)}
        return found.get(False, 0), found.get(True, 0)

    def set_aside(self, numbers: Sequence[int], now: datetime) -> int:
        """A person has looked: nothing can be done about these with a problem, and nobody is told of them again."""
        with self.database.writing() as connection:
            these = update(RECEIVED).where(*_WITH_PROBLEM, RECEIVED.c.number.in_(numbers))
            return connection.execute(these.values(done_at=micros(now))).rowcount

    def how_many_old(self, old: Sequence[Old]) -> int:
        """How many posts `forget` would give up, were it asked until none is left."""
        asked = select(func.count()).where(RECEIVED.c.headers != literal_column("''"))
        with self.database.reading() as connection:
            counts = [
                connection.execute(
                    asked.where(RECEIVED.c.source == one.source, RECEIVED.c.done_at < micros(one.before))
                ).scalar_one()
                for one in old
            ]
        return sum(map(int, counts))

    def forget(self, old: Sequence[Old], most: int = 1_000) -> int:
        """Give up posts that were read before an instant, so many of each source at the most; how many.

        They hold addresses, and what they said is kept by then in the words of this store. What nobody could read
        is never given up.
        """
        with self.database.reading() as connection:
            found = [(one, [row[0] for row in ask(connection, _READ_BEFORE, **one.asked, most=most)]) for one in old]
        if any(numbers for _, numbers in found):
            with self.database.writing() as connection:
                for one, numbers in found:
                    for page in pages(numbers):
                        these = RECEIVED.c.number.in_(page)
                        bare = update(RECEIVED).where(these).values(headers=_BARE, body=_NO_BODY, problem="")
                        connection.execute(delete(RECEIVED).where(these) if one.whole else bare)
        return sum(len(numbers) for _, numbers in found)


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
    return Received(source, unpacked, json.loads(headers or "{}"), int(number or 0), at=instant(at), problem=problem)
