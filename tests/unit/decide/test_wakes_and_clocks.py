"""Nothing wakes too late, and no clock is mistaken: leap days, rhythms, moments, DST, zones unknown, equal times."""

from dataclasses import replace
from datetime import date, time, timedelta

import pytest

from nurture.decide.advance import advance
from nurture.model import event as names
from nurture.model.event import Event
from nurture.model.rules import Moment
from nurture.model.sequence import StopRule
from nurture.model.step import Set, WaitUntil
from nurture.model.trigger import Again, DayTrigger, EventTrigger, LapseTrigger, StageTrigger
from tests import worlds as w
from tests.worlds import (
    BIRTHDAY,
    DELIVERED,
    JOINED,
    LAPSE,
    WELCOME,
    endings,
    event,
    facts,
    length,
    live,
    newborn,
    reachable,
    send,
    sequence,
    until_day,
    utc,
    whys,
)  # fmt: skip

REVIEW = EventTrigger(place=w.HERE, event="review.posted")
END = "2027-06-01"


def order(at: str, identity: str = "A") -> Event:
    return event("order.placed", at, order_id=identity)


@pytest.mark.parametrize(
    ("rule", "wakes"),
    [
        ("leap-years-only", "2028-02-21 23:00"),
        ("feb-28", "2027-02-20 23:00"),
        ("mar-1", "2027-02-21 23:00"),
    ],
)
def test_a_leap_day_wakes_at_its_lead_years_ahead(rule: str, wakes: str) -> None:
    party = sequence("birthday", BIRTHDAY, [until_day(0), send("wishes", "celebration")], again=Again(per="occurrence"))
    world = w.book(party, rules=replace(w.RULES, leap_day=rule))
    decision = advance(world, newborn(birthday=date(1996, 2, 29)), utc("2026-03-05 10:00"))
    assert decision.wake == utc(wakes)
    assert decision.agenda is None


def test_a_day_in_january_wakes_in_the_december_before() -> None:
    party = sequence("birthday", BIRTHDAY, [until_day(0), send("wishes", "celebration")], again=Again(per="occurrence"))
    decision = advance(w.book(party), newborn(birthday=date(1991, 1, 3)), utc("2026-12-20 10:00"))
    assert decision.wake == utc("2026-12-26 23:00")


def test_a_rhythm_is_on_the_agenda_and_a_fixed_silence_only_wakes() -> None:
    rhythm = LapseTrigger(place=w.HERE, event="order.placed", rhythm=2, if_unknown=length("30 days"))
    for trigger, on_agenda in ((rhythm, True), (replace(LAPSE, length=length("30 days")), False)):
        world = w.book(sequence("quiet", trigger, [send("miss_you")], again=Again(per="person")), stages=())
        decision = advance(world, newborn(), utc("2026-02-01 12:00"), [order("2026-02-01 12:00")])
        assert decision.wake == utc("2026-03-03 09:00")
        assert (decision.agenda == decision.wake) is on_agenda


def test_a_moment_ends_at_the_midnight_it_fades_and_entering_it_starts() -> None:
    telling = Moment("telling", "Telling", w.condition("count('review.posted', within='9 days') >= 1"))
    thanks = sequence("thanks", StageTrigger(place=w.HERE, stage="telling"), [send("thanks", "service")])
    world = replace(w.book(thanks), moments=(telling,))
    told = event("review.posted", "2027-03-01 10:00")
    decision = advance(world, newborn(), utc("2027-03-01 12:00"), [*reachable(), told])
    assert decision.person.moments == {"telling"}
    assert decision.person.moments_check_at == utc("2027-03-09 23:00")
    life = live(world, newborn(), [*reachable(), told], END)
    assert [mail for _, mail in life.mails] == ["thanks"]
    assert life.person.moments == frozenset()


def test_a_date_that_a_step_sets_starts_what_listens_to_it_at_once() -> None:
    setting = sequence("setting", JOINED, [Set(id="set_1", place=w.HERE, values=(("vip_since", w.TODAY),))])
    listening = sequence(
        "listening", DayTrigger(place=w.HERE, path=("person", "vip_since")), [send("welcome_vip", "service")],
        again=Again(per="occurrence"),
    )  # fmt: skip
    joined = event("subscriber.joined", "2027-03-04 13:00")
    life = live(w.book(setting, listening), newborn(), [*reachable(), joined], END)
    assert life.mails == [("2027-03-04 14:10", "welcome_vip")]


