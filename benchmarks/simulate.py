"""How long the next days of everybody take: `nurture simulate` for 30 days at each size, and for a year of 100,000."""

import json
from collections.abc import Sequence

from benchmarks.frame import Figure, growth, nurture, run, taken
from benchmarks.population import populated

MONTH, YEAR = 30, 365
LIVED_FOR_A_YEAR = 100_000


def measure(sizes: Sequence[int] = ()) -> list[Figure]:
    """Whole processes over a store that is only read; the starter book, on as many processors as there are."""
    asked = tuple(sizes) or (LIVED_FOR_A_YEAR,)
    seconds: dict[int, float] = {}
    figures = [simulated(people, MONTH, seconds) for people in asked]
    if not sizes:
        figures.append(simulated(LIVED_FOR_A_YEAR, YEAR, {}))
    return [*figures, *growth("a month simulated, each person's", {n: seconds[n] / n for n in asked}, "")]


def simulated(people: int, days: int, seconds: dict[int, float]) -> Figure:
    """One run; `seconds` is told how long it took by the processor."""
    population = populated(people)
    answers: list[str] = []
    words = ("simulate", "--days", str(days), "--json")
    spent = taken(lambda: answers.append(nurture(*words, folder=population.folder)))
    mails = json.loads(answers[-1])["messages"]
    seconds[people] = spent.worked
    what = f"`nurture simulate --days {days}` of {people:,} people, {mails:,} mails"
    return Figure(what, spent.words(), "60 s at 10,000,000", {"people": people, "mails": mails, **spent.values})


if __name__ == "__main__":
    run({"simulate": measure})
