"""Projections worked out anew: what follows from a person's events, compared with what is stored, or rewritten."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Table, bindparam, delete, insert, literal, select, update

from nurture.model.person import Person
from nurture.store.codec import EPOCH, micros
from nurture.store.database import insert_many, pages
from nurture.store.journal import not_decided
from nurture.store.load import Loaded, people
from nurture.store.projections import rewrite, rows_of
from nurture.store.save import person_columns
from nurture.store.state_codec import state_text
from nurture.store.tables import AGENDA, DAY_OF, DECISION, PERSON, SILENCE

ZoneOf = Callable[[Person], str]
FOLLOWS = (
    "facts",
    "things",
    "numbers",
    "tags",
    "address",
    "address_state",
    "consents",
    "refused_all",
    "spared",
    "suppressed",
    "erased",
    "events",
    "orders",
    "stage",
    "moments",
    "tracked",
    "wrote_at",
    "formerly",
)
"""What follows from events alone. Enrolments and mails are decisions: they are facts of their own."""


def differences(connection: Connection, recomputed: Sequence[Person], zone_of: ZoneOf) -> list[str]:
    """Where what is stored differs from these people, worked out from their events, in words."""
    found: list[str] = []
    for page in pages(recomputed):
        stored = {one.person.id: one for one in people(connection, [person.id for person in page], EPOCH)}
        silence = _stored(connection, SILENCE, [person.id for person in page])
        days = _stored(connection, DAY_OF, [person.id for person in page])
        for person in page:
            old = stored.get(person.id)
            if old is None:
                found.append(f"{person.id}: not in the store")
                continue
            found += _differing(person, old)
            wanted_silence, wanted_days = rows_of(_with_its_decisions(person, old.person), zone_of(person))
            found += _rows_differ(person.id, "silence", silence.get(person.id, []), wanted_silence)
            found += _rows_differ(person.id, "day_of", days.get(person.id, []), wanted_days)
    return found


def _with_its_decisions(recomputed: Person, stored: Person) -> Person:
    """What follows from the events as worked out anew, with the enrolments and mails that are stored."""
    return replace(stored, **{name: getattr(recomputed, name) for name in FOLLOWS})


def _differing(person: Person, old: Loaded) -> list[str]:
    return [
        f"{person.id}: {name} is {getattr(old.person, name)!r}, its events say {getattr(person, name)!r}"
        for name in FOLLOWS
        if getattr(old.person, name) != getattr(person, name)
    ]


def _stored(connection: Connection, table: Table, ids: Sequence[str]) -> dict[str, list[dict[str, Any]]]:
    found: dict[str, list[dict[str, Any]]] = {}
    for row in connection.execute(select(table).where(table.c.person.in_(ids))).mappings():
        found.setdefault(row["person"], []).append(dict(row))
    return found


def _rows_differ(
    person: str, what: str, stored: Sequence[dict[str, Any]], wanted: Sequence[dict[str, Any]]
) -> list[str]:
    have, want = ({tuple(sorted(row.items())) for row in rows} for rows in (stored, wanted))
    return [] if have == want else [f"{person}: {what} is {sorted(have)}, its events say {sorted(want)}"]


def project(connection: Connection, recomputed: Sequence[Person], zone_of: ZoneOf) -> int:
    """Write what follows from the events of these people; enrolments and mails stay. How many changed."""
    changed = 0
    for page in pages(recomputed):
        stored = {one.person.id: one for one in people(connection, [person.id for person in page], EPOCH)}
        kept = [_with_its_decisions(one, stored[one.id].person) for one in page if one.id in stored]
        mended = [stored[person.id] for person in kept if person != stored[person.id].person]
        insert_many(connection, DECISION, [not_decided(one) for one in mended])
        changed += len(mended)
        rows = [_row(person, zone_of(person)) for person in kept]
        if rows:
            connection.execute(update(PERSON).where(PERSON.c.id == bindparam("id_")), rows)
        rewrite(connection, [(person, zone_of(person)) for person in kept])
    return changed


def _row(person: Person, zone: str) -> dict[str, Any]:
    known = {event.id: event for event in person.events}
    return person_columns(person, zone, state_text(person, known)) | {"id_": person.id}


def wake_everybody(connection: Connection, now: datetime) -> None:
    """Put everybody into the agenda at `now`, in place of where they stood by their own state.

    Whoever is looked at gets their own next instant anew, so nothing is lost.
    """
    connection.execute(delete(AGENDA).where(AGENDA.c.kind == "wake"))
    everybody = select(PERSON.c.id, literal("wake"), literal(micros(now)), PERSON.c.bucket, literal(0))
    connection.execute(insert(AGENDA).from_select(["person", "kind", "due_at", "bucket", "number"], everybody))
