"""Starts every week and once, by things of their own, by stages left, and by the rule of silence (language.md 4.2)."""

from dataclasses import replace
from datetime import date, datetime, time, timedelta

import pytest

from nurture.decide.timed import delay, spread_over
from nurture.model.book import Applied, Book
from nurture.model.event import Event
from nurture.model.expression import Kind, Name
from nurture.model.rules import Silence
from nurture.model.trigger import Again, DayTrigger, EveryTrigger, ManualTrigger, OnceTrigger, StageTrigger
from tests import worlds as w

MONDAYS = EveryTrigger(place=w.HERE, weekday=0, at=time(8, 30))
ONCE = OnceTrigger(place=w.HERE, day=date(2027, 3, 2), at=time(10))
OCCURRENCE = Again(per="occurrence", running="alongside")
EASY = replace(w.RULES, limits=(), min_gap=None, mutes=(), quiet_hours=None)
WEEKLY = w.book(w.sequence("weekly", MONDAYS, [w.send("digest")], again=OCCURRENCE), rules=EASY)


def broadcast(at: str = "", *, past_too: bool = False, **more: object) -> Book:
    """A broadcast of 2 March 2027, 10:00, which went live at some moment."""
    book = w.book(w.sequence("once", ONCE, [w.send("news")], again=Again(never=True), **more), rules=EASY)
    applied = {"once": Applied(1, w.utc(at), past_too=past_too)} if at else {}
    return replace(book, applied=applied)


def lived(
    book: Book, *events: Event, start: str = "2027-02-26 00:00", until: str = "2027-03-20 00:00", **facts: object
) -> w.Life:
    born = [*w.reachable(w.utc(start)), *events]
    return w.live(book, w.newborn(at=w.utc(start), **facts), born, until)


def moments(life: w.Life) -> list[datetime]:
    return [enrolment.started_at for enrolment in life.person.enrolments]


# --- every week ----------------------------------------------------------------------------------------------------


def test_every_monday_at_their_own_half_past_eight() -> None:
    life = lived(WEEKLY)
    assert [day for day, _ in life.mails] == ["2027-03-01 08:30", "2027-03-08 08:30", "2027-03-15 08:30"]
    assert [one.subject for one in life.person.enrolments] == ["2027-03-01", "2027-03-08", "2027-03-15"]
    assert life.person.enrolments[0].name == "week"


def test_over_the_change_of_clocks_it_stays_half_past_eight() -> None:
    days = [day for day, _ in lived(WEEKLY, start="2027-03-20 00:00", until="2027-04-06 00:00").mails]
    assert days == ["2027-03-22 08:30", "2027-03-29 08:30", "2027-04-05 08:30"]


def test_an_empty_week_is_no_news() -> None:
    told = [w.cups("2027-02-27 03:00", 9), w.cups("2027-03-06 03:00", 0)]
    brewed = replace(MONDAYS, condition=w.condition("numbers.cups.brewed > 0"))
    book = w.book(w.sequence("weekly", brewed, [w.send("digest")], again=OCCURRENCE), rules=EASY)
    life = lived(book, *told)
    assert [day for day, _ in life.mails] == ["2027-03-01 08:30"]  # then none brewed, then none told
    assert w.whys(life).count("condition") == 1  # who was told none is not refused anew every week


def test_numbers_are_handed_on_together_and_each_is_unknown_once_the_week_is_over() -> None:
    cups = Name(("numbers", "cups"), Kind.record)
    book = w.book(
        w.sequence("weekly", MONDAYS, [w.send("digest", variables=(("cups", cups),))], again=OCCURRENCE), rules=EASY
    )
    life = lived(book, w.cups("2027-02-27 03:00", 9), until="2027-03-09 00:00")
    assert [intent.variables["cups"] for intent in life.intents] == [{"brewed": 9}, {"brewed": None}]


@pytest.mark.parametrize(("zones", "at"), [
    (("Europe/Paris", "America/New_York"), "2027-03-01 09:00"),  # half past eight comes a second time
    (("America/New_York", "Europe/Paris"), "2027-03-01 10:00"),  # half past eight has passed there already
    (("America/New_York", "Asia/Tokyo"), "2027-03-01 03:00"),
    (("Asia/Tokyo", "America/New_York"), "2027-02-28 23:45"),
    (("Pacific/Kiritimati", "Pacific/Niue"), "2027-03-01 01:00"),
    (("Pacific/Niue", "Pacific/Kiritimati"), "2027-03-01 01:00"),
])  # fmt: skip
def test_who_moves_gets_each_week_and_each_broadcast_once(zones: tuple[str, str], at: str) -> None:
    move = w.facts(at, zone=zones[1])
    weekly = lived(WEEKLY, move, zone=zones[0], until="2027-03-09 12:00")
    assert [one.subject for one in weekly.person.enrolments] == ["2027-03-01", "2027-03-08"]
    each = Again(per="person", running="alongside")
    by_person = w.book(w.sequence("weekly", MONDAYS, [w.send("digest")], again=each), rules=EASY)
    assert len(lived(by_person, move, zone=zones[0], until="2027-03-09 12:00").person.enrolments) == 2
    later = w.facts(w.utc(at) + timedelta(days=1, hours=1, minutes=30), zone=zones[1])
    for again in (Again(never=True), Again(per="person")):
        book = w.book(w.sequence("once", ONCE, [w.send("news")], again=again), rules=EASY)
        assert len(lived(book, later, zone=zones[0]).mails) == 1


