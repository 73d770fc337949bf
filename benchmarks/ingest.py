"""How many events a second the store takes in, of people it knows and of people it does not, at each size."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from functools import partial

from benchmarks.crowd import take
from benchmarks.frame import Figure, growth, run, taken
from benchmarks.population import Population, populated, spoiled
from nurture.store.rows import AnyRow, ContactRow, EventRow

SIZES = (100_000,)
ROWS = 50_000
GOAL = "50,000 events/s at 1 million, 20,000 at 10 million"


def measure(sizes: Sequence[int] = ()) -> list[Figure]:
    """Rows that are typed already, in transactions as `nurture import` has them: what reading a file costs is apart."""
    figures: list[Figure] = []
    each: dict[int, float] = {}
    for people in sizes or SIZES:
        rows = min(ROWS, people)
        with spoiled(populated(people)) as population, population.opened() as shop:
            moment = population.moment
            for what, coming in (
                ("orders of people it knows", orders(population, rows, moment)),
                ("contacts that it does not know, each with three facts and a consent", strangers(rows, moment)),
                ("the same orders again, all known", orders(population, rows, moment)),
            ):
                counts: list[int] = []
                spent = taken(partial(keep, counts, partial(take, shop, coming, moment)))
                rate = spent.rate(counts[0] or rows)
                words = f"{rate:,.0f} events/s of processor, {counts[0]:,} new, {spent.words()}"
                values = {"people": people, "events": counts[0], **spent.values}
                figures.append(Figure(f"{rows:,} {what}, {people:,} people", words, GOAL, values))
                each.setdefault(people, 1 / rate)
    return [*figures, *growth("an order taken in", each, "")]


def keep(counts: list[int], work: partial[int]) -> None:
    """Do it, and keep what it says."""
    counts.append(work())


def orders(population: Population, rows: int, moment: datetime) -> Iterator[AnyRow]:
    """One order each, of people from all over the store."""
    for number, who in enumerate(population.quiet(rows, turn=moment.toordinal())):
        at, order = moment - timedelta(minutes=number % 600), f"ingest-{moment:%Y%m%d%H%M}-{number}"
        fields: dict[str, object] = {"order_id": order, "total": float(10 + number % 40)}
        yield EventRow(outside_id=who, name="order.placed", at=at, id=order, fields=fields)


def strangers(rows: int, moment: datetime) -> Iterator[AnyRow]:
    """New contacts."""
    for number in range(rows):
        who = f"n{moment:%Y%m%d%H%M}-{number}"
        facts: dict[str, object] = {"first_name": f"Reader {number}", "locale": "en", "zone": "Europe/Paris"}
        yield ContactRow(outside_id=who, address=f"{who}@crowd.example", facts=facts, topics=("offers",), basis="asked")


if __name__ == "__main__":
    run({"ingest": measure})
