"""Connections and transactions: SQLite by the rules of architecture.md 4, PostgreSQL a URL away."""

import errno
import os
import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from functools import lru_cache
from operator import itemgetter
from pathlib import Path
from typing import Any
from zlib import crc32

from sqlalchemy import (
    ARRAY,
    ColumnElement,
    Connection,
    Delete,
    Dialect,
    Engine,
    Insert,
    Select,
    Table,
    Text,
    Update,
    any_,
    bindparam,
    create_engine,
    event,
    insert,
)
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError
from sqlalchemy.sql.compiler import Compiled, SQLCompiler

from nurture.model.values import dataclass

PAGE = 500  # ids in one IN (...): well under every database's limit of parameters
BULK = 1_000  # rows in one transaction of a bulk writer, so that nobody waits long for the lock
_BUCKETS = 1024
_FILE = "nurture_file"  # in what SQLAlchemy keeps of a connection
_SYNCHRONOUS = "nurture_synchronous"  # there too: what a connection was last told


class Conflict(Exception):
    """Somebody else decided on these people at the same time; nothing was written. Ask again."""


class DisplacedError(OSError):
    """The file of the store was replaced or taken away while this process had it open: nothing is read or written.

    Whoever went on would decide, and take refusals in, in a file that nobody will ever see again.
    """

    def __init__(self, file: str) -> None:
        words = "the store's file was replaced or taken away while it was open; run the command again"
        super().__init__(errno.ESTALE, words, file)


@lru_cache(maxsize=1024)  # of each of a page's people it is asked ten times
def bucket(person: str) -> int:
    """Which of 1,024 parts a person's rows belong to; the same on every machine and for ever."""
    return crc32(person.encode()) % _BUCKETS


def pages(items: Sequence[Any], size: int = PAGE) -> Iterator[Sequence[Any]]:
    """The items in pieces."""
    for start in range(0, len(items), size):
        yield items[start : start + size]


@dataclass(frozen=True, slots=True)
class Database:
    """An engine, and the three ways of using it."""

    engine: Engine

    @contextmanager
    def reading(self, once: bool = False) -> Iterator[Connection]:
        """A transaction that only reads; `once` for a single question, which sees one moment without any."""
        with self.engine.connect() as connection:
            reader = connection.execution_options(nurture_mode="read once" if once else "read")
            with reader.begin():
                yield reader

    @contextmanager
    def writing(self, durable: bool = False, beside: bool = False) -> Iterator[Connection]:
        """A transaction that writes, taking the lock at once; `durable` survives a power cut when it returns.

        On PostgreSQL `beside` lets others that say so write at the same time: whoever does must be safe beside
        itself, by conditional updates or rows that it locks. It never runs beside one that does not say so. Events
        about people whose rows it does not change are never written beside: a number is given before the commit, so
        that a higher one may be seen first, and the lower one would be taken for decided.
        """
        mode = ("durable" if durable else "write") + (" beside" if beside else "")
        with self.engine.connect() as connection:
            writer = connection.execution_options(nurture_mode=mode)
            with writer.begin():
                yield writer

    @property
    def reached_by(self) -> dict[str, Any]:
        """What PostgreSQL's driver needs to get there, by name, with the password."""
        _, words = self.engine.dialect.create_connect_args(self.engine.url)
        return dict(words)

    @property
    def file(self) -> Path | None:
        """The database file of SQLite; None for another database or one in memory."""
        url = self.engine.url
        if url.get_backend_name() != "sqlite" or url.database in (None, "", ":memory:"):
            return None
        return Path(str(url.database))


CACHE = 32  # megabytes of the file that a connection keeps
_PRAGMAS = (
    "PRAGMA busy_timeout=30000",
    "PRAGMA foreign_keys=ON",
    "PRAGMA wal_autocheckpoint=8000",
    "PRAGMA temp_store=MEMORY",
)
_LOG = "PRAGMA journal_mode=WAL"
_AT_ONCE = 8  # that open a new file together


def _identity(file: str) -> tuple[int, int] | None:
    """Which file it is, whatever it is called; None when there is none."""
    try:
        found = os.stat(file)
    except OSError:
        return None
    return found.st_dev, found.st_ino


def _owned(file: str) -> Callable[..., None]:
    """Before SQLite makes the file: an empty one that only its owner can read. What lies beside it has the same rights.

    Whoever shares the store with a group gives it more rights; they are left alone.
    """

    def make(*_given: Any) -> None:
        if file not in ("", "None", ":memory:") and not file.startswith("file:"):
            with suppress(OSError):  # it is there, or cannot be made: SQLite says which
                os.close(owner_only(file, os.O_CREAT | os.O_EXCL | os.O_WRONLY))

    return make


def owner_only(path: str, flags: int) -> int:
    """Open a file that names people: when it is made, then for its owner alone. An `opener` of `open`."""
    return os.open(path, flags, 0o600)


def _prepared(cache: int, file: str) -> Callable[[Any, Any], None]:
    def prepare(connection: Any, record: Any) -> None:
        connection.isolation_level = None  # we say BEGIN ourselves; the driver's own way begins too late
        record.info[_FILE] = _identity(file)
        cursor = connection.cursor()
        for pragma in (*_PRAGMAS, f"PRAGMA cache_size=-{cache * 1_000}"):
            cursor.execute(pragma)
        _with_log(cursor)
        cursor.close()

    return prepare


