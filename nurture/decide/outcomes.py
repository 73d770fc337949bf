"""What became of a step after it was done: a task finished, a draft settled; found again by the step's key."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime

from nurture.decide.draft import Draft
from nurture.decide.inside import Inside
from nurture.decide.keys import key_for
from nurture.decide.lineages import node_now
from nurture.model.decision import Reason, Why
from nurture.model.person import Enrolment, Outcome
from nurture.model.sequence import Sequence
from nurture.model.step import AnyStep, Node


def everyone(draft: Draft) -> list[Inside | Enrolment]:
    """All enrolments of the person, the running ones first."""
    return [*draft.inside, *draft.past]


def book_sequence_of(draft: Draft, one: Inside | Enrolment) -> Sequence | None:
    """The version somebody is or was on; where that is gone from the book, the live one."""
    if isinstance(one, Inside):
        return one.book_sequence
    return draft.book.sequence(one.sequence, one.version) or draft.book.sequences.get(one.sequence)


def node_of(draft: Draft, one: Inside | Enrolment, outcome: Outcome) -> Node | None:
    """The step that an outcome is of, whatever it was called then; None for one that is gone."""
    if isinstance(one, Inside):
        return one.book_sequence.nodes.get(outcome.step)
    return node_now(draft.book, one.sequence, one.version, outcome.step)


def found(draft: Draft, key: str, among: frozenset[str]) -> Iterator[tuple[Inside | Enrolment, Outcome, AnyStep]]:
    """The outcomes with that key, of those whose word is `among` these, running enrolments first."""
    for one in everyone(draft):
        for outcome in one.outcomes:
            if outcome.outcome not in among:
                continue
            sequence = book_sequence_of(draft, one)
            node = node_of(draft, one, outcome)
            if sequence is None or node is None:
                continue
            ids = (draft.id, *draft.formerly)
            if any(key_for(draft.book, id_, sequence, one.subject, node.step, outcome.round) == key for id_ in ids):
                yield one, outcome, node.step


def turn(draft: Draft, one: Inside | Enrolment, outcome: Outcome, word: str, at: datetime) -> None:
    """Put another word in the place of an outcome."""
    turned = tuple(replace(old, outcome=word, at=at) if old is outcome else old for old in one.outcomes)
    if isinstance(one, Inside):
        one.outcomes = turned
    else:
        draft.past = [replace(one, outcomes=turned) if old is one else old for old in draft.past]


def note_of(
    draft: Draft, one: Inside | Enrolment, why: Why, now: datetime, step: AnyStep, words: str, due_at: datetime | None
) -> None:
    """Keep a reason for an enrolment, running or ended."""
    draft.reasons.append(
        Reason(why, now, due_at, one.sequence, one.version, one.subject, step.id, words=words, place=step.place)
    )
