"""Kills a daemon at random moments, again and again, while mails go, and counts what became of each mail.

    python -m tools.kill_test --kills 1000 --mails 50000 [--rate 25] [--seed N] [--minutes M] [--json FILE]
        [--folder FOLDER]

It needs no network: the server in SendGrid's shape (tests/sendgrid_server.py) is a process of its own, which writes
down what it accepts before it answers, fails and lies by turns in every way that it can, and tells of most of the mails
that it took: signed, doubled, disordered, a day late; a forger tells of others. Half of the kills have a second daemon
waiting. It ends with 1 when a mail was accepted twice, was lost, went to somebody else, is in doubt and not listed, or
stands otherwise in the store than in the server's log; a table of figures is printed either way, and written as JSON
where asked. After `--minutes`, or when it is asked to end (SIGTERM, Ctrl-C), no more is killed and nothing else
arrives: what is under way goes to its end and is judged, and the figures say how far it came. A run that was itself cut
off goes on when it is asked for again with the same `--folder`.
"""

import argparse
import json
import signal
import sys
import tempfile
import threading
from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path

from nurture.wiring import stopwatch
from tests.live_run import Figures, live_run

EACH = 25  # kills between two lines of progress


def main() -> int:
    """The command; 0 when everything held."""
    parser = argparse.ArgumentParser(description="kill -9 at random moments: nothing twice, nothing lost")
    parser.add_argument("--kills", type=int, default=1000)
    parser.add_argument("--mails", type=int, default=50_000)
    parser.add_argument("--rate", type=float, default=25.0, help="mails a second at the most; batches are half of it")
    parser.add_argument("--seed", type=int, help="of the moments; another run of it differs by what the machine does")
    parser.add_argument("--minutes", type=float, help="no more kills after so many minutes")
    parser.add_argument("--json", type=Path, help="where the figures are written too")
    parser.add_argument("--folder", type=Path, help="an empty folder, which is kept; or that of a run to go on with")
    asked = parser.parse_args()
    seen: list[Figures] = []
    failure = ""
    with nullcontext(asked.folder) if asked.folder else tempfile.TemporaryDirectory() as folder:
        try:
            live_run(Path(folder), asked.kills, asked.mails, asked.rate, asked.seed, watched(seen, asked.minutes))
        except AssertionError as broken:
            failure = str(broken)[:4000] or "an assertion without words"
    found = seen[-1] if seen else Figures(asked.seed or 0)
    print("\n".join(found.lines()))
    whole = found.kills >= asked.kills and found.mails >= asked.mails
    document = {"asked": {"kills": asked.kills, "mails": asked.mails, "rate": asked.rate}, "held": not failure}
    if asked.json:
        asked.json.write_text(
            json.dumps({**document, "whole": whole, **vars(found)}, indent=2) + "\n", encoding="utf-8"
        )
    print(f"DOES NOT HOLD: {failure}" if failure else "holds" if whole else "holds, as far as it went")
    return 1 if failure else 0


def watched(seen: list[Figures], minutes: float | None) -> Callable[[Figures], bool]:
    """Says how far it came, keeps the figures, and ends the killing in time or when asked."""
    passed, asked = stopwatch(), threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: asked.set())

    def goes_on(figures: Figures) -> bool:
        seen[:] = [figures]
        if figures.kills % EACH == 0:
            said = f"{figures.kills} kills, {figures.decided_by_the_last_kill} mails decided in {passed():.0f} s"
            print(f"{said}: {dict(figures.fell)}", file=sys.stderr, flush=True)
        return not asked.is_set() and (minutes is None or passed() < 60 * minutes)

    return goes_on


if __name__ == "__main__":
    sys.exit(main())
