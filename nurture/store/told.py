"""What was told already of people's things, and whose the codes of gifts are: for imports that repeat themselves."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from hashlib import blake2b

from sqlalchemy import Connection, select

from nurture.model.event import GIFT_USED, THING_CHANGED, THING_REMOVED, Origin
from nurture.model.values import dataclass
from nurture.store.arrivals import expect
from nurture.store.codec import micros, values_of, values_text
from nurture.store.codes import mark_used
from nurture.store.database import BULK, bucket, insert_many, pages, pairs
from nurture.store.installation import count_on
from nurture.store.open import Store
from nurture.store.tables import ADDRESS, CODE, EVENT, OUTSIDE_ID

Who = tuple[str, str]  # the shop's id and the address, either of which may be empty
Things = dict[tuple[str, str], dict[str, object]]  # kind and key to the fields that are known


def things_told(store: Store, people: Iterable[Who], source: str = "shop") -> dict[Who, Things]:
    """The things of these people by all that was told of them, taken in or not; nobody who is not known yet."""
    wanted = list(dict.fromkeys(people))
    with store.database.reading() as connection:
        ids = _ids(connection, wanted, source)
        found: dict[str, Things] = {id_: {} for id_ in ids.values()}
        for page in pages(list(found)):
            told = (EVENT.c.person.in_(page), EVENT.c.name.in_((THING_CHANGED, THING_REMOVED)))
            asked = select(EVENT.c.person, EVENT.c.name, EVENT.c.fields).where(*told).order_by(EVENT.c.number)
            for person, name, fields in connection.execute(asked):
                _tell(found[person], name, values_of(fields))
    return {who: found[id_] for who, id_ in ids.items()}


def _tell(things: Things, name: str, fields: Mapping[str, object]) -> None:
    which = (str(fields.get("thing")), str(fields.get("key")))
    given = fields.get("fields")
    if name == THING_REMOVED:
        things.pop(which, None)
    elif isinstance(given, Mapping):
        things[which] = {**things.get(which, {}), **given}


def _ids(connection: Connection, wanted: Sequence[Who], source: str) -> dict[Who, str]:
    """Our ids of those who are known: by the shop's id, else by the address."""
    by_outside: dict[str, str] = {}
    by_address: dict[str, str] = {}
    for page in pages([id_ for id_, _ in wanted if id_]):
        valid = (OUTSIDE_ID.c.source == source, OUTSIDE_ID.c.value.in_(page), OUTSIDE_ID.c.valid_to.is_(None))
        by_outside |= pairs(connection, select(OUTSIDE_ID.c.value, OUTSIDE_ID.c.person).where(*valid))
    for page in pages([address.casefold() for _, address in wanted if address]):
        now = (ADDRESS.c.key.in_(page), ADDRESS.c.valid_to.is_(None))
        by_address |= pairs(connection, select(ADDRESS.c.key, ADDRESS.c.person).where(*now))
    found = {who: by_outside.get(who[0]) or by_address.get(who[1].casefold()) for who in wanted}
    return {who: id_ for who, id_ in found.items() if id_}


@dataclass(frozen=True, slots=True)
class Used:
    """A code of a gift that was used, and when (UTC)."""

    code: str
    at: datetime


NOBODY, SEVERAL = "nobody was given this code", "several people have this code, of different gifts"


def use_codes(store: Store, used: Sequence[Used], now: datetime) -> list[str | bool]:
    """Keep that codes were used; for each whether that is new, or in words why it cannot be."""
    answers: list[str | bool] = []
    for page in pages(used, BULK):
        with store.database.writing(durable=True) as connection:
            owners = _owners(connection, [one.code for one in page])
            rows = {_id(one): _row(one, owners[one.code], now) for one in page if owners[one.code] not in REFUSALS}
            known = set(connection.execute(select(EVENT.c.id).where(EVENT.c.id.in_(list(rows)))).scalars())
            new = {id_: row for id_, row in rows.items() if id_ not in known}
            if new:
                insert_many(connection, EVENT, list(new.values()))
                expect(connection, list(new.values()), ())
                mark_used(connection, list(new.values()))
            mark = count_on(connection)
        store.outbox.remember(mark)
        for one in page:
            owner = owners[one.code]
            answers.append(owner if owner in REFUSALS else new.pop(_id(one), None) is not None)
    return answers


REFUSALS = frozenset({NOBODY, SEVERAL})


def _owners(connection: Connection, codes: Sequence[str]) -> dict[str, str]:
    """Who was given each of these codes, or why that cannot be said."""
    owners = dict.fromkeys(codes, NOBODY)
    for some in pages(list(owners)):
        given = (CODE.c.code.in_(some), CODE.c.given_at.is_not(None), CODE.c.person != "")
        for code, person in connection.execute(select(CODE.c.code, CODE.c.person).where(*given)):
            owners[code] = person if owners[code] in (NOBODY, person) else SEVERAL
    return owners


def _id(one: Used) -> str:
    return blake2b("\x1f".join((GIFT_USED, one.code)).encode(), digest_size=12).hexdigest()


def _row(one: Used, person: str, now: datetime) -> dict[str, object]:
    return {
        "id": _id(one), "person": person, "bucket": bucket(person), "name": GIFT_USED, "happened_at": micros(one.at),
        "known_at": micros(now), "fields": values_text({"code": one.code}), "origin": Origin.live.value,
        "outside_id": "", "fresh": False,
    }  # fmt: skip
