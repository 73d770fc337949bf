"""How quickly a real purchase log is taken in: `nurture import orders`, the whole process."""

from pathlib import Path

from benchmarks.frame import Figure, nurture, purchases, shop, taken

COLUMNS = ("--map", "customer_id=id", "--map", "date=at", "--map", "amount=total")


def measure() -> list[Figure]:
    """One import into an empty store, and the same file once more, which must change nothing."""
    with shop() as folder:
        log, orders = purchases(folder)
        first = taken(lambda: take_in(folder, log))
        again = taken(lambda: take_in(folder, log))
    return [
        Figure(
            f"import of {orders:,} orders", f"{orders / first.wall:,.0f} orders/s, {first.words()}", "30,000 orders/s"
        ),
        Figure("the same file again", f"{orders / again.wall:,.0f} orders/s, {again.words()}"),
    ]


def take_in(folder: Path, log: Path) -> str:
    """Import the log as a shop would, with the parcel arriving on the day of the order."""
    return nurture("import", "orders", log, *COLUMNS, "--delivered-after", "0 days", folder=folder)
