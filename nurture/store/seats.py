"""Who is at work on a store on PostgreSQL, whatever the machine: locks that last as long as a connection does.

A process that is killed loses its connection, and with it its seat: others know at once. One that is cut off loses it
when the server notices, after some twenty seconds.
"""

from contextlib import suppress
from zlib import crc32

from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError

from nurture.store.database import Database

_OURS = 78_144  # the first of the two numbers of such a lock; the second is whose seat it is
_ALL = 0  # the second number of the one that the daemon has alone, and the workers share


def _number(name: str) -> int:
    return crc32(name.encode()) & 0x7FFFFFFF or 1


class Seat:
    """A place at work on a store: `alone` for a daemon, beside others for a worker. `name` is the owner of claims."""

    def __init__(self, database: Database, name: str, alone: bool) -> None:
        self.database, self.name, self.alone = database, name, alone
        self._connection: Connection | None = None

    def take(self) -> bool:
        """Whether it is taken now; False while somebody is at work beside whom this one may not be. Does not wait.

        UnfitServerError where no seat would last.
        """
        from nurture.store.postgresql import UnfitServerError
        from nurture.store.server import POOLER, pooled

        self.release()
        connection = self.database.engine.connect().execution_options(nurture_mode="session")
        try:
            if pooled(connection):
                raise UnfitServerError(POOLER)
            got = bool(connection.execute(_TAKE_ALONE if self.alone else _TAKE, {"number": _ALL}).scalar_one())
            if got:
                connection.execute(_TAKE, {"number": _number(self.name)})
            connection.commit()
        except BaseException:
            _end(connection)
            raise
        if got:
            self._connection = connection
        else:
            _end(connection)
            self.database.engine.dispose()
        return got

    def held(self) -> bool:
        """Whether it is still ours; where the connection was lost it is taken anew, if it can be."""
        if self._connection is not None:
            try:
                self._connection.execute(_STILL)
                self._connection.commit()
            except DBAPIError:
                self.release()
            else:
                return True
        return self.take()

    def release(self) -> None:
        """Let it go; nothing happens when it was not taken."""
        if self._connection is not None:
            connection, self._connection = self._connection, None
            _end(connection)
        self.database.engine.dispose()


def _end(connection: Connection) -> None:
    """Close it for good: in a pool it would keep its locks."""
    with suppress(DBAPIError):
        connection.invalidate()
    connection.close()


_TAKE_ALONE = text(f"SELECT pg_try_advisory_lock({_OURS}, :number)")
_TAKE = text(f"SELECT pg_try_advisory_lock_shared({_OURS}, :number)")
_STILL = text("SELECT 1")
_SEATS = text(
    "SELECT CAST(objid AS bigint), mode = 'ExclusiveLock' FROM pg_locks WHERE locktype = 'advisory' AND granted"
    " AND classid = :ours AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
).bindparams(ours=_OURS)


class Taken:
    """Whose seats are taken at one moment."""

    def __init__(self, database: Database) -> None:
        with database.reading() as connection:
            rows = connection.execute(_SEATS).all()
        self.workers = sum(number == _ALL and not alone for number, alone in rows)
        self.daemon = any(number == _ALL and alone for number, alone in rows)
        self._numbers = {number for number, _ in rows}

    def has(self, name: str) -> bool:
        """Whether the process of that name is connected."""
        return _number(name) in self._numbers
