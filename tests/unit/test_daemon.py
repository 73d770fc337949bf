"""The daemon's loop, driven by a clock in the test's hand."""

import asyncio
import logging
import os
import re
import shutil
import signal
import sqlite3
import threading
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import ExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from nurture import daemon as daemon_module
from nurture import observe
from nurture.daemon import Daemon, say_started, serve, stand_by
from nurture.engine.applying import apply
from nurture.engine.by_hand import held, release
from nurture.engine.check import check
from nurture.engine.intake import Wanted
from nurture.engine.project import read_files
from nurture.engine.starter import make_project
from nurture.engine.take_in import take_in
from nurture.engine.turns import AT_WORK, Presence, Turns
from nurture.engine.workshop import Workshop
from nurture.model.length import Length, Unit
from nurture.model.mail import Email, Fate, Handover
from nurture.store.runner import ENDED
from nurture.wiring import DAEMON, ONCE, RunLock, workshop

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
class Hanging:
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


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """An applied project without people; a turn is due every hour."""
    make_project(tmp_path)
    (tmp_path / "config.toml").write_text('[tick]\nevery = "1 hour"\n', encoding="utf-8")
    files = read_files(tmp_path)
    book = check(files).book
    assert book is not None
    with workshop(tmp_path) as shop:
        apply(shop.store, book, files, NOW - timedelta(days=1), "a test")
    return tmp_path


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


@pytest.fixture(autouse=True)
def _log(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "nurture")


def test_it_sends_what_is_due_and_ends_in_good_order(root, caplog):
    complain(root, "salma", "omar")

    async def life():
        async with living(root, Clock()) as one:
            await until(lambda: one.done["accepted"] == 2)
            assert (one.done["decided"], outbox(root)) == (2, 2)
            await until(lambda: runner(root).state == AT_WORK)

    asyncio.run(life())
    assert runner(root).state == ENDED
    lines = [record.getMessage() for record in caplog.records]
    assert {line.split()[0] for line in lines} >= {observe.BOOK_TAKEN, observe.TICK_DONE, observe.DAEMON_STOPPED}
    assert [(line, word) for line in lines for word in PERSONAL if word in line.lower()] == []


def test_what_arrives_is_acted_on_before_a_turn_is_due(root):
    async def life():
        async with living(root, Clock()) as one:
            assert one.done["decided"] == 0
            complain(root, "salma")
            one.look()
            await until(lambda: one.done["accepted"] == 1)

    asyncio.run(life())


def test_an_idle_turn_says_nothing(root, caplog):
    clock = Clock()

    async def life():
        async with living(root, clock) as one:
            await until(lambda: len(events(caplog, observe.BOOK_TAKEN)) == 1)
            for _ in range(5):
                before, clock.at = one.done["ticks"], clock.at + timedelta(minutes=1)
                one.look()
                await until(lambda before=before: one.done["ticks"] > before)
            assert events(caplog, observe.TICK_DONE) == []
            assert events(caplog, observe.DAEMON_ALIVE) == []
            clock.seconds += daemon_module.ALIVE_EVERY
            one.look()
            await until(lambda: events(caplog, observe.DAEMON_ALIVE))

    asyncio.run(life())


def test_another_apply_is_taken_before_the_next_turn_and_broken_files_change_nothing(root, caplog):
    path = root / "sequences" / "complaint_care.yaml"
    whole = path.read_text(encoding="utf-8")

    async def life():
        async with living(root, Clock()) as one:
            first = one.live().book.digest
            path.write_text("this: [is no sequence", encoding="utf-8")
            one.look()
            await until(lambda: one.done["ticks"] >= 2)
            assert one.live().book.digest == first
            path.write_text(whole.replace("wait: 5 days", "wait: 9 days"), encoding="utf-8")
            files = read_files(root)
            book = check(files).book
            assert book is not None
            with workshop(root) as shop:
                apply(shop.store, book, files, NOW, "a test")
            one.look()
            await until(lambda: one.live().book.digest != first)
            await until(lambda: len(events(caplog, observe.BOOK_TAKEN)) == 2)

    asyncio.run(life())


