"""Looking at people inside under the book that is to be: who is due at once, who would leave, who no longer fits.

Whom to look at, and with how much of them, is said by the versions alone; the answer is `retime`'s, as in the daemon.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import field
from datetime import datetime, timedelta

from nurture.decide.conditions import truth
from nurture.decide.draft import Draft
from nurture.decide.inside import Inside
from nurture.decide.retime import retime
from nurture.engine.processes import cores, spread
from nurture.engine.tick import Tell, uncollected
from nurture.model.book import Book
from nurture.model.decision import Why
from nurture.model.person import Person
from nurture.model.sequence import Sequence
from nurture.model.values import dataclass
from nurture.store.database import pages
from nurture.store.insiders import Insiders, insiders
from nurture.store.load import Unreadable
from nurture.store.open import Store

HOUR = timedelta(hours=1)
WORTHWHILE = 4_000  # people for which starting processes pays
Place = tuple[str, int, str | None]


@dataclass(frozen=True, slots=True)
class Look:
    """Whom of a place to look at: those due by `until` (None: all); `whole` where their history decides too."""

    until: datetime | None = None
    whole: bool = False


@dataclass(frozen=True, slots=True)
class Question:
    """What every process is told once: the book that is to be, the instant (UTC), and the places that are told of."""

    after: Book
    now: datetime
    places: frozenset[Place]


@dataclass(slots=True)
class Tally:
    """What a move means for people, by the place they come from, and by sequence what of its `while` is asked."""

    people: int = 0
    at_once: Counter[Place] = field(default_factory=Counter)
    within_the_hour: Counter[Place] = field(default_factory=Counter)
    ends: Counter[Place] = field(default_factory=Counter)
    looked: Counter[str] = field(default_factory=Counter)
    unfit: Counter[str] = field(default_factory=Counter)

    def add(self, other: "Tally") -> None:
        """Count one more page in."""
        self.people += other.people
        for mine, theirs in (
            (self.at_once, other.at_once), (self.within_the_hour, other.within_the_hour), (self.ends, other.ends),
        ):  # fmt: skip
            mine.update(theirs)
        self.looked.update(other.looked)
        self.unfit.update(other.unfit)


def look(store: Store, question: Question, closer: Mapping[Place, Look], tell: Tell, processes: int = 0) -> Tally:
    """Open everybody who must be looked at, in several processes where that pays."""
    found = Tally()
    wholly = _standing(store, {place: one for place, one in closer.items() if one.whole})
    barely = _standing(store, {place: one for place, one in closer.items() if not one.whole}) - wholly
    workers = (processes or cores()) if len(wholly) + len(barely) >= WORTHWHILE else 1
    for part in spread(looked, question, _pages(store, wholly, barely), workers):
        found.add(part)
        tell(found.people)
    return found


def _standing(store: Store, looks: Mapping[Place, Look]) -> set[str]:
    limits = {place: one.until for place, one in looks.items() if one.until is not None}
    return set(store.applications.people_on(list(looks), limits)) if looks else set()


def _pages(store: Store, wholly: Iterable[str], barely: Iterable[str]) -> Iterator[Insiders]:
    for ids, whole in ((sorted(wholly), True), (sorted(barely), False)):
        yield from (insiders(store.database, page, whole) for page in pages(ids))


def looked(question: Question, page: Insiders) -> Tally:
    """What the move means for one page of people."""
    found = Tally(people=len(page.rows))
    with uncollected():
        for person in page.people(question.now, Unreadable()):
            _one(question, person, found)
    return found


def _one(question: Question, person: Person, found: Tally) -> None:
    now = question.now
    draft = Draft(question.after, person)
    draft.asof = max(draft.asof, now)
    for inside, moved, arrival in retime(draft):
        place = (inside.sequence, moved.old_version, moved.stood_on)
        if place not in question.places:
            continue
        if not inside.running and inside.ending.startswith(Why.stopped.value):
            found.ends[place] += 1
        elif arrival.at_once:
            found.at_once[place] += 1
            found.within_the_hour[place] += arrival.due is not None and arrival.due <= now + HOUR
        if inside.running:
            _fits(draft, inside, moved.old, found, now)


def _fits(draft: Draft, inside: Inside, old: Sequence, found: Tally, now: datetime) -> None:
    """Whether a `while` that is new holds for one who goes on; it is asked at their next step."""
    condition = inside.book_sequence.while_
    if condition is None or (old.while_ is not None and old.while_.text == condition.text):
        return
    found.looked[inside.sequence] += 1
    found.unfit[inside.sequence] += not truth(condition, draft.scene(now, inside))
