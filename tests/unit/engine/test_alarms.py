"""Alarms worth waking for: what should have spoken and did not, told once, and never because of a usual rest."""

import asyncio
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import insert

from nurture.engine.alarm_mails import AlarmMails, email
from nurture.engine.alarms import Watch, alarms, most_rest, news_alarms, sequence_alarms
from nurture.engine.applying import LiveBook
from nurture.engine.doctor import State
from nurture.engine.doctor_alarms import alarm_findings, told_findings
from nurture.engine.hand_over import directly
from nurture.engine.health import metrics
from nurture.engine.status import status
from nurture.model import alarm
from nurture.model.book import Book
from nurture.model.catalogue import Catalogue
from nurture.model.happening import Happened, Happening
from nurture.model.length import Length, Unit
from nurture.model.mail import Email, Fate, Handover
from nurture.model.switch import Switch, Word
from nurture.store.alarms import Alarms, Told, Untold
from nurture.store.backups_made import remember
from nurture.store.codec import micros
from nurture.store.outbox import OPEN
from nurture.store.runner import Runner
from nurture.store.switches import ITSELF
from nurture.store.tables import ENROLMENT, RECEIVED
from tests.sending_worlds import NOW, Shop, accepts, open_shop, planned, the_book

DAY = timedelta(days=1)


@pytest.fixture
def shop(store_url: str) -> Iterator[Shop]:
    opened = open_shop(store_url)
    book = opened.live.book
    rules = replace(book.rules, people=(("lena", "lena@shop.example"), ("owner", "boss@shop.example")))
    opened.live = replace(opened.live, book=replace(book, rules=rules))
    yield opened
    opened.store.close()


def book_of(shop: Shop) -> Book:
    return shop.live.book


def started(shop: Shop, name: str, *days_ago: float) -> None:
    """One person each, so many days before NOW."""
    rows = [
        {"person": f"p{name}{place}", "sequence": name, "subject": "1", "bucket": 1, "ordinal": 1, "version": 1,
         "started_at": micros(NOW - ago * DAY), "ending": ""}
        for place, ago in enumerate(days_ago)
    ]  # fmt: skip
    with shop.store.database.writing() as connection:
        connection.execute(insert(ENROLMENT), rows)


def silent(shop: Shop, at: datetime = NOW) -> list[str]:
    return [one.about for one in sequence_alarms(shop.workshop, book_of(shop), at)]


def name_of(shop: Shop) -> str:
    return sorted(book_of(shop).sequences)[0]


def test_a_sequence_that_started_somebody_daily_is_missed_on_the_third_day(shop: Shop) -> None:
    shop.store.move_watermark(NOW)
    name = name_of(shop)
    started(shop, name, *range(2, 40))
    assert silent(shop) == []
    later = NOW + DAY
    shop.store.move_watermark(later)
    assert silent(shop, later) == [name]
    (found, *_) = alarm_findings(shop.workshop, book_of(shop), later)
    words = f"{name} started nobody for 3 days; before that it rested 0 at the longest"
    assert (found.state.value, found.words) == ("wrong", words)


def test_who_rests_at_weekends_is_missed_after_three_of_them_and_who_is_rare_never(shop: Shop) -> None:
    shop.store.move_watermark(NOW + 90 * DAY)
    weekdays = [day for day in range(1, 50) if (NOW - day * DAY).weekday() < 5]
    name, other = sorted(book_of(shop).sequences)[:2]
    started(shop, name, *weekdays)
    started(shop, other, 5, 13, 22, 30, 40)
    first = weekdays[0]
    assert silent(shop, NOW + (6 - first) * DAY) == []
    assert silent(shop, NOW + (7 - first) * DAY) == [name]
    assert silent(shop, NOW + 40 * DAY) == [name], "of five starts nothing can be expected"
    assert silent(shop, NOW + 80 * DAY) == [], "by then it is meant so"


