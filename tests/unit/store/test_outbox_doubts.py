"""Doubts, leases, the brake and news in the store: what the engine builds on."""

from collections.abc import Iterator
from datetime import timedelta

import pytest

from nurture.model.mail import Fate, Handover
from nurture.store import outbox, outbox_doubts, outbox_lists, outbox_queue
from nurture.store.codec import micros
from nurture.store.outbox import Gate
from nurture.store.outbox_rows import LEASE, RANK, Batch
from tests.query_plans import plan_of
from tests.sending_worlds import MINUTE, NOW, Shop, open_shop, planned

OPEN = Gate()


@pytest.fixture
def shop(store_url: str) -> Iterator[Shop]:
    opened = open_shop(store_url)
    yield opened
    opened.store.close()


def handed(shop: Shop, limit: int = 10, owner: str = "us") -> Batch:
    batch = shop.store.outbox.claim(limit, NOW, owner, OPEN).batch
    assert batch is not None
    shop.store.hand(batch, NOW)
    return batch


def all_accepted(batch: Batch) -> list[Handover]:
    return [Handover(one.key, Fate.accepted) for one in batch.intents]


def test_a_lease_is_renewed_only_by_whom_it_belongs_to_and_while_it_does(shop: Shop) -> None:
    planned(shop.store, news=2)
    claimed = shop.store.outbox.claim(1, NOW, "us", OPEN).batch
    assert claimed is not None
    assert not shop.store.outbox.renew(claimed, NOW), "claimed is not on its way"
    shop.store.hand(claimed, NOW)
    assert shop.store.outbox.renew(claimed, NOW + 4 * MINUTE)
    assert shop.store.outbox.reclaim(NOW + 8 * MINUTE, None).in_doubt == 0
    assert shop.store.outbox.reclaim(NOW + 9 * MINUTE, None).in_doubt == 1
    assert not shop.store.outbox.renew(claimed, NOW + 9 * MINUTE)


def test_reclaiming_during_a_run_leaves_our_own_batches_alone(shop: Shop) -> None:
    planned(shop.store, news=2)
    handed(shop)
    assert shop.store.outbox.reclaim(NOW + LEASE - MINUTE, None) == outbox.Recovered(0, 0)


def test_an_answer_that_came_late_takes_the_second_copy_back(shop: Shop) -> None:
    planned(shop.store, service=1)
    first = handed(shop, owner="they")
    shop.store.outbox.reclaim(NOW + LEASE, None)
    assert shop.store.outbox.look_after_doubts(NOW + LEASE + 15 * MINUTE, None).again == 1
    assert shop.fates() == [Fate.planned]
    shop.store.settle(first, all_accepted(first), NOW + 25 * MINUTE)
    assert shop.fates() == [Fate.accepted]
    assert shop.store.outbox.claim(10, NOW + 30 * MINUTE, "us", OPEN).batch is None


def test_told_twice_they_are_counted_once(shop: Shop) -> None:
    planned(shop.store, news=2)
    batch = handed(shop)
    for _ in range(3):  # as when the answer to a commit was lost
        shop.store.settle(batch, all_accepted(batch), NOW, provider="sendgrid")
    assert shop.store.figures.accepted_on(NOW.date()) == 2


def test_what_is_known_late_is_counted_then_and_once(shop: Shop) -> None:
    planned(shop.store, news=2)
    batch = handed(shop)
    shop.store.outbox.reclaim(NOW + LEASE, None)
    for _ in range(2):
        shop.store.settle(batch, all_accepted(batch), NOW + LEASE, provider="sendgrid")
    assert shop.store.figures.accepted_on(NOW.date()) == 2


def test_a_late_not_now_puts_back_what_is_in_doubt_but_not_what_goes_once_more_already(shop: Shop) -> None:
    planned(shop.store, service=1, news=1)
    first = handed(shop, owner="they")
    shop.store.outbox.reclaim(NOW + LEASE, None)
    shop.store.outbox.look_after_doubts(NOW + LEASE + 15 * MINUTE, None)
    assert shop.fates() == [Fate.planned, Fate.in_doubt]
    shop.store.settle(first, [Handover(one.key, Fate.planned) for one in first.intents], NOW + 25 * MINUTE)
    assert shop.fates() == [Fate.planned, Fate.planned]
    again = shop.store.outbox.claim(10, NOW + 30 * MINUTE, "us", OPEN).batch
    assert again is not None
    assert (len(again.intents), again.again) == (2, {shop.send_keys()[0]})


