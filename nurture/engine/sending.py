"""Sending: several batches on their way at once, through one provider, at its pace (architecture.md 2.3).

A batch is claimed, looked at once more, rendered and committed as `handed` before its first byte leaves; then its
mails are posted at the same time, and what became of each is settled. What is not known stays in doubt.
"""

import asyncio
import logging
from collections import Counter, deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import datetime

from nurture import observe
from nurture.engine.applying import LiveBook
from nurture.engine.collecting import seldom_collected, uncollected
from nurture.engine.doubts import Upkeep
from nurture.engine.flight import Flight, unbegun
from nurture.engine.gates import gate_of, halt_ourselves, refused_us, why_waiting
from nurture.engine.handed import SHOWN, Handed
from nurture.engine.kept import Kept
from nurture.engine.leases import Leases
from nurture.engine.looking_up import LookingUp
from nurture.engine.pace import Alike, BackOff, Deferred, Pace, Size
from nurture.engine.preparing import Ready, kept_reasons, once_more, ready
from nurture.engine.road import Road
from nurture.engine.run import Run
from nurture.engine.slots import Slots
from nurture.engine.turned_away import keep_bounces
from nurture.engine.workshop import Workshop
from nurture.model.mail import Fate, Handover
from nurture.store.allowance import Allowance
from nurture.store.database import Conflict
from nurture.store.outbox_rows import LEASE, Batch
from nurture.store.world_faults import away

BATCH = 100  # mails that are claimed and settled together; `Size` makes it more
TURNS = 10  # of the provider's places that a batch fills, so that a cut at a slow provider leaves fewer in doubt
ON_THEIR_WAY = 4  # batches; one more may be, of service alone
LOOK = 0.25  # seconds between two looks for service while batches are on their way
ATTEMPTS, PATIENCE = 3, 30  # to keep what became of a batch; while its database is away, for as long as the lease
UNKEPT = 20  # batches, of 500 mails at the most
SERVICE = "service"
fields = observe.fault_fields


