"""Room for a transaction that changes much: SQLite keeps in memory what it would write and read again and again."""

import os
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Connection

ROOM = 128  # megabytes: what 5,000 events change of a store of a million people is half of it
SHARE = 16  # of the machine's memory no more than such a part
MUCH = 1_000  # rows from which on it is worth it


@contextmanager
def roomy(connection: Connection, rows: int) -> Iterator[None]:
    """While it lasts, a transaction that takes in so many rows keeps all the pages that it changes.

    Each event changes pages of indexes that are spread by hashes. With less, SQLite writes pages out before the
    commit, and some many times.
    """
    if rows < MUCH or connection.dialect.name != "sqlite":
        yield
        return
    before = connection.exec_driver_sql("PRAGMA cache_size").scalar_one()
    connection.exec_driver_sql(f"PRAGMA cache_size=-{_room() * 1_000}")
    try:
        yield
    finally:
        connection.exec_driver_sql(f"PRAGMA cache_size={before}")


def _room() -> int:
    """Megabytes, by what the machine has."""
    machine = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 1_000_000
    return min(ROOM, machine // SHARE)
