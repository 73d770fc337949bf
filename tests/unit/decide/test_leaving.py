"""How people leave before the end, and orders that are undone (language.md 6.5)."""

from dataclasses import replace

from nurture.decide.advance import advance
from nurture.model import event as names
from nurture.model.person import Enrolment
from nurture.model.sequence import Goal, StopRule
from nurture.model.trigger import Again, EventTrigger, StageTrigger
from tests import worlds as w
from tests.worlds import (
    DELIVERED,
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
    utc,
    wait,
)


def test_an_undone_order_undoes_what_it_caused_to_come() -> None:
    care = sequence("care", DELIVERED, [until_day(6), send("how", "care")], again=Again(per="event.order_id"))
    happened = [
        event("order.placed", "2027-03-01 10:00", order_id="A"),
        event("order.delivered", "2027-03-03 10:00", order_id="A"),
        event("order.cancelled", "2027-03-05 10:00", order_id="A"),
    ]
    life = live(w.book(care), newborn(), [*reachable(), *happened], "2027-04-01")
    assert life.mails == []
    assert endings(life) == ["stopped: undone by order.cancelled"]
    assert life.person.orders.count == 0
    assert life.person.stage is not None
    assert life.person.stage.id == "looking"


def test_an_undone_order_does_not_keep_a_vip() -> None:
    vip = sequence(
        "vip",
        StageTrigger(place=w.HERE, stage="vip"),
        [wait("3 days"), send("table", "care")],
        again=Again(per="person"),
    )
    orders = [event("order.placed", f"2026-0{month}-01 12:00", order_id=str(month)) for month in (2, 3, 4, 5)]
    undone = event("order.cancelled", "2026-05-02 10:00", order_id="5")
    life = live(w.book(vip), newborn(), [*reachable(), *orders, undone], "2026-06-01")
    assert life.mails == []
    assert life.person.stage is not None
    assert life.person.stage.id == "again"


def test_goal_comes_before_stop_and_the_event_that_started_it_is_not_the_goal() -> None:
    placed = EventTrigger(place=w.HERE, event="order.placed")
    next_bag = sequence(
        "next_bag", placed, [until_day(12), send("beans")], goal=Goal("order.placed", length("45 days")),
        stop_when=(StopRule("order.placed"),), again=Again(per="event.order_id", running="alongside"),
    )  # fmt: skip
    first = event("order.placed", "2027-03-01 10:00", order_id="A")
    life = live(w.book(next_bag), newborn(), [*reachable(), first], "2027-04-01")
    assert len(life.mails) == 1
    again = event("order.placed", "2027-03-04 10:00", order_id="B")
    life = live(w.book(next_bag), newborn(), [*reachable(), first, again], "2027-04-01")
    assert endings(life) == ["goal: order.placed", "finished"]


def test_while_is_asked_before_every_step_and_stop_when_acts_mid_wait() -> None:
    care = sequence(
        "care", DELIVERED, [until_day(6), send("how", "care"), wait("3 days"), send("more", "care")],
        while_=w.condition("not has_tag('do_not_ask')"), stop_when=(StopRule("complaint.opened"),),
        again=Again(per="event.order_id"),
    )  # fmt: skip
    delivered = event("order.delivered", "2027-03-03 10:00", order_id="A")
    tagged = event(names.PERSON_TAGGED, "2027-03-10 10:00", tags=("do_not_ask",))
    life = live(w.book(care), newborn(), [*reachable(), delivered, tagged], "2027-04-01")
    assert len(life.mails) == 1
    assert endings(life)[0].startswith("no longer fits")
    complaint = event("complaint.opened", "2027-03-05 10:00", ticket="T")
    life = live(w.book(care), newborn(), [*reachable(), delivered, complaint], "2027-04-01")
    assert life.mails == []
    assert life.person.enrolments[0].ended_at == utc("2027-03-05 10:00")


def test_stop_when_a_condition_becomes_true() -> None:
    care = sequence(
        "care",
        DELIVERED,
        [until_day(6), send("how", "care")],
        stop_when=(StopRule(condition=w.condition("has_tag('do_not_ask')")),),
    )
    happened = [
        event("order.delivered", "2027-03-03 10:00"),
        event(names.PERSON_TAGGED, "2027-03-05 10:00", tags=("do_not_ask",)),
    ]
    life = live(w.book(care), newborn(), [*reachable(), *happened], "2027-04-01")
    assert endings(life) == ["stopped: has_tag('do_not_ask')"]


def test_stop_beats_a_mail_that_a_sleeping_daemon_did_not_send() -> None:
    stopping = replace(WELCOME, stop_when=(StopRule("complaint.opened"),))
    world = w.book(stopping)
    person = live(world, newborn(), [*reachable(), event("subscriber.joined", "2027-03-04 13:00")], "2027-03-05").person
    complaint = event("complaint.opened", "2027-03-06 12:00", ticket="T")
    assert not advance(world, person, utc("2027-03-06 14:00"), [complaint]).intents


def test_a_sequence_gone_from_the_book_ends_its_enrolments() -> None:
    world = w.book(WELCOME)
    person = live(world, newborn(), [*reachable(), event("subscriber.joined", "2027-03-04 13:00")], "2027-03-05").person
    decision = advance(w.book(), person, utc("2027-03-07 10:00"))
    gone: Enrolment = decision.person.enrolments[0]
    assert gone.ending.startswith("removed")
    assert not decision.intents


def test_what_the_reader_did_about_an_order_is_no_consequence_of_it() -> None:
    """A complaint about an order goes on being cared for when the order is refunded; its delivery's check-in ends."""
    opened = EventTrigger(place=w.HERE, event="complaint.opened")
    care = sequence("care", opened, [wait("3 days"), send("put_right", "service")], again=Again(per="event"))
    check_in = sequence("check_in", DELIVERED, [until_day(6), send("how", "care")], again=Again(per="event"))
    happened = [
        event("order.placed", "2027-03-01 10:00", order_id="A"),
        event("order.delivered", "2027-03-03 10:00", order_id="A"),
        event("complaint.opened", "2027-03-04 10:00", ticket="T", order_id="A"),
        event("order.cancelled", "2027-03-05 10:00", order_id="A"),
    ]
    life = live(w.book(care, check_in), newborn(), [*reachable(), *happened], "2027-04-01")
    assert [mail for _, mail in life.mails] == ["put_right"]
    assert endings(life) == ["stopped: undone by order.cancelled", "finished"]
