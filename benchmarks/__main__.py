"""Measure everything, or what is named: `python -m benchmarks startup`, `… idle_tick 100000 1000000 --json FILE`."""

import sys
from importlib import import_module
from itertools import takewhile

from benchmarks.frame import run

NAMES = (
    "startup",
    "book_tests",
    "big_book",
    "simulate",
    "import_cdnow",
    "backtest_cdnow",
    "idle_tick",
    "status",
    "ingest",
    "holiday",
    "history",
    "decisions",
    "rendering",
    "messages",
    "hand_over",
    "many_in_one",
    "first_tick",
    "daemon_memory",
    "many_workers",
    "many_hand_over",
    "service_amid_broadcast",
    "yardstick",
)


def main(words: list[str]) -> None:
    """The names first; numbers of people and `--json FILE` are for all of them."""
    named = list(takewhile(lambda word: not word.isdigit() and not word.startswith("-"), words))
    unknown = [name for name in named if name not in NAMES]
    if unknown:
        raise SystemExit(f"there is no benchmark called {', '.join(unknown)}; there are: {', '.join(NAMES)}")
    run({name: import_module(f"benchmarks.{name}").measure for name in named or NAMES}, words[len(named) :])


if __name__ == "__main__":
    main(sys.argv[1:])
