"""Every row of the table of language.md 8: what a change does to people before a step, on it, and past it."""

from dataclasses import replace
from datetime import datetime, time, timedelta

import pytest

from nurture.decide.advance import advance
from nurture.decide.lineages import traced
from nurture.model.book import Applied, Book, Move
from nurture.model.decision import Why
from nurture.model.person import Enrolment, Person
from nurture.model.sequence import Goal, Removal, Sequence, StopRule
from nurture.model.step import Arm, Branch, Split, Stop, Tag, WaitEvent, WaitLength, Way, Window
from tests import worlds as w
from tests.worlds import HERE, JOINED, Again, event, length, live, newborn, reachable, send, utc

START = utc("2027-03-01 12:00")
EDIT = utc("2027-03-04 12:00")
END = "2027-05-01 12:00"
RULES = replace(w.RULES, limits=(), mutes=(), min_gap=None, quiet_hours=None)
TWO_DAYS = timedelta(days=2)


def wait(name: str, text: str) -> WaitLength:
    return WaitLength(id=name, place=HERE, length=length(text))


def seq(*steps: object, **more: object) -> Sequence:
    return w.sequence("check_in", JOINED, steps, again=Again(never=True), **more)  # type: ignore[arg-type]


def first_book(one: Sequence) -> Book:
    book = w.book(one, rules=RULES)
    return replace(book, applied={one.name: Applied(1, w.BIRTH)})


def edited(old: Sequence, new: Sequence, due_now: str = "send", spread: str = "", at: datetime = EDIT) -> Book:
    """The book after an apply: version 2, with what was said of who is due at once."""
    new = traced(new, old, 2)
    move = Move(2, at, due_now, length(spread) if spread else None)
    return replace(
        w.book(new, rules=RULES), applied={new.name: Applied(2, w.BIRTH)}, older={(old.name, 1): old},
        moves={new.name: (move,)},
    )  # fmt: skip


def inside(one: Sequence, until: datetime = EDIT, number: str = "p1") -> Person:
    """Somebody who began on 1 March at 12:10 and has been inside until the edit."""
    happened = [*reachable(), event("subscriber.joined", START)]
    found = live(first_book(one), newborn(number), happened, until).person
    return replace(found, asof=until)


def one(person: Person) -> Enrolment:
    return person.enrolments[-1]


def after_edit(book: Book, person: Person, at: datetime = EDIT) -> Person:
    return advance(book, person, at).person


OLD = seq(send("hello"), wait("before_ask", "10 days"), send("ask"), wait("before_thanks", "5 days"), send("thanks"))
DUE = utc("2027-03-11 12:10")  # of `ask`


def mails(book: Book, person: Person) -> list[str]:
    return [f"{intent.decided_at:%m-%d} {intent.mail}" for intent in live(book, person, [], END).intents]


# a wait made longer or shorter


def test_row_a_wait_made_longer_is_counted_anew_from_the_same_start() -> None:
    person = inside(OLD)
    assert one(person).due_at == DUE
    longer = replace_step(OLD, "before_ask", "12 days")
    moved = after_edit(edited(OLD, longer), person)
    assert (one(moved).due_at, one(moved).done_at) == (DUE + TWO_DAYS, one(person).done_at)
    assert one(moved).version == 2


def test_row_a_wait_made_shorter_and_still_to_come() -> None:
    moved = after_edit(edited(OLD, replace_step(OLD, "before_ask", "8 days")), inside(OLD))
    assert one(moved).due_at == DUE - TWO_DAYS


def test_row_a_wait_made_longer_before_the_step_has_the_new_length() -> None:
    longer = replace_step(OLD, "before_thanks", "7 days")
    assert mails(edited(OLD, longer), inside(OLD)) == ["03-11 ask", "03-18 thanks"]


@pytest.mark.parametrize(
    ("due_now", "spread", "goes"),
    [("send", "", "03-04 ask"), ("old-day", "", "03-11 ask")],
)
def test_row_due_at_once_goes_now_or_on_the_day_they_had(due_now: str, spread: str, goes: str) -> None:
    shorter = replace_step(OLD, "before_ask", "2 days")
    assert mails(edited(OLD, shorter, due_now, spread), inside(OLD))[0] == goes


