"""Calling other systems for the steps that ask it: claimed, called, settled, tried again later (language.md 4.3, 6.11).

A call is committed as `handed` before its first byte leaves. When this process is gone before an answer was kept, the
call is made again: it may come twice, with the same Idempotency-Key. What came is an event of the person
(webhook.answered), and the enrolment that waited for it goes on.
"""

import asyncio
import logging
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import field
from datetime import datetime, timedelta

from nurture import observe
from nurture.deliver.webhook import Call, LookUp, Target, build, post, read, system
from nurture.engine.alarm_mails import AlarmMails
from nurture.engine.applying import LiveBook
from nurture.engine.faults import RefusedError
from nurture.engine.forgetting import Telling
from nurture.engine.gates import halt_of
from nurture.engine.notices import Notices
from nurture.engine.preparing import END, as_known
from nurture.engine.run import Run
from nurture.engine.short_keys import KEY_SHOWN, key_meant
from nurture.engine.turns import why_held
from nurture.engine.workshop import Workshop
from nurture.model.book import Book
from nurture.model.person import Person
from nurture.model.values import dataclass
from nurture.store.desk import Desk, desk
from nurture.store.webhooks import CANCELLED, FAILED, HANDED, OK, PLANNED, Result, Ring

AT_ONCE = 8
FIRST, TIMES, LONGEST = timedelta(seconds=30), 4, timedelta(hours=6)  # between two tries
GIVES_UP = timedelta(days=3)  # after which the core goes on without an answer
LOOKS_AGAIN = timedelta(minutes=5)  # while something is wrong with the project and not with the other side
ENDS_WITHIN = 10.0  # seconds that a call on its way is given at the end: less than the daemon gives all of it
PAUSE = 60.0  # seconds after a fault of ours, and the longest between two looks
WORDS = {
    HANDED: "on their way",
    PLANNED: "waiting",
    FAILED: "failed",
    OK: "answered",
    CANCELLED: "not made: nobody waits for them any more",
}


@dataclass(slots=True)
class Called:
    """What a round came to, by state: ok, failed, cancelled, and planned for those that are tried again."""

    states: Counter[str] = field(default_factory=Counter)

    @property
    def answered(self) -> int:
        """How many came to their end, so that somebody may go on."""
        return self.states[OK] + self.states[FAILED]

    def words(self) -> Iterator[str]:
        """For people."""
        if self.states[OK]:
            yield f"{counted(self.states[OK], 'webhook')} answered"
        if self.states[FAILED]:
            yield f"{counted(self.states[FAILED], 'webhook')} failed; `nurture webhooks` says why"
        if self.states[PLANNED]:
            yield f"{counted(self.states[PLANNED], 'webhook')} to be tried again later; `nurture webhooks` says when"


def counted(count: int, one: str) -> str:
    """`1 webhook`, `1,204 webhooks`."""
    return f"{count:,} {one}{'' if count == 1 else 's'}"


