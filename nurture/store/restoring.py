"""A backup put back in the store's place, the store that was there kept aside; the restored one starts halted.

Everything is made ready beside it, and one step changes places: a new name for a file, or one transaction. Whoever is
killed before that step leaves the store as it was, and after it the restored one.
"""

import os
import shutil
import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import quote as quoted

from sqlalchemy import delete, inspect, select

from nurture.store.backing_up import (
    BackupError,
    Inside,
    Tell,
    companions,
    in_a_sentence,
    look_into,
    on_the_disk,
    whole,
)
from nurture.store.codec import micros
from nurture.store.database import Database, connect
from nurture.store.erasures import FORGOTTEN_AGAIN
from nurture.store.installation import RESTORED, declare
from nurture.store.migrate import upgrade, version_of
from nurture.store.moving import copy_into, in_our_words, used
from nurture.store.moving_rows import all_tables
from nurture.store.scrubbing import ASIDE
from nurture.store.tables import DECLARATION, HEAD, INSTALLATION

_NEW = "nurture_restoring"  # the schema in which a store is made ready on PostgreSQL
_IN_USE = "somebody has the store open"


def readable(path: Path, store: str | None) -> Inside:
    """What is in a backup; BackupError when it is damaged, of a newer nurture, or of another store than this one."""
    found = look_into(path, thoroughly=True)
    if found.version > HEAD:
        words = (
            f"{path} was made by a newer nurture (tables {found.version}, this one knows {HEAD}); install that first"
        )
        raise BackupError(words)
    if store is not None and found.mark.store != store:
        raise BackupError(
            f"{path} is of another shop than this project's; restore it in a project of its own, or move what is here "
            "(.nurture and the store) out of the way first"
        )
    return found


def store_of(database: Database) -> tuple[str | None, bool]:
    """The id of the store that is there, and whether it was ever used; None when there is none, or it is not readable.

    A command that somebody gave before, on a new machine, makes a store in which nothing is.
    """
    if database.file is not None and not database.file.exists():
        return None, False
    try:
        with database.reading() as connection:
            if not inspect(connection).has_table(INSTALLATION.name):
                return None, False
            found = connection.execute(select(INSTALLATION.c.store)).scalar()
            return found, version_of(connection) != HEAD or used(connection)
    except Exception as fault:
        if database.file is not None and isinstance(getattr(fault, "orig", None), sqlite3.DatabaseError):
            return None, False  # damaged: that is why somebody restores
        raise


def restore(
    database: Database, path: Path, inside: Inside, now: datetime, folder: Path, tell: Tell = lambda _done: None
) -> str:
    """Put a backup in the store's place; where the store that was there is kept now, empty when there was none.

    `folder` is where a copy of the backup may lie meanwhile. `tell` is told of bytes of a file, else of rows, twice.
    """
    words = f"this store was restored from a backup, {path.name}"
    if inside.decided is not None:
        words += f", which had last decided at {inside.decided:%Y-%m-%d %H:%M} UTC"
    aside = f"{ASIDE}{now.astimezone(UTC):%Y%m%dT%H%M%SZ}"
    database.engine.dispose()  # what we had open ourselves would stand in the way
    if database.file is not None:
        return _restore_file(database.file, path, words, aside, now, tell)
    with in_our_words("nothing was changed", database):
        return _restore_rows(database, path, words, aside, now, tell, folder)


# A file


def _restore_file(file: Path, path: Path, words: str, aside: str, now: datetime, tell: Tell) -> str:
    file.parent.mkdir(parents=True, exist_ok=True)
    ready = file.with_name(f"{file.name}.restoring")
    ready.unlink(missing_ok=True)
    with whole(ready) as half:
        address = f"file:{quoted(str(path.resolve()))}?mode=ro"
        with (
            in_a_sentence(f"{path} cannot be put back, and the old store is as it was"),
            closing(sqlite3.connect(address, uri=True)) as old,
            closing(sqlite3.connect(half)) as new,
        ):
            size = int(old.execute("PRAGMA page_size").fetchone()[0])
            old.backup(new, pages=2_000, progress=lambda _status, left, total: tell((total - left) * size))
            _to_the_newest(half)
            new.execute("PRAGMA journal_mode=DELETE")
            with new:
                new.execute("DELETE FROM declaration WHERE name IN (?, ?)", (RESTORED, FORGOTTEN_AGAIN))
                said = (RESTORED, micros(now), words)
                new.execute("INSERT INTO declaration (name, at, words) VALUES (?, ?, ?)", said)
        look_into(half)
    if not file.exists():
        os.replace(ready, file)
        on_the_disk(file.parent)
        return ""
    kept = file.with_name(f"{file.name}.{aside}")
    ready.chmod(file.stat().st_mode)  # whoever shares the store with a group goes on doing so
    _change_places(file, ready, kept)
    return str(kept)


