"""The queue of the outbox: what may be claimed next, and through which gate."""

from collections.abc import Sequence
from datetime import datetime
from itertools import groupby
from operator import itemgetter
from typing import Any

from sqlalchemy import BigInteger, Connection, Integer, Text, bindparam, select, tuple_

from nurture.model.values import dataclass
from nurture.store.codec import micros
from nurture.store.database import ask
from nurture.store.outbox_left import lanes
from nurture.store.outbox_rows import SERVICE_LANE
from nurture.store.tables import MESSAGE, PLANNED

LOOKED_AT = 8  # times as many of the queue as are claimed, so that mails alike are found for a whole request
LOOKED_AT_MOST = 800  # but of a large batch only twice as many: it has enough of each kind
AT_FIRST, ALONG = 50, 1_000  # mails of the queue that are asked for at a time where something is paused
LOOKED_ALONG = 5_000  # of them are walked along at the most behind the first that may go
FEW = 2_000  # that wait since they are paused are walked along each time
ANEW, EACH = 60_000_000, 30  # microseconds: how long others are passed, and how long for each one


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


_IN_LINE = select(PLANNED.c.key, PLANNED.c.lane, PLANNED.c.released, PLANNED.c.alike, PLANNED.c.bucket)
_DUE = (PLANNED.c.lane == bindparam("lane"), PLANNED.c.due_at <= bindparam("now"))
_MOST = bindparam("most", type_=Integer)
OPENLY = _IN_LINE.where(*_DUE).order_by(PLANNED.c.due_at, PLANNED.c.key).limit(_MOST)
_PLACE = tuple_(PLANNED.c.due_at, PLANNED.c.key) > tuple_(
    bindparam("at", type_=BigInteger), bindparam("key", type_=Text)
)
_WITH_MAIL = _IN_LINE.add_columns(PLANNED.c.due_at, MESSAGE.c.sequence, MESSAGE.c.valid_until)
BEYOND = _WITH_MAIL.join(MESSAGE, MESSAGE.c.key == PLANNED.c.key).where(*_DUE, _PLACE)
BEYOND = BEYOND.order_by(PLANNED.c.due_at, PLANNED.c.key).limit(_MOST)


class Passed:
    """How far the queue is known to hold nothing but what is paused, so that no look walks along the same mails again.

    It is one process's own, and holds while the same sequences are paused. What comes to stand before such a place
    later, or grows too old there, is seen when it is walked anew: at once where few were passed, else within a minute,
    or in so much longer as is needed for walking to take a tenth of the time at the most.
    """

    def __init__(self) -> None:
        self.places: dict[int, tuple[int, str]] = {}
        self._paused: frozenset[str] = frozenset()
        self._without: set[str] = set()
        self._since, self._number = 0, 0

    def look(self, gate: Gate, now: int) -> None:
        """Begin a look at an instant (in microseconds): forget what must be walked anew."""
        lasts = max(ANEW, EACH * self._number)
        others = gate.paused != self._paused or not self._without <= gate.without
        if self._number <= FEW or others or not 0 <= now - self._since < lasts:
            self.places, self._paused, self._without = {}, gate.paused, set()
            self._since, self._number = now, 0

    def add(self, lane: int, rows: Sequence[Any], gate: Gate) -> None:
        """These follow in a lane, and wait."""
        if rows:
            self.places[lane] = (rows[-1][5], rows[-1][0])
            self._number += len(rows)
            self._without.update(gate.without.intersection(row[0] for row in rows))


def any_waits(connection: Connection, gate: Gate, now: datetime, passed: Passed) -> bool:
    """Whether the gate lets anything through; all that it does not let through before that is passed from now on."""
    passed.look(gate, micros(now))
    return bool(waiting(connection, gate, now, 1, passed))


def next_ones(connection: Connection, gate: Gate, now: datetime, limit: int, passed: Passed) -> list[Any]:
    """What is claimed next, up to `limit`, as `waiting` has it."""
    most = max(2 * limit, min(LOOKED_AT * limit, LOOKED_AT_MOST))
    return gathered(waiting(connection, gate, now, most, passed), limit)


def waiting(connection: Connection, gate: Gate, now: datetime, most: int, passed: Passed) -> list[Any]:
    """So many of the queue that the gate lets through: key, lane, whether released, kind and bucket of each.

    Lane by lane, so that what is due later costs nothing. Where something is paused fewer are found rather than that
    very many are walked along behind the first that is not.
    """
    found: list[Any] = []
    for lane in lanes(connection):
        if len(found) >= most or (gate.only_service and lane != SERVICE_LANE):
            break
        if gate.without or gate.paused:
            these, all_seen = _let_through(
                connection, gate, lane, (micros(now), most - len(found), bool(found)), passed
            )
            found += these
            if found and not all_seen:
                break  # what goes in this lane goes before the next
        else:
            found += ask(connection, OPENLY, lane=lane, now=micros(now), most=most - len(found))
    return found


def _let_through(
    connection: Connection, gate: Gate, lane: int, wanted: tuple[int, int, bool], passed: Passed
) -> tuple[list[Any], bool]:  # fmt: skip
    """What of a lane the gate lets through at an instant, so many of it; and whether all of the lane was looked at.

    `wanted` says last whether anything was found in lanes before this one.
    """
    now, most, others = wanted
    found: list[Any] = []
    looked, size = 0, min(ALONG, most + AT_FIRST)
    at, key = passed.places.get(lane, (0, ""))
    while len(found) < most and (looked < LOOKED_ALONG or not (found or others)):
        page = ask(connection, BEYOND, lane=lane, now=now, at=at, key=key, most=size)
        through = [place for place, row in enumerate(page) if _goes(row, gate, now)]
        if not found:
            passed.add(lane, page[: through[0]] if through else page, gate)
        found += [page[place][:5] for place in through]
        if len(page) < size:
            return found[:most], len(found) <= most
        at, key, looked, size = page[-1][5], page[-1][0], looked + size, ALONG
    return found[:most], False


def _goes(row: Any, gate: Gate, now: int) -> bool:
    """Whether one mail may go, or is too old to wait any longer."""
    return row[0] not in gate.without and (row[6] not in gate.paused or row[7] < now)


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
