"""A daemon's life in a test: a clock in the hand, a way out that hangs, an applied project, and who complains."""

import asyncio
import logging
import threading
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import ExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from nurture.daemon import Daemon
from nurture.deliver.protocol import OneEach
from nurture.engine.by_hand import held
from nurture.engine.intake import Wanted
from nurture.engine.take_in import take_in
from nurture.engine.workshop import Workshop
from nurture.model.length import Length, Unit
from nurture.model.mail import Email, Fate, Handover
from nurture.wiring import workshop

NOW = datetime(2027, 3, 9, 10, tzinfo=UTC)
FRESH = Length(2, Unit.day)
BOUND = 60.0  # seconds; what takes longer has failed
PERSONAL = ("salma", "omar", "@", "shop.example", "t-4711")


@dataclass
class Clock:
    """A clock that stands still until it is moved."""

    at: datetime = NOW
    seconds: float = 0.0

    def __call__(self) -> datetime:
        return self.at

    def elapsed(self) -> float:
        return self.seconds


@dataclass
class Hanging(OneEach):
    """A way out that never answers, until it is let go."""

    free: threading.Event = field(default_factory=threading.Event)
    posted: threading.Event = field(default_factory=threading.Event)
    name: str = "hanging"
    at_once: int = 1

    def build(self, mails: Sequence[Email]) -> Iterator[Email | Handover]:
        yield from mails

    async def post(self, request: Email) -> str:
        self.posted.set()
        while not self.free.is_set():
            await asyncio.sleep(0.01)
        return request.key

    def read(self, request: Email, answer: str) -> Iterator[Handover]:
        yield Handover(answer, Fate.accepted if answer == request.key else Fate.in_doubt)

    async def close(self) -> None:
        """Nothing is open."""


def complain(root: Path, *people: str, at: datetime = NOW) -> None:
    """So many more contacts, each of whom has just complained: one mail each is due at once."""
    contacts = "id,email,first_name,locale\n" + "".join(f"c-{n},{n}@shop.example,{n},en\n" for n in people)
    events = "id,event,at,ticket\n" + "".join(f"c-{n},complaint.opened,{at.isoformat()},T-4711\n" for n in people)
    with workshop(root) as shop:
        for kind, text in (("contacts", contacts), ("events", events)):
            file = root / f"{kind}.csv"
            file.write_text(text, encoding="utf-8")
            take_in(shop, file, Wanted(kind), at, lambda _: None)


def outbox(root: Path) -> int:
    return len(list((root / "outbox").glob("*.eml")))


async def until(condition: Callable[[], object]) -> None:
    """Go on when it holds; fail when it does not within the bound."""
    async with asyncio.timeout(BOUND):
        while not condition():  # what is waited for happens in other threads
            await asyncio.sleep(0.005)


@asynccontextmanager
async def living(
    root: Path, clock: Clock, change: Callable[[Workshop], Workshop] = lambda s: s
) -> AsyncIterator[Daemon]:
    """A daemon at work; stopped in good order at the end."""
    with ExitStack() as shops:
        deciding, sending = (shops.enter_context(workshop(root)) for _ in range(2))
        one = Daemon(deciding, change(sending), None, clock, clock.elapsed)
        life = asyncio.create_task(one.live_on())
        try:
            await until(lambda: one.done["ticks"] or life.done())
            yield one
        finally:
            if not one.stopping:
                one.stop("the test is over")
            assert await life


def runner(root: Path):
    with workshop(root) as shop:
        (one,) = shop.store.runners()
        return one


def events(caplog: pytest.LogCaptureFixture, name: str) -> list[logging.LogRecord]:
    return [record for record in caplog.records if record.__dict__.get("event") == name]


def join(root: Path, *people: str) -> None:
    """Readers who agreed and joined just now: a welcome is due in ten minutes."""
    contacts = "id,email,first_name,locale\n" + "".join(f"j-{n},{n}@shop.example,{n},en\n" for n in people)
    events = "id,event,at\n" + "".join(f"j-{n},subscriber.joined,{NOW.isoformat()}\n" for n in people)
    with workshop(root) as shop:
        for kind, text in (("contacts", contacts), ("events", events)):
            (root / f"{kind}.csv").write_text(text, encoding="utf-8")
            wanted = Wanted(kind, topics=("coffee_tips",) if kind == "contacts" else (), basis="asked", fresh=FRESH)
            take_in(shop, root / f"{kind}.csv", wanted, NOW, lambda _: None)


def held_in(root: Path) -> int:
    with workshop(root) as shop:
        return held(shop)


class Arriving(Clock):
    """A clock that moves on whenever it is read, and once, amid the first turn, somebody complains."""

    def __init__(self, root: Path) -> None:
        super().__init__()
        self.root, self.read = root, 0

    def __call__(self) -> datetime:
        self.read += 1
        self.at += timedelta(seconds=2)
        if self.read == 4:
            complain(self.root, "zoe", at=self.at)
        return self.at
