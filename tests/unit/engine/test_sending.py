"""Several batches on their way at once: what goes, what waits, what is in doubt, and who is told."""

import asyncio
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from nurture import observe
from nurture.engine import sending as module
from nurture.engine.handed import Handed
from nurture.engine.pace import ALIKE, MOST_GROWTH
from nurture.model.happening import Bounce
from nurture.model.mail import Email, Fate, Handover
from nurture.model.switch import Switch, Word
from tests.sending_worlds import NOW, Scripted, Shop, open_shop, planned


@pytest.fixture
def shop(store_url: str) -> Iterator[Shop]:
    opened = open_shop(store_url)
    yield opened
    opened.store.close()


def rounds(shop: Shop) -> Handed:
    return asyncio.run(shop.sending().round())


def test_everything_that_waits_goes_service_first(shop: Shop) -> None:
    planned(shop.store, service=2, news=230)
    done = rounds(shop)
    assert done.fates == {Fate.accepted: 232}
    assert set(shop.provider.posted[:2]) == set(shop.send_keys()[:2])
    assert len(set(shop.provider.posted)) == 232
    assert rounds(shop).fates == {}


def test_several_batches_are_on_their_way_at_once_and_no_more_requests_than_the_provider_can_have(shop: Shop) -> None:
    planned(shop.store, news=450)
    now, most = 0, 0

    async def crowd(_mail: Email) -> None:
        nonlocal now, most
        now += 1
        most = max(most, now)
        await asyncio.sleep(0.001)
        now -= 1

    shop.provider.before, shop.provider.at_once = crowd, 150
    assert rounds(shop).fates == {Fate.accepted: 450}
    assert most == 150


@pytest.mark.parametrize(("service", "news"), [(0, 450), (450, 0), (60, 450)])
def test_a_cut_finds_few_handed_that_were_not_even_tried(shop: Shop, service: int, news: int) -> None:
    planned(shop.store, service=service, news=news)
    most = 0

    async def look(_mail: Email) -> None:
        nonlocal most
        asked = "SELECT count(*) FROM batch_member JOIN batch ON batch.id = batch WHERE status = 'handed'"
        with shop.store.database.reading() as connection:
            most = max(most, connection.exec_driver_sql(asked).scalar_one())
        await asyncio.sleep(0)

    shop.provider.before = look
    assert rounds(shop).fates == {Fate.accepted: service + news}
    usual = module.TURNS * shop.provider.at_once
    assert most <= 2 * usual * MOST_GROWTH  # a provider that takes them at once: less than two seconds of its time


def test_service_that_is_decided_amid_a_broadcast_goes_next(shop: Shop) -> None:
    planned(shop.store, news=300)

    def late(_mail: Email) -> object:
        if len(shop.provider.posted) == 40:
            planned(shop.store, service=1, first=500)
        return asyncio.sleep(0.002)

    shop.provider.before, shop.provider.at_once = late, 1
    assert rounds(shop).fates == {Fate.accepted: 301}
    place = shop.provider.posted.index(shop.send_keys()[0])
    assert 40 < place < 280


def test_what_certainly_did_not_go_waits_longer_and_longer_with_one_mail_at_a_time(shop: Shop) -> None:
    planned(shop.store, news=300)
    shop.provider.script = lambda mail, _: Handover(mail.key, Fate.planned, "not now")
    sending = shop.sending()
    waits = []
    for _ in range(12):
        before = len(shop.provider.posted)
        done = asyncio.run(sending.round())
        assert done.stuck
        waits.append((sending.next_at or NOW) - shop.clock.now)
        assert len(shop.provider.posted) - before <= (1 if len(waits) > 1 else shop.provider.at_once)
        assert asyncio.run(sending.round()).fates == {}, "nothing is tried while it waits"
        shop.clock.now += waits[-1]
    assert [wait.total_seconds() for wait in waits[:4]] == [1, 2, 4, 8]
    assert waits[-1] == timedelta(minutes=5)
    assert set(shop.fates()) == {Fate.planned}
    shop.provider.script = Scripted().script
    assert asyncio.run(sending.round()).fates == {Fate.accepted: 300}
    assert sending.next_at is None


