"""Living a person through time: from wake to wake, by the same function that the daemon calls (architecture.md 1)."""

from collections.abc import Iterator, Sequence
from datetime import datetime

from nurture.decide.advance import advance
from nurture.model.book import Book
from nurture.model.decision import Decision
from nurture.model.event import Event
from nurture.model.person import Person


def live(book: Book, person: Person, events: Sequence[Event], start: datetime, end: datetime) -> Iterator[Decision]:
    """Every decision between two instants, `start` exclusive and `end` inclusive, in UTC.

    `events` are taken in when they are known; `person` is as of `start` or earlier. Each
    Decision's person is the next one's; the last one's is the person at the end.
    """
    coming = sorted(events, key=lambda event: (event.known_at, event.happened_at, event.number, event.id))
    place = 0
    decision = advance(book, person, start, ())
    yield decision
    while True:
        due = decision.wake
        if place < len(coming) and (due is None or coming[place].known_at <= due):
            due = max(coming[place].known_at, decision.person.asof)
        if due is None or due > end:
            return
        arrived = []
        while place < len(coming) and coming[place].known_at <= due:
            arrived.append(coming[place])
            place += 1
        decision = advance(book, decision.person, due, arrived)
        yield decision