def test_row_due_at_once_is_spread_by_hash_and_nobody_is_before_the_edit_or_behind_the_length() -> None:
    shorter = replace_step(OLD, "before_ask", "2 days")
    book = edited(OLD, shorter, "spread", "3 days")
    due = [one(after_edit(book, inside(OLD, number=f"p{number}"))).due_at for number in range(40)]
    assert all(at is not None and EDIT <= at <= EDIT + timedelta(days=3) for at in due)
    days = [sum(1 for at in due if at is not None and (at - EDIT).days == day) for day in range(3)]
    assert min(days) >= 5
    again = [one(after_edit(book, inside(OLD, number=f"p{number}"))).due_at for number in range(40)]
    assert again == due


def test_a_mail_due_at_once_is_valid_from_now_not_from_the_day_it_would_have_been() -> None:
    old = seq(send("hello"), wait("before_ask", "60 days"), send("ask"))
    person = inside(old, until=utc("2027-04-20 12:00"))
    book = edited(old, replace_step(old, "before_ask", "1 day"), at=person.asof)
    assert mails(book, person) == ["04-20 ask"]


def test_who_waits_unchanged_keeps_the_day_an_earlier_edit_gave_them() -> None:
    shorter = replace_step(OLD, "before_ask", "2 days")
    kept = after_edit(edited(OLD, shorter, "old-day"), inside(OLD))
    third = traced(replace_step(shorter, "before_thanks", "9 days"), traced(shorter, OLD, 2), 3)
    book = replace(
        w.book(third, rules=RULES), applied={"check_in": Applied(3, w.BIRTH)},
        older={("check_in", 2): traced(shorter, OLD, 2)}, moves={"check_in": (Move(3, EDIT),)},
    )  # fmt: skip
    assert one(after_edit(book, kept)).due_at == DUE


def replace_step(old: Sequence, name: str, text: str) -> Sequence:
    steps = tuple(wait(name, text) if step.id == name else step for step in old.steps)
    return seq(*steps)


# window, valid_for, class, if_capped


def test_row_a_new_window_holds_for_who_stands_on_the_mail() -> None:
    nights = Window(start=time(20), end=time(21))
    old = seq(send("hello"), wait("before_ask", "1 day"), send("ask", window=nights, valid_for=length("9 days")))
    standing = inside(old, until=utc("2027-03-02 13:00"))
    assert (one(standing).step, one(standing).message_due is not None) == ("ask", True)
    new = seq(send("hello"), wait("before_ask", "1 day"), send("ask", valid_for=length("9 days")))
    book = edited(old, new, at=standing.asof)
    assert [intent.mail for intent in advance(book, standing, standing.asof).intents] == ["ask"]


def test_row_a_new_class_is_stamped_on_what_is_still_to_go_and_not_on_what_went() -> None:
    person = inside(OLD)
    care = seq(send("hello", "care"), *OLD.steps[1:2], send("ask", "care"), *OLD.steps[3:])
    lived = live(edited(OLD, care), person, [], END)
    assert [(message.mail, message.class_) for message in lived.person.messages] == [
        ("hello", "news"), ("ask", "care"), ("thanks", "news"),
    ]  # fmt: skip


# branches and splits

HAPPY = w.condition("person.orders.count >= 1")


def branching(condition_: str) -> Sequence:
    arms = (
        Arm(w.condition(condition_), (wait("before_one", "5 days"), send("one")), HERE),
        Arm(None, (wait("before_two", "5 days"), send("two")), HERE),
    )
    return seq(send("hello"), Branch(id="branch_1", place=HERE, arms=arms), send("end"))


