"""Who is held out, so that what mails bring about can be measured: the same people for ever (language.md 6.12)."""

from hashlib import sha256

from nurture.decide.draft import Draft
from nurture.model.book import Book
from nurture.model.sequence import Sequence

_SERVICE = "service"


def held_out(draft: Draft, sequence: Sequence, class_: str) -> str:
    """Why a person gets nothing but service here, in words; empty when they do. Seeds are never held out.

    They go through the sequence like everybody; only their mails are not sent.
    """
    rules = draft.book.rules
    if class_ == _SERVICE or not (rules.hold_out or sequence.hold_out) or _is_seed(draft.book, draft.address):
        return ""
    if _share(rules.project, "hold-out", draft.id) < rules.hold_out:
        return f"one of the {rules.hold_out}% who get nothing but service"
    if _share(rules.project, "hold-out", sequence.lineage or sequence.name, draft.id) < sequence.hold_out:
        return f"one of the {sequence.hold_out}% who get nothing of {sequence.name}"
    return ""


def is_held_out(book: Book, sequence: Sequence, person: str, address: str) -> bool:
    """Whether somebody gets none of a sequence's mails but service; nobody is, of one that is service itself."""
    rules = book.rules
    if sequence.class_ == _SERVICE or _is_seed(book, address):
        return False
    own = _share(rules.project, "hold-out", sequence.lineage or sequence.name, person) < sequence.hold_out
    return own or _share(rules.project, "hold-out", person) < rules.hold_out


def _is_seed(book: Book, address: str) -> bool:
    return any(seed.casefold() == address.casefold() for seed in book.rules.seeds)


def _share(*parts: str) -> float:
    """A number from 0 to 100 that stands for these words, even over all of them and the same for ever."""
    return int.from_bytes(sha256("\x1f".join(parts).encode()).digest()[:8], "big") * 100 / 2**64
