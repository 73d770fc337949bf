"""One in a hundred due on PostgreSQL, shared by one worker and by two: how many decisions a second.

The server is the tests' own, without fsync, and has its own processes: only what the workers worked is counted, beside
the clock. A population built for SQLite is taken over by `nurture move-store`.
"""

import os
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import func, select

from benchmarks.crowd import NEWCOMERS, joined, take
from benchmarks.frame import NURTURE, Figure, nurture, run, taken
from benchmarks.population import Population, populated, spoiled
from nurture.engine.tick import tick
from nurture.engine.workshop import Workshop
from nurture.store.codec import micros
from nurture.store.tables import AGENDA
from nurture.wiring import live, now, workshop
from tests.postgres_server import postgres_server

SIZES = (100_000,)
WORKERS = (1, 2)
LONGEST = 1_800.0  # seconds until it is given up
LOOK = 0.05
AHEAD = timedelta(seconds=15)  # and 0.2 ms a newcomer, until they fall due
GOAL = "1.7 times with 2 workers on 2 free cores"


def measure(sizes: Sequence[int] = ()) -> list[Figure]:
    """At each size: the move, then newcomers for one worker, then others for two."""
    figures: list[Figure] = []
    for people in sizes or SIZES:
        with spoiled(populated(people)) as population, postgres_server("shared_buffers=512MB") as server:
            figures += shared(population, server.new_database())
    return figures


def shared(population: Population, url: str) -> Iterator[Figure]:
    """The figures of one size."""
    folder = population.folder
    moved = taken(lambda: nurture("move-store", "sqlite:///nurture.db", url, folder=folder))
    what = f"`nurture move-store` of {population.people:,} people from SQLite to PostgreSQL"
    yield Figure(what, moved.words(), "", {"people": population.people, **moved.values})
    (folder / "config.toml").write_text(f'[store]\nurl = "{url}"\n', encoding="utf-8")
    rates = {}
    with workshop(folder) as shop:
        shop.store.declare("suppressions", "none", now())
        tick(shop.store, live(shop.store).book, now())
        for workers in WORKERS:
            number, wall, worked = watched(shop, population, workers)
            rates[workers] = number / wall
            words = f"{number / wall:,.0f} decisions/s by the clock, {number / worked:,.0f} of the workers' processor"
            values = {"people": population.people, "workers": workers, "seconds": wall, "processor_seconds": worked}
            who = f"{workers} worker{'s' if workers > 1 else ''}"
            yield Figure(f"{who}, {number:,} due of {population.people:,} people on PostgreSQL", words, "", values)
    times = rates[2] / rates[1]
    yield Figure("2 workers against 1, by the clock", f"{times:.2f} times", GOAL, {"times": times})


def watched(shop: Workshop, population: Population, workers: int) -> tuple[int, float, float]:
    """How many fell due at one instant; seconds by the clock from then until nobody is due, and of the processor."""
    with at_work(population.folder, workers) as processes:
        until(lambda: sum(not one.ended for one in shop.store.runners()) >= workers)
        begun = now() + AHEAD + timedelta(microseconds=200 * population.people // NEWCOMERS)
        number = take(shop, joined(population, begun, turn=workers), begun)
        if now() >= begun:
            raise SystemExit("the newcomers were not taken in before they fell due")
        until(lambda: now() >= begun)
        before, wall = sum(map(worked_by, processes)), time.perf_counter()
        until(lambda: not due(shop, begun))
        return number, time.perf_counter() - wall, sum(map(worked_by, processes)) - before


def until(true: Callable[[], bool]) -> None:
    """Wait for something."""
    end = time.perf_counter() + LONGEST
    while not true():
        if time.perf_counter() > end:
            raise SystemExit("the workers did not get there")
        time.sleep(LOOK)


Process = subprocess.Popen[bytes]


@contextmanager
def at_work(folder: Path, workers: int) -> Iterator[list[Process]]:
    """So many workers of one folder, for as long as the block lasts."""
    command = [str(NURTURE), "worker", "--log", "json"]
    started = [subprocess.Popen(command, cwd=folder, stderr=subprocess.DEVNULL) for _ in range(workers)]
    try:
        yield started
    finally:
        for one in started:
            one.terminate()
        for one in started:
            one.wait(60)


def worked_by(process: Process) -> float:
    """Seconds of processor of one of them so far."""
    said = Path(f"/proc/{process.pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    return (int(said[11]) + int(said[12])) / os.sysconf("SC_CLK_TCK")


def due(shop: Workshop, until: datetime) -> int:
    """How many rows of the agenda are due."""
    with shop.store.database.reading() as connection:
        asked = select(func.count()).select_from(AGENDA).where(AGENDA.c.due_at <= micros(until))
        return int(connection.execute(asked).scalar_one())


if __name__ == "__main__":
    run({"many_workers": measure})
