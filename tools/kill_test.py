"""Kills a daemon at random moments, again and again, while mails go, and counts what became of each mail.

    python -m tools.kill_test --kills 1000 --mails 50000 [--rate 100] [--seed N] [--minutes M] [--json FILE]

It needs no network: the server in SendGrid's shape (tests/sendgrid_server.py) is a process of its own, which writes
down what it accepts before it answers, and fails by turns in every way that it can. Half of the kills have a second
daemon waiting. It ends with 1 when a mail was accepted twice, was lost, went to somebody else, or is in doubt and not
listed; a table of figures is printed either way, and written as JSON where asked. After `--minutes` no more is killed:
what is left goes, and is judged like the rest.
"""

import argparse
import json
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from nurture.wiring import stopwatch
from tests.live_run import Figures, live_run

EACH = 25  # kills between two lines of progress


def main() -> int:
    """The command; 0 when everything held."""
    parser = argparse.ArgumentParser(description="kill -9 at random moments: nothing twice, nothing lost")
    parser.add_argument("--kills", type=int, default=1000)
    parser.add_argument("--mails", type=int, default=50_000)
    parser.add_argument("--rate", type=float, default=100.0, help="mails a second at the most; batches are half of it")
    parser.add_argument("--seed", type=int, help="of the moments; another run of it differs by what the machine does")
    parser.add_argument("--minutes", type=float, help="no more kills after so many minutes")
    parser.add_argument("--json", type=Path, help="where the figures are written too")
    asked = parser.parse_args()
    seen: list[Figures] = []
    failure = ""
    with tempfile.TemporaryDirectory() as folder:
        try:
            live_run(Path(folder), asked.kills, asked.mails, asked.rate, asked.seed, watched(seen, asked.minutes))
        except AssertionError as broken:
            failure = str(broken)[:4000] or "an assertion without words"
    found = seen[-1] if seen else Figures(asked.seed or 0)
    print("\n".join(found.lines()))
    document = {"asked": {"kills": asked.kills, "mails": asked.mails, "rate": asked.rate}, "held": not failure}
    if asked.json:
        asked.json.write_text(json.dumps({**document, **vars(found)}, indent=2) + "\n", encoding="utf-8")
    print(f"DOES NOT HOLD: {failure}" if failure else "holds")
    return 1 if failure else 0


def watched(seen: list[Figures], minutes: float | None) -> Callable[[Figures], bool]:
    """Says how far it came, keeps the figures, and ends the killing in time."""
    passed = stopwatch()

    def goes_on(figures: Figures) -> bool:
        seen[:] = [figures]
        if figures.kills % EACH == 0:
            print(f"{figures.kills} kills in {passed():.0f} s: {dict(figures.fell)}", file=sys.stderr, flush=True)
        return minutes is None or passed() < 60 * minutes

    return goes_on


if __name__ == "__main__":
    sys.exit(main())
