"""Deciding shared by many workers: few people are decided at once, very many in parts, by whoever is free.

Nothing here decides otherwise than one tick: each part is the tick itself over some buckets, as of the instant at
which the round began. A part is safe late and safe twice; what arrives meanwhile is decided beside it.
"""

import logging
from collections.abc import Callable
from datetime import datetime
from itertools import chain, islice

from nurture import observe
from nurture.decide.special_days import dates_in
from nurture.engine.collecting import uncollected
from nurture.engine.tick import Tell, Ticked, decide_page, refuse_halted, silent
from nurture.model.book import Book
from nurture.model.sequence import Status
from nurture.model.values import dataclass
from nurture.store.open import Store
from nurture.store.rounds import Also, Part, Round, nothing_else

FEW = 4  # pages that are decided at once: to share them would cost more
CATCH_UP = 200  # people who are caught up with at a time
PAGES_AT_MOST = 25  # of such people, before whoever asked comes to breathe


@dataclass(frozen=True, slots=True)
class Sharing:
    """In how many parts a round goes, as there are workers, and what is written when one is opened."""

    parts: Callable[[], int]
    also: Also = nothing_else

    def look(self, store: Store, book: Book, now: datetime, tell: Tell = silent) -> Ticked:
        """A tick among many workers: decide for few at once, open a round for very many, catch up beside one.

        StateError while the store is halted.
        """
        refuse_halted(store)
        going_on = store.rounds.open()
        if going_on is not None:
            return catch_up(store, book, going_on, now)
        since = store.watermark or now
        proposed = store.candidates(book, min(since, now), now, dates_in)
        pages = list(islice(proposed, FEW + 1))
        if len(pages) > FEW and (parts := self._parts(book)) > 1:
            return self._shared(store, (since, now), parts)
        done = Ticked(decided_until=since if since > now else None)
        for page in chain(pages, proposed):
            _decide(store, book, page, now, done)
            tell(done.people)
        store.move_watermark(now)
        observe.note(observe.TICK_DONE, level=logging.INFO if done.people else logging.DEBUG, **done.counts())
        return done

    def _parts(self, book: Book) -> int:
        """One where it depends on the order of all: whoever comes above `at_most` is found by looking at the others."""
        starting = (one for one in book.sequences.values() if one.status not in (Status.draft, Status.closed))
        limited = any(one.at_most is not None for one in starting)
        return 1 if limited else self.parts()

    def _shared(self, store: Store, span: tuple[datetime, datetime], parts: int) -> Ticked:
        store.rounds.begin(min(span), span[1], parts, self.also)
        observe.note(observe.ROUND_BEGUN, since=min(span), until=span[1], parts=parts)
        return Ticked()


def decide_part(store: Store, book: Book, part: Part, now: datetime, tell: Tell = silent) -> Ticked:
    """Decide for the people of a part as of the round's own instant, and keep that it is done at `now` (UTC).

    StateError while the store is halted. `tell` is called between pages, and may raise to leave the rest to others.
    """
    refuse_halted(store)
    done, one = Ticked(), part.round
    for page in store.candidates(book, one.since, one.until, dates_in, (part.first, part.last)):
        _decide(store, book, page, one.until, done, once=True)
        tell(done.people)
    over = store.rounds.done(part, now)
    observe.note(observe.PART_DONE, first=part.first, last=part.last, over=over, **done.counts())
    return done


def catch_up(store: Store, book: Book, going_on: Round, now: datetime) -> Ticked:
    """Decide for those for whom something arrived or fell due since the round began, so that no answer waits for it."""
    since = max(store.rounds.caught_up() or going_on.until, going_on.until)
    done = Ticked()
    for _ in range(PAGES_AT_MOST):
        page = store.fell_due(since, now, CATCH_UP)
        if page:
            _decide(store, book, page, now, done)
        if len(page) < CATCH_UP:
            store.rounds.catch_up(now)
            break
    observe.note(observe.TICK_DONE, level=logging.INFO if done.people else logging.DEBUG, **done.counts())
    return done


def _decide(store: Store, book: Book, page: list[str], now: datetime, done: Ticked, once: bool = False) -> None:
    with uncollected():
        decided = decide_page(store, book, page, now, once)
    done.people += len(page)
    done.intents += sum(len(one.intents) for one in decided)
    done.reasons += sum(len(one.reasons) for one in decided)
