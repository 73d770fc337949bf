"""The daemon: when to call the engine, never what (architecture.md 3). One process, whose loop never waits on disk.

Deciding, handing over and the web part have a thread and a store each, since a store is not shared between
threads. What is due stands in the store: a daemon that was killed loses nothing, the next one goes on.
"""

import asyncio
import logging
import os
import re
import signal
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack, ExitStack, suppress
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from nurture import __version__, observe
from nurture.engine.faults import FaultError, StateError
from nurture.engine.live import LiveBook
from nurture.engine.threads import Thread, watched
from nurture.engine.tick import Ticked
from nurture.engine.turns import AT_WORK, Presence, Turns, say_started, why_held
from nurture.engine.workshop import Workshop
from nurture.model.mail import Fate
from nurture.store.database import DisplacedError
from nurture.store.world_faults import in_words
from nurture.wiring import DAEMON, WORKER, RunLock, live, looked_into, now, stopwatch, workshop

if TYPE_CHECKING:  # rendering, sending and the web part are loaded while the first turn is already done
    from apscheduler.job import Job

    from nurture.engine.handed import Handed
    from nurture.engine.run import Run
    from nurture.engine.sending import Sending

SEND_AT_LEAST = 60.0  # seconds: doubts and leases end by the clock, though nothing new was decided
SEND_AT_MOST = 0.2  # seconds between two rounds of handing over, whatever the provider says
ALONE_AT_FIRST = 1.0  # seconds that the first turn is given before anything else is loaded and opened
DECIDING, BESIDE = 12, (8, 2)  # megabytes of the store that deciding, handing over and the web part keep in memory
LATE = 60.0  # seconds after which a turn that did not come is taken: the clock was put back
STOP_WITHIN = 30.0  # seconds for what is on its way when the daemon is asked to stop
LONGEST_PAUSE = 300.0  # seconds between two tries while something keeps failing
STANDBY_LOOKS, STANDBY_ASKS = 1.0, 60.0  # seconds between two looks whether the other daemon is gone, or hangs
ALIVE_EVERY = 3600.0  # seconds between two lines that only say that all is well
WORKERS_AT_WORK = (
    "workers (`nurture worker`) are at work on this store: they share what a daemon does alone. "
    "Stop them all, then start the daemon."
)

Clock = Callable[[], datetime]
Web = Callable[
    [Workshop, Callable[[], LiveBook | None], Clock, "Run", Callable[[], None]], AbstractAsyncContextManager[None]
]


class StoppedError(Exception):
    """A tick was left between two pages, since the daemon was asked to stop. What was decided is kept."""


