"""A first look at a store that changes nothing: whether it is there, can be reached, and its tables are the newest."""

from enum import Enum

from sqlalchemy.exc import SQLAlchemyError

from nurture.model.values import dataclass
from nurture.store.database import connect
from nurture.store.migrate import Standing, standing_of
from nurture.store.tables import HEAD
from nurture.store.world_faults import in_words, said_by


class Reach(Enum):
    """How far one gets."""

    ready = "ready"
    absent = "absent"
    behind = "behind"
    ahead = "ahead"
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
                standing, version = standing_of(connection)
        finally:
            database.engine.dispose()
    except (SQLAlchemyError, ImportError, OSError) as error:
        return Probe(Reach.unreachable, said_by(error), in_words(error))
    if standing is Standing.absent:
        return Probe(Reach.absent, "the database has no tables yet")
    if standing is Standing.newer:
        return Probe(Reach.ahead, f"tables {version}, this nurture knows {HEAD}", "upgrade nurture on this machine too")
    if standing.usable:
        return Probe(Reach.ready)
    by_hand = "" if database.engine.dialect.name == "sqlite" else "make a backup, then run nurture upgrade"
    return Probe(Reach.behind, f"tables {version}, wanted {HEAD}", by_hand)
