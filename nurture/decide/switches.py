"""Pause and stop over a book: what a person said at the command line, beside what the files say (language.md 6.5)."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime

from nurture.model.book import Book
from nurture.model.sequence import Sequence, Status
from nurture.model.switch import Switch, Word


def switched(book: Book, switches: Iterable[Switch]) -> Book:
    """The book with what was said of its sequences; the same book when nothing was. A stop outweighs a pause.

    A halt holds hand-over only and is no matter of the book; a switch of a sequence that is gone does nothing.
    """
    said: dict[str, Switch] = {}
    for switch in switches:
        known = switch.sequence in book.sequences
        if known and (switch.word is Word.stop or (switch.word is Word.pause and switch.sequence not in said)):
            said[switch.sequence] = switch
    if not said:
        return book
    over = {name: _under(book.sequences[name], switch) for name, switch in said.items()}
    return replace(book, sequences={**book.sequences, **over})


def _under(sequence: Sequence, switch: Switch) -> Sequence:
    """A closed sequence stays closed while it is paused: nobody starts."""
    if switch.word is Word.stop:
        return replace(sequence, status=Status.stopped, switch=switch)
    paused = Status.paused if sequence.status is Status.live else sequence.status
    return replace(sequence, status=paused, switch=switch)


def stop_on(sequence: Sequence | None, now: datetime) -> Switch | None:
    """The stop that holds for a sequence at an instant (UTC)."""
    switch = sequence.switch if sequence is not None else None
    return switch if switch is not None and switch.word is Word.stop and switch.since <= now else None


def hold_on(sequence: Sequence | None, now: datetime) -> str:
    """Why what comes due in a sequence waits at an instant (UTC), in words; empty when it does not.

    In one that was stopped nothing waits: its mail is not sent.
    """
    if sequence is None:
        return ""
    switch = sequence.switch
    if switch is not None:
        return switch.words if switch.word is Word.pause and switch.since <= now else ""
    return f"the sequence is {sequence.status.value}" if sequence.status in (Status.paused, Status.draft) else ""
