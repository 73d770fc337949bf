"""Who starts, and who may start again (language.md 4.2, 4.4, 6.4)."""

from dataclasses import replace
from datetime import date

from nurture.model import event as names
from nurture.model.decision import Why
from nurture.model.event import Origin
from nurture.model.sequence import Status
from nurture.model.trigger import Again, EventTrigger, ManualTrigger, StageTrigger
from tests import worlds as w
from tests.worlds import (
    DELIVERED,
    LAPSE,
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
    whys,
)


def test_a_webhook_delivered_twice_starts_once() -> None:
    care = sequence("care", DELIVERED, [until_day(6), send("how", "care")], again=Again(per="event.order_id"))
    twice = [event("order.delivered", "2027-03-03 11:05", order_id="A1") for _ in range(2)]
    life = live(w.book(care), newborn(), [*reachable(), *twice], "2027-04-01")
    assert life.mails == [("2027-03-09 10:00", "how")]
    assert "already" in whys(life)


def test_an_old_event_starts_nothing_unless_the_import_says_fresh() -> None:
    old = event("subscriber.joined", "2027-03-01 12:00", known="2027-03-09 12:00")
    assert whys(live(w.book(WELCOME), newborn(), [*reachable(), old], "2027-04-01")).count("too old") == 1
    assert len(live(w.book(WELCOME), newborn(), [*reachable(), replace(old, fresh=True)], "2027-04-01").mails) == 2


def test_closed_and_draft_sequences() -> None:
    joined = event("subscriber.joined", "2027-03-04 13:00")
    closed = live(w.book(replace(WELCOME, status=Status.closed)), newborn(), [*reachable(), joined], "2027-04-01")
    draft = live(w.book(replace(WELCOME, status=Status.draft)), newborn(), [*reachable(), joined], "2027-04-01")
    assert "closed" in whys(closed)
    assert not [r for r in draft.reasons if r.sequence]


def test_the_gap_between_two_starts() -> None:
    quiet = sequence("quiet", LAPSE, [send("miss_you")], again=Again(per="person", gap=length("180 days")))
    orders = [event("order.placed", "2026-02-01 12:00"), event("order.placed", "2026-06-01 12:00")]
    life = live(w.book(quiet), newborn(), [*reachable(), *orders], "2026-12-31")
    assert len(life.mails) == 1
    assert "too soon" in whys(life)


def test_entering_a_stage_by_evidence_starts_and_by_import_does_not() -> None:
    vip = sequence(
        "vip",
        StageTrigger(place=w.HERE, stage="vip"),
        [send("table", "care")],
        again=Again(per="person"),
        stage=("vip",),
    )
    orders = [event("order.placed", f"2026-0{month}-01 12:00", order_id=str(month)) for month in (2, 3, 4, 5)]
    life = live(w.book(vip), newborn(), [*reachable(), *orders], "2026-12-31")
    assert life.mails == [("2026-05-01 14:10", "table")]
    late = [replace(one, known_at=utc("2026-09-01 10:00"), origin=Origin.imported) for one in orders]
    assert live(w.book(vip), newborn(), [*reachable(), *late], "2026-12-31").mails == []


def test_time_alone_moves_a_stage_and_keep_for_keeps_it() -> None:
    back = sequence("back", StageTrigger(place=w.HERE, stage="buying"), [send("hm")], again=Again(per="person"))
    orders = [event("order.placed", "2026-02-01 12:00"), event("order.placed", "2026-02-10 12:00")]
    life = live(w.book(back), newborn(), [*reachable(), *orders], "2026-12-31")
    assert [i.decided_at.date() for i in life.intents] == [date(2026, 2, 1), date(2026, 5, 12)]


def test_restart_ends_the_running_one_and_starts_the_clock_anew() -> None:
    placed = EventTrigger(place=w.HERE, event="order.placed")
    bag = sequence("bag", placed, [until_day(18), send("beans")], again=Again(per="event.order_id", running="restart"))
    orders = [
        event("order.placed", "2027-03-01 10:00", order_id="A"),
        event("order.placed", "2027-03-10 10:00", order_id="B"),
    ]
    life = live(w.book(bag), newborn(), [*reachable(), *orders], "2027-04-30")
    assert life.mails == [("2027-03-28 10:00", "beans")]
    assert endings(life) == ["restarted", "finished"]


