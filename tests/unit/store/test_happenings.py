"""What becomes of mails: kept once, in any order, and with all that follows from it."""

from collections.abc import Iterator
from datetime import timedelta

import pytest

from nurture.model.event import ADDRESS_STATE, CONSENT_REFUSED, MAIL_CLICKED
from nurture.model.happening import Bounce, By, Happened, Happening
from nurture.model.mail import Fate, Handover
from nurture.store.outbox import OPEN
from nurture.store.tables import MAIL_DAY, SUPPRESSION
from tests.sending_worlds import MINUTE, NOW, Shop, open_shop, planned

DAY = timedelta(days=1)


@pytest.fixture
def shop(store_url: str) -> Iterator[Shop]:
    opened = open_shop(store_url)
    yield opened
    opened.store.close()


def told(what: Happened, key: str = "", minutes: float = 0, **more) -> Happening:
    at = NOW + minutes * MINUTE
    id_ = more.pop("id", f"t:{what.value}:{key}:{minutes}:{more.get('address', '')}:{more.get('link', '')}")
    return Happening(id=id_, what=what, at=at, provider="sendgrid", key=key, **more)


def accepted(shop: Shop, **how) -> list[str]:
    planned(shop.store, **how)
    batch = shop.store.outbox.claim(100, NOW, "us", OPEN).batch
    shop.store.hand(batch, NOW)
    shop.store.settle(batch, [Handover(one.key, Fate.accepted) for one in batch.intents], NOW)
    return shop.send_keys()


def said(shop: Shop, outside: str, name: str) -> list[dict]:
    person = shop.store.find(outside)
    return [dict(event.fields) for event in shop.store.histories([person])[person] if event.name == name]


def days(shop: Shop) -> dict[tuple[str, str], int]:
    with shop.store.database.reading() as connection:
        rows = connection.execute(MAIL_DAY.select()).all()
    return {(row.family, row.what): row.count for row in rows if row.count and row.what != "accepted"}


def barred(shop: Shop) -> dict[str, str]:
    with shop.store.database.reading() as connection:
        return {row.key: row.because for row in connection.execute(SUPPRESSION.select())}


def test_what_was_told_twice_is_kept_and_counted_once(shop: Shop):
    (key,) = accepted(shop, news=1)
    one = told(Happened.delivered, key, address="n0@shop.example")
    assert shop.store.happenings.take([one, one], NOW).new == {Happened.delivered: 1}
    again = shop.store.happenings.take([one], NOW + MINUTE)
    assert (again.new.total(), again.known_already) == (0, 1)
    assert days(shop) == {("shop.example", "delivered"): 1}
    assert shop.fates() == [Fate.delivered]


def test_a_late_processed_undoes_no_bounce(shop: Shop):
    (key,) = accepted(shop, news=1)
    for what in (Happened.bounced, Happened.delivered, Happened.processed):
        shop.store.happenings.take([told(what, key, detail=what.value)], NOW)
    assert shop.fates() == [Fate.bounced]


@pytest.mark.parametrize("what", [Happened.processed, Happened.deferred, Happened.dropped, Happened.opened])
def test_news_of_a_mail_in_doubt_settle_it_and_take_its_second_copy_back(shop: Shop, what: Happened):
    planned(shop.store, service=1)
    batch = shop.store.outbox.claim(100, NOW, "us", OPEN).batch
    shop.store.hand(batch, NOW)
    shop.store.settle(batch, [], NOW)
    assert shop.store.outbox.look_after_doubts(NOW + 16 * MINUTE, None).again == 1
    assert shop.fates() == [Fate.planned]
    shop.store.happenings.take([told(what, shop.send_keys()[0])], NOW + 17 * MINUTE)
    assert shop.fates()[0] in (Fate.accepted, Fate.delivered, Fate.bounced)
    assert shop.store.outbox.claim(10, NOW + 30 * MINUTE, "us", OPEN).batch is None


def test_a_spam_report_refuses_everything_and_bars_the_address(shop: Shop):
    (key,) = accepted(shop, news=1)
    shop.store.happenings.take([told(Happened.complained, key, address="N0@shop.example")], NOW)
    assert [one["topics"] for one in said(shop, "n0", CONSENT_REFUSED)] == [()]
    assert [one["state"] for one in said(shop, "n0", ADDRESS_STATE)] == ["complained"]
    assert barred(shop) == {"n0@shop.example": "reported as spam"}


