"""Whom days to come can concern at all: nobody else need be lived forward, since nothing would come of it.

The same candidates as the tick's, over the whole stretch: what is in flight, and dates, lapses and hours that fall
into it (architecture.md 2.2). Beside them those to whom something is imagined to happen, and those inside sequences
that the book changes. Where a book changes more than that, it may concern anybody.
"""

from collections.abc import Iterable, Iterator
from datetime import datetime
from heapq import merge
from itertools import groupby, islice

from nurture.decide.special_days import dates_in
from nurture.engine.imagined import Imagined
from nurture.engine.live import live_book
from nurture.model.book import Book
from nurture.model.plain import plain
from nurture.store.database import PAGE
from nurture.store.open import Store
from nurture.store.standing import orders_of_everybody

_HOUSE = ("rules", "catalogue", "stages", "moments", "topics", "themes", "tags", "mails", "house", "renamed")
_STARTING = ("start", "status", "again", "stage", "switch", "spread", "priority")


def concerned(
    store: Store, book: Book, now: datetime, end: datetime, imagined: Imagined | None = None
) -> Iterator[list[str]]:
    """Ids, ascending and in pages, of all to whom anything can happen in (now, end] under this book, in UTC."""
    changed = changed_from(_decided_by(store), book)
    looked = store.watermark
    if changed is None or looked is None:
        yield from store.everybody()
        return
    due = (id_ for page in store.candidates(book, min(looked, now), end, dates_in) for id_ in page)
    inside = sorted({id_ for name in changed for page in store.inside_of(name) for id_ in page})
    lent = () if imagined is None else _lent(store, imagined, end)
    yield from _paged(merge(due, inside, lent))


def changed_from(live: Book | None, book: Book) -> frozenset[str] | None:
    """The sequences in which a book is another than the one that people were last decided by, but not in their starts.

    None where it can concern somebody who is inside none of them: another house, other starts, another name.
    """
    if live is None or live.sequences.keys() != book.sequences.keys():
        return None
    if any(plain(getattr(live, name)) != plain(getattr(book, name)) for name in _HOUSE):
        return None
    changed = set()
    for name, today in book.sequences.items():
        was = live.sequences[name]
        if any(plain(getattr(was, part)) != plain(getattr(today, part)) for part in _STARTING):
            return None
        if book.applied.get(name) != live.applied.get(name) or plain(was) != plain(today):
            changed.add(name)
    return frozenset(changed)


def _decided_by(store: Store) -> Book | None:
    found = live_book(store)
    return None if found is None else found.book


def _lent(store: Store, imagined: Imagined, end: datetime) -> Iterator[str]:
    """To whom something is imagined to happen by then."""
    return (id_ for id_, orders in orders_of_everybody(store.database) if imagined.happens(id_, orders, end))


def _paged(ids: Iterable[str]) -> Iterator[list[str]]:
    """Ascending ids in pages, each once."""
    each = (id_ for id_, _ in groupby(ids))
    while page := list(islice(each, PAGE)):
        yield page
