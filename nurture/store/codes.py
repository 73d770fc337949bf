"""Codes of gifts: a pool that is filled from a file, or codes that are made; drawn, given, and given back.

A code belongs to one reservation, whatever happens: a mail that is put back and prepared again keeps its code. It is
given in the transaction in which its mail is handed over; from then on nobody else ever gets it (language.md 6.11).
"""

import re
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from hashlib import blake2b
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, and_, func, insert, or_, select, update

from nurture.model.event import GIFT_GIVEN, GIFT_REFUSED, GIFT_USED, Origin
from nurture.model.mail import Fate
from nurture.model.values import dataclass
from nurture.store.arrivals import expect
from nurture.store.codec import micros, values_of, values_text
from nurture.store.codes_aside import ELSEWHERE, NOT_IN_FILE, CodesAside
from nurture.store.database import BULK, Database, bucket, insert_many, pages
from nurture.store.tables import CODE, EVENT, MESSAGE
from nurture.store.up_to import counted

OUT_OF_CODES, OVER_BUDGET, NOT_SENT = "out_of_codes", "over_budget", "not_sent"
ATTEMPTS = 50  # to make a code that is not there yet; a pattern that has no more of them is used up
NOT_GONE = frozenset({Fate.cancelled.value, Fate.expired.value, Fate.refused.value})
_PLACES = re.compile(r"\{(\d+)\}")

Mint = Callable[[int], str]
"""So many letters and digits, drawn by chance: handed in by wiring."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A code that a mail wants: for which reservation, from which source (neither: a gift without a code).

    `worth` is what the gift takes of the budget; `expires_on` the last day it is good if it is given now. `unknown` is
    a gift that the shop gives no more: only who had its code drawn before gets it.
    """

    reservation: str
    gift: str
    mail: str
    person: str
    pool: bool = False
    make: str = ""
    worth: Decimal = Decimal(0)
    expires_on: date | None = None
    unknown: bool = False


@dataclass(frozen=True, slots=True)
class Purse:
    """What may be given away by all together: the amount, and since when (UTC) what was given counts."""

    amount: Decimal
    since: datetime


@dataclass(frozen=True, slots=True)
class Drawn:
    """The code of a reservation and its last day; or why there is none, in the word of the event."""

    code: str = ""
    expires_on: date | None = None
    refused: str = ""


@dataclass(frozen=True, slots=True)
class Stock:
    """How many codes of a pool are free, and how many of a gift were drawn for mails to come, given, and used.

    `aside` are those of a pool that nobody gets for now. Where not all were `counted` only those that are free were,
    and these up to a number (`up_to.MORE`).
    """

    free: int = 0
    drawn: int = 0
    given: int = 0
    used: int = 0
    aside: int = 0
    counted: bool = True


@dataclass(frozen=True, slots=True)
class Codes:
    """The doors to the codes."""

    database: Database

    def fill(self, gift: str, codes: Iterable[str]) -> int:
        """Put the codes of a pool in that are not there yet; how many were new. One that was given stays given.

        So does one that another gift gave, whose name this one may have had.
        """
        wanted, new = list(dict.fromkeys(code.strip() for code in codes if code.strip())), 0
        for page in pages(wanted, BULK):
            with self.database.writing() as connection:
                new += _fill(connection, gift, page)
        return new

    def draw(
        self, asked: Sequence[Asked], purse: Purse | None, now: datetime, mint: Mint | None
    ) -> dict[str, dict[str, Drawn]]:
        """A code for each, by mail and reservation, in one transaction; asked again, it is the same one."""
        found: dict[str, dict[str, Drawn]] = {}
        with self.database.writing() as connection:
            for one in asked:
                found.setdefault(one.mail, {})[one.reservation] = _draw(connection, one, purse, now, mint)
        return found

    @property
    def aside(self) -> CodesAside:
        """The doors to codes that are set aside."""
        return CodesAside(self.database)

    def stock(self) -> dict[str, Stock]:
        """What is left and what became of the codes, by gift."""
        with self.database.reading() as connection:
            return _stock(connection)

    def stock_up_to(self, gifts: Iterable[str]) -> dict[str, Stock]:
        """The same of these gifts, quickly: where a gift has very many codes only what is free is counted."""
        with self.database.reading() as connection:
            many = {gift for gift in gifts if connection.execute(_very_many(gift)).first() is not None}
            found = {gift: Stock(int(connection.execute(_free_of(gift)).scalar_one()), counted=False) for gift in many}
            few = [gift for gift in gifts if gift not in many]
            return found | _stock(connection, CODE.c.gift.in_(few)) if few else found


