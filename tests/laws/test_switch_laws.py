"""What holds of pause and stop in every book and for every person, said at any instant (language.md 6.5).

Each law is shown to catch a fault planted in product code.
"""

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from nurture.decide import advance as core
from nurture.decide import arbiter, entry, leaving
from nurture.decide.draft import Draft
from nurture.decide.inside import Inside
from nurture.decide.switches import switched
from nurture.model.book import Book
from nurture.model.decision import MESSAGES_NOT_SENT, Why
from nurture.model.person import Person
from nurture.model.step import Send
from nurture.model.switch import Switch, Word
from tests import worlds as w
from tests.drawing import Dice, between, drawn
from tests.hunting import hunt
from tests.random_worlds import END, START, World, world, worlds

LAWFUL = settings(
    max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)
TRIES = 1500
NAME = "s0"


def day_of(dice: Dice) -> datetime:
    """The instant at which a switch is thrown."""
    return START + timedelta(minutes=10 * between(dice, 0, 40 * 24 * 6) + 3)


@st.composite
def days(draw: st.DrawFn) -> datetime:
    return day_of(drawn(draw))


def under(world: World, word: Word, since: datetime) -> Book:
    return switched(world.book, [Switch(word, since, "lena", NAME)])


def split(world: World, at: datetime, first: Book, then: Book) -> tuple[w.Life, w.Life]:
    """A life under one book up to an instant, and under another from that instant on, at which somebody looks."""
    before = w.live(first, world.person, [e for e in world.events if e.known_at <= at], at, [at])
    later = [event for event in world.events if event.known_at > at]
    return before, w.live(then, before.person, later, END, [at])


def story(life: w.Life) -> tuple[object, ...]:
    person = life.person
    reasons = tuple(sorted(life.reasons, key=repr))
    return (life.intents, reasons, person.enrolments, person.messages, person.facts, person.tags, person.firings)


# --- the laws: each answers whether it holds in one world, with a switch thrown at one instant ---


def a_stop_ends_all_inside_and_nothing_goes_after_it(world: World, at: datetime) -> bool:
    before, after = split(world, at, world.book, under(world, Word.stop, at))
    mine = [one for one in after.person.enrolments if one.sequence == NAME]
    was_inside = {one.identity for one in before.person.enrolments if one.sequence == NAME and one.running}
    ended = {one.identity for one in mine if one.ending == "stopped by lena"}
    told = {(r.sequence, r.subject) for r in after.reasons if r.why is Why.stopped and r.words == "stopped by lena"}
    return (
        not any(intent.sequence == NAME for intent in after.intents)
        and not any(one.running or not one.ending or one.started_at > at for one in mine)
        and not any(firing.sequence == NAME for firing in after.person.firings)
        and ended == told == was_inside
    )


def nobody_is_lost_by_a_switch(world: World, at: datetime) -> bool:
    """Whoever was in a sequence is there still, or ended with words; what ended before is as it was."""
    for word in (Word.pause, Word.stop):
        before, after = split(world, at, world.book, under(world, word, at))
        now = {one.identity: one for one in after.person.enrolments}
        for one in before.person.enrolments:
            if one.identity not in now or (one.ended_at is not None and now[one.identity] != one):
                return False
        if any(one.ended_at is not None and not one.ending for one in now.values()):
            return False
    return True


def what_is_paused_sends_nothing_and_each_of_its_mails_has_its_fate(world: World, at: datetime) -> bool:
    """Paused at one instant, resumed 30 days later: held once, then sent in time or dropped with a reason."""
    paused = under(world, Word.pause, at)
    resumed = at + timedelta(days=30)
    before = w.live(world.book, world.person, [e for e in world.events if e.known_at <= at], at, [at])
    held = w.live(paused, before.person, [e for e in world.events if at < e.known_at <= resumed], resumed, [at])
    after = w.live(world.book, held.person, [e for e in world.events if e.known_at > resumed], END, [resumed])
    if any(intent.sequence == NAME for intent in held.intents):
        return False
    if any(intent.decided_at > intent.valid_until for intent in after.intents):
        return False
    holds = Counter((r.subject, r.step) for r in held.reasons if r.why is Why.held and r.sequence == NAME)
    return holds <= _to_be_held(held.person, at) and _all_told(world, (before, held, after))


def _to_be_held(person: Person, since: datetime) -> Counter[tuple[str, str]]:
    """How often each mail came up since an instant: in each round of a repeat once, and the one that is due still."""
    inside = [one for one in person.enrolments if one.sequence == NAME]
    came = Counter((one.subject, done.step) for one in inside for done in one.outcomes if done.at > since)
    return came + Counter((one.subject, one.step or "") for one in inside if one.message_due is not None)


