"""What years of history cost: bytes a person and year and where they lie, and a tick with 1 % due over all of it."""

import sqlite3
from collections.abc import Sequence
from datetime import timedelta
from functools import partial
from pathlib import Path

from benchmarks.crowd import joined, take
from benchmarks.frame import Figure, run, taken
from benchmarks.population import Population, populated, spoiled
from nurture.engine.tick import Ticked, tick
from nurture.wiring import live

SIZES = (25_000,)
SAMPLE = 250  # lived for all the days, and copied
DAYS = 365
KEPT_ONCE = ("content",)  # however many people there are
TOLD = 10
GOAL = "4 KB a person and year"


def measure(sizes: Sequence[int] = ()) -> list[Figure]:
    """Of a population whose sample has lived a year, one in twenty-five of them as busy as the demo's people."""
    return [figure for people in sizes or SIZES for figure in of(people)]


def of(people: int) -> list[Figure]:
    """One size."""
    population = populated(people, min(SAMPLE, people), DAYS)
    years = DAYS / 365
    found = bytes_of(population.file)
    whole = sum(size for _, size in found)
    each = f"{whole / population.people / years / 1e3:.1f} KB"
    parts = ", ".join(f"{name} {size / population.people / years:,.0f}" for name, size in found[:TOLD])
    values = {name: size / population.people / years for name, size in found}
    figures = [
        Figure(f"store of {population.people:,} people and {DAYS} days, a person and year", each, GOAL, values),
        Figure("of it, in bytes with indexes", parts),
    ]
    with spoiled(population) as copy:
        return [*figures, one_percent(copy)]


def bytes_of(file: Path) -> list[tuple[str, int]]:
    """Bytes of each table with its indexes, the largest first; without what is kept once."""
    asked = (
        "SELECT schema.tbl_name, sum(pgsize) FROM dbstat stat JOIN sqlite_schema schema ON schema.name = stat.name "
        "GROUP BY 1 ORDER BY 2 DESC"
    )
    with sqlite3.connect(f"file:{file}?mode=ro", uri=True) as connection:
        return [(name, size) for name, size in connection.execute(asked) if name not in KEPT_ONCE]


def one_percent(population: Population) -> Figure:
    """One in a hundred has just joined."""
    answers: list[Ticked] = []
    with population.opened() as shop:
        book, moment = live(shop.store).book, population.moment + timedelta(minutes=5)
        take(shop, joined(population, moment), moment)
        tick_then = partial(tick, shop.store, book, moment + timedelta(minutes=30))
        spent = taken(lambda: answers.append(tick_then()))
    what = f"tick of {population.people:,} people with {DAYS} days of history, {answers[0].people:,} due"
    return Figure(what, spent.words(), "2 s with 1 % due", {"decided": answers[0].people, **spent.values})


if __name__ == "__main__":
    run({"history": measure})