def test_row_the_condition_of_a_branch_leaves_people_on_the_arm_they_took() -> None:
    old, new = branching("person.orders.count >= 1"), branching("person.orders.count == 0")
    person = inside(old)
    assert one(person).step == "before_two"
    assert mails(edited(old, new), person) == ["03-06 two", "03-06 end"]
    fresh = live(edited(old, new), newborn("p2"), [*reachable(), event("subscriber.joined", EDIT)], END)
    assert [intent.mail for intent in fresh.intents] == ["hello", "one", "end"]


def splitting(one_weight: int, other: int) -> Sequence:
    ways = (
        Way("warm", one_weight, (wait("before_warm", "5 days"), send("warm")), HERE),
        Way("plain", other, (wait("before_plain", "5 days"), send("plain")), HERE),
    )
    return seq(send("hello"), Split(id="tone", place=HERE, ways=ways))


def test_row_split_weights_keep_people_on_their_way() -> None:
    old = splitting(50, 50)
    for number in range(12):
        person = inside(old, number=f"p{number}")
        stands = one(person).step
        for weights in ((100, 0), (0, 100)):
            moved = after_edit(edited(old, splitting(*weights)), person)
            assert one(moved).step == stands


# a step added, reordered, renamed, removed


def test_row_a_step_added_ahead_is_run_and_one_behind_is_not() -> None:
    new = seq(send("early"), *OLD.steps[:3], send("late"), *OLD.steps[3:])
    assert mails(edited(OLD, new), inside(OLD)) == ["03-11 ask", "03-11 late", "03-16 thanks"]


def test_row_steps_put_behind_the_wait_somebody_stands_on_lie_ahead() -> None:
    hello, before_ask, ask, *rest = OLD.steps
    late = (hello, wait("before_late", "10 days"), send("late"))
    assert mails(edited(OLD, seq(*late, ask, *rest)), inside(OLD)) == ["03-11 late", "03-11 ask", "03-16 thanks"]
    book = edited(OLD, seq(*late, wait("before_ask", "3 days"), ask, *rest))
    assert one(after_edit(book, inside(OLD))).step == "before_late"
    assert mails(book, inside(OLD)) == ["03-11 late", "03-14 ask", "03-19 thanks"]
    assert before_ask.id == "before_ask", "the wait of that name is another one now"


def test_row_reordered_steps_go_on_from_their_new_place_and_nothing_is_done_twice() -> None:
    hello, before_ask, ask, before_thanks, thanks = OLD.steps
    new = seq(before_ask, ask, hello, before_thanks, thanks)
    lived = live(edited(OLD, new), inside(OLD), [], END)
    assert [intent.mail for intent in lived.intents] == ["ask", "thanks"]
    said = [reason for reason in lived.reasons if reason.why is Why.version]
    assert [reason.words for reason in said][1:] == ["hello was done before an edit: not done again"]
    assert lived.intents[0].decided_at <= said[1].at


def test_row_a_renamed_step_is_followed_and_its_key_does_not_change() -> None:
    new = seq(OLD.steps[0], wait("before_how_is_it", "10 days"), send("how_is_it", was="ask"), *OLD.steps[3:])
    person = inside(OLD)
    moved = after_edit(edited(OLD, new), person)
    assert one(moved).step == "before_how_is_it"
    keys = {intent.key for intent in live(edited(OLD, new), person, [], END).intents}
    assert keys == {intent.key for intent in live(first_book(OLD), person, [], END).intents}


def test_row_a_rename_is_followed_over_several_versions_when_the_word_was_is_gone() -> None:
    second = traced(seq(OLD.steps[0], wait("before_b", "10 days"), send("b", was="ask"), *OLD.steps[3:]), OLD, 2)
    third = traced(seq(OLD.steps[0], wait("before_c", "10 days"), send("c", was="b"), *OLD.steps[3:]), second, 3)
    fourth = traced(seq(OLD.steps[0], wait("before_c", "10 days"), send("c"), *OLD.steps[3:]), third, 4)
    person = inside(OLD)
    book = replace(w.book(fourth, rules=RULES), applied={"check_in": Applied(4, w.BIRTH)}, older={("check_in", 1): OLD})
    lived = live(book, person, [], END)
    assert [intent.mail for intent in lived.intents] == ["c", "thanks"]
    assert lived.intents[0].key == live(first_book(OLD), person, [], END).intents[0].key


