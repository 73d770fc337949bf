"""What became of mails after they were decided, as the core learned it: cancelled, or clicked."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, bindparam, update

from nurture.model.person import Person
from nurture.store.codec import maybe_micros
from nurture.store.database import write_many
from nurture.store.tables import MESSAGE

Row = dict[str, Any]
_MARK_CLICK = update(MESSAGE).where(MESSAGE.c.key == bindparam("key_"))


def newly_cancelled(person: Person, old: Person) -> list[str]:
    """The keys of mails that are not to go after all."""
    gone = {message.key for message in old.messages if message.cancelled}
    return [one.key for one in person.messages if one.cancelled and one.key not in gone]


def newly_clicked(person: Person, old: Person) -> list[Row]:
    """When mails were clicked that were not before."""
    known = {message.key for message in old.messages if message.clicked_at is not None}
    return [
        {"key_": one.key, "clicked_at": maybe_micros(one.clicked_at)}
        for one in person.messages
        if one.clicked_at is not None and one.key not in known
    ]


def mark_clicks(connection: Connection, rows: Sequence[Row]) -> None:
    """Keep first clicks with their mails."""
    if rows:
        write_many(connection, _MARK_CLICK, rows)
