"""Quiet hours and windows are kept at hand-over too, however long a mail waited (language.md 6.10)."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from nurture.engine.handed import Handed
from nurture.engine.status import Status
from nurture.model.decision import Why
from nurture.model.mail import Fate, Handover
from nurture.model.step import Window
from nurture.store.outbox_by_hand import Act
from tests import worlds as w
from tests.sending_worlds import NIGHT, NOW, Shop, open_shop, planned

PARIS = ZoneInfo("Europe/Paris")
AT_NIGHT = datetime(2027, 3, 2, 22, tzinfo=UTC)
MORNING = datetime(2027, 3, 3, 7, 30, tzinfo=UTC)


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    return open_shop(tmp_path, quiet=NIGHT)


def rounds(shop: Shop) -> Handed:
    return asyncio.run(shop.sending().round())


def changed(shop: Shop, **more: object) -> None:
    """Another welcome step, as an apply would bring it."""
    book = shop.live.book
    step = w.send("hello", **more)
    welcome = replace(book.sequences["welcome"], steps=(step,), nodes=w.flow((step,)))
    shop.live = replace(shop.live, book=replace(book, sequences={**book.sequences, "welcome": welcome}))


def test_a_mail_that_waited_into_the_night_goes_in_the_morning(shop: Shop) -> None:
    planned(shop.store, service=1, news=3)
    shop.clock.now = AT_NIGHT
    done = rounds(shop)
    assert done.fates == {Fate.accepted: 1}, "service goes at any hour"
    assert (done.waiting, done.put_off, done.put_off_until) == (3, 3, MORNING)
    assert not done.stuck
    assert any("3 wait until their readers may have them" in line for line in done.words(Path("outbox")))
    shop.clock.now = MORNING - timedelta(seconds=1)
    assert rounds(shop).fates == {}
    shop.clock.now = MORNING
    assert rounds(shop).fates == {Fate.accepted: 3}


def test_it_is_looked_at_once_a_night(shop: Shop) -> None:
    planned(shop.store, news=1)
    shop.clock.now = AT_NIGHT
    sending = shop.sending()
    asyncio.run(sending.round())
    assert sending.morning == MORNING
    for _ in range(3):
        shop.clock.now += timedelta(minutes=1)
        asyncio.run(sending.round())
    with shop.store.database.reading() as connection:
        batches = connection.exec_driver_sql("SELECT count(*) FROM batch").scalar_one()
        told = connection.exec_driver_sql("SELECT until FROM reason WHERE why = ?", (Why.held.value,)).scalars().all()
    assert batches == 1
    assert len(told) == 1


def test_what_is_too_old_in_the_morning_expires_and_says_so(shop: Shop) -> None:
    planned(shop.store, news=1)
    with shop.store.database.writing() as connection:
        connection.exec_driver_sql("UPDATE message SET valid_until = valid_until - 216000000000")  # 60 hours less
    shop.clock.now = NOW + timedelta(hours=11)
    assert rounds(shop).fates == {Fate.expired: 1}
    with shop.store.database.reading() as connection:
        words = connection.exec_driver_sql("SELECT words FROM reason WHERE why = 'expired'").scalar_one()
    assert words == "waited into quiet hours or out of its window, and is too old when they end"


def test_an_answer_at_once_goes_within_half_an_hour_also_at_night(shop: Shop) -> None:
    changed(shop, at_once=True)
    planned(shop.store, news=1, now=AT_NIGHT)
    planned(shop.store, news=1, now=AT_NIGHT + timedelta(minutes=29), first=1)
    shop.clock.now = AT_NIGHT + timedelta(minutes=40)
    done = rounds(shop)
    assert (done.fates, done.put_off) == ({Fate.accepted: 1}, 1)


def test_a_window_is_kept_also_by_day(shop: Shop) -> None:
    planned(shop.store, news=1)
    changed(shop, window=Window(frozenset({5}), time(9), time(11)))
    shop.clock.now = NOW + timedelta(hours=1)
    done = rounds(shop)
    assert done.fates == {Fate.expired: 1}, "Saturday is further than three days"
    planned(shop.store, news=1, now=NOW + timedelta(days=2), first=1)
    shop.clock.now = NOW + timedelta(days=2)
    assert rounds(shop).put_off_until == datetime(2027, 3, 6, 8, tzinfo=UTC)


def test_a_mail_that_the_brake_held_and_a_person_released_at_night_waits_too(tmp_path: Path) -> None:
    shop = open_shop(tmp_path, quiet=NIGHT, brake=0)
    planned(shop.store, news=1)
    assert rounds(shop).held == 1
    shop.clock.now = AT_NIGHT
    from nurture.store.outbox_by_hand import Wanted

    shop.store.outbox.release(Wanted())
    assert rounds(shop).put_off == 1
    shop.clock.now = MORNING
    assert rounds(shop).fates == {Fate.accepted: 1}, "what was released stays released"


def test_what_a_person_sends_again_at_night_waits_and_is_not_closed(shop: Shop) -> None:
    planned(shop.store, news=1)
    shop.provider.script = lambda mail, _: Handover(mail.key, Fate.in_doubt, "time-out")
    rounds(shop)
    shop.clock.now = AT_NIGHT
    act = Act(shop.send_keys()[0], "lena", "the provider has nothing", AT_NIGHT)
    shop.store.outbox.resend(act, shop.live.book)
    shop.provider.script = lambda mail, _: Handover(mail.key, Fate.accepted)
    assert rounds(shop).put_off == 1
    assert shop.fates() == [Fate.planned]
    shop.clock.now = MORNING
    assert rounds(shop).fates == {Fate.accepted: 1}


def test_status_says_how_many_wait_for_the_morning() -> None:
    nothing: dict[str, int] = {}
    found = Status(
        NOW, "world", "", (), (), (), None, "", (), None, 0, None, {"news": 3}, nothing, nothing, nothing, nothing,
        put_off=3, put_off_until=MORNING,
    )  # fmt: skip
    assert "            3 of them until their readers may have them, the first until" in "\n".join(found.lines())
