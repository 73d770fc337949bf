"""What the next days would bring, over the real base: the core lives everybody forward, nothing is kept.

Timers only: nothing new happens to anybody, and every line says what the daemon's own tick would
do at that moment (language.md 11.4).
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from nurture.decide.clock import Clock, at, local, reader_clock
from nurture.decide.explain import day_words, why_words
from nurture.decide.simulate import live
from nurture.engine.applying import tree_book
from nurture.engine.check import check, files_with
from nurture.engine.faults import MisuseError, RefusedError
from nurture.engine.project import read_files
from nurture.engine.workshop import Workshop
from nurture.model.book import Book
from nurture.model.decision import MESSAGES_NOT_SENT, Decision, Intent, Reason, Why

DROPPED = MESSAGES_NOT_SENT | {Why.moved, Why.held}


class Entry(NamedTuple):
    """One line: when on the reader's own clock, who, which mail, from where, and its class or what came of it.

    `held` is a mail that only waits for an hour at which it may go: it is neither moved to another day nor dropped.
    """

    when: datetime
    person: str
    mail: str
    sequence: str
    words: str
    held: bool = False

    @property
    def moment(self) -> str:
        """`Mon 01 Mar 08:30`."""
        return f"{day_words(self.when.date())} {self.when:%H:%M}"


@dataclass(slots=True)
class Calendar:
    """The mails of a stretch of time, and what was moved or dropped in it; local times without a zone."""

    mails: list[Entry] = field(default_factory=list)
    dropped: list[Entry] = field(default_factory=list)

    @property
    def beside(self) -> str:
        """`8 moved or dropped, 3 held until a better hour`."""
        held = sum(one.held for one in self.dropped)
        return f"{len(self.dropped) - held:,} moved or dropped{f', {held_words(held)}' if held else ''}"

    def lines(self) -> Iterator[str]:
        """As language.md 11.4 prints it."""
        entries = (*self.mails, *self.dropped)
        who, mail = widest(entry.person for entry in entries), widest(entry.mail for entry in entries)
        sequence = widest(entry.sequence for entry in self.mails)
        for one in self.mails:
            day, hour = one.moment.rsplit(" ", 1)
            yield f"{day}  {hour}  {one.person:<{who}} {one.mail:<{mail}} {one.sequence:<{sequence}} {one.words}"
        count = f"{len(self.mails):,} message{'' if len(self.mails) == 1 else 's'}"
        yield f"{count} · {self.beside}{':' if self.dropped else ''}"
        for one in self.dropped:
            yield f"{one.moment} {one.person:<{who}} {one.mail:<{mail}} {one.words}"


def held_words(count: int) -> str:
    """`3 held until a better hour`."""
    return f"{count:,} held until a better hour"


def widest(words: Iterable[str]) -> int:
    """The width of a column, at most 30."""
    return min(max((len(word) for word in words), default=0) + 1, 30)


def simulate(
    shop: Workshop,
    wanted: Sequence[str],
    start: datetime | None,
    days: int,
    now: datetime,
    tell: Callable[[int], None],
) -> Calendar:
    """Live the people named forward from now under the files as they are; RefusedError when these have errors."""
    book = simulated_book(shop, now)
    begin = begin_at(start, book, now, "--from")
    return calendar(shop, book, pages_of(shop, wanted), (now, begin, begin + timedelta(days=days)), tell)


def simulated_book(shop: Workshop, now: datetime) -> Book:
    """The working tree as if it were applied now; RefusedError when its files have errors."""
    files = read_files(shop.root)
    checked = check(files)
    if checked.book is None:
        raise RefusedError(files_with(checked.errors))
    return tree_book(shop.store, checked.book, files, now)


def begin_at(start: datetime | None, book: Book, now: datetime, option: str) -> datetime:
    """The first moment shown, in UTC; a wall time is meant in the project's zone. MisuseError for the past."""
    if start is None:
        return now
    if start.tzinfo is None:
        begin = at(start.date(), start.time(), reader_clock(book.rules, {"zone": book.rules.zone}))
    else:
        begin = start.astimezone(UTC)
    if begin.date() < now.date():
        raise MisuseError(f"{option} lies in the past; for what would have been, there is `nurture backtest`.")
    return max(begin, now)


def pages_of(shop: Workshop, wanted: Sequence[str]) -> Iterable[list[str]]:
    """Everybody in pages, or the people named; MisuseError for a name nobody has."""
    if not wanted:
        return shop.store.everybody()
    found = {name: shop.store.find(name) for name in wanted}
    unknown = [name for name, id_ in found.items() if id_ is None]
    if unknown:
        raise MisuseError(f"nobody is called {', '.join(unknown)}.")
    return [[id_ for id_ in found.values() if id_ is not None]]


def calendar(
    shop: Workshop,
    book: Book,
    pages: Iterable[list[str]],
    span: tuple[datetime, datetime, datetime],
    tell: Callable[[int], None],
) -> Calendar:
    """What falls into a stretch of time: `span` is now, the first moment shown, and the last one."""
    now, begin, end = span
    found = Calendar()
    done = 0
    for page in pages:
        labels = shop.store.labels(page)
        for person, arrived in shop.store.people(page, end):
            for decision in live(book, person, arrived, now, end):
                add(found, book, labels[person.id], decision, begin)
        done += len(page)
        tell(done)
    found.mails.sort()
    found.dropped.sort()
    return found


def add(found: Calendar, book: Book, label: str, decision: Decision, begin: datetime) -> None:
    """The lines of one decision, but for what lies before the first moment shown."""
    clock = reader_clock(book.rules, decision.person.facts)
    found.mails += [mail_entry(intent, label, clock) for intent in decision.intents if intent.decided_at >= begin]
    found.dropped += [
        dropped_entry(reason, label, clock)
        for reason in decision.reasons
        if reason.why in DROPPED and reason.at >= begin
    ]


def mail_entry(intent: Intent, label: str, clock: Clock) -> Entry:
    """The line of a mail that goes."""
    when = local(intent.decided_at, clock).replace(tzinfo=None)
    return Entry(when, label, intent.mail, intent.sequence, intent.class_)


def dropped_entry(reason: Reason, label: str, clock: Clock) -> Entry:
    """The line of a mail that does not go, or later."""
    when = local(reason.at, clock).replace(tzinfo=None)
    return Entry(when, label, reason.mail, reason.sequence, why_words(reason, clock), reason.why is Why.held)
