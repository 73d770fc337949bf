"""Pruning, row by row: what goes of each kind, what stays, and that it is done a little at a time."""

from collections.abc import Iterator
from datetime import date, datetime, timedelta

import pytest
from sqlalchemy import insert, select, update

from nurture.engine.pruning import Pruner, would_go
from nurture.model.happening import Bounce, By, Happened, Happening
from nurture.model.keeping import Keep
from nurture.model.mail import Fate, Handover
from nurture.store.database import BULK
from nurture.store.folding import fold_days
from nurture.store.mail_days import count as count_days
from nurture.store.meters import meters
from nurture.store.outbox import OPEN
from nurture.store.pruning import SETTLES, STUCK, Pruned, Pruning
from nurture.store.replies import Chore, Replies, Reply
from nurture.store.tables import HAPPENING, MAIL_DAY, MESSAGE, REASON, REPLY, TASK
from tests.sending_worlds import NOW, Shop, open_shop, planned

DAY = timedelta(days=1)
LATER = NOW + 500 * DAY


@pytest.fixture
def shop(store_url: str) -> Iterator[Shop]:
    opened = open_shop(store_url)
    yield opened
    opened.store.close()


def sent(shop: Shop, number: int) -> list[str]:
    planned(shop.store, news=number)
    batch = shop.store.outbox.claim(100, NOW, "us", OPEN).batch
    shop.store.hand(batch, NOW)
    shop.store.settle(batch, [Handover(one.key, Fate.accepted) for one in batch.intents], NOW)
    return shop.send_keys()


def told(what: Happened, key: str, by: By = By.unknown, bounce: Bounce | None = None) -> Happening:
    return Happening(f"{what.value} {key}", what, NOW, "sendgrid", key, by=by, bounce=bounce)


def column(shop: Shop, column) -> list:
    with shop.store.database.reading() as connection:
        return list(connection.execute(select(column)).scalars())


def counts(shop: Shop, now: datetime) -> dict[str, int]:
    return {one.kind: one.rows for one in would_go(shop.workshop, Keep(), now)}


def test_reasons_go_a_thousand_at_a_time_and_the_store_says_since_when_they_are_there(shop: Shop) -> None:
    row = {"person": "p", "bucket": 1, "why": "stage", "basis": 1}
    ages = [NOW + number * timedelta(minutes=1) for number in range(BULK + 5)]
    with shop.store.database.writing() as connection:
        rows = [row | {"at": int(at.timestamp() * 1e6)} for at in [*ages, LATER]]
        connection.execute(insert(REASON), rows)
    door, before = Pruning(shop.store.database), LATER - DAY
    assert door.kept_since("reasons") is None
    assert door.count("reasons", before) == BULK + 5
    assert door.step("reasons", before, LATER) == Pruned(BULK, more=True)
    assert door.step("reasons", NOW, LATER) == Pruned(0, more=False)
    assert door.step("reasons", before, LATER).went == 5
    assert column(shop, REASON.c.at) == [int(LATER.timestamp() * 1e6)]
    assert door.kept_since("reasons") == before


def test_of_news_what_hurt_an_address_stays_with_all_about_its_reader(shop: Shop) -> None:
    fine, hurt, clicked = sent(shop, 3)
    shop.store.happenings.take(
        [
            told(Happened.processed, fine), told(Happened.delivered, fine), told(Happened.delivered, hurt),
            told(Happened.bounced, hurt, bounce=Bounce.soft), told(Happened.clicked, clicked),
            told(Happened.unsubscribed, clicked),
        ],
        NOW,
    )  # fmt: skip
    assert counts(shop, LATER)["news"] == 2
    assert Pruner().turn(shop.workshop, Keep(), NOW + 399 * DAY, people=0) == counts(shop, NOW)["reasons"]
    assert len(column(shop, HAPPENING.c.what)) == 6
    Pruner().turn(shop.workshop, Keep(), LATER, people=0)
    assert sorted(column(shop, HAPPENING.c.what)) == ["bounced", "clicked", "delivered", "unsubscribed"]
    assert counts(shop, LATER)["news"] == 0
    assert shop.fates() == [Fate.delivered, Fate.bounced, Fate.delivered]


