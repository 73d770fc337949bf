"""Repeats never drift, and splits send the same person the same way (language.md 4.3, 6.2, 6.12)."""

from dataclasses import replace
from datetime import time

import pytest

from nurture.decide.advance import advance
from nurture.model.book import Applied
from nurture.model.event import Event
from nurture.model.sequence import Sequence
from nurture.model.step import AnyStep, Repeat, Split, Tag, WaitEvent, Way
from nurture.model.trigger import Again, EventTrigger
from tests import worlds as w
from tests.worlds import JOINED, Life, endings, event, length, live, newborn, reachable, send, sequence, wait

END = "2027-12-01"
STARTED = "2027-01-31 09:00"  # 10:10 in Paris when it settled


def rounds(times: int = 3, every: str = "1 month", *steps: AnyStep, **more: object) -> Repeat:
    body = steps or (send("recipe", "service"),)
    return Repeat(id="rounds", place=w.HERE, times=times, every=length(every), steps=body, **more)  # type: ignore[arg-type]


def lived(book: Sequence, *happened: Event, end: str = END, started: str = STARTED) -> Life:
    return live(w.book(book), newborn(), [*reachable(), event("subscriber.joined", started), *happened], end)


def test_months_are_counted_from_the_first_round_and_clipped_each_by_itself() -> None:
    """31 January, 28 February, 31 March (6.2); the clock changes on 28 March, the wall time stays."""
    life = lived(sequence("monthly", JOINED, [rounds(), send("bye", "service")]))
    assert life.mails == [
        ("2027-01-31 10:10", "recipe"),
        ("2027-02-28 10:10", "recipe"),
        ("2027-03-31 10:10", "recipe"),
        ("2027-03-31 10:10", "bye"),
    ]
    assert [i.due_at for i in life.intents] == [i.decided_at for i in life.intents]
    assert endings(life) == ["finished"]


def test_every_round_has_its_own_key_and_outcome() -> None:
    life = lived(sequence("monthly", JOINED, [rounds()]))
    assert len({intent.key for intent in life.intents}) == 3
    outcomes = [(o.outcome, o.round) for o in life.person.enrolments[0].outcomes if o.step == "recipe"]
    assert outcomes == [("sent", 1), ("sent", 2), ("sent", 3)]


def test_hours_are_counted_as_they_pass() -> None:
    life = lived(sequence("hourly", JOINED, [rounds(3, "36 hours")]), started="2027-03-27 09:00")
    assert [when for when, _ in life.mails] == ["2027-03-27 10:10", "2027-03-28 23:10", "2027-03-30 11:10"]


def test_until_is_asked_before_each_round_and_unknown_is_no_end() -> None:
    until = w.condition("person.orders.count >= 1")
    book = sequence("monthly", JOINED, [rounds(until=until), send("bye", "service")])
    bought = lived(book, event("order.placed", "2027-02-10 10:00", order_id="A"))
    assert bought.mails == [("2027-01-31 10:10", "recipe"), ("2027-02-28 10:10", "bye")]
    before = lived(book, event("order.placed", "2027-01-10 10:00", order_id="A"))
    assert before.mails == [("2027-01-31 10:10", "bye")]
    unknown = sequence("monthly", JOINED, [rounds(until=w.condition("person.country == 'FR'"))])
    assert len(lived(unknown).mails) == 3


def test_a_round_that_takes_longer_than_the_length_is_followed_at_once() -> None:
    body = (send("recipe", "service"), wait("3 days"))
    life = lived(sequence("daily", JOINED, [rounds(2, "1 day", *body)]))
    assert [when for when, _ in life.mails] == ["2027-01-31 10:10", "2027-02-03 10:10"]
    assert life.intents[1].due_at == w.utc("2027-02-01 09:10")