def test_an_unsubscription_leaves_the_topic_of_its_mail_and_without_a_mail_everything(shop: Shop):
    (key,) = accepted(shop, news=1)
    shop.store.happenings.take([told(Happened.unsubscribed, key, address="n0@shop.example")], NOW)
    assert [one["topics"] for one in said(shop, "n0", CONSENT_REFUSED)] == [("tips",)]
    assert barred(shop) == {}
    shop.store.happenings.take([told(Happened.unsubscribed, "", 1, address="n0@shop.example")], NOW)
    assert [one["topics"] for one in said(shop, "n0", CONSENT_REFUSED)] == [("tips",), ()]
    assert barred(shop) == {"n0@shop.example": "unsubscribed at the provider"}


def test_who_unsubscribed_and_is_nobody_yet_is_barred_for_later(shop: Shop):
    shop.store.happenings.take([told(Happened.complained, "", address="Later@Shop.example")], NOW)
    assert barred(shop) == {"later@shop.example": "reported as spam"}


@pytest.mark.parametrize(
    ("bounce", "states"), [(Bounce.hard, ["hard"]), (Bounce.soft, ["soft"]), (Bounce.refused_us, [])]
)
def test_a_bounce_says_of_the_address_what_its_kind_says(shop: Shop, bounce: Bounce, states: list[str]):
    (key,) = accepted(shop, news=1)
    shop.store.happenings.take([told(Happened.bounced, key, address="n0@shop.example", bounce=bounce)], NOW)
    assert [one["state"] for one in said(shop, "n0", ADDRESS_STATE)] == states


def test_a_block_says_nothing_of_the_address(shop: Shop):
    (key,) = accepted(shop, news=1)
    block = told(Happened.blocked, key, address="n0@shop.example", bounce=Bounce.soft)
    shop.store.happenings.take([block], NOW)
    assert said(shop, "n0", ADDRESS_STATE) == []
    assert shop.fates() == [Fate.bounced]


def test_five_soft_bounces_over_a_week_block_until_something_is_delivered(shop: Shop):
    (key,) = accepted(shop, news=1)
    for number, day in enumerate((0, 1, 2, 3, 7), 1):
        soft = told(Happened.bounced, key, day * 24 * 60, address="n0@shop.example", bounce=Bounce.soft)
        shop.store.happenings.take([soft], NOW + day * DAY)
        assert [one["state"] for one in said(shop, "n0", ADDRESS_STATE)] == ["soft", "blocked"][: 1 + (number == 5)]
    shop.store.happenings.take([told(Happened.delivered, key, 8 * 24 * 60, address="n0@shop.example")], NOW + 8 * DAY)
    assert [one["state"] for one in said(shop, "n0", ADDRESS_STATE)] == ["soft", "blocked", "ok"]


def test_the_news_of_a_reader_who_was_forgotten_names_nobody(shop: Shop):
    (key,) = accepted(shop, news=1)
    with shop.store.database.writing() as connection:
        connection.exec_driver_sql("UPDATE message SET address = ''")
    late = told(Happened.clicked, key, address="n0@shop.example", detail="Mozilla", link="https://x.example/a")
    shop.store.happenings.take([late], NOW)
    (kept,) = shop.store.happenings.of_mails([key])[key]
    assert (kept.address, kept.detail, kept.link) == ("", "", "")


def test_a_click_counts_once_it_is_judged_and_no_more_when_it_is_judged_otherwise(shop: Shop):
    (key,) = accepted(shop, news=1)
    click = told(Happened.clicked, key, 5, address="n0@shop.example", link="https://x.example/a")
    shop.store.happenings.take([click], NOW)
    assert days(shop) == {}
    waiting = shop.store.clicks.to_judge(NOW)
    assert shop.store.clicks.judge({click.id: By.person}, waiting, NOW) == 1
    assert days(shop) == {("shop.example", "clicked"): 1}
    assert said(shop, "n0", MAIL_CLICKED) == [{"key": key}]
    shop.store.happenings.take([told(Happened.delivered, key, 4.9, address="n0@shop.example")], NOW)
    assert days(shop) == {("shop.example", "delivered"): 1}
    waiting = shop.store.clicks.to_judge(NOW)
    assert shop.store.clicks.judge({click.id: By.machine}, waiting, NOW) == 0
    assert days(shop) == {("shop.example", "delivered"): 1}
    assert shop.store.clicks.to_judge(NOW + DAY) == {}


def test_opens_by_machines_count_for_nothing(shop: Shop):
    (key,) = accepted(shop, news=1)
    machine = told(Happened.opened, key, 1, address="n0@shop.example", by=By.machine)
    reader = told(Happened.opened, key, 2, address="n0@shop.example")
    shop.store.happenings.take([machine, reader], NOW)
    assert days(shop) == {("shop.example", "opened"): 1}
    assert len(shop.store.happenings.of_mails([key])[key]) == 2
