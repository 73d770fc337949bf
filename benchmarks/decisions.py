"""How many decisions a second a tick takes, with reading and writing the store: one in a hundred people is due."""

import time
from datetime import timedelta

from benchmarks.crowd import crowd
from benchmarks.frame import Figure
from nurture.engine.tick import tick
from nurture.wiring import live, workshop

PEOPLE = 300_000
MOMENTS = (("newcomers start", timedelta(minutes=30)), ("three days later", timedelta(days=3)))


def measure() -> list[Figure]:
    """The tick in which the newcomers start, and the one in which their second mail is due."""
    figures = []
    with crowd(PEOPLE) as (folder, ready), workshop(folder) as shop:
        book = live(shop.store).book
        for what, later in MOMENTS:
            start = time.perf_counter()
            people = tick(shop.store, book, ready + later).people
            taken = time.perf_counter() - start
            words = f"{people / taken:,.0f} decisions/s ({people:,} people, {taken:.2f} s)"
            figures.append(Figure(f"tick of {PEOPLE:,} people, {what}", words, "20,000 decisions/s"))
    return figures
