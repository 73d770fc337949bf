"""Whom to look at, in pages: found at once where they are few, read from their indexes bit by bit where very many."""

from collections.abc import Iterator
from datetime import datetime
from functools import partial

from nurture.model.book import Book
from nurture.store import candidates
from nurture.store.candidates import Buckets, watched, within
from nurture.store.crowds import Dates, in_parts, page_of
from nurture.store.database import Database

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