def test_a_date_that_is_known_no_more_ends_who_waits_for_it() -> None:
    waiting = WaitUntil(id="until_1", place=w.HERE, path=("person", "vip_since"))
    reminder = sequence("reminder", JOINED, [waiting, send("soon")])
    happened = [
        facts("2027-03-01 10:00", vip_since=date(2027, 4, 10)),
        event("subscriber.joined", "2027-03-04 13:00"),
        facts("2027-03-10 10:00", vip_since=None),
    ]
    life = live(w.book(reminder), newborn(), [*reachable(), *happened], END)
    assert life.mails == []
    assert endings(life) == ["no longer fits: unknown: person.vip_since"]
    assert life.person.enrolments[0].ended_at == utc("2027-03-10 10:00")


def test_a_birthday_waited_for_is_the_next_one_whatever_the_year_of_birth() -> None:
    waiting = WaitUntil(id="until_1", place=w.HERE, path=("person", "birthday"), minus=length("3 days"))
    soon = sequence("soon", JOINED, [waiting, send("soon")])
    joined = event("subscriber.joined", "2027-03-04 13:00")
    life = live(w.book(soon), newborn(birthday=date(1991, 5, 14)), [*reachable(), joined], END)
    assert life.mails == [("2027-05-11 10:00", "soon")]


def test_a_second_order_on_the_anniversary_asks_nobody_again_who_was_refused_at_midnight() -> None:
    trigger = DayTrigger(
        place=w.HERE, path=("person", "orders", "first_at"), yearly=True,
        condition=w.condition("person.orders.count >= 2"),
    )  # fmt: skip
    year = sequence("year", trigger, [send("year", "celebration")], again=Again(per="occurrence"))
    orders = [order("2026-03-05 10:00"), order("2027-03-05 10:00", "B")]
    life = live(w.book(year), newborn(), [*reachable(), *orders], END)
    assert life.mails == []
    assert whys(life).count("condition") == 1


@pytest.mark.parametrize(
    ("joined", "goes"), [("2027-03-27 21:30", "2027-03-28 06:30"), ("2027-10-30 20:30", "2027-10-31 07:30")]
)
def test_quiet_hours_end_at_half_past_eight_on_the_morning_the_clocks_change(joined: str, goes: str) -> None:
    life = live(w.book(WELCOME), newborn(), [*reachable(), event("subscriber.joined", joined)], "2027-11-01")
    assert life.intents[0].decided_at == utc(goes)


def test_where_the_zone_is_unknown_the_hour_is_decent_in_every_zone_of_the_country() -> None:
    person = replace(newborn(), facts={"country": "US"})
    life = live(w.book(WELCOME), person, [*reachable(), event("subscriber.joined", "2027-03-04 15:00")], END)
    assert life.intents[0].rung == "decent in every zone of the country"
    assert life.intents[0].decided_at >= utc("2027-03-04 18:30")  # 08:30 in Honolulu
    assert life.intents[0].decided_at < utc("2027-03-05 01:30")  # 20:30 in New York


def test_an_order_in_the_second_in_which_a_mail_would_go_wins() -> None:
    leaving = replace(WELCOME, stop_when=(StopRule("order.placed"),))
    happened = [event("subscriber.joined", "2027-03-04 13:00"), order("2027-03-06 08:30")]
    life = live(w.book(leaving), newborn(), [*reachable(), *happened], END)
    assert [mail for _, mail in life.mails] == ["hello"]
    assert life.person.enrolments[0].ended_at == utc("2027-03-06 08:30")


def test_what_happened_at_one_time_is_taken_by_arrival() -> None:
    first, second = (facts("2027-03-04 13:00", first_name=name) for name in ("Salma", "Noa"))
    for given in ([first, second], [second, first]):
        decision = advance(w.book(WELCOME), newborn(), utc("2027-03-05 10:00"), given)
        assert decision.person.facts["first_name"] == "Noa"


def test_news_that_comes_late_counts_days_from_when_it_happened() -> None:
    care = sequence("care", DELIVERED, [until_day(6), send("how", "care")])
    late = event("order.delivered", "2027-03-03 10:00", known="2027-03-04 22:00", order_id="A")
    assert live(w.book(care), newborn(), [*reachable(), late], END).mails == [("2027-03-09 10:00", "how")]


def test_a_reader_who_wanted_a_topic_before_refusing_it_has_refused_it() -> None:
    refused = event(names.CONSENT_REFUSED, "2027-03-01 10:00", topics=("tips",))
    joined = event("subscriber.joined", "2027-03-04 13:00")
    for name in (names.CONSENT_GIVEN, names.CONSENT_LIFTED):
        late = event(name, "2027-03-01 09:00", known="2027-03-02 10:00", topics=("tips",), by="reader")
        assert live(w.book(WELCOME), newborn(), [*reachable(), refused, late, joined], END).mails == []
        after = event(name, "2027-03-02 09:00", topics=("tips",), by="reader")
        assert len(live(w.book(WELCOME), newborn(), [*reachable(), refused, after, joined], END).mails) == 2


