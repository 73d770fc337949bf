"""How long `nurture status` takes, however many people there are and however much waits."""

import time
from collections.abc import Sequence
from datetime import timedelta

from benchmarks.frame import Figure, growth, nurture, run, taken
from benchmarks.population import populated, unmoved
from nurture.engine.status import status

SIZES = (100_000,)
TIMES = 5


def measure(sizes: Sequence[int] = ()) -> list[Figure]:
    """The question by itself, warm and first of all, and the whole command."""
    figures: list[Figure] = []
    quickest: dict[int, float] = {}
    for people in sizes or SIZES:
        with unmoved(populated(people)) as population, population.opened() as shop:
            asked = []
            for _ in range(TIMES):
                begun = time.perf_counter()
                list(status(shop, population.moment + timedelta(hours=6)).lines())
                asked.append(time.perf_counter() - begun)
        whole = taken(lambda folder=population.folder: nurture("status", folder=folder))  # type: ignore[misc]
        quickest[people] = min(asked)
        words = f"{asked[0] * 1e3:.0f} ms at first, {min(asked) * 1e3:.0f} ms the quickest; the command {whole.words()}"
        values = {"people": people, "first": asked[0], "quickest": min(asked), **whole.values}
        figures.append(Figure(f"`nurture status`, {people:,} people", words, "1 s at 10,000,000", values))
    return [*figures, *growth("status", quickest, "")]


if __name__ == "__main__":
    run({"status": measure})
