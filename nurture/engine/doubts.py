"""Looking after what others or an earlier life left behind, and after what is in doubt (language.md 6.11)."""

import logging
from dataclasses import dataclass
from datetime import datetime, timedelta

from nurture import observe
from nurture.engine.drafts import call_off
from nurture.engine.handed import Handed
from nurture.engine.tick import refuse_halted
from nurture.engine.workshop import Workshop
from nurture.model.book import Book
from nurture.store.outbox import Recovered

EVERY = timedelta(minutes=1)


@dataclass(slots=True)
class Upkeep:
    """What is done beside handing over: once at the start, then every minute. All of it in the store's thread."""

    shop: Workshop
    started: bool = False
    _done_at: datetime | None = None

    def start(self, book: Book, now: datetime, done: Handed) -> None:
        """What an earlier life of ours left behind, the first time. StateError while the store is halted."""
        refuse_halted(self.shop.store)
        if not self.started:
            _say_found(self.shop.store.recover(now, book, self.shop.owner), done)
            self.started = True
        self.keep_up(book, now, done)

    def keep_up(self, book: Book, now: datetime, done: Handed) -> None:
        """Every minute: leases that ran out, service that is owed once more, doubts that close."""
        if self._done_at is not None and timedelta() <= now - self._done_at < EVERY:
            return
        self._done_at = now
        call_off(self.shop, book, now)
        outbox = self.shop.store.outbox
        _say_found(outbox.reclaim(now, book), done)
        settled = outbox.look_after_doubts(now, book)
        done.again += settled.again
        done.closed += settled.closed
        if settled.again or settled.closed:
            observe.note(observe.DOUBTS_SETTLED, level=logging.WARNING, again=settled.again, closed=settled.closed)


def _say_found(found: Recovered, done: Handed) -> None:
    done.in_doubt_before += found.in_doubt
    if found.put_back or found.in_doubt:
        observe.note(
            observe.BATCH_RECOVERED, level=logging.WARNING, put_back=found.put_back, in_doubt=found.in_doubt
        )  # fmt: skip
