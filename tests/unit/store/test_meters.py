"""What a scrape counts of a store: as far as `up_to` goes, so that it costs the same whatever waits."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Boolean, Integer, LargeBinary, Table, insert

from nurture.model.mail import Fate
from nurture.store import up_to
from nurture.store.codec import micros
from nurture.store.meters import Queued, meters
from nurture.store.open import Store, open_store
from nurture.store.silences import accepted_between
from nurture.store.tables import AGENDA, BATCH, BATCH_MEMBER, HELD, PLANNED, WEBHOOK
from tests.counted_steps import counted_steps

NOW = datetime(2027, 3, 2, 10, tzinfo=UTC)
HOUR = timedelta(hours=1)


@pytest.fixture
def store(lean_url: str) -> Iterator[Store]:
    opened = open_store(lean_url)
    yield opened
    opened.close()


def sample_row(table: Table) -> dict[str, object]:
    """Something in every column."""
    of = {Boolean: False, Integer: 1, LargeBinary: b""}
    return {column.name: next((value for kind, value in of.items() if isinstance(column.type, kind)), "")
            for column in table.c}  # fmt: skip


def fill(store: Store, first: int, last: int) -> None:
    """So much more of all that is counted, by number; the even ones wait in lane 1 and are due, the others later."""
    numbers = range(first, last)
    at = {True: micros(NOW - HOUR), False: micros(NOW + HOUR)}
    with store.database.writing() as connection:
        for table, rows in (
            (PLANNED, [{"key": f"p{n}", "lane": 1 + n % 2, "due_at": at[n % 2 == 0]} for n in numbers]),
            (HELD, [{"key": f"h{n}", "due_at": at[True]} for n in numbers]),
            (AGENDA, [{"person": f"a{n}", "due_at": at[True]} for n in numbers]),
            (WEBHOOK, [{"key": f"w{n}", "state": "planned"} for n in numbers]),
            (BATCH, [{"id": n + 1, "status": "settled", "claimed_at": at[True]} for n in numbers]),
            (BATCH_MEMBER, [{"key": f"b{n}", "batch": n + 1} for n in numbers]),
        ):
            connection.execute(insert(table), [sample_row(table) | row for row in rows])


def test_what_waits_is_counted_by_lane_with_the_first_that_is_due(store: Store) -> None:
    fill(store, 0, 5)
    found = meters(store.database, NOW)
    assert found.lanes == {1: Queued(3, NOW - HOUR), 2: Queued(2, None)}
    assert found.lying == {
        Fate.planned: 5, Fate.held: 5, Fate.handed: 0, Fate.in_doubt: 0, Fate.refused: 0, Fate.unknown: 0,
    }  # fmt: skip
    assert (found.overdue, found.calls) == (5, {"planned": 5, "handed": 0})
    assert accepted_between(store.database, NOW - 2 * HOUR, NOW) == 5


def test_nothing_is_counted_further_than_to_know_that_there_are_more(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(up_to, "MORE", 3)
    fill(store, 0, 12)
    found = meters(store.database, NOW)
    assert (found.lanes[1].mails, found.lanes[2].mails, found.overdue, found.calls["planned"]) == (3, 3, 3, 3)
    assert (found.lying[Fate.planned], found.lying[Fate.held]) == (3, 3)
    assert accepted_between(store.database, NOW - 2 * HOUR, NOW) == 3


def test_a_scrape_costs_the_same_however_much_waits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In instructions of SQLite's machine; PostgreSQL is asked the same questions, each with its LIMIT."""
    monkeypatch.setattr(up_to, "MORE", 11)
    store = open_store(f"sqlite:///{tmp_path / 'shop.db'}")
    fill(store, 0, 40)
    few = steps(store)
    fill(store, 40, 2_000)
    assert steps(store) < 1.2 * few
    store.close()


def steps(store: Store) -> int:
    """What all that a scrape asks takes, in tens of instructions."""
    with counted_steps(store.database) as steps_so_far:
        meters(store.database, NOW)
        accepted_between(store.database, NOW - 2 * HOUR, NOW)
        return steps_so_far()