def _fill(connection: Connection, gift: str, codes: Sequence[str]) -> int:
    """A code is one gift's: what another drew or gave is not taken in, what is free there comes over to this one."""
    known: set[str] = set()
    own: set[str] = set()
    free: dict[str, int] = {}
    gifts = sorted({gift, *connection.execute(select(CODE.c.gift).distinct()).scalars()})
    for page in pages(codes):
        there = and_(CODE.c.gift.in_(gifts), CODE.c.code.in_(page), or_(CODE.c.gift == gift, CODE.c.made.is_(False)))
        asked = select(CODE.c.number, CODE.c.gift, CODE.c.code, _IS_FREE).where(there)
        for number, whose, code, is_free in connection.execute(asked):
            known.add(code)
            own |= {code} if whose == gift or not is_free else set()
            free |= {code: number} if is_free else {}
    come = [number for code, number in free.items() if code not in own]
    for page in pages(come):
        connection.execute(update(CODE).where(CODE.c.number.in_(page)).values(gift=gift))
    rows = [_row(gift, code) for code in codes if code not in known]
    insert_many(connection, CODE, rows)
    return len(rows) + len(come)


_IS_FREE = and_(CODE.c.reservation.is_(None), CODE.c.given_at.is_(None))


def _row(gift: str, code: str, made: bool = False) -> dict[str, Any]:
    return {"gift": gift, "code": code, "made": made, "mail": "", "person": "", "bucket": 0, "worth": ""}


# Drawing


def _draw(connection: Connection, one: Asked, purse: Purse | None, now: datetime, mint: Mint | None) -> Drawn:
    known = connection.execute(_OF.where(CODE.c.reservation == one.reservation)).first()
    if known is not None:
        return _again(connection, known, one)
    if one.unknown:
        return Drawn(refused=OUT_OF_CODES)
    if purse is not None and _spent(connection, purse) + one.worth > purse.amount:
        return Drawn(refused=OVER_BUDGET)
    number, code = _from_pool(connection, one.gift) if one.pool else _made(connection, one, mint)
    if number is None:
        return Drawn(refused=OUT_OF_CODES)
    taken = {
        "reservation": one.reservation, "mail": one.mail, "person": one.person, "bucket": bucket(one.person),
        "drawn_at": micros(now), "worth": str(one.worth), "expires_on": _ordinal(one.expires_on),
    }  # fmt: skip
    connection.execute(update(CODE).where(CODE.c.number == number).values(**taken))
    return Drawn(code, one.expires_on)


_OF = select(CODE.c.number, CODE.c.code, CODE.c.expires_on, CODE.c.given_at, CODE.c.reservation)


def _again(connection: Connection, known: Any, one: Asked) -> Drawn:
    """The code that the reservation has; until it was given its last day counts from the mail that will give it."""
    number, code, expires, given, reservation = known
    shown = "" if code == reservation else code
    if given is not None:
        return Drawn(shown, None if expires is None else date.fromordinal(expires))
    later = {"mail": one.mail, "expires_on": _ordinal(one.expires_on)}
    connection.execute(update(CODE).where(CODE.c.number == number).values(**later))
    return Drawn(shown, one.expires_on)


def _ordinal(day: date | None) -> int | None:
    return None if day is None else day.toordinal()


