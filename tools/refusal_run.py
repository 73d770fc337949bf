"""Nobody who refused is mailed, whatever happens then: a long run by the installed command, with figures.

    python -m tools.refusal_run --rounds 200 [--people 24] [--seed N] [--minutes M] [--json FILE]

It needs no network: SendGrid is a server on loopback, which writes down every mail that it takes. In each round one
more person refuses, in one of ten ways; one of thirteen things happens that might bring mail back to them; and then
everybody orders, which is worth three mails to who refused nothing. Each life of a project begins under the version of
the store before this one. It ends with 1 when anybody got what they had refused, or a mail that was owed did not go
once; a table of figures is printed either way, and written as JSON where asked.
"""

import argparse
import json
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from nurture.wiring import stopwatch
from tests.refusal_run import Figures, refusal_run

EACH = 5  # rounds between two lines of progress


def main() -> int:
    """The command; 0 when everything held."""
    parser = argparse.ArgumentParser(description="nobody who refused is mailed")
    parser.add_argument("--rounds", type=int, default=200)
    parser.add_argument("--people", type=int, default=24)
    parser.add_argument("--seed", type=int, help="of the order in which things happen")
    parser.add_argument("--minutes", type=float, help="no more rounds after so many minutes")
    parser.add_argument("--json", type=Path, help="where the figures are written too")
    asked = parser.parse_args()
    seen, failure = [Figures(asked.seed or 0)], ""
    with tempfile.TemporaryDirectory() as folder:
        try:
            seen[:] = [refusal_run(Path(folder), asked.rounds, asked.seed, watched(seen, asked.minutes), asked.people)]
        except AssertionError as broken:
            failure = str(broken)[:4000] or "an assertion without words"
    (found,) = seen
    print("\n".join(found.lines()))
    held = not (failure or found.wrong or found.missing)
    if asked.json:
        asked.json.write_text(document(found, held), encoding="utf-8")
    print("holds" if held else f"DOES NOT HOLD: {failure or found.wrong or found.missing}")
    return 0 if held else 1


def document(found: Figures, held: bool) -> str:
    """The figures as JSON."""
    return json.dumps({"held": held, **vars(found)}, indent=2) + "\n"


def watched(seen: list[Figures], minutes: float | None) -> Callable[[Figures], bool]:
    """Says how far it came, keeps the figures, and ends it in time."""
    passed = stopwatch()

    def goes_on(figures: Figures) -> bool:
        seen[:] = [figures]
        if figures.rounds % EACH == 0:
            print(f"{figures.rounds} rounds in {passed():.0f} s: {dict(figures.mails)}", file=sys.stderr, flush=True)
        return minutes is None or passed() < 60 * minutes

    return goes_on


if __name__ == "__main__":
    sys.exit(main())
