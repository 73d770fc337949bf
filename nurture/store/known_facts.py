"""The facts that are known of people: as they were decided, and what arrived since."""

from collections.abc import Iterable

from sqlalchemy import Connection, select

from nurture.model.event import PERSON_CHANGED, Origin
from nurture.store.codec import values_of
from nurture.store.database import among
from nurture.store.tables import AGENDA, EVENT, PERSON

_DECIDED = select(PERSON.c.id, PERSON.c.facts)
_AWAITED = select(AGENDA.c.person)  # whoever has something that is not decided yet has a row there
_SINCE = (
    select(EVENT.c.person, EVENT.c.fields)
    .join_from(EVENT, PERSON, PERSON.c.id == EVENT.c.person)
    .where(EVENT.c.name == PERSON_CHANGED)
    .where(
        (EVENT.c.number > PERSON.c.decided_number) | (EVENT.c.known_at > PERSON.c.decided_until),
        EVENT.c.origin != Origin.sequence.value,
    )
    .order_by(EVENT.c.number)
)


def known_facts(connection: Connection, people: Iterable[str]) -> dict[str, dict[str, object]]:
    """By person, what their newest facts are; of those whom the store has."""
    ids = sorted(set(people))
    found = {id_: values_of(text) for id_, text in among(connection, _DECIDED, PERSON.c.id, ids)}
    awaited = sorted({row[0] for row in among(connection, _AWAITED, AGENDA.c.person, ids)})
    for id_, text in among(connection, _SINCE, EVENT.c.person, awaited):
        given = values_of(text)["facts"]
        if isinstance(given, dict):
            found[id_].update(given)
    return found
