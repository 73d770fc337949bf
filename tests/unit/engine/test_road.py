"""Our own pace at hand-over: who goes now, who waits until when, who is held, and that service never is."""

import asyncio
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from nurture.engine.handed import Handed
from nurture.engine.road import Road, tomorrow
from nurture.model.happening import Happened
from nurture.model.mail import Fate
from nurture.store.mail_days import count
from nurture.store.outbox_by_hand import Wanted
from nurture.store.tables import HAPPENING
from tests.sending_worlds import NOW, Shop, open_shop, planned

TODAY = NOW.date()
MIDNIGHT = datetime(2027, 3, 3, tzinfo=UTC)
DAY = timedelta(days=1)


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    opened = open_shop(tmp_path)
    yield opened
    opened.store.close()


def rounds(shop: Shop) -> Handed:
    return asyncio.run(shop.sending().round())


def counted(shop: Shop, family: str, day: date = TODAY, **what: int) -> None:
    """Figures of a day, as the events of a provider leave them."""
    with shop.store.database.writing() as connection:
        count(connection, day, shop.provider.name, {(family, name): number for name, number in what.items()})


def heard(shop: Shop, family: str, what: Happened, number: int, at: datetime = NOW) -> None:
    """Events of a provider about so many mails."""
    at_ = int(at.timestamp() * 1_000_000)
    rows = [
        {"id": f"{family}{what.value}{at_}{one}", "what": what.value, "at": at_, "known_at": at_, "provider": "folder"}
        | {"address": f"a{one}@{family}"}
        for one in range(number)
    ]
    with shop.store.database.writing() as connection:
        connection.execute(HAPPENING.insert(), rows)


def went(shop: Shop) -> Counter[str]:
    """How many went, by the domain of the address."""
    with shop.store.database.reading() as connection:
        address = dict(connection.exec_driver_sql("SELECT key, address FROM message").all())
    return Counter(address[key].partition("@")[2] for key in shop.provider.posted)


# Warm-up


def test_a_new_sender_has_its_day_and_the_rest_waits_until_the_next(shop: Shop) -> None:
    shop.more = {"warm_up_since": TODAY, "warm_up_first_day": 5}
    planned(shop.store, service=3, news=20)
    done = rounds(shop)
    assert done.fates == {Fate.accepted: 8}, "service waits for nothing, and takes nobody's place"
    assert [(one.number, one.until) for one in done.paced] == [(15, MIDNIGHT)]
    assert "15 wait, the first until 2027-03-03 00:00 UTC: warm-up allows 5 mails a day so far" in list(
        done.words(Path("outbox"))
    )
    assert (done.put_off, done.stuck) == (0, False)
    assert rounds(shop).fates == {}, "a new process knows what the day has had"
    shop.clock.now = MIDNIGHT
    assert rounds(shop).fates == {Fate.accepted: 7}
    shop.clock.now = MIDNIGHT + DAY
    assert rounds(shop).fates == {Fate.accepted: 8}


def test_whoever_clicked_last_goes_first_when_the_day_is_short(shop: Shop) -> None:
    shop.more = {"warm_up_since": TODAY, "warm_up_first_day": 3}
    planned(shop.store, news=30)
    with shop.store.database.writing() as connection:
        for minutes, person in ((1, "n7"), (5, "n29"), (3, "n13")):
            connection.exec_driver_sql(
                "UPDATE message SET clicked_at = ? WHERE address = ?", (minutes, f"{person}@shop.example")
            )
    rounds(shop)
    with shop.store.database.reading() as connection:
        asked = "SELECT address FROM message JOIN planned ON planned.key = message.key"
        left = {row[0].partition("@")[0] for row in connection.exec_driver_sql(asked)}
    assert {f"n{number}" for number in range(30)} - left == {"n7", "n29", "n13"}


def test_what_the_provider_did_not_take_leaves_its_place_to_others(shop: Shop) -> None:
    shop.more = {"warm_up_since": TODAY, "warm_up_first_day": 4}
    planned(shop.store, news=10)
    road = Road(shop.workshop)
    road.look(NOW)
    batch = shop.store.claim(10, NOW, "us")
    assert batch is not None
    mails = batch.intents
    assert len(mails) == 4
    assert [road.kept(one, False, NOW) for one in mails] == [None] * 4
    assert road.kept(mails[0], False, NOW) is not None, "four are on their way"
    road.landed(batch.keys)
    assert road.kept(mails[0], False, NOW) is not None, "and may have been accepted"
    road.look(NOW + timedelta(minutes=1))
    assert road.kept(mails[0], False, NOW + timedelta(minutes=1)) is None, "they were not"


def test_without_warm_up_nothing_is_put_off(shop: Shop) -> None:
    planned(shop.store, news=300)
    assert rounds(shop).fates == {Fate.accepted: 300}


# Lines by family


