"""One import from a file to the store: rejects written beside it, and at the end what it changed and what not."""

import csv
from bisect import bisect_left
from collections import Counter, deque
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import field
from datetime import datetime, timedelta
from operator import attrgetter
from pathlib import Path
from typing import Any

from nurture import observe, spans
from nurture.engine.applying import live_book
from nurture.engine.cells import CellError
from nurture.engine.check import book_without_mails
from nurture.engine.collecting import uncollected
from nurture.engine.intake import Intake, Wanted, check_wanted, span
from nurture.engine.records import Unchanged
from nurture.engine.spreadsheet import tame
from nurture.engine.table import OF_REJECTS, Row, Table
from nurture.engine.workshop import Workshop
from nurture.engine.world_names import NotKnown
from nurture.model.book import Book
from nurture.model.sequence import Status
from nurture.model.trigger import EventTrigger
from nurture.model.values import dataclass
from nurture.store.database import owner_only
from nurture.store.ingest import TOGETHER
from nurture.store.installation import SUPPRESSIONS
from nurture.store.rows import AnyRow

REMEMBERED = 2 * TOGETHER  # rows kept for the rejects file: more than the store has in hand at once
REMEMBERED_SIZE = 32_000_000  # characters of them
IN_HAND = REMEMBERED_SIZE // 2  # characters of rows that the store may have in hand at once


@dataclass(frozen=True, slots=True)
class Done:
    """What an import changed, and what it left alone."""

    kind: str
    contacts: int
    events: Mapping[str, int]
    sends: int
    suppressed: int
    known_already: int
    rejected: int
    rejects_file: str
    too_old: Mapping[str, int]
    fresh: Mapping[str, str]
    reach: Mapping[str, int]
    ignored: tuple[str, ...] = field(default=())
    not_known: tuple[NotKnown, ...] = field(default=())

    def words(self, file: Path) -> Iterator[str]:
        """For people: what changed, what was known, what started nothing, what was refused."""
        events = sum(self.events.values())
        yield f"{file.name}: {counted(self.contacts, 'new contact')}, {counted(events, 'event')}"
        for name, count in sorted(self.events.items()):
            yield f"  {name:<28} {count:>9,}"
        for count, words in ((self.sends, "earlier mails"), (self.suppressed, "addresses never written to")):
            if count:
                yield f"  {words:<28} {count:>9,}"
        if self.known_already:
            yield f"{self.known_already:,} were known already and changed nothing"
        for name, count in sorted(self.too_old.items()):
            of = f"{count:,} of {self.events[name]:,} events {name}"
            yield f"{of} start nothing: older than fresh ({self.fresh[name]})"
            if name in self.reach:
                days = counted(self.reach[name], "day")
                yield f"  next time `--fresh '{days}'` lets those of the last {days} start; what is in stays as it is"
        for one in self.not_known:
            yield from one.words()
        if self.ignored:
            yield f"columns not read: {', '.join(self.ignored)}"
        if self.rejected:
            are = "it is" if self.rejected == 1 else "they are"
            yield f"{counted(self.rejected, 'row')} could not be read; {are} in {self.rejects_file}, with the reason"


def counted(count: int, one: str) -> str:
    """`1 event`, `1,204 events`."""
    return f"{count:,} {one}{'' if count == 1 else 's'}"


