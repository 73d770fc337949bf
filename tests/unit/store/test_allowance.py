"""All workers together keep the provider's rate, whatever their clocks say."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest

from nurture.store.allowance import Allowance
from nurture.store.open import open_store
from tests.postgres_server import Server

NOW = datetime(2027, 3, 2, 10, tzinfo=UTC)
RATE, BATCH = 50.0, 25


@pytest.fixture
def several(store_url: str) -> Iterator[list[Allowance]]:
    """Three workers' own doors."""
    stores = [open_store(store_url) for _ in range(3)]
    yield [Allowance(store.database, "sendgrid", RATE) for store in stores]
    for store in stores:
        store.close()


def test_all_together_send_at_the_rate_and_not_above(several: list[Allowance]) -> None:
    sent, now = 0, NOW
    while now < NOW + timedelta(seconds=10):
        for one in several:
            if one.take(BATCH, now) == 0:
                sent += BATCH
        now += timedelta(milliseconds=50)
    assert sent == RATE * 10


def test_what_does_not_leave_is_given_back_and_the_wait_is_told(several: list[Allowance]) -> None:
    first, second, _ = several
    assert first.take(BATCH, NOW) == 0
    assert second.take(BATCH, NOW) == pytest.approx(0.5)
    first.give_back(20)
    assert second.take(BATCH, NOW) == pytest.approx(0.1)
    first.give_back(5)
    assert second.take(BATCH, NOW) == 0


def test_a_clock_that_is_a_day_ahead_keeps_nobody_waiting(several: list[Allowance]) -> None:
    first, second, _ = several
    assert first.take(BATCH, NOW + timedelta(days=1)) == 0
    assert second.take(BATCH, NOW) == 0
    assert second.take(BATCH, NOW) == pytest.approx(0.5)


def test_of_many_at_once_one_pays(postgres: Server) -> None:
    url = postgres.new_database()
    stores = [open_store(url) for _ in range(4)]
    found = [Allowance(store.database, "sendgrid", RATE) for store in stores]
    with ThreadPoolExecutor(4) as pool:
        waits = list(pool.map(lambda one: one.take(BATCH, NOW), found))
    assert waits.count(0) == 1
    for store in stores:
        store.close()
