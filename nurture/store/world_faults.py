"""Faults of the world around the store, in words of our own: what stands in the way, and how to take it away.

The words of a library are not repeated: they may quote a row.
"""

import errno

LOCKED = "another process has held it for 30 seconds; let it finish, then run the same command again; nothing is lost"
FULL = "the disk is full, or this user's share of it; make room and run the same command again; nothing is lost"
READ_ONLY = "it may only be read: this user may not write to the file or its folder, or the disk is mounted read-only"
NO_FILE = "this user may not write to its folder, the disk is mounted read-only, or store.url names no file"
FAILING = "the disk does not do what it is asked: it is full, failing or gone; look at the system's log, and make room"
TOO_LARGE = "a file may not grow any more: the limit of this process for files is reached (ulimit -f), or the disk's"
DAMAGED = "its file is damaged; restore a backup, then `nurture doctor`"

_OF_SQLITE = (
    ("database is locked", LOCKED),
    ("database table is locked", LOCKED),
    ("readonly database", READ_ONLY),
    ("unable to open database file", NO_FILE),
    ("database or disk is full", FULL),
    ("disk i/o error", FAILING),
    ("malformed", DAMAGED),
    ("file is not a database", DAMAGED),
)
_OF_SYSTEM = {
    errno.ENOSPC: FULL,
    errno.EDQUOT: FULL,
    errno.EFBIG: TOO_LARGE,
    errno.EROFS: READ_ONLY,
    errno.EACCES: READ_ONLY,
    errno.EPERM: READ_ONLY,
    errno.EIO: FAILING,
}


def in_words(error: BaseException) -> str:
    """What stands in the way of the store or a file, and the cure; empty for any other fault."""
    if isinstance(error, OSError):
        return _OF_SYSTEM.get(error.errno or 0, "")
    said = str(getattr(error, "orig", None) or "").lower()
    return next((words for sign, words in _OF_SQLITE if sign in said), "")