def test_what_is_paused_or_waits_for_a_daemon_is_not_missed(shop: Shop) -> None:
    name = name_of(shop)
    started(shop, name, *range(4, 40))
    shop.store.move_watermark(NOW - 2 * DAY)
    assert silent(shop) == [], "nobody has decided since"
    shop.store.move_watermark(NOW)
    assert silent(shop) == [name]
    paused = replace(book_of(shop).sequences[name], switch=Switch(Word.pause, NOW, "lena", name))
    book = replace(book_of(shop), sequences={**book_of(shop).sequences, name: paused})
    assert list(sequence_alarms(shop.workshop, book, NOW)) == []


@pytest.mark.parametrize(
    ("days", "rest"), [("1" * 8, 0), ("0001001111111", 2), ("1000000010111111", 7), ("11111", None)]
)
def test_the_longest_rest_counts_from_the_first_start_on(days: str, rest: int | None) -> None:
    assert most_rest([day == "1" for day in days]) == rest


def test_a_provider_that_tells_nothing_of_accepted_mails_is_missed_after_hours(tmp_path: Path) -> None:
    shop = open_shop(tmp_path)
    shop.more = {"sendgrid_events_key": "a key"}
    shop.provider.name = "sendgrid"
    planned(shop.store, news=25)
    batch = shop.store.outbox.claim(100, NOW, "us", OPEN).batch
    assert batch is not None
    shop.store.hand(batch, NOW)
    shop.store.settle(batch, [Handover(one.key, Fate.accepted) for one in batch.intents], NOW)
    assert list(news_alarms(shop.workshop, NOW + timedelta(hours=2))) == []
    (found,) = news_alarms(shop.workshop, NOW + timedelta(hours=4))
    assert found.words == "25 mails were accepted, and sendgrid has told nothing, ever"
    told = Happening("t", Happened.delivered, NOW, "sendgrid", batch.intents[0].key)
    shop.store.happenings.take([told], NOW + timedelta(hours=1))
    assert list(news_alarms(shop.workshop, NOW + timedelta(hours=4))) == []
    shop.store.close()


def kinds(shop: Shop, at: datetime = NOW) -> list[str]:
    return [one.kind for one in alarms(shop.workshop, book_of(shop), at)]


def test_each_of_the_others_begins_and_ends_with_its_cause(shop: Shop) -> None:
    assert kinds(shop) == []
    shop.store.beat(Runner("us", 1, "1", NOW - DAY, NOW - DAY, None, "at work"))
    planned(shop.store, service=1)
    assert kinds(shop, NOW + timedelta(minutes=9)) == [alarm.RUNNER]
    late = NOW + timedelta(minutes=11)
    assert kinds(shop, late) == [alarm.RUNNER, alarm.LATE]
    switch = Switch(Word.pause, NOW, "lena", "answer")
    answer = replace(book_of(shop).sequences["answer"], switch=switch)
    held = replace(book_of(shop), sequences={**book_of(shop).sequences, "answer": answer})
    assert [one.kind for one in alarms(shop.workshop, held, late)] == [alarm.RUNNER], "so does who paused it"
    shop.store.set_switch(Switch(Word.halt, NOW, "lena"), NOW)
    assert kinds(shop, late) == [alarm.RUNNER], "a person knows"
    shop.store.lift_switch(Word.halt, "", NOW)
    shop.store.set_switch(Switch(Word.halt, NOW, ITSELF), NOW)
    shop.store.received.keep("sendgrid.events", b"[]", {}, NOW)
    assert kinds(shop, NOW + timedelta(minutes=16)) == [alarm.RUNNER, alarm.HALTED, alarm.POSTS]
    (key,) = shop.send_keys()
    batch = shop.store.outbox.claim(1, NOW, "us", OPEN).batch
    assert batch is not None
    shop.store.hand(batch, NOW)
    shop.store.settle(batch, [Handover(key, Fate.in_doubt)], NOW)
    assert alarm.DOUBTS not in kinds(shop, NOW + timedelta(minutes=59))
    assert alarm.DOUBTS in kinds(shop, NOW + timedelta(minutes=61))


