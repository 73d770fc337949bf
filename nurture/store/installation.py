"""Telling a restore or a copy from the real store: both sides keep an id and a counter (architecture.md 2.3).

The store commits first, so a store that is behind its installation file was restored from a backup,
and one with another id was copied from elsewhere. A folder that was copied whole takes both sides along: the
installation file also says where it lies. None of these must mail before a person has looked.
"""

import json
import os
import secrets
import socket
import tempfile
from contextlib import suppress
from dataclasses import asdict
from datetime import datetime
from pathlib import Path

from sqlalchemy import Connection, delete, insert, select, update

from nurture.model.values import dataclass
from nurture.store.codec import instant
from nurture.store.database import Database, ask
from nurture.store.tables import DECLARATION, INSTALLATION, RUNNER, SECRET

SECRET_BYTES = 32
SUPPRESSIONS = "suppressions"  # declared: they were imported, or there are none
MOVING = "moving"  # declared in a store that another one is being moved to: how far that has come
MOVED = "moved"  # declared in a store that was moved away: where it is now
RESTORED = "restored"  # declared in a store that was put back from a backup, until somebody accepts it
_STANDING = select(DECLARATION.c.name, DECLARATION.c.words).where(DECLARATION.c.name.in_((MOVING, MOVED, RESTORED)))


class AwayError(ValueError):
    """The store is not to be worked with: it was moved away, or is not all here yet. The words say where it is."""


@dataclass(frozen=True, slots=True)
class Mark:
    """A store's id and how many times it has committed something that can lead to a mail."""

    store: str
    counter: int


@dataclass(frozen=True, slots=True)
class Seat:
    """Where an installation lies: the number that the file system gave its folder, its path, and the machine."""

    folder: int
    path: str
    machine: str

    def is_that_of(self, other: "Seat") -> bool:
        """Whether two of the three are the same.

        A folder that is moved keeps its number and machine; a container that is started anew its number and path, and
        on a file system that numbers anew each time a machine keeps the path. A copy has at most one of them.
        """
        pairs = ((self.folder, other.folder), (self.path, other.path), (self.machine, other.machine))
        return sum(here == there for here, there in pairs) >= 2


def seat_of(path: Path) -> Seat:
    """Where the installation's file lies; its folder is there."""
    return Seat(path.parent.stat().st_ino, str(path.parent.resolve()), socket.gethostname())


def read_mark(connection: Connection) -> Mark:
    """What the store says of itself."""
    ((store, counter),) = ask(connection, _MARK)
    return Mark(store, counter)


_MARK = select(INSTALLATION.c.store, INSTALLATION.c.counter)
_COUNT_ON = update(INSTALLATION).values(counter=INSTALLATION.c.counter + 1)
_FAR = 2**32  # commits: no machine that works on a store is ahead of it by so many


def standing(database: Database) -> str:
    """Why a person must look before anything is mailed, as the store itself says it; empty when it says nothing.

    AwayError when the store was moved away, or is only being moved here.
    """
    with database.reading() as connection:
        said: dict[str, str] = dict(ask(connection, _STANDING))
    if MOVED in said or MOVING in said:
        database.engine.dispose()
    if MOVED in said:
        raise AwayError(f"{said[MOVED]}; write that as store.url in config.toml")
    if MOVING in said:
        raise AwayError("a store is being moved here and is not all here yet; run the same `nurture move-store` again")
    return said.get(RESTORED, "")


def first_mark(database: Database) -> Mark:
    """What the store says of itself; a new store gets its id here."""
    with database.reading() as connection:
        if connection.execute(select(INSTALLATION.c.store)).first() is not None:
            return read_mark(connection)
    with database.writing(durable=True) as connection:  # whoever is handed the id believes that it stays
        if connection.execute(select(INSTALLATION.c.store)).first() is None:
            row = {"store": secrets.token_hex(16), "counter": 0}
            connection.execute(INSTALLATION.insert(), row)
        return read_mark(connection)


def count_on(connection: Connection) -> Mark:
    """One more commit, within its transaction; write the mark to the installation file after it."""
    connection.execute(_COUNT_ON)
    return read_mark(connection)


def begin_anew(connection: Connection, path: Path | None) -> Mark:
    """One more commit, of a store that is accepted after a copy or a restore; `path` is the installation's file.

    A folder that was copied whole has the other installation's owner in it: a new one is drawn, so that two that
    work on one database never take each other's claims for their own. What daemons said of themselves goes: one that
    lives says it again. A restored store that one person accepted is accepted for every machine: its counter goes on
    far from where any was, so that no other one that works on this database is ahead of it by what was lost. A copy's
    does not: should the original's machine be led to it, it is behind.
    """
    far = _far_beyond(connection, path)
    if path is not None:
        path.with_name("owner").unlink(missing_ok=True)
        owner_of(path)
    connection.execute(delete(RUNNER))
    connection.execute(delete(DECLARATION).where(DECLARATION.c.name == RESTORED))
    if far:
        connection.execute(update(INSTALLATION).values(counter=far))
    return count_on(connection)


