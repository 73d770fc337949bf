"""What holds of steps that wait, choose, repeat and ask; each law is shown to catch a fault planted in product code."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings

from nurture.decide import drafts, errands, repeating, splitting, steps, waiting
from nurture.decide.clock import local_day, reader_clock
from nurture.decide.draft import Draft
from nurture.decide.inside import Inside
from nurture.model.decision import TaskIntent, WebhookIntent
from nurture.model.event import TASK_DONE, WEBHOOK_ANSWERED, Event
from nurture.model.person import Enrolment, Outcome, Round
from nurture.model.step import Node, Repeat, Send, Split, Task, WaitEvent, Webhook
from tests import worlds as w
from tests.drawing import seeded
from tests.hunting import hunt
from tests.random_worlds import World, replies, world, worlds

LAWFUL = settings(
    max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)
TRIES = 1500


def _outcomes(world: World, life: w.Life) -> list[tuple[Enrolment, Outcome, Node]]:
    nodes = {name: sequence.nodes for name, sequence in world.book.sequences.items()}
    return [(e, o, nodes[e.sequence][o.step]) for e in life.person.enrolments for o in e.outcomes]


def everybody_stands_somewhere(world: World, life: w.Life) -> bool:
    """Nobody is lost: whoever has not ended stands on a step of their sequence, waiting for a moment still to come."""
    for decision in life.decisions:
        for enrolment in decision.person.enrolments:
            if enrolment.ended_at is not None:
                if not enrolment.ending:
                    return False
                continue
            stands = enrolment.step in world.book.sequences[enrolment.sequence].nodes
            if not stands or enrolment.due_at is None or enrolment.due_at <= decision.person.asof:
                return False
    return True


def who_was_answered_was_so_by_an_event_of_its_time(world: World, life: w.Life) -> bool:
    for enrolment, outcome, node in _outcomes(world, life):
        if isinstance(node.step, WaitEvent) and outcome.outcome == "came":
            named = [e for e in life.person.events if e.name in node.step.events and e.happened_at == outcome.at]
            first = enrolment.event.id if enrolment.event else ""
            if not any(e.id != first for e in named):
                return False
    return True


def who_waited_in_vain_had_no_answer_in_time(world: World, life: w.Life) -> bool:
    """A review that was told at once, while they were seen to wait for one, would have answered."""
    reviews = [e for e in life.person.events if e.name == "review.posted" and e.known_at == e.happened_at]
    seen: dict[tuple[str, str, str, int], datetime] = {}
    for decision in life.decisions:
        for one in decision.person.enrolments:
            if one.step is not None and one.ended_at is None:
                round_ = max((r.number for r in one.rounds), default=1)
                seen.setdefault((one.sequence, one.subject, one.step, round_), decision.person.asof)
    for enrolment, outcome, node in _outcomes(world, life):
        since = seen.get((enrolment.sequence, enrolment.subject, outcome.step, outcome.round))
        if not isinstance(node.step, WaitEvent) or outcome.outcome != "timed_out" or since is None:
            continue
        told = [review for review in reviews if since < review.happened_at <= outcome.at]
        if told and "review.posted" in node.step.events:
            return False
    return True


def who_was_split_goes_the_same_way_again(world: World, life: w.Life) -> bool:
    ways: dict[tuple[str, str, str], set[str]] = {}
    for enrolment, outcome, node in _outcomes(world, life):
        if isinstance(node.step, Split):
            about = enrolment.subject if node.step.fresh else ""
            ways.setdefault((enrolment.sequence, outcome.step, about), set()).add(outcome.outcome)
    return all(len(gone) == 1 for gone in ways.values())


def rounds_begin_where_they_should(world: World, life: w.Life) -> bool:
    """Round k comes k - 1 lengths after round 1, however long each took: in elapsed time, or in the reader's dates."""
    for decision in life.decisions:
        clock = reader_clock(world.book.rules, decision.person.facts)
        for enrolment in decision.person.enrolments:
            node = world.book.sequences[enrolment.sequence].nodes.get(enrolment.step or "")
            if node is None or not isinstance(node.step, Repeat) or enrolment.due_at is None:
                continue
            stood = next(one for one in enrolment.rounds if one.repeat == node.step.id)
            due, every = enrolment.due_at, node.step.every
            if every.elapsed and due - stood.began_at != stood.number * timedelta(seconds=every.seconds):
                return False
            days = (local_day(due, clock) - local_day(stood.began_at, clock)).days
            if every.days is not None and days != stood.number * every.days:
                return False
    return True


def no_round_is_done_twice_or_left_out(world: World, life: w.Life) -> bool:
    for enrolment in life.person.enrolments:
        done = [(o.step, o.round) for o in enrolment.outcomes]
        if len(set(done)) != len(done):
            return False
        for round_ in enrolment.rounds:
            node = world.book.sequences[enrolment.sequence].nodes[round_.repeat]
            left = next((o for o in enrolment.outcomes if o.step == round_.repeat), None)
            if isinstance(node.step, Repeat) and left and left.outcome == "done" and round_.number != node.step.times:
                return False
    return True


