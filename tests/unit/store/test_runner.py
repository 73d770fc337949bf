from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from nurture.model.switch import Switch, Word
from nurture.store.open import Store, open_store
from nurture.store.runner import ENDED, Runner

NOW = datetime(2027, 3, 9, 10, tzinfo=UTC)
RUNNER = Runner("here", 42, "1.0", NOW, NOW, NOW + timedelta(seconds=5), "at work")


@pytest.fixture
def store(store_url):
    store = open_store(store_url)
    yield store
    store.close()


def test_a_daemon_is_one_row_that_is_written_over(store: Store):
    assert store.runners() == ()
    store.beat(RUNNER)
    assert store.runners() == (RUNNER,)
    later = replace(RUNNER, seen_at=NOW + timedelta(minutes=1), next_at=None, state=ENDED)
    store.beat(later)
    assert store.runners() == (later,)
    assert later.ended
    assert not RUNNER.ended


def test_the_last_seen_comes_first(store: Store):
    store.beat(replace(RUNNER, name="elsewhere", seen_at=NOW - timedelta(days=1)))
    store.beat(RUNNER)
    assert [one.name for one in store.runners()] == ["here", "elsewhere"]


def test_an_apply_and_a_switch_make_another_edition(store: Store):
    seen = [store.edition()]
    store.applications.save_files({"sequences/a.yaml": b"a"}, {}, (), NOW)
    seen.append(store.edition())
    store.set_switch(Switch(Word.pause, NOW, "lena", "a"), NOW)
    seen.append(store.edition())
    assert store.edition() == seen[-1]
    store.set_switch(Switch(Word.halt, NOW, "lena", keep_service=True), NOW)
    seen.append(store.edition())
    store.set_switch(Switch(Word.halt, NOW, "lena"), NOW)
    seen.append(store.edition())
    assert len(set(seen)) == len(seen)
    store.lift_switch(Word.halt, "", NOW)
    assert store.edition() == seen[2]
