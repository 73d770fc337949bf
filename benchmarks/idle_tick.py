"""What a tick costs when nothing is due: with a hundred times the people it should cost the same."""

import statistics
import time
from collections.abc import Sequence
from datetime import timedelta

from benchmarks import on_postgresql
from benchmarks.frame import Figure, growth, run
from benchmarks.population import populated, unmoved
from nurture.engine.tick import tick
from nurture.wiring import live

SIZES = (100_000, 1_000_000)
TICKS = 200
ROUNDS = 3


def measure(sizes: Sequence[int] = ()) -> list[Figure]:
    """The ticks that looked at nobody, the sizes in alternation, so that a busy machine is busy for all of them."""
    asked = sizes or SIZES
    told: dict[int, list[float]] = {people: [] for people in asked}
    servers: dict[int, list[float]] = {people: [] for people in asked}
    for _ in range(ROUNDS):
        for people in asked:
            before = on_postgresql.worked()
            told[people].extend(idle(people))
            servers[people].append((on_postgresql.worked() - before) / TICKS)
    medians = {people: statistics.median(found) for people, found in told.items()}
    figures = [
        Figure(
            f"idle tick, {people:,} people",
            f"{median * 1e3:.2f} ms of processor in the median, {min(told[people]) * 1e3:.2f} ms the quickest"
            + (f"; the server {min(servers[people]) * 1e3:.2f} ms beside" if on_postgresql.on() else ""),
            "0.5 ms",
            {
                "people": people,
                "processor_seconds": median,
                "quickest": min(told[people]),
                "server": min(servers[people]),
            },
        )
        for people, median in medians.items()
    ]
    return [*figures, *growth("idle tick", {people: min(found) for people, found in told.items()}, "1.5 times")]


def idle(people: int) -> list[float]:
    """Seconds of processor of each idle tick, one minute of the shop's time apart; at night, when no hour opens."""
    with unmoved(populated(people)) as population, population.opened() as shop:
        book, moment, found = live(shop.store).book, population.moment + timedelta(minutes=1), []
        tick(shop.store, book, moment)
        for number in range(1, TICKS + 1):
            begun = time.process_time()
            looked_at = tick(shop.store, book, moment + timedelta(minutes=number)).people
            if not looked_at:
                found.append(time.process_time() - begun)
        return found


if __name__ == "__main__":
    run({"idle_tick": measure})
