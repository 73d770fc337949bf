"""Forgetting somebody: the one exception to append-only (architecture.md 2.1). All of it in one transaction.

Payloads are blanked in place, in every table (`erased_columns`). Our own opaque id, send keys and times stay; of
addresses and shop's ids only keyed hashes do, by which nobody writes to them again.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import field, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Table, delete, func, insert, or_, select, update

from nurture.model.event import ERASED, Origin
from nurture.model.values import dataclass
from nurture.store import erasures, raw_posts
from nurture.store.cancelling import cancel
from nurture.store.codec import instant, micros
from nurture.store.database import Database, bucket, pages
from nurture.store.erased_columns import BLANKED, GONE, HASHED
from nurture.store.installation import Mark, count_on, declare, declared, read_mark, secret
from nurture.store.raw_posts import Names
from nurture.store.scrubbing import scrub
from nurture.store.tables import (
    ADDRESS,
    DECISION,
    DECLARATION,
    ENROLMENT,
    ERASURE,
    EVENT,
    MERGED,
    MESSAGE,
    METADATA,
    OUTSIDE_ID,
    PERSON,
    SUPPRESSION,
    TASK,
    WEBHOOK,
)

SCRUB = "bytes to scrub"  # declared with an erasure, and until the file was rewritten
_ADDRESSED = ("message", "happening", "reply")  # rows that may name an address and not, or no more, whose it is
COUNTED = ("event", "message", "enrolment", "reason", "task", "webhook", "draft", "happening", "reply", "code")


@dataclass(frozen=True, slots=True)
class Forgotten:
    """What became of it: rows by table, whether they were forgotten before, and what keeps bytes in the file still."""

    person: str
    rows: Counter[str] = field(default_factory=Counter)
    before: bool = False
    left: str = ""
    addresses: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Forgetting:
    """The door to it. `remember` keeps what a commit counts as; `file` is the installation's, None for none."""

    database: Database
    remember: Callable[[Mark], None]
    file: Path | None

    def foretold(self, person: str) -> Counter[str]:
        """How many rows there are of somebody, by table; nothing is written."""
        with self.database.reading() as connection:
            names = names_of(connection, person)
            return Counter({name: _count(connection, METADATA.tables[name], names) for name in COUNTED})

    def addresses(self, person: str) -> tuple[str, ...]:
        """The addresses that are or were theirs and nobody else's."""
        with self.database.reading() as connection:
            return tuple(sorted(names_of(connection, person).addresses))

    def forget(self, person: str, who: str, now: datetime, tell: bool = False) -> Forgotten:
        """Forget somebody; asked again, what came meanwhile goes too. `who` says who did it.

        With `tell` their addresses are kept until the provider was told (`untold`), and not a moment longer.
        First it is listed outside the store: a cut in between is made good when the store is opened next.
        """
        with self.database.writing() as connection:
            key = secret(connection, erasures.SECRET_NAME, micros(now))
            names, store = names_of(connection, person), read_mark(connection).store
            one = _erasure(connection, names, key, store, who, now)
            before = erasures.is_listed(connection, person)
        if self.file is not None:
            erasures.list_outside(self.file, [one])
        with self.database.writing(durable=True) as connection:
            names = names_of(connection, person)
            done = forget(connection, names, _erasure(connection, names, key, store, who, now), now, tell)
            declare(connection, SCRUB, person, micros(now))
            mark = count_on(connection)
        self.remember(mark)
        return Forgotten(person, done, before, self.finish(), tuple(sorted(names.addresses)))

    def finish(self) -> str:
        """Take the bytes of who was forgotten out of the file, where that is still to do: it was cut, or kept from it.

        Why it could not be done, in words; empty when it was, or nothing was to do.
        """
        with self.database.reading() as connection:
            if declared(connection, SCRUB) is None:
                return ""
        left = scrub(self.database)
        if not left:
            with self.database.writing() as connection:
                connection.execute(delete(DECLARATION).where(DECLARATION.c.name == SCRUB))
        return left

    def again(self, store: str, tell: bool = False) -> int:
        """Forget once more whoever the list outside the store has and the store has not; how many that are.

        A backup was restored, or forgetting was cut before it was kept: then the provider was never told. So with
        `tell` it is told (again), as in `forget`.
        """
        listed = erasures.read_list(self.file, store) if self.file is not None else []
        if not listed:
            return 0
        with self.database.reading() as connection:
            known = set(connection.execute(select(ERASURE.c.person)).scalars())
        missing = [one for one in listed if one.person not in known]
        for one in missing:
            self._once_more(one, tell)
        if missing:
            self.finish()
        return len(missing)

    def _once_more(self, one: erasures.Erasure, tell: bool) -> None:
        with self.database.writing(durable=True) as connection:
            erasures.believe(connection, bytes.fromhex(one.key))
            for person in (one.person, *one.old):
                names = names_of(connection, person)
                found = _erasure(connection, names, bytes.fromhex(one.key), one.store, one.who, instant(one.at))
                both = replace(
                    one, person=person, addresses=one.addresses + found.addresses, outside=one.outside + found.outside
                )
                forget(connection, names, both, instant(one.at), tell)
            declare(connection, SCRUB, one.person, one.at)
            mark = count_on(connection)
        self.remember(mark)

    def untold(self, most: int) -> dict[str, tuple[str, ...]]:
        """Addresses, by person, of whose erasure the provider was not told yet; so many people at the most."""
        asked = select(ERASURE.c.person, ERASURE.c.to_tell).where(ERASURE.c.told_at.is_(None), ERASURE.c.to_tell != "")
        with self.database.reading() as connection:
            return {person: tuple(words.split("\n")) for person, words in connection.execute(asked.limit(most))}

    def told(self, people: Sequence[str], now: datetime) -> None:
        """The provider was told of these: now their addresses go for good."""
        with self.database.writing(durable=True) as connection:
            for page in pages(people):
                these = update(ERASURE).where(ERASURE.c.person.in_(page))
                connection.execute(these.values(told_at=micros(now), to_tell=""))
            declare(connection, SCRUB, "", micros(now))
        self.finish()


