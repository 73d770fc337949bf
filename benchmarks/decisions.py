"""How many decisions a second a tick takes, with reading and writing the store: one in a hundred people is due."""

from datetime import datetime, timedelta
from functools import partial

from benchmarks.crowd import crowd
from benchmarks.frame import Figure, taken
from nurture.engine.tick import Ticked, tick
from nurture.model.book import Book
from nurture.store.open import Store

PEOPLE = 100_000
MOMENTS = (("newcomers start", timedelta(minutes=30)), ("three days later", timedelta(days=3)))


def measure() -> list[Figure]:
    """The tick in which the newcomers start, and the one in which their second mail is due."""
    figures = []
    with crowd(PEOPLE) as (store, book, ready):
        answers: list[Ticked] = []
        for what, later in MOMENTS:
            spent = taken(partial(decide, store, book, ready + later, answers))
            people = answers[-1].people
            words = f"{people / spent.wall:,.0f} decisions/s, {people:,} people in {spent.words()}"
            figures.append(Figure(f"tick of {PEOPLE:,} people, {what}", words, "20,000 decisions/s"))
    return figures


def decide(store: Store, book: Book, moment: datetime, answers: list[Ticked]) -> None:
    """One tick, and what it said."""
    answers.append(tick(store, book, moment))
