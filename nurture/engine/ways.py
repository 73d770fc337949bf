"""`nurture ways`: which way of a split brings about more of what its ways are compared by (language.md 5.1).

Counted from what became of everybody who was ever inside, a page at a time; nothing is written.
"""

from collections.abc import Callable, Iterator
from datetime import datetime
from typing import NamedTuple

from nurture.decide.proportions import CERTAINTY, certainty_of_each, difference
from nurture.decide.ways import Tally, measured_splits, went
from nurture.engine.faults import MisuseError
from nurture.engine.unknown import refuse_unknown
from nurture.model.book import Book
from nurture.model.renaming import SEQUENCE, event_today
from nurture.model.sequence import Sequence
from nurture.model.step import Split
from nurture.model.values import dataclass
from nurture.store.open import Store


class Beside(NamedTuple):
    """By how much the best way is ahead of another, from 0 to 1; `told` when chance alone hardly makes it so."""

    way: str
    ahead: float
    low: float
    high: float
    told: bool


@dataclass(frozen=True, slots=True)
class Line:
    """One way: everybody who went it, those whose time is over, and those of them who did what is measured."""

    way: str
    people: int
    over: int
    did: int
    share: float


@dataclass(frozen=True, slots=True)
class Compared:
    """The ways of one split, those of today first and in the author's order; `gone` are called so no more."""

    split: str
    event: str
    within: str
    ways: tuple[Line, ...]
    gone: tuple[Line, ...]
    best: str
    beside: tuple[Beside, ...]

    def lines(self) -> Iterator[str]:
        """For people."""
        told = f"{self.event} within {self.within}" if self.within else f"{self.event} while inside"
        width = max((len(one.way) for one in (*self.ways, *self.gone)), default=0)
        yield f"{self.split}: {told}"
        yield f"  {'':<{width}}  {'went':>9}  {'time over':>9}  {'did it':>9}"
        for one in (*self.ways, *self.gone):
            share = f"{one.share:>7.1%}" if one.over else f"{'-':>7}"
            mark = "  no way of it any more" if one in self.gone else ""
            yield f"  {one.way:<{width}}  {one.people:>9,}  {one.over:>9,}  {one.did:>9,}  {share}{mark}"
        yield from (f"  {words}" for words in self._verdict())

    def _verdict(self) -> Iterator[str]:
        if not self.beside:
            yield "Cannot tell yet: of fewer than two ways anybody's time is over."
            return
        for one in self.beside:
            span = f"{_points(one.ahead)} points, {CERTAINTY:.0%} between {_points(one.low)} and {_points(one.high)}"
            if one.told:
                yield f"{self.best} is ahead of {one.way}: {span}."
            else:
                yield f"{self.best} or {one.way}: cannot tell yet ({span})."


def ways(store: Store, book: Book, name: str, now: datetime, tell: Callable[[int], None]) -> list[Compared]:
    """Every measured split of a sequence as it is live. `tell` hears how many people were looked at.

    MisuseError where there is no such sequence, or nothing in it is measured.
    """
    sequence = _sequence(book, name)
    splits = measured_splits(sequence)
    if not splits:
        raise MisuseError(
            f"no split of {name} says by what its ways are compared: add `measure: {{event: …, within: …}}` to one."
        )
    found: dict[str, dict[str, Tally]] = {split.id: {} for split in splits}
    done = 0
    for page in store.figures.ever_inside(names_of(book, name)):
        histories = store.histories(page)
        for person, _ in store.people(page, now):
            events = [event_today(event, book.renamed) for event in histories[person.id] if event.known_at <= now]
            for split in splits:
                for one in went(book, person, sequence, split, events, now):
                    found[split.id].setdefault(one.way, Tally()).count(one)
        done += len(page)
        tell(done)
    return [compared(split, found[split.id]) for split in splits]


def names_of(book: Book, name: str) -> set[str]:
    """What a sequence is and was called: rows of the store keep the name of their day."""
    return {name, *(old for old, new in book.renamed.get(SEQUENCE, {}).items() if new == name)}


def compared(split: Split, found: dict[str, Tally]) -> Compared:
    """The ways of a split beside each other; all differences together are as certain as each says."""
    names = [way.name for way in split.ways]
    lines = {name: _line(name, found.get(name, Tally())) for name in [*names, *sorted(set(found) - set(names))]}
    tried = [name for name in names if lines[name].over]
    best = max(tried, key=lambda name: lines[name].share, default="")
    certainty = certainty_of_each(len(tried))
    beside = []
    for name in tried:
        if name != best:
            one = difference(found[best].share, found[name].share, certainty)
            beside.append(Beside(name, one.value, one.low, one.high, one.told))
    within = str(split.measured_within) if split.measured_within is not None else ""
    return Compared(
        split.id, split.measured, within, tuple(lines[name] for name in names),
        tuple(line for name, line in lines.items() if name not in names), best, tuple(beside),
    )  # fmt: skip


def _line(name: str, tally: Tally) -> Line:
    return Line(name, tally.went, tally.over, tally.hits, round(tally.share.rate, 4))


def _points(share: float) -> str:
    return f"{share * 100:+.1f}"


def _sequence(book: Book, name: str) -> Sequence:
    refuse_unknown("sequence", name, book.sequences)
    return book.sequences[name]
