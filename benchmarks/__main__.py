"""Measure everything, or what is named: `python -m benchmarks startup`."""

import sys
from importlib import import_module

from benchmarks.frame import table

NAMES = (
    "startup",
    "book_tests",
    "big_book",
    "simulate_year",
    "import_cdnow",
    "backtest_cdnow",
    "idle_tick",
    "decisions",
    "rendering",
    "messages",
    "hand_over",
    "many_in_one",
    "first_tick",
    "daemon_memory",
    "service_amid_broadcast",
)


def main(wanted: list[str]) -> None:
    """Print one table; progress goes to standard error."""
    unknown = [name for name in wanted if name not in NAMES]
    if unknown:
        raise SystemExit(f"there is no benchmark called {', '.join(unknown)}; there are: {', '.join(NAMES)}")
    figures = []
    for name in wanted or NAMES:
        print(f"measuring {name} …", file=sys.stderr, flush=True)
        figures += import_module(f"benchmarks.{name}").measure()
    print(table(figures))


if __name__ == "__main__":
    main(sys.argv[1:])
