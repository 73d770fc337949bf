"""Bytes of what was deleted or overwritten, out of the file of a SQLite store: rewritten whole, its log emptied."""

from sqlite3 import OperationalError

from nurture.store.database import Database

BUSY = "the store's file could not be rewritten now"


def scrub(database: Database) -> str:
    """Rewrite the file and empty its write-ahead log; why that could not be done, in words, empty when it was.

    It needs as much room again as the file has, and nobody may be reading or writing at that moment; it waits for them
    for half a minute. Other databases do this by themselves (PostgreSQL: autovacuum), and nothing is done here.
    """
    if database.file is None:
        return ""
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
