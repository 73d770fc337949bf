"""Rounds: a stretch of time for which so many are looked at that it is decided in parts, by whoever is free."""

from collections.abc import Callable, Sequence
from datetime import datetime
from itertools import pairwise

from sqlalchemy import Connection, delete, insert, select, update

from nurture.model.bucket import BUCKETS
from nurture.model.values import dataclass
from nurture.store.beside import Turn, in_turn
from nurture.store.codec import instant, micros
from nurture.store.database import Database, insert_one
from nurture.store.load import watermark
from nurture.store.save import move_watermark
from nurture.store.tables import ROUND, ROUND_PART

CAUGHT_UP = "caught up"  # the watermark of what arrives while a round goes on


@dataclass(frozen=True, slots=True)
class Round:
    """What fell due in (since, until] (UTC)."""

    id: int
    since: datetime
    until: datetime


@dataclass(frozen=True, slots=True)
class Part:
    """The people of a round who are in the buckets from `first` to `last`."""

    round: Round
    first: int
    last: int


Also = Callable[[Connection, Sequence[Part]], None]
"""What is written in the same transaction, with the parts that are to be done."""


def nothing_else(_connection: Connection, _parts: Sequence[Part]) -> None:
    """For those who look by themselves what is to be done."""


def ranges(parts: int) -> list[tuple[int, int]]:
    """All buckets in so many ranges, as equal as may be."""
    edges = [BUCKETS * number // parts for number in range(parts + 1)]
    return [(first, after - 1) for first, after in pairwise(edges)]


@dataclass(frozen=True, slots=True)
class Rounds:
    """The doors to rounds; at most one is open at a time."""

    database: Database

    def open(self) -> Round | None:
        """The round that is open."""
        with self.database.reading() as connection:
            return _open(connection)

    def begin(self, since: datetime, until: datetime, parts: int, also: Also = nothing_else) -> Round | None:
        """Open a round of so many parts; None when another is open by now."""
        with self.database.writing() as connection:
            if _open(connection) is not None:
                return None
            number = insert_one(connection, ROUND, {"since": micros(since), "until": micros(until)})
            rows = [{"round": number, "first": first, "last": last} for first, last in ranges(parts)]
            connection.execute(insert(ROUND_PART), rows)
            move_watermark(connection, until, CAUGHT_UP)
            also(connection, _left(connection))
            return _open(connection)

    def left(self) -> list[Part]:
        """The parts of the open round that nobody has done yet."""
        with self.database.reading() as connection:
            return _left(connection)

    def done(self, part: Part, now: datetime) -> bool:
        """Keep that all of a part was decided; with the last one the watermark moves. Whether the round is over.

        To be told so once more changes nothing.
        """
        own = (ROUND_PART.c.round == part.round.id, ROUND_PART.c.first == part.first, ROUND_PART.c.done_at.is_(None))
        with self.database.writing(beside=True) as connection:
            in_turn(connection, Turn.rounds)  # of two that end at once the later one sees that it is the last
            connection.execute(update(ROUND_PART).where(*own).values(done_at=micros(now)))
            one = _open(connection)
            if one is None or _left(connection):
                return one is None
            move_watermark(connection, one.until)
            for table in (ROUND_PART, ROUND):
                connection.execute(delete(table))
            return True

    def caught_up(self) -> datetime | None:
        """Until when what arrived amid rounds was looked at; None before the first."""
        with self.database.reading() as connection:
            return watermark(connection, CAUGHT_UP)

    def catch_up(self, until: datetime) -> None:
        """All that arrived until then was looked at; it never moves back."""
        with self.database.writing(beside=True) as connection:
            in_turn(connection, Turn.rounds)
            move_watermark(connection, until, CAUGHT_UP)


def _open(connection: Connection) -> Round | None:
    row = connection.execute(select(ROUND.c.id, ROUND.c.since, ROUND.c.until)).first()
    return None if row is None else Round(row[0], instant(row[1]), instant(row[2]))


def _left(connection: Connection) -> list[Part]:
    one = _open(connection)
    if one is None:
        return []
    asked = select(ROUND_PART.c.first, ROUND_PART.c.last).where(ROUND_PART.c.done_at.is_(None))
    rows = connection.execute(asked.where(ROUND_PART.c.round == one.id).order_by(ROUND_PART.c.first))
    return [Part(one, first, last) for first, last in rows]
