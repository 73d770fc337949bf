"""How quickly a real purchase log is taken in: `nurture import orders`, the whole process."""

from pathlib import Path

from benchmarks.frame import Figure, nurture, purchases, seconds, shop

COLUMNS = ("--map", "customer_id=id", "--map", "date=at", "--map", "amount=total")


def measure() -> list[Figure]:
    """One import into an empty store, and the same file once more, which must change nothing."""
    with shop() as folder:
        log, orders = purchases(folder)
        first = seconds(lambda: take_in(folder, log))
        again = seconds(lambda: take_in(folder, log))
    return [
        Figure(f"import of {orders:,} orders", f"{first:.1f} s, {orders / first:,.0f} orders/s", "30,000 orders/s"),
        Figure("the same file again", f"{again:.1f} s, {orders / again:,.0f} orders/s"),
    ]


def take_in(folder: Path, log: Path) -> str:
    """Import the log as a shop would, with the parcel arriving on the day of the order."""
    return nurture("import", "orders", log, *COLUMNS, "--delivered-after", "0 days", folder=folder)