class Sending:
    """Hands over what may go. One for a process; only one `round` runs at a time.

    `live` is called in `run`, so it may ask the store; `clock` gives the instant in UTC. `tell` hears how many
    mails are done. `next_at` is when the provider may be tried again; None when nothing speaks against it.
    """

    def __init__(
        self,
        shop: Workshop,
        live: Callable[[], LiveBook],
        clock: Callable[[], datetime],
        run: Run,
        tell: Callable[[int], None] = lambda _done: None,
    ) -> None:
        self.shop = shop
        self.live = live
        self.clock = clock
        self.run = run
        self.tell = tell
        self.pace, self.size = Pace(shop.config.rate_per_second), Size()
        self.allowance: Allowance | None = None  # of many workers together
        self.back_off, self._because = BackOff(), ""
        self.deferred, self.alike = Deferred(), Alike()
        self._slots, self._room = Slots(shop.provider.at_once), asyncio.Event()
        self._unbegun: Counter[bool] = Counter()  # requests on their way that wait for a place: service, and others
        self._upkeep, self.road, self.looking_up = Upkeep(shop), Road(shop), LookingUp(shop, run, self.clock)
        self._leases = Leases(shop, run, self.clock)
        self._unkept: deque[Flight] = deque(maxlen=UNKEPT)  # what became of their mails is known here alone
        self._stopped = self._refused = self._cut = False
        self.morning: datetime | None = None  # when the first mail may go that was put off to its reader's hours

    @property
    def next_at(self) -> datetime | None:
        """When the provider, or a mail that it turned away, may be tried again (UTC)."""
        now = self.clock()
        return self.back_off.until(now) or self.deferred.next_at(now)

    @property
    def outage(self) -> str:
        """Why nothing goes for now and when it is tried again, in our words: nobody is named; empty when it goes."""
        until = self.back_off.until(self.clock())
        return f"no mail goes: {self._because}; next try {until:%Y-%m-%d %H:%M} UTC" if until is not None else ""

    def stop(self) -> None:
        """Claim and begin nothing more; what was begun is waited for and settled, then `round` returns."""
        self._stopped = True

    async def round(self) -> Handed:
        """Hand over all that may go now; returns when nothing more can go for now, or after `stop`.

        StateError while the store is halted as a copy or a restore.
        """
        done = Handed(self.shop.provider.name)
        if self._stopped:
            return done
        self._slots, self._room = Slots(self.shop.provider.at_once), asyncio.Event()
        self._unbegun, self._refused, self._cut = Counter(), False, False
        await self.run(self._start, done)
        with seldom_collected():
            await self._fly_all(done)
        await self.run(self._look_round, done)
        self.looking_up.begin()
        if done.fates:
            observe.note(observe.HAND_OVER_DONE, **done.counts())
        return done

    # Batch after batch

    async def _fly_all(self, done: Handed) -> None:
        flights: set[asyncio.Task[None]] = set()
        try:
            while True:
                wait = await self._take_off(flights, done)
                if wait is None and not flights and (self._shut() or not await self.road.turn_comes(self.clock)):
                    return
                if wait != 0:
                    flights = await self._land(flights, LOOK if wait is None else min(wait, LOOK), done)
        except asyncio.CancelledError:
            for flight in flights:
                flight.cancel()
            raise
        finally:
            await asyncio.gather(*flights, return_exceptions=True)

    async def _land(self, flights: set[asyncio.Task[None]], seconds: float, done: Handed) -> set[asyncio.Task[None]]:
        """Wait for a batch to come to its end, or for so long; those still on their way.

        One that was cancelled or failed has been settled as far as it could be, and does not end the others.
        """
        if not flights:
            await asyncio.sleep(seconds)
            return flights
        room = asyncio.create_task(self._room.wait())
        try:
            await asyncio.wait({*flights, room}, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        finally:
            room.cancel()
        flying = {one for one in flights if not one.done()}
        for one in flights - flying:
            fault = asyncio.CancelledError() if one.cancelled() else one.exception()
            if fault is not None and not isinstance(fault, Exception | asyncio.CancelledError):
                raise fault
            if fault is not None:
                done.trouble(f"a batch was cut: {type(fault).__name__}; what had no answer is in doubt")
        return flying

    async def _take_off(self, flights: set[asyncio.Task[None]], done: Handed) -> float | None:
        """Begin one more batch if one may: 0 to try again at once, else in how many seconds; None: not for now.

        While others wait for a place only service is begun, and while service does nothing, so that a cut leaves few
        in doubt that were not even tried.
        """
        self._room.clear()
        if self._shut() or len(flights) > ON_THEIR_WAY or (self.back_off.trying and flights):
            return None
        if (wait := self.pace.wait(second := asyncio.get_running_loop().time())) > 0:
            return wait
        at_once = self.shop.provider.at_once
        limit = 1 if self.back_off.trying else self.pace.most(self.size.most(self._batch()))
        full = len(flights) == ON_THEIR_WAY or self._unbegun.total() >= at_once
        if full and self._unbegun[True] >= at_once:
            return None
        if self.allowance is not None and (wait := await self.run(self.allowance.take, limit, self.clock())) > 0:
            return wait
        found = await self._prepared(limit, full, done)
        leaving = sum(len(one.intents) for one in found.requests) if isinstance(found, Flight) else 0
        self.pace.take(leaving, second)
        if self.allowance is not None:
            await self.run(self.allowance.give_back, limit - leaving)
        if isinstance(found, Flight):
            self._unbegun.update(is_service(one) for one in found.requests)
            with observe.following(batch=found.batch.id):
                flights.add(asyncio.create_task(self._fly(found, done)))
        return 0 if found else None

    def _batch(self) -> int:
        """How many mails a batch usually has: as many as one request carries, or the usual number."""
        provider = self.shop.provider
        return min(max(BATCH, provider.each), TURNS * provider.at_once * provider.each)

    def _shut(self) -> bool:
        """Whether nothing may be begun now."""
        return self._stopped or self._refused or self.back_off.until(self.clock()) is not None

    async def _prepared(self, limit: int, only_service: bool, done: Handed) -> Flight | bool:
        """What `_prepare` finds. When the round is cut meanwhile, nothing of a batch was begun: it is in no doubt."""
        work = asyncio.ensure_future(self.run(self._prepare, limit, only_service, done))
        try:
            return await asyncio.shield(work)
        except asyncio.CancelledError:
            self._cut = True
            await asyncio.wait({work})
            if not work.cancelled() and work.exception() is None and isinstance(found := work.result(), Flight):
                await self._keep(found, done)
            raise

    # One batch: in the thread of the store

    def _prepare(self, limit: int, only_service: bool, done: Handed) -> Flight | bool:
        """Claim a batch and make it ready to leave; otherwise whether trying again at once can find one."""
        live, now = self.live(), self.clock()
        self._keep_late(done)
        self._upkeep.keep_up(live.book, now, done)
        self.road.look(now)
        gate = gate_of(self.shop, live, now, only_service, self.deferred.waiting(now))
        if gate is None:
            return False
        claimed = self.shop.store.outbox.claim(limit, now, self.shop.owner, gate)
        if claimed.held:
            observe.note(observe.BRAKE_HELD, level=logging.WARNING, mails=claimed.held, brake=gate.brake)
        if claimed.batch is None:
            return claimed.held > 0
        try:
            with uncollected(), observe.following(batch=claimed.batch.id):
                return self._handed(live, claimed.batch)
        except Conflict:
            return True  # our lease ended while we were at it: it is in the queue again
        except Exception as fault:  # noqa: BLE001  (nothing left: it is put back when its lease is over, the rest goes on)
            done.trouble(f"a batch could not be prepared: {type(fault).__name__}; it waits for {LEASE}")
            batch, mails = claimed.batch.id, len(claimed.batch.intents)
            observe.note(observe.BATCH_LEFT, level=logging.ERROR, batch=batch, mails=mails, **fields(fault))
            self._unkept.append(unbegun(claimed.batch, now))  # its commit as `handed` may have come about all the same
            self._because = f"a batch could not be prepared ({type(fault).__name__})"
            self.back_off.fail(now)
            return False

    def _handed(self, live: LiveBook, batch: Batch) -> Flight:
        """The batch made ready, and `handed` committed."""
        try:
            looked_at = self.clock()
            made = ready(self.shop, live, batch, looked_at, self.road.kept)
            now = self.clock()
            if self._cut:
                raise Conflict("the round was cut: who starts again finds the batch claimed, and puts it back")
            self.shop.store.outbox.hand(batch, now, made.gone)
        except BaseException:
            self.road.landed(batch.keys)
            raise
        return Flight(batch, made.requests, made.kept, now + LEASE, looked_at)

    def _settle(self, flight: Flight) -> list[Handover]:
        """Keep what became of each mail of a batch."""
        now, handovers = self.clock(), flight.handovers()
        reasons = list(kept_reasons(flight.batch.intents, flight.kept, flight.posted(), now))
        self.shop.store.settle(flight.batch, handovers, now, self.live().book, reasons, self.shop.provider.name)
        keep_bounces(self.shop, flight.batch.intents, handovers, now)
        self.road.landed(flight.batch.keys)
        if flight.halts is not None:
            halt_ourselves(self.shop, flight.halts, now)
        if doubts := sum(one.fate is Fate.in_doubt for one in handovers):
            observe.note(observe.BATCH_IN_DOUBT, level=logging.WARNING, mails=doubts)
        return handovers

    # One batch: on its way

    async def _fly(self, flight: Flight, done: Handed) -> None:
        """Post a batch and settle it; also when it is cancelled in the middle."""
        clock = asyncio.get_running_loop().time
        begun = clock()
        try:
            async with self._leases.held(flight), asyncio.TaskGroup() as group:
                for one in flight.requests:
                    group.create_task(self._post_all(flight, one))
            self.size.landed(len(flight.batch.intents), clock() - begun, self._batch())
        finally:
            await asyncio.shield(self._keep(flight, done))

    async def _post_all(self, flight: Flight, first: Ready) -> None:
        """Post a request, and those made of the mails that only another mail of it was in the way of."""
        requests = deque([first])
        while requests:
            one = requests.popleft()
            smaller = await self._post(flight, one)
            self._unbegun[is_service(one)] += len(smaller)
            requests += smaller

    async def _post(self, flight: Flight, one: Ready) -> list[Ready]:
        """Post one request, unless the way was closed meanwhile: then it has certainly not gone. What goes at once."""
        provider, keys = self.shop.provider, [intent.key for intent in one.intents]
        async with self._slots.one(is_service(one)):
            self._unbegun[is_service(one)] -= 1
            if self._unbegun.total() < provider.at_once:
                self._room.set()
            if self._shut() or flight.lost:
                return []
            if flight.is_stale(self.clock()):
                flight.look_again(one.intents)
                return []
            flight.begin(keys)
            smaller: list[Ready | Kept] = []
            try:
                answer = await provider.post(one.request)
                answers = list(provider.read(one.request, answer))
                if left := {found.key for found in answers if found.blameless}:
                    smaller = once_more(provider, one, answer, left)
            except Exception as fault:  # noqa: BLE001  (whatever it was, it says nothing about the others)
                answers = [Handover(key, Fate.in_doubt, f"no answer: {type(fault).__name__}") for key in keys]
            flight.heard(answers)
            flight.heard(found.handover for found in smaller if isinstance(found, Kept))
            for told in [[answer] for answer in answers] if provider.apart else [answers]:
                self._heed(flight, told)
            return [found for found in smaller if isinstance(found, Ready)]

    def _heed(self, flight: Flight, answers: Sequence[Handover]) -> None:
        """What the answer to one request means for the requests after it: it counts once, however many it carried."""
        now = self.clock()
        begun = False
        for answer in answers:
            if answer.fate is not Fate.planned:
                self.deferred.forget(answer.key)
        halts = [answer for answer in answers if answer.halts] or self.alike.refused(answers)
        paused = [answer for answer in answers if answer.fate is Fate.planned and answer.retry_at is not None]
        missed = [answer for answer in answers if answer.fate in (Fate.planned, Fate.in_doubt) and not answer.blameless]
        if halts:
            self._refused, flight.halts = True, flight.halts or halts[0]
        elif paused:
            begun = self.back_off.fail(now, paused[0].retry_at)
        elif missed:
            begun = self.back_off.miss(now)
            if len(answers) == 1 and missed[0].fate is Fate.planned:
                self.deferred.turned_away(missed[0].key, now)
        elif self.back_off.succeed(now):
            self.deferred.clear()
            observe.note(observe.BACKOFF_OVER, provider=self.shop.provider.name)
        if begun:
            until, failures = self.back_off.until(now), self.back_off.failures
            because = self._because = (paused or missed)[0].detail.partition(":")[0]  # what it said may name somebody
            observe.note(observe.BACKOFF_BEGUN, level=logging.WARNING, until=until, failures=failures, because=because)

    async def _keep(self, flight: Flight, done: Handed) -> None:
        """Settle a batch; when that cannot be kept, it is in doubt as after a cut, unless it can be later on."""
        for attempt in range(1, PATIENCE + 1):
            try:
                handovers = await self.run(self._settle, flight)
            except Exception as fault:  # noqa: BLE001  (said below; it must not take the other batches with it)
                if attempt < (PATIENCE if away(fault) else ATTEMPTS):
                    await asyncio.sleep(min(attempt, 10))
                    continue
                mails = len(flight.batch.intents)
                self._unkept.append(flight)
                done.trouble(f"what became of {mails:,} mails could not be kept: {type(fault).__name__}; in doubt")
                observe.note(observe.BATCH_IN_DOUBT, level=logging.ERROR, mails=mails, **fields(fault))
                return
            for one in handovers:
                done.count(one)
            self.tell(sum(done.fates.values()))
            return

    def _keep_late(self, done: Handed) -> None:
        """Settle what could not be kept before: what is known here must not be taken for doubtful, and go twice."""
        for flight in tuple(self._unkept):
            with suppress(Exception):  # the store does not take it yet, as was said: the next look tries again
                for one in self._settle(flight):
                    done.count(one)
                self._unkept.remove(flight)

    # Before and after

    def _start(self, done: Handed) -> None:
        self._keep_late(done)
        self._upkeep.start(self.live().book, self.clock(), done)

    def _look_round(self, done: Handed) -> None:
        """What the store holds now, and why what waits does."""
        store = self.shop.store
        left = store.outbox.left(self.clock())
        done.waiting, done.held, done.in_doubt = left.waiting, left.held, left.in_doubt
        done.put_off, done.put_off_until, done.paced = left.put_off, left.put_off_until, left.paced
        self.morning = left.morning
        done.shut = done.shut or self.next_at is not None or (done.waiting > 0 and refused_us(self.shop))
        if done.in_doubt:
            newest = store.in_doubt(SHOWN)
            labels = store.labels([person for person, _ in newest])
            done.doubts = tuple(f"{labels[person]:<28} {mail}" for person, mail in newest)
        if done.waiting or done.held:
            done.waits += why_waiting(self.shop)


def is_service(one: Ready) -> bool:
    """Whether a request carries answers that are owed, which go before all else; it never carries others beside."""
    return one.intents[0].class_ == SERVICE