def test_one_reader_whose_server_says_not_now_holds_up_nobody_else(shop: Shop) -> None:
    planned(shop.store, news=120)
    greylisted = shop.send_keys()[5]
    tries: list[timedelta] = []

    def script(mail: Email, _nth: int) -> Handover:
        if mail.key != greylisted:
            return Handover(mail.key, Fate.accepted)
        tries.append(shop.clock.now - NOW)
        return Handover(mail.key, Fate.accepted if len(tries) > 4 else Fate.planned, "450 try later")

    shop.provider.script = script
    sending = shop.sending()
    done = asyncio.run(sending.round())
    assert done.fates == {Fate.accepted: 119, Fate.planned: 1}
    while sending.next_at is not None:
        shop.clock.now = sending.next_at
        asyncio.run(sending.round())
    assert [one.total_seconds() for one in tries] == [0, 1, 3, 7, 15]
    assert set(shop.fates()) == {Fate.accepted}


def test_the_word_of_the_provider_when_to_try_again_wins(shop: Shop) -> None:
    planned(shop.store, news=2)
    at = NOW + timedelta(minutes=42)
    shop.provider.script = lambda mail, _: Handover(mail.key, Fate.planned, retry_at=at)
    sending = shop.sending()
    asyncio.run(sending.round())
    assert sending.next_at == at


def test_the_log_says_why_it_waits_in_our_words_alone(shop: Shop, caplog: pytest.LogCaptureFixture) -> None:
    planned(shop.store, service=1)
    words = "SendGrid wants a pause (429): Salma has had enough"
    shop.provider.script = lambda mail, _: Handover(mail.key, Fate.planned, words, retry_at=NOW + timedelta(seconds=9))
    rounds(shop)
    (line,) = [record.getMessage() for record in caplog.records if observe.BACKOFF_BEGUN in record.getMessage()]
    assert line.endswith('because="SendGrid wants a pause (429)" batch=1')


def test_mails_expire_while_the_way_out_is_closed_and_nothing_is_lost(shop: Shop) -> None:
    planned(shop.store, news=3)
    shop.provider.script = lambda mail, _: Handover(mail.key, Fate.planned)
    sending = shop.sending()
    asyncio.run(sending.round())
    shop.clock.now += timedelta(days=4)
    assert asyncio.run(sending.round()).fates == {Fate.expired: 3}


def test_a_provider_that_leaves_everything_in_doubt_is_not_fed_the_whole_queue(shop: Shop) -> None:
    planned(shop.store, news=300)
    shop.provider.script = lambda mail, _: Handover(mail.key, Fate.in_doubt, "503")
    done = rounds(shop)
    assert done.fates[Fate.in_doubt] <= 10
    assert len(shop.provider.posted) == done.fates[Fate.in_doubt]
    assert done.stuck


def test_a_provider_that_fails_in_an_unforeseen_way_leaves_that_mail_in_doubt_and_the_others_go(shop: Shop) -> None:
    planned(shop.store, news=150)
    shop.provider.script = lambda mail, nth: (
        ValueError("what is this") if nth == 7 else Handover(mail.key, Fate.accepted)
    )
    done = rounds(shop)
    assert done.fates == {Fate.accepted: 149, Fate.in_doubt: 1}
    assert "no answer: ValueError" in done.troubles


def test_a_mail_the_provider_refuses_is_refused_alone(shop: Shop) -> None:
    planned(shop.store, news=3)
    shop.provider.script = lambda mail, nth: Handover(mail.key, Fate.refused if nth == 1 else Fate.accepted, "no box")
    assert rounds(shop).fates == {Fate.accepted: 2, Fate.refused: 1}


