"""A population that has come to the present: everybody is decided on up to now, and some have just joined."""

import csv
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path

from benchmarks.population import Population, populated, spoiled
from nurture.engine.tick import tick
from nurture.engine.workshop import Workshop
from nurture.model.book import Book
from nurture.store.open import Store
from nurture.store.rows import AnyRow, EventRow
from nurture.wiring import live, now

NEWCOMERS = 100  # one of so many has just joined, and so is in flight


@contextmanager
def crowd(people: int) -> Iterator[tuple[Store, Book, datetime]]:
    """The store of so many contacts, all looked at once, and its book; newcomers join at the moment given.

    One in a hundred has news: it has come in, and was not looked at yet.
    """
    with spoiled(populated(people)) as population, population.opened() as shop:
        book, begun = live(shop.store).book, now()
        print("  deciding on what fell due since it was built …", file=sys.stderr, flush=True)
        tick(shop.store, book, begun)
        take(shop, joined(population, begun), begun)
        yield shop.store, book, begun


def joined(population: Population, begun: datetime, turn: int = 0, count: int = 0) -> Iterator[EventRow]:
    """One in a hundred has joined within the half hour before, or so many."""
    for number, who in enumerate(population.quiet(count or population.people // NEWCOMERS, turn)):
        moment = begun - timedelta(minutes=1 + number % 30)
        yield EventRow(outside_id=who, name="subscriber.joined", at=moment, id=f"j{turn}-{number}", fresh=True)


def take(shop: Workshop, rows: Iterable[AnyRow], moment: datetime) -> int:
    """Into the store, known from that moment on; how many events are new. No row may be refused."""

    def refuse(row: AnyRow, why: str) -> None:
        raise SystemExit(f"the store refuses {row}: {why}")

    return shop.store.importing(moment).take(rows, refuse).events.total()


def write(file: Path, columns: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> None:
    """A CSV file for `nurture import`."""
    with file.open("w", encoding="utf-8", newline="") as target:
        writer = csv.writer(target)
        writer.writerow(columns)
        writer.writerows(rows)