def test_an_applied_book_that_cannot_be_read_leaves_the_last_one_running_and_is_said_once(root, caplog):
    async def life():
        async with living(root, Clock()) as one:
            first = one.live()
            complain(root, "salma")
            with workshop(root) as shop:
                shop.store.save_files({"sequences/odd.yaml": b"sequence: odd\nwhatever: 3\n"}, {}, (), NOW)
            one.look()
            await until(lambda: one.done["accepted"] == 1)
            one.look()
            await until(lambda: one.done["ticks"] >= 3)
            assert one.live() is first

    asyncio.run(life())
    (said,) = events(caplog, observe.BOOK_UNREADABLE)
    assert said.levelno == logging.ERROR
    assert "nurture apply" in said.getMessage()


def test_without_a_book_it_waits_for_the_first_apply(tmp_path, caplog):
    make_project(tmp_path)

    async def life():
        async with living(tmp_path, Clock()) as one:
            await until(lambda: "nurture apply" in runner(tmp_path).state)
            files = read_files(tmp_path)
            book = check(files).book
            assert book is not None
            with workshop(tmp_path) as shop:
                apply(shop.store, book, files, NOW, "a test")
            one.look()
            await until(lambda: runner(tmp_path).state == AT_WORK)
            assert one.turns.live

    asyncio.run(life())
    assert len(events(caplog, observe.DAEMON_HOLDS)) == 1
    assert len(events(caplog, observe.DAEMON_GOES_ON)) == 1


def test_a_clock_that_is_put_back_decides_nothing_twice(root):
    complain(root, "salma")
    clock = Clock()

    async def life():
        async with living(root, clock) as one:
            await until(lambda: one.done["accepted"] == 1)
            for days in (1, 300):
                before, clock.at = one.done["ticks"], NOW - timedelta(days=days)
                one.look()
                await until(lambda before=before: one.done["ticks"] > before)
            assert one.done["decided"] == 1

    asyncio.run(life())
    assert outbox(root) == 1


def test_a_turn_that_the_scheduler_missed_since_the_clock_was_put_back_comes_late_but_comes(root, monkeypatch):
    monkeypatch.setattr(daemon_module, "LATE", 0.2)

    async def life():
        async with living(root, Clock()) as one:
            one.every = timedelta(seconds=0.1)
            one.look()  # from here on it waits for the short time
            await until(lambda: one.done["ticks"] >= 2)
            one.job.modify(next_run_time=datetime.now(UTC) + timedelta(days=1))  # noqa: TID251  (the scheduler's clock)
            await until(lambda: one.done["ticks"] >= 6)
            assert one.job.next_run_time - datetime.now(UTC) < timedelta(minutes=1)  # noqa: TID251

    asyncio.run(life())


def test_a_leap_of_the_clock_holds_deciding_and_sending_until_it_is_put_right(root, caplog):
    clock = Clock()

    async def life():
        async with living(root, clock) as one:
            complain(root, "salma")
            for days in (40, 40):
                before, clock.at = one.done["ticks"], NOW + timedelta(days=days)
                one.look()
                await until(lambda before=before: one.done["ticks"] > before)
            await until(lambda: runner(root).state.startswith("holds: the last round was 40 days ago"))
            assert (one.done["decided"], outbox(root)) == (0, 0)
            clock.at = NOW + timedelta(minutes=1)
            one.look()
            await until(lambda: one.done["accepted"] == 1)

    asyncio.run(life())
    assert len(events(caplog, observe.DAEMON_HOLDS)) == 1


def test_a_leap_that_a_person_accepted_is_decided(root):
    complain(root, "salma", at=NOW)

    async def life():
        with ExitStack() as shops:
            deciding, sending = (shops.enter_context(workshop(root)) for _ in range(2))
            clock = Clock(NOW + timedelta(days=40))
            one = Daemon(deciding, sending, None, clock, clock.elapsed)
            task = asyncio.create_task(one.live_on(accepted=True))
            await until(lambda: one.done["people"])
            assert one.turns.holds == ""
            one.stop("the test is over")
            assert await task

    asyncio.run(life())