def _spent(connection: Connection, purse: Purse) -> Decimal:
    """What was drawn since then and not given back."""
    drawn = (CODE.c.drawn_at > micros(purse.since), CODE.c.reservation.is_not(None))
    asked = select(CODE.c.worth, func.count()).where(*drawn).group_by(CODE.c.worth)
    return sum((Decimal(worth or 0) * number for worth, number in connection.execute(asked)), Decimal(0))


def _from_pool(connection: Connection, gift: str) -> tuple[int | None, str]:
    """The code that has waited the longest; two who draw at once never get the same one."""
    free = (CODE.c.gift == gift, CODE.c.reservation.is_(None), CODE.c.given_at.is_(None), CODE.c.made.is_(False))
    asked = select(CODE.c.number, CODE.c.code).where(*free).order_by(CODE.c.number).limit(1)
    found = connection.execute(asked.with_for_update(skip_locked=True)).first()
    return (None, "") if found is None else (int(found[0]), found[1])


def _made(connection: Connection, one: Asked, mint: Mint | None) -> tuple[int | None, str]:
    """A code after the pattern that was never there; a gift that has none is kept under its reservation."""
    for _ in range(ATTEMPTS if one.make else 1):
        code = made(one.make, mint) if one.make else one.reservation
        there = select(CODE.c.number).where(CODE.c.gift == one.gift, CODE.c.code == code)
        if connection.execute(there).first() is None:
            key = connection.execute(insert(CODE), _row(one.gift, code, made=True)).inserted_primary_key
            return (None if key is None else int(key[0])), code if one.make else ""
    return None, ""


def made(pattern: str, mint: Mint | None) -> str:
    """`BDAY-{8}` with eight letters and digits in its place."""
    if mint is None:
        raise RuntimeError("no codes can be made here: nothing was handed in that draws letters")
    return _PLACES.sub(lambda place: mint(int(place.group(1))), pattern)


# Giving, and giving back


@dataclass(frozen=True, slots=True)
class Gone:
    """What a batch says of gifts as it leaves.

    Given are mail and reservation of what goes; refused are mail, person, reservation, gift and why, of what does not.
    """

    given: Sequence[tuple[str, str]] = ()
    refused: Sequence[tuple[str, str, str, str, str]] = ()


NOTHING_GONE = Gone()


def give(connection: Connection, gone: Gone, now: datetime) -> None:
    """In the transaction of `handed`: the codes of these mails are given, once, and the person hears of it."""
    events = []
    for mail, reservation in gone.given:
        found = connection.execute(_GIVEN.where(CODE.c.reservation == reservation, CODE.c.given_at.is_(None))).first()
        if found is None:
            continue
        number, gift, code, person, expires = found
        connection.execute(update(CODE).where(CODE.c.number == number).values(given_at=micros(now), mail=mail))
        fields: dict[str, object] = {"key": reservation, "gift": gift, "mail": mail}
        fields |= {"code": "" if code == reservation else code}
        fields |= {"expires_on": date.fromordinal(expires)} if expires is not None else {}
        events.append(_event(person, GIFT_GIVEN, (reservation, mail, str(micros(now))), fields, now))
    for mail, person, reservation, gift, because in gone.refused:
        told = {"key": reservation, "gift": gift, "because": because, "mail": mail}
        events.append(_event(person, GIFT_REFUSED, (reservation, mail, because), told, now))
    _tell(connection, events)


_GIVEN = select(CODE.c.number, CODE.c.gift, CODE.c.code, CODE.c.person, CODE.c.expires_on)


