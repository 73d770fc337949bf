"""How long `nurture status` takes, however many people there are and however much waits."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import partial

from benchmarks.frame import Figure, growth, nurture, run, taken
from benchmarks.population import populated, unmoved
from nurture.engine.status import status
from nurture.engine.workshop import Workshop

SIZES = (100_000,)
TIMES = 5


def measure(sizes: Sequence[int] = ()) -> list[Figure]:
    """The question by itself, warm and first of all, and the whole command."""
    figures: list[Figure] = []
    quickest: dict[int, float] = {}
    for people in sizes or SIZES:
        with unmoved(populated(people)) as population, population.opened() as shop:
            question = partial(told, shop, population.moment + timedelta(hours=6))
            first, warm = taken(question), min((taken(question) for _ in range(TIMES)), key=lambda one: one.worked)
        whole = taken(partial(nurture, "status", folder=population.folder))
        quickest[people] = warm.worked
        words = f"at first {first.words('ms')}, then {warm.words('ms')}; the command {whole.words()}"
        values = {
            "people": people,
            "first": first.wall,
            "warm": warm.wall,
            "warm_processor": warm.worked,
            **whole.values,
        }
        figures.append(Figure(f"`nurture status`, {people:,} people", words, "1 s at 10,000,000", values))
    return [*figures, *growth("status, by the processor", quickest, "")]


def told(shop: Workshop, moment: datetime) -> list[str]:
    """What it says."""
    return list(status(shop, moment).lines())


if __name__ == "__main__":
    run({"status": measure})
