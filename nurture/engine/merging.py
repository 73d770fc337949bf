"""Making one of two contacts: what it will do, and doing it. It starts nothing, and cannot be undone."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime

from nurture import observe
from nurture.decide.consent import refusal
from nurture.decide.draft import Draft
from nurture.decide.merging import standing, united, waiting
from nurture.engine.faults import MisuseError, RefusedError, StateError
from nurture.engine.people import find_person
from nurture.engine.rebuilding import recompute, taken_in
from nurture.engine.tick import decide_page, zone_of
from nurture.engine.workshop import Workshop
from nurture.model.book import Book
from nurture.model.decision import Intent
from nurture.model.event import Event
from nurture.model.person import Person
from nurture.model.values import dataclass
from nurture.store.database import Conflict
from nurture.store.merged import whose
from nurture.store.merging import Merging

ATTEMPTS = 5


@dataclass(frozen=True, slots=True)
class Pair:
    """Two contacts that are one: the one that stays and the one that becomes it, by our ids and as people call them."""

    person: str
    old: str
    label: str
    other: str
    mails: int
    events: int
    inside: int

    def lines(self) -> Iterator[str]:
        """For people, before they are asked."""
        yield f"{self.other} becomes {self.label}, for good: this cannot be undone."
        yield f"{self.label} then has the {self.events:,} events and {self.mails:,} mails of both."
        yield "A refusal of either is a refusal. Nothing starts by it, and nobody gets again what either had."
        if self.inside:
            yield f"Where both are inside the same, the older goes on and the other ends as merged ({self.inside:,})."
        yield "Links in mails that went to either go on working."


@dataclass(frozen=True, slots=True)
class Merged:
    """What was done: who they are from now on, and how many mails that waited do not go."""

    person: str
    old: str
    label: str
    taken_back: int

    def lines(self) -> Iterator[str]:
        """For people."""
        yield f"They are one contact now: {self.label}."
        if self.taken_back:
            yield f"{self.taken_back:,} that waited do not go: one of them had or refused such a mail."


@dataclass(frozen=True, slots=True)
class Core:
    """What the core says of two contacts, for the store to keep."""

    book: Book
    now: datetime

    def said(self, person: Person, old: Person) -> dict[str, object]:
        """The fields of the event."""
        return standing(person, old)

    def whole(self, person: Person, old: Person, loaded: Person, events: Sequence[Event]) -> Person:
        """The one contact, as their events say; what runs and waits is that of both."""
        bare = replace(self.book, sequences={}, applied={}, older={})
        anew = recompute(bare, loaded, taken_in(loaded, (), events))
        enrolments = united(self.book, person, old, self.now)
        firings = waiting(self.book, enrolments, person, old)
        return replace(anew, enrolments=enrolments, firings=firings, messages=loaded.messages)

    def unwanted(self, whole: Person, waiting: Iterable[Intent]) -> list[str]:
        """The mails that wait though one of them refused such: they do not wait for their last look."""
        draft = Draft(self.book, whole)
        return [one.key for one in waiting if refusal(draft, one, self.now) is not None]


def pair(shop: Workshop, text: str, other: str, now: datetime) -> Pair:
    """The two that are meant; MisuseError when there is nobody of that name, or both are one already."""
    person, old = find_person(shop, text), find_person(shop, other)
    labels = shop.store.labels([person, old])
    if person == old:
        raise MisuseError(f"'{text}' and '{other}' are one contact already: {labels[person]}.")
    known = {one.id: one for one, _ in shop.store.people([person, old], now)}
    for one in known.values():
        if one.erased:
            raise RefusedError(f"{labels[one.id]} was forgotten: nothing is left to merge.")
    running = [{one.sequence for one in each.enrolments if one.running} for each in known.values()]
    histories = shop.store.histories([person, old])
    return Pair(
        person, old, labels[person], labels[old], sum(len(one.messages) for one in known.values()),
        sum(map(len, histories.values())), len(set.intersection(*running)),
    )  # fmt: skip


def merge(shop: Workshop, book: Book, two: Pair, who: str, now: datetime) -> Merged:
    """Make one of them; StateError when the store is halted, or others keep deciding on them."""
    if shop.store.halted:
        raise StateError(f"nobody is merged: {shop.store.halted}.")
    door = Merging(shop.store.database, shop.store.outbox.remember)
    for _ in range(ATTEMPTS):
        person, old = (whose(shop.store.database, one) for one in (two.person, two.old))
        if person == old:
            raise MisuseError(f"{two.label} and {two.other} are one contact already: somebody else just merged them.")
        decide_page(shop.store, book, sorted((person, old)), now)
        try:
            taken_back = door.merge(person, old, Core(book, now), zone_of(book), who, now)
        except Conflict:
            continue
        observe.note(observe.PERSON_MERGED, old=old, person=person)
        return Merged(person, old, two.label, taken_back)
    raise StateError("something keeps coming for one of them; let the import or the round finish, then ask again.")
