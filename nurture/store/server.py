"""What the server of a store is like, beside its tables: its clock, and whether a pooler stands before it."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from sqlalchemy import Connection, text

from nurture.store.database import Database

POOLER = (
    "a pooler gives each transaction another connection (PgBouncer's pool_mode = transaction), and processes of "
    "nurture would not notice each other: name the server itself in store.url, or set pool_mode = session"
)
_CLOCK = text("SELECT clock_timestamp()")
_SESSION = text("SELECT pg_backend_pid()")


def ahead(database: Database, clock: Callable[[], datetime]) -> timedelta:
    """How far our clock is certainly ahead of the server's, less than nothing when it is behind.

    What the question itself took is in favour of both clocks: nothing when they may agree.
    """
    with database.reading() as connection:
        before = clock()
        there: datetime = connection.execute(_CLOCK).scalar_one()
        after = clock()
    there = there.astimezone(UTC)
    return max(before - there, timedelta()) + min(after - there, timedelta())


def pooled(connection: Connection) -> bool:
    """Whether a transaction may come to another session than the one before it, so that no lock outlives one.

    A server that is reached directly says so at once. Ends the transaction of the connection.
    """
    session = connection.connection.driver_connection
    first = _session(connection)
    if session is not None and first == session.info.backend_pid:
        return False
    with connection.engine.connect() as other:
        beside = other.execution_options(nurture_mode="session").execute(_SESSION).scalar_one()
        return first == beside or first != _session(connection)


def _session(connection: Connection) -> int:
    found = int(connection.execute(_SESSION).scalar_one())
    connection.commit()
    return found
