"""Random edits of random books with people inside: nobody lost, nobody doubled, no key changed, no refusal forgotten.

Each law is shown to catch faults planted in product code.
"""

import random  # noqa: TID251 - which edits to make: the tests' choice, not nurture's
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from itertools import pairwise

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from nurture.decide import advance as core
from nurture.decide import draft as drafts
from nurture.decide import migrate, retime
from nurture.decide.keys import key_for
from nurture.decide.lineages import by_lineage, lineage_of
from nurture.decide.migrate import landing, moves_people
from nurture.model.book import Book
from nurture.model.decision import ENDINGS, Decision
from nurture.model.event import Event
from nurture.model.person import Enrolment, Person
from nurture.model.step import flow
from tests import random_edits
from tests import worlds as w
from tests.drawing import Dice, between, seeded
from tests.hunting import hunt
from tests.random_edits import applied, edited
from tests.random_worlds import END, START, World, replies, world, worlds

LAWFUL = settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)
TRIES = 1500
FIRST, SECOND = START + timedelta(days=9), START + timedelta(days=18)
LENGTHS = ("3 days", "1 week", "12 days", "20 days")
WORDS = tuple(why.value for why in ENDINGS)


@dataclass(frozen=True)
class Edited:
    """A life under three books, each with what was decided under it."""

    books: tuple[Book, ...]
    lives: tuple[w.Life, ...]

    @property
    def decisions(self) -> Iterator[Decision]:
        for life in self.lives:
            yield from life.decisions

    @property
    def edits(self) -> Iterator[tuple[Book, Person, Book, Person]]:
        """Each edit: the book and the person before it, and the book and the person right after it."""
        for place in (0, 1):
            before, after = self.lives[place].person, self.lives[place + 1].decisions[0].person
            yield self.books[place], before, self.books[place + 1], after


def edited_life(world: World, seed: int) -> Edited:
    """Live a world through two edits; between them many are not looked at, and come over two versions at once."""
    chance = random.Random(seed)  # noqa: S311 - not a secret
    one = applied(_lasting(world.book, chance), START)
    two = edited(one, chance, FIRST)
    three = edited(two, chance, SECOND)
    books = (one, three, three) if chance.random() < 0.2 else (one, two, three)
    person, lives = world.person, []
    coming = list(world.events)
    for book, start, end in zip(books, (START, FIRST, SECOND), (FIRST, SECOND, END), strict=True):
        person = replace(person, asof=max(person.asof, start)) if lives else person
        answered: list[Event] = []

        def answers(decision: Decision, told: list[Event] = answered) -> list[Event]:
            found = replies(decision)
            told += found
            return found

        now = [event for event in coming if event.known_at <= end]
        coming = [event for event in coming if event.known_at > end]
        life = w.live(book, person, now, end, answers=answers)
        coming += [event for event in answered if event.known_at > end]
        lives.append(life)
        person = life.person
    return Edited(books, tuple(lives))


def _lasting(book: Book, chance: random.Random) -> Book:
    """The same with a wait before most sequences, so that many stand inside when an edit comes."""
    sequences = {}
    for name, sequence in book.sequences.items():
        first = replace(w.wait(chance.choice(LENGTHS)), id=f"{name}_first")
        steps = (first, *sequence.steps) if chance.random() < 0.85 else sequence.steps
        sequences[name] = replace(sequence, steps=steps, nodes=flow(steps))
    return replace(book, sequences=sequences)


def subject_of(book: Book, one: Enrolment) -> tuple[str, str]:
    return (book.renamed.get("sequence", {}).get(one.sequence, one.sequence), one.subject)


# --- the laws: each answers whether it holds ------------------------------------------------------


def nobody_is_lost(story: Edited) -> bool:
    """Whoever was inside is inside, on a step that is there, or has left with a word that says so."""
    for _, before, book, after in story.edits:
        there = {one.identity: one for one in after.enrolments}
        for one in before.enrolments:
            now = there.get(subject_of(book, one))
            if now is None or (not one.running and now.ending != one.ending):
                return False
            if now.running and not _stands(book, now):
                return False
            if not now.running and one.running and not now.ending.startswith(WORDS):
                return False
    return True


