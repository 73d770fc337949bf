"""Config becomes everything built: the only constructor, and the only place that knows what time it is."""

import fcntl
import gc
import json
import logging
import os
import secrets
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TextIO

from nurture import observe
from nurture.config import FILE, Config, erases, read_config, sending_problems
from nurture.deliver.folder import Folder
from nurture.deliver.protocol import Provider
from nurture.engine.faults import RefusedError, StateError
from nurture.engine.live import LiveBook, live_book
from nurture.engine.one_country import one_country_at_a_time
from nurture.engine.workshop import Workshop
from nurture.links import STORED_AS, Links
from nurture.model.place import Place, Problem
from nurture.model.values import dataclass
from nurture.store.database import CACHE, Database, connect
from nurture.store.erasures import FORGOTTEN_AGAIN
from nurture.store.forgetting import Forgetting
from nurture.store.installation import Mark, owner_of, write_file
from nurture.store.migrate import SchemaError
from nurture.store.open import Store, open_store
from nurture.store.peek import peek_version
from nurture.store.probe import Reach, probe
from nurture.store.runner import Runner, runners
from nurture.store.seats import Seat, Taken
from nurture.store.tables import BESIDE, HEAD

DAEMON, ONCE, WORKER = "daemon", "once", "worker"  # who holds a project's run lock
UNMISTAKEN = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"
LOOK_AGAIN = 0.2  # seconds between two looks at a lock that another holds
_HELD = set[Path]()  # the run locks of this process
GLANCES, GLANCE = 3, 0.01  # looks at a lock, and seconds between them, before somebody is taken to hold it


def now() -> datetime:
    """The present instant, in UTC."""
    return datetime.now(UTC)


def stopwatch() -> Callable[[], float]:
    """A function that tells the seconds since it was made, whatever the clock does; never for deciding."""
    begun = time.monotonic()
    return lambda: time.monotonic() - begun


def looked_at(root: Path) -> tuple[Config | None, Sequence[Problem], bool]:
    """The project's configuration, or every problem of config.toml; and whether there is such a file."""
    file = root / FILE
    try:
        text = file.read_text(encoding="utf-8-sig") if file.is_file() else None
    except UnicodeDecodeError as error:
        return (
            None,
            [Problem("E100", Place(FILE), f"{FILE} is not UTF-8 (byte {error.start + 1})", "save it as UTF-8")],
            True,
        )
    return *read_config(root, text, os.environ), text is not None


def configuration(root: Path) -> Config:
    """The project's configuration; RefusedError with every problem of config.toml and its line."""
    config, problems, _ = looked_at(root)
    if config is None:
        raise RefusedError(f"{FILE} is not right:\n  " + "\n  ".join(in_words(problems)))
    return config


def ready_to_send(config: Config) -> None:
    """RefusedError with all that keeps this installation from sending; asked before a run, not before `explain`."""
    problems = sending_problems(config)
    if problems:
        raise RefusedError("nothing can be sent like this:\n  " + "\n  ".join(in_words(problems)))


def in_words(problems: Sequence[Problem]) -> list[str]:
    """One line a problem: place, what is wrong, the cure."""
    return [f"{p.place}: {p.message}{f' ({p.hint})' if p.hint else ''}" for p in problems]


@dataclass(frozen=True, slots=True)
class Holder:
    """Who is at work in a project: a daemon or a single run, its process, and since when (UTC)."""

    kind: str
    process: int
    since: datetime


