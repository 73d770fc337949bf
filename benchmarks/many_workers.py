"""One in a hundred due on PostgreSQL, shared by one worker and by two: how many decisions a second; what is waited for.

The server is the tests' own, without fsync; the workers' processor and the server's are told apart. A population built
for SQLite is taken over by `nurture move-store`.
"""

import json
import os
import subprocess
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import func, select

from benchmarks import on_postgresql
from benchmarks.crowd import joined, take
from benchmarks.frame import NURTURE, Figure, Taken, run
from benchmarks.population import Population, populated, spoiled
from nurture.engine.tick import tick
from nurture.engine.workshop import Workshop
from nurture.store.codec import micros
from nurture.store.tables import AGENDA
from nurture.wiring import live, now, workshop

SIZES = (100_000,)
WORKERS = (1, 2)
AT_LEAST = 10_000  # due at once, of fewer than a million too: so many that they are shared
LONGEST = 1_800.0  # seconds until it is given up
LOOK = 0.05
AHEAD = timedelta(seconds=15)  # and a fifth of a second a thousand of them, until they fall due
GOAL = "1.7 times with 2 workers on 2 free cores"
WAITING = (
    "SELECT coalesce(wait_event_type, 'at work'), coalesce(wait_event, ''), count(*) FROM pg_stat_activity"
    " WHERE datname = %s AND state IN ('active', 'idle in transaction') AND pid <> pg_backend_pid() GROUP BY 1, 2"
)


def measure(sizes: Sequence[int] = ()) -> list[Figure]:
    """At each size: the move, then newcomers for one worker, then others for two."""
    on_postgresql.begin()
    figures: list[Figure] = []
    for people in sizes or SIZES:
        with spoiled(populated(people)) as population:
            figures += shared(population)
    return figures


def shared(population: Population) -> Iterator[Figure]:
    """The figures of one size."""
    told = json.loads((population.folder / on_postgresql.MOVED).read_text(encoding="utf-8"))
    moved = Taken(told["seconds"], told["processor_seconds"])
    what = f"`nurture move-store` of {population.people:,} people from SQLite to PostgreSQL, when it was done"
    yield Figure(what, moved.words(), "", {"people": population.people, **moved.values})
    rates = {}
    with workshop(population.folder) as shop:
        shop.store.declare("suppressions", "none", now())
        tick(shop.store, live(shop.store).book, now())
        for workers in WORKERS:
            found = watched(shop, population, workers)
            rates[workers] = found
            who = f"{workers} worker{'s' if workers > 1 else ''}"
            what = f"{who}, {found.number:,} due of {population.people:,} people on PostgreSQL"
            yield Figure(what, found.words(), "", {"people": population.people, "workers": workers, **found.values})
    times = rates[2].rate / rates[1].rate
    yield Figure("2 workers against 1, by the clock", f"{times:.2f} times", GOAL, {"times": times})


@dataclass(slots=True)
class Watched:
    """How it went: people, seconds by the clock, of the workers' processor and of the server's, what was waited for."""

    number: int
    wall: float
    workers: float
    server: float
    waits: Counter[str] = field(default_factory=Counter)

    @property
    def rate(self) -> float:
        """People a second by the clock."""
        return self.number / self.wall

    def words(self) -> str:
        """For the table."""
        looks = self.waits.total() or 1
        waits = ", ".join(f"{what} {times / looks:.0%}" for what, times in self.waits.most_common(5))
        return (
            f"{self.rate:,.0f} decisions/s by the clock, {self.number / self.workers:,.0f} of the workers' processor, "
            f"{self.number / max(self.server, 0.01):,.0f} of the server's; transactions: {waits}"
        )

    @property
    def values(self) -> dict[str, float]:
        """For JSON."""
        return {
            "decided": self.number, "seconds": self.wall, "processor_seconds": self.workers,
            "server_processor_seconds": self.server, **self.waits,
        }  # fmt: skip


def watched(shop: Workshop, population: Population, workers: int) -> Watched:
    """How many fell due at one instant, and what it took from when the first of them were decided until nobody is due.

    How long it is until then hangs on when the next tick begins (`tick.every`), not on how quick workers are.
    """
    count = max(population.people // 100, min(AT_LEAST, population.people // 4))
    with at_work(population.folder, workers) as processes:
        until(lambda: sum(not one.ended for one in shop.store.runners()) >= workers)
        begun = now() + AHEAD + timedelta(microseconds=200 * count)
        number = take(shop, joined(population, begun, turn=workers, count=count), begun)
        if now() >= begun:
            raise SystemExit("the newcomers were not taken in before they fell due")
        until(lambda: now() >= begun)
        until(lambda: due(shop, begun) < number)
        with waits(population.url) as found:
            before, server, wall = sum(map(worked_by, processes)), on_postgresql.worked(), time.perf_counter()
            left = due(shop, begun)
            until(lambda: not due(shop, begun))
            wall = time.perf_counter() - wall
            after = sum(map(worked_by, processes))
        return Watched(left, wall, after - before, on_postgresql.worked() - server, found)


@contextmanager
def waits(url: str) -> Iterator[Counter[str]]:
    """What the transactions of a database are found at, look after look."""
    found, over = Counter[str](), threading.Event()
    name = on_postgresql.database_of(url)

    def look() -> None:
        with on_postgresql.server().connect() as connection:
            while not over.wait(LOOK):
                for kind, what, times in connection.execute(WAITING, (name,)):
                    found[f"{kind} {what}".strip() if kind != "Client" else "between two statements"] += times

    looking = threading.Thread(target=look)
    looking.start()
    try:
        yield found
    finally:
        over.set()
        looking.join()


def until(true: Callable[[], bool]) -> None:
    """Wait for something."""
    end = time.perf_counter() + LONGEST
    while not true():
        if time.perf_counter() > end:
            raise SystemExit("the workers did not get there")
        time.sleep(LOOK)


@contextmanager
def at_work(folder: Path, workers: int) -> Iterator[list[subprocess.Popen[bytes]]]:
    """So many workers of one folder, for as long as the block lasts; each a session, else Linux gives all one share."""
    command = [str(NURTURE), "worker", "--log", "json"]
    given: dict[str, Any] = {"cwd": folder, "stderr": subprocess.DEVNULL, "start_new_session": True}
    started = [subprocess.Popen(command, **given) for _ in range(workers)]
    try:
        yield started
    finally:
        for one in started:
            one.terminate()
        for one in started:
            one.wait(60)


def worked_by(process: "subprocess.Popen[Any]") -> float:
    """Seconds of processor of one of them so far."""
    said = Path(f"/proc/{process.pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    return (int(said[11]) + int(said[12])) / os.sysconf("SC_CLK_TCK")


def due(shop: Workshop, until: datetime) -> int:
    """How many people are due."""
    with shop.store.database.reading() as connection:
        asked = (
            select(func.count(AGENDA.c.person.distinct())).select_from(AGENDA).where(AGENDA.c.due_at <= micros(until))
        )
        return int(connection.execute(asked).scalar_one())


if __name__ == "__main__":
    run({"many_workers": measure})
