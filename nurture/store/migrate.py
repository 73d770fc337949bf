"""Bringing a store to the newest tables: a backup copy first, then Alembic (architecture.md 5)."""

import os
import sqlite3
from enum import Enum
from functools import cache
from pathlib import Path

from sqlalchemy import Connection, delete, insert, inspect, make_url, select, text
from sqlalchemy.schema import CreateIndex, CreateTable

from nurture.store.database import Database, owner_only
from nurture.store.tables import BESIDE, DECLARATION, HEAD, METADATA

PATIENCE = "3s"  # for a table that others hold, on PostgreSQL
WORKS_BESIDE = "tables.work_beside"  # a declaration: the oldest tables whose nurture may go on with these


_NEWER = (
    "the store was made or upgraded by a newer nurture (tables {}, this one knows {}): "
    "upgrade nurture on this machine too; nothing was changed"
)
_OLDER = (
    "the store is of an older nurture (tables {}, this one needs {}): "
    "make a backup, then run `nurture upgrade`; nothing was changed"
)


class SchemaError(Exception):
    """The tables of a store are not those that this nurture works with; says what to do."""


class Standing(Enum):
    """How the tables of a store stand to this nurture."""

    absent = "absent"
    ours = "ours"
    older = "older"
    newer = "newer"
    newer_beside = "newer, and this nurture may go on with them"

    @property
    def usable(self) -> bool:
        """Whether one may work with them as they are."""
        return self in (Standing.ours, Standing.newer_beside)


def standing_of(connection: Connection) -> tuple[Standing, str]:
    """How the tables stand to this nurture, and their version; empty when they have none."""
    version = version_of(connection) or ""
    if version == HEAD:
        return Standing.ours, version
    if not version and not inspect(connection).has_table("person"):
        return Standing.absent, version
    if version < HEAD:
        return Standing.older, version
    told = connection.execute(select(DECLARATION.c.words).where(DECLARATION.c.name == WORKS_BESIDE)).scalar()
    return (Standing.newer_beside if told and told <= HEAD else Standing.newer), version


def migrations_folder() -> Path:
    """Where the migrations lie: inside an installed wheel, or beside the package in a working tree."""
    package = Path(__file__).resolve().parents[1]
    shipped = package / "_migrations"
    return shipped if shipped.is_dir() else package.parent / "migrations"


def bring_up_to_date(database: Database) -> Path | None:
    """Make or migrate the tables; the path of the backup copy that was made before a migration, if any.

    SchemaError when they are newer than this nurture can work with, or older on PostgreSQL: there others may be at
    work, so that a person says when (`nurture upgrade`).
    """
    try:
        return _brought(database)
    except BaseException:
        database.engine.dispose()  # nobody goes on with it
        raise


def _brought(database: Database) -> Path | None:
    with database.reading() as connection:
        standing, version = standing_of(connection)
    if standing.usable:
        return None
    if standing is Standing.absent:
        _create(database)
        return None
    if standing is Standing.newer or database.engine.dialect.name != "sqlite":
        raise SchemaError((_NEWER if standing is Standing.newer else _OLDER).format(version or "unknown", HEAD))
    backup = _back_up(database, version or "nothing")
    upgrade(database)
    return backup


def version_of(connection: Connection) -> str | None:
    """Which migration the tables stand at; None for tables that never had one."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    found = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
    return None if found is None else str(found)


def _create(database: Database) -> None:
    """All tables at once; a test proves that the migrations add up to the same."""
    with database.writing(durable=True) as connection:
        if inspect(connection).has_table("person"):
            return  # another process was quicker
        for words in _tables_in_words(connection.dialect.name):
            connection.exec_driver_sql(words)
        connection.execute(text("CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL PRIMARY KEY)"))
        connection.execute(text("INSERT INTO alembic_version VALUES (:head)"), {"head": HEAD})
        _declare(connection)


@cache
def _tables_in_words(dialect: str) -> tuple[str, ...]:
    """What `METADATA.create_all` would say there; written once, for whoever makes many stores."""
    words, spoken = list[str](), make_url(f"{dialect}://").get_dialect()()
    for table in METADATA.sorted_tables:
        indexes = sorted(table.indexes, key=lambda one: str(one.name))
        words.append(str(CreateTable(table).compile(dialect=spoken)))
        words += [str(CreateIndex(index).compile(dialect=spoken)) for index in indexes]
    return tuple(words)


def _declare(connection: Connection) -> None:
    connection.execute(delete(DECLARATION).where(DECLARATION.c.name == WORKS_BESIDE))
    connection.execute(insert(DECLARATION), {"name": WORKS_BESIDE, "at": 0, "words": BESIDE})


def _back_up(database: Database, version: str) -> Path | None:
    if database.file is None:
        return None
    copy = database.file.with_name(f"{database.file.name}.before-{HEAD}-from-{version}")
    os.close(owner_only(str(copy), os.O_CREAT | os.O_WRONLY))
    source, target = sqlite3.connect(database.file), sqlite3.connect(copy)
    try:
        source.backup(target)
    finally:
        target.close()
        source.close()
    return copy


def upgrade(database: Database) -> None:
    """Run the pending migrations in one transaction; whoever else began meanwhile has done it then."""
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(migrations_folder()))
    with database.writing(durable=True) as connection:
        if connection.dialect.name != "sqlite":
            # Whoever asks for a table later waits behind us: readers that hold it are not waited for at length.
            connection.exec_driver_sql(f"SET LOCAL lock_timeout = '{PATIENCE}'")
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
        _declare(connection)
