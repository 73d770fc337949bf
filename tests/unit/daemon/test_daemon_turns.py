"""The daemon's turns, driven by a clock in the test's hand: books, clocks, what arrives."""

import asyncio
import logging
import re
from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from nurture import daemon as daemon_module
from nurture import observe
from nurture.daemon import Daemon, say_started
from nurture.engine.applying import apply
from nurture.engine.by_hand import release
from nurture.engine.check import check
from nurture.engine.project import read_files
from nurture.engine.starter import make_project
from nurture.engine.turns import AT_WORK, Presence, Turns
from nurture.store.runner import ENDED
from nurture.wiring import workshop

from .life import NOW, PERSONAL, Arriving, Clock, complain, events, held_in, join, living, outbox, runner, until


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
            path.write_text(whole.replace("wait: 3 days", "wait: 9 days"), encoding="utf-8")
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
                shop.store.applications.save_files({"sequences/odd.yaml": b"sequence: odd\nwhatever: 3\n"}, {}, (), NOW)
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
