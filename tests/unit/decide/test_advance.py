"""What the core decides, case by case; sections are those of language.md."""

from dataclasses import replace
from datetime import date, time, timedelta

import pytest

from nurture.decide.advance import FutureRead, RunsInCircles, advance
from nurture.decide.last_look import last_look
from nurture.model import event as names
from nurture.model.decision import Why
from nurture.model.event import MonthDay, Origin
from nurture.model.person import Enrolment
from nurture.model.rules import Span
from nurture.model.sequence import (
    Again,
    Arm,
    Branch,
    DayTrigger,
    EventTrigger,
    Goal,
    LapseTrigger,
    ManualTrigger,
    Set,
    StageTrigger,
    Status,
    Stop,
    StopRule,
    Tag,
    WaitUntil,
    WaitWeekday,
    Window,
)
from tests import worlds as w
from tests.worlds import event, facts, length, live, newborn, reachable, send, sequence, until_day, utc, wait

JOINED = EventTrigger(place=w.HERE, event="subscriber.joined")
DELIVERED = EventTrigger(place=w.HERE, event="order.delivered")
BIRTHDAY = DayTrigger(place=w.HERE, path=("person", "birthday"), yearly=True, lead=length("7 days"))
LAPSE = LapseTrigger(place=w.HERE, event="order.placed", length=length("60 days"))
WELCOME = sequence(
    "welcome", JOINED, [send("hello"), wait("2 days", time(9, 30)), send("guide")], again=Again(never=True)
)


def endings(life: w.Life) -> list[str]:
    return [enrolment.ending for enrolment in life.person.enrolments]


def whys(life: w.Life) -> list[str]:
    return [reason.why.value for reason in life.reasons]


def test_a_welcome_goes_after_it_settled_and_the_next_mail_two_dates_later() -> None:
    life = live(
        w.book(WELCOME), newborn(), [*reachable(), event("subscriber.joined", "2027-03-04 13:00")], "2027-04-01"
    )
    assert life.mails == [("2027-03-04 14:10", "hello"), ("2027-03-06 09:30", "guide")]
    assert endings(life) == ["finished"]


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


def test_at_once_does_not_answer_what_the_shop_did() -> None:
    night = sequence("care", DELIVERED, [send("how", "care", at_once=True)])
    life = live(w.book(night), newborn(), [*reachable(), event("order.delivered", "2027-03-04 21:10")], "2027-04-01")
    assert life.mails == [("2027-03-05 08:30", "how")]


def test_nobody_is_written_to_without_consent_and_the_reason_is_kept() -> None:
    only_address = reachable()[:1]
    life = live(
        w.book(WELCOME), newborn(), [*only_address, event("subscriber.joined", "2027-03-04 13:00")], "2027-04-01"
    )
    assert life.mails == []
    assert life.why("hello") == ["no_consent: no consent to tips"]
    assert endings(life) == ["finished"]


def test_without_an_address_the_mail_does_not_go() -> None:
    life = live(w.book(WELCOME), newborn(), [event("subscriber.joined", "2027-03-04 13:00")], "2027-04-01")
    assert life.why("hello") == ["no_address: no address is known"]


def test_soft_opt_in_of_customers_needs_an_order_and_can_be_refused() -> None:
    care = sequence("care", DELIVERED, [send("how", "care")], again=Again(per="event.order_id"))
    address = reachable()[:1]
    bought = [
        event("order.placed", "2027-03-01 10:00", order_id="A"),
        event("order.delivered", "2027-03-03 10:00", order_id="A"),
    ]
    assert len(live(w.book(care), newborn(), [*address, *bought], "2027-04-01").mails) == 1
    refused = event(names.CONSENT_REFUSED, "2027-03-02 10:00", topics=("care",))
    assert live(w.book(care), newborn(), [*address, *bought, refused], "2027-04-01").mails == []
    regiven = event(names.CONSENT_GIVEN, "2027-03-02 11:00", topics=("care",))
    assert live(w.book(care), newborn(), [*address, *bought, refused, regiven], "2027-04-01").mails == []


def test_a_theme_is_spared_and_a_suppressed_person_hears_nothing() -> None:
    gentle = sequence("mothers", JOINED, [send("flowers", theme="mothers_day")])
    joined = event("subscriber.joined", "2027-03-04 13:00")
    spared = event(names.THEME_SPARED, "2027-03-01 10:00", theme="mothers_day")
    assert live(w.book(gentle), newborn(), [*reachable(), spared, joined], "2027-04-01").why("flowers") == [
        "spared: mothers_day"
    ]
    stop = event(names.SUPPRESSED, "2027-03-01 10:00", because="asked by phone")
    assert "refused" in whys(live(w.book(gentle), newborn(), [*reachable(), stop, joined], "2027-04-01"))


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


