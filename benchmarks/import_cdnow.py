"""How quickly a real purchase log is taken in: `nurture import orders`, the whole process."""

from collections.abc import Sequence
from pathlib import Path

from benchmarks.frame import Figure, nurture, purchases, run, shop, taken

COLUMNS = ("--map", "customer_id=id", "--map", "date=at", "--map", "amount=total")
DELIVERED = ("--delivered-after", "0 days")


def measure(_sizes: Sequence[int] = ()) -> list[Figure]:
    """One import into an empty store, the same file once more, which must change nothing, and one with deliveries."""
    with shop() as folder:
        log, orders = purchases(folder)
        first = taken(lambda: take_in(folder, log))
        again = taken(lambda: take_in(folder, log))
    with shop() as folder:
        log, orders = purchases(folder)
        both = taken(lambda: take_in(folder, log, *DELIVERED))
    return [
        Figure(
            f"import of {orders:,} orders", f"{orders / first.wall:,.0f} orders/s, {first.words()}", "30,000 orders/s"
        ),
        Figure("the same file again", f"{orders / again.wall:,.0f} orders/s, {again.words()}"),
        Figure("each order with its delivery", f"{orders / both.wall:,.0f} orders/s, {both.words()}"),
    ]


def take_in(folder: Path, log: Path, *more: str) -> str:
    """Import the log as a shop would."""
    return nurture("import", "orders", log, *COLUMNS, *more, folder=folder)


if __name__ == "__main__":
    run({"import_cdnow": measure})
