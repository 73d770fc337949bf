"""Handing over on PostgreSQL by one worker and by two, into sinks on loopback: mails a second, and of which processor.

First mails that were decided before, then with deciding; by personalizations and by SMTP. The workers are processes of
their own, as in `many_workers`; their processor, the server's and the sink's are told apart. Where all of them together
keep every core busy, a second worker wins by the clock only what the first had left idle.
"""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice
from typing import Any

from sqlalchemy import func, select, text, update

from benchmarks import on_postgresql
from benchmarks.crowd import take
from benchmarks.frame import Figure, nurture, run
from benchmarks.many_workers import AHEAD, GOAL, WORKERS, at_work, due, until, worked_by
from benchmarks.population import Population, populated, spoiled
from benchmarks.post_office import mailing, office
from benchmarks.service_amid_broadcast import at_once
from benchmarks.smtp_sink import sink
from nurture.engine.tick import tick
from nurture.engine.workshop import Workshop
from nurture.store.codec import micros
from nurture.store.outbox_rows import SETTLED, UNFINISHED
from nurture.store.queue import Job, enqueue
from nurture.store.rows import EventRow
from nurture.store.tables import BATCH, BATCH_MEMBER, PLANNED
from nurture.wiring import live, now, workshop
from nurture.workers.lanes import hand_over

SIZES = (1_000_000,)
MOST, SHARE = 15_000, 60  # mails at a time, and of fewer people one in so many: an eighth of those who may have one
LATER = timedelta(hours=1)  # mails that were decided before wait so long at the most, until the workers are there
clock = time.perf_counter
GOALS = {"personalizations": "20,000 mails/s and core", "SMTP": "8,000 mails/s and core"}
SMTP = """
[provider]
name = "smtp"
[smtp]
host = "127.0.0.1"
port = {port}
security = "none"
[web]
url = "https://shop.example"
[tick]
every = "1 second"
"""
# Who agreed to what the welcome is about and never bought, from all over the store.
WELCOME = text(
    "SELECT o.value FROM consent c JOIN person p ON p.id = c.person JOIN outside_id o ON o.person = p.id"
    " WHERE c.topic = 'coffee_tips' AND c.given AND p.orders_count = 0 AND o.value LIKE 'q%' ORDER BY p.id"
)


@dataclass(frozen=True, slots=True)
class Way:
    """How mails leave: how many the sink has taken, and whether any was taken twice; its process."""

    name: str
    taken: Callable[[], int]
    twice: Callable[[], int]
    process: "subprocess.Popen[Any]"


@dataclass(slots=True)
class Round:
    """So many mails: seconds by the clock, and of the processor of the workers, the server and the sink."""

    mails: int
    wall: float
    workers: float
    server: float
    sink: float

    @property
    def rate(self) -> float:
        """Mails a second by the clock."""
        return self.mails / self.wall

    def words(self) -> str:
        """For the table."""
        each = (
            f"{seconds / self.mails * 1e6:,.0f} µs of {whose}"
            for seconds, whose in ((self.workers, "workers"), (self.server, "the server"), (self.sink, "the sink"))
        )
        busy = self.workers + self.server + self.sink
        return (
            f"{self.rate:,.0f} mails/s by the clock, {self.mails / self.workers:,.0f} of the workers' processor; each "
            f"{', '.join(each)}; {busy / self.wall:.2f} of {os.cpu_count()} cores busy, the sink "
            f"{self.sink / self.wall:.0%} of one"
        )

    @property
    def values(self) -> dict[str, float]:
        """For JSON."""
        return {
            "mails": self.mails, "seconds": self.wall, "processor_seconds": self.workers,
            "server_processor_seconds": self.server, "sink_processor_seconds": self.sink,
        }  # fmt: skip