def test_queue_starts_when_the_running_one_has_ended() -> None:
    review = EventTrigger(place=w.HERE, event="review.posted")
    thanks = sequence(
        "thanks", review, [wait("5 days"), send("thanks", "care")], again=Again(per="event", running="queue")
    )
    told = [event("review.posted", "2027-03-01 10:00"), event("review.posted", "2027-03-03 10:00")]
    life = live(w.book(thanks), newborn(), [*reachable(), *told], "2027-04-30")
    assert [m[0][:10] for m in life.mails] == ["2027-03-06", "2027-03-11"]
    assert whys(life).count("queued") == 1


def test_two_in_the_queue_are_two_subjects() -> None:
    review = EventTrigger(place=w.HERE, event="review.posted")
    thanks = sequence("thanks", review, [wait("5 days"), send("thanks", "service")], again=Again(running="queue"))
    told = [event("review.posted", f"2027-03-0{day} 10:00") for day in (1, 2, 3)]
    life = live(w.book(thanks), newborn(), [*reachable(), *told], "2027-04-30")
    assert [enrolment.subject for enrolment in life.person.enrolments] == ["1", "2", "3"]
    assert len({intent.key for intent in life.intents}) == 3


def test_ignore_and_limit() -> None:
    review = EventTrigger(place=w.HERE, event="review.posted")
    told = [event("review.posted", f"2027-03-0{day} 10:00") for day in (1, 2, 8)]
    ignoring = sequence("thanks", review, [wait("3 days"), send("thanks", "care")])
    assert "already inside" in whys(live(w.book(ignoring), newborn(), [*reachable(), *told], "2027-04-30"))
    limited = replace(ignoring, again=Again(per="event", limit=(1, length("1 year"))))
    assert whys(live(w.book(limited), newborn(), [*reachable(), *told], "2027-04-30")).count("limit") == 2


def test_manual_starts() -> None:
    by_hand = sequence("by_hand", ManualTrigger(place=w.HERE), [send("letter")], again=Again(never=True))
    enrolled = [event(names.PERSON_ENROLLED, f"2027-03-0{day} 10:00", sequence="by_hand") for day in (1, 2)]
    life = live(w.book(by_hand), newborn(), [*reachable(), *enrolled], "2027-04-30")
    assert len(life.mails) == 1
    assert "once only" in whys(life)


def test_a_start_by_hand_of_what_is_about_an_events_field_is_about_its_day() -> None:
    care = sequence("care", DELIVERED, [send("how", "care")], again=Again(per="event.order_id"))
    enrolled = [event(names.PERSON_ENROLLED, f"2027-03-01 1{hour}:00", sequence="care") for hour in (0, 1)]
    life = live(w.book(care), newborn(), [*reachable(), *enrolled], "2027-04-30")
    assert [one.subject for one in life.person.enrolments] == ["2027-03-01"]
    assert whys(life).count("already") == 1


def test_entry_condition_and_stage_are_asked_once_with_the_failing_part() -> None:
    asked = replace(DELIVERED, condition=w.condition("person.orders.count == 1", start="order.delivered"))
    care = sequence("care", asked, [send("how", "care")], again=Again(per="event.order_id"), stage=("buying",))
    life = live(
        w.book(care),
        newborn(),
        [*reachable(), event("order.delivered", "2027-03-03 10:00", order_id="A")],
        "2027-04-01",
    )
    refused = next(r for r in life.reasons if r.why is Why.condition)
    assert [(look.what, look.answer) for look in refused.looks] == [
        ("person.orders.count == 1", "no"),
        ("stage buying", "no"),
    ]


def test_a_start_that_is_refused_says_which_condition_did_not_hold() -> None:
    for asks, stage, words in (
        ("person.country == 'FR'", (), "start if does not hold"),
        ("true", ("vip",), "stage does not hold"),
        ("person.country == 'FR'", ("vip",), "start if and stage do not hold"),
    ):
        trigger = EventTrigger(place=w.HERE, event="subscriber.joined", condition=w.condition(asks))
        book = w.book(replace(sequence("hello", trigger, [send("hi")]), stage=stage))
        life = live(book, newborn(), [*reachable(), event("subscriber.joined", "2027-03-04 13:00")], "2027-04-01")
        (reason,) = (one for one in life.reasons if one.why is Why.condition)
        assert reason.words == f"subscriber.joined came; {words}"
