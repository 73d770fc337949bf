"""How long a person waits for the command line: its help, and a check of the starter book."""

from benchmarks.frame import Figure, nurture, seconds, shop


def measure() -> list[Figure]:
    """Medians of whole processes, from start to exit."""
    with shop() as folder:
        helped = seconds(lambda: nurture("--help", folder=folder), times=15)
        checked = seconds(lambda: nurture("check", folder=folder), times=5)
    return [
        Figure("`nurture --help`", f"{helped * 1000:.0f} ms", "80 ms"),
        Figure("`nurture check` of the starter book", f"{checked:.2f} s", "1 s"),
    ]
