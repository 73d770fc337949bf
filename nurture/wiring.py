"""Config becomes everything built: the only constructor, and the only place that knows what time it is."""

import fcntl
import gc
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from nurture.config import FILE, Config, read_config
from nurture.deliver.folder import Folder
from nurture.deliver.protocol import Provider
from nurture.engine.applying import LiveBook, live_book
from nurture.engine.faults import RefusedError, StateError
from nurture.engine.workshop import Workshop
from nurture.store.installation import owner_of
from nurture.store.open import Store, open_store


def now() -> datetime:
    """The present instant, in UTC."""
    return datetime.now(UTC)


def stopwatch() -> Callable[[], float]:
    """A function that tells the seconds since it was made; for showing progress, never for deciding."""
    begun = time.monotonic()
    return lambda: time.monotonic() - begun


def configuration(root: Path) -> Config:
    """The project's configuration; RefusedError with every problem of config.toml and its line."""
    file = root / FILE
    try:
        text = file.read_text(encoding="utf-8") if file.is_file() else None
    except UnicodeDecodeError as error:
        raise RefusedError(f"{FILE} is not UTF-8 (byte {error.start + 1}). Save it as UTF-8.") from error
    config, problems = read_config(root, text, os.environ)
    if config is None:
        said = [f"{p.place}: {p.message}{f' ({p.hint})' if p.hint else ''}" for p in problems]
        raise RefusedError("config.toml is not right:\n  " + "\n  ".join(said))
    return config


@contextmanager
def alone(root: Path, wait: Callable[[], None]) -> Iterator[None]:
    """One round at a time in a project; `wait` is called before waiting for another. A killed one leaves no lock."""
    file = configuration(root).installation.with_name("run.lock")
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            wait()
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


@contextmanager
def workshop(root: Path) -> Iterator[Workshop]:
    """An open project: its store and its way out, closed again at the end."""
    config = configuration(root)
    try:
        store = open_store(config.store_url, config.installation)
    except ValueError as damaged:  # the installation's own file cannot be read
        raise StateError(str(damaged)) from damaged
    gc.freeze()  # a tenth of an import's time went into looking for garbage among the modules loaded by now
    try:
        yield Workshop(root, config, store, provider(config), owner_of(config.installation))
    finally:
        gc.unfreeze()
        store.close()


def provider(config: Config) -> Provider[Any, Any]:
    """The way out that config.toml names."""
    return Folder(config.folder)


def live(store: Store) -> LiveBook:
    """The applied book; StateError when nothing was applied yet."""
    found = live_book(store)
    if found is None:
        raise StateError("nothing is live yet. `nurture check`, then `nurture apply`.")
    return found
