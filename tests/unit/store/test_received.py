"""Posts from outside: fetched one at a time, counted, laid aside, and given up by rule and never before."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from nurture.engine.taking import KINDS, READERS, WHOLE
from nurture.store.database import _question
from nurture.store.open import Store, open_store
from nurture.store.received import _ONE_TO_DO, _READ_BEFORE, _TO_DO, Old, Post
from tests.query_plans import plan_of

NOW = datetime(2027, 3, 9, 10, tzinfo=UTC)
DAY = timedelta(days=1)
EVENTS, LETTERS, SHOP = "sendgrid.events", "sendgrid.mail", "shopify"


@pytest.fixture
def store(store_url: str) -> Iterator[Store]:
    opened = open_store(store_url)
    yield opened
    opened.close()


def kept(store: Store, *posts: tuple[str, bytes]) -> None:
    store.received.keep_all([Post(source, body, {"a": "b"}) for source, body in posts], NOW)


def test_one_that_somebody_else_reads_meanwhile_is_passed_over(store: Store) -> None:
    kept(store, (EVENTS, b"1"), (EVENTS, b"2"), (EVENTS, b"3"))
    coming = store.received.to_do(10)
    assert next(coming).body == b"1"
    store.received.done([2], NOW)
    assert [one.body for one in coming] == [b"3"]
    assert [one.number for one in store.received.to_do(1)] == [1]
    store.received.refuse(1, "no")
    store.received.done([3], NOW)
    assert not store.received.any_to_do()
    assert store.received.how_many() == (0, 1)


def test_what_is_laid_aside_is_listed_no_more_and_only_what_could_not_be_read(store: Store) -> None:
    kept(store, (EVENTS, b"1"), (EVENTS, b"2"))
    store.received.refuse(1, "no JSON")
    assert [(one.number, one.problem) for one in store.received.problems(9)] == [(1, "no JSON")]
    assert store.received.set_aside([1, 2], NOW) == 1
    assert store.received.problems(9) == []
    assert [one.number for one in store.received.to_do(9)] == [2]


def test_what_was_read_long_ago_is_given_up_and_what_was_not_read_never(store: Store) -> None:
    kept(store, (EVENTS, b"old"), (SHOP, b"old"), (EVENTS, b"young"), (EVENTS, b"bad"), (EVENTS, b"unread"))
    store.received.done([1, 2], NOW)
    store.received.done([3], NOW + 2 * DAY)
    store.received.refuse(4, "no JSON")
    old = [Old(EVENTS, NOW + DAY, whole=True), Old(SHOP, NOW + DAY, whole=False)]
    assert store.received.forget(old) == 2
    assert store.received.forget(old) == 0
    found = [store.received.one(number) for number in range(1, 6)]
    assert [one.body if one else None for one in found] == [None, b"", b"young", b"bad", b"unread"]
    assert dict(found[1].headers) == {}  # type: ignore[union-attr]
    assert not store.received.keep(SHOP, b"old", {"a": "b"}, NOW), "the same post is still known"
    assert store.received.keep(EVENTS, b"old", {"a": "b"}, NOW), "each of its events is known by its own id"


def test_so_many_of_each_source_are_given_up_at_a_time_the_oldest_first(store: Store) -> None:
    kept(store, *((EVENTS, b"%d" % number) for number in range(5)))
    store.received.done([3], NOW)
    store.received.done([1, 2, 4, 5], NOW + DAY)
    old = [Old(EVENTS, NOW + 2 * DAY, whole=True)]
    assert store.received.forget(old, most=1) == 1
    assert store.received.one(3) is None
    assert store.received.forget(old, most=9) == 4


def test_every_source_has_a_time_for_which_it_is_kept() -> None:
    assert KINDS.keys() == READERS.keys() >= WHOLE
    assert KINDS["sendgrid.mail"] == KINDS["mail"] == "letters"
    assert KINDS[EVENTS] == KINDS["stripe"] == "posts"


def test_no_question_walks_through_posts(store: Store) -> None:
    """Their bodies may be megabytes: what is asked at every turn is asked of indexes."""
    asked = {"most": 1, "number": 1, "source": EVENTS, "before": 1}
    for statement in (_TO_DO, _ONE_TO_DO, _READ_BEFORE):
        words, order, fixed = _question(statement, store.database.engine.dialect)
        named = fixed | asked
        steps = plan_of(store.database, words, tuple(named[name] for name in order) if order else named)
        assert all(step.searches and "received" in step.words for step in steps if step.reads), steps
        assert any(step.reads for step in steps)