def _to_the_newest(file: Path) -> None:
    """Bring a copy of the backup to our tables, so that what is said of the restore has its place."""
    database = connect(f"sqlite:///{file}")
    try:
        with database.reading() as connection:
            older = version_of(connection) != HEAD
        if older:
            upgrade(database)
    finally:
        database.engine.dispose()


def _change_places(file: Path, ready: Path, kept: Path) -> None:
    """Nobody reads or writes the old file at that moment, and nothing of it lies in another one."""
    try:
        with closing(sqlite3.connect(file, timeout=10, isolation_level=None)) as old:
            # Out of the mode in which commits lie in a file beside it: that one would be taken for the new store's.
            if old.execute("PRAGMA journal_mode=DELETE").fetchone()[0] != "delete":
                raise BackupError(f"{_IN_USE}; stop what works with it, and run the same command again")
            old.execute("BEGIN EXCLUSIVE")
            _swap(file, ready, kept)
    except sqlite3.OperationalError as fault:
        if "locked" not in str(fault):
            _swap_damaged(file, ready, kept)
            return
        raise BackupError(f"{_IN_USE}; stop what works with it, and run the same command again") from fault
    except sqlite3.DatabaseError:
        _swap_damaged(file, ready, kept)


def _swap(file: Path, ready: Path, kept: Path) -> None:
    os.link(file, kept)
    os.replace(ready, file)
    on_the_disk(file.parent)


def _swap_damaged(file: Path, ready: Path, kept: Path) -> None:
    """The old file cannot be read: what lies beside it goes aside with it."""
    for mine, theirs in zip(companions(file), companions(kept), strict=True):
        if mine.exists():
            os.replace(mine, theirs)
    _swap(file, ready, kept)


# Another database


def _restore_rows(
    database: Database, path: Path, words: str, aside: str, now: datetime, tell: Tell, folder: Path
) -> str:
    """Made ready in a schema of its own; the tables change places in one transaction."""
    with database.writing() as connection:
        connection.exec_driver_sql(f"DROP SCHEMA IF EXISTS {_NEW} CASCADE")
        connection.exec_driver_sql(f"CREATE SCHEMA {_NEW}")
    url = database.engine.url.update_query_dict({"options": f"-csearch_path={_NEW}"})
    new = connect(url.render_as_string(hide_password=False))
    with TemporaryDirectory(dir=folder) as workplace:  # the backup stays as it is, also when it is of older tables
        shutil.copyfile(path, copy := Path(workplace) / "backup.db")
        old = connect(f"sqlite:///{copy}")
        try:
            upgrade(old)
            with in_our_words("the store that was there is as it was", old, new), old.reading() as connection:
                copy_into(connection, new, tell)
            with new.writing() as connection:
                connection.execute(delete(DECLARATION).where(DECLARATION.c.name == FORGOTTEN_AGAIN))
                declare(connection, RESTORED, words, micros(now))
        finally:
            old.engine.dispose()
            new.engine.dispose()
    return _change_schemas(database, aside.replace("-", "_").lower())


def _change_schemas(database: Database, aside: str) -> str:
    names = [*(table.name for table in all_tables()), "alembic_version"]
    with database.writing(durable=True) as connection:
        quote = connection.dialect.identifier_preparer.quote
        here = quote(str(connection.exec_driver_sql("SELECT current_schema()").scalar_one()))
        there = set(names) & set(inspect(connection).get_table_names())
        if there:
            connection.exec_driver_sql(f"CREATE SCHEMA {aside}")
        for name in sorted(there):
            connection.exec_driver_sql(f"ALTER TABLE {here}.{quote(name)} SET SCHEMA {aside}")
        for name in names:
            connection.exec_driver_sql(f"ALTER TABLE {_NEW}.{quote(name)} SET SCHEMA {here}")
        connection.exec_driver_sql(f"DROP SCHEMA {_NEW}")
    return f"schema {aside}" if there else ""
