"""What two years of history cost: bytes a person and year and where they lie, and a tick with 1 % due over all of it.

The book has 200 sequences: the starter's fifteen times over under other names, so that whatever starts one starts each
of its copies too, and limits and mutes hold most of their mails. One in twenty-five is as busy as the demo's people.
What the sample takes with the starter's own book stands beside.
"""

import sqlite3
import statistics
import time
from collections import Counter
from collections.abc import Sequence
from contextlib import closing
from datetime import timedelta
from functools import partial

from benchmarks.book_tests import SEQUENCES
from benchmarks.crowd import joined, take
from benchmarks.frame import Figure, run, taken
from benchmarks.population import Population, populated, spoiled
from nurture.engine.tick import Ticked, tick
from nurture.wiring import live

SIZES = (300_000,)
SAMPLE = 600  # lived for all the days, and copied
DAYS = 730
KEPT_ONCE = ("content", "applied_file", "version", "application")  # however many people there are
OF_MAIL = ("batch", "batch_member")  # without a person: so many as there are mails
TOLD = 12
IDLE = 50
GOAL = "4 KB a person and year"


def measure(sizes: Sequence[int] = ()) -> list[Figure]:
    """At each size: the store, whose it is, and ticks."""
    return [figure for people in sizes or SIZES for figure in of(people)]


def of(people: int) -> list[Figure]:
    """One size."""
    sample = min(SAMPLE, people)
    population = populated(people, sample, DAYS, sequences=SEQUENCES)
    figures = [*sizes_of(population, f"{SEQUENCES} sequences"), *ticks(population)]
    return [*figures, *sizes_of(populated(sample, sample, DAYS), "the starter's own sequences")]


def sizes_of(population: Population, book: str) -> list[Figure]:
    """Bytes a person and year: of all, of the busy, of the quiet; and table by table."""
    with closing(sqlite3.connect(f"file:{population.file}?mode=ro", uri=True)) as connection:
        found, busy = bytes_of(connection), busy_of(connection)
        share = {table: busy_share(connection, table if table not in OF_MAIL else "message") for table in found}
    quiet = population.sample - busy
    own = {table: size * share[table] * population.sample / busy for table, size in found.items()}
    rest = {table: size * (1 - share[table]) * population.sample / quiet for table, size in found.items()}
    years = population.people * DAYS / 365
    what = f"store of {population.people:,} people, {book} and {DAYS} days, a person and year"
    figures = []
    for who, sizes in (("", found), (f", one of the {busy} busy of {population.sample}", own), (", a quiet one", rest)):
        each = {table: size / years for table, size in sizes.items()}
        parts = ", ".join(f"{table} {size:,.0f}" for table, size in Counter(each).most_common(TOLD))
        whole = sum(each.values())
        figures.append(Figure(f"{what}{who}", f"{whole / 1e3:.1f} KB: {parts}", GOAL, {"bytes": whole, **each}))
    return figures


def bytes_of(connection: sqlite3.Connection) -> dict[str, int]:
    """Bytes of each table with its indexes; without what is kept once."""
    asked = (
        "SELECT schema.tbl_name, sum(stat.pgsize) FROM dbstat stat JOIN sqlite_schema schema ON schema.name = stat.name"
        " WHERE stat.aggregate = 1 GROUP BY 1"
    )
    return {name: size for name, size in connection.execute(asked) if name not in KEPT_ONCE}


ORIGINALS = "SELECT person, value GLOB 'c*' AS busy FROM outside_id WHERE instr(value, '.') = 0"


def busy_of(connection: sqlite3.Connection) -> int:
    """How many of the sample are busy."""
    return int(connection.execute(f"SELECT sum(busy) FROM ({ORIGINALS})").fetchone()[0])  # noqa: S608 - our own words


def busy_share(connection: sqlite3.Connection, table: str) -> float:
    """Which part of a table's values is of the busy, by their length in the rows of the sample; 0 of nobody's."""
    columns = [name for _, name, *_ in connection.execute(f'PRAGMA table_info("{table}")')]
    who = "id" if table == "person" else "person"
    if who not in columns or table == "merged":
        return 0.0
    length = " + ".join(f'coalesce(length("{table}"."{name}"), 0)' for name in columns)
    words = (
        f"SELECT coalesce(sum(busy * ({length})), 0), coalesce(sum({length}), 0) FROM ({ORIGINALS}) AS original"  # noqa: S608 - our own words
        f' JOIN "{table}" ON "{table}"."{who}" = original.person'
    )
    own, whole = connection.execute(words).fetchone()
    return own / whole if whole else 0.0


def ticks(population: Population) -> list[Figure]:
    """One in a hundred has just joined; then nobody is due."""
    answers: list[Ticked] = []
    with spoiled(population) as copy, copy.opened() as shop:
        book, moment = live(shop.store).book, copy.moment + timedelta(minutes=5)
        take(shop, joined(copy, moment, turn=int(moment.timestamp()) // 60), moment)
        tick_then = partial(tick, shop.store, book, moment + timedelta(minutes=30))
        spent = taken(lambda: answers.append(tick_then()))
        idle = []
        for minute in range(IDLE):
            begun = time.process_time()
            if not tick(shop.store, book, moment + timedelta(minutes=31 + minute)).people:
                idle.append(time.process_time() - begun)
    done = answers[0]
    what = f"of {population.people:,} people with {SEQUENCES} sequences and {DAYS} days of history"
    words = f"{spent.words()}, {done.intents:,} mails, {done.reasons:,} reasons"
    values = {"decided": done.people, "mails": done.intents, "reasons": done.reasons, **spent.values}
    figures = [Figure(f"tick {what}, {done.people:,} due", words, "2 s with 1 % due", values)]
    if idle:
        quickest, middle = min(idle) * 1e3, statistics.median(idle) * 1e3
        words = f"{middle:.2f} ms of processor in the median, {quickest:.2f} ms the quickest"
        figures.append(Figure(f"idle tick {what}", words, "", {"processor_seconds": middle / 1e3}))
    return figures


if __name__ == "__main__":
    run({"history": measure})
