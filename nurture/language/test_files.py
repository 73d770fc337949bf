"""Test files as values: people, what happens to them, and what is expected of the engine (language.md 10)."""

from collections.abc import Mapping
from dataclasses import field
from datetime import date, time

from nurture.model.place import Place
from nurture.model.values import dataclass

LAST_SECOND = time(23, 59, 59)


@dataclass(frozen=True, slots=True)
class Moment:
    """A wall time on the test person's own clock."""

    day: date
    clock: time


@dataclass(frozen=True, slots=True)
class When:
    """A wall time on their own clock: on a date, or so many days after day 0 of the sequence it is about."""

    clock: time
    day: date | None = None
    after_day_0: int = 0

    def __str__(self) -> str:
        return f"{self.day or f'day {self.after_day_0}'} {self.clock:%H:%M}"


@dataclass(frozen=True, slots=True)
class Happening:
    """One event; its fields are typed by the catalogue."""

    at: Moment
    event: str
    fields: Mapping[str, object]
    place: Place


@dataclass(frozen=True, slots=True)
class Record:
    """One thing they have, or numbers told about them; `kind` names it in the catalogue. No moment: from the start."""

    kind: str
    fields: Mapping[str, object]
    at: Moment | None
    place: Place


@dataclass(frozen=True, slots=True)
class Given:
    """Who it is and what happens. `consents` None is consent to every topic."""

    person: str = ""
    facts: Mapping[str, object] = field(default_factory=dict)
    events: tuple[Happening, ...] = ()
    things: tuple[Record, ...] = ()
    numbers: tuple[Record, ...] = ()
    consents: tuple[str, ...] | None = None
    refused: tuple[str, ...] = ()
    spared: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Expected:
    """One message that has to come; empty words are not looked at."""

    at: When
    mail: str
    place: Place
    gift: str = ""
    rung: str = ""
    class_: str = ""
    variant: str = ""


@dataclass(frozen=True, slots=True)
class Became:
    """What has to become of a message: `sent`, or a reason for which it does not go, blanks written as underscores."""

    mail: str
    outcome: str
    place: Place
    at: When | None = None


@dataclass(frozen=True, slots=True)
class Named:
    """A word of the file with its place: a mail under `never`, a sequence and how it ended."""

    name: str
    words: str
    place: Place


@dataclass(frozen=True, slots=True)
class Doing:
    """Somebody does something at a moment: a click in the mail of that name, a task finished by its step's id."""

    at: Moment
    name: str
    place: Place


@dataclass(frozen=True, slots=True)
class NewVersion:
    """Until `at` they live by the `old` file of a sequence, from then on by the one in the book."""

    old: str
    at: Moment
    due_now: str
    place: Place


@dataclass(frozen=True, slots=True)
class Case:
    """One case. `expect` None was not written: nothing is compared, and a recording fills it in."""

    name: str
    place: Place
    until: Moment
    given: Given = Given()
    start: Moment | None = None
    expect: tuple[Expected, ...] | None = None
    partly: bool = False
    never: tuple[Named, ...] = ()
    ends: tuple[Named, ...] = ()
    why: tuple[Became, ...] = ()
    clicks: tuple[Doing, ...] = ()
    tasks: tuple[Doing, ...] = ()
    version: NewVersion | None = None
    ways: Mapping[str, str] = field(default_factory=dict)
    drafts: Mapping[str, str] = field(default_factory=dict)
    webhooks: Mapping[str, str] = field(default_factory=dict)
    held_out: bool = False
    reachable: bool = True

    @property
    def expects_anything(self) -> bool:
        """Whether anything is compared."""
        return self.expect is not None or bool(self.never or self.ends or self.why)


@dataclass(frozen=True, slots=True)
class CaseFile:
    """One file of sequences/tests/: its cases, and the sequences that are live in its little world."""

    file: str
    name: str
    sequences: tuple[str, ...]
    cases: tuple[Case, ...]