def _stands(book: Book, one: Enrolment) -> bool:
    sequence = book.sequence(one.sequence, one.version)
    on_live = one.version == book.version(one.sequence)
    stays = not moves_people(book.sequences[one.sequence])
    return sequence is not None and (on_live or stays) and (one.step is None or one.step in sequence.nodes)


def nobody_leaves_but_as_said(story: Edited) -> bool:
    """Nobody is removed by a version that has their step, or that says they go on."""
    for old, before, book, after in story.edits:
        removed = {one.identity for one in after.enrolments if one.ending.startswith("removed")}
        for one in before.enrolments:
            if not one.running or subject_of(book, one) not in removed:
                continue
            name = subject_of(book, one)[0]
            was = book.older.get((name, one.version)) or old.sequence(one.sequence, one.version)
            if was is None or landing(was, book.sequences[name], one.step or "").how != "stop":
                return False
    return True


def nobody_is_doubled(story: Edited) -> bool:
    """One person, one sequence, one subject, one step, one message, whatever was edited."""
    keys = [intent.key for decision in story.decisions for intent in decision.intents]
    keys += [task.key for decision in story.decisions for task in decision.tasks]
    keys += [call.key for decision in story.decisions for call in decision.webhooks]
    identities = [one.identity for one in story.lives[-1].person.enrolments]
    return len(keys) == len(set(keys)) and len(identities) == len(set(identities))


def no_key_changes(story: Edited) -> bool:
    """Whatever keeps its name, or says what it was called, has the key it had; and no two steps share one."""
    for before, book in pairwise(story.books):
        back = {today: was for was, today in book.renamed.get("sequence", {}).items() if was in before.sequences}
        for name, new in book.sequences.items():
            old = before.sequences[back.get(name, name)]
            keys = {id_: key_for(book, "p1", new, "s", node.step, 1) for id_, node in new.nodes.items()}
            if len(set(keys.values())) != len(keys):
                return False
            for id_, node in new.nodes.items():
                was = id_ if id_ in old.nodes else node.step.was
                known = old.nodes.get(was)
                if known is not None and key_for(before, "p1", old, "s", known.step, 1) != keys[id_]:
                    return False
    return True


def done_steps_stay_done(story: Edited) -> bool:
    """What somebody had is not asked for again under another name: a renamed step keeps its outcome."""
    for _, before, book, after in story.edits:
        there = {one.identity: one for one in after.enrolments}
        for one in before.enrolments:
            now = there.get(subject_of(book, one))
            if now is None or now.version == one.version:
                continue
            had = {outcome.step for outcome in now.outcomes}
            old, new = book.older[now.sequence, one.version], book.sequences[now.sequence]
            names_now = {by_lineage(new).get(lineage_of(old, outcome.step)) for outcome in one.outcomes}
            if not names_now - {None} <= had:
                return False
    return True


def waits_begin_where_they_began(story: Edited) -> bool:
    """Nobody's wait starts anew by an edit: whoever stands where they stood counts from when they came there."""
    for _, before, book, after in story.edits:
        there = {one.identity: one for one in after.enrolments}
        for one in before.enrolments:
            now = there.get(subject_of(book, one))
            if now is None or not now.running or not one.running or now.version == one.version or one.step is None:
                continue
            old, new = book.older[now.sequence, one.version], book.sequences[now.sequence]
            stayed = by_lineage(new).get(lineage_of(old, one.step)) == now.step
            waits = one.message_due is None and one.due_at is not None and one.due_at > after.asof
            if stayed and waits and now.due_at is not None and now.due_at > after.asof and now.done_at != one.done_at:
                return False
    return True


