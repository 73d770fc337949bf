"""When very many are due at once, they are found a part at a time, and nobody is missed or named twice."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import insert

from nurture.decide.special_days import dates_in
from nurture.engine.check import check
from nurture.engine.project import read_files
from nurture.engine.starter import starter
from nurture.store import proposing
from nurture.store.codec import micros
from nurture.store.open import Store, open_store
from nurture.store.tables import AGENDA, DAY_OF, ZONE_GROUP

NOW = datetime(2027, 3, 9, 10, tzinfo=UTC)
SINCE = NOW - timedelta(days=1)


@pytest.fixture(scope="module")
def book():
    found = check(read_files(starter())).book
    assert found is not None
    return found


@pytest.fixture
def store(store_url):
    """Forty in the agenda, each twice, half of them due; four with a birthday in a week: first, amid and last."""
    store = open_store(store_url)
    rows = [
        {
            "person": f"p{n:02}",
            "kind": kind,
            "due_at": micros(NOW + timedelta(minutes=n - 20)),
            "bucket": 0,
            "number": 0,
        }
        for n in range(40)
        for kind in ("wake", "arrival")
    ]
    days = [
        {"person": person, "path": "birthday", "bucket": 0, "zone": "Etc/UTC", "month_day": 316, "year": 1980}
        for person in ("a", "p07", "p10x", "z")
    ]
    with store.database.writing() as connection:
        connection.execute(insert(AGENDA), rows)
        connection.execute(insert(DAY_OF), days)
        connection.execute(insert(ZONE_GROUP), {"zone": "Etc/UTC"})
    yield store
    store.close()


@pytest.mark.parametrize("many", [1, 2, 3, 7, 20, 21, 41, 42, 43, 1000])
def test_in_whatever_parts_the_same_are_found(store: Store, book, monkeypatch, many: int):
    monkeypatch.setattr(proposing, "MANY", many)
    found = [id_ for page in store.candidates(book, SINCE, NOW, dates_in) for id_ in page]
    assert found == sorted({*(f"p{n:02}" for n in range(21)), "a", "p07", "p10x", "z"})


def test_who_fell_due_in_a_stretch(store: Store):
    assert store.fell_due(NOW - timedelta(minutes=3), NOW, 10) == ["p18", "p19", "p20"]
    assert len(store.fell_due(SINCE, NOW, 10)) == 10
    assert store.fell_due(NOW, NOW, 10) == []
