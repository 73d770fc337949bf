"""Config becomes everything built: the only constructor, and the only place that knows what time it is."""

import os
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from nurture.config import FILE, Config, read_config
from nurture.engine.faults import RefusedError


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
    text = file.read_text(encoding="utf-8") if file.is_file() else None
    config, problems = read_config(root, text, os.environ)
    if config is None:
        said = [f"{p.place}: {p.message}{f' ({p.hint})' if p.hint else ''}" for p in problems]
        raise RefusedError("config.toml is not right:\n  " + "\n  ".join(said))
    return config
