"""What arrives for people: one row in the agenda for each, so that the next tick looks at them."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, bindparam, delete, func, select, text

from nurture.store.database import bucket, insert_many, write_many
from nurture.store.tables import AGENDA, EVENT

_FORGET_ARRIVAL = delete(AGENDA).where(
    AGENDA.c.person == bindparam("person_"), AGENDA.c.kind == "arrival", AGENDA.c.due_at == bindparam("due_")
)
_FORGET_ARRIVALS = text(  # PostgreSQL would be sent a statement for each of them
    "DELETE FROM agenda USING unnest(CAST(:people AS text[]), CAST(:dues AS bigint[])) AS old (person, due_at) "
    "WHERE agenda.person = old.person AND agenda.due_at = old.due_at AND agenda.kind = 'arrival'"
)


def expect(connection: Connection, events: Sequence[Mapping[str, Any]], new: Collection[str]) -> None:
    """One row in the agenda for each person and instant at which something arrives for them."""
    newest = connection.execute(select(func.max(EVENT.c.number))).scalar_one()
    due = sorted({(row["person"], row["known_at"]) for row in events})
    old = [{"person_": person, "due_": at} for person, at in due if person not in new]
    if old and connection.dialect.name == "postgresql":
        given = {"people": [row["person_"] for row in old], "dues": [row["due_"] for row in old]}
        connection.execute(_FORGET_ARRIVALS, given)
    elif old:
        write_many(connection, _FORGET_ARRIVAL, old)
    insert_many(
        connection,
        AGENDA,
        [
            {"person": person, "kind": "arrival", "due_at": at, "bucket": bucket(person), "number": newest}
            for person, at in due
        ],
    )