def test_a_name_that_was_given_up_is_a_new_step_when_it_comes_again() -> None:
    second = traced(seq(send("greeting", was="hello"), *OLD.steps[1:]), OLD, 2)
    third = traced(seq(send("greeting"), *OLD.steps[1:], send("hello")), second, 3)
    keys = {id_: node.step.lineage or id_ for id_, node in third.nodes.items()}
    assert keys["greeting"] == "hello"
    assert len(set(keys.values())) == len(keys)


def test_undoing_a_rename_without_saying_it_takes_the_first_name_back() -> None:
    second = traced(seq(send("greeting", was="hello"), *OLD.steps[1:]), OLD, 2)
    back = traced(OLD, second, 3)
    assert {node.step.lineage or id_ for id_, node in back.nodes.items()} == set(OLD.nodes)


def test_row_a_removed_step_that_nobody_stands_on_is_never_seen() -> None:
    new = seq(*OLD.steps[:3])
    assert mails(edited(OLD, new), inside(OLD)) == ["03-11 ask"]


@pytest.mark.parametrize(
    ("removal", "goes"),
    [
        (Removal("ask", "next"), ["03-09 thanks"]),
        (Removal("before_ask", "next"), ["03-09 thanks"]),
        (Removal("before_ask", "stop"), []),
        (Removal("before_ask", "", go_to="thanks"), ["03-04 thanks"]),
    ],
)
def test_row_people_on_a_removed_step_go_where_removed_says(removal: Removal, goes: list[str]) -> None:
    new = seq(OLD.steps[0], *OLD.steps[3:], removed=(removal,))
    old = seq(
        send("hello"), wait("before_ask", "10 days"), send("ask"), wait("before_thanks", "8 days"), send("thanks")
    )
    new = seq(old.steps[0], *old.steps[3:], removed=(removal,))
    lived = live(edited(old, new), inside(old), [], END)
    assert [f"{intent.decided_at:%m-%d} {intent.mail}" for intent in lived.intents] == goes
    if removal.people_there == "stop":
        assert one(lived.person).ending == "removed by version 2"


@pytest.mark.parametrize(("due_now", "goes"), [("send", "03-04"), ("old-day", "03-11")])
def test_who_comes_to_a_mail_at_once_by_a_removal_is_due_as_was_chosen(due_now: str, goes: str) -> None:
    new = seq(OLD.steps[0], OLD.steps[2], removed=(Removal("before_ask", "next"),))
    assert mails(edited(OLD, new, due_now), inside(OLD)) == [f"{goes} ask"]


def test_the_steps_own_question_is_asked_of_who_comes_to_it_by_a_removal() -> None:
    never = send("ask", condition=w.condition("has_tag('sleeping')"))
    new = seq(OLD.steps[0], never, removed=(Removal("before_ask", "next"),))
    lived = live(edited(OLD, new), inside(OLD), [], END)
    assert lived.intents == ()
    assert Why.not_asked in [reason.why for reason in lived.reasons]


# start, again, stage; while, stop_when, goal


def test_row_start_again_and_stage_throw_nobody_out() -> None:
    new = w.sequence("check_in", w.DELIVERED, OLD.steps, again=Again(per="event"), stage=("vip",))
    assert mails(edited(OLD, new), inside(OLD)) == ["03-11 ask", "03-16 thanks"]


def test_row_while_applies_from_now_on() -> None:
    new = seq(*OLD.steps, while_=w.condition("has_tag('sleeping')"))
    lived = live(edited(OLD, new), inside(OLD), [], END)
    assert lived.intents == ()
    assert one(lived.person).ending.startswith("no longer fits")


def test_row_a_new_stop_when_that_holds_ends_at_once_and_an_event_of_the_past_ends_nobody() -> None:
    holds = seq(*OLD.steps, stop_when=(StopRule(condition=w.condition("person.orders.count == 0")),))
    assert one(after_edit(edited(OLD, holds), inside(OLD))).ending == "stopped: person.orders.count == 0"
    by_event = seq(*OLD.steps, stop_when=(StopRule("subscriber.joined"),))
    assert one(after_edit(edited(OLD, by_event), inside(OLD))).running


