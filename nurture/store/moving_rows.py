"""The rows of a store, a page at a time, and a digest of them that is the same on every database.

A page follows from the key of the last row before it, so that memory stays flat and a copy goes on where it was cut.
"""

from collections.abc import Iterator, Sequence
from hashlib import blake2b
from typing import Any

from sqlalchemy import Connection, LargeBinary, Row, Select, Table, bindparam, func, select, tuple_

from nurture.model.values import dataclass
from nurture.store.installation import MOVED, MOVING
from nurture.store.tables import DECLARATION, METADATA

SQLITE = "sqlite"
AT_A_TIME, AT_A_TIME_LARGE = 2_000, 100  # rows of a page; of tables that hold whole files or posts
_DIGEST = 16  # bytes
_ALL_SUMS = 2 ** (8 * _DIGEST)
_QUEUE = "queue"  # declared where the tables of the workers' queue are, which do not go along
_NOT_A_SHOPS = (MOVING, MOVED, _QUEUE)  # what is declared of a place stays in it


class UnfitError(ValueError):
    """A row that the other database cannot keep; the words name its table and key."""


@dataclass(frozen=True, slots=True)
class Sum:
    """How many rows, and a digest of them in whatever order; `last` is the key of the newest in the key's order."""

    rows: int = 0
    digest: int = 0
    last: tuple[Any, ...] = ()

    def plus(self, rows: Sequence[Row[Any]], places: Sequence[int]) -> "Sum":
        """With a page more; `places` are where the key's columns stand."""
        digest = (self.digest + sum(map(_digest_of, rows))) % _ALL_SUMS
        return Sum(self.rows + len(rows), digest, tuple(rows[-1][place] for place in places))

    def equals(self, other: "Sum") -> bool:
        """Whether these are the same rows."""
        return (self.rows, self.digest) == (other.rows, other.digest)


def _digest_of(row: Row[Any]) -> int:
    return int.from_bytes(blake2b(repr(tuple(row)).encode(errors="surrogatepass"), digest_size=_DIGEST).digest(), "big")


def all_tables() -> list[Table]:
    """Every table of a store, in an order that never changes: what is declared comes last."""
    return sorted(METADATA.tables.values(), key=lambda table: (table is DECLARATION, table.name))


def keys_of(table: Table) -> list[int]:
    """Where the columns of its primary key stand."""
    names = [column.name for column in table.primary_key.columns]
    columns = [column.name for column in table.columns]
    return [columns.index(name) for name in names]


def pages_of(
    connection: Connection, table: Table, after: tuple[Any, ...] = (), until: tuple[Any, ...] = ()
) -> Iterator[Sequence[Row[Any]]]:
    """The rows by their key, from behind a key on and up to one (inclusive), a page at a time."""
    places, limit = keys_of(table), page_size(table)
    while rows := connection.execute(_page(table, after, until, limit)).all():
        yield rows
        if len(rows) < limit:
            return
        after = tuple(rows[-1][place] for place in places)


def _page(table: Table, after: tuple[Any, ...], until: tuple[Any, ...], limit: int) -> Select[Any]:
    key = list(table.primary_key.columns)
    asked = _rows(table).order_by(*key).limit(limit)
    for name, bound in (("after", after), ("until", until)):
        if bound:
            values = [bindparam(f"{name}_{c.name}", value, type_=c.type) for c, value in zip(key, bound, strict=True)]
            asked = asked.where(tuple_(*key) > tuple_(*values) if name == "after" else tuple_(*key) <= tuple_(*values))
    return asked


def _rows(table: Table) -> Select[Any]:
    asked: Select[Any] = select(*table.columns)
    return asked.where(DECLARATION.c.name.not_in(_NOT_A_SHOPS)) if table is DECLARATION else asked


def page_size(table: Table) -> int:
    """How many rows are held in memory at a time."""
    return AT_A_TIME_LARGE if any(isinstance(column.type, LargeBinary) for column in table.columns) else AT_A_TIME


def count_of(connection: Connection, table: Table) -> int:
    """How many rows there are of a table."""
    return int(connection.execute(select(func.count()).select_from(_rows(table).subquery())).scalar_one())


def sum_of(connection: Connection, table: Table, until: tuple[Any, ...] = ()) -> Iterator[Sum]:
    """The sum of a table's rows up to a key (none: of all), as it grows from page to page; the last one counts."""
    places, found = keys_of(table), Sum()
    yield found
    for rows in pages_of(connection, table, until=until):
        found = found.plus(rows, places)
        yield found