def _with_log(cursor: Any) -> None:
    """Have the file written by a log. SQLite waits for nobody who turns a new file to one at the same moment.

    A writer is waited for, so whoever was in the way has done it by the next attempt.
    """
    for _ in range(_AT_ONCE):
        try:
            cursor.execute(_LOG)
        except sqlite3.OperationalError as fault:
            if fault.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY:
                raise
        else:
            return
        cursor.execute("BEGIN IMMEDIATE")
        cursor.execute("ROLLBACK")
    cursor.execute(_LOG)


def _begin(connection: Connection) -> None:
    known, file = connection.info.get(_FILE), str(connection.engine.url.database)
    if known is not None and known != _identity(file):
        raise DisplacedError(file)
    mode = connection.get_execution_options().get("nurture_mode", "write")
    synchronous, reads = "FULL" if mode.startswith("durable") else "NORMAL", mode.startswith("read")
    if not reads and connection.info.get(_SYNCHRONOUS) != synchronous:
        # With NORMAL a power cut loses the last commits of a WAL; a `handed` must not be lost.
        connection.exec_driver_sql(f"PRAGMA synchronous={synchronous}")
        connection.info[_SYNCHRONOUS] = synchronous
    connection.exec_driver_sql("BEGIN" if reads else "BEGIN IMMEDIATE")


def connect(url: str, make_folder: bool = True, cache: int = CACHE) -> Database:
    """A database by its SQLAlchemy URL, such as `sqlite:///store.db`; nothing is opened yet.

    The folder of a SQLite file is made, unless the store is only looked for. `cache`: megabytes of the file that a
    connection keeps in memory.
    """
    parsed = make_url(url)
    if parsed.drivername in ("postgresql", "postgresql+psycopg"):
        from nurture.store.postgresql import engine_of

        return Database(engine_of(parsed))
    if parsed.get_backend_name() != "sqlite":
        raise ArgumentError("a store lies in SQLite or PostgreSQL")
    if parsed.database not in (None, "", ":memory:"):
        if make_folder:
            Path(str(parsed.database)).parent.mkdir(parents=True, exist_ok=True)
        engine = create_engine(parsed, hide_parameters=True)
    else:
        from sqlalchemy.pool import StaticPool

        engine = create_engine(
            parsed, poolclass=StaticPool, connect_args={"check_same_thread": False}, hide_parameters=True
        )
    event.listen(engine, "do_connect", _owned(str(parsed.database)))
    event.listen(engine, "connect", _prepared(cache, str(parsed.database)))
    event.listen(engine, "begin", _begin)
    return Database(engine)


def among(
    connection: Connection, statement: Select[Any], column: ColumnElement[Any], values: Sequence[str]
) -> list[Any]:
    """The rows of a statement whose column is one of these values, page by page, as the driver gives them.

    For hot paths: `statement` and `column` are kept for good, so they must be constants of their module. A page
    is filled up to one of a few sizes, so that each statement is compiled a few times in all; `in_` works the
    list out anew at every call, at 5 µs a value. Truth comes back as 0 or 1.
    """
    found: list[Any] = []
    arrays = connection.dialect.name == "postgresql"
    for page in pages(values, BULK if arrays else PAGE):
        if arrays:
            text, _, fixed = _asking_array(statement, column, connection.dialect)
            found += _fetched(connection, text, {**fixed, _ARRAY: list(page)})
            continue
        size = next(size for size in _SIZES if size >= len(page))
        text, order, fixed = _asking(statement, column, size, connection.dialect)
        given = fixed | dict(zip(_NAMES, page, strict=False)) | dict.fromkeys(_NAMES[len(page) : size], page[-1])
        found += _fetched(connection, text, itemgetter(*order)(given) if order else given)
    return found


def _fetched(connection: Connection, text: str, given: Any) -> list[Any]:
    cursor = connection.connection.cursor()
    try:
        cursor.execute(text, given)
        return list(cursor.fetchall())
    except connection.dialect.loaded_dbapi.Error as error:
        if connection.dialect.name == "sqlite":
            raise
        from nurture.store.postgresql import worded

        raise worded(connection, text, error) from error
    finally:
        cursor.close()


_SIZES = (4, 50, 100, PAGE)  # 100 is a batch of mails
_NAMES = tuple(f"among_{number}" for number in range(1, PAGE + 1))  # what SQLAlchemy calls the values of `among`
_ARRAY = "among"


@lru_cache(maxsize=256)
def _asking(
    statement: Select[Any], column: ColumnElement[Any], size: int, dialect: Dialect
) -> tuple[str, tuple[str, ...], dict[str, Any]]:
    asked = statement.where(column.in_(bindparam("among", [""] * size, expanding=True)))
    return _words(asked.compile(dialect=dialect, compile_kwargs={"render_postcompile": True}), _NAMES[:size])