def test_a_paused_sequence_holds_its_mail_until_it_is_too_old() -> None:
    paused = replace(WELCOME, status=Status.paused)
    life = live(w.book(paused), newborn(), [*reachable(), event("subscriber.joined", "2027-03-04 13:00")], "2027-04-01")
    assert life.mails == []
    assert whys(life).count("expired") == 2
    assert "held" in whys(life)


@pytest.mark.parametrize(
    ("born", "greeted"),
    [
        (date(1991, 5, 14), "2027-05-14 09:00"),
        (MonthDay(5, 14), "2027-05-14 09:00"),
        (date(1996, 2, 29), "2027-02-28 09:00"),
    ],
)
def test_birthdays(born: object, greeted: str) -> None:
    party = sequence(
        "birthday",
        BIRTHDAY,
        [until_day(0, time(9)), send("wishes", "celebration", fixed=True)],
        again=Again(per="occurrence"),
    )
    life = live(w.book(party), newborn(birthday=born), reachable(), "2027-12-31")
    assert life.mails[-1] == (greeted, "wishes")
    assert len(life.mails) in (1, 2)  # 2026 and 2027: the world begins on 1 January 2026


def test_a_birthday_is_greeted_once_a_year_and_a_corrected_one_not_twice() -> None:
    party = sequence(
        "birthday", BIRTHDAY, [until_day(0, time(9)), send("wishes", "celebration")], again=Again(per="occurrence")
    )
    corrected = facts("2026-06-01 12:00", birthday=date(1991, 7, 14))
    life = live(w.book(party), newborn(birthday=date(1991, 5, 14)), [*reachable(), corrected], "2027-12-31")
    assert life.mails == [("2026-05-14 09:00", "wishes"), ("2027-07-14 09:00", "wishes")]
    assert "too soon" in whys(life)


def test_a_moved_date_ends_the_enrolment_and_the_new_date_is_a_new_subject() -> None:
    party = sequence(
        "birthday", BIRTHDAY, [until_day(0, time(9)), send("wishes", "celebration")], again=Again(per="occurrence")
    )
    corrected = facts("2026-05-10 12:00", birthday=date(1991, 5, 20))
    life = live(w.book(party), newborn(birthday=date(1991, 5, 14)), [*reachable(), corrected], "2026-12-31")
    assert life.mails == [("2026-05-20 09:00", "wishes")]
    assert endings(life)[0].startswith("date moved")


@pytest.mark.parametrize(("skip", "mails"), [(False, 1), (True, 0)])
def test_a_day_learned_of_between_lead_and_day_zero(skip: bool, mails: int) -> None:
    late = replace(BIRTHDAY, skip_if_late=skip)
    party = sequence(
        "birthday", late, [until_day(0, time(9)), send("wishes", "celebration")], again=Again(per="occurrence")
    )
    learned = facts("2026-05-10 12:00", birthday=date(1991, 5, 14))
    assert len(live(w.book(party), newborn(), [*reachable(), learned], "2026-12-31").mails) == mails
    imported = replace(learned, origin=Origin.imported)
    assert live(w.book(party), newborn(), [*reachable(), imported], "2026-12-31").mails == []


def test_a_placeholder_is_no_birthday() -> None:
    party = sequence("birthday", BIRTHDAY, [send("wishes", "celebration")], again=Again(per="occurrence"))
    told = facts("2026-02-01 12:00", birthday=date(1970, 1, 1))
    assert live(w.book(party), newborn(), [*reachable(), told], "2028-12-31").mails == []


def test_the_first_order_has_its_anniversary_after_a_year() -> None:
    trigger = DayTrigger(place=w.HERE, path=("person", "orders", "first_at"), yearly=True)
    year = sequence(
        "year", trigger, [until_day(0, time(9)), send("year", "celebration")], again=Again(per="occurrence")
    )
    life = live(w.book(year), newborn(), [*reachable(), event("order.placed", "2026-03-05 10:00")], "2027-12-31")
    assert life.mails == [("2027-03-05 09:00", "year")]


def test_the_second_lapse_mails_again() -> None:
    quiet = sequence("quiet", LAPSE, [send("miss_you")], again=Again(per="person"))
    orders = [event("order.placed", "2026-02-01 12:00"), event("order.placed", "2026-06-01 12:00")]
    life = live(w.book(quiet), newborn(), [*reachable(), *orders], "2026-12-31")
    assert life.mails == [("2026-04-02 10:00", "miss_you"), ("2026-07-31 10:00", "miss_you")]
    assert len({intent.key for intent in life.intents}) == 2


