"""Whom to look at, in pages: found at once where they are few, read from their indexes bit by bit where very many."""

from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from functools import partial
from typing import Any

from sqlalchemy import Connection, Select

from nurture.model.book import Book
from nurture.model.values import dataclass
from nurture.store import candidates
from nurture.store.candidates import Buckets, watched, within
from nurture.store.crowds import Dates
from nurture.store.database import PAGE, Database, pages

MANY = 20_000  # ids that are looked for at a time


def proposed(
    database: Database, book: Book, since: datetime, until: datetime, dates: Dates | None, buckets: Buckets | None
) -> Iterator[list[str]]:
    """See `Store.candidates`."""
    with database.reading() as connection:
        many = candidates.very_many(connection, until, MANY)
        look = candidates.scanned if many else candidates.candidates
        found = look(connection, watched(book), since, until, buckets)
        asked = [
            partial(page_of, statement=within(one, buckets))
            for one in candidates.crowds(connection, book, since, until, dates)
        ]
    if many:
        asked.append(partial(candidates.overdue_after, until=until, buckets=buckets))
    yield from in_parts(database, found, asked, MANY)


def page_of(connection: Connection, statement: Select[Any], after: str, limit: int) -> list[str]:
    """The next so many ids behind `after`, ascending."""
    return list(connection.execute(paged(statement, after, limit)).scalars())


def paged(statement: Select[Any], after: str, limit: int) -> Select[Any]:
    """The question for a page of what a statement finds."""
    column = statement.selected_columns[0]
    return statement.where(column > after).distinct().order_by(column).limit(limit)


Question = Callable[..., list[str]]
"""Asked with a connection, `after` and `limit`, it tells the next so many ids, ascending."""


def in_parts(database: Database, found: list[str], asked: Sequence[Question], limit: int) -> Iterator[list[str]]:
    """Ids, ascending and in pages: those found already, and those that each question tells a part at a time.

    Not all ids are in memory at once but about `limit` of all questions, and none is read twice.
    """
    some = min(limit, max(limit // max(len(asked), 1), PAGE))
    readers = [_Reader(found, more=False), *(_Reader([], True, one, some) for one in asked)]
    left: list[str] = []
    while any(one.more or one.ids for one in readers):
        _read_on(database, readers)
        last = min((one.ids[-1] for one in readers if one.more), default=None)
        left += sorted({id_ for one in readers for id_ in one.taken(last)})
        whole = len(left) - len(left) % PAGE
        yield from (list(page) for page in pages(left[:whole]))
        left = left[whole:]
    yield from (left,) if left else ()


@dataclass(slots=True)
class _Reader:
    """How far a question was read: the ids that it told and nobody has taken, and whether it has more to tell."""

    ids: list[str]
    more: bool
    question: Question = page_of
    limit: int = 0
    after: str = ""

    def read(self, connection: Connection) -> None:
        """Tell the next so many."""
        self.ids = self.question(connection, after=self.after, limit=self.limit)
        self.more = len(self.ids) == self.limit
        self.after = self.ids[-1] if self.ids else self.after

    def taken(self, last: str | None) -> list[str]:
        """The ids up to this one (None: all), which are kept no longer."""
        upto = len(self.ids) if last is None else bisect_right(self.ids, last)
        ids, self.ids = self.ids[:upto], self.ids[upto:]
        return ids


def _read_on(database: Database, readers: list[_Reader]) -> None:
    """Let those tell more of whom every id was taken."""
    empty = [one for one in readers if one.more and not one.ids]
    if empty:
        with database.reading() as connection:
            for one in empty:
                one.read(connection)
