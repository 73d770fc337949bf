"""Python's search for cycles of objects, kept out of stretches that make many values and no cycles."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def uncollected() -> Iterator[None]:
    """Nothing is searched inside: once costs as much as deciding for 300 people, or a twentieth of a check.

    It goes through all that is loaded, for nothing: people, decisions and what is read of files are frozen values
    without cycles.
    """
    collecting = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if collecting:
            gc.enable()
