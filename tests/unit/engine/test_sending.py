"""Several batches on their way at once: what goes, what waits, what is in doubt, and who is told."""

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from nurture import observe
from nurture.engine import sending as module
from nurture.engine.accepting import accept
from nurture.engine.hand_over import directly
from nurture.engine.handed import Handed
from nurture.engine.sending import Sending
from nurture.model.mail import Email, Fate, Handover
from nurture.model.switch import Switch, Word
from nurture.store.outbox_rows import LEASE
from tests.sending_worlds import MINUTE, NOW, Scripted, Shop, open_shop, planned


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    opened = open_shop(tmp_path)
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
    assert most <= 2 * module.TURNS * shop.provider.at_once


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
    assert line.endswith('because="SendGrid wants a pause (429)"')


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
    assert rounds(shop).fates == {}
    shop.store.lift_switch(Word.halt, "", shop.clock.now)
    shop.provider.script = Scripted().script
    assert rounds(shop).fates == {Fate.accepted: 201}


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


def test_answers_that_cannot_be_kept_leave_the_batch_in_doubt_and_the_others_go(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    planned(shop.store, news=250)
    shop.provider.at_once = 50
    monkeypatch.setattr(module, "ATTEMPTS", 1)
    jobs = iter(range(10_000))
    lost: list[int] = []

    async def run(function, *arguments):  # type: ignore[no-untyped-def]
        if function.__name__ == "_settle" and next(jobs) == 0:
            lost.append(arguments[0].batch.id)
            raise OSError("the disk is full")
        return function(*arguments)

    sending = Sending(shop.workshop, lambda: shop.live, shop.clock, run)
    done = asyncio.run(sending.round())
    assert done.fates == {Fate.accepted: 150}
    assert any("100 mails could not be kept: OSError" in trouble for trouble in done.troubles)
    shop.clock.now += LEASE + MINUTE
    again = asyncio.run(sending.round())
    assert (again.fates, again.in_doubt_before, again.in_doubt) == ({}, 100, 100)
    assert len(shop.provider.posted) == 250


def test_a_long_batch_renews_its_lease_and_is_left_alone(shop: Shop, tmp_path: Path) -> None:
    planned(shop.store, news=6)
    other = open_shop(tmp_path, owner="they")
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
    monkeypatch.setattr(module, "RENEW", 0.01)

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


def test_a_batch_whose_lease_was_lost_begins_nothing_more(shop: Shop, tmp_path: Path) -> None:
    """The machine slept: the other process gave the batch up. What was not begun goes back, what went is accepted."""
    planned(shop.store, service=3)
    other = open_shop(tmp_path, owner="they")

    def slept(_mail: Email) -> None:
        shop.clock.now += timedelta(minutes=10)
        other.store.outbox.reclaim(shop.clock.now, None)

    shop.provider.before, shop.provider.at_once = slept, 1
    first = asyncio.run(_one_batch(shop))
    assert first == {Fate.accepted: 1, Fate.planned: 2}
    assert sorted(fate.value for fate in shop.fates()) == ["accepted", "planned", "planned"]
    shop.provider.before = lambda _mail: None
    assert rounds(shop).fates == {Fate.accepted: 2}
    assert len(shop.provider.posted) == len(set(shop.provider.posted)) == 3
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


def test_what_was_held_or_in_doubt_when_a_copy_is_accepted_never_goes_by_itself(tmp_path: Path) -> None:
    shop = open_shop(tmp_path, brake=1)
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
