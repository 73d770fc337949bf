"""Living a person through time: from wake to wake, by the same function that the daemon calls (architecture.md 1)."""

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime

from nurture.decide.advance import advance
from nurture.decide.assume import assumed
from nurture.model.book import Book
from nurture.model.decision import Decision
from nurture.model.event import Event
from nurture.model.person import Person

World = Callable[[Book, Decision], Sequence[Event]]
"""What answers a decision at its own instant."""


def at_once(due: datetime) -> datetime:
    """A daemon that looks the moment something is due."""
    return due


def live(
    book: Book,
    person: Person,
    events: Sequence[Event],
    start: datetime,
    end: datetime,
    world: World = assumed,
    looked: Callable[[datetime], datetime] = at_once,
) -> Iterator[Decision]:
    """Every decision between two instants, `start` exclusive and `end` inclusive, in UTC.

    `events` are taken in when they are known; `person` is as of `start` or earlier. Each
    Decision's person is the next one's; the last one's is the person at the end. What steps ask of the shop
    is answered by `world`: as a rule at once, as `assume.assumed` has it; by nobody where the log itself tells.
    `looked` says when the daemon looks at what is due at an instant: never before, and later in an outage.
    """
    coming = sorted(events, key=lambda event: (event.known_at, event.happened_at, event.number, event.id))
    place = 0
    now, arrived = start, list[Event]()
    while True:
        decision = advance(book, person, now, arrived)
        yield decision
        person = decision.person
        arrived = list(world(book, decision))
        if arrived:
            now = person.asof
            continue
        due = decision.wake
        if place < len(coming) and (due is None or coming[place].known_at <= due):
            due = max(coming[place].known_at, person.asof)
        if due is None or due > end:
            return
        due = min(looked(due), end)
        while place < len(coming) and coming[place].known_at <= due:
            arrived.append(coming[place])
            place += 1
        now = due


def nobody(_book: Book, _decision: Decision) -> tuple[Event, ...]:
    """A world that answers nothing: for lives whose log tells what was answered."""
    return ()
