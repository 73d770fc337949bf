"""What a change of the house means: the next days lived with the old rules and with the new, and who changes stage.

House rules hold for everybody from the apply on. Of very many people a sample by hash is lived, and said to be one.
"""

from collections import Counter
from collections.abc import Collection, Iterator
from dataclasses import field
from datetime import datetime, timedelta

from nurture.decide.already import can_last, fulfils
from nurture.decide.draft import Draft
from nurture.decide.simulate import live
from nurture.decide.stages import place, stale
from nurture.engine.tick import Tell, uncollected
from nurture.model.book import Book
from nurture.model.person import Person
from nurture.model.values import dataclass
from nurture.store.database import pages
from nurture.store.open import Store

DAYS = 14
MOST_LIVED = 400
MOST_PLACED = 4_000
MOST_ASKED = 2_000
RULES = ("limits", "mutes", "quiet_hours", "min_gap", "classes", "hold_out", "balance", "silence", "sunset", "leap_day")


@dataclass(slots=True)
class Forecast:
    """The messages of the next days with the old house and with the new, and by sequence how many fewer (or more)."""

    days: int = DAYS
    people: int = 0
    of: int = 0
    before: int = 0
    after: int = 0
    lost: Counter[str] = field(default_factory=Counter)


@dataclass(slots=True)
class Stages:
    """How many would come to another stage by new rules: recorded, and starting nothing."""

    people: int = 0
    of: int = 0
    moves: Counter[tuple[str, str]] = field(default_factory=Counter)


def rules_differ(old: Book, new: Book) -> bool:
    """Whether the house decides otherwise about which messages go."""
    return any(getattr(old.rules, name) != getattr(new.rules, name) for name in RULES)


def forecast(store: Store, old: Book, new: Book, now: datetime, tell: Tell) -> Forecast:
    """Live a sample of all people through the next days under both books; nothing is kept."""
    found = Forecast(of=store.counts().people)
    until = now + timedelta(days=DAYS)
    was, will = Counter[str](), Counter[str]()
    for person in sample(store, MOST_LIVED, found.of, now):
        with uncollected():
            was.update(_sent(old, person, now, until))
            will.update(_sent(new, person, now, until))
        found.people += 1
        tell(found.people)
    found.before, found.after = was.total(), will.total()
    found.lost = Counter({name: was[name] - will[name] for name in was if was[name] > will[name]})
    return found


def _sent(book: Book, person: Person, now: datetime, until: datetime) -> Iterator[str]:
    names = book.renamed.get("sequence", {})
    for decision in live(book, person, (), now, until):
        yield from (names.get(intent.sequence, intent.sequence) for intent in decision.intents)


def restaged(store: Store, new: Book, now: datetime) -> Stages:
    """Whom the new rules of stages would place elsewhere."""
    found = Stages(of=store.counts().people)
    for person in sample(store, MOST_PLACED, found.of, now):
        found.people += 1
        draft = Draft(new, person)
        if person.stage is None or not stale(draft):
            continue
        place(draft, max(now, person.asof))
        if draft.stage is not None and draft.stage.id != person.stage.id:
            found.moves[person.stage.id, draft.stage.id] += 1
    return found


@dataclass(frozen=True, slots=True)
class Already:
    """How many of those asked fulfil a new sequence's start already."""

    fulfil: int
    people: int
    of: int


def already(store: Store, new: Book, names: Collection[str], now: datetime) -> dict[str, Already]:
    """Who fulfils these new sequences already, of a sample where there are very many; nobody is taken in for it."""
    asked = [new.sequences[name] for name in names if can_last(new.sequences[name])]
    if not asked:
        return {}
    of, people, found = store.counts().people, 0, Counter[str]()
    for person in sample(store, MOST_ASKED, of, now):
        people += 1
        found.update(one.name for one in asked if fulfils(new, person, one, now))
    return {one.name: Already(found[one.name], people, of) for one in asked}


def sample(store: Store, most: int, of: int, now: datetime) -> Iterator[Person]:
    """About so many people, the same ones however often it is asked; everybody where there are no more."""
    ids = store.applications.some_people(most, of)
    for page in pages(ids):
        yield from (person for person, _ in store.people(page, now) if person.asof <= now)
