"""A made-up shop of any size, the same each time: the people, orders and newcomers that the ticks are measured on.

Up to 100,000 people come in through `nurture import`. A larger crowd is that one many times over, copied row by
row in SQL under other ids, since a million would take a quarter of an hour to import: the tables and indexes are
as full as after an import, but the copies' rows lie next to each other.
"""

import csv
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import date, datetime, timedelta
from pathlib import Path

from sqlalchemy import insert, select

from benchmarks.frame import nurture, shop
from nurture.engine.tick import tick
from nurture.model.book import Book
from nurture.store.open import Store
from nurture.store.tables import METADATA
from nurture.wiring import live, now, workshop

ZONES = ("Europe/Paris", "Europe/Istanbul", "Asia/Yerevan", "Africa/Cairo", "Asia/Jerusalem", "America/New_York")
IMPORTED = 100_000
COPIED = ("person", "outside_id", "address", "consent", "event", "silence", "day_of", "agenda")
RENAMED = {("person", "id"), ("outside_id", "value"), ("address", "key"), ("event", "id")}  # beside every `person`
NEWCOMERS = 100  # one of so many has just joined, and so is in flight


@contextmanager
def crowd(people: int) -> Iterator[tuple[Store, Book, datetime]]:
    """The store of a shop with so many contacts, all looked at once, and its book; newcomers join at the moment given.

    Everybody has an order behind them but the newcomers, one in a hundred, whose news has come in and not been
    looked at yet.
    """
    imported = min(people, IMPORTED)
    with shop() as folder:
        print(f"  making a shop of {people:,} people …", file=sys.stderr, flush=True)
        write(folder / "contacts.csv", ("id", "email", "first_name", "zone", "birthday", "consent"), contacts(imported))
        write(folder / "orders.csv", ("id", "at", "total", "order_id"), orders(imported, now().date()))
        nurture("apply", folder=folder)
        nurture("import", "contacts", "contacts.csv", "--basis", "ticked the box", folder=folder)
        nurture("import", "orders", "orders.csv", folder=folder)
        with workshop(folder) as opened:
            tick(opened.store, live(opened.store).book, now())
        write(folder / "joined.csv", ("id", "at", "event", "outside_id"), joined(imported, now()))
        nurture("import", "events", "joined.csv", "--fresh", "2 days", folder=folder)
        with workshop(folder) as opened:
            for copy in range(1, people // imported):
                copy_everybody(opened.store, f"-{copy}")
            yield opened.store, live(opened.store).book, now()


def copy_everybody(store: Store, suffix: str) -> None:
    """Everybody who was imported once more, under ids that end in `suffix`; but for the few already inside.

    What somebody is inside for names events by their id.
    """
    person = METADATA.tables["person"]
    inside = person.c.state.like('%"firings"%') | person.c.state.like('%"enrolments"%')
    copied = select(person.c.id).where(person.c.id.not_like("%-%"), ~inside)
    with store.database.writing() as connection:
        for table in map(METADATA.tables.__getitem__, COPIED):
            columns = [column for column in table.columns if column.name != "number" or table.name == "agenda"]
            renamed = [column.name == "person" or (table.name, column.name) in RENAMED for column in columns]
            read = [column + suffix if other else column for column, other in zip(columns, renamed, strict=True)]
            who = table.c.id if table.name == "person" else table.c.person
            rows = select(*read).where(who.in_(copied))
            connection.execute(insert(table).from_select([column.name for column in columns], rows))


def write(file: Path, columns: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> None:
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
