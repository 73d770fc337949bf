"""Sending to its end: a slow pace, stops, leases, doubts, what is accepted by hand."""

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import psycopg
import pytest
from sqlalchemy.exc import OperationalError

from nurture.engine import leases
from nurture.engine import sending as module
from nurture.engine.accepting import accept
from nurture.engine.hand_over import directly
from nurture.engine.handed import Handed
from nurture.engine.sending import Sending
from nurture.model.mail import Email, Fate, Handover
from nurture.store.open import Store
from nurture.store.outbox_rows import LEASE
from tests.sending_worlds import MINUTE, NOW, Shop, open_shop, planned


@pytest.fixture
def shop(store_url: str) -> Iterator[Shop]:
    opened = open_shop(store_url)
    yield opened
    opened.store.close()


def rounds(shop: Shop) -> Handed:
    return asyncio.run(shop.sending().round())


def test_a_slow_pace_is_kept_in_small_batches(tmp_path: Path) -> None:
    shop = open_shop(tmp_path)
    shop.rate = 40.0
    planned(shop.store, news=60)

    async def timed() -> float:
        loop = asyncio.get_running_loop()
        begun = loop.time()
        done = await shop.sending().round()
        assert done.fates == {Fate.accepted: 60}
        return loop.time() - begun

    assert asyncio.run(timed()) > 0.9, "20 at once, 20 after half a second, 20 after a second"
    with shop.store.database.reading() as connection:
        sizes = connection.exec_driver_sql("SELECT count(*) FROM batch_member GROUP BY batch").scalars().all()
    assert sizes == [20, 20, 20]
    shop.store.close()


def test_stop_begins_nothing_more_and_settles_what_is_on_its_way(shop: Shop) -> None:
    planned(shop.store, news=250)
    sending = shop.sending()

    def stop(_mail: Email) -> object:
        if len(shop.provider.posted) >= 30:
            sending.stop()
        return asyncio.sleep(0.001)

    shop.provider.before = stop
    done = asyncio.run(sending.round())
    assert done.fates[Fate.accepted] == len(shop.provider.posted) < 60
    assert set(shop.fates()) == {Fate.accepted, Fate.planned}
    assert asyncio.run(sending.round()).fates == {}


def test_a_round_that_is_cancelled_leaves_each_mail_settled_in_doubt_or_waiting(shop: Shop) -> None:
    planned(shop.store, news=100)

    async def cut() -> None:
        reached = asyncio.Event()

        async def stuck(_mail: Email) -> None:
            if len(shop.provider.posted) >= 20:
                reached.set()
                await asyncio.Event().wait()

        shop.provider.before = stuck
        task = asyncio.create_task(shop.sending().round())
        await asyncio.wait_for(reached.wait(), 10)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(cut())
    found = shop.fates()
    assert found.count(Fate.accepted) == 20
    assert 1 <= found.count(Fate.in_doubt) <= shop.provider.at_once
    assert found.count(Fate.planned) == 80 - found.count(Fate.in_doubt)


