"""Bytes of what was deleted or overwritten, out of the store: SQLite's file is rewritten whole, its log emptied."""

from sqlite3 import OperationalError

from sqlalchemy import inspect, text
from sqlalchemy.exc import DBAPIError

from nurture.store.database import Database
from nurture.store.tables import METADATA

BUSY = "the store's file could not be rewritten now"
ASIDE = "before-restore-"  # how a store that a restore put aside is called, with the time behind it
_BUSY_THERE = "what was deleted could not be cleared out of the database now"


def scrub(database: Database) -> str:
    """Take out what was deleted or overwritten; why that could not be done, in words, empty when it was.

    SQLite's file is rewritten: it needs as much room again as the file has, and nobody may be reading or writing at
    that moment; it waits for them for half a minute. On PostgreSQL the former rows are given up (VACUUM), beside all
    others: no question finds them any more, while bytes in the server's files and its log are written over by and by.
    """
    if database.file is None:
        return _given_up(database) if database.engine.dialect.name == "postgresql" else ""
    return _rewritten(database)


def _given_up(database: Database) -> str:
    names = ", ".join(f'"{table.name}"' for table in METADATA.sorted_tables)
    try:
        with database.engine.connect().execution_options(nurture_mode="by itself") as connection:
            connection.execute(text(f"VACUUM {names}"))
    except DBAPIError as fault:
        return f"{_BUSY_THERE}: {type(fault.orig).__name__}"
    return ""


def _rewritten(database: Database) -> str:
    connection = database.engine.raw_connection()
    try:
        cursor = connection.cursor()
        cursor.execute("PRAGMA temp_store=FILE")  # in memory, a large store would not fit
        cursor.execute("VACUUM")
        cursor.execute("PRAGMA temp_store=MEMORY")
        busy = cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]
        cursor.close()
    except OperationalError as fault:
        return f"{BUSY}: {fault}"
    finally:
        connection.close()
    return f"{BUSY}: somebody is reading it" if busy else ""


def put_aside(database: Database) -> list[str]:
    """Where stores lie that a restore put aside in the same database: `schema …`. Files are found in their folder."""
    if database.file is not None:
        return []
    with database.reading() as connection:
        names = inspect(connection).get_schema_names()
    return [f"schema {name}" for name in sorted(names) if name.startswith(ASIDE.replace("-", "_"))]
