"""What the files say beside the book they make: where each thing was written, for the findings."""

from collections.abc import Mapping
from dataclasses import field

from nurture.language.reader import Fields
from nurture.model.book import Book
from nurture.model.place import Place, Problem
from nurture.model.sequence import Sequence
from nurture.model.values import dataclass


@dataclass(frozen=True, slots=True)
class Written:
    """A sequence and the mappings it and its steps were read from.

    `words` are the closed lists of the names that its steps may ask for: all that `start.name` can be.
    """

    sequence: Sequence
    fields: Fields
    steps: Mapping[str, Fields] = field(default_factory=dict)
    words: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @property
    def top(self) -> Place:
        """The top of the file: the key of its name, for findings about the whole sequence."""
        return self.fields.place_of_key("sequence")

    @property
    def timed(self) -> bool:
        """Whether every step and wait was understood, so that days can be counted."""
        return all(map(_understood, self.steps.values()))

    def at(self, code: str, key: str, message: str, hint: str = "") -> Problem:
        """A finding at the value of one of its keys; without that key, at the top."""
        place = self.fields.place_of(key) if self.fields.written(key) else self.top
        return Problem(code, place, message, hint)

    def step(self, code: str, step: str, message: str, hint: str = "") -> Problem:
        """A finding about a step, where it begins."""
        return Problem(code, self.steps[step].place, message, hint)


def _understood(step: Fields) -> bool:
    wait = step.values.get("wait")
    if isinstance(wait, Fields):
        return wait.table.verb in wait.values
    return step.table.verb != "" and (step.table.verb != "wait" or wait is not None)


@dataclass(frozen=True, slots=True)
class Project:
    """A book, complete or not, and what its parts were read from; None where a file was not there or not readable.

    `copies` are the files that wait for a translation, by mail and locale. Of a book that is not `whole`, something
    could not be read, so that nothing can be said of what it lacks.
    """

    book: Book
    sequences: tuple[Written, ...]
    rules: Fields | None
    stages: Fields | None
    catalogue: Fields | None
    copies: Mapping[tuple[str, str], str] = field(default_factory=dict)
    whole: bool = True
