"""What holds beside the files, read from the file of a store that is not opened: for `check`, which is quick."""

import sqlite3
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote

from nurture.model.switch import Switch, Word
from nurture.store.codec import instant

SQLITE = "sqlite:///"
_THERE = "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = ?"
_ALL = "SELECT word, since, who, sequence, because, keep_service FROM switch ORDER BY sequence, word"
_VERSION = "SELECT version_num FROM alembic_version"
_APPLIED = "SELECT path, hash FROM applied_file WHERE application = (SELECT max(id) FROM application)"


def peek(url: str) -> tuple[Switch, ...]:
    """The switches of a SQLite store by its SQLAlchemy URL: its file is neither made, migrated nor written to.

    A database elsewhere is not asked, since whoever checks files may be far from it; `status` asks.
    """
    return tuple(
        Switch(Word(word), instant(since), who, sequence, because, bool(keep))
        for word, since, who, sequence, because, keep in _rows(url, "switch", _ALL)
    )


def peek_applied(url: str) -> Mapping[str, str]:
    """The SHA-256 of every file of the newest `apply` by its path; empty when there was none, or as `peek`."""
    return dict(_rows(url, "applied_file", _APPLIED))


def peek_version(url: str) -> str:
    """The version of its tables, as `peek`; empty where it has none, or cannot be asked: whoever opens it says why."""
    try:
        return str(next(iter(_rows(url, "alembic_version", _VERSION)), ("",))[0])
    except sqlite3.Error:
        return ""


def _rows(url: str, table: str, query: str) -> list[tuple[Any, ...]]:
    file = Path(url.removeprefix(SQLITE).partition("?")[0])
    if not url.startswith(SQLITE) or not file.is_file():
        return []
    connection = sqlite3.connect(f"file:{quote(str(file))}?mode=ro", uri=True)
    try:
        return connection.execute(query).fetchall() if connection.execute(_THERE, (table,)).fetchone() else []
    finally:
        connection.close()