def test_an_order_in_the_second_of_the_lapse_wins() -> None:
    quiet = sequence("quiet", LAPSE, [send("miss_you")], again=Again(per="person"))
    orders = [event("order.placed", "2026-02-01 12:00"), event("order.placed", "2026-04-02 08:00")]  # 10:00 in Paris
    assert live(w.book(quiet), newborn(), [*reachable(), *orders], "2026-05-30").mails == []


def test_the_gap_between_two_starts() -> None:
    quiet = sequence("quiet", LAPSE, [send("miss_you")], again=Again(per="person", gap=length("180 days")))
    orders = [event("order.placed", "2026-02-01 12:00"), event("order.placed", "2026-06-01 12:00")]
    life = live(w.book(quiet), newborn(), [*reachable(), *orders], "2026-12-31")
    assert len(life.mails) == 1
    assert "too soon" in whys(life)


@pytest.mark.parametrize(
    ("days", "lapses"),
    [
        (["2026-09-01", "2026-10-02", "2026-11-03", "2026-12-04", "2027-01-08"], "2027-03-12 10:00"),
        (["2026-11-10", "2026-12-14", "2027-01-15"], "2027-03-31 10:00"),
        (["2027-01-15"], "2027-03-31 10:00"),
        (["2026-12-01", "2026-12-05", "2026-12-09", "2026-12-14"], "2027-01-18 10:00"),
    ],
)
def test_the_rows_of_the_rhythm_table(days: list[str], lapses: str) -> None:
    trigger = LapseTrigger(
        place=w.HERE, event="order.placed", rhythm=2, at_least=length("35 days"), at_most=length("150 days"),
        if_unknown=length("75 days"),
    )  # fmt: skip
    quiet = sequence("quiet", trigger, [send("miss_you")], again=Again(per="person"))
    orders = [event("order.placed", f"{day} 12:00") for day in days]
    assert live(w.book(quiet), newborn(), [*reachable(), *orders], "2027-05-01").mails[-1] == (lapses, "miss_you")


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


def test_branches_tags_set_and_stop() -> None:
    arms = (
        Arm(w.condition("person.country == 'FR'"), (send("salut"),), w.HERE),
        Arm(w.condition("person.country is unknown"), (Stop(id="stop_1", place=w.HERE, reason="where"),), w.HERE),
        Arm(None, (send("hi"),), w.HERE),
    )
    ways = sequence(
        "ways", JOINED,
        [Branch(id="branch_1", place=w.HERE, arms=arms), Tag(id="tag_1", place=w.HERE, tags=("sleeping",)),
         Set(id="set_1", place=w.HERE, values=(("vip_since", w.condition("today == today").root.left),))],  # type: ignore[union-attr]
    )  # fmt: skip
    joined = event("subscriber.joined", "2027-03-04 13:00")
    french = live(w.book(ways), newborn(country="FR"), [*reachable(), joined], "2027-04-01")
    assert [mail for _, mail in french.mails] == ["salut"]
    assert french.person.tags == {"sleeping"}
    assert french.person.facts["vip_since"] == date(2027, 3, 4)
    assert [made.name for d in french.decisions for made in d.events] == [names.PERSON_TAGGED, names.PERSON_CHANGED]
    assert [
        mail for _, mail in live(w.book(ways), newborn(country="DE"), [*reachable(), joined], "2027-04-01").mails
    ] == ["hi"]
    assert endings(live(w.book(ways), newborn(), [*reachable(), joined], "2027-04-01")) == ["stopped: where"]


def test_a_steps_own_if_skips_it_with_a_reason() -> None:
    asked = sequence("asked", JOINED, [send("only_vip", condition=w.condition("person.stage == 'vip'")), send("all")])
    life = live(w.book(asked), newborn(), [*reachable(), event("subscriber.joined", "2027-03-04 13:00")], "2027-04-01")
    assert life.why("only_vip") == ["not_asked: "]
    assert [mail for _, mail in life.mails] == ["all"]


def test_until_a_persons_date_is_read_again_when_it_changes() -> None:
    reminder = sequence(
        "reminder",
        JOINED,
        [WaitUntil(id="until_1", place=w.HERE, path=("person", "vip_since"), minus=length("3 days")), send("soon")],
    )
    happened = [
        facts("2027-03-01 10:00", vip_since=date(2027, 4, 10)),
        event("subscriber.joined", "2027-03-04 13:00"),
        facts("2027-03-10 10:00", vip_since=date(2027, 4, 20)),
    ]
    assert live(w.book(reminder), newborn(), [*reachable(), *happened], "2027-05-01").mails == [
        ("2027-04-17 10:00", "soon")
    ]
    unknown = live(w.book(reminder), newborn(), [*reachable(), happened[1]], "2027-05-01")
    assert endings(unknown) == ["no longer fits: unknown: person.vip_since"]


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


