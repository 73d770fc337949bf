"""Sending while the world does its worst: what comes in the middle, ends at a bad moment, or is told of too late."""

import asyncio
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy.exc import OperationalError

from nurture.engine import sending as module
from nurture.engine.sending import Sending
from nurture.model.mail import Email, Fate
from nurture.store.open import Store
from nurture.store.outbox_doors import Outbox
from nurture.store.outbox_rows import LEASE
from nurture.store.rows import ConsentRow
from tests.sending_worlds import NOW, Shop, open_shop, planned, refuse


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    opened = open_shop(tmp_path)
    yield opened
    opened.store.close()


def leaves(shop: Shop, who: str) -> None:
    """A reader says stop, and the store has it."""
    rows = [ConsentRow(outside_id=who, topics=("tips",), given=False, at=shop.clock.now)]
    shop.store.importing(shop.clock.now).take(rows, refuse)


@pytest.mark.parametrize(("moment", "fate"), [("before", Fate.claimed), ("after", Fate.planned)])
def test_a_round_cut_while_a_batch_is_made_ready_leaves_none_of_it_in_doubt(
    shop: Shop, moment: str, fate: Fate
) -> None:
    """Cut before or after the batch was committed as `handed`: nothing of it was begun."""
    planned(shop.store, news=20)
    there, go_on = threading.Event(), threading.Event()

    async def cut(pool: ThreadPoolExecutor) -> None:
        async def run(function, *arguments):  # type: ignore[no-untyped-def]
            def work():  # type: ignore[no-untyped-def]
                found = function(*arguments) if moment == "after" else None
                if function.__name__ == "_prepare":
                    there.set()
                    assert go_on.wait(10)
                return found if moment == "after" else function(*arguments)

            return await asyncio.get_running_loop().run_in_executor(pool, work)

        task = asyncio.create_task(Sending(shop.workshop, lambda: shop.live, shop.clock, run).round())
        assert await asyncio.to_thread(there.wait, 10)
        task.cancel()
        await asyncio.sleep(0)
        go_on.set()
        with pytest.raises(asyncio.CancelledError):
            await task

    with ThreadPoolExecutor(1) as pool:
        asyncio.run(cut(pool))
    assert (shop.fates(), shop.provider.posted) == ([fate] * 20, [])
    assert asyncio.run(shop.sending().round()).fates == {Fate.accepted: 20}
    assert len(shop.provider.posted) == len(set(shop.provider.posted)) == 20


def test_who_says_stop_while_their_mail_waits_behind_others_gets_none(shop: Shop) -> None:
    """The provider takes a minute for each mail: what waits longer is looked at once more before it leaves."""
    planned(shop.store, news=6)
    shop.provider.at_once = 1
    whose: list[str] = []

    def slow(mail: Email) -> None:
        whose.append(mail.to_address)
        shop.clock.now += timedelta(seconds=61)
        if len(whose) == 1:
            for number in range(6):
                if f"n{number}@shop.example" not in whose:
                    leaves(shop, f"n{number}")

    shop.provider.before = slow
    done = asyncio.run(shop.sending().round())
    assert (len(shop.provider.posted), done.fates[Fate.cancelled]) == (1, 5)
    assert sorted(fate.value for fate in shop.fates()) == ["accepted", *["cancelled"] * 5]


def test_what_waits_long_behind_others_goes_all_the_same_and_each_once(shop: Shop) -> None:
    planned(shop.store, news=6, service=2)
    shop.provider.at_once = 1

    def slow(_mail: Email) -> None:
        shop.clock.now += timedelta(seconds=61)

    shop.provider.before = slow
    asyncio.run(shop.sending().round())
    assert shop.fates() == [Fate.accepted] * 8
    assert len(shop.provider.posted) == len(set(shop.provider.posted)) == 8
    assert shop.clock.now == NOW + timedelta(seconds=61 * 8)


def test_a_clock_that_goes_back_amid_a_batch_has_what_was_not_begun_looked_at_again(shop: Shop) -> None:
    planned(shop.store, news=6)
    shop.provider.at_once = 1

    def back(_mail: Email) -> None:
        if not shop.provider.posted:
            shop.clock.now -= timedelta(seconds=5)
            for number in range(6):
                leaves(shop, f"n{number}")

    shop.provider.before = back
    asyncio.run(shop.sending().round())
    shop.clock.now = NOW + timedelta(minutes=10)
    asyncio.run(shop.sending().round())
    assert len(shop.provider.posted) == 1
    assert sorted(fate.value for fate in shop.fates()) == ["accepted", *["cancelled"] * 5]


@pytest.mark.parametrize("later", [timedelta(), 2 * LEASE])
def test_answers_that_could_not_be_kept_at_once_are_kept_when_the_store_takes_them_again(
    shop: Shop, monkeypatch: pytest.MonkeyPatch, later: timedelta
) -> None:
    """The disk was full for a while: service that was accepted does not go once more as doubtful."""
    planned(shop.store, service=3, news=3)
    monkeypatch.setattr(module, "ATTEMPTS", 1)
    settle = Store.settle

    def full(*_given):  # type: ignore[no-untyped-def]
        raise OSError("no space left on the device")

    monkeypatch.setattr(Store, "settle", full)
    sending = shop.sending()
    first = asyncio.run(sending.round())
    assert any("could not be kept" in trouble for trouble in first.troubles)
    monkeypatch.setattr(Store, "settle", settle)
    shop.clock.now += later
    assert asyncio.run(sending.round()).fates == {Fate.accepted: 6}
    assert (shop.fates(), len(shop.provider.posted)) == ([Fate.accepted] * 6, 6)
    shop.clock.now += timedelta(minutes=20)
    assert asyncio.run(sending.round()).fates == {}


def test_a_connection_lost_as_a_batch_is_committed_leaves_nothing_of_it_in_doubt(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The commit came about, and nobody heard so: nothing was begun, and the mails go with the next round."""
    planned(shop.store, service=2, news=3)
    hand = Outbox.hand

    def lost(*given):  # type: ignore[no-untyped-def]
        hand(*given)
        monkeypatch.setattr(Outbox, "hand", hand)
        raise OperationalError("COMMIT", {}, ConnectionError())

    monkeypatch.setattr(Outbox, "hand", lost)
    sending = shop.sending()
    assert asyncio.run(sending.round()).fates == {}
    assert (set(shop.fates()), shop.provider.posted) == ({Fate.handed}, [])
    shop.clock.now += timedelta(seconds=2)
    done = asyncio.run(sending.round())
    assert (done.fates[Fate.accepted], done.in_doubt, shop.fates()) == (5, 0, [Fate.accepted] * 5)
    assert len(shop.provider.posted) == len(set(shop.provider.posted)) == 5
