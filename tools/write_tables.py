"""Writes nurture/store/tables.py from the definitions: `python -m tools.write_tables`, or `make tables`.

SQLModel makes a class of each table, which takes 0.2 seconds and 20 MB at every start of nurture, and nobody makes a
row of such a class. What is written here are the same tables, as SQLAlchemy's Core has them; a test holds both.
"""

import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from sqlalchemy import BigInteger, Boolean, Column, Float, Index, Integer, LargeBinary, Table, Text, UniqueConstraint
from sqlalchemy.sql.elements import False_

from nurture.store.definitions import DEFINED

FILE = Path(__file__).parents[1] / "nurture" / "store" / "tables.py"
WIDTH = 120
KINDS = ((Boolean, "truth"), (LargeBinary, "raw"), (Float, "number"), (Text, "long_text"))
HEAD = '''"""The tables at work, written by `make tables` from `definitions`: change those, not this."""

# fmt: off
# ruff: noqa: I001
from sqlalchemy import UniqueConstraint

from nurture.store.columns import (
    BESIDE, FALSE, HEAD, METADATA, counted, index, integer, large, long_text, number, raw, string, table, truth,
)

__all__ = [
%s
]

'''


def written() -> str:
    """The whole file."""
    names = sorted(["BESIDE", "HEAD", "METADATA", *(one.name.upper() for one in DEFINED.tables.values())])
    listed = "\n".join(filled((f'"{name}"' for name in names), "    "))
    return HEAD % listed + "\n".join(line for one in DEFINED.tables.values() for line in of_table(one))


def of_table(one: Table) -> Iterator[str]:
    """The lines of one table."""
    yield f"{one.name.upper()} = table("
    yield f'    "{one.name}",'
    unique = {next(iter(found.columns)).name for found in uniques(one) if not found.name}
    parts = [of_column(column, column.name in unique) for column in one.columns]
    parts += [of_constraint(found) for found in uniques(one) if found.name]
    parts += [of_index(found) for found in sorted(one.indexes, key=lambda found: str(found.name))]
    options: Any = one.dialect_options.get("sqlite", {})
    parts += ["sqlite_autoincrement=True"] if options.get("autoincrement") else []
    parts += ["sqlite_with_rowid=False"] if options.get("with_rowid", True) is False else []
    yield from filled(parts, "    ")
    yield ")"


def uniques(one: Table) -> list[UniqueConstraint]:
    """What must be unique together, in the order of the definitions: it is that of the database's own words."""
    found = [constraint for constraint in one.constraints if isinstance(constraint, UniqueConstraint)]
    return sorted(found, key=lambda constraint: constraint._creation_order)


def of_column(column: "Column[Any]", unique: bool) -> str:
    """One column."""
    words = [f'"{column.name}"']
    if column.default is not None:
        words.append(repr(column.default.arg))  # type: ignore[attr-defined]
    words += ["null=True"] if column.nullable else []
    words += ["primary_key=True"] if column.primary_key else []
    words += ["unique=True"] if unique else []
    if column.server_default is not None:
        given = column.server_default.arg  # type: ignore[attr-defined]
        words.append(f"server_default={'FALSE' if isinstance(given, False_) else repr(given)}")
    return f"{kind(column)}({', '.join(words)})"


def kind(column: "Column[Any]") -> str:
    """Which kind of column it is."""
    if isinstance(column.type, BigInteger):
        return "counted" if "sqlite" in column.type._variant_mapping else "large"
    if isinstance(column.type, Integer):
        return "integer"
    return next((name for type_, name in KINDS if isinstance(column.type, type_)), "string")


def of_constraint(found: UniqueConstraint) -> str:
    """What must be unique together, by name."""
    columns = ", ".join(f'"{column.name}"' for column in found.columns)
    return f'UniqueConstraint({columns}, name="{found.name}")'


def of_index(found: Index) -> str:
    """One index."""
    words = [f'"{found.name}"', *(f'"{column.name}"' for column in found.columns)]
    words += ["unique=True"] if found.unique else []
    where = found.dialect_options["sqlite"].get("where")
    words += [f"where={str(where)!r}"] if where is not None else []
    return f"index({', '.join(words)})"


def filled(parts: Iterable[str], margin: str) -> Iterator[str]:
    """The parts in lines as long as they may be."""
    line = margin
    for part in parts:
        if line != margin and len(line) + len(part) + 1 >= WIDTH:
            yield line.rstrip()
            line = margin
        line += f"{part}, "
    yield line.rstrip()


def main() -> int:
    """The command."""
    FILE.write_text(written() + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
