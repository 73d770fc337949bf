"""Whom a shop's news is about: buyers by their orders, and how old what is known of them is."""

from datetime import date, datetime

from sqlalchemy import insert, select

from nurture.model.event import PERSON_CHANGED, THING_CHANGED, THING_REMOVED
from nurture.model.values import dataclass
from nurture.store.codec import instant, micros, values_of
from nurture.store.database import bucket
from nurture.store.ingest import event_id
from nurture.store.installation import count_on
from nurture.store.open import Store
from nurture.store.tables import ADDRESS, EVENT, OUTSIDE_ID, TASK

_TOLD = (PERSON_CHANGED, THING_CHANGED, THING_REMOVED)


@dataclass(frozen=True, slots=True)
class Ages:
    """When each fact, and each thing by kind and key, was last told of somebody (UTC)."""

    facts: dict[str, datetime]
    things: dict[tuple[str, str], datetime]


@dataclass(frozen=True, slots=True)
class Chore:
    """Something to do about somebody, once by its key. `due_on` is a date of the shop."""

    key: str
    person: str
    text: str
    owner: str
    due_on: date


def known_as(store: Store, outside_id: str, address: str, source: str = "shop") -> str | None:
    """Our id of whoever the shop's id means, else of whoever has the address now."""
    with store.database.reading() as connection:
        if outside_id:
            named = (OUTSIDE_ID.c.source == source, OUTSIDE_ID.c.value == outside_id, OUTSIDE_ID.c.valid_to.is_(None))
            found: str | None = connection.execute(select(OUTSIDE_ID.c.person).where(*named)).scalar()
            if found is not None:
                return found
        if not address:
            return None
        has = (ADDRESS.c.key == address.casefold(), ADDRESS.c.valid_to.is_(None))
        return connection.execute(select(ADDRESS.c.person).where(*has)).scalar()


def buyer_of(store: Store, event: str, order: str) -> str | None:
    """Our id of whoever placed an order, by the shop's own id of it."""
    placed = select(EVENT.c.person).where(EVENT.c.id == event_id(event, order))
    with store.database.reading() as connection:
        return connection.execute(placed).scalar()


def called(store: Store, person: str, source: str = "shop") -> tuple[str, str]:
    """The shop's id and the address by which rows name somebody; either may be empty."""
    named = select(OUTSIDE_ID.c.value).where(
        OUTSIDE_ID.c.source == source, OUTSIDE_ID.c.person == person, OUTSIDE_ID.c.valid_to.is_(None)
    )
    has = select(ADDRESS.c.address).where(ADDRESS.c.person == person, ADDRESS.c.valid_to.is_(None))
    with store.database.reading() as connection:
        return connection.execute(named).scalar() or "", connection.execute(has).scalar() or ""


def ages(store: Store, person: str) -> Ages:
    """How old what is known of somebody is: news older than it changes nothing."""
    asked = select(EVENT.c.name, EVENT.c.happened_at, EVENT.c.fields)
    asked = asked.where(EVENT.c.person == person, EVENT.c.name.in_(_TOLD)).order_by(EVENT.c.happened_at)
    found = Ages({}, {})
    with store.database.reading() as connection:
        for name, at, fields in connection.execute(asked):
            told = values_of(fields)
            if name == PERSON_CHANGED and isinstance(facts := told.get("facts"), dict):
                found.facts.update(dict.fromkeys(facts, instant(at)))
            elif name != PERSON_CHANGED:
                found.things[str(told.get("thing")), str(told.get("key"))] = instant(at)
    return found


def set_chore(store: Store, chore: Chore, now: datetime) -> bool:
    """Give a person of the shop something to do, in no sequence; False when it was given before."""
    with store.database.writing(durable=True) as connection:
        if connection.execute(select(TASK.c.key).where(TASK.c.key == chore.key)).first() is not None:
            return False
        row = {
            "key": chore.key, "person": chore.person, "bucket": bucket(chore.person), "sequence": "", "version": 0,
            "subject": "", "step": "", "text": chore.text, "owner": chore.owner, "made_at": micros(now),
            "due_on": chore.due_on.toordinal(),
        }  # fmt: skip
        connection.execute(insert(TASK), row)
        mark = count_on(connection)
    store.outbox.remember(mark)
    return True
