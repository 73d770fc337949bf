"""Who went which way of a split, and whether they did what its ways are compared by (language.md 5.1, `measure`)."""

from collections.abc import Iterable, Iterator
from collections.abc import Sequence as Many
from datetime import datetime

from nurture.decide.clock import Clock, after, reader_clock
from nurture.decide.keys import step_lineage
from nurture.decide.measuring import is_held_out
from nurture.decide.proportions import Share
from nurture.model.book import Book
from nurture.model.event import Event
from nurture.model.person import Enrolment, Outcome, Person
from nurture.model.sequence import Sequence
from nurture.model.step import Split
from nurture.model.values import dataclass


@dataclass(frozen=True, slots=True)
class Went:
    """One person (with `fresh` draws: one time) on one way.

    `done` is None while their time is not over: what they have not done yet they still may.
    """

    way: str
    done: bool | None


@dataclass(slots=True)
class Tally:
    """Those of one way: all who went it, those whose time is over, and those of them who did it."""

    went: int = 0
    over: int = 0
    hits: int = 0

    @property
    def share(self) -> Share:
        """Of those whose time is over."""
        return Share(self.hits, self.over)

    def count(self, one: Went) -> None:
        """Take one in."""
        self.went += 1
        self.over += one.done is not None
        self.hits += one.done is True


def measured_splits(sequence: Sequence) -> list[Split]:
    """The splits whose ways are compared by an event, in the order of the steps."""
    steps = (node.step for node in sequence.nodes.values())
    return [step for step in steps if isinstance(step, Split) and step.measured]


def went(
    book: Book, person: Person, sequence: Sequence, split: Split, events: Many[Event], now: datetime
) -> Iterator[Went]:
    """Which way somebody went at a split, and whether the measured event came within its time; instants in UTC.

    Who is drawn once for ever counts once, from their first time there; with `again: fresh` every draw counts. Who is
    held out is left out, since they had no mail on any way. `events` are all that happened to them. Only who has had
    the whole time is told of: to count those early who were quick would flatter the way that people went last.
    """
    if is_held_out(book, sequence, person.id, person.address):
        return
    clock = reader_clock(book.rules, person.facts)
    turns = sorted(_turns(book, person, sequence, split), key=lambda one: one[1].at)
    for enrolment, outcome in turns if split.fresh else turns[:1]:
        yield Went(outcome.outcome, _did(split, enrolment, outcome, events, clock, now))


def _turns(book: Book, person: Person, sequence: Sequence, split: Split) -> Iterator[tuple[Enrolment, Outcome]]:
    for enrolment in person.enrolments:
        if enrolment.sequence != sequence.name:
            continue
        version = book.sequence(enrolment.sequence, enrolment.version) or sequence
        found = [one for one in enrolment.outcomes if _lineage(version, one.step) == step_lineage(split)]
        if found:
            yield enrolment, found[0]


def _lineage(version: Sequence, step: str) -> str:
    node = version.nodes.get(step)
    return step_lineage(node.step) if node is not None else step


def _did(
    split: Split, enrolment: Enrolment, outcome: Outcome, events: Iterable[Event], clock: Clock, now: datetime
) -> bool | None:
    within = split.measured_within  # none: as long as they are inside
    end = enrolment.ended_at if within is None else after(outcome.at, within, clock)
    if end is None or end > now:
        return None
    return any(event.name == split.measured and outcome.at < event.happened_at <= end for event in events)
