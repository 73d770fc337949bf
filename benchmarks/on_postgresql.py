"""Benchmarks on PostgreSQL (`--postgresql`): a server of the tests' own, in which populations are kept for the day.

It has no fsync, so that what is measured is work and not this machine's disk, and its processor counts with ours.
"""

import atexit
import json
import os
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import cache
from hashlib import sha256
from pathlib import Path

from sqlalchemy import make_url

from tests.postgres_server import Server, postgres_server

SETTINGS = ("shared_buffers=512MB", "autovacuum=on", "max_wal_size=4GB", "checkpoint_timeout=1h", "wal_level=minimal",
            "max_wal_senders=0")  # fmt: skip
COPY = "STRATEGY FILE_COPY"  # of a database: by files, not by way of the log
MOVED = "moved.json"
_left = ExitStack()
_state: dict[str, bool] = {}


def begin() -> None:
    """From now on stores lie in PostgreSQL."""
    _state["on"] = True


def on() -> bool:
    """Whether they do."""
    return _state.get("on", False)


def kept_in() -> Path:
    """Where built stores are kept; a server's data must be where `nobody` may go."""
    return Path(os.environ.get("NURTURE_BENCHMARKS") or Path(tempfile.gettempdir()) / "nurture-benchmarks")


@cache
def server() -> Server:
    """The server, started when it is first asked for; it ends with this process and keeps its data."""
    found = _left.enter_context(postgres_server(*SETTINGS, data=kept_in() / "postgresql-data"))
    atexit.register(_end, found)
    return found


def _end(found: Server) -> None:
    """In order, so that what is kept need not be mended at the next start."""
    found.processes[-1].send_signal(signal.SIGINT)
    found.processes[-1].wait()
    _left.close()


def worked() -> float:
    """Seconds of processor of the server's processes so far; 0 without one."""
    if not server.cache_info().currsize:
        return 0.0
    return sum(each(server().processes[-1].pid).values())


def each(first: int) -> dict[int, float]:
    """Of each process of a server: of the first with those that have ended, and of its children."""
    found = {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            said = path.read_text(encoding="utf-8").rpartition(")")[2].split()
        except OSError:
            continue  # it has ended
        process = int(path.parent.name)
        if process == first or int(said[1]) == first:
            counted = said[11:15] if process == first else said[11:13]
            found[process] = sum(map(int, counted)) / os.sysconf("SC_CLK_TCK")
    return found


def store_words(url: str) -> str:
    """The table of config.toml that names a store."""
    return f'[store]\nurl = "{url}"\n'


def new_store() -> str:
    """The table of config.toml that names a new store; nothing on SQLite."""
    return store_words(server().new_database()) if on() else ""


def moved(kind: str, sqlite: Path, accept: Callable[[Path], None]) -> tuple[Path, str]:
    """A project whose store of that kind lies in PostgreSQL, and its URL: moved from a project of SQLite if need be.

    `accept` takes a copied project for the real one.
    """
    folder, name = kept_in() / f"postgresql-{kind}", f"kept_{sha256(kind.encode()).hexdigest()[:16]}"
    if not folder.exists():
        _move(sqlite, folder, name, accept)
    url = server().url(name)
    (folder / "config.toml").write_text(store_words(url), encoding="utf-8")
    return folder, url


def _move(sqlite: Path, folder: Path, name: str, accept: Callable[[Path], None]) -> None:
    from benchmarks.frame import nurture, taken

    print("  and is moved to PostgreSQL …", file=sys.stderr, flush=True)
    building = folder.with_name(f"{folder.name}.building")
    shutil.rmtree(building, ignore_errors=True)
    shutil.copytree(sqlite, building)
    accept(building)
    url = server().new_database()
    spent = taken(lambda: nurture("move-store", "sqlite:///nurture.db", url, folder=building))
    for file in building.glob("nurture.db*"):
        file.unlink()
    with server().connect() as connection:
        connection.execute(f'DROP DATABASE IF EXISTS "{name}"')
        connection.execute(f'ALTER DATABASE "{make_url(url).database}" RENAME TO "{name}"')
    (building / MOVED).write_text(json.dumps(spent.values), encoding="utf-8")
    building.rename(folder)


@contextmanager
def copied(folder: Path, url: str, beside: Path) -> Iterator[str]:
    """A copy of a project and of its database, gone afterwards; the URL of the copy."""
    shutil.copytree(folder, beside)
    name = f"spoiled_{os.getpid()}_{time.monotonic_ns()}"
    with server().connect() as connection:
        connection.execute(f'CREATE DATABASE "{name}" TEMPLATE "{database_of(url)}" {COPY}')
    copy = server().url(name)
    (beside / "config.toml").write_text(store_words(copy), encoding="utf-8")
    try:
        yield copy
    finally:
        with server().connect() as connection:
            connection.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


def database_of(url: str) -> str:
    """The name of a database by its URL."""
    return str(make_url(url).database)


@contextmanager
def watermarks_put_back(url: str) -> Iterator[None]:
    """What was decided up to when is forgotten: for ticks that find nothing."""
    with server().connect(database_of(url)) as connection:
        before = connection.execute("SELECT at, name FROM watermark").fetchall()
        try:
            yield
        finally:
            connection.cursor().executemany("UPDATE watermark SET at = %s WHERE name = %s", before)