def test_answers_are_kept_once_the_database_is_there_again(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    planned(shop.store, news=20)
    monkeypatch.setattr(module, "ATTEMPTS", 1)  # whatever else goes wrong is not waited for
    away = [OperationalError("UPDATE batch", {}, psycopg.errors.ConnectionFailure())]

    async def run(function, *arguments):  # type: ignore[no-untyped-def]
        if function.__name__ == "_settle" and away:
            raise away.pop()
        return function(*arguments)

    done = asyncio.run(Sending(shop.workshop, lambda: shop.live, shop.clock, run).round())
    assert done.fates == {Fate.accepted: 20}
    assert (done.in_doubt, done.troubles) == (0, [])


def test_answers_that_cannot_be_kept_leave_the_batch_in_doubt_and_the_others_go(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    planned(shop.store, news=250)
    shop.provider.at_once = 50
    monkeypatch.setattr(module, "ATTEMPTS", 1)
    settle, lost = Store.settle, set[int]()

    def failing(store, batch, *given):  # type: ignore[no-untyped-def]
        if (lost or {batch.id}) == {batch.id}:
            lost.add(batch.id)
            raise OSError("the disk is full")
        settle(store, batch, *given)

    monkeypatch.setattr(Store, "settle", failing)
    done = rounds(shop)
    assert done.fates == {Fate.accepted: 150}
    assert any("100 mails could not be kept: OSError" in trouble for trouble in done.troubles)
    shop.clock.now += LEASE + MINUTE
    again = rounds(shop)  # of another process: what this one knows is known here alone
    assert (again.fates, again.in_doubt_before, again.in_doubt) == ({}, 100, 100)
    assert len(shop.provider.posted) == 250


def test_a_long_batch_renews_its_lease_and_is_left_alone(shop: Shop, store_url: str) -> None:
    planned(shop.store, news=6)
    other = open_shop(store_url, owner="they")
    other.clock = shop.clock

    def slow(_mail: Email) -> None:
        shop.clock.now += timedelta(minutes=2)
        other.store.outbox.reclaim(shop.clock.now, None)

    shop.provider.before, shop.provider.at_once = slow, 1
    assert rounds(shop).fates == {Fate.accepted: 6}
    assert set(shop.fates()) == {Fate.accepted}
    with shop.store.database.reading() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM reason WHERE why = 'in doubt'").scalar() == 0
    other.store.close()


def test_a_lease_is_renewed_also_while_one_answer_takes_its_time(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    planned(shop.store, news=1)
    monkeypatch.setattr(leases, "RENEW", 0.01)

    async def until_renewed(_mail: Email) -> None:
        shop.clock.now += timedelta(minutes=3)
        asked = "SELECT lease_until > claimed_at + 400000000 FROM batch"
        async with asyncio.timeout(10):
            while True:
                with shop.store.database.reading() as connection:
                    if connection.exec_driver_sql(asked).scalar():
                        return
                await asyncio.sleep(0.01)

    shop.provider.before = until_renewed
    assert rounds(shop).fates == {Fate.accepted: 1}


def test_a_machine_that_slept_begins_nothing_more_of_its_batch(shop: Shop, store_url: str) -> None:
    """The other process gave the batch up. What was not begun goes back, what went is accepted."""
    planned(shop.store, service=3)
    other = open_shop(store_url, owner="they")

    def slept(_mail: Email) -> None:
        shop.clock.now += timedelta(minutes=10)
        other.store.outbox.reclaim(shop.clock.now, None)

    shop.provider.before, shop.provider.at_once = slept, 1
    try:
        assert asyncio.run(_one_batch(shop)) == {Fate.accepted: 1}
        assert sorted(fate.value for fate in shop.fates()) == ["accepted", "planned", "planned"]
        shop.provider.before = lambda _mail: None
        assert rounds(shop).fates == {Fate.accepted: 2}
        assert len(shop.provider.posted) == len(set(shop.provider.posted)) == 3
    finally:
        other.store.close()


def test_a_batch_whose_lease_was_lost_begins_nothing_more(
    shop: Shop, store_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Somebody whose clock is ahead gave it up; the next renewal finds that out."""
    planned(shop.store, service=3)
    other = open_shop(store_url, owner="they")
    monkeypatch.setattr(leases, "RENEW", 0.01)

    async def one_batch() -> dict[Fate, int]:
        renewed = asyncio.Event()

        async def run(function, *arguments):  # type: ignore[no-untyped-def]
            found = function(*arguments)
            if function.__name__ == "renew" and not found:
                renewed.set()
            return found

        async def given_up(_mail: Email) -> None:
            other.store.outbox.reclaim(shop.clock.now + 2 * LEASE, None)
            await asyncio.wait_for(renewed.wait(), 10)

        shop.provider.before, shop.provider.at_once = given_up, 1
        sending = Sending(shop.workshop, lambda: shop.live, shop.clock, run)
        sending.tell = lambda _done: sending.stop()
        return (await sending.round()).fates

    try:
        assert asyncio.run(one_batch()) == {Fate.accepted: 1, Fate.planned: 2}
        assert sorted(fate.value for fate in shop.fates()) == ["accepted", "planned", "planned"]
    finally:
        other.store.close()


async def _one_batch(shop: Shop) -> dict[Fate, int]:
    """One batch alone: the sending is stopped as soon as it has landed."""
    sending = shop.sending()
    sending.tell = lambda _done: sending.stop()
    return (await sending.round()).fates


def test_service_in_doubt_goes_once_more_after_15_minutes_and_only_once(shop: Shop) -> None:
    planned(shop.store, service=1, news=1)
    shop.provider.script = lambda mail, _: Handover(mail.key, Fate.in_doubt, "time-out")
    sending = shop.sending()
    assert asyncio.run(sending.round()).fates == {Fate.in_doubt: 2}
    service, news = shop.send_keys()
    for minutes, times in ((14, 1), (16, 2), (40, 2), (60 * 30, 2)):
        shop.clock.now = NOW + timedelta(minutes=minutes)
        asyncio.run(sending.round())
        assert (shop.provider.posted.count(service), shop.provider.posted.count(news)) == (times, 1)
    assert shop.fates() == [Fate.in_doubt, Fate.in_doubt]
    shop.clock.now = NOW + timedelta(hours=73)
    assert asyncio.run(sending.round()).closed == 2
    assert shop.fates() == [Fate.unknown, Fate.unknown]
    person = shop.store.find("s0") or ""
    assert [reason.why.value for reason in shop.store.reasons(person) if reason.mail == "sorry"] == [
        "sent", "in doubt", "sent again in doubt", "in doubt", "fate unknown",
    ]  # fmt: skip


def test_a_clock_that_goes_back_sends_no_doubt_early(shop: Shop) -> None:
    planned(shop.store, service=1)

    def back(_mail: Email) -> None:
        shop.clock.now = NOW - timedelta(hours=2)

    shop.provider.before = back
    shop.provider.script = lambda mail, _: Handover(mail.key, Fate.in_doubt, "time-out")
    sending = shop.sending()
    asyncio.run(sending.round())
    shop.provider.before = lambda _mail: None
    shop.clock.now = NOW + timedelta(minutes=5)
    asyncio.run(sending.round())
    assert len(shop.provider.posted) == 1


def test_news_settles_a_doubt_before_it_goes_once_more(shop: Shop) -> None:
    planned(shop.store, service=1)
    shop.provider.script = lambda mail, _: Handover(mail.key, Fate.in_doubt, "time-out")
    rounds(shop)
    (key,) = shop.send_keys()
    assert shop.store.settle_key(key, Fate.accepted, "seen in an event", NOW)
    assert not shop.store.settle_key(key, Fate.in_doubt, "late", NOW)
    shop.clock.now += timedelta(hours=1)
    assert rounds(shop).fates == {}
    assert shop.store.settle_key(key, Fate.bounced, "no such box", NOW)
    assert shop.fates() == [Fate.bounced]


def test_a_second_copy_that_does_not_go_leaves_open_whether_the_first_did(shop: Shop) -> None:
    planned(shop.store, service=1)
    shop.provider.script = lambda mail, _: Handover(mail.key, Fate.in_doubt, "time-out")
    rounds(shop)
    shop.clock.now += timedelta(minutes=20)
    shop.live = replace(shop.live, templates={})
    assert rounds(shop).fates == {Fate.unknown: 1}
    assert shop.fates() == [Fate.unknown]


def test_a_paused_sequence_waits_and_the_others_go(shop: Shop) -> None:
    from nurture.model.sequence import Status

    planned(shop.store, service=1, news=2)
    book = shop.live.book
    paused = replace(book.sequences["welcome"], status=Status.paused)
    shop.live = replace(shop.live, book=replace(book, sequences={**book.sequences, "welcome": paused}))
    assert rounds(shop).fates == {Fate.accepted: 1}
    shop.clock.now += timedelta(days=4)
    assert rounds(shop).fates == {Fate.expired: 2}


def test_everything_can_be_run_in_a_thread(shop: Shop) -> None:
    from concurrent.futures import ThreadPoolExecutor

    planned(shop.store, news=120)
    with ThreadPoolExecutor(1) as pool:

        async def run(function, *arguments):  # type: ignore[no-untyped-def]
            return await asyncio.get_running_loop().run_in_executor(pool, function, *arguments)

        done = asyncio.run(Sending(shop.workshop, lambda: shop.live, shop.clock, run).round())
    assert done.fates == {Fate.accepted: 120}
    assert directly is not run


def test_what_was_held_or_in_doubt_when_a_copy_is_accepted_never_goes_by_itself(store_url: str) -> None:
    shop = open_shop(store_url, brake=1)
    planned(shop.store, service=1, news=3)
    shop.provider.script = lambda mail, _: Handover(mail.key, Fate.in_doubt, "time-out")
    rounds(shop)
    assert shop.store.counts().held == 2
    planned(shop.store, service=1, first=5)
    shop.store.halted = "a copy, says the test"
    assert accept(shop.workshop, shop.live, NOW) == 3
    assert set(shop.fates()) == {Fate.in_doubt}
    posted = len(shop.provider.posted)
    for later in (timedelta(minutes=20), timedelta(hours=5), timedelta(hours=80)):
        shop.clock.now = NOW + later
        assert rounds(shop).fates == {}
    assert len(shop.provider.posted) == posted
    assert set(shop.fates()) == {Fate.unknown}
    shop.store.close()