def test_a_provider_that_refuses_us_halts_all_sending_once(shop: Shop) -> None:
    planned(shop.store, service=1, news=200)
    shop.provider.script = lambda mail, _: Handover(mail.key, Fate.planned, "401: no such key", halts=True)
    done = rounds(shop)
    assert len(shop.provider.posted) <= shop.provider.at_once
    (halt,) = shop.store.switches()
    assert (halt.word, halt.who, halt.since) == (Word.halt, "nurture", NOW)
    assert "401: no such key" in halt.because
    assert any("nurture unhalt" in line for line in done.words(Path()))
    assert set(shop.fates()) == {Fate.planned}
    shop.clock.now += timedelta(hours=1)
    later = rounds(shop)
    assert (later.fates, later.stuck) == ({}, True)  # whoever starts rounds by hand hears of it every time
    shop.store.lift_switch(Word.halt, "", shop.clock.now)
    shop.provider.script = Scripted().script
    assert rounds(shop).fates == {Fate.accepted: 201}
    assert not rounds(shop).stuck


def test_a_queue_is_not_used_up_by_what_the_provider_minds_of_all_mails(shop: Shop) -> None:
    planned(shop.store, news=200)
    shop.provider.script = lambda mail, _: Handover(mail.key, Fate.refused, "SendGrid refuses this mail (400): no")
    sending = shop.sending()
    done = asyncio.run(sending.round())
    assert ALIKE <= done.fates[Fate.refused] <= ALIKE + shop.provider.at_once
    (halt,) = shop.store.switches()
    assert (halt.word, halt.who) == (Word.halt, "nurture")
    assert "20 mails one after the other, in the same words: SendGrid refuses this mail (400): no" in halt.because
    shop.store.lift_switch(Word.halt, "", shop.clock.now)
    again = asyncio.run(sending.round())
    assert again.fates[Fate.refused] <= 2 * shop.provider.at_once
    shop.store.lift_switch(Word.halt, "", shop.clock.now)
    shop.provider.script = Scripted().script
    assert asyncio.run(sending.round()).fates == {
        Fate.accepted: 200 - done.fates[Fate.refused] - again.fates[Fate.refused]
    }


@pytest.mark.parametrize("bounce", [None, Bounce.hard])
def test_refusals_of_addresses_or_in_their_own_words_halt_nothing(shop: Shop, bounce: Bounce | None) -> None:
    planned(shop.store, news=100)
    words = "no such user" if bounce else ""
    shop.provider.script = lambda mail, _: Handover(mail.key, Fate.refused, words or mail.key, bounce=bounce)
    assert rounds(shop).fates == {Fate.refused: 100}
    assert not shop.store.switches()


@pytest.mark.parametrize(("keep_service", "goes"), [(False, {}), (True, {Fate.accepted: 2})])
def test_a_halt_holds_everything_or_all_but_service(shop: Shop, keep_service: bool, goes: dict[Fate, int]) -> None:
    planned(shop.store, service=2, news=2)
    shop.store.set_switch(Switch(Word.halt, NOW, "lena", keep_service=keep_service), NOW)
    assert rounds(shop).fates == goes
    shop.store.lift_switch(Word.halt, "", NOW)
    assert set(rounds(shop).fates) == {Fate.accepted}
    assert set(shop.fates()) == {Fate.accepted}


def test_only_service_goes_until_it_is_said_who_must_not_have_mail(shop: Shop) -> None:
    planned(shop.store, service=1, news=2)
    shop.provider.name = "sendgrid"
    done = rounds(shop)
    assert done.fates == {Fate.accepted: 1}
    assert "nurture import suppressions" in "\n".join(done.words(Path()))
    shop.store.declare("suppressions", "none, says a test", NOW)
    assert rounds(shop).fates == {Fate.accepted: 2}


def test_the_brake_holds_what_is_above_it_and_new_mails_go_when_the_hour_is_over(tmp_path: Path) -> None:
    shop = open_shop(tmp_path, brake=120)
    planned(shop.store, service=3, news=300)
    done = rounds(shop)
    assert (done.fates, done.held) == ({Fate.accepted: 123}, 180)
    assert "180 held by the brake" in "\n".join(done.words(Path()))
    shop.clock.now += timedelta(minutes=50)
    planned(shop.store, service=1, news=2, now=shop.clock.now, first=900)
    assert (rounds(shop).fates, shop.store.counts().held) == ({Fate.accepted: 1}, 182)
    shop.clock.now += timedelta(minutes=20)
    planned(shop.store, news=2, now=shop.clock.now, first=950)
    assert rounds(shop).fates == {Fate.accepted: 2}
    shop.store.close()
