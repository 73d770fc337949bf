"""A quiet tick is some index probes: no statement of it walks a table."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta

import pytest
from sqlalchemy import insert

from nurture.decide.special_days import dates_in
from nurture.model.trigger import DayTrigger, EveryTrigger, HolidayTrigger, LapseTrigger, OnceTrigger
from nurture.store.candidates import crowds, probes, watched
from nurture.store.open import Store, open_store
from nurture.store.proposing import paged
from nurture.store.tables import PERSON, ZONE_GROUP
from tests import worlds as w
from tests.query_plans import plan_of

NOW = datetime(2027, 3, 2, 23, tzinfo=UTC)
BOOK = w.book(
    w.sequence("birthday", DayTrigger(place=w.HERE, path=("person", "birthday"), yearly=True), [w.send("a")]),
    w.sequence("renewal", DayTrigger(place=w.HERE, path=("person", "vip_since"), lead=w.length("1 week")), []),
    w.sequence("quiet", LapseTrigger(place=w.HERE, event="order.placed", length=w.length("60 days")), [w.send("b")]),
)


@pytest.fixture
def store(lean_url: str) -> Iterator[Store]:
    opened = open_store(lean_url)
    with opened.database.writing() as connection:
        connection.execute(insert(ZONE_GROUP), [{"zone": "Europe/Paris"}, {"zone": "Asia/Kolkata"}])
    yield opened
    opened.close()


def test_every_probe_uses_an_index_alone(store: Store) -> None:
    with store.database.reading() as connection:
        statements = list(probes(connection, watched(BOOK), NOW - timedelta(days=1), NOW))
        assert len(statements) == 7, "the agenda, and three for each zone"
        for statement in statements:
            steps = plan_of(store.database, statement)
            assert any(step.reads for step in steps)
            assert all(step.searches and step.covered for step in steps if step.reads), steps


def test_between_openings_only_the_agenda_is_asked(store: Store) -> None:
    quiet = datetime(2027, 3, 2, 13, tzinfo=UTC)
    with store.database.reading() as connection:
        assert len(list(probes(connection, watched(BOOK), quiet - timedelta(minutes=15), quiet))) == 1


CROWDS = w.book(
    w.sequence("weekly", EveryTrigger(place=w.HERE, weekday=2, at=time(0, 30)), [w.send("a")], stage=("buying",)),
    w.sequence("once", OnceTrigger(place=w.HERE, day=date(2027, 3, 3), at=time(0)), [], spread=w.length("4 hours")),
    w.sequence("womens_day", HolidayTrigger(place=w.HERE, days=("womens_day",), lead=w.length("5 days")), []),
    w.sequence("eid", HolidayTrigger(place=w.HERE, days=("eid_al_fitr",), observed_by=("person", "observes"),
                                     lead=w.length("6 days")), []),
)  # fmt: skip


def test_a_crowd_is_read_from_indexes_alone(store: Store) -> None:
    rows = [
        {"id": f"p{number}", "bucket": number, "created_at": 0, "decided_until": 0, "decided_number": 0,
         "zone": "Asia/Kolkata", "country": country}
        for number, country in enumerate(("IN", "TR", "FR", ""))
    ]  # fmt: skip
    with store.database.writing() as connection:
        connection.execute(insert(PERSON), rows)
    with store.database.reading() as connection:
        statements = list(crowds(connection, CROWDS, NOW - timedelta(days=1), NOW, dates_in))
        assert len(statements) == 4 + 4 + 4 + 1, "each in Kolkata: by country, and who keeps Eid at once"
        for statement in statements:
            steps = plan_of(store.database, paged(statement, "p1", 20_000))
            assert any(step.reads for step in steps)
            assert not any(step.walks for step in steps), steps
            few = any("person_by_bucket" in step.words for step in steps)
            assert few or not any(step.sorts for step in steps), steps


def test_a_few_turns_of_a_broadcast_are_found_by_their_buckets(store: Store) -> None:
    with store.database.writing() as connection:
        connection.execute(insert(PERSON), {"id": "p", "bucket": 1, "created_at": 0, "decided_until": 0,
                                            "decided_number": 0, "zone": "Europe/Paris", "country": "FR"})  # fmt: skip
    with store.database.reading() as connection:
        midnight = NOW + timedelta(minutes=14)
        (statement,) = crowds(connection, CROWDS, midnight - timedelta(seconds=20), midnight, dates_in)
        (step,) = (one for one in plan_of(store.database, paged(statement, "p1", 20_000)) if one.reads)
        assert step.searches
        assert "person_by_bucket" in step.words


def test_a_feast_that_is_dated_by_another_fact_concerns_the_whole_zone(store: Store) -> None:
    feast = HolidayTrigger(place=w.HERE, days=("womens_day",), country=("person", "homeland"), lead=w.length("5 days"))
    book = w.book(w.sequence("womens_day", feast, []))
    with store.database.writing() as connection:
        connection.execute(insert(PERSON), {"id": "p", "bucket": 1, "created_at": 0, "decided_until": 0,
                                            "decided_number": 0, "zone": "Asia/Kolkata", "country": "IN"})  # fmt: skip
    with store.database.reading() as connection:
        asked = list(crowds(connection, book, NOW - timedelta(days=1), NOW, dates_in))
        assert [id_ for one in asked for id_ in connection.execute(one).scalars()] == ["p"]


def test_between_the_hours_no_crowd_is_asked_for(store: Store) -> None:
    quiet = datetime(2027, 3, 2, 13, tzinfo=UTC)
    with store.database.reading() as connection:
        assert list(crowds(connection, CROWDS, quiet - timedelta(minutes=15), quiet, dates_in)) == []


def test_the_next_hour_of_a_crowd_is_known(store: Store) -> None:
    # Midnight in Kolkata, for feasts; half past, for the week; then the turns of the broadcast.
    assert store.next_scan(CROWDS, datetime(2027, 3, 2, 13, tzinfo=UTC)) == datetime(2027, 3, 2, 18, 30, tzinfo=UTC)
    assert store.next_scan(CROWDS, datetime(2027, 3, 2, 18, 30, tzinfo=UTC)) <= datetime(2027, 3, 2, 18, 31, tzinfo=UTC)


def test_a_book_with_feasts_must_be_told_when_they_fall(store: Store) -> None:
    with pytest.raises(ValueError, match="say when they fall"):
        list(store.candidates(CROWDS, NOW - timedelta(days=1), NOW))
