"""Limits, mutes, quiet hours, the gap and places kept (language.md 6.10)."""

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta

import pytest

from nurture.decide.last_look import put_off
from nurture.model.decision import Why
from nurture.model.rules import Span
from nurture.model.sequence import Status
from nurture.model.step import WaitWeekday, Window
from nurture.model.trigger import Again, EventTrigger
from tests import worlds as w
from tests.worlds import (
    BIRTHDAY,
    DELIVERED,
    JOINED,
    WELCOME,
    endings,
    event,
    length,
    live,
    newborn,
    reachable,
    send,
    sequence,
    until_day,
    wait,
)


def test_quiet_hours_hold_a_mail_and_what_follows_is_measured_from_when_it_went() -> None:
    life = live(
        w.book(WELCOME), newborn(), [*reachable(), event("subscriber.joined", "2027-03-04 21:10")], "2027-04-01"
    )
    assert life.mails == [("2027-03-05 08:30", "hello"), ("2027-03-07 09:30", "guide")]
    assert life.why("hello") == ["held: quiet hours or window", "sent: "]


def test_at_once_answers_what_the_reader_just_did_at_night() -> None:
    night = sequence("welcome", JOINED, [send("hello", at_once=True)])
    life = live(w.book(night), newborn(), [*reachable(), event("subscriber.joined", "2027-03-04 21:10")], "2027-04-01")
    assert life.mails == [("2027-03-04 22:20", "hello")]
    assert ("quiet hours", "not for an answer at once") in [(look.what, look.found) for look in life.reasons[-2].looks]


def test_at_once_does_not_answer_what_the_shop_did() -> None:
    night = sequence("care", DELIVERED, [send("how", "care", at_once=True)])
    life = live(w.book(night), newborn(), [*reachable(), event("order.delivered", "2027-03-04 21:10")], "2027-04-01")
    assert life.mails == [("2027-03-05 08:30", "how")]


def test_a_message_stays_in_its_weekend_window() -> None:
    weekend = Window(frozenset({5, 6}), time(9), time(11))
    slow = sequence(
        "slow", JOINED,
        [WaitWeekday(
            id="wait_sat", place=w.HERE, days=frozenset({5, 6}), start=time(9), end=time(11), at_least=length("1 day")
         ),
         send("slow_morning", window=weekend)],
    )  # fmt: skip
    blocker = sequence("blocker", JOINED, [until_day(2, time(8, 40)), send("blocker", "care")], priority=90)
    joined = event("subscriber.joined", "2027-03-04 13:00")  # a Thursday
    assert live(w.book(slow), newborn(), [*reachable(), joined], "2027-04-01").mails == [
        ("2027-03-06 09:00", "slow_morning")
    ]
    life = live(w.book(slow, blocker), newborn(), [*reachable(), joined], "2027-04-01")
    assert life.mails == [("2027-03-06 08:40", "blocker"), ("2027-03-07 09:00", "slow_morning")]


def test_offers_are_muted_after_an_order_and_later_means_the_first_free_day() -> None:
    placed = EventTrigger(place=w.HERE, event="order.placed")
    bag = sequence("bag", placed, [until_day(8), send("offer", "offer")], again=Again(per="event.order_id"))
    order = event("order.placed", "2027-03-01 10:00", order_id="A")
    life = live(w.book(bag), newborn(), [*reachable(), order], "2027-04-01")
    assert life.mails == [("2027-03-12 10:00", "offer")]
    assert life.why("offer") == ["moved: muted by just_bought", "sent: "]
    skipping = sequence(
        "bag", placed, [until_day(8), send("offer", "offer", if_muted="skip")], again=Again(per="event.order_id")
    )
    assert live(w.book(skipping), newborn(), [*reachable(), order], "2027-04-01").why("offer") == [
        "muted: muted by just_bought"
    ]
    stopping = sequence(
        "bag", placed, [until_day(8), send("offer", "offer", if_muted="stop")], again=Again(per="event.order_id")
    )
    assert endings(live(w.book(stopping), newborn(), [*reachable(), order], "2027-04-01")) == ["ended: muted: offer"]


