"""The memory of a process with threads that lives for years."""

import ctypes
import sys

ARENAS = -8  # M_ARENA_MAX of the GNU C library


def shared_by_all_threads() -> None:
    """From now on new threads have no memory of their own; told before the first of them begins.

    The GNU C library gives each thread an arena, what is free in one is of no use to the others, and a daemon has
    a handful of threads of which one works at a time: 10 MB and more. Other systems have nothing to tell.
    """
    tell = getattr(ctypes.CDLL(None), "mallopt", None) if sys.platform == "linux" else None
    if tell is not None:
        tell(ARENAS, 1)
