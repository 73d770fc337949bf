"""A first look at a store that changes nothing: whether it is there, can be reached, and its tables are the newest."""

from dataclasses import dataclass
from enum import Enum

from sqlalchemy import inspect
from sqlalchemy.exc import SQLAlchemyError

from nurture.store.database import connect
from nurture.store.migrate import version_of
from nurture.store.tables import HEAD
from nurture.store.world_faults import in_words


class Reach(Enum):
    """How far one gets."""

    ready = "ready"
    absent = "absent"
    behind = "behind"
    unreachable = "unreachable"


@dataclass(frozen=True, slots=True)
class Probe:
    """How far one gets, in words why no further, and the cure; no word holds the address, which may hold a password."""

    reach: Reach
    words: str = ""
    cure: str = ""


def probe(url: str) -> Probe:
    """Look at the store behind a SQLAlchemy URL; nothing is made, nothing migrated."""
    try:
        database = connect(url, make_folder=False)
        if database.file is not None and not database.file.exists():
            return Probe(Reach.absent, f"there is no file {database.file.name} yet")
        try:
            with database.reading() as connection:
                version, empty = version_of(connection), not inspect(connection).has_table("person")
        finally:
            database.engine.dispose()
    except (SQLAlchemyError, ImportError) as error:
        return Probe(Reach.unreachable, str(getattr(error, "orig", None) or type(error).__name__), in_words(error))
    if empty:
        return Probe(Reach.absent, "the database has no tables yet")
    return Probe(Reach.ready) if version == HEAD else Probe(Reach.behind, f"tables {version}, wanted {HEAD}")
