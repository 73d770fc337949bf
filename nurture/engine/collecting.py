"""Python's search for cycles of objects, kept out of stretches that make many values and no cycles."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager

SELDOM = 50_000  # values made and still there, of a kind that can hold others; Python itself takes 700


@contextmanager
def seldom_collected() -> Iterator[None]:
    """Inside, cycles are searched for a seventieth as often, but they are: for stretches that last long.

    A batch of mails on its way is some ten thousand values, each of which every search goes through: a tenth of what
    handing over takes. What is in no cycle is gone at once, as ever.
    """
    usual = gc.get_threshold()
    gc.set_threshold(SELDOM, *usual[1:])
    try:
        yield
    finally:
        gc.set_threshold(*usual)


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
