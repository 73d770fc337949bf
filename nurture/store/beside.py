"""Writing beside others: taking turns where what one sees depends on what the others write, and meeting by chance.

On SQLite one writes at a time anyway, so nothing of this costs anything there.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from enum import IntEnum

from sqlalchemy import Connection, select
from sqlalchemy.exc import DBAPIError

from nurture.store.database import Conflict, among
from nurture.store.tables import PLANNED

_OURS = 78_143  # the first of the two numbers of such a lock; the second says for what
_MET = frozenset({"40P01", "40001"})  # PostgreSQL's words for two that wait for each other


class Turn(IntEnum):
    """For what writers beside each other take turns. It lasts until the transaction ends."""

    claiming = 1
    counting_starts = 2
    rounds = 3
    beating = 4


def in_turn(connection: Connection, what: Turn) -> None:
    """Wait until no other that writes beside us is at this; from here on all that they wrote is seen."""
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_OURS}, {int(what)})")


def locked(connection: Connection, keys: Sequence[str]) -> set[str]:
    """Which of these places in the queue are ours until the transaction ends: nobody else is taking them out of it."""
    if connection.dialect.name != "postgresql":
        return set(keys)
    return {row[0] for row in among(connection, _PLACES, PLANNED.c.key, keys)}


_PLACES = select(PLANNED.c.key).with_for_update(skip_locked=True)


@contextmanager
def giving_in() -> Iterator[None]:
    """Conflict where two writers were in each other's way and ours was chosen to give in: asked again, it works."""
    try:
        yield
    except DBAPIError as fault:
        if getattr(fault.orig, "sqlstate", None) in _MET:
            raise Conflict("another that wrote at the same time was in the way") from fault
        raise
