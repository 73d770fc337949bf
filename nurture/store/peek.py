"""What was said at the command line, read from the file of a store that is not opened: for `check`, which is quick."""

import sqlite3
from pathlib import Path
from urllib.parse import quote

from nurture.model.switch import Switch, Word
from nurture.store.codec import instant

SQLITE = "sqlite:///"
_THERE = "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'switch'"
_ALL = "SELECT word, since, who, sequence, because, keep_service FROM switch ORDER BY sequence, word"


def peek(url: str) -> tuple[Switch, ...]:
    """The switches of a SQLite store by its SQLAlchemy URL: its file is neither made, migrated nor written to.

    A database elsewhere is not asked, since whoever checks files may be far from it; `status` asks.
    """
    file = Path(url.removeprefix(SQLITE).partition("?")[0])
    if not url.startswith(SQLITE) or not file.is_file():
        return ()
    connection = sqlite3.connect(f"file:{quote(str(file))}?mode=ro", uri=True)
    try:
        rows = connection.execute(_ALL).fetchall() if connection.execute(_THERE).fetchone() else ()
    finally:
        connection.close()
    return tuple(
        Switch(Word(word), instant(since), who, sequence, because, bool(keep))
        for word, since, who, sequence, because, keep in rows
    )
