"""The book: the applied set of sequences and house rules that every decision is taken by."""

from collections.abc import Mapping
from dataclasses import field
from datetime import datetime

from nurture.model.catalogue import Catalogue
from nurture.model.house import NOTHING_GIVEN, House
from nurture.model.length import Length
from nurture.model.rules import Moment, Rules, Stage, Theme, Topic
from nurture.model.sequence import Sequence
from nurture.model.values import dataclass


@dataclass(frozen=True, slots=True)
class Mail:
    """One folder of templates/: its name, the locales it is written in, and its folders with variants of it.

    `only_variants` says that nothing stands beside those folders: it can only be sent as one of them.
    """

    name: str
    locales: frozenset[str] = frozenset()
    variants: frozenset[str] = frozenset()
    only_variants: bool = False


@dataclass(frozen=True, slots=True)
class Applied:
    """The version of a sequence that is live, and since when it has been live (UTC).

    `starts_since` is when its present `start` went live, where that is later: nothing starts retroactively (6.4).
    `past_too` says of a broadcast that it goes also to those whose hour had passed by then: somebody was asked.
    """

    version: int
    live_since: datetime
    starts_since: datetime | None = None
    past_too: bool = False


@dataclass(frozen=True, slots=True)
class Move:
    """How those inside a sequence came to a version: what was chosen for who was due at once by it (section 8).

    `due_now` is send, old-day, or spread over `spread`. `at` is when it was applied (UTC).
    """

    version: int
    at: datetime
    due_now: str = "send"
    spread: Length | None = None


@dataclass(frozen=True, slots=True, eq=False, weakref_slot=True)
class Book:
    """Sequences by name, the house beside them, and what was applied when.

    A book read from the working tree has nothing in `applied`: it counts as live for ever.
    `older` holds the versions that people inside still stand on, `moves` how to come from them to the live one.
    `renamed` leads from every former name to today's, by kind (sequence, topic, theme, tag, mail): history follows.
    `lineages` are the first names of the steps of every version that ever was, where they differ from their own.
    `application` is the number of the `apply` that brought it; 0 for one of the working tree.
    A book is equal only to itself.
    """

    rules: Rules
    catalogue: Catalogue = Catalogue()
    stages: tuple[Stage, ...] = ()
    moments: tuple[Moment, ...] = ()
    topics: Mapping[str, Topic] = field(default_factory=dict)
    themes: Mapping[str, Theme] = field(default_factory=dict)
    tags: frozenset[str] = frozenset()
    sequences: Mapping[str, Sequence] = field(default_factory=dict)
    mails: Mapping[str, Mail] = field(default_factory=dict)
    applied: Mapping[str, Applied] = field(default_factory=dict)
    older: Mapping[tuple[str, int], Sequence] = field(default_factory=dict)
    house: House = NOTHING_GIVEN
    moves: Mapping[str, tuple[Move, ...]] = field(default_factory=dict)
    renamed: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    lineages: Mapping[tuple[str, int], Mapping[str, str]] = field(default_factory=dict)
    digest: str = ""
    application: int = 0

    def version(self, name: str) -> int:
        """The live version of a sequence; 0 in a book from the working tree."""
        applied = self.applied.get(name)
        return applied.version if applied else 0

    def sequence(self, name: str, version: int) -> Sequence | None:
        """The sequence as it stood in that version; None when it is gone."""
        if version == self.version(name):
            return self.sequences.get(name)
        return self.older.get((name, version))
