"""Everything that follows from the events, worked out anew and compared with what is stored (architecture.md 2.1).

Starts nothing: it runs under the book without its sequences.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from nurture.decide.advance import advance
from nurture.engine.tick import Tell, zone_of
from nurture.model.book import Book
from nurture.model.event import Event
from nurture.model.person import Person
from nurture.store.open import Store

SHOWN = 20
INSTANT = timedelta(microseconds=1)


@dataclass(slots=True)
class Rebuilt:
    """How many people were worked out anew, and where what was stored differed; differences were mended."""

    people: int = 0
    events: int = 0
    mended: int = 0
    differences: list[str] = field(default_factory=list)

    @property
    def equal(self) -> bool:
        """Whether nothing differed."""
        return not self.differences

    def lines(self) -> Iterator[str]:
        """For people."""
        yield from self.differences[:SHOWN]
        if len(self.differences) > SHOWN:
            yield f"… and {len(self.differences) - SHOWN:,} more"
        said = "all equal" if self.equal else f"{self.mended:,} differed and were mended"
        yield f"{self.people:,} people worked out anew from {self.events:,} events: {said}."


def rebuild(store: Store, book: Book, now: datetime, tell: Tell) -> Rebuilt:
    """Recompute everybody up to where they were last decided; what differs is named and rewritten."""
    bare = replace(book, sequences={}, applied={}, older={})
    done = Rebuilt()
    for page in store.everybody():
        histories = store.histories(page)
        anew = [
            recompute(bare, person, taken)
            for person, arrived in store.people(page, now)
            if (taken := taken_in(person, arrived, histories[person.id]))
        ]
        found = store.differences(anew, zone_of(book))
        if found:
            done.differences += found
            done.mended += store.project(anew, zone_of(book))
        done.people += len(page)
        done.events += sum(len(events) for events in histories.values())
        tell(done.people)
    return done


def taken_in(stored: Person, arrived: Sequence[Event], events: Sequence[Event]) -> list[Event]:
    """The events that had been decided upon when the person was last decided; nothing for somebody who never was."""
    waiting = {event.id for event in arrived}
    return [event for event in events if event.id not in waiting and event.known_at <= stored.asof]


def recompute(bare: Book, stored: Person, events: Sequence[Event]) -> Person:
    """One person from nothing but their events.

    Which stage they are in follows from these; since when is the instant at which it was decided,
    a fact of its own as an enrolment is, and is kept.
    """
    first = min(event.known_at for event in events)
    anew = advance(bare, Person(stored.id, first - INSTANT), stored.asof, events).person
    same = anew.stage is not None and stored.stage is not None and anew.stage.id == stored.stage.id
    return replace(anew, stage=stored.stage) if same else anew
