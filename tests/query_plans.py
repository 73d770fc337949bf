"""How a database means to answer a question: by looking something up, or by walking through a table.

SQLite says it of any table. PostgreSQL walks through whatever is small, so it is told that every table has millions of
rows; what it is told is taken back at once.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Boolean, Column, Connection, Executable, Float, Integer, LargeBinary, Numeric, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.sql.expression import ClauseElement

from nurture.store.database import Database
from nurture.store.tables import METADATA

_MANY = text("UPDATE pg_class SET relpages = 1, reltuples = 5000000 WHERE relname = ANY(:names)")
_SAMPLES = ((Boolean, False), (Numeric, 0), (Float, 0), (Integer, 1), (LargeBinary, b""))


@dataclass(frozen=True)
class Step:
    """One step of a plan in the database's own words, and what matters of it.

    `reads`: it looks at rows of a table. `searches`: only at those that an index leads to. `covered`: the index alone
    answers. `sorts`: rows are put in an order that no index has.
    """

    words: str
    reads: bool = False
    searches: bool = False
    covered: bool = False
    sorts: bool = False

    @property
    def walks(self) -> bool:
        """Whether it goes through a table, or an index, from one end to the other."""
        return self.reads and not self.searches


def plan_of(database: Database, statement: Executable | str, given: Any = None) -> list[Step]:
    """How the database would answer, step by step; `given` are the values of words for the driver."""
    with database.engine.connect() as connection:
        words = statement if isinstance(statement, str) else _said(connection, statement)
        if connection.dialect.name == "sqlite":
            explained = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {words}", given)
            return [_of_sqlite(row[3]) for row in explained]
        _as_if_large(connection)
        ((found,),) = connection.exec_driver_sql(f"EXPLAIN (FORMAT JSON) {words}", given)
        connection.rollback()
        return list(_of_postgresql(found[0]["Plan"]))


def _as_if_large(connection: Connection) -> None:
    """One page of each table is there, and on it, as far as the planner knows, millions of rows."""
    for table in METADATA.sorted_tables:
        row = {column.name: _sample(column) for column in table.c}
        connection.execute(insert(table).values(row).on_conflict_do_nothing())
    connection.execute(_MANY, {"names": [table.name for table in METADATA.sorted_tables]})


def _sample(column: Column[Any]) -> object:
    return next((value for kind, value in _SAMPLES if isinstance(column.type, kind)), "x")


def _said(connection: Connection, statement: Executable) -> str:
    if not isinstance(statement, ClauseElement):
        raise TypeError(f"{statement!r} cannot be said in words")
    return str(statement.compile(dialect=connection.dialect, compile_kwargs={"literal_binds": True}))


def _of_sqlite(words: str) -> Step:
    searches = words.startswith("SEARCH")
    return Step(
        words,
        reads=searches or words.startswith("SCAN"),
        searches=searches,
        covered="COVERING INDEX" in words or "USING PRIMARY KEY" in words,
        sorts="TEMP B-TREE" in words,
    )


def _of_postgresql(node: Mapping[str, Any]) -> Iterator[Step]:
    kind = str(node["Node Type"])
    told = [kind, node.get("Relation Name", ""), node.get("Index Name", ""), node.get("Index Cond", "")]
    yield Step(
        " ".join(str(word) for word in told if word),
        reads=("Scan" in kind and "Relation Name" in node) or kind == "Bitmap Index Scan",
        searches="Index Cond" in node or kind == "Bitmap Heap Scan",
        covered=kind == "Index Only Scan",
        sorts=kind in ("Sort", "Incremental Sort"),
    )
    for part in node.get("Plans", ()):
        yield from _of_postgresql(part)
