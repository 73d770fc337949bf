"""PostgreSQL kept to the rules that SQLite has: a reader sees one moment, and one writes at a time unless it says so.

Whoever writes has the store to itself, by a lock that lasts as long as the transaction: what is right on SQLite is
right here. A writer that says it goes *beside* others (the decisions about some people, a batch of mails) shares the
lock: many of them write at once, and none of them beside one that has the store to itself.
"""

from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, event

LOCK = 7_814_337_206  # of this store: its database belongs to one project
_TAKE = {
    "write": f"SELECT pg_advisory_xact_lock({LOCK})",
    "durable": f"SELECT pg_advisory_xact_lock({LOCK}), set_config('synchronous_commit', 'on', true)",
    "write beside": f"SELECT pg_advisory_xact_lock_shared({LOCK})",
    "durable beside": f"SELECT pg_advisory_xact_lock_shared({LOCK}), set_config('synchronous_commit', 'on', true)",
}
_SESSION = (
    "SET lock_timeout = '30s'",  # as SQLite's busy_timeout
    "SET synchronous_commit = off",  # as SQLite's NORMAL: what must survive a power cut says so
    "SET idle_in_transaction_session_timeout = '60s'",  # a process that was cut off lets its lock go
    "SET tcp_keepalives_idle = 10",
    "SET tcp_keepalives_interval = 5",
    "SET tcp_keepalives_count = 3",
    "SET jit = off",  # to compile a question takes longer than to answer it
)
_CONNECT = {"connect_timeout": 10, "keepalives_idle": 10, "keepalives_interval": 5, "keepalives_count": 3}


def engine_of(url: URL) -> Engine:
    """An engine for a store on PostgreSQL; nothing is opened yet. `postgresql://` means the driver psycopg."""
    url = url.set(drivername="postgresql+psycopg")
    engine = create_engine(url, hide_parameters=True, connect_args=_CONNECT, pool_pre_ping=True)
    event.listen(engine, "connect", _prepare)
    event.listen(engine, "begin", _begin)
    return engine


def _prepare(connection: Any, _record: Any) -> None:
    connection.autocommit = True
    with connection.cursor() as cursor:
        for words in _SESSION:
            cursor.execute(words)
    connection.autocommit = False


def _begin(connection: Connection) -> None:
    from psycopg import IsolationLevel

    mode = connection.get_execution_options().get("nurture_mode", "write")
    reads = mode == "read"
    session: Any = connection.connection.driver_connection
    session.isolation_level = IsolationLevel.REPEATABLE_READ if reads else IsolationLevel.READ_COMMITTED
    session.read_only = reads
    if not reads:
        connection.exec_driver_sql(_TAKE[mode])
