"""Three workers, PostgreSQL and a provider on five hosts of their own: each is lost by turns, every mail counted.

    python -m tools.hosts_run --rounds 3 --mails 3000 [--seed N] [--json FILE] [--folder FOLDER]

The hosts are network namespaces of this machine (Debian's iproute2 and util-linux); it needs root, and leaves nothing
behind. It ends with 1 when a mail was accepted twice, was lost, or is in doubt and not listed by `nurture outbox`.
"""

import argparse
import json
import sys
import tempfile
from contextlib import nullcontext
from pathlib import Path

from tests.hosts_run import hosts_run


def main() -> int:
    """The command; 0 when everything held."""
    parser = argparse.ArgumentParser(description="lose hosts by turns: nothing twice, nothing lost")
    parser.add_argument("--rounds", type=int, default=3, help="each loses every kind of host once")
    parser.add_argument("--mails", type=int, default=3000)
    parser.add_argument("--seed", type=int)
    parser.add_argument("--json", type=Path, help="where the figures are written too")
    parser.add_argument("--folder", type=Path, help="an empty folder, which is kept")
    asked = parser.parse_args()
    with nullcontext(asked.folder) if asked.folder else tempfile.TemporaryDirectory() as folder:
        try:
            figures, lost = hosts_run(Path(folder), asked.rounds, asked.mails, asked.seed)
        except AssertionError as broken:
            print(f"DOES NOT HOLD: {str(broken)[:8000] or 'an assertion without words'}")
            return 1
    print("\n".join(f"{what:<28} {times} times" for what, times in sorted(lost.items())))
    print("\n".join(figures.lines()))
    if asked.json:
        asked.json.write_text(json.dumps({"losses": dict(lost), **vars(figures)}, indent=2) + "\n", encoding="utf-8")
    print("holds")
    return 0


if __name__ == "__main__":
    sys.exit(main())
