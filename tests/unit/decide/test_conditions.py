"""Asking conditions: unknowns, dates on the reader's clock, and histories (language.md 7)."""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from nurture.decide.clock import Clock
from nurture.decide.conditions import evaluate, truth
from nurture.decide.scene import Scene
from nurture.language.expressions import parse_condition, parse_value
from nurture.model.event import Money, MonthDay
from nurture.model.person import Enrolment, Message, Orders, Outcome, StageState
from nurture.model.place import Place
from tests.questions import (
    BOOK,
    NOW,
    PARIS,
    REVIEWS,
    SCOPE,
    answer,
    at,
    condition,
    happened,
    order,
    person,
    scene,
)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("true and person.subscribed", None),
        ("false and person.subscribed", False),
        ("person.subscribed and false", False),
        ("true or person.subscribed", True),
        ("person.subscribed or false", None),
        ("not person.subscribed", None),
        ("not (person.country == 'FR')", None),
        ("person.country != 'FR'", None),
        ("person.country in ['FR', 'DE']", None),
        ("'FR' in ['FR', person.country]", True),
        ("'FR' in ['DE', person.country]", None),
        ("'FR' not in ['DE', person.country]", None),
        ("'FR' not in ['FR', person.country]", False),
        ("person.country is known", False),
        ("person.country is unknown", True),
        ("(1 / 0) is unknown", True),
        ("1 / 0 == 1", None),
        ("person.orders.count == 0 and person.orders.total == 0", True),
        ("person.orders.last_at is unknown and person.orders.first_at is unknown", True),
        ("days_since(person.orders.last_at) > 30", None),
        ("person.stage == 'vip'", None),
        ("lower(person.country) == 'fr'", None),
        ("count('review.posted', words=person.country) == 0", None),
        ("start.ticket == 'x' or event.stars == 5 or steps.hello.outcome == 'sent'", None),
        ("start.name is known or start.day is known", False),
        ("person.email is known", False),
    ],
)
def test_unknown_is_neither_yes_nor_no(text: str, expected: bool | None) -> None:
    assert answer(text) is expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("person.visits * 2 - 1 == 6 / 2 + 2", True),
        ("person.visits / 2 == 1.5", True),
        ("-person.visits == 0 - 3", True),
        ("person.spent == 19.99 and person.spent + 0.01 == 20", True),
        ("person.orders.total >= 600", False),
        ("person.orders.total == 599.9", True),
        ("lower(person.country) == 'fr' and person.country == 'FR'", True),
        ("person.country == 'Fr'", False),
        ("person.subscribed == false", True),
        ("person.vip_since == today", True),
        ("person.vip_since == person.seen_at", True),
        ("days_until(person.vip_since) == 0", True),
        ("has_tag('reviewer') and has_moment('telling')", True),
        ("person.stage == 'vip' and person.id == 'p1' and person.email == 'a@b.example'", True),
    ],
)
def test_values(text: str, expected: bool) -> None:
    someone = person(
        visits=3,
        spent=Money(Decimal("19.99"), "EUR"),
        country="FR",
        subscribed=False,
        vip_since=date(2027, 3, 8),
        seen_at=at("2027-03-08 00:00"),
        tags=frozenset({"reviewer"}),
        moments=frozenset({"telling"}),
        address="a@b.example",
        stage=StageState("vip", NOW),
        orders=Orders((date(2027, 1, 1),), NOW, NOW, Decimal("599.90")),
    )
    assert answer(text, someone) is expected


@pytest.mark.parametrize(
    ("fact", "value"),
    [("visits", "many"), ("country", 5), ("birthday", "1991"), ("seen_at", date(2027, 1, 1)), ("subscribed", 1)],
)
def test_data_of_another_type_is_unknown(fact: str, value: object) -> None:
    assert answer(f"person.{fact} is known", person(**{fact: value})) is False


def test_days_are_counted_on_the_readers_clock() -> None:
    someone = person(seen_at=at("2027-03-07 23:59"))
    assert answer("days_since(person.seen_at) == 0", someone, at("2027-03-07 23:59")) is True
    assert answer("days_since(person.seen_at) == 1", someone, at("2027-03-08 00:00")) is True
    tokyo = Scene(BOOK, someone, at("2027-03-08 00:00"), Clock(ZoneInfo("Asia/Tokyo")))
    assert truth(condition("days_since(person.seen_at) == 0"), tokyo) is True


def test_a_day_without_its_year_is_known_but_counts_no_days() -> None:
    someone = person(birthday=MonthDay(5, 14))
    assert answer("person.birthday is known", someone) is True
    assert answer("days_since(person.birthday) > 0", someone) is None
    assert answer("person.birthday == today", someone) is None