@lru_cache(maxsize=256)
def _asking_array(
    statement: Select[Any], column: ColumnElement[Any], dialect: Dialect
) -> tuple[str, tuple[str, ...], dict[str, Any]]:
    asked = statement.where(column == any_(bindparam(_ARRAY, [], type_=ARRAY(Text))))
    return _words(asked.compile(dialect=dialect, compile_kwargs={"render_postcompile": True}), (_ARRAY,))


def ask(connection: Connection, statement: Select[Any], **values: object) -> list[Any]:
    """The rows of a question that is asked again and again, as the driver gives them; `values` by their names in it.

    As with `among`, the statement must be a constant of its module: it is compiled once, and SQLAlchemy's own way
    costs ten times what SQLite takes for a short question. Truth comes back as 0 or 1.
    """
    text, order, fixed = _question(statement, connection.dialect)
    given = {**fixed, **values} if values else fixed
    try:
        return _fetched(connection, text, [given[name] for name in order] if order else given)
    except connection.dialect.loaded_dbapi.Error:
        return list(connection.execute(statement, values))  # again, by SQLAlchemy, which words what is wrong


@lru_cache(maxsize=256)
def _question(statement: Select[Any], dialect: Dialect) -> tuple[str, tuple[str, ...], dict[str, Any]]:
    compiled = statement.compile(dialect=dialect, compile_kwargs={"render_postcompile": True})
    if not isinstance(compiled, SQLCompiler):
        raise TypeError(f"{compiled} is no question")
    return str(compiled), tuple(compiled.positiontup or ()), dict(compiled.params)


def pairs(connection: Connection, statement: Any) -> dict[str, str]:
    """The two columns of a statement as a mapping."""
    return {row[0]: row[1] for row in connection.execute(statement)}


def insert_many(connection: Connection, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """Add rows, all with the same columns."""
    if len(rows) >= _COPIED and connection.dialect.name == "postgresql":
        from nurture.store.postgresql import copy_in

        names = tuple(rows[0])
        values = itemgetter(*names) if len(names) > 1 else lambda row: (row[names[0]],)
        copy_in(connection, table, names, list(map(values, rows)))
    elif rows:
        write_many(connection, _insertion(table), rows)


def insert_values(
    connection: Connection, table: Table, names: tuple[str, ...], rows: Sequence[tuple[Any, ...]]
) -> None:
    """Add rows that are the values of these columns, in their order: what is gathered by the hundred thousand."""
    if connection.dialect.name == "sqlite" and rows:
        connection.exec_driver_sql(_adding(table, names, connection.dialect), list(rows))
    elif rows:
        insert_many(connection, table, [dict(zip(names, row, strict=True)) for row in rows])


@lru_cache(maxsize=64)
def _adding(table: Table, names: tuple[str, ...], dialect: Dialect) -> str:
    quoted = dialect.identifier_preparer
    columns = ", ".join(quoted.format_column(table.c[name]) for name in names)
    return f"INSERT INTO {quoted.format_table(table)} ({columns}) VALUES ({', '.join('?' * len(names))})"  # noqa: S608


_COPIED = 10  # rows from which on PostgreSQL takes them quicker by COPY


def write_many(connection: Connection, statement: Insert | Update | Delete, rows: Sequence[Mapping[str, Any]]) -> int:
    """Run a statement for many rows, all with the same names; how many rows of the table it touched.

    The statement is compiled once, and the rows go to the driver as they are: SQLAlchemy's own way costs
    4 µs a row for looking at each value, more than SQLite takes to keep it. So the values must be ones that
    the driver knows: numbers, text, bytes, truth and None.
    """
    text, order, fixed = _compiled(statement, tuple(rows[0]), connection.dialect)
    if fixed:
        rows = [{**fixed, **row} for row in rows]
    given = list(map(itemgetter(*order), rows)) if order else list(rows)
    return connection.exec_driver_sql(text, given, execution_options={"preserve_rowcount": True}).rowcount


@lru_cache(maxsize=256)
def _insertion(table: Table) -> Insert:
    return insert(table)


@lru_cache(maxsize=256)
def _compiled(
    statement: Insert | Update | Delete, names: tuple[str, ...], dialect: Dialect
) -> tuple[str, tuple[str, ...], dict[str, Any]]:
    """The words for the driver, the order it wants a row in (none: by name), and the values that never change."""
    return _words(statement.compile(dialect=dialect, column_keys=list(names), for_executemany=True), names)


def _words(compiled: Compiled, names: tuple[str, ...]) -> tuple[str, tuple[str, ...], dict[str, Any]]:
    if not isinstance(compiled, SQLCompiler):
        raise TypeError(f"{compiled} is no statement")
    order = tuple(compiled.positiontup or ())
    if len(order) == 1:
        raise TypeError(f"{compiled} has one value only: say it with IN")
    return str(compiled), order, {name: value for name, value in compiled.params.items() if name not in names}


def insert_one(connection: Connection, table: Table, row: dict[str, Any]) -> int:
    """Add one row whose number the database gives; that number."""
    key = connection.execute(insert(table), row).inserted_primary_key
    if key is None:
        raise RuntimeError(f"{table.name} gave no number")
    return int(key[0])
