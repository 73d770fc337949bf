"""What workers say of themselves and of their parts waits for no decisions, and two that end at once both know it."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from threading import Event

import pytest
from sqlalchemy import text, update

from nurture.store.beside import Turn, in_turn
from nurture.store.open import Store, open_store
from nurture.store.runner import Runner
from nurture.store.tables import ROUND_PART
from tests.postgres_server import Server

NOW = datetime(2027, 3, 2, 10, tzinfo=UTC)
HOUR = timedelta(hours=1)
_WAITING = text("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted")


@pytest.fixture
def two(postgres: Server) -> Iterator[tuple[Store, Store]]:
    """One store, opened by two workers."""
    with postgres.new_store() as url:
        stores = open_store(url), open_store(url)
        yield stores
        for store in stores:
            store.close()


def test_nobody_waits_for_another_who_decides(two: tuple[Store, Store]) -> None:
    one, other = two
    other.rounds.begin(NOW - HOUR, NOW, 2)
    first, second = other.rounds.left()
    with one.database.writing(beside=True):  # as long as this lasts, whoever wants the store alone would wait
        other.beat(Runner("worker", 1, "1", NOW, NOW, None, "at work", "worker"))
        other.rounds.catch_up(NOW + HOUR)
        assert not other.rounds.done(first, NOW)
        assert other.rounds.done(second, NOW)
        other.goodbye("worker")
    assert (one.watermark, one.rounds.caught_up(), one.runners()) == (NOW, NOW + HOUR, ())


def test_of_two_parts_that_end_at_once_one_ends_the_round(two: tuple[Store, Store]) -> None:
    one, other = two
    one.rounds.begin(NOW - HOUR, NOW, 2)
    first, second = one.rounds.left()
    with ThreadPoolExecutor() as pool:
        with one.database.writing(beside=True) as connection:
            in_turn(connection, Turn.rounds)
            connection.execute(update(ROUND_PART).where(ROUND_PART.c.first == first.first).values(done_at=1))
            ending = pool.submit(other.rounds.done, second, NOW)
            while not ending.done() and not connection.execute(_WAITING).scalar():
                Event().wait(0.01)
        assert ending.result(), "it waited, and saw that the other part is done"
    assert one.rounds.open() is None
    assert one.watermark == NOW