class Rejects:
    """The file of rows that could not be taken in; made only when there is one."""

    def __init__(self, table: Table, stack: ExitStack) -> None:
        self.path = table.path.with_suffix(".rejects.csv")
        self.table = table
        self.stack = stack
        self.count = 0
        self.last = 0
        self.recent: deque[Row] = deque()  # in the file's order, for as long as the store may still refuse one
        self.size = self.in_hand = 0
        self.writer: Any = None
        self.path.unlink(missing_ok=True)

    def add(self, row: Row, reason: str) -> None:
        """Write one row with its line and reason; a row that gave several events counts once."""
        if row.line == self.last:
            return
        self.last = row.line
        self.count += 1
        if self.writer is None:
            file = open(self.path, "w", encoding="utf-8", newline="", opener=owner_only)  # noqa: SIM115  (the stack's)
            self.writer = csv.writer(self.stack.enter_context(file), lineterminator="\n")
            self.writer.writerow([*OF_REJECTS, *map(tame, self.table.columns)])
        self.writer.writerow([row.line, tame(reason), *map(tame, row.cells)])

    def remember(self, row: Row) -> None:
        """A row that is given to the store."""
        self.recent.append(row)
        self.size += row.size
        self.in_hand += row.size
        while len(self.recent) > REMEMBERED or self.size > REMEMBERED_SIZE:
            self.size -= self.recent.popleft().size

    def full(self) -> bool:
        """Whether the store should write what it has in hand, be it ever so few rows."""
        return self.in_hand > IN_HAND

    def written(self, _rows: int) -> None:
        """The store has nothing in hand."""
        self.in_hand = 0

    def refused(self, row: AnyRow, reason: str) -> None:
        """The store refused a row."""
        place = bisect_left(self.recent, row.line, key=attrgetter("line"))
        found = self.recent[place] if place < len(self.recent) else None
        self.add(found if found and found.line == row.line else Row(row.line, [], 0), reason)


@spans.spanned(spans.IMPORT)
def take_in(
    shop: Workshop, path: Path, wanted: Wanted, now: datetime, tell: Callable[[int], None], who: str = ""
) -> Done:
    """Import one file; `tell` hears how many bytes are done. MisuseError when its columns do not say enough.

    One of suppressions also states, in the name of `who`, that it is known who must not have mail.
    """
    live = live_book(shop.store)
    book = live.book if live else book_without_mails(shop.root)
    check_wanted(wanted, book)
    table = Table(path)
    intake = Intake(table, wanted, book, now)
    limits = freshness(book)
    with ExitStack() as stack, uncollected():
        rejects, unchanged = Rejects(table, stack), Unchanged(shop.store)
        said = rows(intake, table, rejects, tell)
        taken = shop.store.importing(now).take(
            unchanged.without(said) if wanted.kind == "things" else said,
            rejects.refused,
            rejects.written,
            {name: age for name, (age, _) in limits.items()},
            rejects.full,
        )
    if wanted.kind == SUPPRESSIONS and (taken.suppressed or taken.known_already or not rejects.count):
        words = f"imported from {path.name} by {who or 'somebody'} on {now:%Y-%m-%d}, {counted(taken.rows, 'row')}"
        shop.store.declare(SUPPRESSIONS, words, now)
    observe.note(
        observe.IMPORTED,
        kind=wanted.kind,
        taken=taken.rows,
        known=taken.known_already + unchanged.count,
        rejected=rejects.count,
    )
    return Done(
        wanted.kind, taken.contacts, dict(taken.events), taken.sends, taken.suppressed,
        taken.known_already + unchanged.count,
        rejects.count, str(rejects.path) if rejects.count else "", dict(Counter(taken.too_old)),
        {name: words for name, (_, words) in limits.items()}, dict(taken.reach),
        tuple(intake.ignored), intake.unheard.found(),
    )  # fmt: skip


def declare_nobody(shop: Workshop, who: str, now: datetime) -> str:
    """State that there is nobody from elsewhere who must not have mail; the words that are kept."""
    words = f"none, said by {who} on {now:%Y-%m-%d}"
    shop.store.declare(SUPPRESSIONS, words, now)
    return words


def rows(intake: Intake, table: Table, rejects: Rejects, tell: Callable[[int], None]) -> Iterator[AnyRow]:
    """Every row of the file as rows of the store; those that cannot be read go to the rejects."""
    for row in table.rows():
        tell(row.position)
        try:
            said = intake.rows(row)
        except CellError as fault:
            rejects.add(row, str(fault))
            continue
        rejects.remember(row)
        yield from said


def freshness(book: Book) -> dict[str, tuple[timedelta, str]]:
    """For each event that starts people: the greatest age at which it still does, also in words."""
    found: dict[str, tuple[timedelta, str]] = {}
    for sequence in book.sequences.values():
        for trigger in sequence.start:
            if sequence.status is Status.live and isinstance(trigger, EventTrigger):
                age = (span(trigger.fresh), str(trigger.fresh))
                found[trigger.event] = max(found.get(trigger.event, age), age)
    return found
