"""What a provider accepted is counted by day and mailbox family, once for each mail, as it is settled."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta

import pytest

from nurture.model.mail import Fate, Handover
from nurture.store.mail_days import count, count_accepted
from nurture.store.outbox_rows import LEASE
from nurture.store.tables import MAIL_DAY
from tests.sending_worlds import NOW, Shop, open_shop, planned

TODAY = NOW.date()


@pytest.fixture
def shop(store_url: str) -> Iterator[Shop]:
    opened = open_shop(store_url)
    yield opened
    opened.store.close()


GONE = [("a@gmail.com", "news"), ("b@googlemail.com", "service"), ("c@web.de", "care")]


def rows(shop: Shop) -> list[tuple[date, str, str, str, int]]:
    with shop.store.database.reading() as connection:
        found = list(connection.execute(MAIL_DAY.select().order_by(MAIL_DAY.c.day, MAIL_DAY.c.family, MAIL_DAY.c.what)))
    return [(date.fromordinal(day), *more) for day, *more in found]


def test_counts_add_up_by_family_and_day(shop: Shop) -> None:
    late = datetime(2027, 3, 3, 0, 30, tzinfo=UTC)
    with shop.store.database.writing() as connection:
        count(connection, TODAY, "sendgrid", {("gmail", "delivered"): 2, ("gmail", "bounced"): 1})
        count(connection, TODAY, "sendgrid", {("gmail", "delivered"): 3})
        count(connection, TODAY, "sendgrid", {})
        count_accepted(connection, late, "sendgrid", GONE)
        count_accepted(connection, late, "", [("d@web.de", "news")])
    assert rows(shop) == [
        (TODAY, "sendgrid", "gmail", "bounced", 1),
        (TODAY, "sendgrid", "gmail", "delivered", 5),
        (late.date(), "sendgrid", "gmail", "accepted", 2),
        (late.date(), "sendgrid", "gmail", "service", 1),
        (late.date(), "sendgrid", "web.de", "accepted", 1),
    ]


@pytest.mark.parametrize("late", [False, True])
def test_only_what_was_accepted_counts_also_when_the_answer_comes_late(shop: Shop, late: bool) -> None:
    planned(shop.store, news=4)
    batch = shop.store.claim(10, NOW, "us")
    assert batch is not None
    shop.store.hand(batch, NOW)
    now = NOW + LEASE + timedelta(minutes=1) if late else NOW
    if late:
        shop.store.outbox.reclaim(now, None)
    fates = [Fate.accepted, Fate.refused, Fate.in_doubt, Fate.accepted]
    answers = [Handover(one.key, fate) for one, fate in zip(batch.intents, fates, strict=True)]
    shop.store.settle(batch, answers, now, provider="sendgrid")
    assert rows(shop) == [(TODAY, "sendgrid", "shop.example", "accepted", 2)]
