"""One tick: the store proposes, the core decides, the store keeps what was decided (architecture.md 2).

Safe late and safe twice: `due` is when something fell due, not when somebody looked, and a page of
people that somebody else decided on meanwhile is read and decided again.
"""

import logging
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from nurture import observe
from nurture.decide.advance import advance
from nurture.decide.clock import reader_clock
from nurture.decide.special_days import dates_in
from nurture.engine.collecting import uncollected as uncollected  # noqa: PLC0414 - others take it from here
from nurture.engine.faults import StateError
from nurture.engine.live import live_book
from nurture.engine.reasons_given import watched
from nurture.model.book import Book
from nurture.model.decision import Decision
from nurture.model.person import Person
from nurture.store.applications import Superseded
from nurture.store.database import Conflict
from nurture.store.open import Store

LONGEST_SLEEP = timedelta(days=31)
ATTEMPTS = 20  # two ticks at a time meet on a page now and then; never this often in a row

Tell = Callable[[int], None]


@dataclass(slots=True)
class Ticked:
    """How much a tick did; `decided_until` is set when an earlier one had decided up to a later instant."""

    people: int = 0
    intents: int = 0
    reasons: int = 0
    decided_until: datetime | None = None

    def add(self, more: "Ticked") -> None:
        """Count a second tick of the same round in."""
        self.people, self.intents, self.reasons = (
            self.people + more.people,
            self.intents + more.intents,
            self.reasons + more.reasons,
        )

    def counts(self) -> dict[str, int]:
        """For --json and the log."""
        return {"people": self.people, "decided": self.intents, "reasons": self.reasons}


def silent(_done: int) -> None:
    """For callers that show no progress."""


def tick(store: Store, book: Book, now: datetime, tell: Tell = silent) -> Ticked:
    """Decide for everybody for whom anything fell due since the last tick. All instants are UTC.

    StateError while the store is halted: its next commit would make a copy or a restore look like the real one.
    """
    refuse_halted(store)
    return decide_all(store, book, now, tell)


def decide_all(store: Store, book: Book, now: datetime, tell: Tell = silent) -> Ticked:
    """The tick itself; also of a halted store, of which nothing is sent."""
    since = store.watermark or now
    observe.note(observe.TICK_BEGUN, level=logging.DEBUG, since=since, until=now)
    done = Ticked(decided_until=since if since > now else None)
    for page in store.candidates(book, min(since, now), now, dates_in):
        with uncollected():
            decided = decide_page(store, book, page, now)
        done.people += len(page)
        done.intents += sum(len(decision.intents) for decision in decided)
        done.reasons += sum(len(decision.reasons) for decision in decided)
        tell(done.people)
    store.move_watermark(now)
    observe.note(observe.TICK_DONE, level=logging.INFO if done.people else logging.DEBUG, **done.counts())
    return done


def refuse_halted(store: Store) -> None:
    """StateError while a person has yet to look at a store that was copied or restored."""
    if store.halted:
        raise StateError(
            f"nothing is sent: {store.halted}. Look, import again what it lacks (refusals first), then run "
            "`nurture run --once --accept`: what fell due until then may have gone, and is held as in doubt."
        )


def refuse_leap(store: Store, now: datetime) -> None:
    """StateError when the clock says that the last round was very long ago: it may be the clock that is wrong."""
    if words := leap(store, now):
        raise StateError(
            f"{words}. If it is, run `nurture run --once --accept`: everything that fell due since is decided now."
        )


def leap(store: Store, now: datetime) -> str:
    """That the last round was longer ago than a clock is believed, in words; else empty."""
    last = store.watermark
    if last is None or now - last <= LONGEST_SLEEP:
        return ""
    return f"the last round was {(now - last).days} days ago, on {last:%Y-%m-%d}, if the clock is right"


@watched
def decide_page(store: Store, book: Book, page: Sequence[str], now: datetime, once: bool = False) -> list[Decision]:
    """Read, decide and keep one page of people; again when somebody else was quicker with one of them.

    Where another book was applied meanwhile it is decided by that one. With `once` whoever was decided as of this
    very instant is left alone too, unless something arrived for them: others decide for the same people.
    """
    insist = False
    for _ in range(ATTEMPTS):
        decisions = list(decide(store, book, page, now, once))
        try:
            store.commit(decisions, now, zone_of(book), book, insist)
        except Conflict:
            continue
        except Superseded:
            newest = newest_book(store, book)
            insist, book = newest is book, newest
            continue
        return decisions
    raise StateError("other processes keep deciding on the same people; let one finish, then run again.")


def newest_book(store: Store, book: Book) -> Book:
    """The book that is live by now; the one at hand when the newest cannot be read by this process."""
    try:
        found = live_book(store)
    except StateError:
        return book
    return book if found is None else found.book


def decide(store: Store, book: Book, page: Sequence[str], now: datetime, once: bool = False) -> Iterator[Decision]:
    """What the core says of each; whoever was decided up to a later instant is left alone, and see `decide_page`."""
    for person, arrived in store.people(page, now):
        if person.asof < now or (person.asof == now and (arrived or not once)):
            yield advance(book, person, now, arrived, wakes=False)


def zone_of(book: Book) -> Callable[[Person], str]:
    """The name of a reader's time zone under this book."""
    return lambda person: reader_clock(book.rules, person.facts).zone.key


def next_due(store: Store, book: Book, after: datetime) -> datetime | None:
    """The next instant at which a tick can have something to decide."""
    instants = [at for at in (store.next_agenda(after), store.next_scan(book, after)) if at is not None]
    return min(instants, default=None)