class RunLock:
    """One at work at a time in a project, on PostgreSQL on a store: whatever the folder and the machine.

    The lock of a process that is killed is free at once.
    """

    def __init__(self, root: Path) -> None:
        config = configuration(root)
        self._path = config.installation.with_name("run.lock")
        self._file: TextIO | None = None
        self._seat = seat_of(config, alone=True) if on_postgresql(config) else None

    def take(self, kind: str) -> Holder | None:
        """Take it and answer None; or answer who holds it. Does not wait."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        file = self._path.open("a+", encoding="utf-8")
        if not _locked(file, fcntl.LOCK_EX):
            file.seek(0)
            said = file.read()
            file.close()
            return holder_of(said)
        file.truncate(0)
        file.write(json.dumps({"kind": kind, "process": os.getpid(), "since": now().isoformat()}) + "\n")
        file.flush()
        self._file = file
        _HELD.add(self._path)
        if self._seat is None or self._seat.take():
            return None
        self.release()
        return at_work(self._seat.database)

    def held(self) -> bool:
        """Whether it is still ours: on PostgreSQL, nobody may have come in while the database was away."""
        return self._seat is None or self._seat.held()

    @property
    def free(self) -> bool:
        """Whether nobody has it; asked without taking it."""
        if not self._path.exists():
            return True
        with self._path.open(encoding="utf-8") as file:
            return _locked(file, fcntl.LOCK_SH)

    def release(self) -> None:
        """Let it go; nothing happens when it was not taken."""
        if self._seat is not None:
            self._seat.release()
        if self._file is not None:
            _HELD.discard(self._path)
            self._file.close()
            self._file = None

    @property
    def other(self) -> Holder | None:
        """Another process that has it; asked without taking it."""
        return None if self._path in _HELD or self.free else holder_of(self._path.read_text(encoding="utf-8"))


def on_postgresql(config: Config) -> bool:
    """Whether the store lies where many can work on it."""
    return config.store_url.startswith("postgresql")


def seat_of(config: Config, alone: bool, own: bool = False) -> Seat:
    """A place at work on the store, not taken yet; with `own` under a name that no other process has."""
    name = owner_of(config.installation) + (f" {secrets.token_hex(4)}" if own else "")
    return Seat(connect(config.store_url), name, alone)


def at_work(database: Database) -> Holder:
    """Who has the store, by what they said of themselves last; a single run says nothing."""
    with database.reading() as connection:
        said = [one for one in runners(connection) if not one.ended]
    taken = Taken(database)
    database.engine.dispose()
    live = [one for one in said if taken.has(one.name)]
    if live:
        return Holder(live[0].kind, live[0].process, live[0].started_at)
    return Holder(WORKER if taken.workers else ONCE, 0, now())


def refuse_stranger(config: Config, join: bool) -> None:
    """RefusedError for a store that has worked before, but not in this installation, unless a person says `join`."""
    if config.installation.exists():
        return
    store = open_store(config.store_url)
    counter = store.counter
    store.close()
    if counter and not join:
        raise RefusedError(
            "this store has worked before, but not from here. If it is the shop's own and this machine is to work on "
            "it beside others, run `nurture worker --join` once. Of a copy of it no mail must go."
        )
    if counter:
        write_file(config.installation, Mark(store.id, counter))


def _locked(file: TextIO, how: int) -> bool:
    """Whether a file could be locked. Somebody who only asks whether it is free has it for a moment."""
    for _ in range(GLANCES):
        try:
            fcntl.flock(file, how | fcntl.LOCK_NB)
        except BlockingIOError:
            time.sleep(GLANCE)
        else:
            return True
    return False


def gone(root: Path) -> Callable[[Runner], bool]:
    """Whether a daemon that did not say goodbye is gone: one of this installation, whose process has its lock no more.

    Nothing is known of a daemon that works from another installation, but on PostgreSQL: there all are connected.
    """
    config = configuration(root)
    if on_postgresql(config):
        database = connect(config.store_url)
        taken = Taken(database)
        database.engine.dispose()
        return lambda one: not (one.ended or (taken.daemon if one.kind == DAEMON else taken.has(one.name)))
    lock, ours = RunLock(root), owner_of(config.installation)
    return lambda runner: not runner.ended and runner.name == ours and lock.free


def holder_of(said: str) -> Holder:
    """What a holder wrote; one that has not come to writing yet is a single run without a number."""
    try:
        found = json.loads(said)
        return Holder(str(found["kind"]), int(found["process"]), datetime.fromisoformat(found["since"]))
    except (ValueError, KeyError, TypeError):
        return Holder(ONCE, 0, now())


def mint(places: int) -> str:
    """So many letters and digits, drawn by chance, but for those mistaken for one another (0 and O, 1, I and L)."""
    return "".join(secrets.choice(UNMISTAKEN) for _ in range(places))


@contextmanager
def alone(root: Path, wait: Callable[[], None]) -> Iterator[Holder | None]:
    """One round at a time in a project: None when it is ours, at once or after another's; else the daemon at work.

    `wait` is called before waiting for another single round. A daemon is not waited for: it does the work itself.
    """
    lock, told = RunLock(root), False
    while (holder := lock.take(ONCE)) is not None and holder.kind == ONCE:
        if not told:
            wait()
            told = True
        time.sleep(LOOK_AGAIN)
    try:
        yield holder
    finally:
        lock.release()


@contextmanager
def stopped(root: Path) -> Iterator[None]:
    """Nobody works in the project while it lasts, and no daemon starts to; StateError when somebody does."""
    lock = RunLock(root)
    if (holder := lock.take(ONCE)) is not None:
        raise StateError(f"{_who(holder)} is at work here. Stop it first.")
    try:
        yield
    finally:
        lock.release()


def _who(holder: Holder) -> str:
    who = {DAEMON: "a daemon", WORKER: "a worker"}.get(holder.kind, "another command")
    return f"{who} (process {holder.process}, since {holder.since:%Y-%m-%d %H:%M} UTC)" if holder.process else who


def refuse_beneath(root: Path, config: Config) -> None:
    """StateError while an older nurture works with a file whose tables it would lose to whoever opens the store now.

    It would read and write on by what it knows of them. On PostgreSQL no tables change until `nurture upgrade`.
    """
    version = peek_version(config.store_url)
    if not version or version >= BESIDE:
        return
    from nurture.engine.moving import LIVELY
    from nurture.store.moving import working

    other, database = RunLock(root).other, connect(config.store_url)
    ours = owner_of(config.installation).split()[-1]  # whatever the machine is called: the run lock answers for us
    names = [name for name in working(database, now() - LIVELY) if name.split()[-1] != ours]
    database.engine.dispose()
    if other is None and not names:
        return
    who = _who(other) if other is not None else f"{names[0]}, seen within 5 minutes,"
    raise StateError(
        f"{who} is at work with the store, whose tables ({version}) are older than this nurture's ({HEAD}); nothing "
        "was changed. An older nurture could not go on with the new ones: stop it first. One that is upgrading the "
        "store is soon done."
    )


@contextmanager
def workshop(root: Path, cache: int = CACHE) -> Iterator[Workshop]:
    """An open project: its store and its way out, closed again at the end.

    `cache`: megabytes of the store that are kept in memory.
    """
    config = configuration(root)
    refuse_beneath(root, config)
    try:
        store = open_store(config.store_url, config.installation, cache)
    except (ValueError, SchemaError) as fault:  # the installation's own file cannot be read, or the tables not used
        raise StateError(str(fault)) from fault
    forget_again(store, config)
    one_country_at_a_time()
    gc.freeze()  # a tenth of an import's time went into looking for garbage among the modules loaded by now
    try:
        yield Workshop(
            root,
            config,
            store,
            provider(config),
            owner_of(config.installation),
            links(config, store),
            lambda name: os.environ.get(name, ""),
            mint,
        )
    finally:
        gc.unfreeze()
        store.close()


@contextmanager
def looked_into(root: Path) -> Iterator[Workshop | None]:
    """The project opened beside whoever works in it; None where its tables would have to be changed for that."""
    if probe(configuration(root).store_url).reach is not Reach.ready:
        yield None
        return
    with workshop(root, 2) as shop:
        yield shop


def forget_again(store: Store, config: Config) -> None:
    """Whoever was forgotten and is known still, by a backup that was restored or by a cut, is forgotten once more."""
    again = Forgetting(store.database, store.outbox.remember, config.installation).again(store.id, erases(config))
    if again:
        words = f"{again:,} who had been forgotten were known still (a backup, or a cut): they are forgotten again"
        store.declare(FORGOTTEN_AGAIN, words, now())
        observe.note(observe.FORGOTTEN_AGAIN, level=logging.WARNING, people=again)


def provider(config: Config) -> Provider[Any, Any]:
    """The way out that config.toml names; nothing is connected yet."""
    if config.provider == "sendgrid":
        from nurture.deliver.sendgrid import SendGrid

        return SendGrid(config.sendgrid_url, config.sendgrid_key, now, each_request=config.sendgrid_each_request)
    if config.provider == "smtp":
        from nurture.deliver.smtp import Smtp

        return Smtp(
            config.smtp_host, config.smtp_port, config.smtp_security, config.smtp_user, config.smtp_password, now
        )
    return Folder(config.folder)


def links(config: Config, store: Store) -> Links | None:
    """Who makes the addresses in mails; None without `web.url`.

    They carry the store's own id, which a project keeps when it is renamed: a reader can leave for as long as
    the mail exists. Only a store that never made a link is written to.
    """
    if not config.web_url:
        return None
    known = store.secrets(STORED_AS)
    return Links(config.web_url, known[0] if known else store.secret(STORED_AS, now()), store.id)


def live(store: Store) -> LiveBook:
    """The applied book; StateError when nothing was applied yet."""
    found = live_book(store)
    if found is None:
        raise StateError("nothing is live yet. `nurture check`, then `nurture apply`.")
    return found