def _all_told(world: World, lives: tuple[w.Life, ...]) -> bool:
    """Every send step that was done has a reason that says what became of its mail."""
    told = {
        (r.sequence, r.subject, r.step)
        for life in lives
        for r in life.reasons
        if r.why is Why.sent or r.why in MESSAGES_NOT_SENT
    }
    for one in lives[-1].person.enrolments:
        nodes = world.book.sequences[one.sequence].nodes
        done = [o.step for o in one.outcomes if isinstance(nodes[o.step].step, Send)]
        if any((one.sequence, one.subject, step) not in told for step in done):
            return False
    return True


def a_replay_tells_a_switch_as_it_happened(world: World, at: datetime) -> bool:
    """`explain --at` and `simulate` live through it under the one book of today."""
    for word in (Word.pause, Word.stop):
        book = under(world, word, at)
        before, after = split(world, at, world.book, book)
        both = w.Life((*before.decisions, *after.decisions))
        if story(both) != story(w.live(book, world.person, world.events, END, [at])):
            return False
    return True


def asking_more_often_changes_nothing(world: World, at: datetime) -> bool:
    extra = [START + timedelta(hours=7 * number, minutes=11) for number in range(200)]
    for word in (Word.pause, Word.stop):
        book = under(world, word, at)
        life = w.live(book, world.person, world.events, END)
        if story(life) != story(w.live(book, world.person, world.events, END, extra)):
            return False
    return True


LAWS: dict[str, Callable[[World, datetime], bool]] = {
    law.__name__: law
    for law in (
        a_stop_ends_all_inside_and_nothing_goes_after_it, nobody_is_lost_by_a_switch,
        what_is_paused_sends_nothing_and_each_of_its_mails_has_its_fate, a_replay_tells_a_switch_as_it_happened,
        asking_more_often_changes_nothing,
    )
}  # fmt: skip


@LAWFUL
@given(world=worlds(), at=days())
def test_the_laws_hold(world: World, at: datetime) -> None:
    assert [name for name, law in LAWS.items() if not law(world, at)] == []


def _anything_pending(draft: Draft, now: datetime) -> list[Inside]:
    """Held messages are judged at whatever moment somebody asks, once a moment."""
    if draft.__dict__.setdefault("asked", []):
        return _PENDING(draft, now)
    draft.__dict__["asked"].append(now)
    return [inside for inside in draft.inside if inside.message_due is not None]


def _held_daily(*about: object) -> arbiter.Verdict:
    """A pause is told of again on every day."""
    verdict, now = _VERDICT(*about), about[-1]  # type: ignore[arg-type]
    if verdict.why is not Why.held or verdict.until is None:
        return verdict
    return replace(verdict, until=min(verdict.until, now + timedelta(days=1)))  # type: ignore[operator]


_DROP, _PENDING, _VERDICT = arbiter._drop, arbiter.pending, arbiter._verdict
FAULTS: list[tuple[str, object, str, object]] = [
    ("a_stop_ends_all_inside_and_nothing_goes_after_it", leaving, "stop", lambda *_: None),
    ("a_stop_ends_all_inside_and_nothing_goes_after_it", entry, "stop_on", lambda *_: None),
    ("what_is_paused_sends_nothing_and_each_of_its_mails_has_its_fate", arbiter, "hold_on", lambda *_: ""),
    ("what_is_paused_sends_nothing_and_each_of_its_mails_has_its_fate", arbiter, "_drop", lambda draft, inside, node,
     send, verdict, now: draft.reasons.pop() and _DROP(draft, inside, node, send, verdict, now)),
    ("a_replay_tells_a_switch_as_it_happened", arbiter, "hold_on", lambda sequence, _: sequence.switch.words
     if sequence and sequence.switch else ""),
    ("what_is_paused_sends_nothing_and_each_of_its_mails_has_its_fate", arbiter, "_verdict", _held_daily),
    ("asking_more_often_changes_nothing", core, "pending", _anything_pending),
]  # fmt: skip


@pytest.mark.filterwarnings("ignore:Generating overly large repr")  # a found world is large, and not printed
@pytest.mark.parametrize("number", range(len(FAULTS)), ids=[f"{n}_{fault[0][:30]}" for n, fault in enumerate(FAULTS)])
def test_the_law_catches_a_planted_fault(number: int, monkeypatch: pytest.MonkeyPatch) -> None:
    law, owner, name, fault = FAULTS[number]
    monkeypatch.setattr(owner, name, fault)
    hunt(lambda dice: (world(dice), day_of(dice)), lambda pair: not LAWS[law](*pair), TRIES)
