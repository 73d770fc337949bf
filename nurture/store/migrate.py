"""Bringing a store to the newest tables: a backup copy first, then Alembic (architecture.md 5)."""

import os
import sqlite3
from pathlib import Path

from sqlalchemy import Connection, inspect, text

from nurture.store.database import Database, owner_only
from nurture.store.tables import HEAD, METADATA


def migrations_folder() -> Path:
    """Where the migrations lie: inside an installed wheel, or beside the package in a working tree."""
    package = Path(__file__).resolve().parents[1]
    shipped = package / "_migrations"
    return shipped if shipped.is_dir() else package.parent / "migrations"


def bring_up_to_date(database: Database) -> Path | None:
    """Make or migrate the tables; the path of the backup copy that was made before a migration, if any."""
    with database.reading() as connection:
        version = version_of(connection)
        empty = version is None and not inspect(connection).has_table("person")
    if version == HEAD:
        return None
    if empty:
        _create(database)
        return None
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
    with database.writing() as connection:
        if inspect(connection).has_table("person"):
            return  # another process was quicker
        METADATA.create_all(connection)
        connection.execute(text("CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL PRIMARY KEY)"))
        connection.execute(text("INSERT INTO alembic_version VALUES (:head)"), {"head": HEAD})


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
    """Run the pending migrations in one transaction."""
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(migrations_folder()))
    with database.writing() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
