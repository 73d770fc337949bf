"""Taking in rows in bulk: streaming, in transactions of at most 5,000 rows, safe to interrupt and to repeat.

Every row becomes events (the truth); repeating an import adds nothing, since an event's id follows
from the sender's own id or, without one, from the row itself and how many equal rows came before it.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from hashlib import blake2b
from typing import Any, TypeGuard

from sqlalchemy import Column, Connection, select

from nurture.model import event as names
from nurture.model.event import Origin
from nurture.store.arrivals import expect as expect  # noqa: PLC0414  (taken from here too)
from nurture.store.codec import micros, values_text
from nurture.store.codes import mark_used
from nurture.store.counted_rows import CountedRows
from nurture.store.database import Database, among, bucket, insert_many
from nurture.store.erasures import ASKED
from nurture.store.identity import Known, RefusedRow, normal_address
from nurture.store.known_facts import known_facts
from nurture.store.room import roomy
from nurture.store.rows import AnyRow, ConsentRow, ContactRow, EventRow, SendRow, SuppressionRow, unfit
from nurture.store.save import EVERYTHING
from nurture.store.tables import EVENT, MESSAGE, SUPPRESSION

REFUSED_BEFORE = "refused by whoever had this address before"

TOGETHER = 5_000  # rows in one transaction: a page of an index that many of them touch is written once, in 0.3 s
Reject = Callable[[AnyRow, str], None]
Tell = Callable[[int], None]


@dataclass(slots=True)
class Imported:
    """What an import changed. `too_old` counts new events, by name, that start nothing because of their age.

    `reach` is the age in days, by name, of the oldest of them that happened within `RECENT`.
    """

    rows: int = 0
    contacts: int = 0
    events: Counter[str] = field(default_factory=Counter)
    sends: int = 0
    suppressed: int = 0
    known_already: int = 0
    rejected: int = 0
    too_old: Counter[str] = field(default_factory=Counter)
    reach: dict[str, int] = field(default_factory=dict)


@dataclass(slots=True)
class _Batch:
    """What one transaction gathers before it writes."""

    known: Known
    events: dict[str, dict[str, Any]] = field(default_factory=dict)
    sends: dict[str, dict[str, Any]] = field(default_factory=dict)
    barred: dict[str, dict[str, Any]] = field(default_factory=dict)
    facts: dict[str, dict[str, object]] = field(default_factory=dict)


class Importing:
    """A bulk writer; one for each file, since equal rows are counted within it."""

    def __init__(
        self, database: Database, store: str, now: datetime, source: str, origin: Origin = Origin.imported
    ) -> None:
        self.database = database
        self.store = store
        self.now = now
        self._now = micros(now)
        self.source = source
        self._origin = origin.value
        self._equal = CountedRows()
        self._position = 0

    def take(
        self,
        rows: Iterable[AnyRow],
        reject: Reject,
        tell: Tell = lambda _: None,
        fresh: Mapping[str, timedelta] | None = None,
        full: Callable[[], bool] = lambda: False,
    ) -> Imported:
        """Take rows in. `reject` hears of each row that cannot be, and why; `tell` how many rows are done.

        `fresh` gives, by event, the greatest age at which it may still start something (for counting only). `full` is
        asked after each row whether those in hand are to be written, though they are few.
        """
        done = Imported()
        for batch in _batches(rows, full):
            with self.database.writing() as connection, roomy(connection, len(batch)):
                self._take(connection, batch, done, reject, fresh or {})
            done.rows += len(batch)
            tell(done.rows)
        return done

    def _take(
        self,
        connection: Connection,
        rows: Sequence[AnyRow],
        done: Imported,
        reject: Reject,
        fresh: Mapping[str, timedelta],
    ) -> None:
        good = []
        for row in rows:
            try:
                good.append((row, _address_of(row)))
            except RefusedRow as refusal:
                done.rejected += 1
                reject(row, str(refusal))
        known = Known(self.store, self.source)
        outside = (row.outside_id for row, _ in good if row.outside_id)
        known.look_up(connection, outside, (address.casefold() for _, address in good if address), whole=False)
        known.look_up_addresses(connection, _whose_address_matters(known, good))
        batch = _Batch(known)
        tell = [(row.outside_id, address.casefold()) for row, address in good if row.facts]
        batch.facts.update(known_facts(connection, known.who(tell)))
        for row, address in good:
            try:
                self._row(connection, batch, row, address)
            except RefusedRow as refusal:
                done.rejected += 1
                reject(row, str(refusal))
        _write(connection, batch, done, fresh, self._now)

    def _row(self, connection: Connection, batch: _Batch, row: AnyRow, address: str) -> None:
        self._position += 1
        known_at = self._now if row.known_at is None else micros(row.known_at)
        if isinstance(row, SuppressionRow):
            self._bar(connection, batch, row, address.casefold(), known_at)
            return
        if _says_no(row) and (two := batch.known.two(row.outside_id, address.casefold())):
            for person in two:  # which of them meant it cannot be known, so neither is written to
                self._consent(batch, person, names.CONSENT_REFUSED, row, micros(row.at), known_at)
            return
        person, new_address = batch.known.person(connection, row.outside_id, address, known_at)
        if new_address:
            self._new_address(connection, batch, person, address, known_at)
        if batch.known.comes_back(person):
            self._own(batch, person, names.SUPPRESSED, {"because": ASKED}, known_at, known_at, ASKED)
        if row.facts or row.tags or row.topics:
            self._said_of_person(batch, person, row, known_at)
        match row:
            case EventRow():
                self._event(batch, person, row, known_at)
            case ConsentRow():
                name = names.CONSENT_GIVEN if row.given else names.CONSENT_REFUSED
                self._consent(batch, person, name, row, micros(row.at), known_at)
            case SendRow():
                self._send(batch, person, row, address)

    def _bar(self, connection: Connection, batch: _Batch, row: SuppressionRow, key: str, known_at: int) -> None:
        """Whoever has the address and whoever has the id are both never written to, even if they are two.

        The address stays barred for whoever comes with it, and so does the one that the person of the id has now.
        """
        known = batch.known
        people = {known.by_address[key]} if key in known.by_address else set()
        if row.outside_id:
            people.add(
                known.by_outside.get(row.outside_id) or known.person(connection, row.outside_id, "", known_at)[0]
            )
        for barred in {key, *(known.address_of.get(person, "") for person in people)} - {"", *known.forgotten}:
            batch.barred[barred] = {"key": barred, "because": row.because, "since": micros(row.at)}
            known.suppressed.setdefault(barred, row.because)
        for person in sorted(people):
            fields = {"because": row.because}
            self._own(batch, person, names.SUPPRESSED, fields, micros(row.at), known_at, row.because)

    def _new_address(self, connection: Connection, batch: _Batch, person: str, address: str, known_at: int) -> None:
        fields = {"address": address}
        words = (address, str(known_at), str(self._position))  # an address may come back within one import
        self._own(batch, person, names.ADDRESS_ADDED, fields, known_at, known_at, *words)
        because = batch.known.suppressed.get(address.casefold())
        if because is not None:
            self._own(batch, person, names.SUPPRESSED, {"because": because}, known_at, known_at, because)
        for topic in batch.known.refused_by_another(connection, person, address.casefold()):
            topics = () if topic == EVERYTHING else (topic,)
            said = {"topics": topics, "basis": REFUSED_BEFORE, "wording": ""}
            self._own(batch, person, names.CONSENT_REFUSED, said, known_at, known_at, *topics, address)

    def _said_of_person(self, batch: _Batch, person: str, row: AnyRow, known_at: int) -> None:
        at = getattr(row, "at", None)
        happened = known_at if at is None or not isinstance(row, ContactRow) else micros(at)
        if row.facts:
            self._facts(batch, person, row.facts, happened, known_at)
        if row.tags:
            tags = tuple(sorted(row.tags))
            self._own(batch, person, names.PERSON_TAGGED, {"tags": tags}, happened, known_at, *tags)
        if row.topics and not isinstance(row, ConsentRow):
            self._consent(batch, person, names.CONSENT_GIVEN, row, happened if at is None else micros(at), known_at)

    def _facts(self, batch: _Batch, person: str, facts: Mapping[str, object], happened: int, known_at: int) -> None:
        """Only what differs from what is known already is a change."""
        old = batch.facts.setdefault(person, {})
        moved = {name: value for name, value in facts.items() if old.get(name) != value}
        if not moved:
            return
        old.update(moved)
        text = values_text({"facts": moved})
        words = (text, str(known_at), str(self._position))
        self._put(batch, person, names.PERSON_CHANGED, text, happened, known_at, _digest(person, *words))

    def _consent(self, batch: _Batch, person: str, name: str, row: AnyRow, happened: int, known_at: int) -> None:
        """With a row of another kind a consent comes once per person, however many rows carry it."""
        topics = tuple(sorted(row.topics))
        if row.asked and name == names.CONSENT_GIVEN:
            name = names.CONSENT_ASKED
        if name == names.CONSENT_REFUSED and person in batch.known.address_of:
            batch.known.refuses(person, batch.known.address_of[person], topics)
        words = (*topics, row.basis, *((str(happened),) if isinstance(row, ConsentRow) else ()))
        words += (str(row.until),) if row.until else ()
        self._own(batch, person, name, row.proof, happened, known_at, *words)

    def _own(
        self,
        batch: _Batch,
        person: str,
        name: str,
        fields: Mapping[str, object],
        happened: int,
        known_at: int,
        *words: str,
    ) -> None:
        self._put(batch, person, name, values_text(fields), happened, known_at, _digest(name, person, *words))

    def _event(self, batch: _Batch, person: str, row: EventRow, known_at: int) -> None:
        text = values_text(row.fields)
        happened = micros(row.at)
        if row.id:
            id_ = event_id(row.name, row.id)
        else:
            id_ = self._nth(row.name, row.outside_id, row.address.casefold(), str(happened), text)
        self._put(batch, person, row.name, text, happened, known_at, id_, row.id, row.fresh)

    def _nth(self, *words: str) -> str:
        """The id of a row without one: the row and how many equal ones came before it in this file."""
        same = blake2b("\x1f".join(words).encode(), digest_size=12)
        same.update(b"\x1f%d" % self._equal.count(same.digest()))
        return same.hexdigest()

    def _put(
        self,
        batch: _Batch,
        person: str,
        name: str,
        fields: str,
        happened: int,
        known_at: int,
        id_: str,
        outside_id: str = "",
        fresh: bool = False,
    ) -> None:
        if id_ in batch.events:
            return
        batch.events[id_] = {
            "id": id_,
            "person": person,
            "bucket": bucket(person),
            "name": name,
            "happened_at": happened,
            "known_at": known_at,
            "fields": fields,
            "origin": self._origin,
            "outside_id": outside_id,
            "fresh": fresh,
        }

    def _send(self, batch: _Batch, person: str, row: SendRow, address: str) -> None:
        at = micros(row.at)
        key = _digest("send", "id", row.id) if row.id else self._nth("send", person, row.mail, row.class_, str(at))
        batch.sends[key] = {
            "key": key,
            "person": person,
            "bucket": bucket(person),
            "mail": row.mail,
            "class_": row.class_,
            "topic": row.topic,
            "due_at": at,
            "decided_at": at,
            "valid_until": at,
            "day": row.day.toordinal(),
            "address": address,
            "before": True,
        } | _NO_SEQUENCE


def _whose_address_matters(known: Known, rows: Iterable[tuple[AnyRow, str]]) -> set[str]:
    """Those who refuse or are barred, and those who come with another address than theirs."""
    found: set[str | None] = set()
    for row, address in rows:
        named = known.by_outside.get(row.outside_id)
        reached = known.by_address.get(address.casefold())
        if isinstance(row, ConsentRow | SuppressionRow):
            found |= {named, reached}
        elif address and named != reached:
            found.add(named)
    return {person for person in found if person}


def _address_of(row: AnyRow) -> str:
    """The address of a row in normal form; RefusedRow when it is none, unless an id says whom not to write to."""
    if against := unfit(row):
        raise RefusedRow(against)
    try:
        return normal_address(row.address) if row.address else ""
    except RefusedRow:
        if row.outside_id and (isinstance(row, SuppressionRow) or _says_no(row)):
            return ""
        raise


def _says_no(row: AnyRow) -> TypeGuard[ConsentRow]:
    return isinstance(row, ConsentRow) and not row.given


RECENT = timedelta(days=30)  # older than this nobody means to greet any more
_DAY = 86_400_000_000  # in microseconds, as the store counts
_MICROSECOND = timedelta(microseconds=1)
_RECENT = RECENT / _MICROSECOND
_NO_SEQUENCE = {
    "sequence": "",
    "version": 0,
    "subject": "",
    "step": "",
    "theme": "",
    "zone": "",
    "rung": "",
    "variables": "{}",
    "variant": "",
    "offered": "",
    "carries": "",
    "again": False,
    "detail": "",
}


def _write(connection: Connection, batch: _Batch, done: Imported, fresh: Mapping[str, timedelta], now: int) -> None:
    events = _without_known(connection, EVENT.c.id, batch.events)
    sends = _without_known(connection, MESSAGE.c.key, batch.sends)
    barred = _without_known(connection, SUPPRESSION.c.key, batch.barred)
    batch.known.write(connection, now)
    for table, rows in ((EVENT, events), (MESSAGE, sends), (SUPPRESSION, barred)):
        insert_many(connection, table, rows)
    if events:
        expect(connection, events, batch.known.made)
        mark_used(connection, events)
    done.contacts += len(batch.known.made)
    done.sends += len(sends)
    done.suppressed += len(barred)
    done.known_already += len(batch.events) + len(batch.sends) - len(events) - len(sends)
    done.events.update(row["name"] for row in events)
    _count_old(events, done, {name: limit / _MICROSECOND for name, limit in fresh.items()})


def _count_old(events: Sequence[Mapping[str, Any]], done: Imported, limits: Mapping[str, float]) -> None:
    """Count what starts nothing because of its age; the limits are in microseconds."""
    for row in events:
        name, age = row["name"], row["known_at"] - row["happened_at"]
        if name in limits and not row["fresh"] and age > limits[name]:
            done.too_old[name] += 1
            if age <= _RECENT:
                done.reach[name] = max(done.reach.get(name, 0), -(-age // _DAY))


def event_id(name: str, outside_id: str) -> str:
    """The id of an event that has one outside: told again, it is the same."""
    return _digest(name, "id", outside_id)


def _digest(*words: str) -> str:
    return blake2b("\x1f".join(words).encode(), digest_size=12).hexdigest()


def _batches(rows: Iterable[AnyRow], full: Callable[[], bool]) -> Iterator[list[AnyRow]]:
    batch = []
    for row in rows:
        batch.append(row)
        if len(batch) >= TOGETHER or full():
            yield batch
            batch = []
    if batch:
        yield batch


_KEYS = {column: select(column) for column in (EVENT.c.id, MESSAGE.c.key, SUPPRESSION.c.key)}


def _without_known(connection: Connection, key: Column[Any], rows: dict[str, dict[str, Any]]) -> list[dict[str, Any]]:
    known = {row[0] for row in among(connection, _KEYS[key], key, list(rows))}
    return [row for id_, row in rows.items() if id_ not in known]
