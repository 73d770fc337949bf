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

NO_ANSWER = (
    "no PostgreSQL answers there: is it running, are host and port of store.url right, does a firewall let it in"
)
NO_HOST = "no such host is known: look at the host of store.url, and at the name server"
LOCKED_OUT = "the password is wrong or missing: store.url_env names the variable that holds the whole address with it"
NO_ROLE = "the server does not know this user: `createuser NAME`, or another user in store.url"
NO_DATABASE = "make it: `createdb -T template0 -E UTF8 NAME`, or name another in store.url"
NOT_LET_IN = "the server lets this user in from here only if its pg_hba.conf says so"
TOO_MANY = "as many are connected as the server allows: raise its max_connections, or run fewer workers"
NO_OPTION = "what stands after the ? of store.url must be parameters of PostgreSQL's connections, such as sslmode"
STARTING = "the server is starting, stopping or restoring; what runs goes on by itself once it is there"
LOST = "the connection was cut: the server was restarted, or the network fell out; what was not committed is not there"
NO_RIGHTS = (
    "this user may not do that in the database: let it own the database, or `GRANT CREATE, USAGE ON SCHEMA public`"
)
STANDBY = "the server is a standby, which may only be read: name the primary in store.url"
SERVER_FULL = "the disk of the server is full; make room there; nothing is lost"
DEADLOCK = "two writers stood in each other's way and this one was turned back; run the same command again"
GIVEN_UP = "somebody there ended what was asked, or a limit of the server did; what was not committed is not there"

_OF_POSTGRESQL = (  # by SQLSTATE, whatever language the server speaks: the longest beginning that fits counts
    ("55P03", LOCKED),
    ("40P01", DEADLOCK),
    ("40001", DEADLOCK),
    ("28P01", LOCKED_OUT),
    ("28000", NOT_LET_IN),
    ("3D000", NO_DATABASE),
    ("53300", TOO_MANY),
    ("53100", SERVER_FULL),
    ("57P01", LOST),
    ("57P02", LOST),
    ("57P03", STARTING),
    ("57P05", LOST),
    ("25P03", LOST),
    ("25P04", LOST),
    ("57014", GIVEN_UP),
    ("08", LOST),
    ("42501", NO_RIGHTS),
    ("3F000", NO_RIGHTS),
    ("25006", STANDBY),
)
_OF_CONNECTING = (  # libpq says no SQLSTATE when it could not connect
    ("invalid connection option", NO_OPTION),
    ("could not translate host name", NO_HOST),
    ("failed to resolve host", NO_HOST),
    ("name or service not known", NO_HOST),
    ("the database system", STARTING),
    ("pg_hba.conf", NOT_LET_IN),
    ("password", LOCKED_OUT),
    ("too many", TOO_MANY),
    ("role", NO_ROLE),
    ("database", NO_DATABASE),
    ("remaining connection slots", TOO_MANY),
    ("timeout expired", NO_ANSWER),
    ("couldn't get a connection", NO_ANSWER),
    ("pool initialization incomplete", NO_ANSWER),
    ("could not connect", NO_ANSWER),
    ("connection refused", NO_ANSWER),
    ("closed", LOST),
    ("terminating connection", LOST),
    ("consuming input failed", LOST),
    ("lost", LOST),
    ("connection failed", NO_ANSWER),
    ("connection to server", NO_ANSWER),
)
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
    driver = getattr(error, "orig", None)
    if driver is None and type(error).__module__.startswith("psycopg"):
        driver = error  # of a connection that is not the store's
    if type(driver).__module__.startswith("psycopg"):
        return _of_postgresql(driver)
    said = str(driver or "").lower()
    return next((words for sign, words in _OF_SQLITE if sign in said), "")


_AWAY = frozenset({NO_ANSWER, NO_HOST, TOO_MANY, STARTING, LOST})
_SHUT = frozenset({LOCKED_OUT, NO_ROLE, NO_DATABASE, NOT_LET_IN, NO_RIGHTS, STANDBY, SERVER_FULL})


def away(error: BaseException) -> bool:
    """Whether the database is only not to be had for now: the server stands up again, or the network comes back."""
    return in_words(error) in _AWAY


def waits_for_it(words: str) -> bool:
    """Whether these are words of `in_words` for a database that cannot be worked with for now: one may wait."""
    return words in _AWAY or words in _SHUT


def said_by(error: BaseException) -> str:
    """What the system or the database itself says, in one line; never more, since it could quote somebody's row."""
    driver = getattr(error, "orig", None)
    if not type(driver).__module__.startswith("psycopg"):
        return str(driver or getattr(error, "strerror", None) or type(error).__name__)
    diagnosis = getattr(driver, "diag", None)
    told = getattr(diagnosis, "message_primary", None) or (str(driver) if _failed_to_connect(driver) else "")
    return " ".join(told.split()) or type(driver).__name__


def _failed_to_connect(driver: object) -> bool:
    name = type(driver).__name__
    of_address = name == "ProgrammingError" and str(driver).startswith("invalid connection option")
    return of_address or name in ("OperationalError", "ConnectionTimeout", "InterfaceError", "PoolTimeout")


def _of_postgresql(driver: object) -> str:
    state = getattr(driver, "sqlstate", None)
    if state:
        return next((words for sign, words in _OF_POSTGRESQL if str(state).startswith(sign)), "")
    said = str(driver).lower() if _failed_to_connect(driver) else ""
    said = said.rpartition("fatal:")[2] if "fatal:" in said else said
    return next((words for sign, words in _OF_CONNECTING if sign in said), "")