def test_a_store_that_fails_is_said_without_names_and_tried_again(root, caplog):
    complain(root, "salma")
    file = sqlite3.connect(root / "nurture.db", isolation_level=None)
    file.execute("ALTER TABLE agenda RENAME TO agenda_gone")

    async def life():
        with ExitStack() as shops:
            deciding, sending = (shops.enter_context(workshop(root)) for _ in range(2))
            one = Daemon(deciding, sending, None, Clock(), Clock().elapsed)
            one.every = timedelta(seconds=0.05)
            task = asyncio.create_task(one.live_on())
            await until(lambda: len(events(caplog, observe.TICK_FAILED)) >= 3)
            await until(lambda: runner(root).state.startswith("fails and tries again: OperationalError"))
            file.execute("ALTER TABLE agenda_gone RENAME TO agenda")
            await until(lambda: one.done["accepted"] == 1)
            one.stop("the test is over")
            assert await task

    asyncio.run(life())
    failed = events(caplog, observe.TICK_FAILED)
    assert [record.__dict__["fields"]["again_in"] for record in failed[:3]] == ["0.05s", "0.1s", "0.2s"]
    assert "store/" in failed[0].getMessage()
    assert "words" not in failed[0].__dict__["fields"], "a library's own words may quote a person"
    assert [word for word in PERSONAL for record in caplog.records if word in record.getMessage().lower()] == []


def test_a_stop_leaves_a_long_turn_between_two_pages(root):
    complain(root, *(f"n{number}" for number in range(600)))

    async def life():
        with ExitStack() as shops:
            deciding, sending = (shops.enter_context(workshop(root)) for _ in range(2))
            one = Daemon(deciding, sending, None, Clock(), Clock().elapsed)
            life = asyncio.create_task(one.live_on())
            await asyncio.sleep(0)
            one.stop("the test is over")
            assert await life
            return deciding.store.counts().messages if not deciding.store.halted else -1

    assert asyncio.run(life()) in (0, 500)

    async def again():
        async with living(root, Clock()) as one:
            await until(lambda: one.done["accepted"] == 600)

    asyncio.run(again())
    assert outbox(root) == 600


def test_what_is_on_its_way_is_settled_before_the_end_and_nothing_more_is_begun(root):
    complain(root, "salma", "zoe", "yusuf")
    way = Hanging()

    async def life():
        async with living(root, Clock(), lambda shop: replace(shop, provider=way)) as one:
            await until(way.posted.is_set)
            one.stop("SIGTERM")
            way.free.set()

    asyncio.run(life())
    with workshop(root) as shop:
        counts = shop.store.counts()
        assert (counts.messages, counts.planned, counts.in_doubt) == (3, 2, 0)


def test_asked_a_second_time_it_ends_at_once_and_says_what_is_in_doubt(root, caplog):
    complain(root, "salma")
    way = Hanging()

    async def life():
        with ExitStack() as shops:
            deciding, sending = (shops.enter_context(workshop(root)) for _ in range(2))
            one = Daemon(deciding, replace(sending, provider=way), None, Clock(), Clock().elapsed)
            task = asyncio.create_task(one.live_on())
            await until(way.posted.is_set)
            one.stop("SIGTERM")
            one.stop("SIGTERM")
            assert not await task
            way.free.set()

    asyncio.run(life())
    assert len(events(caplog, observe.DAEMON_CUT)) == 1


def join(root: Path, *people: str) -> None:
    """Readers who agreed and joined just now: a welcome is due in ten minutes."""
    contacts = "id,email,first_name,locale\n" + "".join(f"j-{n},{n}@shop.example,{n},en\n" for n in people)
    events = "id,event,at\n" + "".join(f"j-{n},subscriber.joined,{NOW.isoformat()}\n" for n in people)
    with workshop(root) as shop:
        for kind, text in (("contacts", contacts), ("events", events)):
            (root / f"{kind}.csv").write_text(text, encoding="utf-8")
            wanted = Wanted(kind, topics=("coffee_tips",) if kind == "contacts" else (), basis="asked", fresh=FRESH)
            take_in(shop, root / f"{kind}.csv", wanted, NOW, lambda _: None)


def test_what_a_person_releases_goes_at_the_next_turn(root, monkeypatch):
    monkeypatch.setattr(daemon_module, "SEND_AT_LEAST", 1000.0)  # not because a minute is over
    rules = root / "sequences" / "house" / "rules.yaml"
    braked = re.sub(r"most_per_hour: \d+", "most_per_hour: 1", rules.read_text(encoding="utf-8"))
    rules.write_text(braked, encoding="utf-8")
    files = read_files(root)
    with workshop(root) as shop:
        apply(shop.store, check(files).book, files, NOW - timedelta(hours=1), "a test")
    join(root, "salma", "omar")

    async def life():
        async with living(root, Clock(NOW + timedelta(minutes=11))) as one:
            await until(lambda: outbox(root) == 1 and held_in(root) == 1)
            with workshop(root) as shop:
                assert release(shop).released == 1
            one.look()
            await until(lambda: outbox(root) == 2)

    asyncio.run(life())