class Calling:
    """Makes the calls whose time has come. One for a process; `arrived` hears that an answer was kept.

    `live` is called in `run`, so it may ask the store; `clock` gives the instant in UTC. `patience`: seconds that a
    call on its way is given when all is to end.
    """

    def __init__(
        self,
        shop: Workshop,
        live: Callable[[], LiveBook],
        clock: Callable[[], datetime],
        run: Run,
        arrived: Callable[[], None] = lambda: None,
        look_up: LookUp = system,
        patience: float = ENDS_WITHIN,
    ) -> None:
        self.shop = shop
        self.live = live
        self.clock = clock
        self.run = run
        self.arrived = arrived
        self.look_up = look_up
        self.patience = patience
        self._notices, self._telling = Notices(shop), Telling(shop)

    @property
    def _desk(self) -> Desk:
        return desk(self.shop.store)

    async def round(self, stopping: asyncio.Event | None = None) -> Called:
        """Make all calls that are due; one that is to be tried again is left to a later round."""
        done = Called()
        while stopping is None or not stopping.is_set():
            claimed, ready = await self.run(self._claim, done)
            if not claimed:
                break
            async with asyncio.TaskGroup() as group:
                for ring, call in ready:
                    group.create_task(self._one(ring, call, done))
            if done.answered:
                self.arrived()
        if done.states:
            observe.note(observe.WEBHOOKS_DONE, **done.states)
        return done

    async def keep_on(self, stopping: asyncio.Event, stirred: asyncio.Event, may: Callable[[], bool]) -> None:
        """Round after round until `stopping`: when `stirred`, when the next call is due, and every minute.

        The shop's own people are told here too what waits for them, and the provider whom to forget.
        """
        while not stopping.is_set():
            stirred.clear()
            pause = PAUSE
            try:
                if may():
                    await self.once(stopping)
                    next_at = await self.run(self._desk.webhooks.next_at)
                    pause = PAUSE if next_at is None else max(1.0, (next_at - self.clock()).total_seconds())
            except Exception as fault:  # noqa: BLE001  (whatever it was, the next round may go well; nothing was lost)
                fields = observe.fault_fields(fault)
                observe.note(observe.WEBHOOKS_FAILED, level=logging.ERROR, **fields, again_in=f"{PAUSE:g}s")
                with suppress(TimeoutError):
                    await asyncio.wait_for(stopping.wait(), PAUSE)
                continue
            await _either(stopping, stirred, min(PAUSE, pause))

    async def once(self, stopping: asyncio.Event) -> None:
        """A round; then the shop's own people are told what waits for them, and the provider whom to forget."""
        await self._round_until(stopping)
        live = await self.run(self.live)
        await self._notices.send(live, self.clock(), self.run)
        await AlarmMails(self.shop).send(live, self.clock(), self.run)
        await self._telling.send(self.clock(), self.run)

    async def _round_until(self, stopping: asyncio.Event) -> None:
        """A round; when it is asked to end, what is on its way has a little time, and is made again later."""
        work, ending = asyncio.create_task(self.round(stopping)), asyncio.create_task(stopping.wait())
        try:
            await asyncio.wait({work, ending}, return_when=asyncio.FIRST_COMPLETED)
            if not work.done():
                await asyncio.wait({work}, timeout=self.patience)
                work.cancel()
            with suppress(asyncio.CancelledError):
                await work
        finally:
            ending.cancel()
            work.cancel()

    # In the store's thread

    def _claim(self, done: Called) -> tuple[int, list[tuple[Ring, Call]]]:
        """The next calls, ready to be made; those that are not to be made are settled here."""
        now = self.clock()
        if why_held(self.shop.store, now) or halt_of(self.shop) is not None:
            return 0, []
        live, rings = self.live(), self._desk.webhooks.claim(AT_ONCE, now)
        found = self.shop.store.people([ring.person for ring in rings], END) if rings else []
        people = {person.id: as_known(live.book, person, arrived, now) for person, arrived in found}
        ready: list[tuple[Ring, Call]] = []
        for ring in rings:
            made = self._made(live.book, ring, people.get(ring.person), now)
            if isinstance(made, Result):
                self._settle(made, done)
            else:
                ready.append((ring, made))
        return len(rings), ready

    def _made(self, book: Book, ring: Ring, person: Person | None, now: datetime) -> Call | Result:
        """The call, or why it is not made now, or never."""
        by_hand = ring.settled_at is not None
        if person is None or person.erased or not (by_hand or waited_for(person, ring.key)):
            return Result(ring.key, CANCELLED, "nobody waits for it any more", tried=False)
        if not by_hand and now - ring.made_at > GIVES_UP:
            return Result(ring.key, FAILED, f"given up after {GIVES_UP.days} days; {ring.detail}", tried=False)
        if not self._may_be_told(book, person):
            words = "not called: config.toml lets only some addresses have mail"
            return Result(ring.key, OK, words, tried=False)
        target = target_of(self.shop, book, ring.endpoint)
        made = target if isinstance(target, str) else build(target, ring.key, ring.body, ring.timeout)
        if isinstance(made, str):
            return Result(ring.key, PLANNED, made, next_at=now + LOOKS_AGAIN, tried=False)
        return made

    def _may_be_told(self, book: Book, person: Person) -> bool:
        """`mode = "test"` and `deliver.only_to` keep other systems from hearing of real people too."""
        config = self.shop.config
        only = {address.casefold() for address in config.only_to}
        seeds = {address.casefold() for address in book.rules.seeds}
        address = person.address.casefold()
        return (config.mode != "test" or address in seeds) and (not only or address in only)

    def _settle(self, result: Result, done: Called) -> None:
        if self._desk.webhooks.settle(result, self.clock()):
            done.states[result.state] += 1

    # On its way

    async def _one(self, ring: Ring, call: Call, done: Called) -> None:
        answer = await post(call, self.look_up)
        now = self.clock()
        meaning = read(answer, now, (call.target.key, call.target.url))
        if meaning.ok:
            result = Result(ring.key, OK, meaning.words, meaning.value)
        elif meaning.again and ring.tries < ring.retry:
            wait = max(back_off(ring.tries), min(meaning.wait or timedelta(), LONGEST))
            result = Result(ring.key, PLANNED, meaning.words, next_at=now + wait)
        else:
            result = Result(ring.key, FAILED, meaning.words)
        await asyncio.shield(self._kept(result, done))

    async def _kept(self, result: Result, done: Called) -> None:
        """Keep what came; a call of which that fails stays handed, and is made again."""
        try:
            await self.run(self._settle, result, done)
        except Exception as fault:  # noqa: BLE001  (it must not take the calls beside it along)
            fields = observe.fault_fields(fault)
            observe.note(observe.WEBHOOKS_FAILED, level=logging.ERROR, **fields, again_in="its time-out")


