"""Which way people went, and whether what is measured came in time."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from nurture.decide.ways import Went, measured_splits, went
from nurture.model.event import Event
from nurture.model.person import Enrolment, Outcome, Person
from nurture.model.step import Split, Way
from nurture.model.trigger import EventTrigger
from tests import worlds as w

AT = w.utc("2027-03-01 10:00")
WEEK = timedelta(days=7)
WAYS = tuple(Way(name, 1, (w.send(name),), w.HERE) for name in ("warm", "brisk"))
SPLIT = Split(id="tone", place=w.HERE, ways=WAYS, measured="order.placed", measured_within=w.length("7 days"))
JOINED = EventTrigger(place=w.HERE, event="subscriber.joined")
BOOK = w.book(w.sequence("welcome", JOINED, [SPLIT]))


def inside(ordinal: int = 1, at: datetime = AT, way: str = "warm", ended: datetime | None = None) -> Enrolment:
    outcomes = (Outcome("tone", way, at), Outcome(way, "sent", at))
    return Enrolment("welcome", str(ordinal), ordinal, 1, at, at.date(), outcomes=outcomes, ended_at=ended)


def order(at: datetime) -> Event:
    return Event(f"e{at}", "order.placed", at, at, 1, {"order_id": "A1"})


def told(*enrolments: Enrolment, orders: list[datetime], now: datetime, split: Split = SPLIT) -> list[Went]:
    person = Person("p1", now, enrolments=enrolments)
    events = [order(at) for at in orders]
    return list(went(BOOK, person, BOOK.sequences["welcome"], split, events, now))


def test_the_splits_that_are_measured() -> None:
    plain = replace(SPLIT, id="plain", measured="")
    assert measured_splits(w.sequence("welcome", JOINED, [SPLIT])) == [SPLIT]
    assert measured_splits(w.sequence("welcome", JOINED, [plain])) == []


@pytest.mark.parametrize(
    ("order_after", "done"),
    [(timedelta(hours=-1), False), (timedelta(), False), (timedelta(hours=1), True), (WEEK, True),
     (WEEK + timedelta(seconds=1), False)],
)  # fmt: skip
def test_what_came_after_the_split_and_within_its_time_counts(order_after: timedelta, done: bool) -> None:
    assert told(inside(), orders=[AT + order_after], now=AT + WEEK * 2) == [Went("warm", done)]


def test_while_their_time_is_not_over_nothing_is_said_of_anybody() -> None:
    ordered = [AT + timedelta(hours=1)]
    assert told(inside(), orders=ordered, now=AT + WEEK - timedelta(seconds=1)) == [Went("warm", None)]
    assert told(inside(), orders=ordered, now=AT + WEEK) == [Went("warm", True)]


def test_without_within_it_counts_as_long_as_they_are_inside() -> None:
    split = replace(SPLIT, measured_within=None)
    ordered = [AT + timedelta(days=20)]
    assert told(inside(), orders=ordered, now=AT + WEEK * 9, split=split) == [Went("warm", None)]
    ended = inside(ended=AT + timedelta(days=20))
    assert told(ended, orders=ordered, now=AT + WEEK * 9, split=split) == [Went("warm", True)]
    ended = inside(ended=AT + timedelta(days=19))
    assert told(ended, orders=ordered, now=AT + WEEK * 9, split=split) == [Went("warm", False)]


def test_who_comes_again_counts_once_but_with_fresh_draws_each_time() -> None:
    twice = [inside(2, AT + WEEK * 4, "brisk"), inside(1)]
    now, orders = AT + WEEK * 9, [AT + WEEK * 4 + timedelta(days=1)]
    assert told(*twice, orders=orders, now=now) == [Went("warm", False)]
    fresh = replace(SPLIT, fresh=True)
    assert told(*twice, orders=orders, now=now, split=fresh) == [Went("warm", False), Went("brisk", True)]


def test_an_older_name_of_the_split_is_the_same_split() -> None:
    renamed = replace(SPLIT, id="voice", lineage="tone")
    assert told(inside(), orders=[], now=AT + WEEK, split=renamed) == [Went("warm", False)]
    another = replace(SPLIT, id="other")
    assert told(inside(), orders=[], now=AT + WEEK, split=another) == []


def test_who_is_held_out_counts_nowhere() -> None:
    held = replace(BOOK, rules=replace(BOOK.rules, hold_out=100))
    person = Person("p1", AT + WEEK, address="p1@shop.example", enrolments=(inside(),))
    assert list(went(held, person, BOOK.sequences["welcome"], SPLIT, [], AT + WEEK)) == []
    seeded = replace(held, rules=replace(held.rules, seeds=("P1@shop.example",)))
    assert list(went(seeded, person, BOOK.sequences["welcome"], SPLIT, [], AT + WEEK)) == [Went("warm", False)]
    service = replace(BOOK.sequences["welcome"], class_="service")
    assert list(went(held, person, service, SPLIT, [], AT + WEEK)) == [Went("warm", False)]
