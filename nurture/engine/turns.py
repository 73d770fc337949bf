"""A daemon's turns: take the newest book, see whether it is safe to go on, decide, and say that one lives."""

import logging
import os
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from nurture import __version__, observe, spans
from nurture.engine.faults import StateError
from nurture.engine.live import LiveBook, live_book
from nurture.engine.news import judge_clicks
from nurture.engine.pruning import Pruner
from nurture.engine.taking import take_received
from nurture.engine.tick import Tell, Ticked, decide_page, refuse_halted, refuse_leap, silent, tick
from nurture.engine.workshop import Workshop
from nurture.model.book import Book
from nurture.model.values import dataclass
from nurture.store.open import Store
from nurture.store.runner import ENDED, Runner

if TYPE_CHECKING:
    from nurture.engine.alarms import Watch

BEAT_EVERY = timedelta(seconds=30)
CATCH_UP_EVERY = timedelta(seconds=1)
CATCH_UP_AT_MOST = 200  # people in between; more only wait a second longer
POSTS, POSTS_IN_BETWEEN = 200, 20  # from outside that are read before a turn, and amid one
BYTES = 16 * 1024 * 1024  # of such posts at a time: a letter may have thirty megabytes
AT_WORK = "at work"
Decide = Callable[[Store, Book, datetime, Tell], Ticked]
NOTHING_LIVE = "nothing is live yet: `nurture check`, then `nurture apply`"


class Following:
    """The live book, read again when another was applied or a switch was thrown; the last good one otherwise.

    The working tree is never read. `unreadable` says why the newest book could not be taken; empty when it was.
    """

    def __init__(self) -> None:
        self.live: LiveBook | None = None
        self.unreadable = ""
        self._edition: tuple[object, ...] | None = None

    def follow(self, store: Store) -> None:
        """Take the newest book, if there is a newer one; what cannot be read is logged once."""
        edition = store.edition()
        if edition == self._edition:
            return
        try:
            found = live_book(store)
        except StateError as error:
            self.unreadable = str(error)
            observe.note(observe.BOOK_UNREADABLE, level=logging.ERROR, **observe.fault_fields(error, words=True))
        else:
            self.live, self.unreadable = found or self.live, ""
            if found is not None:
                observe.note(observe.BOOK_TAKEN, digest=found.book.digest[:12], sequences=len(found.book.sequences))
        self._edition = edition


def why_held(store: Store, now: datetime) -> str:
    """Why neither deciding nor sending may go on, in words; empty when it may.

    A copied or restored store, or a clock that says that the last round was very long ago: both wait for a person.
    """
    try:
        refuse_halted(store)
        refuse_leap(store, now)
    except StateError as held:
        return str(held)
    return ""


@dataclass(frozen=True, slots=True)
class Presence:
    """Who this daemon is in the store: its installation's name, process, version, and since when (UTC)."""

    name: str
    process: int
    version: str
    started_at: datetime


