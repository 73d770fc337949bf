"""Writing the rows of a page of decisions: each table by one statement, and only what moved."""

from collections.abc import Collection, Sequence
from datetime import datetime
from operator import itemgetter
from typing import Any

from sqlalchemy import Connection, Update, bindparam, delete, select, update

from nurture.store.afterwards import mark_clicks
from nurture.store.cancelling import cancel
from nurture.store.codec import micros
from nurture.store.database import Conflict, insert_many, insert_values, write_many
from nurture.store.page import EVERYTHING, REASON_NAMES, Rows
from nurture.store.projections import move
from nurture.store.tables import (
    ADDRESS,
    AGENDA,
    CONSENT,
    DECISION,
    DRAFT,
    ENROLMENT,
    EVENT,
    MESSAGE,
    PERSON,
    PLANNED,
    REASON,
    TASK,
    WEBHOOK,
)

Row = dict[str, Any]


_MOVE_PERSON = update(PERSON).where(
    PERSON.c.id == bindparam("id_"),
    PERSON.c.decided_until == bindparam("until_"),
    PERSON.c.decided_number == bindparam("number_"),
)
_MOVE_ENROLMENT = update(ENROLMENT).where(
    ENROLMENT.c.person == bindparam("person_"),
    ENROLMENT.c.sequence == bindparam("sequence_"),
    ENROLMENT.c.subject == bindparam("subject_"),
)
_MARK_ADDRESS = update(ADDRESS).where(
    ADDRESS.c.key == bindparam("key_"), ADDRESS.c.valid_to.is_(None), ADDRESS.c.state != bindparam("state_")
)


def write(connection: Connection, rows: Rows, now: datetime, horizon: int) -> None:
    """Write a page. Raises Conflict when somebody else decided on one of them, IntegrityError on a doubled key."""
    ids = [row["id_"] for row in rows.people]
    if not ids:
        return
    written = _move_people(connection, rows)
    if written != len(ids):
        raise Conflict(f"{len(ids) - written} of {len(ids)} people were decided on by somebody else")
    _clear_agenda(connection, ids, now, horizon)
    for table, new in (
        (AGENDA, rows.agenda),
        (EVENT, rows.events),
        (ENROLMENT, rows.started),
        (MESSAGE, rows.messages),
        (PLANNED, rows.planned),
        (DRAFT, rows.drafts),
        (TASK, rows.tasks),
        (WEBHOOK, rows.webhooks),
        (DECISION, rows.journal),
    ):
        insert_many(connection, table, new)
    insert_values(connection, REASON, REASON_NAMES, rows.reasons)
    _in_two(connection, _MOVE_ENROLMENT, rows.moved, rows.stepped, _STEPPED)
    if rows.addresses:
        write_many(connection, _MARK_ADDRESS, rows.addresses)
    if rows.consents_of:
        _write_consents(connection, rows)
    mark_clicks(connection, rows.clicked)
    if rows.cancelled:
        cancel(connection, rows.cancelled, now)
    if rows.projected:
        move(connection, rows.projected)


def _move_people(connection: Connection, rows: Rows) -> int:
    """How many rows were as they had been read, and are written."""
    return _in_two(connection, _MOVE_PERSON, rows.people, rows.in_place, _IN_PLACE)


# Of who stays in place, and of enrolments that only step on, no column moves that stands in an index.
_IN_PLACE = ("id_", "until_", "number_", "state", "decided_until", "decided_number")
_STEPPED = ("person_", "sequence_", "subject_", "step", "due_at", "goal_at")


def _in_two(
    connection: Connection, statement: Update, rows: Sequence[Row], few: Collection[int], names: tuple[str, ...]
) -> int:
    """Write rows whole, but of those whose places are among the few no more than these columns."""
    whole = [row for place, row in enumerate(rows) if place not in few]
    written = write_many(connection, statement, whole) if whole else 0
    if few:
        of_few = itemgetter(*names)
        written += write_many(
            connection, statement, [dict(zip(names, of_few(rows[place]), strict=True)) for place in few]
        )
    return written


def _write_consents(connection: Connection, rows: Rows) -> None:
    """Replace the consents that changed; an answer that stands keeps its wording and the address it was given at."""
    of_these = CONSENT.c.person.in_(rows.consents_of)
    stored = connection.execute(select(CONSENT).where(of_these)).mappings().all()
    known = {(row["person"], row["topic"]): dict(row) for row in stored}
    connection.execute(delete(CONSENT).where(of_these))
    kept = [_standing(known.get((row["person"], row["topic"])), row) for row in rows.consents]
    insert_many(connection, CONSENT, kept)


def _standing(old: Row | None, new: Row) -> Row:
    if old is None or old["given"] != new["given"]:
        return new
    stands = old["since"] == new["since"] and old["until"] == new["until"]
    return old if stands or new["topic"] == EVERYTHING else new


def _clear_agenda(connection: Connection, ids: Sequence[str], now: datetime, horizon: int) -> None:
    """Take away what was looked at; what arrived while we were deciding stays."""
    of_these = AGENDA.c.person.in_(ids)
    seen = (AGENDA.c.due_at <= micros(now)) & (AGENDA.c.number <= horizon)
    connection.execute(delete(AGENDA).where(of_these, (AGENDA.c.kind == "wake") | seen))