def give_back(connection: Connection, mails: Collection[str], now: datetime) -> None:
    """What these mails had drawn is free again, as far as they certainly did not and will not go.

    A code that was handed over once is never given again, not even if its mail came back: the person hears that
    they have none, and draws another with the next mail.
    """
    events = []
    for page in pages(list(mails)):
        of_these = _BACK.join(MESSAGE, MESSAGE.c.key == CODE.c.mail).where(CODE.c.mail.in_(page))
        rows = list(connection.execute(of_these.where(MESSAGE.c.fate.in_(NOT_GONE), CODE.c.reservation.is_not(None))))
        for number, gift, mail, person, reservation, given, own in rows:
            if given is not None:
                told = {"key": reservation, "gift": gift, "because": NOT_SENT, "mail": mail}
                events.append(_event(person, GIFT_REFUSED, (reservation, mail, str(given)), told, now))
            if own and given is None:
                connection.execute(CODE.delete().where(CODE.c.number == number))
            else:
                empty = {"reservation": None, "mail": "", "person": "", "bucket": 0, "worth": ""}
                connection.execute(update(CODE).where(CODE.c.number == number).values(**empty))
    _tell(connection, events)


_BACK = select(
    CODE.c.number, CODE.c.gift, CODE.c.mail, CODE.c.person, CODE.c.reservation, CODE.c.given_at, CODE.c.made
).select_from(CODE)  # fmt: skip


def mark_used(connection: Connection, events: Sequence[Mapping[str, Any]]) -> None:
    """A shop says which codes were used: kept with the code, for whoever counts them."""
    for row in events:
        if row["name"] == GIFT_USED:
            code = str(values_of(row["fields"]).get("code") or "")
            own = (CODE.c.person == row["person"], CODE.c.code == code, CODE.c.used_at.is_(None))
            connection.execute(update(CODE).where(*own).values(used_at=row["happened_at"]))


def _event(person: str, name: str, once: Sequence[str], fields: Mapping[str, object], now: datetime) -> dict[str, Any]:
    """An event of nurture's own about a person; the same words are the same event."""
    at = micros(now)
    return {
        "id": blake2b("\x1f".join((name, person, *once)).encode(), digest_size=12).hexdigest(),
        "person": person, "bucket": bucket(person), "name": name, "happened_at": at, "known_at": at,
        "fields": values_text(fields), "origin": Origin.live.value, "outside_id": "", "fresh": False,
    }  # fmt: skip


def _tell(connection: Connection, events: Sequence[dict[str, Any]]) -> None:
    """Let the people know what is new."""
    ids = [row["id"] for row in events]
    known: set[str] = set()
    for page in pages(ids):
        known.update(connection.execute(select(EVENT.c.id).where(EVENT.c.id.in_(page))).scalars())
    new = [row for row in events if row["id"] not in known]
    if new:
        insert_many(connection, EVENT, new)
        expect(connection, new, ())


MANY = 5_000  # codes of a gift, of which `status` counts only those that are free


def _very_many(gift: str) -> Select[Any]:
    """A row, where a gift has more than `MANY` codes."""
    return select(CODE.c.gift).where(CODE.c.gift == gift).offset(MANY).limit(1)


def _free_of(gift: str) -> Select[Any]:
    """How many codes of a pool are free."""
    return counted(select(CODE.c.number).where(CODE.c.gift == gift, _IS_FREE, CODE.c.made.is_(False)))


def _stock(connection: Connection, *which: ColumnElement[bool]) -> dict[str, Stock]:
    found: dict[str, Stock] = {}
    reserved, given, used = CODE.c.reservation.is_not(None), CODE.c.given_at.is_not(None), CODE.c.used_at.is_not(None)
    held = CODE.c.mail.in_((ELSEWHERE, NOT_IN_FILE))
    asked = select(CODE.c.gift, CODE.c.made, reserved, given, used, held, func.count())
    for gift, own, has, gave, was_used, aside, number in connection.execute(
        asked.where(*which).group_by(CODE.c.gift, CODE.c.made, reserved, given, used, held)
    ):
        before = found.get(gift, Stock())
        found[gift] = Stock(
            before.free + (number if not (own or has or gave) else 0),
            before.drawn + (number if has and not gave else 0),
            before.given + (number if gave and has else 0),
            before.used + (number if was_used else 0),
            before.aside + (number if aside else 0),
        )
    return found
