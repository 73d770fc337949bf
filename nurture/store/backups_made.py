"""When backups of a store were made, as the store itself keeps it: of that the alarm follows that they stopped."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import pairwise

from sqlalchemy import Connection, inspect

from nurture.store.codec import decoded, encoded, instant, micros
from nurture.store.database import Database
from nurture.store.installation import declare, declared
from nurture.store.tables import DECLARATION

_MADE = "backups made"  # declared: the instants of the newest, in microseconds
NEWEST = 8  # days: of each with a backup the last one is kept
HABIT = 4  # days; on fewer they were made by hand now and then, and nothing is expected
AT_LEAST, PAST = timedelta(days=2), timedelta(days=56)  # of silence, to be missed; and not to be, any more


def made(connection: Connection) -> tuple[datetime, ...]:
    """The last backup (UTC) of each of the newest days that had one, in their order."""
    said = declared(connection, _MADE)
    return tuple(map(instant, decoded(said))) if said else ()


def remember(database: Database, now: datetime) -> None:
    """One more was made; a store of the first tables of all keeps nothing of it."""
    with database.writing() as connection:
        if inspect(connection).has_table(DECLARATION.name):
            newest = [*(at for at in made(connection) if at.date() != now.date()), now][-NEWEST:]
            declare(connection, _MADE, encoded([micros(at) for at in newest]), micros(now))


def missed(made: Sequence[datetime], now: datetime) -> timedelta | None:
    """The longest rest between backups, where the last one is more than three times as long ago; else None.

    Never before the second day, and no more after 56: then it is meant so.
    """
    if len(made) < HABIT:
        return None
    rest = max(after - before for before, after in pairwise(made))
    return rest if max(AT_LEAST, 3 * rest) < now - made[-1] <= PAST else None