class Daemon:
    """One daemon's life. Three shops of the same project: for deciding, for handing over, for the web part.

    `clock` tells the instant in UTC, `elapsed` seconds that no clock's change touches.
    """

    def __init__(
        self, deciding: Workshop, sending: Workshop, web: Workshop | None, clock: Clock, elapsed: Callable[[], float]
    ) -> None:
        self.every = deciding.config.tick_every
        self.clock = clock
        self.elapsed = elapsed
        self.turns = Turns(deciding, Presence(deciding.owner, os.getpid(), __version__, clock()))
        self.threads = {name: Thread(name) for name in ("deciding", "sending", "web")}
        self.sending_shop, self.web_shop = sending, web
        self._sending: Sending | None = None
        self._waits: tuple[str, ...] = ()
        self._loop: asyncio.AbstractEventLoop | None = None
        self.done = {"ticks": 0, "people": 0, "decided": 0, "accepted": 0}
        self._alive_at = elapsed()
        self._look, self._send, self._calls, self._begun = (asyncio.Event() for _ in range(4))
        self._stopping, self._cutting = asyncio.Event(), asyncio.Event()
        self.displaced = False
        self.job: Job | None = None  # what makes a turn due; not yet in the first

    def live(self) -> LiveBook:
        """The book that runs; StateError before the first apply."""
        if self.turns.live is None:
            raise StateError(self.turns.words)
        return self.turns.live

    @property
    def stopping(self) -> bool:
        """Whether it was asked to end."""
        return self._stopping.is_set()

    def look(self) -> None:
        """Take a turn now: something arrived. May be called from any thread, and as often as one likes."""
        self._wake(self._look)

    def _wake(self, event: asyncio.Event) -> None:
        """Set an event of the loop from any thread; before it lives there is nothing to wake."""
        if self._loop is not None:
            self._loop.call_soon_threadsafe(event.set)

    def stop(self, because: str) -> None:
        """Finish what is on its way and end; asked a second time, end at once."""
        if self.stopping:
            self._cutting.set()
            return
        observe.note(observe.DAEMON_STOPPING, because=because)
        self._stopping.set()
        if self._sending is not None:
            self._sending.stop()

    async def live_on(self, web: Web | None = None, accepted: bool = False) -> bool:
        """Work until `stop`; whether all that was on its way came to its end, in the store that is there."""
        self._loop = asyncio.get_running_loop()
        work = asyncio.create_task(self._work(web, accepted))
        cut = asyncio.create_task(self._cut())
        await asyncio.wait({work, cut}, return_when=asyncio.FIRST_COMPLETED)
        if work.done():
            cut.cancel()
            work.result()
        else:
            observe.note(observe.DAEMON_CUT, level=logging.ERROR, because="what was on its way is in doubt")
        for thread in self.threads.values():
            thread.close()
        return work.done() and not self.displaced

    async def _cut(self) -> None:
        """Return when waiting has gone on for long enough."""
        await self._stopping.wait()
        with suppress(TimeoutError):
            await asyncio.wait_for(self._cutting.wait(), STOP_WITHIN)

    async def _work(self, web: Web | None, accepted: bool) -> None:
        async with AsyncExitStack() as beside:
            deciding = asyncio.create_task(self._decide(accepted))
            try:
                await self._until(self._begun, ALONE_AT_FIRST)
                from nurture.schedule import scheduled

                self.job = beside.enter_context(scheduled(self._look.set, self.every))
                beside.push_async_callback(self.sending_shop.provider.close)
                if web is not None and self.web_shop is not None and not self.stopping:
                    shop, run = self.web_shop, self.threads["web"].run
                    await beside.enter_async_context(web(shop, lambda: self.turns.live, self.clock, run, self.look))
                await asyncio.gather(deciding, self._hand_over(), self._call())
            finally:
                self._stopping.set()
                await asyncio.gather(deciding, return_exceptions=True)
        try:
            await self.threads["deciding"].run(self.turns.end, self.clock())
        except Exception as error:  # noqa: BLE001  (the end is the end; the row in the store says when it was seen last)
            observe.note(observe.DAEMON_STOPPED, level=logging.WARNING, **observe.fault_fields(error))
        else:
            observe.note(observe.DAEMON_STOPPED)

    # Deciding

    async def _decide(self, accepted: bool) -> None:
        """Turn after turn: when one is due, when something arrived, and later when the last one failed."""
        failures = 0
        while not self.stopping:
            self._look.clear()
            before = self.turns.live
            try:
                ticked = await self.threads["deciding"].run(self._turn, accepted)
            except StoppedError:
                return
            except Exception as error:  # noqa: BLE001  (whatever it was, the next turn may go well: the daemon lives)
                failures += 1
                self._begun.set()
                await self._say_failing(error)
                await self._fail(observe.TICK_FAILED, error, failures)
                continue
            failures, accepted = 0, accepted and ticked is None
            self._count(ticked)
            self._begun.set()
            self._calls.set()
            if self.turns.live is not before or (ticked and ticked.intents):
                self._send.set()
            if not await self._until(self._look, self.every.total_seconds() + LATE) and self.job is not None:
                from nurture.schedule import regularly

                self.job.reschedule(regularly(self.every))  # the clock went back, and the scheduler with it

    def _turn(self, accepted: bool) -> Ticked | None:
        """One turn, in the deciding thread."""
        begun = self.clock()

        def between_pages(_people: int) -> None:
            if self.stopping:
                raise StoppedError
            self.turns.catch_up(self.clock())
            self.turns.beat(self.clock(), begun + self.every)
            self._wake(self._send)  # what was decided goes while the turn goes on

        ticked = self.turns.turn(begun, between_pages, accepted)
        if self.turns.more:
            self.look()
        if self.turns.stirred():
            self._wake(self._send)  # somebody may have released or declared something, at the command line
        self.turns.beat(self.clock(), begun + self.every)
        return ticked

    def _count(self, ticked: Ticked | None) -> None:
        """Add a turn up, and say now and then that all is well."""
        self.done["ticks"] += 1
        self.done["people"] += ticked.people if ticked else 0
        self.done["decided"] += ticked.intents if ticked else 0
        if self.elapsed() - self._alive_at >= ALIVE_EVERY:
            self._alive_at = self.elapsed()
            observe.note(observe.DAEMON_ALIVE, state=AT_WORK if not self.turns.holds else "holds", **self.done)

    # Handing over

    async def _hand_over(self) -> None:
        """Round after round: when something was decided, when the provider may be tried again, and every minute."""
        from nurture.engine.sending import Sending

        failures = 0
        self._sending = sending = Sending(self.sending_shop, self.live, self.clock, self.threads["sending"].run)
        while not self.stopping:
            self._send.clear()
            try:
                handed = await self._round(sending)
            except Exception as error:  # noqa: BLE001  (as above: nothing was lost, what was on its way is in doubt)
                failures += 1
                await self._fail(observe.HAND_OVER_FAILED, error, failures)
                continue
            failures = 0
            if handed is not None:
                self._account(handed)
            if sending.outage != self.turns.outage:
                self.turns.outage = sending.outage
                self.look()  # the turn writes it where `status` reads it
            await self._until(self._send, self._until_next_round(sending))

    def _account(self, handed: "Handed") -> None:
        """Add a round up; say that mails wait when the reasons are others than before. Who said halt is not logged."""
        self.done["accepted"] += handed.fates.get(Fate.accepted, 0)
        if (waits := tuple(re.sub(r"[\d,]+", "", words) for words in handed.waits)) != self._waits:
            self._waits = waits
            observe.note(observe.HAND_OVER_WAITS, waiting=handed.waiting, held=handed.held)

    async def _round(self, sending: "Sending") -> "Handed | None":
        """One round, unless there is a reason to hold."""
        if self.turns.live is None or self.turns.holds:
            return None
        if await self.threads["sending"].run(why_held, self.sending_shop.store, self.clock()):
            return None
        return await sending.round()

    def _until_next_round(self, sending: "Sending") -> float:
        """Seconds until handing over is worth another try."""
        next_at = sending.next_at or sending.morning
        if next_at is None:
            return SEND_AT_LEAST
        return min(SEND_AT_LEAST, max(SEND_AT_MOST, (next_at - self.clock()).total_seconds()))

    async def _call(self) -> None:
        """Call other systems as their time comes, and read the provider's lists; news are looked at at once."""
        from nurture.engine.syncing import keep_in_step
        from nurture.engine.webhooks import Calling

        shop, run = self.sending_shop, self.threads["sending"].run
        calling = Calling(shop, self.live, self.clock, run, self.look)
        calls = calling.keep_on(
            self._stopping, self._calls, lambda: self.turns.live is not None and not self.turns.holds
        )
        await asyncio.gather(calls, keep_in_step(shop, self.clock, run, self._stopping, self.look))

    # Failing and waiting

    async def _say_failing(self, error: Exception) -> None:
        """Let `status` know, if the store can still be written."""
        words = (
            f"fails and tries again: {': '.join(filter(None, (type(error).__name__, in_words(error))))}, see the log"
        )
        with suppress(Exception):  # a store that cannot be written either is what the log's next line is about
            await self.threads["deciding"].run(self.turns.beat, self.clock(), self.clock() + self.every, words)

    async def _fail(self, event: str, error: Exception, failures: int) -> None:
        """Say what went wrong, without anything personal, and wait before the next try.

        When the store's file is another one, there is none: this process would work on a file that is gone.
        """
        if isinstance(error, DisplacedError):
            self.displaced = True
            observe.note(event, level=logging.ERROR, **observe.fault_fields(error, words=False))
            if not self.stopping:
                self.stop("the file of the store was replaced or taken away")
            return
        pause = min(LONGEST_PAUSE, self.every.total_seconds() * 2 ** min(failures - 1, 10))
        fields = observe.fault_fields(error, words=isinstance(error, FaultError))
        fields |= {"words": of_world} if (of_world := in_words(error)) else {}
        observe.note(event, level=logging.ERROR, **fields, again_in=f"{pause:g}s")
        await self._until(self._stopping, pause)

    async def _until(self, event: asyncio.Event, seconds: float) -> bool:
        """Wait for an event, for the end or for so long; whether either came."""
        waiting = [asyncio.create_task(one.wait()) for one in {event, self._stopping}]
        try:
            done, _ = await asyncio.wait(waiting, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in waiting:
                task.cancel()
        return bool(done)


# A daemon in its project


class Signals:
    """SIGTERM, SIGINT and a closed terminal ask for an end: of waiting, and then of the daemon."""

    def __init__(self) -> None:
        self.asked = asyncio.Event()
        self.daemon: Daemon | None = None
        for one in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            asyncio.get_running_loop().add_signal_handler(one, self.ask, one.name)

    def ask(self, name: str) -> None:
        """Take a signal in."""
        self.asked.set()
        if self.daemon is not None:
            self.daemon.stop(name)

    def displaced(self) -> None:
        """Somebody else is at work on the store: the database was away, and they were quicker."""
        if self.daemon is not None:
            self.daemon.displaced = True
        self.ask("another is at work on this store")


async def serve(root: Path, web: Web | None, accepted: bool = False) -> bool:
    """A daemon's life in a project, from waiting for another one to the end; whether it ended in good order.

    `web` opens the web part beside it. With `accepted` a person has looked at a halted store or a leap of the clock.
    """
    signals, lock = Signals(), RunLock(root)
    try:
        await stand_by(lock, signals.asked, root)
        if signals.asked.is_set():
            return True
        with ExitStack() as open_shops:
            deciding = open_shops.enter_context(workshop(root, DECIDING))
            if accepted and deciding.store.halted:
                from nurture.engine.accepting import accept as accept_store
                from nurture.engine.accepting import accepted as with_new_owner

                held = await asyncio.to_thread(accept_store, deciding, live(deciding.store), now())
                observe.note(observe.BATCH_IN_DOUBT, level=logging.WARNING, mails=held)
                deciding = with_new_owner(deciding)
            sending, beside = (open_shops.enter_context(workshop(root, cache)) for cache in BESIDE)
            signals.daemon = Daemon(deciding, sending, beside if web else None, now, stopwatch())
            say_started(deciding)
            if signals.asked.is_set():
                signals.daemon.stop("signal")
            async with watched(lock.held, signals.displaced):
                return await signals.daemon.live_on(web, accepted)
    finally:
        lock.release()


async def stand_by(lock: RunLock, asked: asyncio.Event, root: Path | None = None) -> None:
    """Wait until no other daemon or round is at work here, or until asked to end; StateError where workers are.

    With `root` it is seen now and then whether the other one says that it lives.
    """
    elapsed, told, looked_at, other = stopwatch(), False, -STANDBY_ASKS, None
    while not asked.is_set() and (holder := lock.take(DAEMON)) is not None:
        if holder.kind == WORKER:
            raise StateError(WORKERS_AT_WORK)
        if not told and holder.process:
            observe.note(observe.DAEMON_WAITS, beside=holder.kind, process=holder.process, since=holder.since)
            told = True
        if root is not None and holder.process and elapsed() - looked_at >= STANDBY_ASKS:
            from nurture.engine.standing_by import StandingBy

            looked_at, other = elapsed(), other or StandingBy(partial(looked_into, root), now)
            await asyncio.to_thread(other.look, holder.kind, holder.process)
        with suppress(TimeoutError):
            await asyncio.wait_for(asked.wait(), STANDBY_LOOKS)
