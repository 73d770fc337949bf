"""The starter book lived by people through the core alone; sequences/tests/ has the cases of language.md 10 whole."""

from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest

from nurture.decide.simulate import live as simulated
from nurture.language.project import read_project
from nurture.model import event as names
from nurture.model.book import Book
from nurture.model.event import Event, MonthDay
from nurture.model.person import Person
from tests import worlds as w
from tests.worlds import event, utc

ROOT = Path(__file__).parents[3]
SALMA = {"first_name": "Salma", "locale": "ar", "country": "FR", "zone": "Europe/Paris"}
RANIA = {"first_name": "Rania", "locale": "ar", "country": "EG", "zone": "Africa/Cairo"}
NOA = {"first_name": "Noa", "locale": "he", "country": "IL", "zone": "Asia/Jerusalem", "birthday": MonthDay(3, 28)}
BOUGHT = event("order.placed", "2027-03-01 13:20", order_id="A1", total=24)
DELIVERED = event("order.delivered", "2027-03-03 10:05", order_id="A1")


@cache
def whole() -> Book:
    paths = [path for part in ("sequences", "templates") for path in (ROOT / part).rglob("*") if path.is_file()]
    reading = read_project({path.relative_to(ROOT).as_posix(): path.read_bytes() for path in paths})
    assert reading.book is not None, reading.problems
    return reading.book


def with_only(*sequences: str) -> Book:
    """`with:` of a test file: what is live in that little world."""
    return replace(whole(), sequences={name: whole().sequences[name] for name in sequences})


FIRST_ORDER = ("first_order", "second_bag", "complaint_care")
BIRTHDAY = ("birthday", "first_order")


def lived(
    known: dict[str, object],
    events: list[Event],
    until: str,
    sequences: tuple[str, ...],
    start: str = "2027-01-01 00:00",
) -> tuple[w.Life, list[str]]:
    """The life of somebody who consented to everything, and their mails on their own clock."""
    book = with_only(*sequences)
    before = utc("2026-12-31 00:00")
    told = [
        event(names.ADDRESS_ADDED, before, address="salma@example.net"),
        event(names.CONSENT_GIVEN, before, topics=tuple(book.topics), basis="opt_in"),
        event(names.PERSON_CHANGED, before, facts=known),
    ]
    begin = min([utc(start), *(one.known_at for one in (*told, *events))])
    decisions = tuple(simulated(book, Person("p1", begin), [*told, *events], begin, utc(until)))
    life = w.Life(decisions)
    return life, [f"{at} {mail}" for at, mail in life.mails if at >= start[:10]]


def test_silence_gets_one_small_question_a_week_later() -> None:
    _, mails = lived(SALMA, [BOUGHT, DELIVERED], "2027-03-18 00:00", FIRST_ORDER)
    assert mails == ["2027-03-09 10:00 first_bag_check_in", "2027-03-16 10:00 one_small_question"]


def test_who_answered_is_not_asked_again_and_is_told_once_however_often_the_shop_tells() -> None:
    twice = event("order.delivered", "2027-03-03 10:05", order_id="A1")
    review = event("review.posted", "2027-03-10 18:40", stars=5, words="lovely")
    life, mails = lived(SALMA, [BOUGHT, DELIVERED, twice, review], "2027-03-25 00:00", FIRST_ORDER)
    assert mails == [
        "2027-03-09 10:00 first_bag_check_in", "2027-03-10 19:40 thank_you_with_card",
        "2027-03-19 10:00 storing_beans", "2027-03-23 10:00 next_bag_offer",
    ]  # fmt: skip
    assert life.why("one_small_question") == []
    assert life.person.tags == {"reviewer"}
    assert [r.why.value for r in life.reasons if r.sequence == "first_order"].count("already") == 1


def test_after_a_complaint_nothing_is_sold_for_as_long_as_it_is_open_and_14_days_more() -> None:
    complaint = event("complaint.opened", "2027-03-05 22:15", ticket="T9", about="crushed bag")
    resolved = event("complaint.resolved", "2027-03-12 15:00", ticket="T9")
    life, mails = lived(SALMA, [BOUGHT, DELIVERED, complaint, resolved], "2027-04-20 00:00", FIRST_ORDER)
    assert mails == ["2027-03-05 23:15 we_got_your_message", "2027-03-15 10:00 is_it_right_now"]
    assert not {mail for _, mail in life.mails} & {"first_bag_check_in", "storing_beans", "next_bag_offer"}
    assert life.why("storing_beans") == ["muted: muted by open_complaint"]


def test_a_complaint_resolved_in_time_is_asked_after_and_sells_nothing() -> None:
    complaint = event("complaint.opened", "2027-03-05 22:15", ticket="T9", about="crushed bag")
    resolved = event("complaint.resolved", "2027-03-08 15:00", ticket="T9")
    _, mails = lived(SALMA, [BOUGHT, DELIVERED, complaint, resolved], "2027-04-20 00:00", FIRST_ORDER)
    assert mails == ["2027-03-05 23:15 we_got_your_message", "2027-03-11 10:00 is_it_right_now"]