def _far_beyond(connection: Connection, path: Path | None) -> int:
    """Where the counter of a restored store goes on, beyond what this installation knew of it; 0 for a copy."""
    mark, known = read_mark(connection), read_file(path) if path is not None else None
    ours = known is not None and known.mark.store == mark.store
    newest = max(mark.counter, known.mark.counter) if known is not None and ours else mark.counter
    here = known is not None and path is not None and (known.seat is None or known.seat.is_that_of(seat_of(path)))
    restored = declared(connection, RESTORED) is not None or (here and mark.counter < newest)
    return newest + _FAR if restored else 0


def secret(connection: Connection, name: str, at: int) -> bytes:
    """The newest secret of that name, made by chance when there is none."""
    asked = select(SECRET.c.value).where(SECRET.c.name == name).order_by(SECRET.c.id.desc()).limit(1)
    found = connection.execute(asked).scalar()
    if found is None:
        found = secrets.token_bytes(SECRET_BYTES)
        connection.execute(insert(SECRET), {"name": name, "value": found, "since": at})
    return bytes(found)


def new_secret(connection: Connection, name: str, at: int) -> int:
    """Draw one more secret of that name, and answer how many there are now; the older ones stay."""
    connection.execute(insert(SECRET), {"name": name, "value": secrets.token_bytes(SECRET_BYTES), "since": at})
    return len(all_secrets(connection, name))


def all_secrets(connection: Connection, name: str) -> tuple[bytes, ...]:
    """Every secret of that name, the newest first."""
    asked = select(SECRET.c.value).where(SECRET.c.name == name).order_by(SECRET.c.id.desc())
    return tuple(bytes(value) for value in connection.execute(asked).scalars())


def declare(connection: Connection, name: str, words: str, at: int) -> None:
    """Keep what was stated under a name; the newest words win."""
    connection.execute(delete(DECLARATION).where(DECLARATION.c.name == name))
    connection.execute(insert(DECLARATION), {"name": name, "at": at, "words": words})


def declared(connection: Connection, name: str) -> str | None:
    """What was stated under a name; None when nothing was."""
    return connection.execute(select(DECLARATION.c.words).where(DECLARATION.c.name == name)).scalar()


def declared_at(connection: Connection, name: str) -> datetime | None:
    """When something was stated under a name (UTC); None when nothing was."""
    at = connection.execute(select(DECLARATION.c.at).where(DECLARATION.c.name == name)).scalar()
    return None if at is None else instant(at)


def undeclare(connection: Connection, name: str) -> None:
    """Nothing is stated under that name any more."""
    connection.execute(delete(DECLARATION).where(DECLARATION.c.name == name))


@dataclass(frozen=True, slots=True)
class Remembered:
    """What an installation's file holds; without `seat`, it was written by a version that did not say where."""

    mark: Mark
    seat: Seat | None


def read_file(path: Path) -> Remembered | None:
    """What the installation remembers; None when there is no file yet. A damaged file is a ValueError."""
    if not path.exists():
        return None
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        seat = found.get("seat")
        return Remembered(
            Mark(str(found["store"]), int(found["counter"])),
            Seat(int(seat["folder"]), str(seat["path"]), str(seat["machine"])) if seat else None,
        )
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"{path} is damaged; restore it, or delete it and accept the store again") from error


def write_file(path: Path, mark: Mark) -> None:
    """Remember the mark, and where that was; a reader sees the old file or the new one, never half of one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, half = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")  # one each: two may write at a time
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(json.dumps({"store": mark.store, "counter": mark.counter, "seat": asdict(seat_of(path))}) + "\n")
        os.replace(half, path)
    finally:
        Path(half).unlink(missing_ok=True)


def keep_file(path: Path, mark: Mark, remembered: Remembered | None) -> None:
    """Remember the mark as the store is opened. On a full disk an older one stays: by it the store is only ahead."""
    try:
        write_file(path, mark)
    except OSError:
        if remembered is None:
            raise


def halted_because(store: Mark, remembered: Remembered | None, path: Path) -> str:
    """Why this store must not mail yet; empty when it may. `path` is where the installation's file lies now."""
    if remembered is None:
        if store.counter == 0:
            return ""
        return "this store has worked before, but not in this installation: it looks like a copy"
    if store.store != remembered.mark.store:
        return "this store has another id than this installation's: it is a copy, or the wrong file"
    if remembered.seat is not None and not remembered.seat.is_that_of(seat_of(path)):
        return "this project was copied here: it worked in another folder or on another machine before"
    if store.counter < remembered.mark.counter:
        behind = remembered.mark.counter - store.counter
        if behind >= _FAR:
            return "this store is of a time before it was last accepted: it looks like a restored backup"
        return f"this store is {behind} commits behind its installation: it looks like a restored backup"
    return ""


def owner_of(path: Path) -> str:
    """The name under which this installation claims mails, the same at every start, until a copy is accepted.

    `path` is the installation's file. The name has the machine in it, since folders are copied to others; and chance,
    since machines are called alike.
    """
    file = path.with_name("owner")
    if not file.exists():
        file.parent.mkdir(parents=True, exist_ok=True)
        handle, half = tempfile.mkstemp(dir=file.parent, prefix=".owner.")
        with os.fdopen(handle, "w", encoding="utf-8") as new:
            new.write(secrets.token_hex(8))
        with suppress(FileExistsError):  # another process was quicker: theirs it is
            os.link(half, file)
        Path(half).unlink()
    return f"{socket.gethostname()} {file.read_text(encoding='utf-8')}"
