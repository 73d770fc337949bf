"""The silent, through the store: machines bring nobody back, a click of their own or an order does, and it is said."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from nurture.decide.simulate import live
from nurture.engine.explaining import Asking, explain
from nurture.engine.news import SETTLED_IN, WITHOUT_DELIVERY, judge_clicks
from nurture.engine.people import show
from nurture.engine.tick import tick
from nurture.model.decision import Why
from nurture.model.event import PERSON_ENROLLED
from nurture.model.happening import By, Happened, Happening
from nurture.model.rules import Sunset
from nurture.store.rows import ConsentRow, ContactRow, EventRow, SendRow
from nurture.store.said import Said
from tests import worlds as w
from tests.sending_worlds import NOW, Shop, open_shop, refuse

DAY = timedelta(days=1)
SINCE = "sunset: 12 mails, and nothing of their own since"


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    """Salma agreed two years ago, had twelve mails since, and was never heard of."""
    opened = open_shop(tmp_path)
    book = opened.live.book
    rules = replace(book.rules, sunset=Sunset(w.length("365 days"), 10))
    opened.live = replace(opened.live, book=replace(book, rules=rules))
    sends = [NOW - 40 * DAY * (12 - number) for number in range(12)]
    opened.store.importing(NOW).take(
        [
            ContactRow(outside_id="salma", address="salma@shop.example", facts={"locale": "en"}),
            ConsentRow(outside_id="salma", topics=("tips",), given=True, at=NOW - 730 * DAY),
            *(
                SendRow(outside_id="salma", mail="old", class_="news", topic="tips", at=at, day=at.date(), id=str(at))
                for at in sends
            ),
        ],
        refuse,
    )
    tick(opened.store, opened.live.book, NOW)
    with opened.store.database.writing() as connection:  # as though nurture had sent them: events can name these
        connection.exec_driver_sql("UPDATE message SET address = 'salma@shop.example'")
    yield opened
    opened.store.close()


def asks_for_a_mail(shop: Shop, now: object) -> list[str]:
    """Somebody enrols her; how many mails are decided, and what `explain` says of it."""
    person = shop.store.find("salma")
    assert person is not None
    shop.store.record(Said(person, PERSON_ENROLLED, (str(now),), {"sequence": "welcome"}), now)
    tick(shop.store, shop.live.book, now)
    return [line.strip() for line in explain(shop.workshop, shop.live, "salma", Asking(mail="hello"), now).lines]


def told(shop: Shop, *news: Happening) -> None:
    shop.store.happenings.take(news, NOW + DAY)
    judge_clicks(shop.workshop, NOW + DAY + max(SETTLED_IN, WITHOUT_DELIVERY))
    tick(shop.store, shop.live.book, NOW + 2 * DAY)


def news_of(shop: Shop, what: Happened, seconds: float, **more: object) -> Happening:
    at = NOW + timedelta(seconds=seconds)
    key, id_ = shop.send_keys()[-1], f"{what.value}{seconds}"
    return Happening(id_, what, at, "sendgrid", key, "salma@shop.example", **more)  # type: ignore[arg-type]


def test_why_somebody_silent_gets_nothing_is_said_by_explain_and_by_simulate(shop: Shop) -> None:
    lines = asks_for_a_mail(shop, NOW)
    assert any(f"hello  not sent: {SINCE}" in line for line in lines), lines
    ((person, arrived),) = shop.store.people([str(shop.store.find("salma"))], NOW + DAY)
    joined = w.event("subscriber.joined", NOW + DAY)
    shown = replace(shop.live.book, catalogue=replace(shop.live.book.catalogue, done_by_shop={"subscriber.joined"}))
    said = [reason for one in live(shown, person, [*arrived, joined], NOW, NOW + 3 * DAY) for reason in one.reasons]
    assert Why.sunset in {reason.why for reason in said}


def test_what_is_kept_from_somebody_silent_stands_where_they_are_shown(shop: Shop) -> None:
    kept = "no news and no offer until they click, write, order or the like (sunset): 12 mails, and nothing"
    assert [line for line in show(shop.workshop, shop.live, "salma", NOW).lines if line.startswith(kept)]
    row = EventRow(outside_id="salma", name="order.placed", at=NOW, fields={"order_id": "A1"})
    shop.store.importing(NOW).take([row], refuse)
    assert not [line for line in show(shop.workshop, shop.live, "salma", NOW + DAY).lines if "sunset" in line]


def test_machines_bring_nobody_back(shop: Shop) -> None:
    told(
        shop,
        news_of(shop, Happened.delivered, 0),
        news_of(shop, Happened.opened, 2, by=By.machine),
        news_of(shop, Happened.opened, 300),
        news_of(shop, Happened.clicked, 3, link="https://shop.example/a", detail="Mozilla/5.0"),
        news_of(shop, Happened.clicked, 600, link="https://shop.example/a", detail="Barracuda Sentinel"),
    )
    lines = asks_for_a_mail(shop, NOW + 2 * DAY)
    assert any(SINCE in line for line in lines), lines


@pytest.mark.parametrize("act", ["click", "order"])
def test_a_click_of_their_own_or_an_order_brings_them_back(shop: Shop, act: str) -> None:
    if act == "click":
        click = news_of(shop, Happened.clicked, 600, link="https://shop.example/a", detail="Mozilla/5.0")
        told(shop, news_of(shop, Happened.delivered, 0), click)
    else:
        row = EventRow(outside_id="salma", name="order.placed", at=NOW + DAY, fields={"order_id": "A1"})
        shop.store.importing(NOW + DAY).take([row], refuse)
    lines = asks_for_a_mail(shop, NOW + 2 * DAY)
    assert not any("sunset" in line for line in lines)
    assert any("hello  sent" in line for line in lines), lines
