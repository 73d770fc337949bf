"""How many decisions a second a tick takes, with reading and writing the store: one in a hundred people is due."""

from datetime import timedelta

from benchmarks.crowd import crowd
from benchmarks.frame import Figure, seconds
from nurture.engine.tick import Ticked, tick
from nurture.wiring import live, workshop

PEOPLE = 300_000


def measure() -> list[Figure]:
    """The tick in which the newcomers start, and the one in which their second mail is due."""
    with crowd(PEOPLE) as (folder, ready), workshop(folder) as shop:
        book = live(shop.store)
        answers: list[Ticked] = []
        figures = []
        for what, later in (("newcomers start", timedelta(minutes=30)), ("three days later", timedelta(days=3))):
            taken = seconds(lambda now=ready + later: answers.append(tick(shop.store, book, now)))
            people = answers[-1].people
            words = f"{people / taken:,.0f} decisions/s ({people:,} people, {taken:.2f} s)"
            figures.append(Figure(f"tick of {PEOPLE:,} people, {what}", words, "20,000 decisions/s"))
    return figures
