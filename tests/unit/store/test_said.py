"""What readers say by a link: once, at the newest instant, waking them, and only for those who exist."""

from datetime import UTC, datetime, timedelta

import pytest

from nurture.model.event import CONSENT_LIFTED, CONSENT_REFUSED, Origin
from nurture.store.open import Store, open_store
from nurture.store.rows import ContactRow
from nurture.store.said import Said

NOW = datetime(2027, 3, 2, 10, tzinfo=UTC)
DAY = timedelta(days=1)


@pytest.fixture
def store(store_url, tmp_path):
    opened = open_store(store_url, tmp_path / "installation.json")
    opened.importing(NOW).take([ContactRow(outside_id="c1", address="a@example.net")], lambda _, why: pytest.fail(why))
    yield opened
    opened.close()


def refused(store: Store, *once: str, name: str = CONSENT_REFUSED) -> Said:
    return Said(store.find("c1") or "", name, once, {"topics": ("tips",)})


def answers(store: Store) -> list[tuple[str, datetime]]:
    id_ = store.find("c1") or ""
    events = store.histories([id_])[id_]
    assert all(event.origin is Origin.live for event in events if event.name.startswith("consent"))
    return [(event.name, event.happened_at) for event in events if event.name.startswith("consent")]


def test_the_same_words_are_one_event_and_other_words_another(store):
    assert store.record(refused(store, "a", "b"), NOW) is True
    assert store.record(refused(store, "a", "b"), NOW + DAY) is False
    assert store.record(refused(store, "ab"), NOW + DAY) is True
    assert answers(store) == [(CONSENT_REFUSED, NOW), (CONSENT_REFUSED, NOW + DAY)]


def test_nobody_is_made_for_a_link(store):
    before = store.counts()
    assert store.record(Said("p0", CONSENT_REFUSED, ("a",), {"topics": ()}), NOW) is None
    assert store.counts() == before


def test_a_clock_put_back_does_not_put_the_last_word_before_an_earlier_one(store):
    store.record(refused(store, "1", name=CONSENT_LIFTED), NOW + DAY)
    store.record(refused(store, "2"), NOW)
    assert answers(store) == [(CONSENT_LIFTED, NOW + DAY), (CONSENT_REFUSED, NOW + DAY)]


def test_it_is_waited_for_and_counts_as_a_commit(store, tmp_path):
    before = (tmp_path / "installation.json").read_bytes()
    store.record(refused(store, "1"), NOW)
    assert store.next_agenda(NOW - DAY) == NOW
    after = (tmp_path / "installation.json").read_bytes()
    assert before != after
    store.record(refused(store, "1"), NOW)
    assert (tmp_path / "installation.json").read_bytes() == after


def test_every_secret_is_kept_the_newest_first(store):
    assert store.secrets("links") == ()
    made = store.secret("links", NOW)
    assert store.secrets("links") == (made,)
    assert store.secrets("another") == ()
