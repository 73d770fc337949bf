"""The send key: one person, one sequence, one subject, one step, one message, ever (language.md 6.11)."""

from hashlib import sha256

from nurture.decide.inside import Inside
from nurture.model.book import Book


def key_of(book: Book, person: str, inside: Inside, round_: int = 1) -> str:
    """SHA-256 of project, person, sequence lineage, subject, step lineage and round, as hexadecimal.

    Version, template, class and time are not in it, so edits, retries and re-deliveries cannot
    double a mail. The parts are separated by a byte that none of them can hold.
    """
    lineage = inside.book_sequence.lineage or inside.sequence
    parts = (book.rules.project, person, lineage, inside.subject, inside.step or "", str(round_))
    return sha256("\x1f".join(parts).encode()).hexdigest()
