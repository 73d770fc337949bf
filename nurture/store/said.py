"""What a reader says by a signed link: one event of theirs, recorded once, and safe from a power cut."""

from collections.abc import Mapping
from dataclasses import field
from datetime import datetime
from hashlib import blake2b

from sqlalchemy import Connection, func, insert, select

from nurture.model import event as names
from nurture.model.event import Origin
from nurture.model.values import dataclass
from nurture.store.arrivals import expect
from nurture.store.codec import micros, values_text
from nurture.store.database import bucket
from nurture.store.merged import today
from nurture.store.tables import EVENT, PERSON

_ANSWERS = (names.CONSENT_GIVEN, names.CONSENT_REFUSED, names.CONSENT_LIFTED)


@dataclass(frozen=True, slots=True)
class Said:
    """An event named by our own id of the person. `once` tells it from others: the same words are the same event.

    `outside_id` is kept beside it; `fresh` lets it start sequences. `at` is when it happened (UTC), by default now.
    """

    person: str
    name: str
    once: tuple[str, ...]
    fields: Mapping[str, object] = field(default_factory=dict)
    outside_id: str = ""
    fresh: bool = False
    at: datetime | None = None


def record(connection: Connection, said: Said, now: datetime) -> bool | None:
    """Whether it is new; None when there is no such person. A later word is never dated before an earlier one.

    So the reader's last word wins, also when the clock was put back between the two.
    """
    person = today(connection, said.person)
    if connection.execute(select(PERSON.c.id).where(PERSON.c.id == person)).first() is None:
        return None
    id_ = blake2b("\x1f".join((said.name, said.person, *said.once)).encode(), digest_size=12).hexdigest()
    if connection.execute(select(EVENT.c.id).where(EVENT.c.id == id_)).first() is not None:
        return False
    at = micros(now)
    if said.name in _ANSWERS:
        latest = select(func.max(EVENT.c.known_at)).where(EVENT.c.person == person, EVENT.c.name.in_(_ANSWERS))
        at = max(at, connection.execute(latest).scalar() or at)
    happened = at if said.at is None else min(micros(said.at), at)
    row = {
        "id": id_, "person": person, "bucket": bucket(person), "name": said.name, "happened_at": happened,
        "known_at": at, "fields": values_text(said.fields), "origin": Origin.live.value,
        "outside_id": said.outside_id, "fresh": said.fresh,
    }  # fmt: skip
    connection.execute(insert(EVENT), row)
    expect(connection, [row], ())
    return True