@pytest.mark.parametrize(("good_for", "mails"), [("3 days", [("2027-03-12 10:00", "offer")]), ("2 days", [])])
def test_a_mail_moved_to_its_last_good_moment_goes(good_for: str, mails: list[tuple[str, str]]) -> None:
    placed = EventTrigger(place=w.HERE, event="order.placed")
    step = send("offer", "offer", valid_for=length(good_for))  # due on the 9th, muted to the 11th
    bag = sequence("bag", placed, [until_day(8), step], again=Again(per="event.order_id"))
    order = event("order.placed", "2027-03-01 10:00", order_id="A")
    assert live(w.book(bag), newborn(), [*reachable(), order], "2027-04-01").mails == mails


def test_a_mail_that_waited_is_put_back_to_its_last_good_moment() -> None:
    book = w.book(WELCOME)
    life = live(book, newborn(), [*reachable(), event("subscriber.joined", "2027-03-04 13:00")], "2027-03-05")
    night, morning = datetime(2027, 3, 4, 22, tzinfo=UTC), datetime(2027, 3, 5, 7, 30, tzinfo=UTC)  # 23:00 and 8:30
    for late, why in ((timedelta(0), Why.held), (timedelta(seconds=1), Why.expired)):
        found = put_off(book, life.person, replace(life.intents[0], valid_until=morning - late), night)
        assert found is not None
        assert found[0] is why


def test_an_open_complaint_mutes_until_fourteen_days_after_it_is_resolved() -> None:
    tips = sequence("tips", JOINED, [send("tip", valid_for=length("40 days"))])
    happened = [
        event("complaint.opened", "2027-03-01 10:00", ticket="T1"),
        event("complaint.resolved", "2027-03-02 10:00", ticket="T2"),
        event("subscriber.joined", "2027-03-10 10:00"),
    ]
    assert live(w.book(tips), newborn(), [*reachable(), *happened], "2027-05-01").why("tip") == [
        "muted: muted by open_complaint"
    ]
    solved = event("complaint.resolved", "2027-03-05 10:00", ticket="T1")
    life = live(w.book(tips), newborn(), [*reachable(), *happened, solved], "2027-05-01")
    assert life.mails == [("2027-03-20 11:10", "tip")]


def test_one_a_day_the_better_class_goes_first_and_the_other_moves() -> None:
    care = sequence("care", JOINED, [send("care_mail", "care")])
    news = sequence("news", JOINED, [send("news_mail", "news")], priority=99)
    life = live(
        w.book(news, care), newborn(), [*reachable(), event("subscriber.joined", "2027-03-04 13:00")], "2027-04-01"
    )
    assert life.mails == [("2027-03-04 14:10", "care_mail"), ("2027-03-05 14:10", "news_mail")]
    assert life.why("news_mail")[0] == "moved: already had care_mail (limit 1 per day)"


def test_a_fixed_day_keeps_its_place_against_a_movable_mail() -> None:
    party = sequence(
        "birthday",
        BIRTHDAY,
        [until_day(0, time(9)), send("wishes", "celebration", fixed=True)],
        again=Again(per="occurrence"),
    )
    review = EventTrigger(place=w.HERE, event="review.posted")
    thanks = sequence(
        "thanks",
        review,
        [wait("1 day", time(10)), send("invite", "care", valid_for=length("10 days"))],
        again=Again(per="event"),
    )
    told = [event("review.posted", f"2026-05-{day:02} 10:00") for day in (8, 10, 12)]
    life = live(w.book(party, thanks), newborn(birthday=date(1991, 5, 14)), [*reachable(), *told], "2026-06-01")
    assert life.mails == [
        ("2026-05-09 10:00", "invite"), ("2026-05-11 10:00", "invite"), ("2026-05-14 09:00", "wishes"),
        ("2026-05-16 10:00", "invite"),
    ]  # fmt: skip
    assert "moved: keeps a place for wishes on 14 May (limit 3 per 7 days)" in life.why("invite")


