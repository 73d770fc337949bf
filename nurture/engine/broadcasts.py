"""Whom a broadcast reaches, told before it goes: head counts, and whose hour has passed (language.md 4.2, 5.13)."""

from collections.abc import Iterator
from datetime import datetime
from zoneinfo import ZoneInfo

from nurture.decide.clock import Clock, at
from nurture.model.book import Book
from nurture.model.sequence import Sequence, Status
from nurture.model.trigger import OnceTrigger
from nurture.model.values import dataclass
from nurture.store.open import Store


@dataclass(frozen=True, slots=True)
class HeadCount:
    """Of one broadcast that is still to go: the most people that it can start, and those whose hour has passed.

    They are counted by what the store can say of them (stage, country, orders, numbers told): never too few.
    """

    sequence: str
    people: int
    past: int
    at_most: int | None
    past_too: bool

    def lines(self) -> Iterator[str]:
        """For people, before it goes live."""
        yield f"{self.sequence}: at most {self.people:,} people"
        if self.at_most is not None and self.people > self.at_most:
            release = f"nurture release --sequence {self.sequence} --all"
            yield f"  {self.people - self.at_most:,} above at_most {self.at_most:,} are held: {release}"
        if self.past and self.past_too:
            yield f"  for {self.past:,} of them the hour has passed: they get it at once"
        elif self.past:
            yield f"  for {self.past:,} of them the hour has passed: they are left out (--past-hour send reaches them)"


def head_counts(store: Store, book: Book, now: datetime) -> tuple[HeadCount, ...]:
    """The head count of every live broadcast whose hour has not passed everywhere; `now` is in UTC."""
    found = []
    for sequence in book.sequences.values():
        for trigger in sequence.start if sequence.status is Status.live else ():
            if isinstance(trigger, OnceTrigger):
                count = _count(store, book, sequence, trigger, now)
                found += [count] if count is not None else []
    return tuple(found)


def _count(store: Store, book: Book, sequence: Sequence, trigger: OnceTrigger, now: datetime) -> HeadCount | None:
    by_zone = store.figures.fitting(book, sequence)
    past = {zone for zone in by_zone if at(trigger.day, trigger.at, Clock(ZoneInfo(zone))) < now}
    if past == by_zone.keys():
        return None
    applied = book.applied.get(sequence.name)
    past_too = applied is not None and applied.past_too
    people, late = sum(by_zone.values()), sum(by_zone[zone] for zone in past)
    return HeadCount(sequence.name, people, late, sequence.at_most, past_too)


def head_lines(store: Store, book: Book, now: datetime) -> Iterator[str]:
    """The same for people."""
    for count in head_counts(store, book, now):
        yield from count.lines()
