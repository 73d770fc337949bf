"""The queue of the outbox: what may be claimed next, and through which gate."""

from collections.abc import Sequence
from datetime import datetime
from itertools import groupby
from operator import itemgetter
from typing import Any

from sqlalchemy import Connection, Integer, Select, bindparam, or_, select

from nurture.model.values import dataclass
from nurture.store.codec import micros
from nurture.store.database import ask
from nurture.store.outbox_rows import SERVICE_LANE
from nurture.store.tables import MESSAGE, PLANNED

LOOKED_AT = 8  # times as many of the queue as are claimed, so that mails alike are found for a whole request
LOOKED_AT_MOST = 800  # but of a large batch only twice as many: it has enough of each kind


@dataclass(frozen=True, slots=True)
class Gate:
    """What may be claimed. `brake` is the most mails but service in any hour, None is no brake.

    Mails of the sequences in `paused` wait while they are valid. `only_service` leaves all else where it is, and
    `without` leaves single mails, by their keys, a few hundred at the most.
    """

    only_service: bool = False
    brake: int | None = None
    paused: frozenset[str] = frozenset()
    without: frozenset[str] = frozenset()


OPEN = Gate()


_ANY = select(PLANNED.c.key).where(PLANNED.c.due_at <= bindparam("now")).limit(1)
_IN_LINE = select(PLANNED.c.key, PLANNED.c.lane, PLANNED.c.released, PLANNED.c.alike, PLANNED.c.bucket)
_IN_ORDER = (PLANNED.c.lane, PLANNED.c.due_at, PLANNED.c.key)
MOST = _IN_LINE.where(PLANNED.c.due_at <= bindparam("now")).order_by(*_IN_ORDER)
MOST = MOST.limit(bindparam("most", type_=Integer))


def any_waits(connection: Connection, gate: Gate, now: datetime) -> bool:
    """Whether the gate lets anything through."""
    return bool(ask(connection, _ANY, now=micros(now)) and waiting(connection, gate, now, 1))


def next_ones(connection: Connection, gate: Gate, now: datetime, limit: int) -> list[Any]:
    """What is claimed next, up to `limit`, as `waiting` has it."""
    most = max(2 * limit, min(LOOKED_AT * limit, LOOKED_AT_MOST))
    return gathered(waiting(connection, gate, now, most), limit)


def waiting(connection: Connection, gate: Gate, now: datetime, most: int) -> Sequence[Any]:
    """So many of the queue that the gate lets through: key, lane, whether released, kind and bucket of each."""
    if gate.only_service or gate.without or gate.paused:
        return connection.execute(behind(gate, now).limit(most)).all()
    return ask(connection, MOST, now=micros(now), most=most)


def behind(gate: Gate, now: datetime) -> Select[Any]:
    """The queue as far as the gate lets it through, in the order in which it goes."""
    asked = _IN_LINE.where(PLANNED.c.due_at <= micros(now))
    if gate.only_service:
        asked = asked.where(PLANNED.c.lane == SERVICE_LANE)
    if gate.without:
        asked = asked.where(PLANNED.c.key.not_in(sorted(gate.without)))
    if gate.paused:
        too_old = MESSAGE.c.valid_until < micros(now)
        asked = asked.join(MESSAGE, MESSAGE.c.key == PLANNED.c.key)
        asked = asked.where(or_(MESSAGE.c.sequence.not_in(sorted(gate.paused)), too_old))
    return asked.order_by(*_IN_ORDER)


def gathered(waiting: Sequence[Any], limit: int) -> list[Any]:
    """Up to `limit` of what waits, in its order: whole lanes first; of the last lane those that are alike together.

    What fell due first always goes, and with it what is like it: such mails fill a request. So nothing waits for
    longer than there are kinds before it.
    """
    found: list[Any] = []
    for _, lane in groupby(waiting, key=itemgetter(1)):
        rows = list(lane)
        if len(found) + len(rows) > limit:
            kinds: dict[str, list[Any]] = {}
            for row in rows:
                kinds.setdefault(row[3], []).append(row)
            rows = [row for kind in kinds.values() for row in kind]  # each kind in the order of the queue
        found += rows[: limit - len(found)]
    return found
