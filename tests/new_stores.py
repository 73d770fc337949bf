"""Where a test's store may lie: a file of SQLite in its folder, or a database of the tests' PostgreSQL."""

import sqlite3
from contextlib import ExitStack, closing
from itertools import count
from pathlib import Path
from typing import Protocol

from sqlalchemy import select

from nurture.store.database import Database
from nurture.store.tables import METADATA
from tests.postgres_server import Server


class NewStores(Protocol):
    """Gives stores in which nothing is yet."""

    def __call__(self) -> str:
        """The URL of a new one."""

    def empty(self) -> str:
        """The URL of a place without tables."""

    def copy_of(self, url: str) -> str:
        """The URL of a copy of a store that nobody has open: a backup, or a copy elsewhere."""


def kept_in(database: Database) -> bytes:
    """All that is kept: the bytes of SQLite's file and its log; on PostgreSQL, every row of every table."""
    if database.file is not None:
        return b"".join(file.read_bytes() for file in database.file.parent.glob(f"{database.file.name}*"))
    with database.reading() as connection:
        rows = [tuple(row) for table in METADATA.sorted_tables for row in connection.execute(select(table))]
    return repr(rows).encode()


class InFiles:
    """Stores in files of one folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._names = (f"store{number or ''}.db" for number in count())

    def __call__(self) -> str:
        return f"sqlite:///{self._folder / next(self._names)}"

    def empty(self) -> str:
        return self()

    def copy_of(self, url: str) -> str:
        copy = self()
        with closing(sqlite3.connect(url.removeprefix("sqlite:///"))) as source:
            source.execute("VACUUM INTO ?", (copy.removeprefix("sqlite:///"),))
        return copy


class OnServer:
    """Stores in databases of a server; whoever opened them is sent away when the stack ends."""

    def __init__(self, server: Server, stack: ExitStack) -> None:
        self._server, self._stack = server, stack

    def __call__(self) -> str:
        return self._stack.enter_context(self._server.new_store())

    def empty(self) -> str:
        return self._server.new_database()

    def copy_of(self, url: str) -> str:
        return self._server.copy_of(url)