def test_doctor_calls_wrong_whatever_is_an_alarm(shop: Shop) -> None:
    """By the words of each; of sources, runners and halts its own findings do."""
    planned(shop.store, service=2)
    batch = shop.store.outbox.claim(1, NOW, "us", OPEN).batch
    assert batch is not None
    shop.store.hand(batch, NOW)
    shop.store.settle(batch, [Handover(batch.keys[0], Fate.in_doubt)], NOW)
    for source, problem in (("sendgrid.events", ""), ("api", "nobody can read it")):
        shop.store.received.keep(source, problem.encode(), {}, NOW)
        with shop.store.database.writing() as connection:
            named = RECEIVED.c.source == source
            connection.execute(RECEIVED.update().where(named).values(problem=problem))
    for number in range(5):
        remember(shop.store.database, NOW - (9 - number) * DAY)
    later = NOW + timedelta(hours=2)
    said = {one.kind: one.words for one in alarms(shop.workshop, book_of(shop), later)}
    assert said.keys() == {alarm.LATE, alarm.DOUBTS, alarm.POSTS, alarm.BACKUP}
    found = list(alarm_findings(shop.workshop, book_of(shop), later))
    assert {one.words for one in found if one.state is State.wrong} == {
        one.words for one in alarms(shop.workshop, book_of(shop), later)
    }
    assert "1 post from outside cannot be read" in {one.words for one in found}
    assert all(one.remedy for one in found if one.state is State.wrong)


def test_metrics_are_told_of_a_store_of_either_database(shop: Shop) -> None:
    planned(shop.store, service=1)
    Watch().look(shop.workshop, book_of(shop), NOW + timedelta(minutes=11))
    text = metrics(shop.store, NOW + timedelta(minutes=11))
    assert 'nurture_alarms{alarm="service_late"} 1\n' in text
    assert f'nurture_queue_oldest_due_timestamp_seconds{{class="service"}} {NOW.timestamp():.3f}\n' in text
    switch = Switch(Word.pause, NOW, "lena", "answer")
    answer = replace(book_of(shop).sequences["answer"], switch=switch)
    held = replace(book_of(shop), sequences={**book_of(shop).sequences, "answer": answer})
    text = metrics(shop.store, NOW + timedelta(minutes=11), held)
    assert "nurture_queue_oldest_due_timestamp_seconds{" not in text, "it may not go"
    assert 'nurture_queue_mails{class="service"} 1\n' in text
    assert int(re.findall(r"nurture_store_size_bytes (\d+)", text)[0]) > 100_000


def test_a_source_that_fell_silent_is_an_alarm_and_when_it_spoke_last_is_kept(shop: Shop) -> None:
    catalogue = replace(
        Catalogue(), expects=(("subscriber.joined", Length(1, Unit.day)), ("never", Length(1, Unit.day)))
    )
    book = replace(book_of(shop), catalogue=catalogue)
    planned(shop.store, news=1)
    Watch().look(shop.workshop, book, NOW)
    assert Alarms(shop.store.database).heard() == {"subscriber.joined": NOW}
    assert [one.about for one in alarms(shop.workshop, book, NOW + 2 * DAY)] == ["subscriber.joined"]


def told(shop: Shop, at: datetime) -> list[tuple[str, str]]:
    """To whom, and its subject."""
    mails: list[Email] = []
    shop.provider.name, shop.provider.before = "smtp", mails.append
    asyncio.run(AlarmMails(shop.workshop).send(shop.live, at, directly))
    return [(mail.to_address, mail.subject) for mail in mails]


