"""One worker's life: what it does when the queue says so, what it says of itself, and how it ends.

Everything that it does is the engine's: a tick, a part of a round, a round of handing over. What is due stands in the
store; a worker that was killed loses nothing, the others go on.
"""

import asyncio
import logging
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager, suppress
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from nurture import __version__, observe
from nurture.engine.applying import LiveBook, live_book
from nurture.engine.faults import FaultError, StateError
from nurture.engine.handed import Handed
from nurture.engine.rounds import Sharing, decide_part
from nurture.engine.run import Run
from nurture.engine.sending import Sending
from nurture.engine.syncing import AFTER_FAILURE, EVERY, can_sync, cut_short, last_sync, say_failed, sync
from nurture.engine.threads import Thread
from nurture.engine.turns import AT_WORK, Presence, Turns, why_held
from nurture.engine.webhooks import Calling
from nurture.engine.workshop import Workshop
from nurture.model.mail import Fate
from nurture.model.values import dataclass
from nurture.store.allowance import Allowance
from nurture.store.codec import micros
from nurture.store.open import Store
from nurture.store.queue import Job, Jobs, enqueue
from nurture.store.rounds import Part
from nurture.store.runner import Runner
from nurture.store.seats import Seat, Taken
from nurture.store.world_faults import in_words, waits_for_it
from nurture.workers import lanes
from nurture.workers.clocks import wrong_clock
from nurture.workers.lanes import CALL_NOW, LOOK_NOW
from nurture.workers.outage import Outage, of_database

if TYPE_CHECKING:
    from procrastinate import App

    from nurture.store.page import Rows

PARTS, MOST_PARTS = 4, 64  # of a round: so many for each worker, and no more
WATCH, BEAT = 2.0, 10.0  # seconds between two looks at the seat, and two words of what it is about
SEND_AT_LEAST = timedelta(minutes=1)  # doubts and leases end by the clock, though nothing new was decided
SOONEST, AGAIN = 0.2, 60.0  # seconds until handing over is tried again
STOP_WITHIN = 30.0  # seconds for what is on its way when the worker is asked to stop
PAUSE = 2.0  # seconds before the queue is asked again that failed
WEB_AGAIN = 15.0  # seconds between two tries to listen where another worker of this machine does

Clock = Callable[[], datetime]
Web = Callable[
    [Workshop, Callable[[], LiveBook | None], Clock, Run, Callable[[], None]], AbstractAsyncContextManager[None]
]


def held(store: Store, now: datetime) -> bool:
    """Whether neither deciding nor sending may go on: a person has to look, or nothing was ever applied."""
    return live_book(store) is None or bool(why_held(store, now))


class StoppedError(Exception):
    """Deciding was left between two pages, since the worker was asked to stop. What was decided is kept."""


@dataclass(frozen=True, slots=True)
class Shops:
    """One project, four times: for each lane its own, since a store is not shared between threads."""

    looking: Workshop
    deciding: Workshop
    sending: Workshop
    beside: Workshop


