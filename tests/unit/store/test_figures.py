"""Figures of a store: what they count, and that an index answers each."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Select, insert, text, update

from nurture.decide.advance import advance
from nurture.engine.pools import Left
from nurture.model.decision import Decision
from nurture.model.mail import Fate, Handover
from nurture.store import codes, figures, up_to
from nurture.store.codec import micros
from nurture.store.codes import Stock
from nurture.store.figures import (
    begun,
    by_class,
    ended_as,
    excepted,
    exceptions,
    inside_of,
    last_day_in,
    members,
    next_lane,
    on_the_way,
    overdue,
    put_off_in,
    sizes,
    unanswered,
    waiting_in,
)
from nurture.store.open import Store, open_store
from nurture.store.rows import ContactRow, EventRow
from nurture.store.tables import BATCH_MEMBER, ENROLMENT, PLANNED, SILENCE, ZONE_GROUP
from tests import worlds as w
from tests.query_plans import plan_of

NOW = datetime(2027, 3, 2, 10, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


@pytest.fixture
def store(lean_url: str) -> Iterator[Store]:
    opened = open_store(lean_url)
    yield opened
    opened.close()


def plan(store: Store, **classes: str) -> None:
    """One mail of a class for each key, all due now."""
    life = w.live(
        w.book(w.sequence("any", w.JOINED, [w.send("hello")])),
        w.newborn(),
        [*w.reachable(), w.event("subscriber.joined", "2027-03-01 13:00")],
        "2027-03-02 10:00",
    )
    (made,) = life.intents
    store.importing(NOW).take([ContactRow(outside_id="17")], lambda _, why: pytest.fail(why))
    ((person, _),) = store.people([store.find("17") or ""], NOW)
    intents = tuple(
        replace(made, key=key, person=person.id, class_=class_, due_at=NOW, valid_until=NOW + timedelta(days=1))
        for key, class_ in classes.items()
    )
    store.commit([Decision(person, intents)], NOW, lambda _: "Europe/Paris")


def handed(store: Store, now: datetime, count: int, **fates: Fate) -> None:
    """A batch of so many is handed over; each key named has that fate, the others are accepted."""
    batch = store.claim(count, now)
    assert batch is not None
    store.hand(batch, now)
    store.settle(
        batch, [Handover(one.key, fates.get(one.key, Fate.accepted)) for one in batch.intents], now, provider="us"
    )


def test_what_waits_is_counted_by_lane_and_what_left_by_class_and_fate(store: Store) -> None:
    plan(store, a="service", b="news", c="news", d="offer", e="offer")
    assert store.figures.waiting_by_lane() == {0: 1, 3: 2, 4: 2}
    handed(store, NOW, 3, b=Fate.refused)
    assert store.figures.waiting_by_lane() == {4: 2}
    classes, fates = store.figures.gone_since(NOW - MINUTE) or ({}, {})
    assert classes == {"service": 1, "news": 2}
    assert fates == {Fate.accepted: 2, Fate.refused: 1}
    assert store.figures.gone_since(NOW + MINUTE) == ({}, {})


def test_what_is_on_its_way_and_in_doubt_is_told_by_its_batch(store: Store) -> None:
    plan(store, a="news", b="news")
    batch = store.claim(1, NOW)
    assert batch is not None
    assert store.figures.gone_since(NOW) == ({"news": 1}, {Fate.claimed: 1})
    store.hand(batch, NOW)
    assert store.figures.gone_since(NOW) == ({"news": 1}, {Fate.handed: 1})
    store.settle(batch, [], NOW)
    assert store.figures.gone_since(NOW) == ({"news": 1}, {Fate.in_doubt: 1})


def test_those_inside_are_counted_by_version(store: Store) -> None:
    row: dict[str, Any] = {"person": "p", "bucket": 0, "ordinal": 1, "started_at": 0, "ending": "", "version": 1}
    rows = [
        row | {"sequence": "welcome", "subject": "1", "ended_at": None},
        row | {"sequence": "welcome", "subject": "2", "ended_at": None},
        row | {"sequence": "welcome", "subject": "3", "ended_at": 5},
        row | {"sequence": "other", "subject": "1", "ended_at": 5},
        row | {"sequence": "welcome", "subject": "4", "ended_at": None, "version": 2},
    ]
    with store.database.writing() as connection:
        connection.execute(insert(ENROLMENT), rows)
    wanted = [("welcome", 1), ("welcome", 2), ("other", 1)]
    assert store.figures.inside(wanted) == {("welcome", 1): 2, ("welcome", 2): 1}
    assert store.figures.inhabited(wanted) == {("welcome", 1), ("welcome", 2)}


def test_the_newest_events_come_first_and_say_when_they_were_known(store: Store) -> None:
    assert store.figures.newest_known() is None
    for number in range(3):
        rows = [EventRow(outside_id="17", name="review.posted", at=NOW - number * MINUTE)]
        store.importing(NOW + number * MINUTE).take(rows, lambda _, why: pytest.fail(why))
    assert [event.happened_at for event in store.figures.newest_events(2)] == [NOW - 2 * MINUTE, NOW - MINUTE]
    assert store.figures.newest_known() == NOW + 2 * MINUTE


def test_the_last_day_of_an_event_is_the_latest_of_all_zones(store: Store) -> None:
    assert store.figures.last_day("order.placed") is None
    rows = [
        {"person": zone, "event": "order.placed", "bucket": 0, "zone": zone, "last_day": date(2027, 3, day).toordinal()}
        for zone, day in (("Europe/Paris", 2), ("Asia/Kolkata", 3), ("America/Lima", 1))
    ]
    with store.database.writing() as connection:
        connection.execute(insert(ZONE_GROUP), [{"zone": row["zone"]} for row in rows])
        connection.execute(insert(SILENCE), rows)
    assert store.figures.last_day("order.placed") == date(2027, 3, 3)
    assert store.figures.last_day("review.posted") is None


def test_zones_are_told_as_people_told_them_up_to_a_limit(store: Store) -> None:
    contacts = [ContactRow(outside_id=str(n), facts={"zone": "Mars/Base"} if n % 2 else {}) for n in range(6)]
    store.importing(NOW).take(contacts, lambda _, why: pytest.fail(why))
    ids = [store.find(str(n)) or "" for n in range(6)]
    decided = [advance(w.book(), person, NOW, new) for person, new in store.people(ids, NOW)]
    store.commit(decided, NOW, lambda _: "UTC")
    assert sorted(store.figures.zones_told(100)) == sorted((store.find(n) or "", "Mars/Base") for n in "135")
    assert len(store.figures.zones_told(2)) <= 2


def test_of_very_many_it_is_told_that_there_are_more(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (figures, up_to):
        monkeypatch.setattr(module, "MOST", 2)
        monkeypatch.setattr(module, "MORE", 3)
    plan(store, a="service", b="news", c="news", d="news", e="news", f="news", g="news")
    assert store.figures.waiting_by_lane() == {0: 1, 3: 3}
    assert up_to.number_words(3) == "more than 2"
    assert up_to.number_words(2) == "2"
    assert up_to.together(2, 2) == 3
    handed(store, NOW, 2, a=Fate.refused)
    assert store.figures.lying() == {Fate.handed: 0, Fate.in_doubt: 0, Fate.refused: 1, Fate.unknown: 0}
    assert store.figures.gone_since(NOW - MINUTE) is not None
    handed(store, NOW, 5)
    assert store.figures.gone_since(NOW - MINUTE) is None
    assert store.figures.accepted_on(NOW.date()) == 6
    assert store.figures.waiting_by_lane() == {}


def test_what_is_put_off_is_told_by_what_puts_it_off(store: Store) -> None:
    plan(store, a="news", b="news", c="offer", d="news")
    with store.database.writing() as connection:
        for key, minutes, because in (("a", 10, ""), ("b", 5, ""), ("c", 20, "warm-up")):
            later = {"due_at": micros(NOW + minutes * MINUTE), "because": because}
            connection.execute(update(PLANNED).where(PLANNED.c.key == key).values(**later))
    assert store.figures.later(NOW) == (("", 2, NOW + 5 * MINUTE), ("warm-up", 1, NOW + 20 * MINUTE))


def test_of_very_many_codes_only_what_is_left_is_counted(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    store.outbox.codes.fill("few", ["A1", "A2"])
    store.outbox.codes.fill("many", ["B1", "B2", "B3"])
    assert store.outbox.codes.stock_up_to(["few", "many"]) == {"few": Stock(free=2), "many": Stock(free=3)}
    monkeypatch.setattr(codes, "MANY", 2)
    found = store.outbox.codes.stock_up_to(["few", "many"])
    assert found == {"few": Stock(free=2), "many": Stock(free=3, counted=False)}
    assert Left("many", "pool", found["many"]).words() == "many 3 left"


@pytest.mark.parametrize(
    "asked",
    [
        inside_of("welcome", 1),
        overdue(NOW),
        last_day_in("order.placed", "Europe/Paris"),
        begun(NOW),
        sizes(200),
        by_class(200),
        exceptions(NOW, 1),
        excepted(NOW),
        members(200),
        next_lane(0),
        waiting_in(3),
        put_off_in(3, NOW),
        ended_as(Fate.refused),
        on_the_way(),
        unanswered(),
    ],
    ids=lambda asked: str(asked)[:60],
)
def test_no_figure_walks_a_table(store: Store, asked: Select[Any]) -> None:
    members = [{"key": f"m{number}", "bucket": 0, "batch": number, "released": False} for number in range(201)]
    with store.database.writing() as connection:
        connection.execute(insert(BATCH_MEMBER), members)
        connection.execute(text("ANALYZE batch_member"))  # so that PostgreSQL knows that batch 200 is one of the last
    steps = plan_of(store.database, asked)
    assert any(step.searches for step in steps), steps
    walked = [step for step in steps if step.walks and not step.words.startswith("SCAN anon")]  # the few it found
    assert not walked, steps