def test_news_that_overtook_the_answer_stays(shop: Shop) -> None:
    planned(shop.store, news=3)
    batch = handed(shop)
    for key, fate in zip(shop.send_keys(), (Fate.delivered, Fate.bounced, Fate.accepted), strict=True):
        assert shop.store.settle_key(key, fate, "an event", NOW)
    late = (Fate.in_doubt, Fate.accepted, Fate.planned)
    answers = [Handover(key, fate, "late") for key, fate in zip(shop.send_keys(), late, strict=True)]
    shop.store.settle(batch, answers, NOW)
    assert shop.fates() == [Fate.delivered, Fate.bounced, Fate.accepted]
    assert shop.store.counts().planned == 0


@pytest.mark.parametrize("before", RANK)
def test_news_only_ever_goes_up(shop: Shop, before: Fate) -> None:
    every = [fate for fate, rank in RANK.items() if rank]
    planned(shop.store, news=len(every))
    keys = shop.send_keys()
    if RANK[before]:
        shop.store.settle(handed(shop, 100), [Handover(key, before, "first") for key in keys], NOW)
    for key, news in zip(keys, every, strict=True):
        higher = RANK[news] > RANK[before]
        assert shop.store.settle_key(key, news, "second", NOW) == higher
        known = news if higher else before if RANK[before] else Fate.planned
        assert shop.store.fates([key]) == {key: known}
        assert not shop.store.settle_key(key, news, "again", NOW), "the same once more tells nothing new"
    assert not shop.store.settle_key("nobody", Fate.accepted, "", NOW)


def test_an_accepted_mail_writes_no_state_of_its_own_but_keeps_what_the_provider_said(shop: Shop) -> None:
    planned(shop.store, news=1)
    batch = handed(shop)
    shop.store.settle(batch, [Handover(batch.intents[0].key, Fate.accepted, "id 17")], NOW)
    with shop.store.database.reading() as connection:
        assert connection.exec_driver_sql("SELECT fate, detail FROM message").all() == [(None, "id 17")]


def test_what_is_in_doubt_when_a_copy_is_accepted_is_never_sent_once_more_by_itself(shop: Shop) -> None:
    planned(shop.store, service=1)
    batch = handed(shop)
    shop.store.settle(batch, [], NOW)
    shop.store.outbox.never_again()
    assert shop.store.outbox.look_after_doubts(NOW + timedelta(hours=1), None).again == 0
    assert shop.store.outbox.look_after_doubts(NOW + timedelta(hours=72), None).closed == 1


def test_the_brake_counts_what_left_for_an_hour_and_not_what_came_back(store_url: str) -> None:
    shop = open_shop(store_url)
    planned(shop.store, service=1, news=6)
    gate = Gate(brake=2)
    first = shop.store.outbox.claim(3, NOW, "us", gate)
    assert first.batch is not None
    assert (len(first.batch.intents), first.held) == (3, 0)
    shop.store.hand(first.batch, NOW)
    keys = [one.key for one in first.batch.intents]
    answers = [Handover(keys[0], Fate.accepted), Handover(keys[1], Fate.accepted), Handover(keys[2], Fate.planned)]
    shop.store.settle(first.batch, answers, NOW)
    second = shop.store.outbox.claim(100, NOW, "they", gate)
    assert second.batch is not None
    assert (len(second.batch.intents), second.held) == (1, 4), "one came back, so there is room for one"
    shop.store.close()


def test_the_questions_of_every_round_use_an_index(shop: Shop) -> None:
    planned(shop.store, news=1)
    asked = [
        outbox_queue.OPENLY.params(lane=1, now=micros(NOW), most=100),
        outbox_queue.BEYOND.params(lane=1, now=micros(NOW), at=0, key="", most=100),
        outbox_doubts._owed(NOW),
        outbox_doubts._over(NOW),
        outbox._left(NOW, "us", False),
        *(outbox_lists._counted(fate) for fate in (Fate.in_doubt, Fate.refused, Fate.unknown)),
    ]
    for statement in asked:
        steps = plan_of(shop.store.database, statement)
        assert [step for step in steps if step.walks] == [], str(statement)
        assert not any(step.sorts for step in steps), (str(statement), steps)


def test_the_brake_is_asked_of_an_index_alone(shop: Shop) -> None:
    steps = plan_of(shop.store.database, "SELECT coalesce(sum(braked), 0) FROM batch WHERE claimed_at > 17")
    (read,) = [step for step in steps if step.reads]
    assert read.searches
    assert read.covered
    assert "batch_by_claim" in read.words
