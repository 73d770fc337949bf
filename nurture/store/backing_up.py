"""A backup of the store while others work on it: one SQLite file, whatever database the store lies in.

On SQLite its own backup API copies the pages of one moment; a store on PostgreSQL is read at one moment and written
row by row. The file gets its name only when it is whole, checked and on the disk; only its owner may read it.
"""

import fcntl
import os
import re
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import quote

from sqlalchemy import inspect
from sqlalchemy.exc import DBAPIError

from nurture.model.values import dataclass
from nurture.store.codec import instant
from nurture.store.database import Database, connect, owner_only
from nurture.store.erasures import Erasure, kept_in, lines_of, list_of
from nurture.store.installation import MOVED, MOVING, Mark
from nurture.store.moving import copy_into, in_our_words, size_of
from nurture.store.tables import DECLARATION, ERASURE, MERGED
from nurture.store.world_faults import in_words

STEP = 2_000  # pages of the file between two words about how far it is
NAME = re.compile(r"nurture-\d{8}T\d{6}Z\.db")
SOUND = "ok"

Tell = Callable[[int], None]


class BackupError(ValueError):
    """A backup cannot be made or used; the words say why, and what to do."""


@dataclass(frozen=True, slots=True)
class Inside:
    """What is in a backup: whose store, how far it had come, by which tables, and when it last decided (UTC)."""

    mark: Mark
    version: str
    decided: datetime | None
    bytes: int


def file_name(now: datetime) -> str:
    """How a backup of that moment is called."""
    return f"nurture-{now.astimezone(UTC):%Y%m%dT%H%M%SZ}.db"


def work_to_do(database: Database) -> int:
    """How much there is to copy, in the unit in which `back_up` tells: bytes of a file, rows of another database."""
    return database.file.stat().st_size if database.file is not None else 2 * size_of(database)


def back_up(database: Database, path: Path, tell: Tell = lambda _done: None) -> Inside:
    """Copy the store as it is at one moment into a new file; BackupError when it cannot be, or is not sound.

    Of a file, `tell` is told of each byte once; of rows of another database twice, as a move does.
    """
    if path.exists():
        raise BackupError(f"{path} is there already; name another file")
    with whole(path) as half:
        if database.file is not None:
            with in_a_sentence(f"{path} cannot be written"):
                _copy_file(database.file, half, tell)
        else:
            _copy_rows(database, half, tell)
        return look_into(half)


@contextmanager
def in_a_sentence(what: str) -> Iterator[None]:
    """A fault of SQLite as BackupError: what could not be done, why, and the cure."""
    try:
        yield
    except sqlite3.Error as fault:
        raise BackupError(f"{what}: {in_words(DBAPIError(None, None, fault)) or fault}") from fault


@contextmanager
def whole(path: Path) -> Iterator[Path]:
    """A half file beside the one that is wanted: named so at the end, on the disk; gone when it does not get there."""
    path.parent.mkdir(parents=True, exist_ok=True)
    clear_halves(path.parent)
    half = path.with_name(f".{path.name}.{os.getpid()}.half")
    handle = owner_only(str(half), os.O_CREAT | os.O_EXCL | os.O_RDWR)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)  # whoever is killed lets it go, and the next one clears it away
        yield half
        os.fsync(handle)
        os.replace(half, path)
        on_the_disk(path.parent)
    finally:
        os.close(handle)
        for one in (half, *companions(half)):
            one.unlink(missing_ok=True)


def clear_halves(folder: Path) -> None:
    """Take away what a process that was killed left half made."""
    for half in folder.glob(".*.half"):
        with half.open("rb") as file, suppress(BlockingIOError):
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            for one in (half, *companions(half)):
                one.unlink(missing_ok=True)


def companions(path: Path) -> tuple[Path, ...]:
    """The files that SQLite keeps beside a database while it is used."""
    return tuple(path.with_name(f"{path.name}{end}") for end in ("-wal", "-shm", "-journal"))


