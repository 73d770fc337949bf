"""Who a contact is today: whatever named one that was merged into another leads to that other, for ever."""

from collections.abc import Sequence

from sqlalchemy import Connection, select

from nurture.store.database import Database, pages
from nurture.store.tables import MERGED


def today(connection: Connection, person: str) -> str:
    """Themselves, or whom they were merged into."""
    found = connection.execute(select(MERGED.c.person).where(MERGED.c.old == person)).scalar()
    return person if found is None else str(found)


def whose(database: Database, person: str) -> str:
    """`today`, in a transaction of its own."""
    with database.reading() as connection:
        return today(connection, person)


def renamed(connection: Connection, ids: Sequence[str]) -> dict[str, str]:
    """Whom those of these ids that were merged into others are today."""
    return {
        old: person
        for page in pages(ids)
        for old, person in connection.execute(select(MERGED.c.old, MERGED.c.person).where(MERGED.c.old.in_(page)))
    }


def given_up(connection: Connection, ids: Sequence[str]) -> set[str]:
    """Which of these ids were merged into others: they are never used again."""
    return set(renamed(connection, ids))