def put(connection: Connection, table: Table, rows: Sequence[Row[Any]]) -> None:
    """Write rows; by COPY on PostgreSQL. UnfitError for one that cannot be kept there."""
    quote = connection.dialect.identifier_preparer.quote
    names = [quote(column.name) for column in table.columns]
    here = f"{quote(table.name)} ({', '.join(names)})"
    if connection.dialect.name == SQLITE:
        into = f"INSERT INTO {here} VALUES ({', '.join('?' * len(names))})"  # noqa: S608  (names of our own tables)
        connection.exec_driver_sql(into, list(map(tuple, rows)))
        return
    _refuse_nothings(table, rows)
    into = f"COPY {here} FROM STDIN"
    driver: Any = connection.connection.driver_connection
    with driver.cursor() as cursor, cursor.copy(into) as copy:
        for row in rows:
            copy.write_row(row)


def _refuse_nothings(table: Table, rows: Sequence[Row[Any]]) -> None:
    """PostgreSQL keeps no text with the character 0 in it, which SQLite does."""
    texts = [place for place, column in enumerate(table.columns) if column.type.python_type is str]
    for row in rows:
        for place in texts:
            if row[place] and "\0" in row[place]:
                raise UnfitError(
                    f"{table.name} {key_words(table, row)} has the character NUL in {list(table.columns)[place].name}, "
                    "which PostgreSQL does not keep"
                )


def key_words(table: Table, row: Sequence[Any]) -> str:
    """The key of a row in words, to look it up by."""
    columns = list(table.columns)
    return ", ".join(f"{columns[place].name} {row[place]!r}" for place in keys_of(table))


def stay(connection: Connection) -> None:
    """A transaction that lasts as long as the other side needs is not taken for one whose process was cut off."""
    if connection.dialect.name != SQLITE:
        connection.exec_driver_sql("SET LOCAL idle_in_transaction_session_timeout = 0")


def numbers_of(connection: Connection) -> dict[str, int]:
    """The highest number that each table which counts by itself ever gave, by its name.

    Of tables from which nothing is ever deleted it is the highest that is there: SQLite keeps no other of them, and
    PostgreSQL leaves one out whenever a transaction that took one does not come to its end.
    """
    found: dict[str, int] = {}
    for table, column in _counting():
        highest = int(connection.execute(select(func.max(table.c[column]))).scalar() or 0)
        if not table.dialect_options[SQLITE]["autoincrement"]:
            found[table.name] = highest
        elif connection.dialect.name == SQLITE:
            has = "SELECT 1 FROM sqlite_master WHERE name = 'sqlite_sequence'"
            asked = "SELECT seq FROM sqlite_sequence WHERE name = ?"
            given = connection.exec_driver_sql(has).first() and connection.exec_driver_sql(asked, (table.name,)).first()
            found[table.name] = max(highest, int(given[0]) if given else 0)
        else:
            name = _sequence(connection, table, column)
            last, called = connection.exec_driver_sql(f"SELECT last_value, is_called FROM {name}").one()  # noqa: S608
            found[table.name] = max(highest, int(last) if called else int(last) - 1)
    return found


def go_on_counting(connection: Connection, numbers: dict[str, int]) -> None:
    """Have every table that counts by itself go on behind these numbers."""
    for table, column in _counting():
        number = numbers[table.name]
        if connection.dialect.name != SQLITE:
            name = _sequence(connection, table, column)
            connection.exec_driver_sql("SELECT setval(%s::regclass, %s, %s)", (name, max(number, 1), number > 0))
        elif number and table.dialect_options[SQLITE]["autoincrement"]:
            connection.exec_driver_sql("DELETE FROM sqlite_sequence WHERE name = ?", (table.name,))
            connection.exec_driver_sql("INSERT INTO sqlite_sequence VALUES (?, ?)", (table.name, number))


def _counting() -> Iterator[tuple[Table, str]]:
    for table in all_tables():
        if table.autoincrement_column is not None:
            yield table, table.autoincrement_column.name


def _sequence(connection: Connection, table: Table, column: str) -> str:
    quoted = connection.dialect.identifier_preparer.quote(table.name)
    return str(connection.exec_driver_sql("SELECT pg_get_serial_sequence(%s, %s)", (quoted, column)).scalar_one())
