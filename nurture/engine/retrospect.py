"""A backtest over the real base: everybody's log from the store, today's files, and the lines as a file."""

import csv
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from pathlib import Path

from nurture.decide.clock import day_start, reader_clock
from nurture.engine.backtest import History, Line, Question, Tally, backtest
from nurture.engine.check import book_of
from nurture.engine.spreadsheet import tame
from nurture.engine.workshop import Workshop
from nurture.store.database import owner_only


def retrospect(
    shop: Workshop, start: date, end: date, reachable: bool, tell: Callable[[int], None], processes: int = 0
) -> Tally:
    """Backtest the working tree from `start` to the end of `end`, both days of the project's zone."""
    book = book_of(shop.root)
    clock = reader_clock(book.rules, {"zone": book.rules.zone})
    first, last = day_start(start, clock), day_start(end + timedelta(days=1), clock)
    return backtest(Question(book, first, last, reachable), histories(shop), tell, processes)


def histories(shop: Workshop) -> Iterator[History]:
    """Everybody's log, as the store reads it: page by page, by id."""
    for page in shop.store.everybody():
        labels = shop.store.labels(page)
        for id_, events in shop.store.histories(page).items():
            yield History(id_, labels[id_], events)


def write_lines(tally: Tally, out: Path) -> None:
    """One line for each thing that would have happened, sorted; the same log and files give the same bytes.

    It is for reading, in a spreadsheet too: what would be a formula there is none.
    """
    with open(out, "w", encoding="utf-8", newline="", opener=owner_only) as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(Line._fields)
        writer.writerows([tame(str(cell)) for cell in line] for line in tally.lines)