def test_several_complaints_mute_until_the_last_of_them_and_never_past_at_most() -> None:
    tips = sequence("tips", REVIEW, [send("tip", valid_for=length("40 days"))], again=Again(per="event"))
    opened = [event("complaint.opened", f"2027-03-0{day} 10:00", ticket=f"T{day}") for day in (1, 3)]
    solved = [event("complaint.resolved", f"2027-03-{day} 10:00", ticket=t) for day, t in (("05", "T1"), ("10", "T3"))]
    asked = event("review.posted", "2027-03-11 10:00")
    life = live(w.book(tips), newborn(), [*reachable(), *opened, *solved, asked], END)
    assert life.mails == [("2027-03-25 11:10", "tip")]  # the 10th and 14 days more
    unsolved = [*reachable(), *opened, solved[0], event("review.posted", "2027-05-03 10:00")]
    assert live(w.book(tips), newborn(), unsolved, END).mails == [("2027-05-03 12:10", "tip")]  # 60 days are over
    before = [*unsolved[:-1], event("review.posted", "2027-05-02 10:00")]
    assert live(w.book(tips), newborn(), before, END).why("tip") == ["muted: muted by open_complaint"]


def test_an_order_told_ahead_of_its_time_does_not_lift_the_mute_of_the_last_one() -> None:
    offer = sequence("offer", REVIEW, [send("offer", "offer", if_muted="skip")])
    ahead = event("order.placed", "2027-04-20 10:00", known="2027-03-02 10:00", order_id="B")
    happened = [order("2027-03-01 10:00"), ahead, event("review.posted", "2027-03-04 10:00")]
    life = live(w.book(offer), newborn(), [*reachable(), *happened], "2027-04-01")
    assert life.why("offer") == ["muted: muted by just_bought"]


def test_later_never_goes_past_what_a_mail_is_good_for() -> None:
    many = sequence("many", JOINED, [send("first", "care"), send("second", "care", valid_for=length("10 hours"))])
    life = live(w.book(many), newborn(), [*reachable(), event("subscriber.joined", "2027-03-04 13:00")], END)
    assert life.why("second") == ["capped: already had first (limit 1 per day)"]


def test_a_limit_of_starts_is_rolling() -> None:
    thanks = sequence("thanks", REVIEW, [send("thanks", "service")], again=Again(limit=(2, length("10 days"))))
    told = [event("review.posted", f"2027-03-{day:02} 10:00") for day in (1, 5, 10, 12, 14)]
    life = live(w.book(thanks), newborn(), [*reachable(), *told], END)
    assert [i.day.day for i in life.intents] == [1, 5, 12]
    assert whys(life).count("limit") == 2


def test_an_outage_of_days_moves_no_wait_and_every_mail_is_judged_by_its_due_time() -> None:
    person = live(
        w.book(WELCOME), newborn(), [*reachable(), event("subscriber.joined", "2027-03-04 13:00")], "2027-03-04 14:00"
    ).person  # fmt: skip
    slept = advance(w.book(WELCOME), person, utc("2027-03-08 15:00"))
    assert [(i.mail, i.due_at) for i in slept.intents] == [("guide", utc("2027-03-06 08:30"))]
    longer = advance(w.book(WELCOME), person, utc("2027-03-09 15:00"))
    assert [r.why.value for r in longer.reasons] == ["expired", "finished"]


def test_someone_who_moves_while_a_mail_is_held_is_not_woken_at_night() -> None:
    happened = [event("subscriber.joined", "2027-03-04 21:10"), facts("2027-03-05 06:00", zone="America/New_York")]
    life = live(w.book(WELCOME), newborn(), [*reachable(), *happened], END)
    assert life.intents[0].decided_at == utc("2027-03-05 13:30")
    assert life.intents[0].decided_at - utc("2027-03-05 07:30") == timedelta(hours=6)
    assert life.mails[1] == ("2027-03-07 09:30", "guide")


def test_at_once_does_not_answer_what_has_not_happened_yet() -> None:
    night = sequence("thanks", JOINED, [send("hello", at_once=True)])
    ahead = event("review.posted", "2027-03-20 10:00", known="2027-03-04 21:15")
    shop = replace(w.CATALOGUE, done_by_shop=frozenset({"subscriber.joined"}))
    happened = [event("subscriber.joined", "2027-03-04 21:10"), ahead]
    world = replace(w.book(night), catalogue=shop)
    assert live(world, newborn(), [*reachable(), *happened], "2027-03-19").mails == [("2027-03-05 08:30", "hello")]


def test_the_hour_of_a_wait_that_does_not_exist_is_the_first_that_does() -> None:
    early = sequence("early", JOINED, [until_day(1, time(2, 30)), send("receipt", "service")])
    life = live(w.book(early), newborn(), [*reachable(), event("subscriber.joined", "2027-03-27 10:00")], END)
    assert life.intents[0].decided_at == utc("2027-03-28 01:00")
