"""Who a row is about: outside ids and addresses to people, and people made where there are none.

One address is one contact. An address that belongs to somebody else is refused, never moved.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from hashlib import blake2b
from shlex import quote
from typing import Any

from sqlalchemy import Connection, Select, select, update

from nurture.model.event import CONSENT_REFUSED
from nurture.model.mailbox import LONGEST_LOCAL_PART
from nurture.store.codec import values_of
from nurture.store.database import among, bucket, insert_many, pages
from nurture.store.erasures import ASKED, barred
from nurture.store.merged import given_up
from nurture.store.tables import ADDRESS, CONSENT, EVENT, OUTSIDE_ID, PERSON, SUPPRESSION

QUOTED = 100  # characters of what somebody wrote, in the reason why it is refused


class RefusedRow(ValueError):
    """A row that cannot be taken in; its message says why, for the file of rejects."""


def normal_address(text: str) -> str:
    """An e-mail address in its normal form, without asking the network; RefusedRow when it is none.

    What no server need take (RFC 5321 4.5.3.1.1) is none: it would have a whole request of mails turned away.
    """
    local, _, domain = text.partition("@")
    if len(local) <= LONGEST_LOCAL_PART and _PLAIN.fullmatch(local):
        known = _domain(domain)
        if known and len(local) + len(known) < _LONGEST:
            return f"{local}@{known}"
    return _judged(text)


_PLAIN = re.compile(r"[a-z0-9]+(?:[._+-][a-z0-9]+)*")  # what every server takes, and no form but its own
_LONGEST = 254  # characters of an address (RFC 5321 4.5.3.1.3, with its brackets)


@lru_cache(maxsize=4096)
def _domain(text: str) -> str:
    """The normal form of a domain, judged once for all who are at it; empty when it is none, or only looks like one."""
    try:
        return _judged(f"a@{text}").removeprefix("a@")
    except RefusedRow:
        return ""


@lru_cache(maxsize=4096)
def _judged(text: str) -> str:
    """An address in its normal form, by a library that knows all of the rules: 25 µs."""
    from email_validator import EmailNotValidError, validate_email

    try:
        found = validate_email(text.strip(), check_deliverability=False)
    except EmailNotValidError as error:
        raise RefusedRow(f"{shortened(text)!r} is not an e-mail address: {error}") from error
    if len(found.local_part.encode()) > LONGEST_LOCAL_PART:
        words = f"more than {LONGEST_LOCAL_PART} characters before the @-sign"
        raise RefusedRow(f"{shortened(text)!r} is not an e-mail address: {words}")
    return found.normalized


def shortened(text: str) -> str:
    """A text as it is quoted in a reason: a file's rubbish is not repeated whole."""
    return text if len(text) <= QUOTED else f"{text[:QUOTED]}…"


def person_id(store: str, *words: str) -> str:
    """An opaque id: the same words give the same person in this store, and tell nobody else who it is."""
    return "p" + blake2b("\x1f".join(words).encode(), digest_size=10, key=store.encode()).hexdigest()


@lru_cache(maxsize=16)
def _named(source: str) -> Select[Any]:
    of_source = (OUTSIDE_ID.c.source == source, OUTSIDE_ID.c.valid_to.is_(None))
    return select(OUTSIDE_ID.c.value, OUTSIDE_ID.c.person).where(*of_source)


_REACHED = select(ADDRESS.c.key, ADDRESS.c.person).where(ADDRESS.c.valid_to.is_(None))
_ADDRESS_OF = select(ADDRESS.c.person, ADDRESS.c.key).where(ADDRESS.c.valid_to.is_(None))
_BARRED = select(SUPPRESSION.c.key, SUPPRESSION.c.because)
_REFUSED = (
    select(ADDRESS.c.key, ADDRESS.c.person, CONSENT.c.topic, CONSENT.c.address)
    .join_from(ADDRESS, CONSENT, CONSENT.c.person == ADDRESS.c.person)
    .where(CONSENT.c.given.is_(False))
)
_REFUSED_JUST_NOW = (
    select(ADDRESS.c.key, ADDRESS.c.person, EVENT.c.fields)
    .join_from(ADDRESS, PERSON, PERSON.c.id == ADDRESS.c.person)
    .join(EVENT, EVENT.c.person == ADDRESS.c.person)
    .where(EVENT.c.number > PERSON.c.decided_number, EVENT.c.name == CONSENT_REFUSED)
)
_REFUSED_THERE = (  # of who had it: what they refused while they did, whatever they said at another since
    select(ADDRESS.c.key, ADDRESS.c.person, EVENT.c.fields)
    .join_from(ADDRESS, EVENT, EVENT.c.person == ADDRESS.c.person)
    .where(ADDRESS.c.valid_to.is_not(None), EVENT.c.name == CONSENT_REFUSED)
    .where(EVENT.c.known_at >= ADDRESS.c.valid_from, EVENT.c.known_at < ADDRESS.c.valid_to)
)
_HELD = select(ADDRESS.c.key, ADDRESS.c.valid_from)
_PERSON = select(PERSON.c.id)