class Turns:
    """Deciding, turn after turn, in one thread. `live`, `holds`, `outage` and `words` may be read from any.

    `decide` is the tick itself, or a tick among many workers.
    """

    def __init__(self, shop: Workshop, presence: Presence, decide: Decide = tick) -> None:
        self.shop, self._decide = shop, decide
        self.holds = ""
        self.outage = ""  # why the provider takes no mail for now; set by whoever hands over
        self._following = Following()
        self._presence = presence
        self._said: tuple[datetime, str] | None = None
        self._looked_until: datetime | None = None
        self._counter: int | None = None
        self._pruner, self._number = Pruner(), 0
        self._watch: Watch | None = None
        self.more = False  # whether posts from outside are left that nobody has read

    @property
    def live(self) -> LiveBook | None:
        """The book that runs; None before the first apply."""
        return self._following.live

    @property
    def words(self) -> str:
        """The daemon's state as `status` shows it."""
        if self.holds:
            return f"holds: {self.holds}"
        at_work = AT_WORK
        if self._following.unreadable:
            at_work = f"{AT_WORK} with the book before the newest: {self._following.unreadable}"
        return f"{at_work}; {self.outage}" if self.outage else at_work

    def turn(self, now: datetime, tell: Tell = silent, accepted: bool = False) -> Ticked | None:
        """One turn; None while it holds. With `accepted` a person has said that the clock is right."""
        store = self.shop.store
        self._following.follow(store)
        self._hold(self._why_held(now, accepted))
        if self.holds or self.live is None:
            self._look_for_alarms(now)
            return None
        self._looked_until = now
        self._take_in(self.live, now, POSTS)
        judge_clicks(self.shop, now)
        self._number += 1
        with observe.following(turn=self._number), spans.span(spans.TURN):
            ticked = self._decide(store, self.live.book, now, tell)
        self._pruner.turn(self.shop, self.live.book.rules.keep, now, ticked.people)
        self._look_for_alarms(now)
        return ticked

    def _look_for_alarms(self, now: datetime) -> None:
        """Loaded when it is first asked for: a daemon's first decisions do not wait for it."""
        if self._watch is None:
            from nurture.engine.alarms import Watch

            self._watch = Watch(self._presence.name)
        self._watch.look(self.shop, self.live.book if self.live else None, now)

    def _take_in(self, live: LiveBook, now: datetime, most: int) -> None:
        """Read what was posted from outside; `more` says whether some of it is left for the next turn."""
        taken = take_received(self.shop, live, now, most, BYTES)
        self.more = bool(taken) and self.shop.store.received.any_to_do()

    def stirred(self) -> bool:
        """Whether anybody has committed anything to the store since this was last asked."""
        before, self._counter = self._counter, self.shop.store.counter
        return before != self._counter

    def catch_up(self, now: datetime) -> None:
        """Amid a long turn: decide for those for whom something arrived since it began.

        A mass of people must not delay an answer. Whoever is decided here is left alone by the turn, which is of
        an earlier instant.
        """
        since, live, store = self._looked_until, self.live, self.shop.store
        if since is None or live is None or now < since + CATCH_UP_EVERY:
            return
        self._take_in(live, now, POSTS_IN_BETWEEN)
        page = store.fell_due(since, now, CATCH_UP_AT_MOST)
        if len(page) < CATCH_UP_AT_MOST:
            self._looked_until = now
        if page:
            decided = decide_page(store, live.book, page, now)
            intents = sum(len(one.intents) for one in decided)
            reasons = sum(len(one.reasons) for one in decided)
            observe.note(observe.TICK_DONE, **Ticked(len(page), intents, reasons).counts())

    def _why_held(self, now: datetime, accepted: bool) -> str:
        if self.live is None:
            return self._following.unreadable or NOTHING_LIVE
        return "" if accepted else why_held(self.shop.store, now)

    def _hold(self, because: str) -> None:
        if because and because != self.holds:
            observe.note(observe.DAEMON_HOLDS, level=logging.WARNING, because=because)
        elif self.holds and not because:
            observe.note(observe.DAEMON_GOES_ON)
        self.holds = because

    def beat(self, now: datetime, next_at: datetime | None, words: str = "") -> None:
        """Say in the store that the daemon lives: when something changed, and else every 30 seconds.

        `words` goes before the turn's own state.
        """
        state = words or self.words
        if self._said is not None:
            said_at, said = self._said
            if said == state and said_at <= now < said_at + BEAT_EVERY:
                return
        one = self._presence
        self.shop.store.beat(Runner(one.name, one.process, one.version, one.started_at, now, next_at, state))
        self._said = now, state

    def end(self, now: datetime) -> None:
        """Say goodbye."""
        self.beat(now, None, ENDED)


def say_started(shop: Workshop) -> None:
    """The first line of a daemon's log."""
    every = f"{shop.config.tick_every.total_seconds():g}s"
    provider, mode = shop.config.provider, shop.config.mode
    observe.note(
        observe.DAEMON_STARTED, process=os.getpid(), version=__version__, provider=provider, mode=mode, every=every
    )
    if shop.config.web_url and shop.config.web_listen is None:
        observe.note(observe.WEB_NONE, level=logging.WARNING)
