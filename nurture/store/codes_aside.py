"""Free codes of a pool that are given to nobody for now: not in the file any more, or perhaps given by another store.

A code that is set aside has no reservation, and `mail` says why. It counts as known, so filling the pool again does
not free it; what is drawn or given is never touched.
"""

from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, and_, select, update

from nurture.model.values import dataclass
from nurture.store.codec import micros
from nurture.store.database import Database, pages
from nurture.store.tables import CODE

ELSEWHERE = "perhaps given by another store"
NOT_IN_FILE = "not in the file any more"
_POOLED = and_(CODE.c.made.is_(False), CODE.c.reservation.is_(None))
_FREE = and_(_POOLED, CODE.c.given_at.is_(None))


@dataclass(frozen=True, slots=True)
class CodesAside:
    """The doors to codes that are set aside."""

    database: Database

    def hold(self, now: datetime) -> int:
        """Set every free code aside, since a copy of this store or the store it was may give them; how many."""
        with self.database.writing() as connection:
            return _hold(connection, _FREE, ELSEWHERE, now)

    def follow(self, gift: str, codes: Collection[str], now: datetime) -> tuple[int, int]:
        """Set aside what the file of a pool has no more, and free what it has again: how many of each."""
        with self.database.writing() as connection:
            free = set(connection.execute(select(CODE.c.code).where(CODE.c.gift == gift, _FREE)).scalars())
            gone, there = sorted(free - set(codes)), sorted(set(codes))
            held = sum(_hold(connection, _of(gift, page), NOT_IN_FILE, now) for page in pages(gone))
            return held, sum(_free(connection, gift, page, NOT_IN_FILE) for page in pages(there))

    def again(self, gift: str, codes: Collection[str]) -> int:
        """Free those of these codes that another store may have given: a person has looked; how many."""
        with self.database.writing() as connection:
            return sum(_free(connection, gift, page, ELSEWHERE) for page in pages(sorted(set(codes))))


def _of(gift: str, codes: Sequence[str]) -> ColumnElement[bool]:
    return and_(_FREE, CODE.c.gift == gift, CODE.c.code.in_(codes))


def _hold(connection: Connection, which: ColumnElement[bool], why: str, now: datetime) -> int:
    return connection.execute(update(CODE).where(which).values(given_at=micros(now), mail=why)).rowcount


def _free(connection: Connection, gift: str, codes: Sequence[str], why: str) -> int:
    held = and_(_POOLED, CODE.c.gift == gift, CODE.c.mail == why, CODE.c.code.in_(codes))
    return connection.execute(update(CODE).where(held).values(given_at=None, mail="")).rowcount
