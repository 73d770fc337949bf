"""Taking people into a sequence on purpose: one event for each, known at its own time, in bulk and safe to repeat."""

from collections.abc import Iterable, Mapping
from dataclasses import field
from datetime import datetime
from hashlib import blake2b
from itertools import islice

from sqlalchemy import select

from nurture.model.event import PERSON_ENROLLED, Origin
from nurture.model.values import dataclass
from nurture.store.arrivals import expect
from nurture.store.codec import micros, values_of, values_text
from nurture.store.database import BULK, bucket, insert_many
from nurture.store.installation import count_on
from nurture.store.open import Store
from nurture.store.tables import EVENT


@dataclass(frozen=True, slots=True)
class Enrolled:
    """Somebody is to start in a sequence at an instant (UTC); `fields` say what for."""

    person: str
    sequence: str
    at: datetime
    fields: Mapping[str, object] = field(default_factory=dict)


def enrol(store: Store, people: Iterable[Enrolled]) -> int:
    """Keep that these are to start; how many are new. The same person, sequence and instant are the same event."""
    done, coming = 0, iter(people)
    while some := list(islice(coming, BULK)):
        rows = {row["id"]: row for row in map(_row, some)}
        with store.database.writing(durable=True) as connection:
            known = set(connection.execute(select(EVENT.c.id).where(EVENT.c.id.in_(list(rows)))).scalars())
            new = [row for id_, row in rows.items() if id_ not in known]
            insert_many(connection, EVENT, new)
            if new:
                expect(connection, new, ())
            mark = count_on(connection)
        store.outbox.remember(mark)
        done += len(new)
    return done


def _row(one: Enrolled) -> dict[str, object]:
    words = (PERSON_ENROLLED, one.person, one.sequence, str(micros(one.at)))
    return {
        "id": blake2b("\x1f".join(words).encode(), digest_size=12).hexdigest(),
        "person": one.person,
        "bucket": bucket(one.person),
        "name": PERSON_ENROLLED,
        "happened_at": micros(one.at),
        "known_at": micros(one.at),
        "fields": values_text({"sequence": one.sequence, **one.fields}),
        "origin": Origin.live.value,
        "outside_id": "",
        "fresh": True,
    }


def awaited(store: Store, sequence: str, now: datetime) -> frozenset[str]:
    """Who was taken into a sequence already and starts later; every event is looked at, so ask it seldom."""
    asked = select(EVENT.c.person, EVENT.c.fields).where(
        EVENT.c.name == PERSON_ENROLLED, EVENT.c.known_at > micros(now)
    )
    with store.database.reading() as connection:
        rows = connection.execute(asked).all()
    return frozenset(person for person, fields in rows if values_of(fields).get("sequence") == sequence)