def test_row_a_goal_counts_from_now_on() -> None:
    new = seq(*OLD.steps, goal=Goal("order.placed"))
    order = event("order.placed", EDIT + TWO_DAYS, order_id="o1", total=12)
    ended = live(edited(OLD, new), inside(OLD), [order], END).person
    assert one(ended).ending == "goal: order.placed"


# sequence renamed, on_change, reasons


def test_row_a_renamed_sequence_keeps_its_people_and_its_keys() -> None:
    person = inside(OLD)
    renamed = traced(replace(OLD, name="after_sale", was="check_in"), OLD, 2)
    book = replace(
        w.book(renamed, rules=RULES), applied={"after_sale": Applied(2, w.BIRTH)}, older={("after_sale", 1): OLD},
        renamed={"sequence": {"check_in": "after_sale"}},
    )  # fmt: skip
    lived = live(book, person, [], END)
    assert {e.sequence for e in lived.person.enrolments} == {"after_sale"}
    assert {m.sequence for m in lived.person.messages} == {"after_sale"}
    was = live(first_book(OLD), person, [], END)
    assert [intent.key for intent in lived.intents] == [intent.key for intent in was.intents]
    again = live(book, lived.person, [event("subscriber.joined", "2027-05-02 10:00")], "2027-05-09")
    assert [reason.why for reason in again.reasons] == [Why.once_only]


def test_finish_old_keeps_people_on_the_version_they_began() -> None:
    new = seq(*OLD.steps[:2], on_change="finish_old")
    lived = live(edited(OLD, new), inside(OLD), [], END)
    assert [intent.mail for intent in lived.intents] == ["ask", "thanks"]
    assert one(lived.person).version == 1


def test_the_move_is_on_file_with_words() -> None:
    decision = advance(edited(OLD, replace_step(OLD, "before_ask", "12 days")), inside(OLD), EDIT)
    reason = next(reason for reason in decision.reasons if reason.why is Why.version)
    assert reason.words == "moved from version 1 to 2: stands at before_ask"
    assert (reason.version, reason.until) == (2, DUE + TWO_DAYS)


def test_nobody_is_moved_twice() -> None:
    book = edited(OLD, replace_step(OLD, "before_ask", "12 days"))
    moved = after_edit(book, inside(OLD))
    assert advance(book, moved, EDIT + TWO_DAYS).reasons == ()


# waits for events


def test_a_wait_for_events_made_shorter_is_over_and_a_new_event_counts_from_now_on() -> None:
    def asking(events: tuple[str, ...], up_to: str) -> Sequence:
        waits = WaitEvent(
            id="answer", place=HERE, events=events, up_to=length(up_to), then=(send("thanks"),),
            otherwise=(Stop(id="stop_1", place=HERE, reason="silent"),),
        )  # fmt: skip
        return seq(send("ask"), waits)

    old = asking(("review.posted",), "9 days")
    shorter = live(edited(old, asking(("review.posted",), "2 days")), inside(old), [], END)
    assert one(shorter.person).ending == "stopped: silent"
    other = edited(old, asking(("review.posted", "order.delivered"), "9 days"))
    came = live(other, inside(old), [event("order.delivered", EDIT + TWO_DAYS, order_id="o")], END)
    assert [intent.mail for intent in came.intents] == ["thanks"]


def test_a_tag_that_was_done_is_not_done_again_when_it_is_put_ahead() -> None:
    tag = Tag(id="tag_1", place=HERE, tags=("sleeping",))
    old = seq(tag, wait("before_ask", "10 days"), send("ask"))
    new = seq(wait("before_ask", "10 days"), tag, send("ask"))
    person = inside(old)
    untagged = replace(person, tags=frozenset())
    lived = live(edited(old, new), untagged, [], END)
    assert lived.person.tags == frozenset()