def test_a_repeat_whose_question_is_not_true_is_left_out_and_asked_only_once() -> None:
    asked = rounds(condition=w.condition("not has_tag('sleeping')"))
    tagged = event("person.tagged", "2027-02-10 10:00", tags=("sleeping",))
    assert len(lived(sequence("monthly", JOINED, [asked]), tagged).mails) == 3
    out = rounds(condition=w.condition("has_tag('sleeping')"))
    assert lived(sequence("monthly", JOINED, [out, send("bye", "service")])).mails == [("2027-01-31 10:10", "bye")]


def test_while_is_asked_in_every_round() -> None:
    book = sequence("monthly", JOINED, [rounds()], while_=w.condition("not has_tag('sleeping')"))
    life = lived(book, event("person.tagged", "2027-02-10 10:00", tags=("sleeping",)))
    assert len(life.mails) == 1
    assert endings(life)[0].startswith("no longer fits")


def test_what_was_waited_for_is_waited_for_anew_in_every_round() -> None:
    step = WaitEvent(
        id="answer", place=w.HERE, events=("review.posted",), up_to=length("5 days"),
        then=(send("thanks", "service"),), otherwise=(),
    )  # fmt: skip
    book = sequence("monthly", JOINED, [rounds(2, "1 month", send("ask", "service"), step)])
    life = lived(book, event("review.posted", "2027-03-02 10:00", stars=5))
    assert [mail for _, mail in life.mails] == ["ask", "ask", "thanks"]
    assert [(o.outcome, o.round) for o in life.person.enrolments[0].outcomes if o.step == "answer"] == [
        ("timed_out", 1), ("came", 2),
    ]  # fmt: skip


def test_who_moves_has_the_rounds_to_come_at_the_same_wall_time() -> None:
    life = lived(sequence("monthly", JOINED, [rounds()]), w.facts("2027-02-10 10:00", zone="America/New_York"))
    assert [when for when, _ in life.mails] == ["2027-01-31 10:10", "2027-02-28 10:10", "2027-03-31 10:10"]
    assert life.intents[2].zone == "America/New_York"


def test_events_of_the_steps_inside_are_told_apart_by_round() -> None:
    tags = Tag(id="tag_1", place=w.HERE, tags=("sleeping",))
    life = lived(sequence("monthly", JOINED, [rounds(3, "1 month", tags)]))
    made = [one.id for decision in life.decisions for one in decision.events]
    assert len(made) == len(set(made)) == 3


def test_waking_late_sends_each_round_when_somebody_wakes() -> None:
    book = w.book(sequence("monthly", JOINED, [rounds(3, "1 day", send("recipe", "service"))]))
    first = advance(
        book, newborn(), w.utc("2027-01-31 12:00"), [*reachable(), event("subscriber.joined", STARTED)]
    ).person
    late = advance(book, first, w.utc("2027-02-03 12:00"))
    assert [intent.due_at for intent in late.intents] == [w.utc("2027-02-01 09:10"), w.utc("2027-02-02 09:10")]
    assert {intent.decided_at for intent in late.intents} == {w.utc("2027-02-03 12:00")}


# --- splits ---------------------------------------------------------------------------------------


def ways(question: int = 1, promise: int = 1, **more: object) -> Split:
    named = (
        Way("question", question, (send("question", "service"),), w.HERE),
        Way("promise", promise, (send("promise", "service"),), w.HERE),
    )
    return Split(id="test", place=w.HERE, ways=named, **more)  # type: ignore[arg-type]


PLACED = EventTrigger(place=w.HERE, event="order.placed")


def split_book(step: Split, name: str = "split", **more: object) -> Sequence:
    again = Again(per="event.order_id", running="alongside")
    return sequence(name, PLACED, [step, send("bye", "service")], again=again, **more)  # type: ignore[arg-type]


def ordered(at: str, order: str) -> Event:
    return event("order.placed", at, order_id=order)


def way_of(step: Split, identity: str = "p1", name: str = "split", order: str = "A") -> str:
    happened = [*reachable(), ordered("2027-02-01 10:00", order)]
    life = live(w.book(split_book(step, name)), newborn(identity), happened, "2027-02-03")
    return life.person.enrolments[0].outcomes[0].outcome


