"""The tables that the store works with are those of the definitions, for either database."""

import pytest
from sqlalchemy import Dialect, MetaData
from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg
from sqlalchemy.dialects.sqlite.pysqlite import SQLiteDialect_pysqlite
from sqlalchemy.schema import CreateIndex, CreateTable

from nurture.store.columns import for_postgresql
from nurture.store.definitions import DEFINED
from nurture.store.tables import METADATA
from tools.write_tables import FILE, written


def words(metadata: MetaData, dialect: Dialect) -> dict[str, list[str]]:
    """What makes each table and its indexes."""
    return {
        one.name: [
            str(CreateTable(one).compile(dialect=dialect)),
            *sorted(str(CreateIndex(index).compile(dialect=dialect)) for index in one.indexes),
        ]
        for one in metadata.tables.values()
    }


def defaults(metadata: MetaData) -> dict[str, object]:
    """What Python gives a column of which nothing is said."""
    columns = (column for one in metadata.tables.values() for column in one.c)
    return {str(one): None if one.default is None else one.default.arg for one in columns}  # type: ignore[attr-defined]


@pytest.mark.parametrize("dialect", [SQLiteDialect_pysqlite(), PGDialect_psycopg()], ids=["sqlite", "postgresql"])
def test_the_tables_are_those_of_the_definitions(dialect: Dialect) -> None:
    for_postgresql(METADATA)
    assert words(METADATA, dialect) == words(DEFINED, dialect)


def test_and_so_is_what_a_column_has_when_nothing_is_said() -> None:
    assert defaults(METADATA) == defaults(DEFINED)


def test_the_file_is_what_is_written_of_them() -> None:
    assert FILE.read_text(encoding="utf-8") == written() + "\n", "run `make tables`"
