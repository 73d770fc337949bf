"""Waits for events: answered at the event's own time, or over at the end of their time (language.md 6.1, 6.2)."""

from dataclasses import replace
from datetime import time

import pytest

from nurture.decide.advance import advance
from nurture.model import event as names
from nurture.model.decision import Why
from nurture.model.event import Event
from nurture.model.expression import Condition
from nurture.model.sequence import Goal, Sequence, StopRule
from nurture.model.step import Arm, Branch, Stop, WaitEvent
from nurture.model.trigger import Again, EventTrigger
from tests import worlds as w
from tests.worlds import JOINED, Life, endings, event, length, live, newborn, reachable, send, sequence, wait, whys

END = "2027-04-01"
STARTED = "2027-03-04 13:00"  # the enrolment starts at 13:10, and 'ask' goes then
ASKED = "2027-03-04 13:10"


def answer(*names_: str, fits: Condition | None = None, up_to: str = "7 days", **more: object) -> WaitEvent:
    then = more.pop("then", (send("thanks", "service"),))
    otherwise = more.pop("otherwise", (send("sorry", "service"),))
    return WaitEvent(
        id="answer", place=w.HERE, events=names_ or ("review.posted",), fits=fits, up_to=length(up_to),
        then=then, otherwise=otherwise, **more,  # type: ignore[arg-type]
    )  # fmt: skip


def asking(step: WaitEvent, **more: object) -> Sequence:
    return sequence("asking", JOINED, [send("ask", "service"), step, send("bye", "service")], **more)  # type: ignore[arg-type]


def lived(book: Sequence, *happened: Event, end: str = END) -> Life:
    return live(w.book(book), newborn(), [*reachable(), event("subscriber.joined", STARTED), *happened], end)


def review(at: str, known: str | None = None, stars: int = 5) -> Event:
    return event("review.posted", at, known, stars=stars)


def test_an_event_answers_at_its_own_time() -> None:
    life = lived(asking(answer()), review("2027-03-06 19:40"))
    assert life.mails == [
        ("2027-03-04 14:10", "ask"), ("2027-03-06 20:40", "thanks"), ("2027-03-06 20:40", "bye"),
    ]  # fmt: skip
    assert [(o.step, o.outcome, o.at) for o in life.person.enrolments[0].outcomes][1] == (
        "answer", "came", w.utc("2027-03-06 19:40"),
    )  # fmt: skip
    assert endings(life) == ["finished"]


def test_nothing_came_by_the_end_which_is_as_many_dates_later() -> None:
    life = lived(asking(answer()))
    assert life.mails[1:] == [("2027-03-11 14:10", "sorry"), ("2027-03-11 14:10", "bye")]
    assert "timed_out" in whys(life)


def test_a_week_over_the_change_of_clocks_ends_at_the_same_wall_time() -> None:
    """Paris, 28 March 2027: 7 days are 167 hours."""
    began = [*reachable(), event("subscriber.joined", "2027-03-24 13:00")]
    life = live(w.book(asking(answer())), newborn(), began, END)
    assert life.mails[1] == ("2027-03-31 14:10", "sorry")
    hours = live(w.book(asking(answer(up_to="168 hours"))), newborn(), began, END)
    assert hours.mails[1] == ("2027-03-31 15:10", "sorry")


def test_at_the_very_end_the_event_comes_before_the_time() -> None:
    at_the_end = lived(asking(answer()), review("2027-03-11 13:10"))
    assert at_the_end.mails[1][1] == "thanks"
    after_it = lived(asking(answer()), review("2027-03-11 13:11"))
    assert after_it.mails[1][1] == "sorry"
    assert "came too late" not in whys(after_it)


def test_what_happened_before_the_step_before_was_done_is_no_answer() -> None:
    life = lived(asking(answer()), review("2027-03-04 13:09"))
    assert [mail for _, mail in life.mails] == ["ask", "sorry", "bye"]


def test_there_is_no_gap_between_done_and_the_first_look() -> None:
    """The wait before is done at 10:00; the daemon wakes at 15:00, and the reader wrote at 12:00."""
    step = answer()
    book = w.book(sequence("asking", JOINED, [wait("2 days", time(10)), step]))
    start = advance(book, newborn(), w.utc("2027-03-05 00:00"), [*reachable(), event("subscriber.joined", STARTED)])
    late = advance(book, start.person, w.utc("2027-03-06 15:00"), [review("2027-03-06 11:00")])
    outcome = late.person.enrolments[0].outcomes[0]
    assert (outcome.outcome, outcome.at) == ("came", w.utc("2027-03-06 11:00"))


def test_an_answer_learned_of_late_counts_from_its_own_time() -> None:
    then = (wait("1 day", time(10)), send("thanks", "service"))
    life = lived(asking(answer(then=then)), review("2027-03-06 19:40", known="2027-03-07 08:00"))
    assert life.mails[1] == ("2027-03-07 10:00", "thanks")


def test_an_event_that_comes_too_late_changes_nothing_and_is_said_once() -> None:
    life = lived(asking(answer()), review("2027-03-06 10:00", known="2027-03-12 10:00"))
    assert [mail for _, mail in life.mails] == ["ask", "sorry", "bye"]
    late = [reason for reason in life.reasons if reason.why is Why.came_too_late]
    assert [(r.step, r.words, r.at) for r in late] == [("answer", "review.posted", w.utc("2027-03-12 10:00"))]
    assert late[0].due_at == w.utc("2027-03-11 13:10")


