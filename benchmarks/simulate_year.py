"""How long a year of everybody takes: `nurture simulate --days 365` over 100,000 people, the whole process."""

import json
from collections.abc import Sequence

from benchmarks.crowd import crowd
from benchmarks.frame import Figure, nurture, run, taken

PEOPLE = 100_000
DAYS = "365"


def measure(_sizes: Sequence[int] = ()) -> list[Figure]:
    """The starter book, with what happens to people imagined; on as many processes as there are processors."""
    with crowd(PEOPLE) as (store, _book, _ready):
        file = store.database.file
        if file is None:
            raise SystemExit("the crowd has no file to simulate over")
        answers: list[str] = []
        spent = taken(lambda: answers.append(nurture("simulate", "--days", DAYS, "--json", folder=file.parent)))
    mails = json.loads(answers[-1])["messages"]
    return [Figure(f"`nurture simulate --days {DAYS}` of {PEOPLE:,} people, {mails:,} mails", spent.words(), "60 s")]


if __name__ == "__main__":
    run({"simulate_year": measure})
