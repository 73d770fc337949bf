"""How long it takes to live a real log through with the starter book: `nurture backtest`, the whole process."""

from collections.abc import Sequence

from benchmarks.frame import Figure, nurture, purchases, run, shop, taken
from benchmarks.import_cdnow import DELIVERED, take_in

STRETCH = ("--from", "1997-01-01", "--to", "1998-06-30", "--assume", "reachable")


def measure(_sizes: Sequence[int] = ()) -> list[Figure]:
    """One backtest of eighteen months over everybody."""
    with shop() as folder:
        log, orders = purchases(folder)
        take_in(folder, log, *DELIVERED)
        lived = taken(lambda: nurture("backtest", *STRETCH, "--out", "lines.csv", folder=folder))
        lines = (folder / "lines.csv").read_text(encoding="utf-8").count("\n") - 1
    return [Figure(f"backtest of {orders:,} orders, {lines:,} lines", lived.words(), "60 s")]


if __name__ == "__main__":
    run({"backtest_cdnow": measure})
