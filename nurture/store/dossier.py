"""All that is kept of one person, row by row, as they may ask to see it (email.md 4.3)."""

import json
from collections.abc import Mapping
from datetime import date
from typing import Any

from sqlalchemy import Table, select

from nurture.store.codec import instant
from nurture.store.database import Database
from nurture.store.erased_columns import NOBODYS
from nurture.store.tables import METADATA

_APART = frozenset({"decision", "footing", "silence", "day_of", "agenda", "erasure"})
"""What the others say, in another form."""
_OURS = frozenset({"bucket", "digest", "basis", "looks"})  # columns of the machinery, of which nobody can read anything
_INSTANTS = ("_at", "_from", "_to", "_until")
_NAMED = frozenset({"at", "since", "until", "held_until"})
_DAYS = frozenset({"day", "due_on", "expires_on"})
Row = dict[str, Any]


def dossier(database: Database, person: str) -> dict[str, list[Row]]:
    """The rows of somebody, by table; instants and days in ISO 8601 (UTC), what was JSON as what it says.

    Only rows that are theirs: nothing of anybody else is in it.
    """
    found: dict[str, list[Row]] = {}
    with database.reading() as connection:
        for table in METADATA.sorted_tables:
            mine = _whose(table)
            if mine is None or table.name in _APART | NOBODYS:
                continue
            rows = connection.execute(select(table).where(table.c[mine] == person)).mappings()
            found[table.name] = [_told(table, row) for row in rows]
    return {name: rows for name, rows in sorted(found.items()) if rows}


def _whose(table: Table) -> str | None:
    if table.name == "person":
        return "id"
    return "person" if "person" in table.c else None


def _told(table: Table, row: Mapping[Any, Any]) -> Row:
    return {name: _value(name, row[name]) for name in (column.name for column in table.c) if name not in _OURS}


def _value(name: str, value: Any) -> Any:
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, int) and not isinstance(value, bool):
        if name in _NAMED or name.endswith(_INSTANTS):
            return instant(value).isoformat()
        return date.fromordinal(value).isoformat() if name in _DAYS and value > 0 else value
    if isinstance(value, str) and value[:1] in ("{", "["):
        try:
            return json.loads(value)
        except ValueError:
            return value
    return value
