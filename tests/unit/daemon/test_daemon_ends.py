"""How a daemon fails, ends, is replaced and stays silent, driven by a clock in the test's hand."""

import asyncio
import os
import shutil
import signal
import sqlite3
from contextlib import ExitStack
from dataclasses import replace
from datetime import timedelta

from nurture import observe
from nurture.daemon import Daemon, serve, stand_by
from nurture.store.runner import Runner
from nurture.wiring import DAEMON, ONCE, RunLock, now, workshop

from .life import BOUND, PERSONAL, Clock, Hanging, complain, events, living, outbox, runner, until


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


def test_one_daemon_a_project_and_the_next_says_that_it_hangs_and_takes_over(root, caplog):
    first, second = RunLock(root), RunLock(root)
    assert first.take(DAEMON) is None
    with workshop(root) as shop:  # it hangs
        seen = now() - timedelta(hours=1)
        shop.store.beat(Runner(shop.owner, os.getpid(), "1", seen, seen, None, "at work"))
    holder = second.take(ONCE)
    assert holder is not None
    assert (holder.kind, holder.process) == (DAEMON, os.getpid())

    async def life():
        asked = asyncio.Event()
        waiting = asyncio.create_task(stand_by(second, asked, root))
        await until(lambda: events(caplog, observe.DAEMON_SILENT))
        assert events(caplog, observe.DAEMON_WAITS)
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
