"""What a round of handing over leaves behind: what is counted, how far, and that an index answers each question."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import insert

from nurture.store import up_to
from nurture.store.codec import micros
from nurture.store.database import ask
from nurture.store.open import Store, open_store
from nurture.store.outbox_left import DOUBTED, KEPT, LATER, NEXT_LANE, WAITING
from nurture.store.outbox_lists import Paced
from nurture.store.tables import HELD, PLANNED
from tests.counted_steps import counted_steps
from tests.query_plans import plan_of

NOW = datetime(2027, 3, 2, 10, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
GIVEN = {"lane": 3, "now": micros(NOW), "most": 101}


@pytest.fixture
def store(lean_url: str) -> Iterator[Store]:
    opened = open_store(lean_url)
    yield opened
    opened.close()


def waits(store: Store, lane: int, *waiting: tuple[int, str]) -> None:
    """Mails in a lane, each due so many minutes from now, put off by so much of our own pace."""
    rows = [
        {"key": f"{lane}-{number}", "lane": lane, "due_at": micros(NOW + minutes * MINUTE), "because": because}
        | {"bucket": 0, "released": False, "alike": ""}
        for number, (minutes, because) in enumerate(waiting)
    ]
    with store.database.writing() as connection:
        connection.execute(insert(PLANNED), rows)


def test_what_waits_and_what_is_put_off_is_told_over_all_lanes(store: Store) -> None:
    assert store.outbox.left(NOW).waiting == 0
    waits(store, 0, (-1, ""))
    waits(store, 3, (0, ""), (10, ""), (20, "warm-up"))
    waits(store, 4, (5, ""), (15, "warm-up"), (30, "gmail rests"))
    with store.database.writing() as connection:
        row = {"lane": 4, "due_at": 0, "bucket": 0, "because": "brake", "since": 0, "alike": ""}
        connection.execute(insert(HELD), [{"key": "h1", **row}, {"key": "h2", **row}])
    left = store.outbox.left(NOW)
    assert (left.waiting, left.held, left.in_doubt) == (7, 2, 0)
    assert (left.put_off, left.put_off_until) == (2, NOW + 5 * MINUTE)
    assert left.paced == (
        Paced("gmail rests", 1, NOW + 30 * MINUTE),
        Paced("warm-up", 2, NOW + 15 * MINUTE),
    )


def test_nothing_is_counted_further_than_to_know_that_there_are_more(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(up_to, "MORE", 3)
    waits(store, 3, *((minutes, "") for minutes in range(1, 9)))
    left = store.outbox.left(NOW)
    assert (left.waiting, left.put_off, left.put_off_until) == (3, 3, NOW + MINUTE)


def test_each_question_is_bounded_and_answered_by_an_index(store: Store) -> None:
    for asked in (NEXT_LANE, WAITING, LATER, KEPT, DOUBTED):
        assert "LIMIT" in str(asked.compile(dialect=store.database.engine.dialect))
        given = {name: value for name, value in GIVEN.items() if name in asked.compile().params}
        steps = plan_of(store.database, asked.params(given))
        read = [step for step in steps if step.reads and not step.words.startswith("SCAN anon")]  # the few it found
        assert read
        assert asked is KEPT or all(step.searches for step in read), steps  # of what is held any will do


def test_a_long_queue_costs_a_round_no_more_than_its_bound(store: Store) -> None:
    """Counted in instructions of SQLite's machine; on PostgreSQL in rows that its plan says it took."""
    waits(store, 3, *((minutes, "") for minutes in range(1, 401)))
    assert taken(store, 20) < taken(store, 400) / 4


def taken(store: Store, most: int) -> float:
    """What the questions about lane 3 cost with a bound."""
    if store.database.engine.dialect.name == "postgresql":
        with store.database.reading() as connection:
            words = WAITING.params(lane=3, most=most).compile(
                dialect=connection.dialect, compile_kwargs={"literal_binds": True}
            )
            connection.exec_driver_sql("SET LOCAL enable_seqscan = off")  # as it is for a table that is large
            connection.exec_driver_sql("SET LOCAL enable_bitmapscan = off")
            ((found,),) = connection.exec_driver_sql(f"EXPLAIN (ANALYZE, FORMAT JSON) {words}")
        return max(float(node["Actual Rows"]) for node in nodes(found[0]["Plan"]))
    with counted_steps(store.database) as steps_so_far, store.database.reading() as connection:
        ask(connection, WAITING, lane=3, most=most)
        ask(connection, LATER, lane=3, most=most, now=micros(NOW))
        return steps_so_far()


def nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for part in plan.get("Plans", ()):
        yield from nodes(part)