class Newcomers:
    """People of a population who join, each once: `at_once` of them at a time."""

    def __init__(self, population: Population, shop: Workshop) -> None:
        self.population, self.at_once = population, min(MOST, population.people // SHARE)
        with shop.store.database.reading() as connection:
            self._waiting = iter(connection.execute(WELCOME).scalars().all())

    def join(self, shop: Workshop, begun: datetime) -> None:
        """The next so many: they joined within the half hour before, and their welcome is due at `begun`."""
        who = islice(self._waiting, self.at_once)
        take(shop, (newcomer(one, begun - timedelta(minutes=1 + n % 30)) for n, one in enumerate(who)), begun)


def newcomer(who: str, at: datetime) -> EventRow:
    """Somebody joins."""
    return EventRow(outside_id=who, name="subscriber.joined", at=at, id=f"newcomer-{who}", fresh=True)


def measure(sizes: Sequence[int] = ()) -> list[Figure]:
    """At each size: by personalizations, then by SMTP; decided before, then with deciding; one worker, then two."""
    on_postgresql.begin()
    figures: list[Figure] = []
    for people in sizes or SIZES:
        with prepared(populated(people)) as (population, shop):
            newcomers = Newcomers(population, shop)
            for way in (by_personalizations, by_smtp):
                with way(population) as found:
                    figures += compared(shop, newcomers, found)
    return figures


@contextmanager
def prepared(kept: Population) -> Iterator[tuple[Population, Workshop]]:
    """A copy in which everybody is decided on up to now, and is written to as soon as they join."""
    with spoiled(kept) as population:
        at_once(population.folder / "sequences" / "welcome.yaml")
        nurture("apply", folder=population.folder)
        with workshop(population.folder) as shop:
            shop.store.declare("suppressions", "none", now())
            tick(shop.store, live(shop.store).book, now())
            yield population, shop


@contextmanager
def by_personalizations(population: Population) -> Iterator[Way]:
    """The project mails through the SendGrid-shaped server, which keeps what it took, by its key, in its log."""
    with office(population.folder) as server:
        mailing(population.folder, server, on_postgresql.store_words(population.url))

        def twice() -> int:
            keys = [line["key"] for line in server.lines()]
            return len(keys) - len(set(keys))

        yield Way("personalizations", server.accepted, twice, server.process)


@contextmanager
def by_smtp(population: Population) -> Iterator[Way]:
    """The project mails through the sink, a message at a time."""
    with sink() as port:
        words = SMTP.format(port=port.number) + on_postgresql.store_words(population.url)
        (population.folder / "config.toml").write_text(words, encoding="utf-8")
        yield Way("SMTP", port.accepted, lambda: 0, port.process)


def compared(shop: Workshop, newcomers: Newcomers, way: Way) -> Iterator[Figure]:
    """The figures of one way."""
    people = newcomers.population.people
    for before, what in ((True, "decided before and"), (False, "decided and")):
        rates = {}
        for workers in WORKERS:
            print(f"  {way.name}, {what} handed over, {workers} of {WORKERS[-1]} …", file=sys.stderr, flush=True)
            found = handed_over(shop, newcomers, way, workers, before)
            rates[workers] = found.rate
            who = f"{workers} worker{'s' if workers > 1 else ''}"
            title = f"{who} on PostgreSQL, {people:,} people: {found.mails:,} mails {what} handed over by {way.name}"
            yield Figure(title, found.words(), GOALS[way.name], {"people": people, "workers": workers, **found.values})
        times = rates[2] / rates[1]
        words = f"2 workers against 1, mails {what} handed over by {way.name}, by the clock"
        yield Figure(words, f"{times:.2f} times", GOAL, {"times": times})


def handed_over(shop: Workshop, newcomers: Newcomers, way: Way, workers: int, before: bool) -> Round:
    """One round: what it took from the moment the mails may go, or people are due, until the sink has all of them."""
    last, had = last_batch(shop), way.taken()
    if before:
        newcomers.join(shop, now())
        tick(shop.store, live(shop.store).book, now())
        put_off(shop, now() + LATER)
    with at_work(newcomers.population.folder, workers) as processes:
        until(lambda: sum(not one.ended for one in shop.store.runners()) >= workers)
        begun = now()
        if before:
            put_off(shop, begun, [hand_over(slot) for slot in range(workers)])
        else:
            begun += AHEAD + timedelta(microseconds=200 * newcomers.at_once)
            newcomers.join(shop, begun)
            if now() >= begun:
                raise SystemExit("the newcomers were not taken in before they fell due")
            until(lambda: now() >= begun)
        spent, server, wall = [worked_by(one) for one in (*processes, way.process)], on_postgresql.worked(), clock()
        until(lambda: not due(shop, begun) and not in_queue(shop, now()))
        wall = clock() - wall
        *worked, sinking = (worked_by(one) - b for one, b in zip((*processes, way.process), spent, strict=True))
        server = on_postgresql.worked() - server
    mails = accepted_since(shop, last)
    if not mails or way.taken() - had != mails or way.twice():
        raise SystemExit(f"{mails:,} mails were handed over; the sink took {way.taken() - had:,}, {way.twice()} twice")
    return Round(mails, wall, sum(worked), server, sinking)


def put_off(shop: Workshop, until: datetime, jobs: Sequence[Job] = ()) -> None:
    """What waits may go from then on; with the jobs that hand it over, as if it had been decided now."""
    with shop.store.database.writing() as connection:
        connection.execute(update(PLANNED).values(due_at=micros(until)))
        if jobs:
            enqueue(connection, jobs)


def in_queue(shop: Workshop, by: datetime) -> bool:
    """Whether any mail may go by then, or is on its way."""
    waits = select(PLANNED.c.key).where(PLANNED.c.due_at <= micros(by)).limit(1)
    on_the_way = select(BATCH.c.id).where(BATCH.c.status.in_(UNFINISHED)).limit(1)
    with shop.store.database.reading() as connection:
        return any(connection.execute(asked).first() is not None for asked in (waits, on_the_way))


def last_batch(shop: Workshop) -> int:
    """The number of the newest batch."""
    with shop.store.database.reading() as connection:
        return int(connection.execute(select(func.coalesce(func.max(BATCH.c.id), 0))).scalar_one())


def accepted_since(shop: Workshop, batch: int) -> int:
    """How many mails are in later batches that are settled."""
    asked = select(func.count()).select_from(BATCH_MEMBER.join(BATCH, BATCH.c.id == BATCH_MEMBER.c.batch))
    with shop.store.database.reading() as connection:
        return int(connection.execute(asked.where(BATCH.c.id > batch, BATCH.c.status == SETTLED)).scalar_one())


if __name__ == "__main__":
    run({"many_hand_over": measure})
