"""What arrives for people: one row in the agenda for each, so that the next tick looks at them."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, bindparam, delete, func, select

from nurture.store.database import bucket, insert_many, write_many
from nurture.store.tables import AGENDA, EVENT

_FORGET_ARRIVAL = delete(AGENDA).where(
    AGENDA.c.person == bindparam("person_"), AGENDA.c.kind == "arrival", AGENDA.c.due_at == bindparam("due_")
)


def expect(connection: Connection, events: Sequence[Mapping[str, Any]], new: Collection[str]) -> None:
    """One row in the agenda for each person and instant at which something arrives for them."""
    newest = connection.execute(select(func.max(EVENT.c.number))).scalar_one()
    due = sorted({(row["person"], row["known_at"]) for row in events})
    old = [{"person_": person, "due_": at} for person, at in due if person not in new]
    if old:
        write_many(connection, _FORGET_ARRIVAL, old)
    insert_many(
        connection,
        AGENDA,
        [
            {"person": person, "kind": "arrival", "due_at": at, "bucket": bucket(person), "number": newest}
            for person, at in due
        ],
    )