@pytest.mark.parametrize(
    ("ordered", "start", "until", "greeted"),
    [
        ("2027-01-05 10:00", "2027-01-01 00:00", "2027-03-05 00:00", "2027-02-28 09:00"),
        ("2027-12-05 10:00", "2028-01-01 00:00", "2028-03-05 00:00", "2028-02-29 09:00"),
    ],
)
def test_born_on_29_february(ordered: str, start: str, until: str, greeted: str) -> None:
    order = event("order.placed", ordered, order_id="B1", total=30)
    born = {**RANIA, "birthday": w.date(1996, 2, 29)}
    _, mails = lived(born, [order], until, BIRTHDAY, start)
    assert mails == [f"{greeted} happy_birthday"]


def test_no_birthday_known_no_mail_no_error_and_who_never_bought_is_not_greeted() -> None:
    order = event("order.placed", "2027-01-05 11:00", order_id="B1", total=30)
    life, mails = lived({"first_name": "Ed", "country": "FR"}, [order], "2027-12-31 00:00", BIRTHDAY)
    assert mails == []
    assert life.person.enrolments == ()
    noa, mails = lived(NOA, [], "2027-12-31 00:00", BIRTHDAY)
    assert mails == []
    assert [r.why.value for r in noa.reasons if r.sequence == "birthday"] == ["condition"]


def test_three_sequences_round_a_birthday_keep_to_one_a_day_and_three_a_week() -> None:
    born = {**SALMA, "birthday": MonthDay(3, 12)}
    happened = [
        event("order.placed", "2027-02-24 17:00", order_id="A1", total=24),
        event("order.delivered", "2027-02-26 10:05", order_id="A1"),
    ]
    _, mails = lived(born, happened, "2027-03-20 00:00", (*BIRTHDAY, "second_bag"))
    assert mails == [
        "2027-03-04 10:00 first_bag_check_in",
        "2027-03-11 10:00 one_small_question",
        "2027-03-12 09:00 happy_birthday",
        "2027-03-14 10:00 storing_beans",
        "2027-03-18 10:00 next_bag_offer",
    ]


def test_who_buys_within_the_welcome_leaves_it_and_the_goal_is_counted() -> None:
    joined = event("subscriber.joined", "2027-03-04 21:10")
    order = event("order.placed", "2027-03-06 06:00", order_id="A1", total=24)
    life, mails = lived(SALMA, [joined, order], "2027-03-12 00:00", ("welcome",))
    assert mails == ["2027-03-04 22:20 welcome_hello"]
    assert [(e.ending, e.goal_at) for e in life.person.enrolments] == [("goal: order.placed", order.happened_at)]


def test_the_whole_welcome_with_the_espresso_mail_at_the_weekend() -> None:
    joined = event("subscriber.joined", "2027-03-04 13:00")  # a Thursday, 14:00 in Paris
    _, mails = lived({**SALMA, "brew_method": "espresso"}, [joined], "2027-04-20 00:00", ("welcome",))
    (guide,) = (mail for mail in mails if "brew_guide" in mail)  # one of the two, by chance
    assert guide in ("2027-03-06 09:30 brew_guide_question", "2027-03-06 09:30 brew_guide_promise")
    assert mails == [
        "2027-03-04 14:10 welcome_hello", guide, "2027-03-07 09:00 dial_in_espresso",
        "2027-03-12 10:00 sampler_invitation",
    ]  # fmt: skip


def test_silence_by_their_own_rhythm_is_asked_once_in_180_days() -> None:
    days = ["2027-01-04", "2027-02-04", "2027-03-07", "2027-04-07"]
    orders = [event("order.placed", f"{day} 10:00", order_id=day, total=20) for day in days]
    life, mails = lived(SALMA, orders, "2027-12-31 00:00", ("gone_quiet",))
    assert mails == [
        "2027-06-08 10:00 what_is_new_at_the_roastery", "2027-06-22 10:00 one_recipe", "2027-07-22 10:00 one_recipe",
        "2027-08-01 10:00 shipping_is_on_us", "2027-08-31 10:00 shall_we_stop_writing",
    ]  # fmt: skip
    assert life.person.tags == {"sleeping"}
    recipes = [one.variables["second"] for one in life.intents if one.mail == "one_recipe"]
    assert recipes == [False, True]  # nobody gets the same recipe twice


def test_a_vip_is_welcomed_the_next_day_and_the_date_is_kept() -> None:
    order = event("order.placed", "2027-03-04 13:00", order_id="A1", total=640)
    life, mails = lived(SALMA, [order], "2027-03-20 00:00", ("vip_welcome",))
    assert mails == ["2027-03-05 10:00 roasters_table"]
    assert life.person.facts["vip_since"] == w.date(2027, 3, 4)
