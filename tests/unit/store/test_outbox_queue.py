"""The queue where something of it is paused: the same mails go in the same order, and a look costs no more for it."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from hashlib import sha256
from pathlib import Path

import pytest

from nurture.model.decision import Decision, Intent
from nurture.store import outbox, outbox_queue
from nurture.store.open import Store, open_store
from nurture.store.outbox import Gate
from nurture.store.outbox_queue import Passed
from nurture.store.rows import ContactRow
from tests import worlds as w
from tests.counted_steps import counted_steps

NOW = datetime(2027, 3, 2, 10, tzinfo=UTC)
SECOND = timedelta(seconds=1)
PAUSED = Gate(paused=frozenset({"a", "b"}))
CLASSES = {"service": 0, "news": 3}


@dataclass(frozen=True)
class Mail:
    """One that is decided: of which class and sequence, how long ago it was due, and for how long it is valid."""

    key: str
    class_: str
    sequence: str
    ago: int
    valid: int = 3_600


@pytest.fixture
def store(lean_url: str) -> Iterator[Store]:
    opened = open_store(lean_url)
    opened.importing(NOW).take([ContactRow(outside_id="ada")], lambda _, why: pytest.fail(why))
    yield opened
    opened.close()


@pytest.fixture
def narrow(monkeypatch: pytest.MonkeyPatch) -> None:
    """All bounds so small that a few mails reach them."""
    for name, number in (("AT_FIRST", 1), ("ALONG", 4), ("LOOKED_ALONG", 8), ("FEW", 3), ("LOOKED_AT_MOST", 6)):
        monkeypatch.setattr(outbox_queue, name, number)


def intent(one: Mail, person: str) -> Intent:
    due, valid = NOW - one.ago * SECOND, NOW + one.valid * SECOND
    return Intent(
        one.key, person, one.sequence, 1, one.key, "hello", "hello", one.class_, "tips", "", due, NOW, valid,
        date(2027, 3, 2), "Europe/Paris", "person", "a@example.net", {},
    )  # fmt: skip


def decide(store: Store, *mails: Mail) -> None:
    """They are decided now, and wait."""
    (page,) = store.everybody()
    ((person, _),) = store.people(page, NOW)
    intents = tuple(intent(one, person.id) for one in mails)
    store.commit([Decision(person, intents)], NOW, lambda _: "Europe/Paris", book=w.book())


def claimed(store: Store, gate: Gate, now: datetime = NOW, limit: int = 2) -> list[str]:
    """The keys of all that can be claimed now, batch after batch."""
    found: list[str] = []
    while (batch := store.outbox.claim(limit, now, "us", gate).batch) is not None:
        found += batch.keys
    return found


def drawn(key: str, by: bytes) -> Mail:
    """Any mail."""
    class_ = ("service", "news")[by[0] % 2]
    return Mail(key, class_, "aaaabbcd"[by[1] % 8], by[2] % 9, (3_600, 3_600, -1)[by[3] % 3])


@pytest.mark.usefixtures("narrow")
@pytest.mark.parametrize("seed", range(4))
def test_all_that_is_not_paused_goes_once_and_in_its_order(store: Store, seed: int) -> None:
    mails = [drawn(f"k{n:02}", sha256(f"{seed} {n}".encode()).digest()) for n in range(60)]
    decide(store, *mails)
    may = [one for one in mails if one.sequence not in PAUSED.paused or one.valid < 0]
    in_order = [one.key for one in sorted(may, key=lambda one: (CLASSES[one.class_], -one.ago, one.key))]
    assert claimed(store, PAUSED) == in_order
    rest = [one for one in mails if one not in may]
    assert claimed(store, Gate()) == [
        one.key for one in sorted(rest, key=lambda one: (CLASSES[one.class_], -one.ago, one.key))
    ]


@pytest.mark.usefixtures("narrow")
def test_what_comes_to_stand_before_what_was_passed_goes_within_a_minute(store: Store) -> None:
    decide(store, *(Mail(f"a{n}", "news", "a", 10) for n in range(6)))
    assert claimed(store, PAUSED) == []
    decide(store, Mail("c", "news", "c", 20), Mail("old", "news", "a", 30, valid=5))
    assert claimed(store, PAUSED, NOW + 10 * SECOND) == []
    assert claimed(store, PAUSED, NOW + 60 * SECOND) == ["old", "c"]


@pytest.mark.usefixtures("narrow")
def test_a_few_are_walked_along_each_time(store: Store) -> None:
    decide(store, *(Mail(f"a{n}", "news", "a", 10) for n in range(3)))
    assert claimed(store, PAUSED) == []
    decide(store, Mail("c", "news", "c", 20))
    assert claimed(store, PAUSED) == ["c"]


@pytest.mark.usefixtures("narrow")
def test_what_is_resumed_and_what_a_clock_put_back_lets_see_goes_at_once(store: Store) -> None:
    decide(store, *(Mail(f"{name}{n}", "news", name, 10) for name in "ab" for n in range(4)))
    assert claimed(store, PAUSED) == []
    assert claimed(store, Gate(paused=frozenset("a"))) == ["b0", "b1", "b2", "b3"]
    decide(store, Mail("c", "news", "c", 20))
    assert claimed(store, Gate(paused=frozenset("a"))) == []
    assert claimed(store, Gate(paused=frozenset("a")), NOW - SECOND) == ["c"]


@pytest.mark.usefixtures("narrow")
def test_only_service_and_without_single_mails(store: Store) -> None:
    decide(store, *(Mail(f"a{n}", "service", "a", 10) for n in range(6)),
           Mail("s1", "service", "c", 5), Mail("s2", "service", "c", 4), Mail("n", "news", "c", 20))  # fmt: skip
    gate = Gate(only_service=True, paused=PAUSED.paused, without=frozenset({"s1"}))
    assert claimed(store, gate) == ["s2"]
    assert claimed(store, PAUSED) == ["s1", "n"]


def test_a_look_costs_the_same_however_many_are_paused_or_put_off(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In instructions of SQLite's machine; PostgreSQL is asked the same questions, each with its LIMIT."""
    monkeypatch.setattr(outbox_queue, "ALONG", 50)
    monkeypatch.setattr(outbox_queue, "LOOKED_ALONG", 50)
    monkeypatch.setattr(outbox_queue, "FEW", 20)
    store = open_store(f"sqlite:///{tmp_path / 'shop.db'}")
    store.importing(NOW).take([ContactRow(outside_id="ada")], lambda _, why: pytest.fail(why))

    def cost(gate: Gate) -> int:
        store.outbox.claim(1, NOW, "us", gate)
        return steps(store, gate)

    decide(store, *(Mail(f"c{n}", "news", "c", 1) for n in range(60)))
    decide(store, *(Mail(f"a{n}", "news", "a", 9) for n in range(60)), Mail("later", "news", "c", -99))
    few = cost(PAUSED), cost(Gate())
    decide(store, *(Mail(f"b{n}", "news", "a", 9) for n in range(3_000)))
    decide(store, *(Mail(f"e{n}", "service", "c", -99) for n in range(3_000)))
    store.outbox.claim(1, NOW + 60 * SECOND, "us", PAUSED)
    many = cost(PAUSED), cost(Gate())
    assert many[0] < 1.3 * few[0]
    assert many[1] < 1.3 * few[1]
    decide(store, Mail("s", "service", "c", 5))
    assert steps(store, PAUSED, Passed()) < 5 * few[0], "service waits for no walk along what is paused behind it"
    store.close()


def steps(store: Store, gate: Gate, passed: Passed | None = None) -> int:
    """What a claim takes, in tens of instructions."""
    with counted_steps(store.database) as steps_so_far:
        assert outbox.claim(store.database, 1, NOW, "us", gate, passed or store.outbox.passed).batch is not None
        return steps_so_far()
