"""Replay: every decision taken again from the journal, and held against the digest of what it wrote then.

What a person got follows from their events and the applied files alone, whenever and wherever it was decided. The
store is read and nothing is written.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import field
from datetime import datetime

from nurture.decide.advance import advance
from nurture.engine.faults import MisuseError, StateError
from nurture.engine.live import book_of_basis
from nurture.engine.processes import spread
from nurture.engine.tick import uncollected, zone_of
from nurture.model.book import Book
from nurture.model.values import dataclass
from nurture.store.basis import Basis
from nurture.store.codec import decoded, maybe_micros, micros
from nurture.store.database import pages
from nurture.store.enrolled import listed
from nurture.store.journal import digest_of, parts_of
from nurture.store.open import Store
from nurture.store.page import Rows
from nurture.store.retelling import Entry, Journal, Past, Retold, lines, written
from nurture.store.save import classes_of

TOGETHER = 50  # people in one piece of work
SHOWN = 20
WIDTH = 300
IN_FLIGHT = "what is in flight"


@dataclass(frozen=True, slots=True)
class Difference:
    """The first decision of a person that comes out otherwise: what stands in the store, and what comes out now."""

    person: str
    at: datetime
    engine: str
    written: tuple[str, ...]
    comes: tuple[str, ...]

    def lines(self) -> Iterator[str]:
        """For people."""
        yield f"{self.person}, decided up to {self.at:%Y-%m-%d %H:%M:%S} UTC by nurture {self.engine}:"
        yield from (f"  was written  {line}" for line in self.written)
        yield from (f"  comes out    {line}" for line in self.comes)
        if not self.written and not self.comes:
            yield f"  reasons, mails and events are the same; {IN_FLIGHT} is not"


@dataclass(frozen=True, slots=True)
class Apart:
    """The same as a process finds it: the row of the journal, what came out and, before that, of the last decision.

    `standing` and `again` are what the person stands at now, where it is their last decision that differs.
    """

    person: str
    entry: Entry
    before: tuple[str, ...]
    comes: tuple[str, ...]
    standing: tuple[str, ...]
    again: tuple[str, ...]


@dataclass(slots=True)
class Replayed:
    """How many decisions of how many people came out again byte for byte, and who was left out and why.

    `footings` of them were taken again from where they stood later than their first day, the earliest of these instants
    is `earliest`: what was decided before is not kept any more.
    """

    decisions: int = 0
    people: int = 0
    differences: list[Difference] = field(default_factory=list)
    left_out: Counter[str] = field(default_factory=Counter)
    footings: int = 0
    earliest: datetime | None = None
    apart: list[Apart] = field(default_factory=list)

    @property
    def equal(self) -> bool:
        """Whether none differs."""
        return not self.differences

    def add(self, other: "Replayed") -> None:
        """Count a page in."""
        self.decisions += other.decisions
        self.people += other.people
        self.apart += other.apart
        self.left_out += other.left_out
        self.footings += other.footings
        self.earliest = min((at for at in (self.earliest, other.earliest) if at is not None), default=None)

    def lines(self) -> Iterator[str]:
        """For people."""
        for difference in self.differences[:SHOWN]:
            yield from difference.lines()
        if len(self.differences) > SHOWN:
            yield f"… and {len(self.differences) - SHOWN:,} more"
        apart = len(self.differences)
        said = "all equal" if self.equal else "1 person differs" if apart == 1 else f"{apart:,} people differ"
        yield f"{self.decisions:,} decisions of {self.people:,} people taken again: {said}."
        if self.earliest is not None:
            yield f"Of {self.footings:,} people the first decisions are not kept any more (`keep:` of the house):"
            yield f"theirs are taken again from where they stood on {self.earliest:%Y-%m-%d}, or later."
        for why, count in sorted(self.left_out.items()):
            yield f"Left out: {count:,} {why}."


ERASED = "erased"
NOT_WHOLE = "decided on before there was a journal, or mended by `nurture rebuild` since"
NO_BOOK = "decided on by files that were never applied, or are not kept"


@dataclass(frozen=True, slots=True)
class Question:
    """What each process is told once: the books by number of their basis, and since when decisions are counted."""

    books: Mapping[int, Book]
    bases: Mapping[int, Basis]
    since: int


def replay(
    store: Store,
    wanted: Sequence[str],
    since: datetime | None,
    processes: int = 1,
    tell: Callable[[int], None] = lambda _done: None,
) -> Replayed:
    """Take the decisions of these people (none named: of all) again, from their first one on.

    With `since` only people with a decision since then, and only those decisions are counted. MisuseError for a name
    that nobody has; StateError when this nurture no longer reads files that were applied then.
    """
    journal = Journal(store.database)
    ids = _named(store, wanted) if wanted else journal.people(since)
    bases = journal.bases()
    question = Question(dict(_books(store, bases)), bases, 0 if since is None else micros(since))
    done = Replayed()
    work = (journal.pasts(page) for page in pages(ids, TOGETHER))
    for page in spread(replay_page, question, work, processes):
        done.add(page)
        tell(done.people + done.left_out.total())
    labels = store.labels([one.person for one in done.apart])
    done.differences = [_told(journal, one, bases[one.entry.basis].engine, labels[one.person]) for one in done.apart]
    return done


def _told(journal: Journal, apart: Apart, engine: str, label: str) -> Difference:
    """A difference in words. What stands in the store for the same instants may be of the decision before."""
    stored = Counter(journal.written(apart.person, apart.entry)) - Counter(apart.before)
    comes = Counter(apart.comes)
    written, again = (stored - comes).elements(), (comes - stored).elements()
    return Difference(label, apart.entry.moment, engine, (*written, *apart.standing), (*again, *apart.again))


def _named(store: Store, wanted: Sequence[str]) -> list[str]:
    found = {name: store.find(name) for name in wanted}
    unknown = [name for name, id_ in found.items() if id_ is None]
    if unknown:
        raise MisuseError(f"nobody is called {', '.join(unknown)}.")
    return [id_ for id_ in found.values() if id_ is not None]


def _books(store: Store, bases: Mapping[int, Basis]) -> Iterator[tuple[int, Book]]:
    """The books that can be had; those of one `apply` under the same switches are one."""
    known: dict[tuple[object, ...], Book | None] = {}
    for number, basis in bases.items():
        same = (basis.application, basis.switches)
        if same not in known:
            try:
                known[same] = book_of_basis(store, basis)
            except StateError as fault:
                raise StateError(f"of the files applied in apply {basis.application}: {fault}") from fault
        book = known[same]
        if book is not None:
            yield number, book


def replay_page(question: Question, pasts: Sequence[Past]) -> Replayed:
    """The decisions of some people again."""
    done = Replayed()
    with uncollected():
        for past in pasts:
            why = left_out(question, past)
            if why:
                done.left_out[why] += 1
                continue
            done.people += 1
            if past.footing is not None:
                done.footings += 1
                done.earliest = min(past.footing.at, done.earliest or past.footing.at)
            found = replay_person(question, past)
            done.decisions += sum(entry.at >= question.since for entry in past.entries)
            if found is not None:
                done.apart.append(found)
    return done


def left_out(question: Question, past: Past) -> str:
    """Why a person cannot be replayed; empty when they can."""
    if decoded(past.state).get("erased"):
        return ERASED
    if not past.whole:
        return NOT_WHOLE
    return "" if all(entry.basis in question.books for entry in past.entries) else NO_BOOK


def replay_person(question: Question, past: Past) -> Apart | None:
    """The first decision of a person that comes out otherwise, None when all are equal."""
    told = Retold(past)
    before: tuple[str, ...] = ()
    for entry in past.entries:
        found, digest, former = decide_again(question.books[entry.basis], told, entry)
        comes = tuple(lines(found.named_reasons, found.messages, found.events))
        told.decided(entry, found)
        last = entry is past.entries[-1]
        if entry.digest not in (digest, former) or (last and standing(past, told)):
            stands, again = _words_apart(past, told) if last else ((), ())
            return Apart(past.person, entry, before, comes, stands, again)
        before = comes
    return None


def decide_again(book: Book, told: Retold, entry: Entry) -> tuple[Rows, bytes, bytes]:
    """What one decision writes when it is taken again, the digest of it, and that of the same in its former form."""
    read = told.as_read(entry, book.renamed)
    decision = advance(book, read.person, entry.moment, read.arrived)
    rows = written(decision, read, zone_of(book), classes_of(book))
    person, agenda, parts = rows.people[-1], maybe_micros(decision.agenda), parts_of(rows)
    digest = digest_of(person, agenda, parts)
    if digest == entry.digest:
        return rows, digest, digest
    return rows, digest, digest_of({**person, "state": listed(person["state"])}, agenda, parts)


def standing(past: Past, told: Retold) -> bool:
    """Whether the person as they stand in the store is not what their last decision left."""
    if (past.facts, past.tags) != (told.facts, told.tags):
        return True
    return past.state != told.state and listed(past.state) != listed(told.state)


def _words_apart(past: Past, told: Retold) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """What stands in the store of a person, and what comes out, where it is not the same."""
    stored, again = (
        {"facts": decoded(one.facts), "tags": decoded(one.tags), **decoded(listed(one.state))} for one in (past, told)
    )
    names = [name for name in sorted({*stored, *again}) if stored.get(name) != again.get(name)]
    return tuple([_short(name, stored) for name in names]), tuple([_short(name, again) for name in names])


def _short(name: str, known: Mapping[str, object]) -> str:
    words = f"{name}: {known.get(name, 'nothing')}"
    return words if len(words) <= WIDTH else f"{words[:WIDTH]}…"
