"""How many decisions a second a tick takes, with reading and writing the store: one in a hundred people is due."""

from collections.abc import Sequence
from datetime import UTC, datetime, time, timedelta
from functools import partial

from benchmarks.crowd import crowd
from benchmarks.frame import Figure, run, taken
from nurture.engine.tick import Ticked, tick
from nurture.model.book import Book
from nurture.store.open import Store

PEOPLE = 100_000
DECENT = time(15, tzinfo=UTC)  # in none of the crowd's zones quiet hours: mails are decided, not held


def measure(_sizes: Sequence[int] = ()) -> list[Figure]:
    """The ticks in which the newcomers start, have a first mail, and three days later a second."""
    figures = []
    with crowd(PEOPLE) as (store, book, ready):
        answers: list[Ticked] = []
        for what, moment in moments(ready):
            spent = taken(partial(decide, store, book, moment, answers))
            people, mails = answers[-1].people, answers[-1].intents
            words = f"{people / spent.worked:,.0f} decisions/s of processor, {people:,} people, {mails:,} mails"
            figures.append(
                Figure(f"tick of {PEOPLE:,} people, {what}", f"{words}, {spent.words()}", "20,000 decisions/s")
            )
    return figures


def moments(ready: datetime) -> tuple[tuple[str, datetime], ...]:
    """When the ticks are; all but the first at one hour of the day, whenever the measuring itself is done."""
    day = datetime.combine(ready + timedelta(days=1), DECENT)
    return (
        ("newcomers start", ready + timedelta(minutes=30)),
        ("the day after", day),
        ("three days later", day + timedelta(days=3)),
    )


def decide(store: Store, book: Book, moment: datetime, answers: list[Ticked]) -> None:
    """One tick, and what it said."""
    answers.append(tick(store, book, moment))


if __name__ == "__main__":
    run({"decisions": measure})
