"""What a round of handing over leaves behind: counted by looks at an index, and never further than `up_to.MOST`."""

from collections.abc import Collection, Iterator
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Integer, Select, bindparam, func, select

from nurture.model.mail import Fate
from nurture.model.values import dataclass
from nurture.store import up_to
from nurture.store.codec import instant, micros
from nurture.store.database import Database, ask
from nurture.store.outbox_lists import Paced
from nurture.store.tables import HELD, MESSAGE, PLANNED


@dataclass(frozen=True, slots=True)
class Left:
    """How many mails wait, are held and are in doubt; a number above `up_to.MOST` stands for more.

    Of the waiting, `put_off` wait for their readers' hours, the first until `put_off_until` (UTC), and `paced` for our
    own pace; of more than `up_to.MOST` in a lane those that go first are told.
    """

    waiting: int = 0
    held: int = 0
    in_doubt: int = 0
    put_off: int = 0
    put_off_until: datetime | None = None
    paced: tuple[Paced, ...] = ()

    @property
    def morning(self) -> datetime | None:
        """When the first of what is put off may go (UTC); None when nothing is."""
        later = (self.put_off_until, *(one.until for one in self.paced))
        return min((until for until in later if until is not None), default=None)


def left(database: Database, now: datetime) -> Left:
    """What is left now; quick whatever lies in the store."""
    most = up_to.MORE
    with database.reading() as connection:
        found = list(lanes(connection))
        waiting = up_to.together(*(_number(connection, WAITING, lane=lane, most=most) for lane in found))
        later: dict[str, Paced] = {}
        for lane in found:
            for because, number, until in ask(connection, LATER, lane=lane, most=most, now=micros(now)):
                one = later.get(because, Paced(because, 0, instant(until)))
                together = up_to.together(one.number, int(number))
                later[because] = Paced(because, together, min(one.until, instant(until)))
        put_off = later.pop("", None)
        return Left(
            waiting,
            _number(connection, KEPT, most=most),
            _number(connection, DOUBTED, most=most),
            put_off.number if put_off else 0,
            put_off.until if put_off else None,
            tuple(later[because] for because in sorted(later)),
        )


def _number(connection: Connection, asked: Select[Any], **given: int) -> int:
    return int(ask(connection, asked, **given)[0][0])


def lanes(connection: Connection) -> Iterator[int]:
    """The lanes in which anything waits, each found by one look at the index."""
    lane = -1
    while rows := ask(connection, NEXT_LANE, lane=lane):
        lane = int(rows[0][0])
        yield lane


def first_due(connection: Connection, lane: int, paused: Collection[str] = ()) -> int | None:
    """When the first mail of a lane is due, in microseconds; None where none waits.

    Mails of sequences that are `paused` are not meant, as far as the first thousand of the lane go.
    """
    if not paused:
        return next((int(due) for (due,) in ask(connection, FIRST, lane=lane)), None)
    return next((int(due) for due, sequence in ask(connection, FIRST_ONES, lane=lane) if sequence not in paused), None)


def _first(asked: Select[Any]) -> Any:
    return asked.limit(bindparam("most", type_=Integer)).subquery()


def _counted(asked: Select[Any]) -> Select[Any]:
    return select(func.count()).select_from(_first(asked))


def _later() -> Select[Any]:
    put_off = PLANNED.c.lane == bindparam("lane"), PLANNED.c.due_at > bindparam("now")
    some = _first(select(PLANNED.c.because, PLANNED.c.due_at).where(*put_off).order_by(PLANNED.c.due_at))
    return select(some.c.because, func.count(), func.min(some.c.due_at)).group_by(some.c.because)


FIRST = select(PLANNED.c.due_at).where(PLANNED.c.lane == bindparam("lane")).order_by(PLANNED.c.due_at).limit(1)
FIRST_ONES = (
    select(PLANNED.c.due_at, MESSAGE.c.sequence)
    .join(MESSAGE, MESSAGE.c.key == PLANNED.c.key)
    .where(PLANNED.c.lane == bindparam("lane"))
    .order_by(PLANNED.c.due_at)
    .limit(1_000)
)
NEXT_LANE = select(PLANNED.c.lane).where(PLANNED.c.lane > bindparam("lane")).order_by(PLANNED.c.lane).limit(1)
WAITING = _counted(select(PLANNED.c.lane).where(PLANNED.c.lane == bindparam("lane")))
LATER = _later()
KEPT = _counted(select(HELD.c.lane))
DOUBTED = _counted(select(MESSAGE.c.fate).where(MESSAGE.c.fate == Fate.in_doubt.value))
