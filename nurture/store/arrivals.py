"""What arrives for people: one row in the agenda for each, so that the next tick looks at them."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, func, select, text
from sqlalchemy.dialects.sqlite import insert

from nurture.store.database import bucket, insert_many, write_many
from nurture.store.tables import AGENDA, EVENT

_ARRIVAL = insert(AGENDA)
_EXPECT = _ARRIVAL.on_conflict_do_update(
    index_elements=[AGENDA.c.person, AGENDA.c.kind, AGENDA.c.due_at], set_={"number": _ARRIVAL.excluded.number}
)
_FORGET_ARRIVALS = text(  # PostgreSQL takes many rows quicker by COPY, which knows no conflicts
    "DELETE FROM agenda USING unnest(CAST(:people AS text[]), CAST(:dues AS bigint[])) AS old (person, due_at) "
    "WHERE agenda.person = old.person AND agenda.due_at = old.due_at AND agenda.kind = 'arrival'"
)


def expect(connection: Connection, events: Sequence[Mapping[str, Any]], new: Collection[str]) -> None:
    """One row in the agenda for each person and instant at which something arrives for them."""
    newest = connection.execute(select(func.max(EVENT.c.number))).scalar_one()
    due = sorted({(row["person"], row["known_at"]) for row in events})
    rows = [
        {"person": person, "kind": "arrival", "due_at": at, "bucket": bucket(person), "number": newest}
        for person, at in due
    ]
    if rows and connection.dialect.name != "postgresql":
        write_many(connection, _EXPECT, rows)
        return
    if old := [(person, at) for person, at in due if person not in new]:
        people, dues = map(list, zip(*old, strict=True))
        connection.execute(_FORGET_ARRIVALS, {"people": people, "dues": dues})
    insert_many(connection, AGENDA, rows)
