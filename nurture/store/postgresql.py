"""PostgreSQL kept to the rules that SQLite has: a reader sees one moment, and one writes at a time unless it says so.

Whoever writes has the store to itself, by a lock that lasts as long as the transaction: what is right on SQLite is
right here. A writer that says it goes *beside* others (the decisions about some people, a batch of mails) shares the
lock: many of them write at once, and none of them beside one that has the store to itself.
"""

import errno
from collections.abc import Sequence
from functools import cache, partial
from select import POLLIN, poll
from typing import Any

from sqlalchemy import URL, Connection, Engine, Table, create_engine, event
from sqlalchemy.exc import DBAPIError, DisconnectionError

from nurture.store.columns import for_postgresql
from nurture.store.tables import METADATA

OLDEST = 14  # of PostgreSQL; what is older gets no mends any more
LOCK = 7_814_337_206  # of this store: its database belongs to one project
_WRITES = "BEGIN ISOLATION LEVEL READ COMMITTED, READ WRITE"
_ALONE, _BESIDE = f"SELECT pg_advisory_xact_lock({LOCK})", f"SELECT pg_advisory_xact_lock_shared({LOCK})"
_DURABLE = "set_config('synchronous_commit', 'on', true)"
_BEGUN_BY = {
    "read once": "",  # the one question is a transaction of its own
    "by itself": "",  # an order that no transaction takes, such as VACUUM
    "read": "BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY",
    "session": _WRITES,  # of locks that outlive transactions: nothing of the store is written (`seats`)
    "write": f"{_WRITES}; {_ALONE}",
    "durable": f"{_WRITES}; {_ALONE}, {_DURABLE}",
    "write beside": f"{_WRITES}; {_BESIDE}",
    "durable beside": f"{_WRITES}; {_BESIDE}, {_DURABLE}",
}
_SESSION = (
    "SET lock_timeout = '30s'",  # as SQLite's busy_timeout
    "SET synchronous_commit = off",  # as SQLite's NORMAL: what must survive a power cut says so
    "SET tcp_keepalives_idle = 10",
    "SET tcp_keepalives_interval = 5",
    "SET tcp_keepalives_count = 3",
    "SET jit = off",  # to compile a question takes longer than to answer it
)
_LIMITS = (
    "SET idle_in_transaction_session_timeout = '60s'",  # a process that was cut off lets its lock go
    "SET idle_session_timeout = 0",  # a seat is a session that is idle for as long as somebody is at work
    "SET statement_timeout = 0",  # a large shop's feast, move or backup takes what it takes
)
_SINCE_17 = ("SET transaction_timeout = 0",)
_CONNECT = {"connect_timeout": 10, "keepalives_idle": 10, "keepalives_interval": 5, "keepalives_count": 3}


def engine_of(url: URL) -> Engine:
    """An engine for a store on PostgreSQL; nothing is opened yet. `postgresql://` means the driver psycopg."""
    url = url.set(drivername="postgresql+psycopg")
    for_postgresql(METADATA)
    engine = create_engine(url, hide_parameters=True, connect_args=_CONNECT)
    event.listen(engine, "connect", _prepare)
    event.listen(engine, "checkout", partial(_asked_when_told, engine))
    event.listen(engine, "begin", _begin)
    return engine


class UnfitServerError(OSError):
    """A server or database that nurture cannot work with; says what to do."""

    def __init__(self, words: str) -> None:
        super().__init__(errno.ENOTSUP, words)


def _prepare(connection: Any, _record: Any) -> None:
    unfit = _unfit(connection.info.server_version, connection.info.parameter_status("server_encoding"))
    if unfit:
        connection.close()
        raise UnfitServerError(unfit)
    connection.adapters.register_dumper(str, _dumper())
    connection.autocommit = True  # we say BEGIN ourselves, together with what a transaction begins with
    connection.execute("; ".join((*_SESSION, *limits(connection.info.server_version))), prepare=False)


def limits(version: int) -> tuple[str, ...]:
    """What a session of ours says about the limits of a server of that version, which are meant for others."""
    return _LIMITS + (_SINCE_17 if version >= 170_000 else ())


def _asked_when_told(engine: Engine, session: Any, _record: Any, _proxy: Any) -> None:
    """A connection of the pool that the server ended is made anew. DisconnectionError tells the pool so.

    A server that ends a connection says so, or what lies between does: only then is it asked whether it still lives,
    since to ask each time costs as much as a short question.
    """
    told = poll()
    told.register(session.fileno(), POLLIN)
    if not told.poll(0):
        return
    try:
        session.execute("SELECT 1", prepare=False)
    except engine.dialect.loaded_dbapi.Error as error:
        raise DisconnectionError from error


def _unfit(version: int, encoding: str | None) -> str:
    """What stands in the way of a server; empty when nothing does. `version` as PostgreSQL numbers it: 160003."""
    if version < OLDEST * 10_000:
        return f"the server is PostgreSQL {version // 10_000}, and nurture needs {OLDEST} or newer: upgrade the server"
    if encoding != "UTF8":
        return (
            f"the database keeps text as {encoding}, in which not every name can be written: make one by "
            "`createdb -T template0 -E UTF8 NAME` and name it in store.url"
        )
    return ""


@cache
def _dumper() -> type[Any]:
    """How text goes to the server: what PostgreSQL cannot keep (NUL, halves of characters) becomes U+FFFD or `?`.

    Rows with such characters are refused where they come in; but a letter from outside must never stop a daemon.
    """
    from psycopg.adapt import Dumper

    class Text(Dumper):
        oid = 0  # unknown: the server takes it for what the column is

        def dump(self, obj: str) -> bytes:
            try:
                data = obj.encode()
            except UnicodeEncodeError:
                data = obj.encode("utf-8", "replace")
            return data if b"\0" not in data else data.replace(b"\0", b"\xef\xbf\xbd")

    return Text


def copy_in(connection: Connection, table: Table, names: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
    """Add rows by COPY, in the transaction that runs: a ninth of the time of as many INSERTs."""
    quote = connection.dialect.identifier_preparer.quote
    words = f"COPY {quote(table.name)} ({', '.join(quote(table.c[name].name) for name in names)}) FROM STDIN"
    cursor = connection.connection.cursor()
    try:
        with cursor.copy(words) as copy:
            for row in rows:
                copy.write_row(row)
    except connection.dialect.loaded_dbapi.Error as error:
        raise worded(connection, words, error) from error
    finally:
        cursor.close()


def worded(connection: Connection, words: str, error: Exception) -> DBAPIError:
    """A fault of the driver as SQLAlchemy raises it; a connection that is gone is given up."""
    dialect, driver = connection.dialect, connection.dialect.loaded_dbapi
    lost = dialect.is_disconnect(error, connection.connection.dbapi_connection, None)  # type: ignore[arg-type]
    if lost:
        connection.invalidate(error)
    found = DBAPIError.instance(words, None, error, driver.Error, hide_parameters=True, connection_invalidated=lost)
    return found if isinstance(found, DBAPIError) else DBAPIError(words, None, error, hide_parameters=True)


def _begin(connection: Connection) -> None:
    """Begin a transaction and take its lock, in one message: none of it is prepared, which several orders cannot be."""
    words = _BEGUN_BY[connection.get_execution_options().get("nurture_mode", "write")]
    session: Any = connection.connection.driver_connection
    if not words:
        return
    try:
        session.execute(words, prepare=False)
    except connection.dialect.loaded_dbapi.Error as error:
        raise worded(connection, words, error) from error
