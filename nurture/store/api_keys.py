"""Keys for the API: who may tell us what. Only hashes are kept, and when a key was used last, to the day."""

from collections.abc import Callable
from dataclasses import field
from datetime import datetime, timedelta

from sqlalchemy import Row, insert, or_, select, update

from nurture.model.values import dataclass
from nurture.store.codec import instant, maybe_instant, micros
from nurture.store.database import Database
from nurture.store.installation import Mark, count_on
from nurture.store.open import Store
from nurture.store.tables import API_KEY

COARSE = timedelta(days=1)  # how exactly the last use is kept: enough to find keys that nobody needs


@dataclass(frozen=True, slots=True)
class ApiKey:
    """A key as it is kept: `hash` is the SHA-256 of it, in hex. Instants are UTC, `used_at` to the day."""

    name: str
    hash: str = field(repr=False)
    scopes: frozenset[str]
    since: datetime
    who: str
    revoked_at: datetime | None = None
    used_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class ApiKeys:
    """The doors to the keys. `remember` keeps what a commit counts as in the installation."""

    database: Database
    remember: Callable[[Mark], None]

    def all(self) -> list[ApiKey]:
        """Every key there ever was, by name."""
        with self.database.reading() as connection:
            return [_key(row) for row in connection.execute(select(API_KEY).order_by(API_KEY.c.name))]

    def add(self, key: ApiKey) -> bool:
        """Keep a key; False when the name was given before, also to one that was revoked: a log must stay clear."""
        row = {
            "name": key.name, "hash": key.hash, "scopes": " ".join(sorted(key.scopes)), "since": micros(key.since),
            "who": key.who,
        }  # fmt: skip
        with self.database.writing(durable=True) as connection:
            if connection.execute(select(API_KEY.c.name).where(API_KEY.c.name == key.name)).first() is not None:
                return False
            connection.execute(insert(API_KEY), row)
            mark = count_on(connection)
        self.remember(mark)
        return True

    def revoke(self, name: str, now: datetime) -> bool:
        """Believe a key no more; False when there is none of that name that is believed. Safe from a power cut."""
        stands = update(API_KEY).where(API_KEY.c.name == name, API_KEY.c.revoked_at.is_(None))
        with self.database.writing(durable=True) as connection:
            if connection.execute(stands.values(revoked_at=micros(now))).rowcount != 1:
                return False
            mark = count_on(connection)
        self.remember(mark)
        return True

    def used(self, key: ApiKey, now: datetime) -> None:
        """Keep that a key was used; written once a day at the most, so that reading keys costs no writing."""
        if key.used_at is not None and now - key.used_at < COARSE:
            return
        older = or_(API_KEY.c.used_at.is_(None), API_KEY.c.used_at < micros(now))
        said = update(API_KEY).where(API_KEY.c.name == key.name, older).values(used_at=micros(_day(now)))
        with self.database.writing() as connection:
            connection.execute(said)


def api_keys(store: Store) -> ApiKeys:
    """The keys of an open store."""
    return ApiKeys(store.database, store.outbox.remember)


def _day(now: datetime) -> datetime:
    return now.replace(hour=0, minute=0, second=0, microsecond=0)


def _key(row: Row[tuple[object, ...]]) -> ApiKey:
    return ApiKey(
        row.name, row.hash, frozenset(row.scopes.split()), instant(row.since), row.who,
        maybe_instant(row.revoked_at), maybe_instant(row.used_at),
    )  # fmt: skip
