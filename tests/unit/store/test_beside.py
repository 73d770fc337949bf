"""Writers beside each other on PostgreSQL: none takes what another has, and none loses what another wrote."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from threading import Barrier
from typing import TypeVar

import pytest
from sqlalchemy import func, select

from nurture.model.decision import Decision, Intent
from nurture.model.mail import Fate, Handover
from nurture.store import outbox
from nurture.store.cancelling import cancel
from nurture.store.database import Conflict
from nurture.store.open import Store, open_store
from nurture.store.outbox import Gate
from nurture.store.rows import ContactRow
from nurture.store.tables import BASIS, BATCH_MEMBER, PLANNED
from tests import worlds as w
from tests.postgres_server import Server

NOW = datetime(2027, 3, 2, 10, tzinfo=UTC)
AT_ONCE = 4
T = TypeVar("T")


@pytest.fixture
def doors(postgres: Server) -> Iterator[list[Store]]:
    """Several workers' own doors to one store, in which a hundred people have a mail planned."""
    url = postgres.new_database()
    opened = [open_store(url) for _ in range(AT_ONCE)]
    rows = [ContactRow(outside_id=str(number)) for number in range(100)]
    opened[0].importing(NOW).take(rows, lambda _, why: pytest.fail(why))
    decided(opened[0], NOW)
    yield opened
    for one in opened:
        one.close()


def intent(person: str) -> Intent:
    return Intent(
        f"k{person}", person, "welcome", 1, "1", "hello", "hello", "news", "tips", "", NOW, NOW,
        NOW + timedelta(hours=1), date(2027, 3, 2), "Europe/Paris", "person", "a@example.net", {},
    )  # fmt: skip


def decided(store: Store, now: datetime) -> None:
    """A mail for everybody."""
    for page in store.everybody():
        found = [replace(person, asof=now) for person, _ in store.people(page, now)]
        store.commit([Decision(person, (intent(person.id),)) for person in found], now, lambda _: "Europe/Paris")


def at_once(*works: Callable[[], T]) -> list[T | Exception]:
    """What comes of works that begin at the same moment, each in a thread."""
    ready = Barrier(len(works))

    def begun(work: Callable[[], T]) -> T | Exception:
        ready.wait()
        try:
            return work()
        except Exception as fault:  # noqa: BLE001  (it is what the test looks at)
            return fault

    with ThreadPoolExecutor(len(works)) as pool:
        return list(pool.map(begun, works))


def test_no_mail_is_claimed_twice_and_the_brake_holds_for_all_together(doors: list[Store]) -> None:
    def claims(store: Store, owner: str) -> list[str]:
        found: list[str] = []
        while (claimed := store.outbox.claim(7, NOW, owner, Gate(brake=60))).batch is not None:
            found += claimed.batch.keys
        return found

    keys = at_once(*(lambda store=store, owner=str(n): claims(store, owner) for n, store in enumerate(doors)))
    claimed = [key for found in keys if isinstance(found, list) for key in found]
    assert len(claimed) == len(set(claimed)) == 60, keys


def test_what_is_being_taken_back_is_not_claimed(doors: list[Store]) -> None:
    ours, theirs, *_ = doors
    with theirs.database.reading() as connection:
        keys = list(connection.execute(select(PLANNED.c.key).limit(5)).scalars())
    with theirs.database.writing(beside=True) as connection:
        cancel(connection, keys, NOW)
        claimed = outbox.claim(ours.database, 100, NOW, "us").batch
    assert claimed is not None
    assert len(claimed.intents) == 95
    assert not set(keys) & set(claimed.keys)


def test_what_was_claimed_meanwhile_is_not_taken_back(doors: list[Store]) -> None:
    ours, theirs, *_ = doors
    claimed = ours.claim(100, NOW, "us")
    assert claimed is not None
    with theirs.database.writing(beside=True) as connection:
        assert cancel(connection, claimed.keys, NOW) == []


def test_two_that_decide_on_the_same_people_agree_who_did(doors: list[Store]) -> None:
    later = NOW + timedelta(minutes=1)
    ready = Barrier(AT_ONCE)

    def decides(store: Store) -> bool:
        page = [id_ for one in store.everybody() for id_ in one]
        found = [Decision(replace(person, asof=later)) for person, _ in store.people(page, later)]
        ready.wait()
        store.commit(found, later, lambda _: "Asia/Kolkata", w.book())
        return True

    told = at_once(*(lambda store=store: decides(store) for store in doors))
    assert told.count(True) == 1
    assert sum(isinstance(one, Conflict) for one in told) == AT_ONCE - 1
    with doors[0].database.reading() as connection:
        assert connection.execute(select(func.count()).select_from(BASIS)).scalar_one() == 2


def test_batches_are_handed_and_settled_beside_each_other(doors: list[Store]) -> None:
    def sends(store: Store, owner: str) -> int:
        sent = 0
        while (batch := store.claim(3, NOW, owner)) is not None:
            store.hand(batch, NOW)
            store.settle(batch, [Handover(key, Fate.accepted) for key in batch.keys], NOW, None, (), "sendgrid")
            sent += len(batch.intents)
        return sent

    before = doors[0].counter
    told = at_once(*(lambda store=store, owner=str(n): sends(store, owner) for n, store in enumerate(doors)))
    assert sum(one for one in told if isinstance(one, int)) == 100, told
    with doors[0].database.reading() as connection:
        assert connection.execute(select(func.count()).select_from(BATCH_MEMBER)).scalar_one() == 100
    assert doors[0].counter >= before + 2 * 34
    assert set(doors[0].fates([f"k{id_}" for page in doors[0].everybody() for id_ in page]).values()) == {Fate.accepted}
