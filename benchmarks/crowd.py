"""A made-up shop of any size, the same each time: the people, orders and newcomers that the ticks are measured on."""

import csv
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime, timedelta
from pathlib import Path

from benchmarks.frame import nurture, shop
from nurture.engine.tick import tick
from nurture.model.book import Book
from nurture.store.open import Store
from nurture.wiring import live, now, workshop

ZONES = ("Europe/Paris", "Europe/Istanbul", "Asia/Yerevan", "Africa/Cairo", "Asia/Jerusalem", "America/New_York")
NEWCOMERS = 100  # one of so many has just joined, and so is in flight


@contextmanager
def crowd(people: int) -> Iterator[tuple[Store, Book, datetime]]:
    """The store of a shop with so many contacts, all looked at once, and its book; newcomers join at the moment given.

    Everybody has an order behind them but the newcomers, one in a hundred, whose news has come in and not been
    looked at yet.
    """
    with shop() as folder:
        print(f"  making a shop of {people:,} people …", file=sys.stderr, flush=True)
        write(folder / "contacts.csv", ("id", "email", "first_name", "zone", "birthday", "consent"), contacts(people))
        write(folder / "orders.csv", ("id", "at", "total", "order_id"), orders(people, now().date()))
        nurture("apply", folder=folder)
        nurture("import", "contacts", "contacts.csv", "--basis", "ticked the box", folder=folder)
        nurture("import", "orders", "orders.csv", folder=folder)
        with workshop(folder) as opened:
            tick(opened.store, live(opened.store).book, now())
        write(folder / "joined.csv", ("id", "at", "event", "outside_id"), joined(people, now()))
        nurture("import", "events", "joined.csv", "--fresh", "2 days", folder=folder)
        with workshop(folder) as opened:
            yield opened.store, live(opened.store).book, now()


def write(file: Path, columns: tuple[str, ...], rows: Iterator[tuple[str, ...]]) -> None:
    """A CSV file for `nurture import`."""
    with file.open("w", encoding="utf-8", newline="") as target:
        writer = csv.writer(target)
        writer.writerow(columns)
        writer.writerows(rows)


def contacts(people: int) -> Iterator[tuple[str, ...]]:
    """Everybody, with birthdays over the whole year and in six zones."""
    for number in range(people):
        birthday = date(1960 + number % 40, 1, 1) + timedelta(days=number * 7 % 365)
        zone = ZONES[number // NEWCOMERS % len(ZONES)]
        address = f"reader{number}@crowd.example"
        yield f"c{number}", address, f"Reader {number}", zone, birthday.isoformat(), "coffee_tips celebrations"


def orders(people: int, today: date) -> Iterator[tuple[str, ...]]:
    """One order for everybody but the newcomers, over the last two years."""
    for number in range(people):
        if number % NEWCOMERS:
            day = today - timedelta(days=1 + number * 13 % 700)
            yield f"c{number}", day.isoformat(), f"{10 + number % 40}", f"o{number}"


def joined(people: int, begun: datetime) -> Iterator[tuple[str, ...]]:
    """The newcomers, who have joined within the half hour before."""
    for number in range(0, people, NEWCOMERS):
        moment = begun - timedelta(minutes=1 + number // NEWCOMERS % 30)
        yield f"c{number}", moment.isoformat(timespec="seconds"), "subscriber.joined", f"j{number}"
