"""How much SQLite does for something, whatever the machine does beside: by its own instructions."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from nurture.store.database import Database


@contextmanager
def counted_steps(database: Database) -> Iterator[Callable[[], int]]:
    """Tens of instructions since the block began, of the one connection that a quiet store has."""
    counted = 0

    def one_more() -> None:
        nonlocal counted
        counted += 1

    with database.reading() as connection:
        raw: Any = connection.connection.driver_connection
    raw.set_progress_handler(one_more, 10)
    try:
        yield lambda: counted
    finally:
        raw.set_progress_handler(None, 0)