def test_the_text_of_a_mail_goes_once_it_can_be_made_ready_no_more(shop: Shop) -> None:
    keys = sent(shop, 2)
    planned(shop.store, news=1, first=7)
    with shop.store.database.writing() as connection:
        connection.execute(update(MESSAGE).values(variables='{"product": "beans"}'))
        connection.execute(update(MESSAGE).where(MESSAGE.c.key == keys[1]).values(fate=Fate.in_doubt.value))
    door = Pruning(shop.store.database)
    assert door.step("bodies", NOW + SETTLES, NOW + SETTLES).went == 0, "it may go once more until then"
    now = NOW + SETTLES + DAY
    assert door.step("bodies", now, now).went == 1
    assert column(shop, MESSAGE.c.variables).count("{}") == 1
    assert door.step("bodies", now, now).went == 0, "the doubt keeps those behind it"
    late = NOW + STUCK + DAY
    door.step("bodies", late, late)
    assert column(shop, MESSAGE.c.variables).count("{}") == 1, "what waits still keeps its own"
    assert door.count("bodies", late) == 0


def test_the_words_of_a_letter_go_when_it_was_answered(shop: Shop) -> None:
    doors = Replies(shop.store.database, lambda _mark: None)
    for number in (1, 2):
        letter = Reply(number, NOW, "p", "a@shop.example", "", "question", "About beans", "Which?", f"t{number}")
        doors.keep(letter, (), Chore("Answer", "lena", date(2027, 3, 11)), NOW)
    with shop.store.database.writing() as connection:
        connection.execute(update(TASK).where(TASK.c.key == "t1").values(done_at=1, done_by="lena"))
    assert Pruning(shop.store.database).step("letters", LATER, LATER).went == 1
    assert sorted(column(shop, REPLY.c.words)) == ["", "Which?"]
    assert sorted(column(shop, REPLY.c.address)) == ["", "a@shop.example"]


def test_counts_of_old_days_keep_their_sums_and_no_domain_of_somebodys_own(shop: Shop) -> None:
    families = {("gmail", "accepted"): 5, ("adas.example", "accepted"): 2, ("bens.example", "accepted"): 3,
                ("bens.example", "bounced"): 1}  # fmt: skip
    with shop.store.database.writing() as connection:
        for ago in (61, 59):
            count_days(connection, (NOW - ago * DAY).date(), "sendgrid", families)
    before = meters(shop.store.database, NOW).happened
    Pruner().turn(shop.workshop, Keep(), NOW, people=0)
    assert fold_days(shop.store.database, NOW) == 0
    assert meters(shop.store.database, NOW).happened == before
    with shop.store.database.reading() as connection:
        rows = {(row.day, row.family, row.what): row.count for row in connection.execute(MAIL_DAY.select())}
    old = (NOW - 61 * DAY).date().toordinal()
    assert {of[1:]: number for of, number in rows.items() if of[0] == old} == {
        ("gmail", "accepted"): 5, ("other", "accepted"): 5, ("other", "bounced"): 1,
    }  # fmt: skip
    assert len(rows) == 3 + 4


def test_a_busy_turn_takes_one_transaction_and_a_kind_of_which_nothing_is_old_rests(shop: Shop) -> None:
    row = {"person": "p", "bucket": 1, "why": "stage", "basis": 1, "at": 1}
    with shop.store.database.writing() as connection:
        connection.execute(insert(REASON), [row] * (2 * BULK + 1))
    pruner = Pruner()
    assert pruner.turn(shop.workshop, Keep(), LATER, people=3) == BULK
    assert pruner.turn(shop.workshop, Keep(), LATER, people=0) == BULK + 1
    with shop.store.database.writing() as connection:
        connection.execute(insert(REASON), [row])
    assert pruner.turn(shop.workshop, Keep(), LATER + timedelta(minutes=59), people=0) == 0
    assert pruner.turn(shop.workshop, Keep(), LATER + timedelta(minutes=61), people=0) == 1
