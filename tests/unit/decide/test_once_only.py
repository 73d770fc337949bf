"""Nobody is mailed twice, or wrongly: enrolments, subjects and send keys under edits, moves and late news."""

from dataclasses import replace
from datetime import date, time

import pytest

from nurture.decide.advance import advance
from nurture.model import event as names
from nurture.model.book import Applied
from nurture.model.decision import Why
from nurture.model.event import Event, Origin
from nurture.model.sequence import Goal, Status, StopRule
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
    wait,
    whys,
)  # fmt: skip

PLACED = EventTrigger(place=w.HERE, event="order.placed")
CANCELLED = EventTrigger(place=w.HERE, event="order.cancelled")
END = "2027-06-01"


def ordered(at: str, order: str, known: str | None = None) -> Event:
    return event("order.placed", at, known, order_id=order)


def test_an_order_number_and_the_count_of_starts_are_never_the_same_subject() -> None:
    """`per: event.order_id` beside a silence: the second start is not about order 2."""
    lapse = replace(LAPSE, length=length("20 days"))
    care = sequence("care", (PLACED, lapse), [send("how", "service")], again=Again(per="event.order_id"))
    life = live(w.book(care), newborn(), [*reachable(), ordered("2027-03-01 10:00", "2")], END)
    subjects = [enrolment.subject for enrolment in life.person.enrolments]
    assert subjects == ["2", "2027-03-21"]
    assert len({intent.key for intent in life.intents}) == 2


def test_an_ordinal_that_was_a_subject_under_an_older_per_is_left_out() -> None:
    by_order = sequence("care", PLACED, [send("how", "service")], again=Again(per="event.order_id"))
    by_person = replace(by_order, again=Again(per="person"))
    first = live(w.book(by_order), newborn(), [*reachable(), ordered("2027-03-01 10:00", "2")], "2027-03-02")
    second = live(w.book(by_person), first.person, [ordered("2027-03-05 10:00", "7")], END)
    assert [enrolment.subject for enrolment in second.person.enrolments] == ["2", "3"]
    assert len({intent.key for intent in (*first.intents, *second.intents)}) == 2


def test_a_silence_rings_once_for_who_moves_west_in_its_hour() -> None:
    quiet = sequence("quiet", LAPSE, [send("miss_you", "service")], again=Again(per="person"))
    happened = [ordered("2026-02-01 12:00", "A"), facts("2026-04-02 10:00", zone="America/New_York")]
    life = live(w.book(quiet), newborn(), [*reachable(), *happened], "2026-05-01")
    assert [mail for _, mail in life.mails] == ["miss_you"]
    assert "already" in whys(life)


def test_a_silence_of_who_moves_west_counts_the_same_silence_on_another_date_once() -> None:
    """An order at 20:00 in Paris is one of the next date in Tokyo, and so is the lapse."""
    quiet = sequence("quiet", LAPSE, [send("miss_you", "service")], again=Again(per="person"))
    happened = [ordered("2026-02-01 19:00", "A"), facts("2026-04-02 10:00", zone="Asia/Tokyo")]
    life = live(w.book(quiet), newborn(), [*reachable(), *happened], "2026-05-01")
    assert [mail for _, mail in life.mails] == ["miss_you"]


def test_a_day_starts_once_for_who_moves_west_after_midnight() -> None:
    trigger = DayTrigger(place=w.HERE, path=("person", "vip_since"))
    party = sequence("party", trigger, [send("wishes", "service")], again=Again(per="person"))
    happened = [facts("2027-03-01 10:00", vip_since=date(2027, 3, 10)), facts("2027-03-10 02:00", zone="America/Lima")]
    life = live(w.book(party), newborn(), [*reachable(), *happened], END)
    assert [mail for _, mail in life.mails] == ["wishes"]


@pytest.mark.parametrize("moved", ["2026-05-06 20:00", "2026-04-01 20:00"])
def test_a_day_is_not_lost_to_who_moves_east_over_its_midnight(moved: str) -> None:
    """At 20:00 UTC on 6 May it is the 7th in Tokyo, where the lead of 14 May has begun."""
    party = sequence(
        "birthday", BIRTHDAY, [until_day(0, time(9)), send("wishes", "celebration")], again=Again(per="occurrence")
    )
    life = live(
        w.book(party), newborn(birthday=date(1991, 5, 14)), [*reachable(), facts(moved, zone="Asia/Tokyo")],
        "2026-12-01",
    )  # fmt: skip
    assert life.mails == [("2026-05-14 09:00", "wishes")]


