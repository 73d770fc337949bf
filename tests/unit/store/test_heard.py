"""When somebody was heard last follows from the mails that went: one that does not go after all counts no more."""

from datetime import timedelta

import pytest

from nurture.engine.rebuilding import rebuild
from nurture.engine.tick import tick
from nurture.model.mail import Fate, Handover
from nurture.store.load import NOT_HAD
from nurture.store.outbox_by_hand import Act, drop
from nurture.store.rows import ContactRow, EventRow
from nurture.store.tables import SILENCE
from tests.sending_worlds import NOW, Shop, open_shop, refuse

BEFORE = NOW - timedelta(days=20)


@pytest.fixture
def shop(store_url):
    opened = open_shop(store_url)
    agreed = ContactRow(outside_id="n0", address="n0@shop.example", facts={"locale": "en"}, topics=("tips",), basis="x")
    opened.store.importing(BEFORE).take([agreed], refuse)
    tick(opened.store, opened.live.book, BEFORE)
    opened.store.importing(NOW).take([EventRow(outside_id="n0", name="subscriber.joined", at=NOW)], refuse)
    assert tick(opened.store, opened.live.book, NOW).intents == 1
    yield opened
    opened.store.close()


def heard(shop: Shop) -> list[int]:
    with shop.store.database.reading() as connection:
        asked = SILENCE.select().where(SILENCE.c.event == "person.heard")
        return [row["last_day"] for row in connection.execute(asked).mappings()]


def equal(shop: Shop) -> bool:
    return rebuild(shop.store, shop.live.book, NOW + timedelta(hours=1), lambda _: None).equal


@pytest.mark.parametrize("fate", [Fate.accepted, Fate.in_doubt, Fate.cancelled, Fate.expired, Fate.refused])
def test_a_mail_that_does_not_go_was_not_heard(shop: Shop, fate: Fate) -> None:
    assert heard(shop) == [NOW.date().toordinal()]
    batch = shop.store.claim(9, NOW, "us")
    assert batch is not None
    shop.store.hand(batch, NOW)
    shop.store.settle(batch, [Handover(one.key, fate) for one in batch.intents], NOW, shop.live.book)
    day = BEFORE if fate.value in NOT_HAD else NOW
    assert heard(shop) == [day.date().toordinal()]
    assert equal(shop)


def test_nor_is_one_that_a_person_drops(shop: Shop) -> None:
    batch = shop.store.claim(9, NOW, "us")
    assert batch is not None
    shop.store.hand(batch, NOW)
    shop.store.settle(batch, [Handover(one.key, Fate.planned) for one in batch.intents], NOW, shop.live.book)
    assert drop(shop.store.database, Act(batch.keys[0], "lena", "no", NOW), shop.live.book)[0] is Fate.planned
    assert heard(shop) == [BEFORE.date().toordinal()]
    assert equal(shop)