def test_ago_is_the_start_of_a_day_or_an_exact_moment() -> None:
    someone = person(seen_at=at("2027-03-06 00:00"))
    assert answer("person.seen_at >= ago('2 days')", someone, at("2027-03-08 23:00")) is True
    assert answer("person.seen_at >= ago('2 days')", someone, at("2027-03-09 00:00")) is False
    assert answer("person.seen_at >= ago('48 hours')", someone, at("2027-03-08 00:00")) is True
    assert answer("person.seen_at >= ago('48 hours')", someone, at("2027-03-08 00:01")) is False
    assert answer("person.seen_at >= ago('1 month')", someone, at("2027-04-06 12:00")) is True


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("count('review.posted') == 4", True),  # one is told ahead of its time
        ("count('review.posted', within='89 days') == 3", True),  # 89 dates: 10 December to 8 March
        ("count('review.posted', within='88 days') == 2", True),
        ("count('review.posted', within='1 day') == 2", True),
        ("count('review.posted', within='60 minutes') == 1", True),
        ("count('review.posted', within='61 minutes') == 2", True),
        ("count('review.posted', within='3 months') == 4", True),
        ("count('review.posted', stars=5) == 3", True),
        ("count('review.posted', stars=2 + 3, within='1 week') == 2", True),
        ("count('review.posted', words='x') == 0", True),
    ],
)
def test_counting(text: str, expected: bool) -> None:
    assert answer(text, person(events=REVIEWS), at("2027-03-08 10:00")) is expected


def test_an_undone_order_did_not_happen() -> None:
    bought = (order(1, "2027-03-01 10:00", "grinder"), order(2, "2027-03-02 10:00", "beans"))
    someone = person(events=(*bought, happened("order.cancelled", "2027-03-03 10:00", 3, order_id="o1")))
    for text in ("count('order.placed') == 1", "not bought('grinder')", "bought('beans')", "person.turnover == 10"):
        assert answer(text, someone) is True, text
    assert answer("bought('grinder', within='8 days')", person(events=bought)) is True
    assert answer("bought('grinder', within='7 days')", person(events=bought)) is False


def test_an_amount_in_another_currency_is_neither_compared_nor_added() -> None:
    lira = happened("order.placed", "2027-03-01 10:00", 1, order_id="o1", total=Money(Decimal(240), "TRY"))
    euro = happened("order.placed", "2027-03-02 10:00", 2, order_id="o2", total=Money(Decimal(24), "EUR"))
    assert answer("person.turnover == 24", person(events=(lira, euro))) is True
    assert answer("count('order.placed', total=240) == 0", person(events=(lira, euro))) is True
    large, problems = parse_condition("event.total > 10", Place("test"), SCOPE.with_event(["order.placed"]))
    assert large is not None, problems
    assert [truth(large, Scene(BOOK, person(), NOW, PARIS, each)) for each in (euro, lira)] == [True, None]


def test_a_mail_that_was_cancelled_was_not_had() -> None:
    sent = Message("k", "s", "1", "welcome", "welcome", "news", "t", NOW, at("2027-03-01 10:00"), date(2027, 3, 1))
    assert answer("got('welcome', within='8 days')", person(messages=(sent,))) is True
    assert answer("got('welcome', within='7 days')", person(messages=(sent,))) is False
    assert answer("got('welcome')", person(messages=(replace(sent, cancelled=True),))) is False
    assert answer("got('welcome')", person(messages=(replace(sent, mail="other"),))) is False


def test_facts_that_the_catalogue_takes_from_events() -> None:
    someone = person(events=REVIEWS[:4])
    for text in (
        "person.reviews == 4",
        "person.review_days == 3",
        "person.first_stars == 5",
        "person.stars == 18",
        "days_since(person.last_review) == 0",
    ):
        assert answer(text, someone) is True, text
    assert answer("person.reviews == 0 and person.stars == 0") is True
    assert answer("person.last_review is unknown and person.first_stars is unknown") is True


def test_what_started_it_and_what_is_being_looked_at() -> None:
    cause = happened("complaint.opened", "2027-03-04 23:30", 1, ticket="T4", on=date(2027, 3, 1))
    outcomes = (Outcome("hello", "capped", NOW - timedelta(days=2)), Outcome("hello", "sent", NOW - timedelta(days=1)))
    enrolment = Enrolment(
        "s", "1", 1, 1, NOW, date(2027, 3, 4), "complaint.opened", event=cause, outcomes=outcomes
    )  # fmt: skip
    asked = Scene(BOOK, person(), NOW, PARIS, happened("review.posted", "2027-03-08 09:00", 2, stars=4), enrolment)
    for text in (
        "start.ticket == 'T4' and start.name == 'complaint.opened' and days_since(start.day) == 4",
        "event.stars == 4 and event.ticket is unknown and days_since(start.on) == 7",
        "steps.hello.outcome == 'sent' and days_since(steps.hello.at) == 1",
    ):
        assert truth(condition(text), asked) is True, text
    before = Scene(BOOK, person(), NOW, PARIS, cause)
    assert truth(condition("start.ticket == event.ticket and days_since(start.day) == 4"), before) is True
    assert truth(condition("start.name == 'complaint.opened'"), before) is True


def test_values_of_every_type_can_be_worked_out() -> None:
    someone = scene(person(visits=2, country="FR", birthday=MonthDay(5, 14)))
    for text, expected in (
        ("today", date(2027, 3, 8)),
        ("person.visits + 1", 3),
        ("person.country", "FR"),
        ("person.birthday", MonthDay(5, 14)),
        ("person.visits > 1", True),
        ("ago('2 days')", at("2027-03-06 00:00")),
        ("ago('2 hours')", NOW - timedelta(hours=2)),
        ("person.vip_since", None),
    ):
        expression, problems = parse_value(text, Place("test"), SCOPE)
        assert expression is not None, problems
        assert evaluate(expression, someone) == expected


def test_numbers_too_large_to_work_with_are_unknown() -> None:
    someone = person(visits=1e308)
    assert answer("person.visits * 10 - person.visits * 10 == 0", someone) is None
    assert answer("person.visits / 2 == 1", person(visits=10**400)) is None