def test_the_gap_between_two_mails_holds() -> None:
    review = EventTrigger(place=w.HERE, event="review.posted")
    one = sequence("one", review, [send("one", "care")], again=Again(per="event"))
    two = sequence("two", JOINED, [send("two", "care")])
    happened = [event("review.posted", "2027-03-04 19:00"), event("subscriber.joined", "2027-03-05 08:00")]
    life = live(w.book(one, two), newborn(), [*reachable(), *happened], "2027-04-01")
    assert life.mails == [("2027-03-04 20:10", "one"), ("2027-03-05 14:10", "two")]
    assert life.why("two")[0] == "moved: 18 hours after one"


@pytest.mark.parametrize(("choice", "ending"), [("skip", "finished"), ("stop", "ended: capped: late")])
def test_if_capped(choice: str, ending: str) -> None:
    many = sequence("many", JOINED, [send("first", "care"), send("late", "care", if_capped=choice)])
    life = live(w.book(many), newborn(), [*reachable(), event("subscriber.joined", "2027-03-04 13:00")], "2027-04-01")
    assert [mail for _, mail in life.mails] == ["first"]
    assert life.why("late") == ["capped: already had first (limit 1 per day)"]
    assert endings(life) == [ending]


def test_service_is_never_limited_nor_counted_nor_held() -> None:
    night = sequence("receipt", JOINED, [send("receipt", "service"), send("receipt_2", "service"), send("hello")])
    life = live(
        w.book(night), newborn(), [*reachable()[:1], event("subscriber.joined", "2027-03-04 21:00")], "2027-04-01"
    )
    assert life.mails == [("2027-03-04 22:10", "receipt"), ("2027-03-04 22:10", "receipt_2")]


def test_no_quiet_hours_no_limits() -> None:
    free = replace(w.RULES, quiet_hours=None, limits=(), min_gap=None, mutes=())
    many = sequence("many", JOINED, [send("first"), send("second"), send("third", "offer")])
    life = live(
        w.book(many, rules=free),
        newborn(),
        [*reachable(), event("subscriber.joined", "2027-03-04 23:00")],
        "2027-04-01",
    )
    assert [mail for _, mail in life.mails] == ["first", "second", "third"]
    assert Span(time(20), time(8)).holds(time(23))


def test_a_paused_sequence_keeps_nobodys_place() -> None:
    better = sequence("better", JOINED, [until_day(0, time(18)), send("better", "care")], priority=90)
    other = sequence("other", JOINED, [until_day(0, time(16)), send("other", "care")])
    joined = event("subscriber.joined", "2027-03-04 09:00")
    paused = live(w.book(replace(better, status=Status.paused), other), newborn(), [*reachable(), joined], "2027-04-01")
    assert paused.mails == [("2027-03-04 16:00", "other")]
    kept = live(w.book(better, other), newborn(), [*reachable(), joined], "2027-04-01")
    assert kept.mails[0] == ("2027-03-04 18:00", "better")


def test_a_message_says_what_was_looked_at() -> None:
    tips = sequence("tips", JOINED, [send("tip")])
    joined = event("subscriber.joined", "2027-03-10 10:00")
    sent = live(w.book(tips), newborn(), [*reachable(), joined], "2027-05-01")
    assert [(look.what, look.found) for look in sent.reasons[-2].looks] == [
        ("consent", "tips"), ("quiet hours", "clear"), ("mutes", "none for news"), ("limits", "not reached"),
    ]  # fmt: skip
    complaint = event("complaint.opened", "2027-03-01 10:00", ticket="T1")
    muted = live(w.book(tips), newborn(), [*reachable(), complaint, joined], "2027-05-01")
    looks = next(reason.looks for reason in muted.reasons if reason.why is Why.muted)
    assert [(look.what, look.found, look.answer) for look in looks] == [
        ("consent", "tips", "yes"),
        ("mutes", "complaint.opened 1 Mar 11:00", "its end is not known yet"),
    ]