async def _either(one: asyncio.Event, other: asyncio.Event, seconds: float) -> None:
    """Wait for one of two events, or so long."""
    waiting = [asyncio.create_task(event.wait()) for event in (one, other)]
    try:
        await asyncio.wait(waiting, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in waiting:
            task.cancel()


def waited_for(person: Person, key: str) -> bool:
    """Whether one of their enrolments stands still for this call or task."""
    return any(one.running and one.waits_for == key for one in person.enrolments)


def back_off(tries: int) -> timedelta:
    """How long after the try of that number, from 0, the next is made: 30 s, 2 min, 8 min … up to 6 hours."""
    return min(LONGEST, FIRST * int(TIMES ** min(tries, 10)))


def target_of(shop: Workshop, book: Book, name: str) -> Target | str:
    """Where an endpoint is, from the environment; or what is not set, in words."""
    endpoint = next((one for one in book.rules.endpoints if one.name == name), None)
    if endpoint is None:
        return "rules.yaml names no such endpoint"
    url = shop.variable(endpoint.url_env)
    key = shop.variable(endpoint.key_env) if endpoint.key_env else ""
    if not url or (endpoint.key_env and not key):
        return f"the environment variable {endpoint.key_env if url else endpoint.url_env} is not set"
    return Target(url, key, endpoint.private)


# For people


@dataclass(frozen=True, slots=True)
class Shown:
    """One call as people and --json see it."""

    key: str
    person: str
    endpoint: str
    sequence: str
    step: str
    state: str
    tries: int
    next_at: datetime | None
    why: str

    def line(self) -> str:
        """`4f2a9c1b8e02  salma  erp_customer_flag  vip  2 tries, next 10:00 UTC  answered 503`."""
        next_ = f"next {self.next_at:%Y-%m-%d %H:%M} UTC" if self.next_at and self.state == PLANNED else ""
        tried = f"{self.tries} {'try' if self.tries == 1 else 'tries'}{', ' if next_ else ''}{next_}"
        return f"  {self.key[:KEY_SHOWN]}  {self.person:<12}  {self.endpoint:<18}  {tried}  {self.why}".rstrip()


@dataclass(frozen=True, slots=True)
class Listing:
    """How many calls there are in each state, and those that somebody may want to look at."""

    counts: dict[str, int]
    calls: tuple[Shown, ...]

    def lines(self) -> Iterator[str]:
        """For people."""
        for state, words in WORDS.items():
            if not self.counts.get(state):
                continue
            shown = [one for one in self.calls if one.state == state]
            more = f", {len(shown)} shown" if 0 < len(shown) < self.counts[state] else ""
            yield f"{self.counts[state]:,} {words}{more}"
            yield from (one.line() for one in shown)
        if not self.counts:
            yield "No sequence has called another system yet."


LISTED = (HANDED, PLANNED, FAILED)


def listing(shop: Workshop, limit: int, everything: bool = False) -> Listing:
    """The calls that wait, are on their way or failed; with `everything` those too that went well."""
    doors = desk(shop.store).webhooks
    states = tuple(WORDS) if everything else LISTED
    found = [one for state in states for one in doors.lying((state,), limit)]
    labels = shop.store.labels([one.person for one in found])
    return Listing(dict(doors.how_many()), tuple(shown(one, labels[one.person]) for one in found))


def shown(one: Ring, label: str) -> Shown:
    """A call with what people call its person."""
    return Shown(one.key, label, one.endpoint, one.sequence, one.step, one.state, one.tries, one.next_at, one.detail)


def do(shop: Workshop, act: str, prefix: str, who: str, because: str, now: datetime) -> str:
    """`retry` or `give-up` of one call, in words. RefusedError when it cannot be done with it."""
    doors = desk(shop.store).webhooks
    key = key_meant(doors.keys_like, prefix, "webhook", "nurture webhooks")
    one = doors.one(key)
    state = one.state if one else ""
    if act == "give-up":
        words = f"given up by {who}" + (f": {because}" if because else "")
        if not doors.give_up(key, words, now):
            raise RefusedError(f"{key[:KEY_SHOWN]} does not wait: it is {WORDS.get(state, state)}.")
        return f"{key[:KEY_SHOWN]} is given up; the sequence goes on as after a failure"
    stood = doors.again(key, now)
    if stood is None:
        raise RefusedError(f"{key[:KEY_SHOWN]} neither waits nor failed: it is {WORDS.get(state, state)}.")
    more = "; its sequence has gone on already, and hears nothing of it" if stood == FAILED else ""
    return f"{key[:KEY_SHOWN]} is called with the next round{more}"