def test_a_silence_is_not_lost_to_who_moves_east_over_its_hour() -> None:
    quiet = sequence("quiet", LAPSE, [send("miss_you", "service")], again=Again(per="person"))
    happened = [ordered("2026-02-01 12:00", "A"), facts("2026-04-02 06:00", zone="Asia/Tokyo")]
    life = live(w.book(quiet), newborn(), [*reachable(), *happened], "2026-05-01")
    assert [(i.due_at, i.mail) for i in life.intents] == [(utc("2026-04-02 06:00"), "miss_you")]


def test_a_move_asks_nobody_again_whose_day_had_begun_before() -> None:
    party = sequence("birthday", BIRTHDAY, [until_day(0), send("wishes", "celebration")], stage=("vip",))
    happened = [facts("2026-05-09 20:00", zone="Asia/Tokyo")]
    life = live(w.book(party), newborn(birthday=date(1991, 5, 14)), [*reachable(), *happened], "2026-12-01")
    assert whys(life).count("condition") == 1


def test_an_order_cancelled_before_it_was_known_starts_nothing_and_is_no_goal() -> None:
    bag = sequence("bag", PLACED, [send("thanks", "service")], again=Again(per="event.order_id"))
    care = sequence("care", DELIVERED, [send("how", "service")], again=Again(per="event.order_id"))
    welcome = replace(WELCOME, goal=Goal("order.placed"), stop_when=(StopRule("order.placed"),))
    happened = [
        event("subscriber.joined", "2027-03-04 13:00"),
        event("order.cancelled", "2027-03-04 15:00", order_id="A"),
        ordered("2027-03-04 14:30", "A", known="2027-03-04 16:00"),
        event("order.delivered", "2027-03-04 15:30", "2027-03-04 16:00", order_id="A"),
    ]
    life = live(w.book(bag, care, welcome), newborn(), [*reachable(), *happened], END)
    assert [mail for _, mail in life.mails] == ["hello", "guide"]
    assert whys(life).count("undone") == 2
    assert life.person.orders.count == 0


def test_an_order_told_twice_is_not_the_goal_of_what_it_started() -> None:
    bag = sequence(
        "bag", PLACED, [until_day(12), send("beans")], goal=Goal("order.placed"), again=Again(per="event.order_id")
    )
    twice = [ordered("2027-03-01 10:00", "A"), ordered("2027-03-01 10:20", "A")]
    life = live(w.book(bag), newborn(), [*reachable(), *twice], END)
    assert [mail for _, mail in life.mails] == ["beans"]


def test_what_the_undoing_itself_starts_is_not_undone() -> None:
    sorry = sequence("sorry", CANCELLED, [wait("1 day"), send("sorry", "service")], again=Again(per="event.order_id"))
    happened = [ordered("2027-03-01 10:00", "A"), event("order.cancelled", "2027-03-02 10:00", order_id="A")]
    assert len(live(w.book(sorry), newborn(), [*reachable(), *happened], END).mails) == 1


def test_an_order_undone_after_its_mail_went_brings_no_second_one_and_an_id_is_one_order() -> None:
    bag = sequence(
        "bag", PLACED, [send("thanks", "service"), wait("5 days"), send("beans", "service")],
        again=Again(per="event.order_id"),
    )  # fmt: skip
    happened = [
        ordered("2027-03-01 10:00", "A"),
        event("order.cancelled", "2027-03-02 10:00", order_id="A"),
        ordered("2027-03-03 10:00", "A"),
        ordered("2027-03-04 10:00", "B"),
    ]
    life = live(w.book(bag), newborn(), [*reachable(), *happened], END)
    assert [(i.subject, i.mail) for i in life.intents] == [("A", "thanks"), ("B", "thanks"), ("B", "beans")]
    assert life.person.orders.count == 1


def test_a_goal_reached_by_an_order_that_is_undone_brings_nobody_back() -> None:
    welcome = replace(WELCOME, goal=Goal("order.placed"))
    happened = [
        event("subscriber.joined", "2027-03-04 13:00"),
        ordered("2027-03-05 10:00", "A"),
        event("order.cancelled", "2027-03-05 11:00", order_id="A"),
    ]
    life = live(w.book(welcome), newborn(), [*reachable(), *happened], END)
    assert [mail for _, mail in life.mails] == ["hello"]
    assert endings(life) == ["goal: order.placed"]


