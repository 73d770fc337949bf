"""How long a person waits for the command line: its help, and a check of the starter book."""

from collections.abc import Sequence

from benchmarks.frame import Figure, nurture, run, shop, taken


def measure(_sizes: Sequence[int] = ()) -> list[Figure]:
    """Medians of whole processes, from start to exit."""
    with shop() as folder:
        helped = taken(lambda: nurture("--help", folder=folder), times=15)
        checked = taken(lambda: nurture("check", folder=folder), times=5)
    return [
        Figure("`nurture --help`", helped.words("ms"), "80 ms"),
        Figure("`nurture check` of the starter book", checked.words(), "1 s"),
    ]


if __name__ == "__main__":
    run({"startup": measure})