def test_too_late_is_said_only_of_what_would_have_answered() -> None:
    fits = w.condition("event.stars >= 4", event="review.posted")
    bad = lived(asking(answer(fits=fits)), review("2027-03-06 10:00", known="2027-03-12 10:00", stars=1))
    early = lived(asking(answer()), review("2027-03-03 10:00", known="2027-03-12 10:00"))
    assert "came too late" not in whys(bad)
    assert "came too late" not in whys(early)


def test_only_what_fits_answers_and_is_read_by_the_steps_behind() -> None:
    fits = w.condition("event.stars >= 3", event="review.posted")
    good = w.condition("event.stars >= 4", event="review.posted")
    ways = Branch(
        id="ways", place=w.HERE,
        arms=(Arm(good, (send("great", "service"),), w.HERE), Arm(None, (send("hm", "service"),), w.HERE)),
    )  # fmt: skip
    happened = [review("2027-03-05 10:00", stars=1), review("2027-03-06 10:00", stars=4)]
    life = lived(asking(answer(fits=fits, then=(ways,))), *happened)
    assert [mail for _, mail in life.mails] == ["ask", "great", "bye"]
    assert life.mails[1][0] == "2027-03-06 11:00"


def test_what_began_the_sequence_does_not_answer_it() -> None:
    review_starts = EventTrigger(place=w.HERE, event="review.posted", settle=length("0 minutes"))
    book = sequence("again", review_starts, [answer()], again=Again(per="event", running="ignore"))
    life = live(w.book(book), newborn(), [*reachable(), review("2027-03-04 13:00")], END)
    assert [mail for _, mail in life.mails] == ["sorry"]


def test_one_event_answers_one_wait_and_the_next_waits_for_another() -> None:
    second = replace(answer(), id="second", then=(send("twice", "service"),), otherwise=())
    book = sequence("asking", JOINED, [answer(then=()), second])
    once = lived(book, review("2027-03-06 10:00"))
    twice = lived(book, review("2027-03-06 10:00"), review("2027-03-08 10:00"))
    assert [mail for _, mail in once.mails] == []
    assert twice.mails == [("2027-03-08 11:00", "twice")]


def test_of_two_at_one_instant_each_answers_its_own_wait() -> None:
    second = replace(answer(), id="second", then=(send("twice", "service"),), otherwise=())
    life = lived(
        sequence("asking", JOINED, [answer(then=()), second]), review("2027-03-06 10:00"), review("2027-03-06 10:00")
    )
    assert life.mails == [("2027-03-06 11:00", "twice")]


def test_goal_and_stop_act_before_the_wait() -> None:
    stopped = lived(asking(answer(), stop_when=(StopRule("review.posted"),)), review("2027-03-06 10:00"))
    reached = lived(asking(answer(), goal=Goal("review.posted")), review("2027-03-06 10:00"))
    assert endings(stopped) == ["stopped: review.posted"]
    assert endings(reached) == ["goal: review.posted"]
    assert len(stopped.mails) == len(reached.mails) == 1


def test_an_order_that_does_not_stand_is_no_answer() -> None:
    book = asking(answer("order.placed"))
    gone = [
        event("order.placed", "2027-03-06 10:00", "2027-03-06 12:00", order_id="A"),
        event("order.cancelled", "2027-03-06 11:00", order_id="A"),
    ]
    assert lived(book, *gone).mails[1][1] == "sorry"
    told_twice = [
        event("order.placed", "2027-03-02 10:00", order_id="A"),
        event("order.placed", "2027-03-06 10:00", order_id="A"),
    ]
    assert lived(book, *told_twice).mails[1][1] == "sorry"


def test_undoing_the_order_that_began_it_ends_the_wait() -> None:
    placed = EventTrigger(place=w.HERE, event="order.placed")
    book = sequence("asking", placed, [answer()], again=Again(per="event.order_id"))
    happened = [
        event("order.placed", "2027-03-04 13:00", order_id="A"),
        event("order.cancelled", "2027-03-05 13:00", order_id="A"),
        review("2027-03-06 10:00"),
    ]
    life = live(w.book(book), newborn(), [*reachable(), *happened], END)
    assert endings(life) == ["stopped: undone by order.cancelled"]
    assert life.mails == []


def test_who_moves_takes_the_end_of_the_wait_along() -> None:
    moved = w.facts("2027-03-05 10:00", zone="America/New_York")
    assert lived(asking(answer()), moved).mails[1] == ("2027-03-11 14:10", "sorry")
    hours = lived(asking(answer(up_to="168 hours")), moved)
    assert hours.mails[1] == ("2027-03-11 08:10", "sorry")


def test_it_may_stop_on_one_way() -> None:
    life = lived(asking(answer(otherwise=(Stop(id="stop_1", place=w.HERE, reason="silent"),))))
    assert endings(life) == ["stopped: silent"]
    assert [mail for _, mail in life.mails] == ["ask"]


@pytest.mark.parametrize("condition", ["has_tag('sleeping')", "false"])
def test_a_wait_whose_question_is_not_true_is_left_out(condition: str) -> None:
    life = lived(asking(answer(condition=w.condition(condition))), review("2027-03-06 10:00"))
    assert [mail for _, mail in life.mails] == ["ask", "bye"]


def test_an_own_event_answers_nothing() -> None:
    life = lived(asking(answer()), event(names.MAIL_CLICKED, "2027-03-06 10:00", key="none"))
    assert life.mails[1][1] == "sorry"