def test_ways_are_shared_out_by_weight() -> None:
    found = [way_of(ways(3, 1), f"person{number}") for number in range(400)]
    assert 260 <= found.count("question") <= 340
    assert way_of(ways(1, 0)) == "question"
    assert way_of(ways(0, 1)) == "promise"


def test_the_way_leads_through_its_steps_and_on() -> None:
    life = live(w.book(split_book(ways())), newborn(), [*reachable(), ordered("2027-02-01 10:00", "A")], "2027-02-03")
    way = life.person.enrolments[0].outcomes[0].outcome
    assert [mail for _, mail in life.mails] == [way, "bye"]
    assert [(r.step, r.words) for r in life.reasons if r.why.value == "way"] == [("test", way)]


def test_other_splits_and_sequences_throw_their_own_dice() -> None:
    people = [f"person{number}" for number in range(60)]
    here = [way_of(ways(), one) for one in people]
    assert here != [way_of(ways(), one, "other") for one in people]
    assert here != [way_of(replace(ways(), id="another"), one) for one in people]
    assert here == [way_of(replace(ways(), id="renamed", lineage="test"), one) for one in people]


def test_the_same_way_again_or_one_for_each_subject() -> None:
    happened = [*reachable(), *(ordered(f"2027-02-{day:02} 10:00", f"order{day}") for day in range(1, 29))]
    same = live(w.book(split_book(ways())), newborn(), happened, "2027-03-02")
    fresh = live(w.book(split_book(ways(fresh=True))), newborn(), happened, "2027-03-02")
    assert len({one.outcomes[0].outcome for one in same.person.enrolments}) == 1
    assert len({one.outcomes[0].outcome for one in fresh.person.enrolments}) == 2


@pytest.mark.parametrize("fresh", [False, True])
def test_changed_weights_move_nobody_who_was_assigned(fresh: bool) -> None:
    first = live(
        w.book(split_book(ways(1, 0, fresh=fresh))), newborn(), [*reachable(), ordered("2027-02-01 10:00", "A")],
        "2027-02-03",
    )  # fmt: skip
    turned = w.book(split_book(ways(0, 1, fresh=fresh)))
    later = live(turned, first.person, [ordered("2027-02-05 10:00", "B")], "2027-02-08")
    assert later.mails[0][1] == ("promise" if fresh else "question")


def test_a_way_that_is_gone_assigns_anew() -> None:
    first = live(
        w.book(split_book(ways(1, 0))), newborn(), [*reachable(), ordered("2027-02-01 10:00", "A")], "2027-02-03"
    )
    other = replace(ways(), ways=(Way("third", 1, (send("third", "service"),), w.HERE),))
    later = live(w.book(split_book(other)), first.person, [ordered("2027-02-05 10:00", "B")], "2027-02-08")
    assert later.mails[0][1] == "third"


def test_a_renamed_split_remembers_by_its_first_name() -> None:
    old = split_book(ways(1, 0))
    first = live(w.book(old), newborn(), [*reachable(), ordered("2027-02-01 10:00", "A")], "2027-02-03")
    new = split_book(replace(ways(0, 1), id="renamed", was="test", lineage="test"))
    book = replace(w.book(new), applied={"split": Applied(2, w.BIRTH)}, older={("split", 0): old})
    later = live(book, first.person, [ordered("2027-02-05 10:00", "B")], "2027-02-08")
    assert later.mails[0][1] == "question"


def test_rounds_of_a_split_go_one_way() -> None:
    life = lived(sequence("monthly", JOINED, [rounds(3, "1 week", ways(fresh=True))]))
    assert len({mail for _, mail in life.mails}) == 1
    assert len(life.mails) == 3


def test_a_window_is_kept_round_by_round() -> None:
    evening = sequence("monthly", JOINED, [rounds(2, "1 week", wait("1 day", time(18)), send("recipe", "service"))])
    assert [when for when, _ in lived(evening).mails] == ["2027-02-01 18:00", "2027-02-08 18:00"]
