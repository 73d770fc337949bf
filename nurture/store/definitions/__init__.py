"""The tables, in the field's terms (SQLModel; `migrations/` adds up to them, which a test proves).

Instants are microseconds since 1970 in UTC (`codec.micros`), days are ordinals (`date.toordinal`).
Every table of people, events and messages carries `bucket` from the first day (architecture.md 5).

Nobody who works with a store loads this room: it takes 0.2 seconds. `make tables` writes `store/tables.py` from it.
"""

from sqlalchemy import String, Text
from sqlmodel import AutoString, SQLModel

from nurture.store.definitions import arriving, journal, people, sending, working

__all__ = ["DEFINED", "arriving", "journal", "people", "sending", "working"]
DEFINED = SQLModel.metadata

# Pages are merged with Python's order of texts, and SQLite has it too: by code point, whatever the database's language.
for _column in (column for table in DEFINED.tables.values() for column in table.c):
    if isinstance(_column.type, String | AutoString):
        _kind = Text if isinstance(_column.type, Text) else String
        _column.type = _kind().with_variant(_kind(collation="C"), "postgresql")