def test_a_step_that_an_edit_moved_behind_is_not_done_again() -> None:
    """The version they stand on is gone; the steps were reordered (section 8: `done before`)."""
    before = sequence("s", JOINED, [send("a"), wait("2 days"), send("b")], again=Again(never=True))
    pause = before.steps[1]
    after = sequence("s", JOINED, [pause, send("a"), send("b")], again=Again(never=True))
    joined = event("subscriber.joined", "2027-03-04 13:00")
    first = live(w.book(before), newborn(), [*reachable(), joined], "2027-03-05")
    second = live(w.book(after), first.person, [], END)
    assert [i.mail for i in (*first.intents, *second.intents)] == ["a", "b"]


def test_an_older_version_is_lived_to_its_end_and_a_draft_sends_nothing() -> None:
    joined = event("subscriber.joined", "2027-03-04 13:00")
    applied = {"welcome": Applied(1, w.BIRTH)}
    first = live(replace(w.book(WELCOME), applied=applied), newborn(), [*reachable(), joined], "2027-03-05")
    kept = Again(never=True)
    edited = sequence("welcome", JOINED, [send("new_text")], again=kept, on_change="finish_old")
    newer = replace(w.book(edited), applied={"welcome": Applied(2, w.BIRTH)}, older={("welcome", 1): WELCOME})
    assert [i.mail for i in live(newer, first.person, [], END).intents] == ["guide"]
    gone = replace(newer, sequences={}, applied={})
    assert [i.mail for i in live(gone, first.person, [], END).intents] == ["guide"]
    draft = live(w.book(replace(WELCOME, status=Status.draft)), replace(first.person), [], END)
    assert draft.intents == ()
    assert "held" in whys(draft)


def test_whoever_waited_behind_somebody_lost_to_an_edit_is_asked_at_once() -> None:
    review = EventTrigger(place=w.HERE, event="review.posted")
    steps = [wait("5 days"), send("thanks", "service")]
    queued = sequence("thanks", review, steps, again=Again(running="queue"))
    told = [event("review.posted", f"2027-03-0{day} 10:00") for day in (1, 2)]
    first = live(w.book(queued), newborn(), [*reachable(), *told], "2027-03-03")
    edited = sequence("thanks", review, [wait("5 days"), send("thanks", "service")], again=Again(running="queue"))
    decision = advance(w.book(edited), first.person, utc("2027-03-03 10:00"))
    assert [e.ending[:7] for e in decision.person.enrolments] == ["removed", ""]
    assert decision.wake == utc("2027-03-07 10:10")


def test_an_erased_person_leaves_everything_at_once_with_a_reason() -> None:
    review = EventTrigger(place=w.HERE, event="review.posted")
    thanks = sequence("thanks", review, [send("thanks")], again=Again(running="queue"))
    party = sequence("birthday", BIRTHDAY, [send("wishes", "celebration")], again=Again(per="occurrence"))
    happened = [
        event("subscriber.joined", "2027-03-04 13:00"),
        event("review.posted", "2027-03-05 07:55"),
        event(names.ERASED, "2027-03-05 08:00"),
        event("review.posted", "2027-03-06 08:00"),
    ]
    life = live(
        w.book(WELCOME, thanks, party), newborn(birthday=date(1991, 5, 14)), [*reachable(), *happened], "2029-01-01"
    )
    erased_at = utc("2027-03-05 08:00")
    assert [i.mail for i in life.intents if i.decided_at >= erased_at] == []
    assert [(e.ending, e.ended_at) for e in life.person.enrolments if e.sequence == "welcome"] == [
        ("erased", erased_at)
    ]
    assert [r.why.value for r in life.reasons if r.sequence == "thanks"] == ["refused", "refused"]
    assert life.person.firings == ()
    assert life.decisions[-1].agenda is None
    assert all(r.at <= utc("2027-03-06 08:00") for r in life.reasons)


