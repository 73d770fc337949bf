"""What the next days would bring to everybody, counted: the calendar of `simulate` (language.md 11.4).

People are lived forward by the daemon's own core, in several processes; nothing is kept, drawn or sent.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import field, replace
from datetime import date, datetime
from typing import NamedTuple

from nurture.decide.clock import local_day, reader_clock
from nurture.decide.simulate import live
from nurture.engine.concerned import concerned
from nurture.engine.imagined import Imagined
from nurture.engine.processes import cores, spread
from nurture.engine.simulation import DROPPED, Entry, dropped_entry, mail_entry
from nurture.engine.workshop import Workshop
from nurture.model.book import Book
from nurture.model.decision import Decision, Why
from nurture.model.event import Event
from nurture.model.person import Person
from nurture.model.values import dataclass

FEW = 60  # so many lines are told one by one; of more only the counts
PAGE = 200  # people handed to a process at a time
WORTHWHILE = 1_000  # people for which starting processes pays
_BY_LIMITS = frozenset({Why.moved, Why.capped})


class Someone(NamedTuple):
    """One person to live forward: as known now, what has arrived for them, and what people call them."""

    person: Person
    arrived: tuple[Event, ...]
    label: str


@dataclass(frozen=True, slots=True)
class Question:
    """What every process is told once. All instants are UTC; an outage ends at `back`, from `now` on nobody looks."""

    book: Book
    now: datetime
    begin: datetime
    end: datetime
    imagined: Imagined | None = None
    back: datetime | None = None

    def under(self, book: Book) -> "Question":
        """The same question of another book."""
        return replace(self, book=book)

    def looked(self, due: datetime) -> datetime:
        """When the daemon looks at what is due: at once, but in an outage only when it is back."""
        return self.back if self.back is not None and due < self.back else due


@dataclass(slots=True)
class Forecast:
    """Counts by the readers' own dates. `limited` counts how often a limit moved or dropped something, by person.

    `held` are mails that only wait for an hour at which they may go, by sequence.
    """

    people: int = 0
    days: Counter[tuple[date, str]] = field(default_factory=Counter)
    sent: Counter[str] = field(default_factory=Counter)
    lost: Counter[tuple[str, str]] = field(default_factory=Counter)
    held: Counter[str] = field(default_factory=Counter)
    limited: Counter[str] = field(default_factory=Counter)
    gifts: Counter[str] = field(default_factory=Counter)
    tasks: Counter[str] = field(default_factory=Counter)
    events: int = 0
    mails: list[Entry] = field(default_factory=list)
    dropped: list[Entry] = field(default_factory=list)

    @property
    def messages(self) -> int:
        """All mails."""
        return self.sent.total()

    @property
    def few(self) -> bool:
        """Whether every line is still told."""
        return self.messages + self.lost.total() + self.held.total() <= FEW

    def add(self, other: "Forecast") -> None:
        """Take in what one page of people gave."""
        self.people += other.people
        self.events += other.events
        for mine, theirs in (
            (self.days, other.days), (self.sent, other.sent), (self.lost, other.lost), (self.limited, other.limited),
            (self.gifts, other.gifts), (self.tasks, other.tasks), (self.held, other.held),
        ):  # fmt: skip
            mine.update(theirs)  # type: ignore[arg-type]
        if self.few:
            self.mails += other.mails
            self.dropped += other.dropped
        else:
            self.mails, self.dropped = [], []


def forecast(shop: Workshop, question: Question, tell: Callable[[int], None], processes: int = 0) -> Forecast:
    """Live everybody forward whom the days can concern. `tell` hears how many people are done."""
    found = Forecast()
    people = shop.store.counts().people
    workers = (processes or cores()) if people >= WORTHWHILE else 1
    for part in spread(lived, question, pages(shop, question), workers):
        found.add(part)
        tell(found.people)
    found.people = people - len(shop.store.unreadable)
    tell(found.people)
    found.mails.sort()
    found.dropped.sort()
    return found


def pages(shop: Workshop, question: Question) -> Iterator[list[Someone]]:
    """All whom the days can concern, as known now, in pages."""
    store, end = shop.store, question.end
    for ids in concerned(store, question.book, question.now, end, question.imagined):
        labels = store.labels(ids)
        whole = [Someone(person, tuple(arrived), labels[person.id]) for person, arrived in store.people(ids, end)]
        for start in range(0, len(whole), PAGE):
            yield whole[start : start + PAGE]


def lived(question: Question, page: Sequence[Someone]) -> Forecast:
    """What the days bring to one page of people."""
    found = Forecast(people=len(page))
    for one in page:
        coming = question.imagined.events(one.person, question.end) if question.imagined else []
        found.events += len(coming)
        span = (question.now, question.end)
        for decision in live(question.book, one.person, (*one.arrived, *coming), *span, looked=question.looked):
            _count(found, question, one.label, decision)
    if not found.few:
        found.mails, found.dropped = [], []
    return found


def _count(found: Forecast, question: Question, label: str, decision: Decision) -> None:
    if not (decision.intents or decision.reasons or decision.tasks or decision.events):
        return
    clock = reader_clock(question.book.rules, decision.person.facts)
    for intent in decision.intents:
        if intent.decided_at >= question.begin:
            found.days[local_day(intent.decided_at, clock), intent.class_] += 1
            found.sent[intent.sequence] += 1
            found.gifts.update(carried.gift for carried in intent.gifts)
            found.mails.append(mail_entry(intent, label, clock))
    for reason in decision.reasons:
        if reason.why in DROPPED and reason.at >= question.begin:
            if reason.why is Why.held:
                found.held[reason.sequence] += 1
            else:
                found.lost[reason.sequence, reason.why.value] += 1
            if reason.why in _BY_LIMITS and "limit" in reason.words:
                found.limited[label] += 1
            found.dropped.append(dropped_entry(reason, label, clock))
    found.tasks.update(task.to for task in decision.tasks if task.made_at >= question.begin)