def test_when_the_stores_file_is_replaced_it_ends_and_says_so(root, caplog):
    async def life():
        with ExitStack() as shops:
            deciding, sending = (shops.enter_context(workshop(root)) for _ in range(2))
            one = Daemon(deciding, sending, None, Clock(), Clock().elapsed)
            living_on = asyncio.create_task(one.live_on())
            await until(lambda: one.done["ticks"])
            (file,) = root.glob("nurture.db")
            shutil.copy(file, root / "backup.db")
            (root / "backup.db").replace(file)
            one.look()
            async with asyncio.timeout(BOUND):
                return await living_on

    assert asyncio.run(life()) is False
    (said,) = events(caplog, observe.DAEMON_STOPPING)
    assert "the file of the store was replaced" in said.getMessage()


def held_in(root: Path) -> int:
    with workshop(root) as shop:
        return held(shop)


def test_who_arrives_amid_a_long_turn_is_answered_within_it(root):
    complain(root, *(f"n{number}" for number in range(1200)))
    clock, seen = Clock(), []
    presence = Presence("here", 1, "0", NOW)
    with workshop(root) as shop:
        turns = Turns(shop, presence)

        def between_pages(_people: int) -> None:
            if not seen:
                clock.at += timedelta(seconds=5)
                complain(root, "zoe", at=clock.at)
            clock.at += timedelta(seconds=2)
            turns.catch_up(clock.at)
            found = shop.store.find("c-zoe")
            assert found is not None
            ((_, arrived),) = shop.store.people([found], clock.at)
            seen.append(len(arrived))

        ticked = turns.turn(NOW, between_pages)
        assert ticked is not None
        assert ticked.intents == 1200
        assert shop.store.counts().planned == 1201
        assert seen[0] == 0  # nothing that arrived is left to decide after the first page
        again = turns.turn(clock.at)
        assert again is not None
        assert again.intents == 0


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


def test_a_daemon_answers_who_arrives_amid_its_long_turn_within_that_turn(root):
    complain(root, *(f"n{number}" for number in range(1200)))

    async def life():
        async with living(root, Arriving(root)) as one:
            await until(lambda: outbox(root) == 1201)
            assert (one.done["ticks"], one.done["decided"]) == (1, 1200)  # zoe is not of the turn itself

    asyncio.run(life())


def test_mails_whose_links_nobody_answers_are_said_at_the_start(root, caplog):
    with workshop(root) as shop:
        say_started(replace(shop, config=replace(shop.config, web_url="https://mail.shop.example")))
        assert len(events(caplog, observe.WEB_NONE)) == 1
        say_started(shop)
        assert len(events(caplog, observe.WEB_NONE)) == 1


def test_a_copied_store_is_held_and_mails_nobody(root, caplog):
    complain(root, "salma")
    (root / ".nurture" / "installation.json").write_text('{"store": "another", "counter": 1}\n', encoding="utf-8")

    async def life():
        async with living(root, Clock()) as one:
            for _ in range(3):
                before = one.done["ticks"]
                one.look()
                await until(lambda before=before: one.done["ticks"] > before)
            await until(lambda: "copy" in runner(root).state)

    asyncio.run(life())
    assert outbox(root) == 0
    assert len(events(caplog, observe.DAEMON_HOLDS)) == 1


def test_one_daemon_a_project_and_the_next_takes_over(root, caplog):
    first, second = RunLock(root), RunLock(root)
    assert first.take(DAEMON) is None
    holder = second.take(ONCE)
    assert holder is not None
    assert (holder.kind, holder.process) == (DAEMON, os.getpid())

    async def life():
        asked = asyncio.Event()
        waiting = asyncio.create_task(stand_by(second, asked))
        await until(lambda: events(caplog, observe.DAEMON_WAITS))
        assert not waiting.done()
        first.release()
        await asyncio.wait_for(waiting, BOUND)

    asyncio.run(life())
    holder = first.take(DAEMON)
    assert holder is not None
    second.release()


def test_one_that_waits_can_be_stopped(root, caplog):
    first = RunLock(root)
    assert first.take(DAEMON) is None

    async def life():
        task = asyncio.create_task(serve(root, None))
        await until(lambda: events(caplog, observe.DAEMON_WAITS))
        os.kill(os.getpid(), signal.SIGTERM)
        assert await asyncio.wait_for(task, BOUND)

    asyncio.run(life())
    first.release()