def on_the_disk(folder: Path) -> None:
    """A name that was given in a folder survives a power cut."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _copy_file(source: Path, target: Path, tell: Tell) -> None:
    """By SQLite's backup API, in steps, within one reading transaction.

    Without that, the copy would begin anew with every commit of others in between.
    """
    with closing(sqlite3.connect(source, isolation_level=None)) as old, closing(sqlite3.connect(target)) as new:
        size = int(old.execute("PRAGMA page_size").fetchone()[0])
        old.execute("BEGIN")
        old.execute("SELECT count(*) FROM sqlite_master").fetchone()
        old.backup(new, pages=STEP, progress=lambda _status, left, total: tell((total - left) * size))
        old.execute("COMMIT")
        new.execute("PRAGMA journal_mode=DELETE")  # one file, with nothing beside it


def _copy_rows(database: Database, target: Path, tell: Tell) -> None:
    new = connect(f"sqlite:///{target}")
    try:
        with in_our_words("nothing was changed", database, new), database.reading() as connection:
            copy_into(connection, new, tell)
    finally:
        new.engine.dispose()
    with closing(sqlite3.connect(target)) as file:
        file.execute("PRAGMA journal_mode=DELETE")


def look_into(path: Path, thoroughly: bool = False) -> Inside:
    """What is in a backup, which is opened for reading only; BackupError when it is none, or damaged.

    `thoroughly` compares every index with its table too, which takes as long as reading the file a few times.
    """
    if not path.is_file():
        raise BackupError(f"there is no file {path}")
    try:
        with closing(sqlite3.connect(f"file:{quote(str(path.resolve()))}?mode=ro", uri=True)) as file:
            check = "integrity_check(1)" if thoroughly else "quick_check(1)"
            said = str(file.execute(f"PRAGMA {check}").fetchone()[0])
            if said != SOUND:
                raise BackupError(f"{path} is damaged ({said}); take another backup")
            tables = {name for (name,) in file.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
            if not {"alembic_version", "installation", "person", "watermark"} <= tables:
                raise BackupError(f"{path} is a database, but no backup of nurture")
            return _inside(file, path, DECLARATION.name in tables)
    except sqlite3.DatabaseError as fault:
        raise BackupError(f"{path} is no backup, or damaged ({fault}); take another backup") from fault


def _inside(file: sqlite3.Connection, path: Path, declares: bool) -> Inside:
    """`declares`: whether it says anything of itself, which the first tables of all did not."""
    version = str((file.execute("SELECT version_num FROM alembic_version").fetchone() or ("none",))[0])
    mark = file.execute("SELECT store, counter FROM installation").fetchone()
    if mark is None:
        raise BackupError(f"{path} is a database of nurture in which nothing ever happened")
    asked = "SELECT name, words FROM declaration WHERE name IN (?, ?)"
    away = file.execute(asked, (MOVING, MOVED)).fetchone() if declares else None
    if away is not None:
        raise BackupError(
            f"{path} is not to be put back: " + (away[1] if away[0] == MOVED else "it is only half there")
        )
    decided = file.execute("SELECT max(at) FROM watermark").fetchone()[0]
    when = None if decided is None else instant(decided)
    return Inside(Mark(str(mark[0]), int(mark[1])), version, when, path.stat().st_size)


def older_of(folder: Path, keep: int) -> list[Path]:
    """The backups in a folder, by their names, but for the newest so many."""
    found = sorted(path for path in folder.iterdir() if NAME.fullmatch(path.name))
    return found[: max(len(found) - keep, 0)]


def list_beside(folder: Path, installation: Path, database: Database) -> None:
    """Put the list of who was forgotten beside the backups too: none of them has all of it, and a restore needs it.

    Who stands in it already stays: it may be of another shop, or of a machine that is gone.
    """
    ours = list_of(installation)
    theirs = folder / ours.name
    if theirs.resolve() == ours.resolve():
        return
    if lines := lines_of([theirs, ours], forgotten_in(database)):
        with whole(theirs) as half:
            half.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")


def forgotten_in(database: Database) -> list[Erasure]:
    """Who was forgotten in a store, of whatever version; nobody where there is none, or where it cannot be read."""
    if database.file is not None and not database.file.exists():
        return []
    try:
        with database.reading() as connection:
            there = inspect(connection)
            return kept_in(connection) if all(there.has_table(one.name) for one in (ERASURE, MERGED)) else []
    except DBAPIError as fault:
        if database.file is not None and isinstance(fault.orig, sqlite3.DatabaseError):
            return []  # damaged: that is why somebody restores
        raise
