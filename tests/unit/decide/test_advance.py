"""What the core decides, case by case; sections are those of language.md."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from nurture.decide.advance import FutureRead, RunsInCircles, advance
from nurture.decide.last_look import last_look
from nurture.model import event as names
from nurture.model.decision import Why
from nurture.model.sequence import Status, StopRule
from nurture.model.step import Arm, Branch, Set, Stop, Tag
from nurture.model.trigger import Again, StageTrigger
from tests import worlds as w
from tests.worlds import (
    DELIVERED,
    JOINED,
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
)


def test_a_welcome_goes_after_it_settled_and_the_next_mail_two_dates_later() -> None:
    life = live(
        w.book(WELCOME), newborn(), [*reachable(), event("subscriber.joined", "2027-03-04 13:00")], "2027-04-01"
    )
    assert life.mails == [("2027-03-04 14:10", "hello"), ("2027-03-06 09:30", "guide")]
    assert endings(life) == ["finished"]


def test_a_paused_sequence_holds_its_mail_until_it_is_too_old() -> None:
    paused = replace(WELCOME, status=Status.paused)
    life = live(w.book(paused), newborn(), [*reachable(), event("subscriber.joined", "2027-03-04 13:00")], "2027-04-01")
    assert life.mails == []
    assert whys(life).count("expired") == 2
    assert "held" in whys(life)


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
    assert life.why("only_vip") == ["not_asked: the step's if does not hold"]
    assert [mail for _, mail in life.mails] == ["all"]


def test_someone_who_moves_takes_the_wall_time_along() -> None:
    care = sequence("care", DELIVERED, [until_day(6), send("how", "care")])
    happened = [event("order.delivered", "2027-03-03 10:00"), facts("2027-03-05 10:00", zone="America/New_York")]
    life = live(w.book(care), newborn(), [*reachable(), *happened], "2027-04-01")
    assert life.mails == [("2027-03-09 10:00", "how")]
    assert life.intents[0].decided_at == utc("2027-03-09 15:00")


def test_a_daemon_that_slept_sends_late_what_is_still_good_and_waits_are_not_moved() -> None:
    world = w.book(WELCOME)
    person = live(world, newborn(), [*reachable(), event("subscriber.joined", "2027-03-04 13:00")], "2027-03-05").person
    late = advance(world, person, utc("2027-03-06 14:00"))
    assert [(i.due_at, i.decided_at) for i in late.intents] == [(utc("2027-03-06 08:30"), utc("2027-03-06 14:00"))]
    too_late = advance(world, person, utc("2027-03-16 14:00"))
    assert not too_late.intents
    assert Why.expired in {reason.why for reason in too_late.reasons}


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


def test_a_variant_travels_with_the_mail_that_was_decided() -> None:
    plain, festive = (
        sequence("plain", JOINED, [send("hello")]),
        sequence("festive", JOINED, [send("hi", variant="xmas")]),
    )
    book = w.book(plain, festive, rules=replace(w.RULES, limits=(), min_gap=None))
    life = live(book, newborn(), [*reachable(), event("subscriber.joined", "2027-03-04 13:00")], "2027-04-01")
    assert sorted((intent.mail, intent.variant) for intent in life.intents) == [("hello", ""), ("hi", "xmas")]