def test_who_is_to_be_told_is_told_at_once_and_daily_while_it_lasts_also_while_mail_is_halted(
    shop: Shop, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO", "nurture")
    shop.store.beat(Runner("us", 1, "1", NOW - DAY, NOW - DAY, None, "at work"))
    shop.store.set_switch(Switch(Word.halt, NOW, "lena"), NOW)
    watch = Watch()
    watch.look(shop.workshop, book_of(shop), NOW)
    watch.look(shop.workshop, book_of(shop), NOW + timedelta(minutes=1))
    words = "a daemon (process 1) said last 1 day ago that it lives"
    assert [one.words for one in status(shop.workshop, NOW).alarms] == [words]
    assert f"Alarm       {words}, since" in "\n".join(status(shop.workshop, NOW).lines())
    assert told(shop, NOW) == [("boss@shop.example", f"nurture: {words}")]
    assert told(shop, NOW + timedelta(hours=23)) == []
    assert told(shop, NOW + timedelta(hours=25)) == [("boss@shop.example", f"nurture: {words}")]
    shop.store.beat(Runner("us", 1, "1", NOW, NOW + 2 * DAY, None, "at work"))
    watch.look(shop.workshop, book_of(shop), NOW + 2 * DAY)
    assert Alarms(shop.store.database).open() == ()
    assert told(shop, NOW + 2 * DAY) == [("boss@shop.example", f"nurture: over: {words}")]
    assert told(shop, NOW + 2 * DAY) == []
    assert [record.__dict__["event"] for record in caplog.records if record.__dict__["event"].startswith("alarm")] == [
        "alarm.begun", "alarm.told", "alarm.told", "alarm.over", "alarm.told",
    ]  # fmt: skip


def open_or_over(shop: Shop, open_: bool, at: datetime) -> None:
    seen = at - DAY if open_ else at
    shop.store.beat(Runner("us", 1, "1", NOW, seen, None, "at work"))
    Watch().look(shop.workshop, book_of(shop), at)


def test_what_comes_and_goes_for_hours_is_no_storm_of_mails(shop: Shop) -> None:
    at = [NOW + timedelta(minutes=5 * number) for number in range(48)]
    mails = 0
    for number, one in enumerate(at):
        open_or_over(shop, number % 2 == 0, one)
        mails += len(told(shop, one))
    assert 4 <= mails <= 8, "twice an hour at the most"


def test_whoever_looks_lives_and_who_slept_says_of_nobody_that_they_are_silent(shop: Shop) -> None:
    """A clock that leapt by an hour, or a machine that was asleep, wakes nobody."""

    def beat(name: str, at: datetime) -> None:
        shop.store.beat(Runner(name, 1, "1", NOW, at, None, "at work"))

    beat("us", NOW - DAY)
    watch, door, later = Watch("us"), Alarms(shop.store.database), NOW + timedelta(hours=1)
    watch.look(shop.workshop, book_of(shop), NOW)
    beat("others", NOW)
    watch.look(shop.workshop, book_of(shop), later)
    assert door.open() == ()
    watch.look(shop.workshop, book_of(shop), later + timedelta(minutes=6))
    assert [one.kind for one in door.open()] == [alarm.RUNNER]
    assert door.all()[0].words.startswith("a daemon (process 1) said last ")
    beat("more", NOW)
    (silent,) = [one for one in alarms(shop.workshop, None, later) if one.kind == alarm.RUNNER]
    assert silent.words == "3 of the daemons and workers said last 1 day ago that they live"


def test_how_an_alarm_stands_is_told_as_it_is_now_and_since_when_it_is_open(shop: Shop) -> None:
    open_or_over(shop, True, NOW)
    shop.store.beat(Runner("us", 1, "1", NOW, NOW - DAY, None, "at work"))
    Watch().look(shop.workshop, book_of(shop), NOW + 3 * DAY)
    (one,) = Alarms(shop.store.database).all()
    assert (one.words.partition(" ago ")[0].rpartition("said last ")[2], one.since) == ("4 days", NOW)


def test_a_mail_that_the_provider_put_off_is_tried_again_and_one_in_doubt_is_not(shop: Shop) -> None:
    open_or_over(shop, True, NOW)
    later = NOW + timedelta(minutes=6)
    shop.provider.script = lambda mail, _: Handover(mail.key, Fate.planned, "503")
    assert (len(told(shop, NOW)), len(told(shop, NOW + timedelta(minutes=1)))) == (1, 0)
    shop.provider.script = lambda _mail, _: OSError()
    assert (len(told(shop, later)), len(told(shop, later + DAY - timedelta(minutes=1)))) == (1, 0)
    shop.provider.script = accepts
    assert len(told(shop, later + DAY + timedelta(minutes=1))) == 1
    open_or_over(shop, False, NOW + 2 * DAY)
    shop.provider.script = lambda mail, _: Handover(mail.key, Fate.planned, "503")
    assert (len(told(shop, NOW + 2 * DAY)), len(told(shop, NOW + 2 * DAY + timedelta(minutes=4)))) == (1, 0)
    shop.provider.script = accepts
    later = NOW + 2 * DAY + timedelta(minutes=6)
    assert (len(told(shop, later)), told(shop, later), told(shop, later + DAY)) == (1, [], [])


def test_a_hundred_alarms_are_one_mail_that_can_be_read(shop: Shop) -> None:
    hundred = tuple(Told(f"alarm sequence_silent s{number}", f"s{number} rests", NOW) for number in range(100))
    mail = email(book_of(shop).rules, "boss@shop.example", Untold(hundred, hundred[:1]), NOW)
    assert mail.subject == "nurture: 100 alarms"
    assert mail.text.splitlines()[29:] == [
        "s29 rests, since 2027-03-02 10:00 UTC", "and 71 more: nurture status", "", "nurture doctor says what to do.",
    ]  # fmt: skip


def test_while_the_provider_refuses_us_or_the_store_is_a_copy_nobody_is_told_in_vain(shop: Shop) -> None:
    shop.store.set_switch(Switch(Word.halt, NOW, ITSELF), NOW)
    Watch().look(shop.workshop, book_of(shop), NOW)
    assert [one.kind for one in Alarms(shop.store.database).open()] == [alarm.HALTED]
    assert told(shop, NOW) == []
    shop.store.lift_switch(Word.halt, "", NOW)
    shop.store.halted = "a copy"
    assert told(shop, NOW) == []


def test_a_shop_without_people_has_nobody_to_tell(tmp_path: Path) -> None:
    shop = open_shop(tmp_path)
    shop.live = LiveBook(the_book(), {})
    shop.store.beat(Runner("us", 1, "1", NOW - DAY, NOW - DAY, None, "at work"))
    shop.provider.name = "smtp"
    (nobody,) = told_findings(shop.workshop, book_of(shop).rules)
    assert (nobody.state, nobody.remedy) == (State.look, "name `owner` in `people` of the house rules")
    rules = replace(book_of(shop).rules, people=(("owner", "boss@shop.example"),))
    assert list(told_findings(shop.workshop, rules)) == []
    shop.more = {"only_to": ("lena@shop.example",)}
    (kept,) = told_findings(shop.workshop, rules)
    assert "config.toml keeps mail from them" in kept.words
    Watch().look(shop.workshop, None, NOW)
    assert told(shop, NOW) == []
    shop.store.close()


def test_backups_that_were_made_every_night_and_are_made_no_more(shop: Shop) -> None:
    database, night = shop.store.database, timedelta(days=1)

    def is_missed(days: float) -> bool:
        return alarm.BACKUP in [one.kind for one in alarms(shop.workshop, None, NOW + days * night)]

    for hours in range(8):
        remember(database, NOW - 3 * night + timedelta(hours=hours))
    remember(database, NOW - 2 * night)
    remember(database, NOW - night)
    assert not is_missed(10), "on three days by hand is no habit"
    remember(database, NOW)
    assert [is_missed(days) for days in (0, 2.9, 3.1, 56, 56.1)] == [False, False, True, True, False]
    remember(database, NOW + 5 * night)
    assert [is_missed(days) for days in (6, 19, 21)] == [False, False, True]
    for number in range(6, 20):
        remember(database, NOW + number * night)
    assert is_missed(23), "what was long ago counts no more"