def no_refusal_is_forgotten(story: Edited) -> bool:
    """A topic that is called otherwise is as refused as it was; nobody who refused it has a mail of it."""
    for _, before, book, after in story.edits:
        names_now = book.renamed.get("topic", {})
        for topic, consent in before.consents.items():
            now = after.consents.get(names_now.get(topic, topic))
            if not consent.given and (now is None or now.given):
                return False
        if before.refused_all and not after.refused_all:
            return False
    return all(_consented(book, life) for book, life in zip(story.books, story.lives, strict=True))


def _consented(book: Book, life: w.Life) -> bool:
    today = book.renamed.get("topic", {})
    for decision in life.decisions:
        refused = {today.get(topic, topic) for topic, one in decision.person.consents.items() if not one.given}
        mails = [intent for intent in decision.intents if intent.class_ != "service"]
        if any(intent.topic in refused or intent.topic not in book.topics for intent in mails):
            return False
    return True


LAWS: dict[str, Callable[[Edited], bool]] = {
    law.__name__: law
    for law in (
        nobody_is_lost, nobody_leaves_but_as_said, nobody_is_doubled, no_key_changes, done_steps_stay_done,
        waits_begin_where_they_began, no_refusal_is_forgotten,
    )
}  # fmt: skip


@LAWFUL
@given(worlds(), st.integers(0, 10**6))
def test_the_laws_of_editing(world: World, seed: int) -> None:
    story = edited_life(world, seed)
    broken = [name for name, law in LAWS.items() if not law(story)]
    assert broken == []


def test_the_worlds_are_not_empty() -> None:
    """In what is tried many stand inside when an edit comes, and come over."""
    moved = sum(_somebody_moves(_edited(seeded(seed))) for seed in range(80))
    assert moved >= 40, f"in {moved} of 80 worlds somebody is moved"


def _edited(dice: Dice) -> Edited:
    return edited_life(world(dice), between(dice, 0, 10**6))


def _somebody_moves(story: Edited) -> bool:
    return any(r.words.startswith("moved from") for decision in story.decisions for r in decision.reasons)


# --- faults planted in product code: each must be caught ------------------------------------------


def _forgets_was(new: object, old: object, version: int) -> object:
    return new


def _begins_anew(old: object, new: object, enrolment: Enrolment, version: int) -> migrate.Moved:
    found = _MOVED(old, new, enrolment, version)  # type: ignore[arg-type]
    return replace(found, enrolment=replace(found.enrolment, outcomes=()))


def _from_now(draft: drafts.Draft) -> list[object]:
    for inside, _ in draft.moved:
        inside.done_at = draft.asof
    return _RETIME(draft)  # type: ignore[return-value]


_MOVED, _RETIME = migrate.moved, retime.retime
FAULTS: list[tuple[str, list[tuple[object, str, object]]]] = [
    ("nobody_is_lost", [(drafts, "brought_over", lambda *_: None)]),
    ("nobody_leaves_but_as_said", [(migrate, "landing", lambda *_: migrate.Landing("stop"))]),
    ("no_key_changes", [(random_edits, "traced", _forgets_was)]),
    ("done_steps_stay_done", [(migrate, "moved", _begins_anew)]),
    ("waits_begin_where_they_began", [(core, "retime", _from_now)]),
    ("no_refusal_is_forgotten", [(drafts, "person_today", lambda person, _: person)]),
    ("nobody_is_doubled", [(migrate, "moved", _begins_anew)]),
]


@pytest.mark.filterwarnings("ignore:Generating overly large repr")  # a found world is large, and not printed
@pytest.mark.parametrize("number", range(len(FAULTS)), ids=[f"{n}_{name}" for n, (name, _) in enumerate(FAULTS)])
def test_the_law_catches_a_planted_fault(number: int, monkeypatch: pytest.MonkeyPatch) -> None:
    law, planted = FAULTS[number]
    for owner, name, fault in planted:
        monkeypatch.setattr(owner, name, fault)
    hunt(_edited, lambda story: not LAWS[law](story), TRIES)
