"""What the lines of `tables` are made of: columns of the kinds that the store knows, and indexes."""

from functools import partial
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Float,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    false,
    text,
)

METADATA = MetaData()
NO_DEFAULT = object()
FALSE = false()
HEAD = "0006"  # the newest migration; kept here so that opening a store need not load Alembic
BESIDE = "0006"  # a running nurture of these tables, or newer ones, may go on while others are upgraded to HEAD


def column(type_: Any, name: str, default: Any = NO_DEFAULT, null: bool = False, **more: Any) -> Column[Any]:
    """A column, not null unless it says so. `default` is Python's, `server_default` the database's own."""
    if default is not NO_DEFAULT:
        more["default"] = default
    return Column(name, type_, nullable=null, **more)


# Texts are compared by code point, whatever the database's language: pages are merged with Python's order.
string = partial(column, String().with_variant(String(collation="C"), "postgresql"))
long_text = partial(column, Text().with_variant(Text(collation="C"), "postgresql"))
integer = partial(column, Integer())
large = partial(column, BigInteger())
counted = partial(column, BigInteger().with_variant(Integer(), "sqlite"))  # SQLite counts only in an INTEGER
number = partial(column, Float())
truth = partial(column, Boolean())
raw = partial(column, LargeBinary())


def index(name: str, *columns: str, unique: bool = False, where: str | None = None) -> Index:
    """An index, over the rows of which `where` holds."""
    return Index(name, *columns, unique=unique, sqlite_where=None if where is None else text(where))


def for_postgresql(metadata: MetaData) -> None:
    """Over which rows the indexes are, as PostgreSQL is told: at the start it would load the whole of that dialect."""
    for one in metadata.tables.values():
        for found in one.indexes:
            found.dialect_kwargs["postgresql_where"] = found.dialect_options["sqlite"]["where"]


def table(name: str, *parts: Any, **options: Any) -> Table:
    """A table of the store."""
    return Table(name, METADATA, *parts, **options)
