"""Bringing a store to the newest tables by hand: what will be done, and doing it beside those who are at work.

It is one transaction: two who do it at once do it once, and whoever is killed has done nothing.
"""

from collections.abc import Callable
from pathlib import Path

from sqlalchemy import inspect
from sqlalchemy.exc import OperationalError

from nurture.model.values import dataclass
from nurture.store import migrate
from nurture.store.database import Database
from nurture.store.installation import standing
from nurture.store.tables import BESIDE, DECLARATION, HEAD

TRIES, PAUSE = 20, 2.0  # how often a table is asked for that others are reading, and seconds in between
BUSY = "55P03"  # what PostgreSQL calls a lock that was not had in time


class UpgradeError(ValueError):
    """The store cannot be upgraded as it stands; the words say why, and what to do."""


@dataclass(frozen=True, slots=True)
class Step:
    """One migration: its number, and in words what it is for."""

    number: str
    words: str


@dataclass(frozen=True, slots=True)
class Pending:
    """What an upgrade would do; `beside` says whether those who run the older nurture may go on meanwhile and after."""

    version: str
    to: str
    steps: tuple[Step, ...] = ()
    beside: bool = True


def pending(database: Database) -> Pending:
    """What is to be done; UpgradeError when there is no store, or a newer one."""
    with database.reading() as connection:
        found, version = migrate.standing_of(connection)
        tells = inspect(connection).has_table(DECLARATION.name)  # the first tables of all did not have it
    if found is migrate.Standing.absent:
        raise UpgradeError("there is no store yet; the first command makes it, with the newest tables")
    if found in (migrate.Standing.newer, migrate.Standing.newer_beside):
        raise UpgradeError(f"the store has newer tables ({version}) than this nurture knows ({HEAD}); upgrade nurture")
    if tells:
        standing(database)
    if found is migrate.Standing.ours:
        return Pending(version, HEAD)
    return Pending(version, HEAD, _steps(version), version >= BESIDE)


def _steps(version: str) -> tuple[Step, ...]:
    from alembic.config import Config
    from alembic.script import ScriptDirectory

    config = Config()
    config.set_main_option("script_location", str(migrate.migrations_folder()))
    scripts = list(ScriptDirectory.from_config(config).iterate_revisions("head", version or "base"))
    return tuple(Step(one.revision, (one.doc or "").splitlines()[0]) for one in reversed(scripts))


def upgrade(database: Database, pause: Callable[[float], object]) -> Path | None:
    """Do it; the path of the copy that was made before, of a file. UpgradeError when others never let a table go.

    A table that somebody reads is waited for only shortly, since whoever comes later waits behind us; then they are let
    through, and it is tried again.
    """
    if database.file is not None:
        return migrate.bring_up_to_date(database)
    for _ in range(TRIES):
        try:
            migrate.upgrade(database)
        except OperationalError as fault:
            if getattr(fault.orig, "sqlstate", None) != BUSY:
                raise
            pause(PAUSE)
        else:
            return None
    raise UpgradeError("others hold the tables all the time; nothing was changed: stop what works with the store")