def test_only_the_hours_after_it_went_live_count() -> None:
    book = replace(WEEKLY, applied={"weekly": Applied(1, w.utc("2027-03-01 07:31"))})
    assert lived(book).mails[0][0] == "2027-03-08 08:30"
    book = replace(WEEKLY, applied={"weekly": Applied(1, w.utc("2027-03-01 07:30"))})
    assert lived(book).mails[0][0] == "2027-03-01 08:30"


def test_who_is_never_written_to_is_not_refused_anew_every_week() -> None:
    barred = w.event("person.suppressed", "2027-02-27 00:00", because="asked")
    assert "refused" not in w.whys(lived(WEEKLY, barred))


# --- once ----------------------------------------------------------------------------------------------------------


def test_a_broadcast_goes_at_ten_on_each_readers_clock() -> None:
    for zone, instant in (("Europe/Paris", "09:00"), ("Asia/Kolkata", "04:30"), ("America/New_York", "15:00")):
        life = lived(broadcast(), zone=zone)
        assert moments(life) == [w.utc(f"2027-03-02 {instant}")]
        assert life.person.enrolments[0].name == "2027-03-02 10:00"


def test_whose_hour_is_past_when_it_goes_live_is_left_out_unless_somebody_said_so() -> None:
    live = "2027-03-02 08:00"
    assert not lived(broadcast(live), zone="Asia/Kolkata").mails
    assert lived(broadcast(live), zone="Europe/Paris").mails
    too = lived(broadcast(live, past_too=True), zone="Asia/Kolkata")
    assert moments(too) == [w.utc(live)]
    assert moments(lived(broadcast(live, past_too=True), zone="Europe/Paris")) == [w.utc("2027-03-02 09:00")]


def test_who_joins_after_its_hour_has_missed_it() -> None:
    assert not lived(broadcast(), start="2027-03-02 10:00").mails


def test_a_broadcast_can_be_spread() -> None:
    book = broadcast(spread=w.length("4 hours"))
    sequence = book.sequences["once"]
    starts = set()
    for number in range(40):
        person = replace(w.newborn(f"p{number}", at=w.utc("2027-02-26 00:00")))
        life = w.live(book, person, w.reachable(w.utc("2027-02-26 00:00")), "2027-03-04 00:00")
        (moment,) = moments(life)
        assert moment == w.utc("2027-03-02 09:00") + delay(f"p{number}", sequence)
        starts.add(moment)
    assert len(starts) > 35
    assert all(w.utc("2027-03-02 09:00") <= moment < w.utc("2027-03-02 13:00") for moment in starts)
    assert max(starts) - min(starts) > timedelta(hours=3)


def test_a_spread_is_elapsed_time() -> None:
    assert spread_over(w.length("3 days")) == timedelta(days=3)
    assert spread_over(w.length("90 minutes")) == timedelta(minutes=90)
    assert spread_over(w.length("1 month")) == timedelta(days=30)


# --- things --------------------------------------------------------------------------------------------------------

RENEWS = DayTrigger(
    place=w.HERE, path=("subscription", "renews_on"), per="subscription", lead=w.length("5 days")
)  # fmt: skip
RENEWAL = w.book(w.sequence("renewal", RENEWS, [w.until_day(-2), w.send("notice")], again=OCCURRENCE), rules=EASY)


def renews(at: str, key: str, day: str) -> Event:
    return w.thing(at, key, renews_on=date.fromisoformat(day))


def test_every_thing_has_its_own_day() -> None:
    life = lived(
        RENEWAL, renews("2027-02-26 00:00", "S1", "2027-03-10"), renews("2027-02-26 00:00", "S2", "2027-03-10"),
        renews("2027-02-26 00:00", "S3", "2027-03-12"),
    )  # fmt: skip
    assert [one.subject for one in life.person.enrolments] == ["S1:2027-03-10", "S2:2027-03-10", "S3:2027-03-12"]
    assert [one.thing for one in life.person.enrolments] == ["S1", "S2", "S3"]
    assert [day for day, _ in life.mails] == ["2027-03-08 10:00", "2027-03-08 10:00", "2027-03-10 10:00"]


def test_a_date_that_is_told_again_starts_nobody_twice() -> None:
    told = [renews(f"2027-03-0{day} 00:00", "S1", "2027-03-10") for day in (1, 6, 7)]
    assert [one.subject for one in lived(RENEWAL, *told).person.enrolments] == ["S1:2027-03-10"]


def test_a_date_that_moves_is_a_new_one() -> None:
    life = lived(
        RENEWAL, renews("2027-03-01 00:00", "S1", "2027-03-10"), renews("2027-03-06 12:00", "S1", "2027-03-15")
    )
    assert w.endings(life) == ["date moved: subscription.renews_on", "finished"]
    assert [day for day, _ in life.mails] == ["2027-03-13 10:00"]


