"""Had this book been live then: who would have had what, when, and why not (language.md 11.10).

Each person lives from wake to wake by the daemon's own core. The log's own time is taken as
arrival, so a person is seen as of each moment and the future is never there to be read.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import field, replace
from datetime import datetime
from itertools import chain, islice
from typing import NamedTuple

from nurture.decide.advance import advance
from nurture.decide.clock import local, reader_clock
from nurture.decide.explain import why_words
from nurture.decide.simulate import live
from nurture.engine.processes import cores, spread
from nurture.model import event as names
from nurture.model.book import Applied, Book
from nurture.model.decision import MESSAGES_NOT_SENT, STARTS, Decision, Reason, Why
from nurture.model.event import Event, Origin
from nurture.model.person import Person
from nurture.model.values import dataclass

PAGE = 200  # people handed to a process at a time
TOLD = (STARTS | MESSAGES_NOT_SENT | {Why.sent, Why.moved}) - {Why.started}


class History(NamedTuple):
    """One person's log: the id, what people call them, and all their events."""

    id: str
    label: str
    events: tuple[Event, ...]


class Line(NamedTuple):
    """One thing that would have happened to one person; `at` is their own local time, to the minute."""

    person: str
    at: str
    sequence: str
    mail: str
    what: str
    words: str


@dataclass(frozen=True, slots=True)
class Question:
    """What every process is told once: the book, the stretch of time (UTC), and what to assume."""

    book: Book
    start: datetime
    end: datetime
    reachable: bool


@dataclass(slots=True)
class Tally:
    """Counts per sequence, month and what came of it, and the lines behind them."""

    people: int = 0
    counts: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    lines: list[Line] = field(default_factory=list)

    def add(self, lines: Sequence[Line], people: int) -> None:
        """Take in what one page of people gave."""
        self.people += people
        self.lines.extend(lines)
        self.counts.update((line.sequence, line.at[:7], line.what) for line in lines)


def backtest(
    question: Question, histories: Iterable[History], tell: Callable[[int], None], processes: int = 0
) -> Tally:
    """Live everybody's log through; `tell` hears how many people are done. The lines come sorted."""
    tally = Tally()
    for lines, people in spread(_page, question, paged(histories), processes or cores()):
        tally.add(lines, people)
        tell(tally.people)
    tally.lines.sort()
    return tally


def paged(histories: Iterable[History]) -> Iterator[list[History]]:
    """People in pages."""
    people = iter(histories)
    while page := list(islice(people, PAGE)):
        yield page


def _page(question: Question, page: list[History]) -> tuple[list[Line], int]:
    return lived(question, page), len(page)


def lived(question: Question, page: Iterable[History]) -> list[Line]:
    """What would have happened to these people."""
    return [line for history in page for line in lines_of(question, history)]


def lines_of(question: Question, history: History) -> Iterator[Line]:
    """One person's lines: history before the start only makes them who they were then."""
    events = as_lived(history, question)
    before = tuple(event for event in events if event.happened_at < question.start)
    during = tuple(event for event in events if question.start <= event.happened_at < question.end)
    if not during and not before:
        return
    person = grown(question, history.id, before)
    book = live_since(question.book, question.start)
    for decision in live(book, person, during, question.start, question.end):
        yield from told(book, history.label, decision)


def as_lived(history: History, question: Question) -> list[Event]:
    """The log in the order in which things happened, as if each had been known at once."""
    events = [replace(event, known_at=event.happened_at, origin=Origin.live, fresh=False) for event in history.events]
    events.sort(key=lambda event: (event.happened_at, event.number))
    if question.reachable and events:
        first = events[0].happened_at
        return list(chain(reach(history.id, question.book, events, first), events))
    return events


def reach(person: str, book: Book, events: Sequence[Event], first: datetime) -> Iterator[Event]:
    """`--assume reachable`: an address where none is known, and consent to every topic, from the first day on."""
    if not any(event.name == names.ADDRESS_ADDED for event in events):
        yield Event("assumed-address", names.ADDRESS_ADDED, first, first, -2, {"address": f"{person}@assumed.invalid"})
    fields = {"topics": tuple(sorted(book.topics)), "basis": "assumed"}
    yield Event("assumed-consent", names.CONSENT_GIVEN, first, first, -1, fields)


def grown(question: Question, person: str, before: tuple[Event, ...]) -> Person:
    """The person as known at the start; no sequence is there yet, so nothing has started."""
    born = before[0].happened_at if before else question.start
    empty = Person(person, min(born, question.start))
    if not before:
        return empty
    return advance(bare(question.book), empty, question.start, before).person


_bare: dict[int, tuple[Book, Book]] = {}
_live: dict[int, tuple[Book, Book]] = {}


def bare(book: Book) -> Book:
    """The book without its sequences; kept, since the core remembers what it worked out for a book."""
    if id(book) not in _bare:
        _bare[id(book)] = (book, replace(book, sequences={}, applied={}, older={}))
    return _bare[id(book)][1]


def live_since(book: Book, start: datetime) -> Book:
    """The book as if applied at the start: nobody is taken in for what had passed before; kept likewise."""
    if id(book) not in _live:
        applied = {name: Applied(book.version(name), start) for name in book.sequences}
        _live[id(book)] = (book, replace(book, applied=applied))
    return _live[id(book)][1]


def told(book: Book, label: str, decision: Decision) -> Iterator[Line]:
    """The lines of one decision; times on the reader's clock as it was then."""
    for reason in decision.reasons:
        if reason.why in TOLD:
            clock = reader_clock(book.rules, decision.person.facts)
            at = f"{local(reason.at, clock):%Y-%m-%d %H:%M}"
            yield Line(label, at, reason.sequence, reason.mail, what(reason), why_words(reason, clock))


def what(reason: Reason) -> str:
    """`sent`, `moved`, a reason for a mail that did not go, or `start: …` for a start that was refused."""
    if reason.why in STARTS:
        return f"start: {reason.why.value}"
    return reason.why.value