def answers_count_by_their_own_time(world: World, life: w.Life) -> bool:
    """A task is done and a call answered exactly when the shop said so, if that was known while somebody waited."""
    made: list[TaskIntent | WebhookIntent] = [*life.tasks, *life.webhooks]
    told = {
        str(e.fields["key"]): e for d in life.decisions for e in replies(d) if e.name in (TASK_DONE, WEBHOOK_ANSWERED)
    }
    for enrolment, outcome, node in _outcomes(world, life):
        if not isinstance(node.step, Task | Webhook):
            continue
        about = (enrolment.sequence, enrolment.subject, outcome.step)
        keys = [one.key for one in made if (one.sequence, one.subject, one.step) == about]
        answers = [told[key] for key in keys if key in told]
        if outcome.outcome in ("done", "ok") and not any(e.happened_at == outcome.at for e in answers):
            return False
        held = isinstance(node.step, Task) and node.step.hold is not None
        if held and outcome.outcome == "not_done" and any(e.known_at < outcome.at for e in answers if len(keys) == 1):
            return False
    return True


def a_dropped_draft_is_had_by_nobody(world: World, life: w.Life) -> bool:
    said = {
        str(e.fields["key"]): str(e.fields["outcome"])
        for d in life.decisions
        for e in replies(d)
        if e.name == "draft.settled"
    }
    known = {e.key for e in life.person.messages if e.cancelled}
    late = life.person.asof - timedelta(days=5)
    for intent in life.intents:
        dropped = bool(intent.approve) and said.get(intent.key) == "dropped"
        if intent.gifts:
            continue  # without a code it is cancelled too
        if intent.decided_at < late and (intent.key in known) != dropped:
            return False
    return True


LAWS: dict[str, Callable[[World, w.Life], bool]] = {
    law.__name__: law
    for law in (
        everybody_stands_somewhere, who_was_answered_was_so_by_an_event_of_its_time,
        who_waited_in_vain_had_no_answer_in_time, who_was_split_goes_the_same_way_again,
        rounds_begin_where_they_should, no_round_is_done_twice_or_left_out, answers_count_by_their_own_time,
        a_dropped_draft_is_had_by_nobody,
    )
}  # fmt: skip


@LAWFUL
@given(world=worlds())
def test_the_laws_hold(world: World) -> None:
    life = world.live()
    assert [name for name, law in LAWS.items() if not law(world, life)] == []


def test_the_examples_bite() -> None:
    """Waits for events end in both ways, splits go in all, rounds are counted, tasks and calls get every outcome."""
    seen: set[tuple[str, str]] = set()
    for seed in range(300):
        one = world(seeded(seed))
        for _, outcome, node in _outcomes(one, one.live()):
            kind = "send" if isinstance(node.step, Send) else type(node.step).__name__
            seen.add((kind, outcome.outcome))
            seen.add((kind, str(outcome.round)))
    wanted = {
        ("WaitEvent", "came"), ("WaitEvent", "timed_out"), ("Split", "one"), ("Split", "two"), ("Repeat", "done"),
        ("Task", "made"), ("Task", "done"), ("Task", "not_done"), ("Webhook", "ok"), ("Webhook", "failed"),
        ("Enrol", "started"), ("Enrol", "refused"), ("MoveTo", "done"), ("send", "3"),
        ("send", "approved"), ("send", "edited"), ("send", "dropped"),
    }  # fmt: skip
    assert wanted <= seen, wanted - seen


# --- faults planted in the product's code --------------------------------------------------------


def _at_arrival(draft: Draft, inside: Inside, node: Node, step: WaitEvent, event: Event, now: datetime) -> None:
    """An answer counts from when we learned of it."""
    _CAME(draft, inside, node, step, replace(event, happened_at=now), now)


def _chained(draft: Draft, inside: Inside, node: Node, step: Repeat, before: Round) -> None:
    """The next round is counted from the end of this one."""
    _AGAIN(draft, inside, node, step, replace(before, began_at=inside.done_at))


def _drawn_again(_draft: Draft, inside: Inside, step: Split) -> int:
    return len(inside.outcomes) % len(step.ways)


def _lost(draft: Draft, inside: Inside, node: Node, now: datetime) -> None:
    """Where nothing comes they leave without a word."""
    if isinstance(node.step, WaitEvent):
        inside.ended_at = now
    else:
        _OVER(draft, inside, node, now)


_CAME, _AGAIN, _OVER = waiting._came, repeating.again, steps._over
FAULTS: list[tuple[str, list[tuple[object, str, object]]]] = [
    ("everybody_stands_somewhere", [(steps, "_over", _lost)]),
    ("who_was_answered_was_so_by_an_event_of_its_time", [(waiting, "_came", _at_arrival)]),
    ("who_waited_in_vain_had_no_answer_in_time", [(waiting, "answer", lambda *_: None)]),
    (
        "who_was_split_goes_the_same_way_again",
        [(splitting, "hashed", _drawn_again), (splitting, "_gone_before", lambda *_: [])],
    ),
    ("rounds_begin_where_they_should", [(repeating, "again", _chained)]),
    ("no_round_is_done_twice_or_left_out", [(Inside, "round", property(lambda _: 1))]),
    ("answers_count_by_their_own_time", [(errands, "_own_time", lambda _inside, _event, now: now)]),
    ("a_dropped_draft_is_had_by_nobody", [(drafts, "_drop", lambda *_: None)]),
]


@pytest.mark.filterwarnings("ignore:Generating overly large repr")  # a found world is large, and not printed
@pytest.mark.parametrize("number", range(len(FAULTS)), ids=[f"{n}_{name}" for n, (name, _) in enumerate(FAULTS)])
def test_the_law_catches_a_planted_fault(number: int, monkeypatch: pytest.MonkeyPatch) -> None:
    law, planted = FAULTS[number]
    for owner, name, fault in planted:
        monkeypatch.setattr(owner, name, fault)
    hunt(world, lambda one: not LAWS[law](one, one.live()), TRIES)
