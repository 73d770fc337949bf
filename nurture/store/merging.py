"""Two contacts become one: every row of one becomes the other's, in one transaction (architecture.md 2.1).

What stands for both is worked out by the core and handed in; here it is kept. Nothing starts by it, send keys stay as
they are, and whatever named the one leads to the other for ever (`merged.today`).
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, Protocol

from sqlalchemy import Connection, delete, func, insert, select, update

from nurture.model.decision import Intent
from nurture.model.event import PERSON_MERGED, Event, Origin
from nurture.model.person import Consent, Message, Person
from nurture.model.values import dataclass
from nurture.store.cancelling import cancel
from nurture.store.codec import maybe_micros, micros, values_text
from nurture.store.database import Conflict, Database, bucket, insert_many
from nurture.store.inquiries import histories
from nurture.store.installation import Mark, count_on
from nurture.store.journal import not_decided
from nurture.store.load import Loaded, people
from nurture.store.outbox_rows import intents
from nurture.store.projections import rewrite
from nurture.store.save import EVERYTHING, enrolment_row, person_columns
from nurture.store.state_codec import state_text
from nurture.store.tables import (
    AGENDA,
    CONSENT,
    DAY_OF,
    DECISION,
    DRAFT,
    ENROLMENT,
    EVENT,
    HELD,
    MERGED,
    METADATA,
    PERSON,
    PLANNED,
    SILENCE,
)

WAITING = "waiting"  # of a draft
_WORKED_OUT = (CONSENT, SILENCE, DAY_OF, AGENDA, ENROLMENT)
_APART = frozenset({"person", "erasure", "merged", *(table.name for table in _WORKED_OUT)})


class Unite(Protocol):
    """What the core says of both: the fields of the event, and then, of the events of both, who they are."""

    def said(self, person: Person, old: Person) -> dict[str, object]:
        """The fields of the event."""

    def whole(self, person: Person, old: Person, loaded: Person, events: Sequence[Event]) -> Person:
        """The one contact; `loaded` has the events and mails of both already."""

    def unwanted(self, whole: Person, waiting: Iterable[Intent]) -> list[str]:
        """The mails that wait though the one contact may not have them: what either refused."""


@dataclass(frozen=True, slots=True)
class Merging:
    """The door to it. `remember` keeps what a commit counts as in the installation."""

    database: Database
    remember: Callable[[Mark], None]

    def merge(
        self, person: str, old: str, unite: Unite, zone_of: Callable[[Person], str], who: str, now: datetime
    ) -> int:
        """Make `old` be `person`; how many mails that waited are not sent: the other had them, or refused them.

        Conflict when something came for either that no decision has taken in yet: decide, and ask again.
        """
        with self.database.writing(durable=True) as connection:
            taken_back = merge(connection, (person, old), unite, zone_of, who, now)
            mark = count_on(connection)
        self.remember(mark)
        return taken_back


def merge(
    connection: Connection,
    ids: tuple[str, str],
    unite: Unite,
    zone_of: Callable[[Person], str],
    who: str,
    now: datetime,
) -> int:
    """As `Merging.merge`, within a transaction."""
    person_id, old_id = ids
    known = {one.person.id: one for one in people(connection, ids, now)}
    if len(known) != len(ids) or any(one.arrived for one in known.values()):
        raise Conflict("something came for one of them meanwhile")
    person, old = known[person_id], known[old_id]
    fields = unite.said(person.person, old.person)
    answers = [dict(row) for row in connection.execute(select(CONSENT).where(CONSENT.c.person.in_(ids))).mappings()]
    _move(connection, person_id, old_id, who, now)
    number = _say_so(connection, person_id, fields, now)
    _decided(connection, (person, old), number, now)
    (loaded,) = people(connection, [person_id], now)
    events = histories(connection, [person_id])[person_id]
    whole = unite.whole(person.person, old.person, loaded.person, events)
    waiting = _queued(connection, whole.messages)
    gone = unite.unwanted(whole, intents(connection, sorted(waiting)).values())
    gone += twice(whole.messages, waiting.difference(gone), old.person.messages)
    taken_back = cancel(connection, gone, now)
    (without,) = people(connection, [person_id], now)  # what was taken back is not had: no silence counts from it
    _keep(connection, replace(whole, messages=without.person.messages), zone_of(whole), answers, now)
    connection.execute(insert(DECISION), not_decided(loaded))
    return len(taken_back)


def _move(connection: Connection, person: str, old: str, who: str, now: datetime) -> None:
    """All rows of the one are the other's; what is worked out is taken away, to be written anew."""
    for table in METADATA.tables.values():
        if "person" in table.c and table.name not in _APART:
            moved: dict[str, Any] = {"person": person}
            if "bucket" in table.c:
                moved["bucket"] = bucket(person)
            connection.execute(update(table).where(table.c.person == old).values(**moved))
    for table in _WORKED_OUT:
        connection.execute(delete(table).where(table.c.person.in_((person, old))))
    connection.execute(delete(PERSON).where(PERSON.c.id == old))
    connection.execute(update(MERGED).where(MERGED.c.person == old).values(person=person))
    connection.execute(insert(MERGED), {"old": old, "person": person, "at": micros(now), "who": who})


