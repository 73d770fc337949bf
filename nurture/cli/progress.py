"""A bar for work over a second, on standard error and only on a terminal; elsewhere nothing is drawn."""

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import click

PATIENCE = 1.0  # seconds before the bar appears

Tell = Callable[[int], None]


def is_plain() -> bool:
    """Whether nothing but text may be written: TERM=dumb, or NO_COLOR (no-color.org). A bar hides the cursor."""
    return os.environ.get("TERM") == "dumb" or bool(os.environ.get("NO_COLOR"))


@contextmanager
def progress(label: str, total: int) -> Iterator[Tell]:
    """Give a function that is told how far the work has come, out of `total`."""
    from nurture.wiring import stopwatch

    if not sys.stderr.isatty() or total <= 0 or is_plain():
        yield lambda _done: None
        return
    elapsed = stopwatch()
    bar = click.progressbar(length=total, label=label, file=sys.stderr)
    shown = False

    def tell(done: int) -> None:
        nonlocal shown
        if not shown and elapsed() < PATIENCE:
            return
        if not shown:
            shown = True
            bar.__enter__()
        bar.update(done - bar.pos)

    try:
        yield tell
    finally:
        if shown:
            bar.__exit__(None, None, None)
