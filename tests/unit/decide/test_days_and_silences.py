"""Days, silences and dates that move (language.md 4.2, 6.2, 6.4, 6.6)."""

from dataclasses import replace
from datetime import date, time

import pytest

from nurture.model.decision import Why
from nurture.model.event import MonthDay, Origin
from nurture.model.step import WaitUntil
from nurture.model.trigger import Again, DayTrigger, EventTrigger, LapseTrigger
from tests import worlds as w
from tests.worlds import (
    BIRTHDAY,
    JOINED,
    LAPSE,
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
    whys,
)


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
    life = live(w.book(party), newborn(), [*reachable(), learned], "2026-12-31")
    assert len(life.mails) == mails
    assert ("late" in whys(life)) is skip
    imported = replace(learned, origin=Origin.imported)
    taught_by_file = live(w.book(party), newborn(), [*reachable(), imported], "2026-12-31")
    assert taught_by_file.mails == []
    assert [r.words for r in taught_by_file.reasons if r.why is Why.late] == ["person.birthday was learned of too late"]


def test_what_an_event_started_is_no_greeting_of_the_day() -> None:
    """With `any`, a mail after a review does not stand for the birthday that follows."""
    review = EventTrigger(place=w.HERE, event="review.posted")
    both = sequence("both", (replace(BIRTHDAY, lead=None), review), [send("thanks", "care")], again=Again(per="event"))
    told = event("review.posted", "2026-05-01 10:00")
    life = live(w.book(both), newborn(birthday=date(1991, 5, 14)), [*reachable(), told], "2026-12-31")
    assert [day[:10] for day, _ in life.mails] == ["2026-05-01", "2026-05-14"]


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