def names_of(connection: Connection, person: str) -> Names:
    """What somebody is and was called; an address that is somebody else's by now is not theirs any more."""
    mine = set(connection.execute(select(ADDRESS.c.key).where(ADDRESS.c.person == person)).scalars())
    others = select(ADDRESS.c.key).where(ADDRESS.c.person != person, ADDRESS.c.valid_to.is_(None))
    taken = {
        key
        for page in pages(sorted(mine))
        for key in connection.execute(others.where(ADDRESS.c.key.in_(page))).scalars()
    }
    outside = connection.execute(select(OUTSIDE_ID.c.value).where(OUTSIDE_ID.c.person == person)).scalars()
    return Names(frozenset(mine - taken), frozenset(outside), person)


def _erasure(connection: Connection, names: Names, key: bytes, store: str, who: str, now: datetime) -> erasures.Erasure:
    ids = connection.execute(select(OUTSIDE_ID.c.source, OUTSIDE_ID.c.value).where(OUTSIDE_ID.c.person == names.person))
    addresses = tuple(sorted(erasures.address_hash(key, one) for one in names.addresses))
    outside = tuple(sorted({erasures.outside_hash(key, source, value) for source, value in ids}))
    old = connection.execute(select(MERGED.c.old).where(MERGED.c.person == names.person)).scalars()
    return erasures.Erasure(store, names.person, micros(now), who, addresses, outside, key.hex(), tuple(old))


def forget(connection: Connection, names: Names, one: erasures.Erasure, now: datetime, tell: bool) -> Counter[str]:
    """Blank all that is kept of somebody, within a transaction; rows that were changed, by table."""
    key, person = bytes.fromhex(one.key), names.person
    known = connection.execute(select(PERSON.c.id).where(PERSON.c.id == person)).first() is not None
    keys = connection.execute(select(MESSAGE.c.key).where(MESSAGE.c.person == person)).scalars().all()
    for page in pages(keys):
        cancel(connection, page, now)
    _end(connection, person, micros(now))
    done = Counter({"received": raw_posts.forget(connection, names, micros(now))})
    _hash(connection, person, key)
    for name, values in BLANKED.items():
        table = METADATA.tables[name]
        changed = connection.execute(update(table).where(_theirs(table, names)).values(**values)).rowcount
        done[name] += changed if name in COUNTED else 0
    for name in GONE:
        table = METADATA.tables[name]
        connection.execute(delete(table).where(table.c.person == person))
    _bar(connection, names, one, tell)
    if known:
        _say_so(connection, person, one)
    return +done