def _say_so(connection: Connection, person: str, fields: dict[str, object], now: datetime) -> int:
    row = {
        "id": f"merged {fields['old']} {micros(now)}", "person": person, "bucket": bucket(person),
        "name": PERSON_MERGED, "happened_at": micros(now), "known_at": micros(now), "fields": values_text(fields),
        "origin": Origin.live.value, "outside_id": "", "fresh": False,
    }  # fmt: skip
    connection.execute(insert(EVENT), row)
    return int(connection.execute(select(func.max(EVENT.c.number))).scalar_one())


def _decided(connection: Connection, both: Iterable[Loaded], number: int, now: datetime) -> None:
    """They were decided up to now, with all that is known: nothing of it arrives anew for the other."""
    person, _ = tuple(both)
    mine = update(PERSON).where(PERSON.c.id == person.person.id)
    until = max(micros(now), person.decided_until)
    connection.execute(mine.values(decided_until=until, decided_number=number))


def _keep(connection: Connection, whole: Person, zone: str, answers: Sequence[dict[str, Any]], now: datetime) -> None:
    state = state_text(whole, {event.id: event for event in whole.events})
    connection.execute(update(PERSON).where(PERSON.c.id == whole.id).values(**person_columns(whole, zone, state)))
    rewrite(connection, [(whole, zone)])
    insert_many(connection, ENROLMENT, [enrolment_row(whole.id, one) for one in whole.enrolments])
    insert_many(connection, CONSENT, list(_consents(whole, answers)))
    awake = {"person": whole.id, "kind": "wake", "due_at": micros(now), "bucket": bucket(whole.id), "number": 0}
    connection.execute(insert(AGENDA), awake)


def _consents(whole: Person, answers: Sequence[dict[str, Any]]) -> Iterable[dict[str, Any]]:
    """The proof of what stands: the newest answer that says the same, or the merge itself."""
    stands = {**whole.consents}
    for topic, one in stands.items():
        yield _proof(whole, topic, one.given, answers, one)
    if whole.refused_all:
        yield _proof(whole, EVERYTHING, False, answers, None)


def _proof(
    whole: Person, topic: str, given: bool, answers: Sequence[dict[str, Any]], one: Consent | None
) -> dict[str, Any]:
    same = [row for row in answers if row["topic"] == topic and bool(row["given"]) == given]
    if same:
        return max(same, key=lambda row: int(row["since"])) | {"person": whole.id, "bucket": bucket(whole.id)}
    return {
        "person": whole.id, "bucket": bucket(whole.id), "address": whole.address, "topic": topic, "given": given,
        "since": micros(one.since if one else whole.asof), "basis": one.basis if one else "", "wording": "",
        "how": "merge", "who": "", "until": maybe_micros(one.until) if one else None,
    }  # fmt: skip


def _queued(connection: Connection, messages: Sequence[Message]) -> frozenset[str]:
    keys = [one.key for one in messages]
    found: set[str] = set()
    for start in range(0, len(keys), 500):
        page = keys[start : start + 500]
        for table in (PLANNED, HELD, DRAFT):
            asked = select(table.c.key).where(table.c.key.in_(page))
            if table is DRAFT:
                asked = asked.where(DRAFT.c.state == WAITING)
            found |= set(connection.execute(asked).scalars())
    return frozenset(found)


def twice(messages: Sequence[Message], queued: frozenset[str], olds: Sequence[Message]) -> list[str]:
    """The mails that wait though the other had, or will have, the same: of two that wait, the one of `olds` goes."""
    theirs = {one.key for one in olds}
    had: set[tuple[bool, str, str, str, str]] = set()
    gone: list[str] = []
    for one in sorted(messages, key=lambda one: (one.key in queued, one.key in theirs, one.at, one.key)):
        same = (one.sequence, one.subject, one.step, one.mail)
        if one.cancelled or not one.sequence:
            continue
        if one.key in queued and (one.key not in theirs, *same) in had:  # by the other of the two
            gone.append(one.key)
        else:
            had.add((one.key in theirs, *same))
    return gone