def test_a_suppressed_person_gets_nothing_not_even_service_and_every_mail_has_its_reason() -> None:
    both = sequence("both", JOINED, [send("receipt", "service"), wait("1 day"), send("news")])
    happened = [event("subscriber.joined", "2027-03-04 13:00"), event(names.SUPPRESSED, "2027-03-04 13:05")]
    life = live(w.book(both), newborn(), [*reachable(), *happened], END)
    assert "refused" in whys(life)
    later = [happened[0], event(names.SUPPRESSED, "2027-03-04 13:10", because="asked")]
    begun = sequence("both", replace(JOINED, settle=length("0 minutes")), [wait("1 hour"), *both.steps])
    life = live(w.book(begun), newborn(), [*reachable(), *later], END)
    assert life.why("receipt") == ["suppressed: asked"]
    assert life.why("news") == ["suppressed: asked"]
    assert endings(life) == ["finished"]


def test_the_same_address_told_again_stays_dead_and_a_new_one_is_alive() -> None:
    dead = event(names.ADDRESS_STATE, "2027-03-01 10:00", state="hard")
    again = event(names.ADDRESS_ADDED, "2027-03-02 10:00", address="salma@example.net")
    new = event(names.ADDRESS_ADDED, "2027-03-02 10:00", address="salma@example.org")
    joined = event("subscriber.joined", "2027-03-04 13:00")
    assert live(w.book(WELCOME), newborn(), [*reachable(), dead, again, joined], END).mails == []
    assert len(live(w.book(WELCOME), newborn(), [*reachable(), dead, new, joined], END).mails) == 2


def test_who_refused_everything_and_wants_one_topic_again_gets_that_one() -> None:
    both = sequence("both", JOINED, [send("tip"), send("how", "care", if_capped="skip")])
    happened = [
        event(names.CONSENT_REFUSED, "2027-03-01 10:00", topics=()),
        event("subscriber.joined", "2027-03-04 13:00"),
    ]
    assert live(w.book(both), newborn(), [*reachable(), *happened], END).mails == []
    for lifting in (
        event(names.CONSENT_LIFTED, "2027-03-02 10:00", topics=("tips",)),
        event(names.CONSENT_GIVEN, "2027-03-02 10:00", topics=("tips",), by="reader"),
    ):
        life = live(w.book(both), newborn(), [*reachable(), *happened, lifting], END)
        assert [mail for _, mail in life.mails] == ["tip"]
        assert life.why("how") == ["no_consent: refused care"]
    everything = event(names.CONSENT_LIFTED, "2027-03-02 10:00", topics=())
    assert live(w.book(both), newborn(), [*reachable(), *happened, everything], END).mails != []
    shop = event(names.CONSENT_GIVEN, "2027-03-02 10:00", topics=("tips",))
    assert live(w.book(both), newborn(), [*reachable(), *happened, shop], END).mails == []


def test_the_first_stage_is_a_change_when_a_fresh_event_brings_it_and_none_when_an_import_does() -> None:
    hello = sequence("hello", StageTrigger(place=w.HERE, stage="looking"), [send("hello", "service")])
    joined = event("subscriber.joined", "2027-03-04 13:00")
    address = reachable(utc("2027-03-04 13:00"))[0]
    assert len(live(w.book(hello), newborn(), [address, joined], END).mails) == 1
    imported = [replace(one, origin=Origin.imported) for one in (address, joined)]
    assert live(w.book(hello), newborn(), imported, END).mails == []


def test_a_recent_import_moves_stages_silently() -> None:
    again = sequence("again", StageTrigger(place=w.HERE, stage="again"), [send("hm", "service")])
    orders = [ordered("2027-03-01 10:00", "A"), ordered("2027-03-02 10:00", "B")]
    assert len(live(w.book(again), newborn(), [*reachable(), *orders], END).mails) == 1
    imported = [replace(one, origin=Origin.imported) for one in orders]
    life = live(w.book(again), newborn(), [*reachable(), *imported], END)
    assert life.mails == []
    assert [r.words for r in life.reasons if r.why is Why.stage][:3] == [
        "nobody yet -> looking", "looking -> buying", "buying -> again",
    ]  # fmt: skip


def test_a_lapse_trigger_of_an_any_is_its_own_silence_each_time() -> None:
    short = LapseTrigger(place=w.HERE, event="order.placed", length=length("1 day"))
    quiet = sequence("quiet", short, [send("miss_you", "service")], again=Again(per="person"))
    happened = [ordered("2027-03-01 12:00", "A"), ordered("2027-03-02 12:00", "B")]
    assert len(live(w.book(quiet), newborn(), [*reachable(), *happened], END).mails) == 2
