"""How long a tick takes in which one in a hundred people is due, and how many decisions a second that is."""

from collections.abc import Sequence
from datetime import UTC, datetime, time, timedelta
from functools import partial

from benchmarks.crowd import joined, take
from benchmarks.frame import Figure, growth, run, taken
from benchmarks.population import populated, spoiled
from nurture.engine.tick import Ticked, tick
from nurture.model.book import Book
from nurture.store.open import Store
from nurture.wiring import live

SIZES = (100_000,)
DECENT = time(15, tzinfo=UTC)  # in none of the population's zones quiet hours: mails are decided, not held
GOAL = "30,000 scattered decisions/s of processor"


def measure(sizes: Sequence[int] = ()) -> list[Figure]:
    """At each size the ticks in which newcomers start, have a first mail, and three days later a second."""
    figures: list[Figure] = []
    each: dict[int, float] = {}
    for people in sizes or SIZES:
        figures += ticks(people, each)
    return [*figures, *growth("a decision of newcomers", each, "")]


def ticks(people: int, each: dict[int, float]) -> list[Figure]:
    """One size; `each` is told the seconds of processor for a decision of the first of its ticks."""
    figures = []
    with spoiled(populated(people)) as population, population.opened() as shop:
        book = live(shop.store).book
        ready = datetime.combine(population.moment, DECENT)
        ready += timedelta(days=ready <= population.moment)
        tick(shop.store, book, ready)
        take(shop, joined(population, ready, turn=ready.toordinal()), ready)
        answers: list[Ticked] = []
        for what, moment in moments(ready):
            spent = taken(partial(decide, shop.store, book, moment, answers))
            done = answers[-1]
            words = f"{spent.rate(done.people):,.0f} decisions/s of processor, {done.people:,} people"
            figures.append(
                Figure(
                    f"tick of {people:,} people, {what}",
                    f"{words}, {done.intents:,} mails, {spent.words()}",
                    GOAL,
                    {"people": people, "decided": done.people, "mails": done.intents, **spent.values},
                )
            )
            each.setdefault(people, 1 / spent.rate(max(1, done.people)))
    return figures


def moments(ready: datetime) -> tuple[tuple[str, datetime], ...]:
    """When the ticks are; all but the first at one hour of the day, whenever the measuring itself is done."""
    return (
        ("newcomers start: 1 % due", ready + timedelta(minutes=30)),
        ("the day after", ready + timedelta(days=1)),
        ("three days later", ready + timedelta(days=4)),
    )


def decide(store: Store, book: Book, moment: datetime, answers: list[Ticked]) -> None:
    """One tick, and what it said."""
    answers.append(tick(store, book, moment))


if __name__ == "__main__":
    run({"decisions": measure})
