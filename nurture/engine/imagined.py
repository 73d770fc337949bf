"""What may happen to people in days to come, drawn from what happened in the last ninety (language.md 11.4).

Everybody gets the days of somebody else who stood where they stand: of a donor with as many order days before those
ninety as they have now. So what belongs together stays together (an order and its delivery), and rates are the shop's
own. Nothing draws by chance: the donor is a hash of project and person.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import field, replace
from datetime import datetime, timedelta
from hashlib import sha256

from nurture.model.book import Book
from nurture.model.event import OWN_EVENTS, Event, Origin
from nurture.model.person import Person
from nurture.model.values import dataclass
from nurture.store.open import Store

WINDOW = timedelta(days=90)
SHORTEST = timedelta(days=1)
DONORS = 20_000  # people whose days are lent; of more, so many spread over all
MOST_ORDERS = 4  # who has more stands with those who have so many


@dataclass(frozen=True, slots=True)
class Imagined:
    """The days that are lent: by the number of orders before them, one tuple of events for each donor.

    `since` and `until` bound them (UTC); `unique` are the fields that name one order or the like, by event.
    """

    project: str
    since: datetime
    until: datetime
    donors: Mapping[int, tuple[tuple[Event, ...], ...]] = field(default_factory=dict)
    unique: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def events(self, person: Person, end: datetime) -> list[Event]:
        """What happens to one person from `until` to `end`, as known when it happens."""
        found = []
        for turn, moved, event in self._lent(person.id, person.orders.count, end):
            found.append(self._moved(event, moved, f"{person.id}-{turn}"))
        return [event for event in found if event.known_at <= end]

    def happens(self, person: str, orders: int, end: datetime) -> bool:
        """Whether anything happens by then to a person with so many order days, by their id."""
        return any(event.happened_at + moved <= end for _, moved, event in self._lent(person, orders, end))

    def _lent(self, person: str, orders: int, end: datetime) -> Iterator[tuple[int, timedelta, Event]]:
        """The days of one donor after those of another, each time with how far they are moved."""
        lent = self.donors.get(_standing(orders))
        length = self.until - self.since
        if not lent or length <= timedelta():
            return
        turn = 0
        while self.until + turn * length < end:
            moved = length * (turn + 1)
            for event in lent[_hash(self.project, person, str(turn)) % len(lent)]:
                yield turn, moved, event
            turn += 1

    def _moved(self, event: Event, by: timedelta, mark: str) -> Event:
        own = self.unique.get(event.name, ())
        fields = {name: f"{value}-{mark}" if name in own else value for name, value in event.fields.items()}
        return replace(
            event,
            id=f"imagined-{mark}-{event.id}",
            happened_at=event.happened_at + by,
            known_at=event.happened_at + by,
            fields=fields,
            outside_id=f"{event.outside_id}-{mark}" if event.outside_id else "",
            origin=Origin.live,
        )


def imagined(store: Store, book: Book, now: datetime) -> Imagined:
    """Gather the last ninety days, or as many as there are, but never less than one.

    What came in a shop's first minutes is no rate: lent over and over, it would fill days with thousands of events.
    """
    donors: dict[int, list[tuple[Event, ...]]] = {}
    since, first = now - WINDOW, now - SHORTEST
    for history in _histories(store):
        lately = tuple(e for e in history if since < e.happened_at <= now and e.name not in OWN_EVENTS)
        first = min([first, *(event.happened_at for event in lately)])
        before = {e.happened_at.date() for e in history if _is_order(book, e) and e.happened_at <= since}
        donors.setdefault(_standing(len(before)), []).append(lately)
    lent = {standing: tuple(of) for standing, of in donors.items()}
    young = now - first < WINDOW * 0.9 and first > since
    return Imagined(book.rules.project, first if young else since, now, lent, _unique(book))


def _histories(store: Store) -> Iterator[tuple[Event, ...]]:
    """The events of everybody, or of so many spread over all."""
    every = max(1, store.counts().people // DONORS)
    for page in store.everybody():
        chosen = page[::every]
        yield from store.histories(chosen).values()


def _is_order(book: Book, event: Event) -> bool:
    return book.catalogue.orders is not None and event.name == book.catalogue.orders.event


def _standing(orders: int) -> int:
    return min(orders, MOST_ORDERS)


def _unique(book: Book) -> dict[str, tuple[str, ...]]:
    """The fields by which one order, ticket or the like is known again: what sequences are about, and the order."""
    about = {one.again.per.removeprefix("event.") for one in book.sequences.values() if "event." in one.again.per}
    rule = book.catalogue.orders
    named = about | ({rule.id_field} if rule is not None and rule.id_field else set())
    things = {thing.key for thing in book.catalogue.things.values()}
    found = ((name, tuple(sorted(named & set(fields) - things))) for name, fields in book.catalogue.events.items())
    return {name: fields for name, fields in found if fields}


def _hash(*words: Iterable[str]) -> int:
    return int.from_bytes(sha256("\x1f".join(map(str, words)).encode()).digest()[:8], "big")