def _theirs(table: Table, names: Names) -> Any:
    if table.name == "person":
        return table.c.id == names.person
    if table.name in _ADDRESSED and names.addresses:
        nobodys = (table.c.person == "") & func.lower(table.c.address).in_(names.addresses)
        return or_(table.c.person == names.person, nobodys)
    return table.c.person == names.person


def _count(connection: Connection, table: Table, names: Names) -> int:
    return int(connection.execute(select(func.count()).select_from(table).where(_theirs(table, names))).scalar_one())


def _end(connection: Connection, person: str, at: int) -> None:
    """Nothing of theirs runs any more: sequences, tasks, calls of other systems."""
    for table, column, open_ in (
        (ENROLMENT, "ended_at", ENROLMENT.c.ended_at.is_(None)),
        (TASK, "done_at", TASK.c.done_at.is_(None)),
        (WEBHOOK, "settled_at", WEBHOOK.c.state == "planned"),
    ):
        more = {"state": "cancelled"} if table is WEBHOOK else {}
        connection.execute(update(table).where(table.c.person == person, open_).values({column: at, **more}))


def _hash(connection: Connection, person: str, key: bytes) -> None:
    """Put a keyed hash in the place of what tells rows apart; what is a hash already stays."""
    for name, columns in HASHED.items():
        table = METADATA.tables[name]
        for column in (table.c[one] for one in columns):
            asked = select(column).distinct().where(table.c.person == person, column != "")
            if name == "event":
                asked = asked.where(~column.startswith(_HASH_MARK))
            for word in connection.execute(asked).scalars().all():
                if not word.startswith(_HASH_MARK):
                    new = _HASH_MARK + erasures.hidden(key, word)
                    connection.execute(
                        update(table).where(table.c.person == person, column == word).values({column: new})
                    )


_HASH_MARK = "~"


def _bar(connection: Connection, names: Names, one: erasures.Erasure, tell: bool) -> None:
    """Keep the hashes, in place of what was suppressed in plain words."""
    erasures.keep(connection, one)
    for page in pages(sorted(names.addresses)):
        connection.execute(delete(SUPPRESSION).where(SUPPRESSION.c.key.in_(page)))
    if tell and names.addresses:
        mine = update(ERASURE).where(ERASURE.c.person == names.person)
        connection.execute(mine.values(to_tell="\n".join(sorted(names.addresses)), told_at=None))


def _say_so(connection: Connection, person: str, one: erasures.Erasure) -> None:
    """The event, taken in already; and the row of the journal at which replaying them ends."""
    id_ = _HASH_MARK + erasures.hidden(bytes.fromhex(one.key), f"{ERASED} {person}")
    of_person = {"person": person, "bucket": bucket(person)}
    if connection.execute(select(EVENT.c.id).where(EVENT.c.id == id_)).first() is None:
        event = {"id": id_, "name": ERASED, "happened_at": one.at, "known_at": one.at, "fields": "{}"}
        connection.execute(
            insert(EVENT), of_person | event | {"origin": Origin.live.value, "outside_id": "", "fresh": False}
        )
    else:
        connection.execute(update(EVENT).where(EVENT.c.id == id_).values(name=ERASED))
    newest = connection.execute(select(func.max(EVENT.c.number))).scalar_one()
    until = func.max(EVENT.c.known_at)
    latest = connection.execute(select(until).where(EVENT.c.person == person)).scalar() or one.at
    at = max(latest, one.at)
    journal = {"at": at, "since": at, "upto": newest, "mails": 0, "gone": "", "basis": 0, "digest": b""}
    connection.execute(insert(DECISION), of_person | journal)
    moved = update(PERSON).where(PERSON.c.id == person)
    connection.execute(moved.values(decided_until=at, decided_number=newest))