def test_one_family_in_line_holds_up_no_other_and_no_service(shop: Shop) -> None:
    shop.more = {"rate_per_family": 2.0}
    planned(shop.store, news=50, domain="gmail.com")
    planned(shop.store, news=1, first=100, domain="web.de")
    planned(shop.store, service=4, domain="gmail.com")
    done = rounds(shop)
    assert went(shop) == {"gmail.com": 5, "web.de": 1}
    assert [(one.number, one.because) for one in done.paced] == [(49, "gmail gets 2 mails a second")]
    with shop.store.database.reading() as connection:
        told = connection.exec_driver_sql("SELECT count(*) FROM reason WHERE why = 'held'").scalar_one()
    assert told == 0, "a wait of seconds is nothing to explain"


def test_a_round_waits_for_the_turns_that_come_soon(shop: Shop) -> None:
    shop.more = {"rate_per_family": 40.0}
    planned(shop.store, news=30, domain="gmail.com")

    async def whole() -> tuple[Handed, float]:
        seconds = asyncio.get_running_loop().time
        begun = seconds()
        sending = shop.sending()
        sending.clock = lambda: NOW + timedelta(seconds=seconds() - begun)
        return await sending.round(), seconds() - begun

    done, took = asyncio.run(whole())
    assert done.fates == {Fate.accepted: 30}
    assert took >= (30 - 20) / 40


# Rests


def test_a_family_that_turns_mails_away_is_left_alone_and_no_other(shop: Shop) -> None:
    heard(shop, "web.de", Happened.deferred, 15)
    heard(shop, "web.de", Happened.blocked, 10)
    heard(shop, "gmail.com", Happened.delivered, 40)
    planned(shop.store, news=3, domain="web.de")
    planned(shop.store, news=3, first=10, domain="gmail.com")
    planned(shop.store, service=1, domain="web.de")
    done = rounds(shop)
    assert went(shop) == {"gmail.com": 3, "web.de": 1}
    assert [(one.number, one.because) for one in done.paced] == [(3, "web.de turns mails away")]
    assert done.paced[0].until == NOW + timedelta(minutes=5)
    with shop.store.database.reading() as connection:
        states = connection.exec_driver_sql("SELECT count(*) FROM event WHERE name = 'address.state'").scalar_one()
    assert states == 0, "no address pays for it"


def test_what_was_heard_over_an_hour_ago_rests_nobody(shop: Shop) -> None:
    heard(shop, "web.de", Happened.deferred, 100, NOW - timedelta(minutes=61))
    planned(shop.store, news=3, domain="web.de")
    assert rounds(shop).fates == {Fate.accepted: 3}


# Complaints


def test_three_in_a_thousand_hold_all_but_service_of_that_family_until_a_person_releases_it(shop: Shop) -> None:
    counted(shop, "gmail", TODAY - DAY, delivered=1_000, complained=3)
    counted(shop, "web.de", TODAY - DAY, delivered=9_000)
    planned(shop.store, news=4, domain="gmail.com")
    planned(shop.store, news=4, first=10, domain="web.de")
    planned(shop.store, service=2, domain="gmail.com")
    done = rounds(shop)
    assert went(shop) == {"gmail.com": 2, "web.de": 4}
    assert (done.held, done.fates) == (4, {Fate.accepted: 6})
    assert any("held by complaints of gmail" in line for line in done.words(Path("outbox")))
    assert shop.store.outbox.release(Wanted()) == 4
    assert rounds(shop).fates == {Fate.accepted: 4}, "whoever was released goes"


def test_three_in_a_thousand_everywhere_hold_all_but_service(shop: Shop) -> None:
    counted(shop, "gmail", TODAY - DAY * 6, delivered=400, complained=2)
    counted(shop, "web.de", TODAY, delivered=300, complained=1)
    planned(shop.store, service=1, news=4)
    done = rounds(shop)
    assert (done.fates, done.held) == ({Fate.accepted: 1}, 4)
    assert any("complaints of readers everywhere" in line for line in done.words(Path("outbox")))


def test_one_in_a_thousand_halves_the_day(shop: Shop) -> None:
    counted(shop, "gmail", TODAY - DAY * 2, delivered=3_000, complained=3, accepted=24)
    counted(shop, "gmail", TODAY - DAY, accepted=30, service=10)
    planned(shop.store, news=30, domain="gmail.com")
    planned(shop.store, news=30, first=100, domain="web.de")
    done = rounds(shop)
    assert sum(went(shop).values()) == 12, "everywhere is gmail here: half of the busiest day, service not counted"
    assert done.paced[0].until == tomorrow(NOW)


def test_figures_of_more_than_seven_days_ago_and_of_another_provider_brake_nothing(shop: Shop) -> None:
    counted(shop, "gmail", TODAY - DAY * 7, delivered=1_000, complained=100)
    with shop.store.database.writing() as connection:
        count(connection, TODAY, "sendgrid", {("gmail", "delivered"): 1_000, ("gmail", "complained"): 100})
    planned(shop.store, news=3, domain="gmail.com")
    assert rounds(shop).fates == {Fate.accepted: 3}