class Worker:
    """One of many. `seat` says to the others that it lives; its name is the owner of what it claims."""

    def __init__(self, shops: Shops, seat: Seat, process: int, clock: Clock) -> None:
        self.shops, self.seat, self.clock = shops, seat, clock
        self.presence = Presence(seat.name, process, __version__, clock())
        self.threads = {name: Thread(name) for name in ("looking", "deciding", "sending", "beside")}
        self.jobs = Jobs(shops.beside.store.database)
        self.many = 1  # workers on this store, as last seen
        self.turns = Turns(shops.looking, self.presence, Sharing(self._parts, self._open_round).look)
        run = self.threads["sending"].run
        self.sending = Sending(shops.sending, lambda: self.live(shops.sending.store), clock, run)
        if (rate := shops.sending.config.rate_per_second) is not None:
            self.sending.allowance = Allowance(shops.sending.store.database, shops.sending.provider.name, rate)
        self.calling = Calling(shops.sending, lambda: self.live(shops.sending.store), clock, run, self.look)
        for shop in (shops.looking, shops.deciding):
            shop.store.also = self._also
        self.stopping, self.cutting = asyncio.Event(), asyncio.Event()
        self._look = asyncio.Event()
        self._loop = asyncio.get_running_loop()
        self.outage = Outage(self._loop.time)
        self._sent_at, self._sync_at = clock() - SEND_AT_LEAST, clock()
        self.accepted = 0
        self._web_live: LiveBook | None = None
        self._waits: tuple[str, ...] = ()

    @staticmethod
    def live(store: Store) -> LiveBook:
        """The book that runs; StateError before the first apply."""
        found = live_book(store)
        if found is None:
            raise StateError("nothing is live yet. `nurture check`, then `nurture apply`.")
        return found

    def look(self) -> None:
        """Have a tick done now: something arrived. May be called from any thread, and as often as one likes."""
        self._loop.call_soon_threadsafe(self._look.set)

    def stop(self, because: str) -> None:
        """Finish what is on its way, give the rest back and end; asked a second time, end at once."""
        if self.stopping.is_set():
            self.cutting.set()
            return
        observe.note(observe.WORKER_STOPPING, because=because)
        self.outage.ending = True
        self.stopping.set()
        self.sending.stop()

    # In the transaction of decisions

    def _parts(self) -> int:
        return min(MOST_PARTS, max(PARTS, PARTS * self.many))

    def _hands(self) -> list[Job]:
        return [lanes.hand_over(slot) for slot in range(self.many)]

    def _open_round(self, connection: Any, parts: Sequence[Part]) -> None:
        enqueue(connection, [lanes.evaluate(part.round.id, part.first) for part in parts])

    def _also(self, connection: Any, rows: "Rows") -> None:
        jobs = [*(self._hands() if rows.planned else ()), *((CALL_NOW,) if rows.webhooks else ())]
        if jobs:
            enqueue(connection, jobs)

    # What the queue asks for

    async def tick(self) -> None:
        """Look whether anything fell due; decide what is little, share what is much."""
        if not self.stopping.is_set():
            await self._guarded(observe.TICK_FAILED, self.threads["looking"].run(self._turn))

    def _turn(self) -> None:
        """A turn, in its thread; and jobs for all that waits without one, whoever left it so."""
        now, store = self.clock(), self.shops.looking.store
        with suppress(StoppedError):
            self.turns.turn(now, self._between)
        if self.turns.more:
            self.look()
        jobs = [lanes.evaluate(part.round.id, part.first) for part in store.rounds.left()]
        stirred, long_ago = self.turns.stirred(), not timedelta() <= now - self._sent_at < SEND_AT_LEAST
        if (stirred or long_ago) and self.jobs_of(store).mail_waits(micros(now)):
            self._sent_at = now
            jobs += self._hands()
        self.jobs_of(store).put(jobs)

    @staticmethod
    def jobs_of(store: Store) -> Jobs:
        """The queue's doors of one of our stores, for its own thread."""
        return Jobs(store.database)

    def _between(self, _people: int) -> None:
        if self.stopping.is_set():
            raise StoppedError

    async def evaluate(self, number: int, first: int) -> None:
        """Decide a part of a round; asked to stop, give it back to the others."""
        job = replace(lanes.evaluate(number, first), single=False)
        work = self.threads["deciding"].run(self._part, number, first, job)
        await self._guarded(observe.TICK_FAILED, work)

    def _part(self, number: int, first: int, job: Job) -> None:
        store, now = self.shops.deciding.store, self.clock()
        part = next((one for one in store.rounds.left() if (one.round.id, one.first) == (number, first)), None)
        if part is None or why_held(store, now):
            return  # another was quicker; or the tick asks again when a person has looked
        try:
            decide_part(store, self.live(store).book, part, now, self._between)
        except StoppedError:
            self.jobs_of(store).put([job])
        else:
            if store.rounds.open() is None:
                self.look()  # what fell due since the round began

    async def hand_over(self, slot: int) -> None:
        """One round of handing over, and another when the provider may be tried again."""
        await self._guarded(observe.HAND_OVER_FAILED, self._hand_over(slot))

    async def _hand_over(self, slot: int) -> None:
        shop, run = self.shops.sending, self.threads["sending"].run
        if self.stopping.is_set() or await run(held, shop.store, self.clock()):
            return
        self.sending.road.share = self.many
        handed = await self.sending.round()
        self._account(handed)
        if self.stopping.is_set():
            await run(self.jobs_of(shop.store).put, [lanes.hand_over(slot)] if handed.waiting else [])
        elif (next_at := self.sending.next_at or self.sending.morning) is not None:
            seconds = min(AGAIN, max(SOONEST, (next_at - self.clock()).total_seconds()))
            self._loop.call_later(seconds, self._hand_over_again, slot)

    def _hand_over_again(self, slot: int) -> None:
        if not self.stopping.is_set():
            put = self.threads["beside"].run(self.jobs.put, [lanes.hand_over(slot)])
            self._again = asyncio.ensure_future(self._guarded(observe.HAND_OVER_FAILED, put))

    def _account(self, handed: Handed) -> None:
        """Add a round up; say that mails wait when the reasons are others than before."""
        self.accepted += handed.fates.get(Fate.accepted, 0)
        if (waits := tuple(re.sub(r"[\d,]+", "", words) for words in handed.waits)) != self._waits:
            self._waits = waits
            observe.note(observe.HAND_OVER_WAITS, waiting=handed.waiting, held=handed.held)

    async def beside(self) -> None:
        """Call other systems, tell the shop's people and the provider, read the provider's lists once a day."""
        await self._guarded(observe.WEBHOOKS_FAILED, self._beside())

    async def _beside(self) -> None:
        shop, run = self.shops.sending, self.threads["sending"].run
        if self.stopping.is_set() or await run(held, shop.store, self.clock()):
            return
        await self.calling.once(self.stopping)
        try:
            await self._sync()
        except Exception as fault:  # noqa: BLE001  (whatever it was, it is tried again after an hour)
            if not self.outage.told(fault, "beside"):
                say_failed(fault)

    async def _sync(self) -> None:
        shop, run, now = self.shops.sending, self.threads["sending"].run, self.clock()
        if not can_sync(shop) or now < self._sync_at:
            return
        last = await run(last_sync, shop.store)
        if last is None or now >= last + EVERY:
            self._sync_at = now + AFTER_FAILURE
            found = await cut_short(sync(shop, now, run), self.stopping)
            if found is not None and found.total():
                self.look()

    async def bury(self) -> None:
        """Put in order what workers that are gone left behind."""
        await self._guarded(observe.TICK_FAILED, self.threads["beside"].run(self._bury))

    def _bury(self) -> None:
        store, now = self.shops.beside.store, self.clock()
        taken = Taken(store.database)
        for one in store.runners():
            if one.kind != "worker" or taken.has(one.name) or one.name == self.seat.name:
                continue
            live = live_book(store)
            found = store.recover(now, live.book if live else None, one.name)
            store.goodbye(one.name)
            left = {"put_back": found.put_back, "in_doubt": found.in_doubt}
            observe.note(observe.WORKER_GONE, level=logging.WARNING, process=one.process, **left)
            self.jobs.put([*self._hands(), LOOK_NOW])

    async def _guarded(self, event: str, work: Awaitable[object]) -> None:
        """What fails is said, without anything personal; the next tick asks for it again."""
        try:
            await work
        except Exception as error:  # noqa: BLE001  (whatever it was, nothing was lost: the store says what is due)
            if self.outage.told(error, event.partition(".")[0]):
                return
            fields = observe.fault_fields(error, words=isinstance(error, FaultError))
            fields |= {"words": of_world} if (of_world := in_words(error)) else {}
            observe.note(event, level=logging.ERROR, **fields, again_in="the next tick")

    # Its life

    async def live_on(self, web: Web | None = None) -> bool:
        """Work until `stop`; whether all that was on its way came to its end."""
        observe.sift(self.outage.written)
        to = lanes.connector(self.shops.beside.store.database.reached_by)
        found = lanes.lanes(to, self, self.shops.looking.config.tick_every)
        async with AsyncExitStack() as stack:
            stack.push_async_callback(self.shops.sending.provider.close)
            await stack.enter_async_context(self._queue(found[0].app))
            await self.threads["beside"].run(self._beat)
            at_work = [asyncio.create_task(lanes.keep(lane, self._lane_failed)) for lane in found]
            watching = [asyncio.create_task(one) for one in (self._watch(), self._waken(), self._serve(web))]
            await self.stopping.wait()
            ended = await self._settle(at_work)
            for one in watching:
                one.cancel()
            await asyncio.gather(*watching, return_exceptions=True)
            if ended:
                await self._goodbye()
            else:
                stack.pop_all()  # nothing more is waited for: the process ends now
        for thread in self.threads.values():
            thread.close()
        return ended

    @asynccontextmanager
    async def _queue(self, app: "App") -> AsyncIterator[None]:
        """The queue's connections for as long as the block lasts; StateError when there are none to be had."""
        try:
            await app.open_async()
        except Exception as fault:
            words = self.outage.because or in_words(of_database(fault))
            if not waits_for_it(words):
                raise
            raise StateError(f"the queue's database cannot be reached: {words}") from fault
        try:
            yield
        finally:
            await app.close_async()

    async def _settle(self, at_work: Sequence["asyncio.Task[None]"]) -> bool:
        """Wait for what is being done, for long enough or until asked again; whether it came to its end."""
        for one in at_work:
            one.cancel()
        cut = asyncio.create_task(self.cutting.wait())
        ending = asyncio.ensure_future(asyncio.wait(at_work))
        await asyncio.wait((ending, cut), timeout=STOP_WITHIN, return_when=asyncio.FIRST_COMPLETED)
        cut.cancel()
        if not ending.done():
            observe.note(observe.WORKER_CUT, level=logging.ERROR, because="what was on its way is in doubt")
        return ending.done()

    async def _goodbye(self) -> None:
        """Say nothing more of itself: what it had was given back."""
        with suppress(Exception):  # the end is the end; the others see that its seat is free
            await self.threads["beside"].run(self.shops.beside.store.goodbye, self.seat.name)
        observe.note(observe.WORKER_STOPPED, accepted=self.accepted)

    async def _lane_failed(self, lane: str, fault: BaseException | None) -> bool:
        """The queue was not to be had: asked again a little later, unless this worker was asked to end meanwhile."""
        if self.stopping.is_set():
            return False
        away = self.outage.told(fault, lane) if fault is not None else self.outage.because
        if not away and self.outage.new(fault, lane):
            fields = observe.fault_fields(of_database(fault)) if fault is not None else {}
            observe.note(observe.QUEUE_LOST, level=logging.WARNING, lane=lane, **fields, again_in=f"{PAUSE:g}s")
        with suppress(TimeoutError):
            await asyncio.wait_for(self.stopping.wait(), PAUSE)
        return not self.stopping.is_set()

    async def _watch(self) -> None:
        """See that the seat is still ours, and say every ten seconds that it lives."""
        said = self._loop.time()
        while not self.stopping.is_set():
            await asyncio.sleep(WATCH)
            try:
                if not await self.threads["beside"].run(self.seat.held):
                    self.stop("a daemon is at work on this store")
                    break
                self.outage.well()
                if self._loop.time() - said >= BEAT:
                    said = self._loop.time()
                    await self.threads["beside"].run(self._beat)
            except Exception as error:  # noqa: BLE001  (the database is away: it is looked at again)
                if self.outage.told(error, "seat") or not self.outage.new(error, "seat"):
                    continue
                observe.note(observe.QUEUE_LOST, level=logging.WARNING, lane="seat", **observe.fault_fields(error))

    def _beat(self) -> None:
        """Say what it is about, and see how many there are."""
        store, now = self.shops.beside.store, self.clock()
        if wrong := wrong_clock(store.database, self.clock):
            self._loop.call_soon_threadsafe(self.stop, wrong)
        self._web_live = live_book(store)
        self.many = max(1, Taken(store.database).workers)
        because = why_held(store, now)
        state = f"holds: {because}" if because else "; ".join(filter(None, (AT_WORK, self.sending.outage)))
        one, next_at = self.presence, now + timedelta(seconds=BEAT)
        store.beat(Runner(one.name, one.process, one.version, one.started_at, now, next_at, state, "worker"))

    async def _waken(self) -> None:
        """Ask for a tick whenever something arrived here; one at a time waits."""
        while True:
            await self._look.wait()
            self._look.clear()
            await self._guarded(observe.TICK_FAILED, self.threads["beside"].run(self.jobs.put, [LOOK_NOW]))

    async def _serve(self, web: Web | None) -> None:
        """The web part; where another worker of this machine listens, wait until it does no more."""
        shop, run, told = self.shops.beside, self.threads["beside"].run, False
        while web is not None:
            try:
                async with web(shop, lambda: self._web_live, self.clock, run, self.look):
                    await self.stopping.wait()
                    await asyncio.Event().wait()  # answers go on until all else has ended
            except StateError as fault:
                if not told:
                    observe.note(observe.WEB_WAITS, words=str(fault))
                told = True
                await asyncio.sleep(WEB_AGAIN)
