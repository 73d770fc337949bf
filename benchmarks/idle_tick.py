"""What a tick costs when nothing is due: with ten times the people it should cost the same."""

import statistics
import time
from collections.abc import Sequence
from datetime import timedelta

from benchmarks.crowd import crowd
from benchmarks.frame import Figure, run
from nurture.engine.tick import tick

SIZES = (100_000, 1_000_000)
TICKS = 200


def measure(_sizes: Sequence[int] = ()) -> list[Figure]:
    """Medians of the ticks that looked at nobody, with one in a hundred people inside a sequence."""
    medians = [idle(people) for people in SIZES]
    figures = [
        Figure(f"idle tick, {people:,} people", f"{median * 1000:.2f} ms", "2 ms")
        for people, median in zip(SIZES, medians, strict=True)
    ]
    return [*figures, Figure("the larger against the smaller", f"{medians[-1] / medians[0]:.2f} times", "1.5 times")]


def idle(people: int) -> float:
    """The median of idle ticks, in seconds, one minute of the shop's time apart."""
    with crowd(people) as (store, book, ready):
        moment = ready + timedelta(minutes=30)
        tick(store, book, moment)
        taken = []
        for number in range(1, TICKS + 1):
            start = time.perf_counter()
            looked_at = tick(store, book, moment + timedelta(minutes=number)).people
            if not looked_at:
                taken.append(time.perf_counter() - start)
        return statistics.median(taken)


if __name__ == "__main__":
    run({"idle_tick": measure})
