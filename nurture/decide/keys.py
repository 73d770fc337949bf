"""The send key: one person, one sequence, one subject, one step, one round, ever (language.md 6.11)."""

from hashlib import sha256

from nurture.decide.inside import Inside
from nurture.model.book import Book
from nurture.model.sequence import Sequence
from nurture.model.step import AnyStep


def key_of(book: Book, person: str, inside: Inside) -> str:
    """The key of what an enrolment does at the step and in the round that it stands in: a mail, a task, a gift."""
    node = inside.node
    return key_for(book, person, inside.book_sequence, inside.subject, node.step if node else None, inside.round)


def key_for(book: Book, person: str, sequence: Sequence, subject: str, step: AnyStep | None, round_: int) -> str:
    """SHA-256 of project, person, sequence lineage, subject, step lineage and round, as hexadecimal.

    Version, template, class and time are not in it, so edits, retries and re-deliveries cannot
    double a mail. The parts are separated by a byte that none of them can hold.
    """
    lineage = sequence.lineage or sequence.name
    parts = (book.rules.project, person, lineage, subject, step_lineage(step) if step else "", str(round_))
    return sha256("\x1f".join(parts).encode()).hexdigest()


def step_lineage(step: AnyStep) -> str:
    """The first id that a step ever had."""
    return step.lineage or step.id