def test_someone_who_moves_takes_the_wall_time_along() -> None:
    care = sequence("care", DELIVERED, [until_day(6), send("how", "care")])
    happened = [event("order.delivered", "2027-03-03 10:00"), facts("2027-03-05 10:00", zone="America/New_York")]
    life = live(w.book(care), newborn(), [*reachable(), *happened], "2027-04-01")
    assert life.mails == [("2027-03-09 10:00", "how")]
    assert life.intents[0].decided_at == utc("2027-03-09 15:00")


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


def test_a_daemon_that_slept_sends_late_what_is_still_good_and_waits_are_not_moved() -> None:
    world = w.book(WELCOME)
    person = live(world, newborn(), [*reachable(), event("subscriber.joined", "2027-03-04 13:00")], "2027-03-05").person
    late = advance(world, person, utc("2027-03-06 14:00"))
    assert [(i.due_at, i.decided_at) for i in late.intents] == [(utc("2027-03-06 08:30"), utc("2027-03-06 14:00"))]
    too_late = advance(world, person, utc("2027-03-16 14:00"))
    assert not too_late.intents
    assert Why.expired in {reason.why for reason in too_late.reasons}


def test_stop_beats_a_mail_that_a_sleeping_daemon_did_not_send() -> None:
    stopping = replace(WELCOME, stop_when=(StopRule("complaint.opened"),))
    world = w.book(stopping)
    person = live(world, newborn(), [*reachable(), event("subscriber.joined", "2027-03-04 13:00")], "2027-03-05").person
    complaint = event("complaint.opened", "2027-03-06 12:00", ticket="T")
    assert not advance(world, person, utc("2027-03-06 14:00"), [complaint]).intents


def test_the_future_is_refused() -> None:
    with pytest.raises(FutureRead):
        advance(w.book(WELCOME), newborn(), utc("2027-01-01 00:00"), [event("subscriber.joined", "2027-03-04 13:00")])


def test_a_book_that_runs_in_circles_is_a_fault_with_a_name() -> None:
    hot = sequence(
        "hot", StageTrigger(place=w.HERE, stage="a", settle=length("0 minutes")),
        [Tag(id="t", place=w.HERE, tags=("sleeping",))], again=Again(per="event"),
    )  # fmt: skip
    cold = sequence(
        "cold", StageTrigger(place=w.HERE, stage="b", settle=length("0 minutes")),
        [w.Untag(id="u", place=w.HERE, tags=("sleeping",))], again=Again(per="event"),
    )  # fmt: skip
    stages = (w.Stage("b", "B", w.condition("has_tag('sleeping')")), w.Stage("a", "A", w.condition("true")))
    tagged = event(names.PERSON_TAGGED, "2027-03-04 13:00", tags=("sleeping",))
    with pytest.raises(RunsInCircles):
        live(w.book(hot, cold, stages=stages), newborn(), [tagged], "2027-04-01")


def test_the_last_look_cancels_what_changed_since_the_decision() -> None:
    world = w.book(replace(WELCOME, stop_when=(StopRule("complaint.opened"),)))
    life = live(world, newborn(), [*reachable(), event("subscriber.joined", "2027-03-04 13:00")], "2027-03-04 14:00")
    intent, now = life.intents[0], utc("2027-03-04 13:20")
    assert last_look(world, life.person, intent, now) is None
    for happened, why in [
        (event(names.CONSENT_REFUSED, now, topics=()), Why.no_consent),
        (event(names.SUPPRESSED, now, because="asked"), Why.suppressed),
        (event(names.ADDRESS_STATE, now, state="hard"), Why.no_address),
        (event(names.ADDRESS_ADDED, now, address="new@example.net"), Why.cancelled),
        (event("complaint.opened", now, ticket="T"), Why.muted),
    ]:
        person = advance(world, life.person, now, [happened]).person
        found = last_look(world, person, intent, now)
        assert found is not None
        assert found[0] is why
    late = last_look(world, life.person, intent, now + timedelta(days=5))
    assert late is not None
    assert late[0] is Why.expired


def test_a_sequence_gone_from_the_book_ends_its_enrolments() -> None:
    world = w.book(WELCOME)
    person = live(world, newborn(), [*reachable(), event("subscriber.joined", "2027-03-04 13:00")], "2027-03-05").person
    decision = advance(w.book(), person, utc("2027-03-07 10:00"))
    gone: Enrolment = decision.person.enrolments[0]
    assert gone.ending.startswith("removed")
    assert not decision.intents


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
