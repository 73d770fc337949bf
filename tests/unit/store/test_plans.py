"""A quiet tick is some index probes: no statement of it walks a table."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import insert
from sqlalchemy.dialects import postgresql, sqlite

from nurture.model.trigger import DayTrigger, LapseTrigger
from nurture.store.candidates import probes, watched
from nurture.store.open import Store, open_store
from nurture.store.tables import ZONE_GROUP
from tests import worlds as w

NOW = datetime(2027, 3, 2, 23, tzinfo=UTC)
BOOK = w.book(
    w.sequence("birthday", DayTrigger(place=w.HERE, path=("person", "birthday"), yearly=True), [w.send("a")]),
    w.sequence("renewal", DayTrigger(place=w.HERE, path=("person", "vip_since"), lead=w.length("1 week")), []),
    w.sequence("quiet", LapseTrigger(place=w.HERE, event="order.placed", length=w.length("60 days")), [w.send("b")]),
)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = open_store(f"sqlite:///{tmp_path / 'store.db'}")
    with opened.database.writing() as connection:
        connection.execute(insert(ZONE_GROUP), [{"zone": "Europe/Paris"}, {"zone": "Asia/Kolkata"}])
    yield opened
    opened.close()


def test_every_probe_uses_an_index_alone(store: Store) -> None:
    with store.database.reading() as connection:
        statements = list(probes(connection, watched(BOOK), NOW - timedelta(days=1), NOW))
        assert len(statements) == 7, "the agenda, and three for each zone"
        for statement in statements:
            bound = statement.compile(dialect=sqlite.dialect(), compile_kwargs={"literal_binds": True})
            rows = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {bound}").all()
            assert all(row[3].startswith("SEARCH") and "COVERING INDEX" in row[3] for row in rows), rows


def test_between_openings_only_the_agenda_is_asked(store: Store) -> None:
    quiet = datetime(2027, 3, 2, 13, tzinfo=UTC)
    with store.database.reading() as connection:
        assert len(list(probes(connection, watched(BOOK), quiet - timedelta(minutes=15), quiet))) == 1


def test_the_probes_can_be_said_to_postgresql(store: Store) -> None:
    with store.database.reading() as connection:
        for statement in probes(connection, watched(BOOK), NOW - timedelta(days=1), NOW):
            assert str(statement.compile(dialect=postgresql.dialect())).startswith("SELECT")