def test_another_things_date_moves_nobody() -> None:
    life = lived(
        RENEWAL, renews("2027-03-01 00:00", "S1", "2027-03-10"), renews("2027-03-01 00:00", "S2", "2027-03-10"),
        renews("2027-03-06 12:00", "S2", "2027-03-30"),
    )  # fmt: skip
    assert w.endings(life) == ["finished", "date moved: subscription.renews_on"]


def test_a_thing_that_is_gone_ends_what_was_about_it() -> None:
    life = lived(RENEWAL, renews("2027-03-01 00:00", "S1", "2027-03-10"), w.thing("2027-03-06 12:00", "S1"))
    assert w.endings(life) == ["date moved: subscription.renews_on"]
    assert not life.mails


def test_a_date_learned_within_its_lead_starts_at_once() -> None:
    assert moments(lived(RENEWAL, renews("2027-03-07 12:00", "S1", "2027-03-10"))) == [w.utc("2027-03-07 12:00")]


def test_one_for_each_thing_whatever_its_dates() -> None:
    book = w.book(w.sequence("renewal", RENEWS, [w.send("notice")], again=Again(per="subscription")), rules=EASY)
    life = lived(book, renews("2027-03-01 00:00", "S1", "2027-03-10"), renews("2027-03-09 00:00", "S1", "2027-03-20"))
    assert [one.subject for one in life.person.enrolments] == ["S1"]
    assert "already" in w.whys(life)


# --- stages and moments that are left ------------------------------------------------------------------------------


def test_leaving_a_stage_starts_who_was_in_it() -> None:
    left = w.book(w.sequence("left", StageTrigger(place=w.HERE, stage="looking", left=True), [w.send("hello")],
                             again=Again(per="person")), rules=EASY)  # fmt: skip
    life = lived(left, w.event("order.placed", "2027-03-01 10:00", order_id="A"))
    assert moments(life) == [w.utc("2027-03-01 10:10")]
    assert life.person.enrolments[0].name == "looking"
    assert not lived(left).mails  # their first stage is no leaving of another


def test_leaving_a_moment_is_seen_when_time_alone_ends_it() -> None:
    from tests.random_worlds import MOMENTS

    start = StageTrigger(place=w.HERE, stage="telling", left=True)
    book = w.book(w.sequence("left", start, [w.send("hello")], again=Again(per="person")), rules=EASY)
    life = lived(replace(book, moments=MOMENTS), w.event("review.posted", "2027-03-01 10:00", stars=5))
    assert moments(life) == [w.utc("2027-03-09 23:10")]  # the ninth day after is over at midnight in Paris


# --- the rule of silence -------------------------------------------------------------------------------------------

KEEP = w.sequence("keep_in_touch", ManualTrigger(place=w.HERE), [w.send("a_word", "care")], again=Again(per="person"))
TALK = w.sequence("talk", w.JOINED, [w.send("tip")])
SELL = w.sequence("sell", w.DELIVERED, [w.send("sale", "offer")])


def hearing(*events: Event, applied: str = "", **more: str) -> w.Life:
    rules = replace(EASY, silence=Silence(w.length("20 days"), "keep_in_touch"))
    book = w.book(KEEP, TALK, SELL, rules=rules)
    if applied:
        book = replace(book, applied={"keep_in_touch": Applied(1, w.utc(applied))})
    return lived(book, *events, start="2027-02-01 00:00", **{"until": "2027-04-05 00:00", **more})


def test_who_heard_nothing_but_offers_for_so_long_is_enrolled() -> None:
    life = hearing(
        w.event("subscriber.joined", "2027-02-10 10:00"), w.event("order.delivered", "2027-02-20 10:00", order_id="A")
    )
    assert [day for day, mail in life.mails if mail == "a_word"] == ["2027-03-02 10:00", "2027-03-22 10:00"]
    assert [one.name for one in life.person.enrolments if one.sequence == "keep_in_touch"] == ["silence", "silence"]


def test_whoever_heard_something_begins_anew() -> None:
    life = hearing(w.event("subscriber.joined", "2027-02-10 10:00"), w.event("subscriber.joined", "2027-02-28 10:00"))
    assert next(day for day, mail in life.mails if mail == "a_word") == "2027-03-20 10:00"


def test_who_never_heard_anything_is_counted_from_their_consent() -> None:
    assert hearing().mails[0] == ("2027-02-21 10:00", "a_word")


def test_nothing_is_retroactive() -> None:
    assert hearing(applied="2027-02-21 12:00", until="2027-03-10 00:00").mails == []
    assert hearing(applied="2027-02-21 08:00").mails[0] == ("2027-02-21 10:00", "a_word")


def test_whom_nothing_may_be_sent_to_is_left_alone() -> None:
    book = w.book(KEEP, rules=replace(EASY, silence=Silence(w.length("20 days"), "keep_in_touch")))
    assert not w.live(book, w.newborn(at=w.utc("2027-02-01 00:00")), [], "2027-04-01 00:00").person.enrolments
