"""Who fulfils the start of a sequence already, and how they start when they are taken in."""

from dataclasses import replace
from datetime import date, datetime, timedelta

import pytest

from nurture.decide.already import can_last, fulfilled, fulfils
from nurture.model import event as names
from nurture.model.event import Event
from nurture.model.person import Person
from nurture.model.sequence import Sequence
from nurture.model.trigger import ManualTrigger, StageTrigger
from tests import worlds as w

NOW = w.utc("2026-06-01 12:00")
VIP = StageTrigger(place=w.HERE, stage="vip")
BUYING = StageTrigger(place=w.HERE, stage="buying")


def lived(world: Sequence, *events: Event, until: datetime = NOW, **facts: object) -> Person:
    """A person who lived while the sequence was not there yet."""
    before = w.book()
    return w.live(before, w.newborn(**facts), [*w.reachable(), *events], until, extra=[until]).person


def holds(sequence: Sequence, person: Person, now: datetime = NOW) -> bool:
    return fulfils(w.book(sequence), replace(person, alarms=None), sequence, now)


def quiet(**more: object) -> Sequence:
    return w.sequence("quiet", w.LAPSE, [w.send("hello")], **more)  # type: ignore[arg-type]


def test_a_silence_that_is_long_enough() -> None:
    long, short = w.event("order.placed", "2026-03-01 09:00", order_id="1"), w.event("order.placed", "2026-05-01 09:00")
    assert holds(quiet(), lived(quiet(), long))
    assert not holds(quiet(), lived(quiet(), short))
    assert not holds(quiet(), lived(quiet()))


def test_a_silence_counts_from_its_hour_on() -> None:
    order = w.event("order.placed", "2026-04-02 09:00", order_id="1")
    reached = w.utc("2026-06-01 08:00")  # 10:00 in Paris
    assert not holds(
        quiet(), lived(quiet(), order, until=reached - timedelta(minutes=1)), reached - timedelta(seconds=1)
    )
    assert holds(quiet(), lived(quiet(), order, until=reached), reached)


def test_who_was_in_it_for_this_silence_is_left_alone() -> None:
    order = w.event("order.placed", "2026-03-01 09:00", order_id="1")
    been = w.live(w.book(quiet()), w.newborn(), [*w.reachable(), order], NOW).person
    assert not holds(quiet(), been)
    later = w.live(
        w.book(quiet()), been, [w.event("order.placed", "2026-06-02 09:00", order_id="2")], w.utc("2026-06-03 09:00")
    )
    after = w.live(w.book(), replace(later.person, alarms=None), [], w.utc("2026-09-01 12:00")).person
    assert holds(quiet(), after, w.utc("2026-09-01 12:00"))


def test_the_stage_they_are_in() -> None:
    order = w.event("order.placed", "2026-05-01 09:00", order_id="1")
    sequence = w.sequence("buying", BUYING, [w.send("hello")])
    assert holds(sequence, lived(sequence, order))
    assert not holds(w.sequence("vip", VIP, [w.send("hello")]), lived(sequence, order))
    left = w.sequence("left", replace(BUYING, left=True), [w.send("hello")])
    assert not holds(left, lived(left, order))
    assert not can_last(left)


def test_a_day_in_its_lead_and_not_one_to_come_or_past() -> None:
    sequence = w.sequence("birthday", w.BIRTHDAY, [w.send("hello")], again=w.Again(per="occurrence"))
    for day, holds_now in (("06-05", True), ("06-08", True), ("06-09", False), ("05-31", False), ("06-01", True)):
        person = lived(sequence, birthday=date.fromisoformat(f"1990-{day}"))
        assert holds(sequence, person) is holds_now, day


def test_the_triggers_condition_and_the_stage_must_hold() -> None:
    order = w.event("order.placed", "2026-03-01 09:00", order_id="1")
    asked = replace(w.LAPSE, condition=w.condition("person.country == 'FR'"))
    sequence = w.sequence("quiet", asked, [w.send("hello")])
    assert holds(sequence, lived(sequence, order, country="FR"))
    assert not holds(sequence, lived(sequence, order, country="DE"))
    assert not holds(quiet(stage=("vip",)), lived(quiet(), order))
    assert holds(quiet(stage=("buying",)), lived(quiet(), order))


def test_nobody_who_is_never_written_to() -> None:
    order = w.event("order.placed", "2026-03-01 09:00", order_id="1")
    gone = w.event(names.SUPPRESSED, "2026-03-02 09:00", because="asked")
    assert not holds(quiet(), lived(quiet(), order, gone))


@pytest.mark.parametrize("trigger", [w.JOINED, ManualTrigger(place=w.HERE)])
def test_what_happens_in_a_moment_cannot_hold(trigger: object) -> None:
    sequence = w.sequence("welcome", trigger, [w.send("hello")])  # type: ignore[arg-type]
    joined = w.event("subscriber.joined", "2026-05-31 09:00")
    assert not can_last(sequence)
    assert not holds(sequence, lived(sequence, joined))


def test_who_is_taken_in_starts_as_by_the_trigger_itself() -> None:
    sequence = w.sequence(
        "birthday", w.BIRTHDAY, [w.until_day(0), w.send("hello", "celebration")], again=w.Again(per="occurrence")
    )
    person, book = replace(lived(sequence, birthday=date(1990, 6, 4)), alarms=None), w.book(sequence)
    cause = fulfilled(book, person, sequence, NOW)
    assert cause is not None
    fields = {
        "sequence": "birthday",
        "trigger": cause.trigger,
        "name": cause.name,
        "day": cause.day0,
        "thing": cause.thing,
    }
    life = w.live(book, person, [Event("x", names.PERSON_ENROLLED, NOW, NOW, fields=fields)], "2026-07-01 09:00")
    assert life.mails == [("2026-06-04 10:00", "hello")]
    (enrolment,) = life.person.enrolments
    assert (enrolment.day0, enrolment.subject, enrolment.name) == (date(2026, 6, 4), "2026-06-04", "person.birthday")


def test_taken_in_twice_they_start_once() -> None:
    order = w.event("order.placed", "2026-03-01 09:00", order_id="1")
    book, person = w.book(quiet()), replace(lived(quiet(), order), alarms=None)
    fields = {"sequence": "quiet", "trigger": 0, "name": "order.placed", "day": NOW.date(), "thing": ""}
    twice = [Event(id_, names.PERSON_ENROLLED, NOW, NOW, fields=fields) for id_ in "ab"]
    life = w.live(book, person, twice, "2026-07-01 09:00")
    assert [mail for _, mail in life.mails] == ["hello"]
