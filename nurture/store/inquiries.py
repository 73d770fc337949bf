"""Questions people ask of the store: who is this, why, what did they have, how much is there."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from itertools import groupby
from operator import itemgetter
from typing import Any

from sqlalchemy import Connection, Select, func, select

from nurture.model.decision import Reason, Why
from nurture.model.event import Event, Origin
from nurture.model.mail import Fate
from nurture.model.values import dataclass
from nurture.store.codec import event_of, instant, looks_of, maybe_instant, micros, place_of
from nurture.store.database import PAGE, Database, pages, pairs
from nurture.store.load import EVENT_COLUMNS
from nurture.store.tables import (
    ADDRESS,
    AGENDA,
    ENROLMENT,
    EVENT,
    HELD,
    MERGED,
    MESSAGE,
    OUTSIDE_ID,
    PERSON,
    PLANNED,
    REASON,
)


def find(connection: Connection, text: str) -> str | None:
    """The person whom somebody means: by our id, the shop's id, or an address that is theirs now."""
    text = text.strip()
    asked = (
        select(PERSON.c.id).where(PERSON.c.id == text),
        select(MERGED.c.person).where(MERGED.c.old == text),
        select(OUTSIDE_ID.c.person).where(OUTSIDE_ID.c.value == text, OUTSIDE_ID.c.valid_to.is_(None)),
        select(ADDRESS.c.person).where(ADDRESS.c.key == text.casefold(), ADDRESS.c.valid_to.is_(None)),
    )
    for question in asked:
        found: str | None = connection.execute(question.limit(1)).scalar()
        if found is not None:
            return found
    return None


def labels(connection: Connection, ids: Sequence[str]) -> dict[str, str]:
    """What people call each of these: the shop's id, else the address, else our id."""
    found = {id_: id_ for id_ in ids}
    for page in pages(ids):
        for table, word in ((ADDRESS, ADDRESS.c.address), (OUTSIDE_ID, OUTSIDE_ID.c.value)):
            asked = select(table.c.person, word).where(table.c.person.in_(page), table.c.valid_to.is_(None))
            found.update(pairs(connection, asked.order_by(table.c.valid_from)))
    return found


def everybody(database: Database) -> Iterator[list[str]]:
    """All ids, ascending, in pages; each page is a transaction of its own."""
    last = ""
    while True:
        with database.reading() as connection:
            page = people_after(connection, last)
        if not page:
            return
        yield page
        last = page[-1]


def people_after(connection: Connection, last: str) -> list[str]:
    """The next page of ids, ascending."""
    asked = select(PERSON.c.id).where(PERSON.c.id > last).order_by(PERSON.c.id).limit(PAGE)
    return list(connection.execute(asked).scalars())


def histories(connection: Connection, ids: Sequence[str], decided: bool = False) -> dict[str, tuple[Event, ...]]:
    """The events of these people in the order of arrival, as a replay takes them.

    With `decided` only those that a decision has taken in.
    """
    found: dict[str, tuple[Event, ...]] = dict.fromkeys(ids, ())
    for page in pages(ids):
        asked = select(EVENT.c.person, *EVENT_COLUMNS).where(EVENT.c.person.in_(page))
        if decided:
            taken_in = (EVENT.c.number <= PERSON.c.decided_number) & (EVENT.c.known_at <= PERSON.c.decided_until)
            asked = asked.join_from(EVENT, PERSON, PERSON.c.id == EVENT.c.person).where(
                taken_in | (EVENT.c.origin == Origin.sequence.value)
            )
        rows = connection.execute(asked.order_by(EVENT.c.person, EVENT.c.number))
        for person, group in groupby(rows, itemgetter(0)):
            found[person] = tuple([event_of(row[1:]) for row in group])
    return found


_REASONS = select(
    REASON.c.why,
    REASON.c.at,
    REASON.c.due_at,
    REASON.c.sequence,
    REASON.c.version,
    REASON.c.subject,
    REASON.c.step,
    REASON.c.mail,
    REASON.c.words,
    REASON.c.until,
    REASON.c.looks,
    REASON.c.place,
)


def reasons(
    connection: Connection,
    person: str,
    *,
    sequence: str = "",
    mail: str = "",
    since: datetime | None = None,
    until: datetime | None = None,
) -> list[Reason]:
    """Why things did or did not happen to a person, oldest first, `since` inclusive, `until` exclusive (UTC)."""
    asked: Select[Any] = _REASONS.where(REASON.c.person == person)
    if sequence:
        asked = asked.where(REASON.c.sequence == sequence)
    if mail:
        asked = asked.where(REASON.c.mail == mail)
    if since is not None:
        asked = asked.where(REASON.c.at >= micros(since))
    if until is not None:
        asked = asked.where(REASON.c.at < micros(until))
    return [_reason(row) for row in connection.execute(asked.order_by(REASON.c.at, REASON.c.id))]


def _reason(row: Any) -> Reason:
    why, at, due, sequence, version, subject, step, mail, words, until, looks, place = row
    return Reason(
        Why(why),
        instant(at),
        maybe_instant(due),
        sequence,
        version,
        subject,
        step,
        mail,
        words,
        maybe_instant(until),
        looks_of(looks),
        place_of(place),
    )


@dataclass(frozen=True, slots=True)
class Counts:
    """How much there is; `inside` counts running enrolments by sequence and version."""

    people: int
    events: int
    inside: dict[tuple[str, int], int]
    planned: int
    in_doubt: int
    messages: int
    agenda: int
    held: int


def counts(connection: Connection) -> Counts:
    """What `status` shows."""
    running = (
        select(ENROLMENT.c.sequence, ENROLMENT.c.version, func.count())
        .where(ENROLMENT.c.ended_at.is_(None))
        .group_by(ENROLMENT.c.sequence, ENROLMENT.c.version)
    )
    inside = {(sequence, version): number for sequence, version, number in connection.execute(running)}
    return Counts(
        _count(connection, select(func.count()).select_from(PERSON)),
        _count(connection, select(func.count()).select_from(EVENT)),
        inside,
        _count(connection, select(func.count()).select_from(PLANNED)),
        _count(connection, select(func.count()).select_from(MESSAGE).where(MESSAGE.c.fate == Fate.in_doubt.value)),
        _count(connection, select(func.count()).select_from(MESSAGE)),
        _count(connection, select(func.count()).select_from(AGENDA)),
        _count(connection, select(func.count()).select_from(HELD)),
    )


def _count(connection: Connection, question: Select[Any]) -> int:
    return int(connection.execute(question).scalar_one())
