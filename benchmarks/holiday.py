"""A holiday of everybody: one tick in which everybody is started in a sequence and has a mail decided, or a reason.

Of very many a sixteenth is decided, as one of sixteen workers would: all of ten million take an hour and 20 GB.
"""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from functools import partial
from pathlib import Path

from benchmarks.frame import Figure, growth, nurture, run, taken
from benchmarks.population import Population, populated, spoiled
from nurture.engine.rounds import decide_part
from nurture.engine.tick import Ticked, tick
from nurture.model.book import Book
from nurture.store.open import Store
from nurture.wiring import live

SIZES = (100_000,)
DAY = timedelta(days=2)  # until it, from when the store was built
BEFORE, AFTER = timedelta(hours=-5), timedelta(hours=10)  # of UTC's midnight: it begins in all zones between them
SEQUENCE = """sequence: for_everybody
title: A holiday of everybody
stage: any
aims_at: again
pillar: [community]
class: news
topic: offers
status: live
priority: 90
start: {{holiday: [{name}], lead: {lead} days}}
again: {{per: occurrence}}
steps:
  - {{send: new_harvest, valid_for: 1 day}}
"""
NAME = "new_years_eve"  # one that is known: a day of our own would change the house, which wakes everybody by itself
WHOLE_UP_TO = 2_000_000  # people
PARTS = 16
GOAL = "100,000 dense decisions/s of processor"


def measure(sizes: Sequence[int] = ()) -> list[Figure]:
    """From the hour before it begins anywhere to the hour after it has begun everywhere, in one tick."""
    figures: list[Figure] = []
    each: dict[int, float] = {}
    for people in sizes or SIZES:
        with spoiled(populated(people)) as population:
            figures.append(celebrated(population, each))
    return [*figures, *growth("a decision of everybody's", each, "")]


def celebrated(population: Population, each: dict[int, float]) -> Figure:
    """The tick of the day after tomorrow; `each` is told the seconds of processor for one decision."""
    day = population.moment + DAY
    declare(population.folder, day.date())
    nurture("apply", folder=population.folder)
    answers: list[Ticked] = []
    with population.opened() as shop:
        book = live(shop.store).book
        tick(shop.store, book, day + BEFORE)
        whole = population.people <= WHOLE_UP_TO
        decide = partial(tick if whole else a_part, shop.store, book, day + AFTER)
        spent = taken(lambda: answers.append(decide()))
        for part in shop.store.rounds.left():  # nobody decides them: the store goes on after the holiday
            shop.store.rounds.done(part, day + AFTER)
    done = answers[0]
    each[population.people] = 1 / spent.rate(max(1, done.people))
    rate = f"{spent.rate(done.people):,.0f} decisions/s of processor"
    values = {"people": population.people, "decided": done.people, "mails": done.intents, **spent.values}
    return Figure(
        f"a holiday of {population.people:,} people" + ("" if whole else f", one of {PARTS} parts"),
        f"{rate}, {done.people:,} people, {done.intents:,} mails, {spent.words()}",
        GOAL,
        values,
    )


def a_part(store: Store, book: Book, until: datetime) -> Ticked:
    """The tick, of the first part of the people."""
    store.rounds.begin(store.watermark or until, until, PARTS)
    return decide_part(store, book, store.rounds.left()[0], until)


def declare(folder: Path, day: date) -> None:
    """The sequence that begins on a day, so long before the last one of its year."""
    lead = (date(day.year, 12, 31) - day).days
    sequence = folder / "sequences" / "for_everybody.yaml"
    sequence.write_text(SEQUENCE.format(name=NAME, lead=lead), encoding="utf-8")


if __name__ == "__main__":
    run({"holiday": measure})
