"""Calls of other systems, as the store keeps them: claimed before the call, settled after it, told to the flow.

A call is `handed` before its first byte leaves. One that a process left so is made again when its time is over: it
may arrive twice, and its Idempotency-Key, the same at every try, tells the other side so.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import BigInteger, Connection, and_, bindparam, func, select, update

from nurture.model.event import WEBHOOK_ANSWERED
from nurture.model.values import dataclass
from nurture.store.codec import instant, maybe_instant, micros, values_of
from nurture.store.database import Database, ask
from nurture.store.installation import Mark, count_on
from nurture.store.said import Said, record
from nurture.store.tables import WEBHOOK

PLANNED, HANDED, OK, FAILED, CANCELLED = "planned", "handed", "ok", "failed", "cancelled"
_WAITS = (WEBHOOK.c.state.in_((PLANNED, HANDED)), WEBHOOK.c.next_at <= bindparam("now", 0, BigInteger))
_DUE = select(WEBHOOK.c.key).where(*_WAITS).limit(1)
SLACK = timedelta(seconds=10)  # beyond its time-out before a call that got no answer is made again


@dataclass(frozen=True, slots=True)
class Ring:
    """A call as it stands. `tries` counts those that came to an end; `next_at` is the next one (UTC).

    `settled_at` is when the flow heard of it; set on a call that waits, a person has it made once more.
    """

    key: str
    person: str
    sequence: str
    subject: str
    step: str
    endpoint: str
    body: Mapping[str, object]
    retry: int
    timeout: int
    made_at: datetime
    state: str
    tries: int
    next_at: datetime | None
    detail: str
    settled_at: datetime | None


@dataclass(frozen=True, slots=True)
class Result:
    """What came of a call: ok or failed, or planned again for `next_at`. `value` is what the other side answered."""

    key: str
    state: str
    words: str
    value: object = None
    next_at: datetime | None = None
    tried: bool = True


@dataclass(frozen=True, slots=True)
class Webhooks:
    """The doors to the calls. `remember` keeps what a commit counts as in the installation."""

    database: Database
    remember: Callable[[Mark], None]

    def claim(self, limit: int, now: datetime) -> list[Ring]:
        """Up to so many calls whose time has come; from now on, safe from a power cut, they are `handed`."""
        with self.database.reading() as connection:
            if not ask(connection, _DUE, now=micros(now)):
                return []
        due = and_(WEBHOOK.c.state.in_((PLANNED, HANDED)), WEBHOOK.c.next_at <= micros(now))
        asked = select(*_COLUMNS).where(due).order_by(WEBHOOK.c.next_at, WEBHOOK.c.key).limit(limit)
        with self.database.writing(durable=True) as connection:
            found = [_ring(*row) for row in connection.execute(asked)]
            for one in found:
                until = now + timedelta(seconds=one.timeout) + SLACK
                handed = update(WEBHOOK).where(WEBHOOK.c.key == one.key)
                connection.execute(handed.values(state=HANDED, next_at=micros(until)))
            mark = count_on(connection)
        self.remember(mark)
        return found

    def settle(self, result: Result, now: datetime) -> bool:
        """Keep what came of a call that is handed, and tell the flow at its end; False when it was settled already."""
        return self._settle(result, now, (HANDED,))

    def give_up(self, key: str, words: str, now: datetime) -> bool:
        """A person wants no more tries of a call that waits; False when it does not wait."""
        return self._settle(Result(key, FAILED, words, tried=False), now, (PLANNED, HANDED))

    def _settle(self, result: Result, now: datetime, states: Sequence[str]) -> bool:
        ended = result.state != PLANNED
        said = {
            "state": result.state,
            "detail": result.words,
            "next_at": micros(result.next_at) if result.next_at else None,
        }
        with self.database.writing(durable=True) as connection:
            row = connection.execute(select(*_COLUMNS).where(WEBHOOK.c.key == result.key)).first()
            one = None if row is None else _ring(*row)
            if one is None or one.state not in states:
                return False
            tries = one.tries + result.tried
            settled = one.settled_at or (now if ended else None)
            values = said | {"tries": tries, "settled_at": micros(settled) if settled else None}
            connection.execute(update(WEBHOOK).where(WEBHOOK.c.key == result.key).values(**values))
            if ended and result.state != CANCELLED:
                _tell(connection, one, result, now)
            mark = count_on(connection)
        self.remember(mark)
        return True

    def again(self, key: str, now: datetime) -> str | None:
        """A person wants a call made now, waiting or failed; where it stood, None when it is on its way or done."""
        with self.database.writing(durable=True) as connection:
            stood: str | None = connection.execute(select(WEBHOOK.c.state).where(WEBHOOK.c.key == key)).scalar()
            if stood not in (PLANNED, FAILED):
                return None
            tries = {} if stood == PLANNED else {"tries": 0}
            now_ = update(WEBHOOK).where(WEBHOOK.c.key == key)
            connection.execute(now_.values(state=PLANNED, next_at=micros(now), **tries))
            mark = count_on(connection)
        self.remember(mark)
        return stood

    def next_at(self) -> datetime | None:
        """When the next call is due; None when none waits."""
        asked = select(func.min(WEBHOOK.c.next_at)).where(WEBHOOK.c.state.in_((PLANNED, HANDED)))
        with self.database.reading() as connection:
            return maybe_instant(connection.execute(asked).scalar())

    def lying(self, states: Sequence[str], limit: int, person: str = "") -> list[Ring]:
        """The calls in these states, those to come in their order, what ended with the newest first."""
        theirs = (WEBHOOK.c.person == person,) if person else ()
        asked = select(*_COLUMNS).where(WEBHOOK.c.state.in_(states), *theirs)
        order = (WEBHOOK.c.settled_at.desc().nulls_last(), WEBHOOK.c.next_at.nulls_first(), WEBHOOK.c.key)
        asked = asked.order_by(*order).limit(limit)
        with self.database.reading() as connection:
            return [_ring(*row) for row in connection.execute(asked)]

    def how_many(self) -> Mapping[str, int]:
        """How many calls are in each state."""
        with self.database.reading() as connection:
            asked = select(WEBHOOK.c.state, func.count()).group_by(WEBHOOK.c.state)
            return {state: int(count) for state, count in connection.execute(asked)}

    def keys_like(self, prefix: str, limit: int = 3) -> list[str]:
        """The keys that begin so."""
        between = (WEBHOOK.c.key >= prefix, WEBHOOK.c.key < prefix + "\U0010ffff")
        asked = select(WEBHOOK.c.key).where(*between).order_by(WEBHOOK.c.key).limit(limit)
        with self.database.reading() as connection:
            return list(connection.execute(asked).scalars())

    def one(self, key: str) -> Ring | None:
        """One call, whatever became of it."""
        with self.database.reading() as connection:
            row = connection.execute(select(*_COLUMNS).where(WEBHOOK.c.key == key)).first()
        return None if row is None else _ring(*row)


def _tell(connection: Connection, one: Ring, result: Result, now: datetime) -> None:
    """The flow hears of the end once: a call that a person had made again changes nothing any more."""
    fields = {"key": one.key, "ok": result.state == OK, "words": result.words, "value": result.value}
    record(connection, Said(one.person, WEBHOOK_ANSWERED, (one.key,), fields), now)


_COLUMNS = tuple(
    WEBHOOK.c[name]
    for name in (
        "key", "person", "sequence", "subject", "step", "endpoint", "body", "retry", "timeout", "made_at", "state",
        "tries", "next_at", "detail", "settled_at",
    )
)  # fmt: skip


def _ring(*row: Any) -> Ring:
    key, person, sequence, subject, step, endpoint, body, retry, timeout, made, state, tries, next_, detail, at = row
    return Ring(
        key, person, sequence, subject, step, endpoint, values_of(body), retry, timeout, instant(made), state, tries,
        maybe_instant(next_), detail, maybe_instant(at),
    )  # fmt: skip