@dataclass(slots=True)
class Known:
    """Who is known, for one batch of rows, and who was made in it."""

    store: str
    source: str
    by_outside: dict[str, str] = field(default_factory=dict)
    by_address: dict[str, str] = field(default_factory=dict)
    address_of: dict[str, str] = field(default_factory=dict)
    suppressed: dict[str, str] = field(default_factory=dict)
    refused: dict[str, set[tuple[str, str]]] = field(default_factory=dict)
    looked_for: set[str] = field(default_factory=set)
    taken: set[str] = field(default_factory=set)
    made: dict[str, dict[str, Any]] = field(default_factory=dict)
    new_outside: list[dict[str, Any]] = field(default_factory=list)
    new_addresses: list[dict[str, Any]] = field(default_factory=list)
    standing: dict[str, dict[str, Any]] = field(default_factory=dict)
    closed: list[str] = field(default_factory=list)
    forgotten: set[str] = field(default_factory=set)
    back: set[str] = field(default_factory=set)

    def look_up(
        self, connection: Connection, outside: Iterable[str], addresses: Iterable[str], whole: bool = True
    ) -> None:
        """Read who these are, in pages; and the address that each of them has, unless the caller asks for some."""
        named, reached = sorted(set(outside)), sorted(set(addresses))
        self.by_outside.update(map(tuple, among(connection, _named(self.source), OUTSIDE_ID.c.value, named)))
        self.by_address.update(map(tuple, among(connection, _REACHED, ADDRESS.c.key, reached)))
        self.suppressed.update(map(tuple, among(connection, _BARRED, SUPPRESSION.c.key, reached)))
        self.forgotten |= barred(connection, self.source, named, reached)
        self.suppressed.update(dict.fromkeys(self.forgotten.intersection(reached), ASKED))
        if whole:
            self.look_up_addresses(connection, {*self.by_outside.values(), *self.by_address.values()})
        self._look_for_refusals(connection, (key for key in reached if key not in self.by_address))
        new = [self._id("outside", self.source, one) for one in named if one not in self.by_outside]
        new += [self._id("address", key) for key in reached if key not in self.by_address]
        self.taken.update(row[0] for row in among(connection, _PERSON, PERSON.c.id, new))
        self.taken |= given_up(connection, new)

    def look_up_addresses(self, connection: Connection, people: Iterable[str]) -> None:
        """Read the address that each of these people has: two pages of a large store for each of them."""
        self.address_of.update(map(tuple, among(connection, _ADDRESS_OF, ADDRESS.c.person, sorted(people))))

    def who(self, named: Iterable[tuple[str, str]]) -> Iterator[str]:
        """The people of these outside ids, else addresses in normal form; those whom nobody knows are left out."""
        for outside, key in named:
            person = self.by_outside.get(outside) or self.by_address.get(key)
            if person:
                yield person

    def moves(self, person: str, address: str, since: int) -> None:
        """Somebody has another address from now on, in microseconds; it is nobody else's."""
        if self.by_address.get(address.casefold()) != person:
            self._address(person, address, address.casefold(), since)

    def two(self, outside: str, key: str) -> list[str]:
        """The two people whom an id and an address mean, when they are not the same; else nobody."""
        meant = {self.by_outside.get(outside), self.by_address.get(key)} - {None}
        return sorted(person for person in meant if person) if len(meant) > 1 else []

    def comes_back(self, person: str) -> bool:
        """Whether somebody comes back by the id of one who was forgotten; told once."""
        back = person in self.back
        self.back.discard(person)
        return back

    def refused_by_another(self, connection: Connection, person: str, key: str) -> list[str]:
        """Topics refused at an address by somebody who had it before; `*` is everything."""
        self._look_for_refusals(connection, [key])
        return sorted({topic for holder, topic in self.refused.get(key, ()) if holder != person})

    def _look_for_refusals(self, connection: Connection, keys: Iterable[str]) -> None:
        """What was refused at these addresses. It matters once somebody new comes to have one, so it is asked late."""
        asked = sorted(set(keys) - self.looked_for)
        self.looked_for.update(asked)
        still = set()
        for key, person, topic, said_at in among(connection, _REFUSED, ADDRESS.c.key, asked):
            still.add((person, topic))
            if said_at.casefold() == key:
                self.refused.setdefault(key, set()).add((person, topic))
        for key, person, fields in among(connection, _REFUSED_THERE, ADDRESS.c.key, asked):
            topics = values_of(fields).get("topics", ()) or ("*",)
            there = {(person, topic) for topic in topics} if isinstance(topics, tuple | list) else set()
            self.refused.setdefault(key, set()).update(there & still)
        for key, person, fields in among(connection, _REFUSED_JUST_NOW, ADDRESS.c.key, asked):
            topics = values_of(fields).get("topics", ())
            self.refuses(person, key, topics if isinstance(topics, tuple | list) else ())

    def refuses(self, person: str, key: str, topics: Sequence[str]) -> None:
        """Somebody who has an address refuses: it counts at once for whoever has it next, also before it is folded."""
        self.refused.setdefault(key, set()).update((person, topic) for topic in topics or ("*",))

    def _id(self, *words: str) -> str:
        return person_id(self.store, *words)

    def person(self, connection: Connection, outside: str, address: str, known_at: int) -> tuple[str, bool]:
        """Whose row it is, making them if need be, and whether the address is new to them.

        `address` is in normal form or empty, `known_at` in microseconds.
        """
        key = address.casefold()
        person = self._whose(outside, key)
        if person is None:
            person = self._make(connection, outside, key, known_at)
        else:
            made = self.made.get(person)
            if made is not None:
                made["decided_until"] = min(made["decided_until"], known_at - 1)
        if outside and outside not in self.by_outside:
            self._name(person, outside, known_at)
        if not key or key in self.by_address:
            return person, False
        self._address(person, address, key, known_at)
        return person, True

    def _whose(self, outside: str, key: str) -> str | None:
        if not outside and not key:
            raise RefusedRow("neither an id nor an e-mail address says who this is")
        named = self.by_outside.get(outside) if outside else None
        reached = self.by_address.get(key) if key else None
        if named is not None and reached is not None and named != reached:
            words = f"the address {key} belongs to another contact than {outside!r}"
            raise RefusedRow(f"{words}; if they are one: nurture merge {quote(outside)} {quote(key)}")
        return named or reached

    def _make(self, connection: Connection, outside: str, key: str, known_at: int) -> str:
        words = ("outside", self.source, outside) if outside else ("address", key)
        person = self._id(*words)
        while person in self.made or person in self.taken:  # it was somebody else's once; ids are never used again
            words = (*words, str(known_at))
            person = self._id(*words)
            if given_up(connection, [person]) or connection.execute(_PERSON.where(PERSON.c.id == person)).first():
                self.taken.add(person)
        self.made[person] = {
            "id": person,
            "bucket": bucket(person),
            "created_at": known_at,
            "decided_until": known_at - 1,
            "decided_number": 0,
            "zone": "",
            "facts": "{}",
            "tags": "[]",
            "stage": "",
            "orders_count": 0,
            "orders_total": 0.0,
            "country": "",
            "placed_by": "",
            "state": "{}",
        }
        return person

    def _name(self, person: str, outside: str, since: int) -> None:
        self.by_outside[outside] = person
        if f"#{outside}" in self.forgotten:
            self.back.add(person)
        row = {"source": self.source, "value": outside, "valid_from": since}
        self.new_outside.append(row | {"person": person, "bucket": bucket(person)})

    def _address(self, person: str, address: str, key: str, since: int) -> None:
        old = self.address_of.get(person)
        if old is not None:
            self._give_up(old, since)
            self.by_address.pop(old, None)
        self.by_address[key] = person
        self.address_of[person] = key
        row = {"key": key, "valid_from": since, "address": address, "person": person, "bucket": bucket(person)}
        self.standing[key] = row | {"state": "ok", "state_since": since, "valid_to": None}
        self.new_addresses.append(self.standing[key])

    def _give_up(self, key: str, since: int) -> None:
        """An address that is nobody's from now on: one of the store's, or one that was taken within this batch."""
        row = self.standing.pop(key, None)
        if row is None:
            self.closed.append(key)
        else:
            row["valid_to"] = since

    def write(self, connection: Connection, now: int) -> None:
        """Keep who was made and what they are called."""
        insert_many(connection, PERSON, list(self.made.values()))
        insert_many(connection, OUTSIDE_ID, self.new_outside)
        for page in pages(self.closed):
            ended = update(ADDRESS).where(ADDRESS.c.key.in_(page), ADDRESS.c.valid_to.is_(None))
            connection.execute(ended.values(valid_to=now))
        _one_after_the_other(connection, self.new_addresses)
        insert_many(connection, ADDRESS, self.new_addresses)


def _one_after_the_other(connection: Connection, rows: Sequence[dict[str, Any]]) -> None:
    """Who has an address later has it from later on, if only by a microsecond: an import has one `now` for all rows."""
    if not rows:
        return
    last: dict[str, int] = {}
    for key, valid_from in among(connection, _HELD, ADDRESS.c.key, sorted({row["key"] for row in rows})):
        last[key] = max(valid_from, last.get(key, 0))
    for row in rows:
        row["valid_from"] = max(row["valid_from"], last.get(row["key"], -1) + 1)
        if row["valid_to"] is not None:
            row["valid_to"] = max(row["valid_to"], row["valid_from"])
        last[row["key"]] = row["valid_from"]
