"""Tasks for people of the shop, as the store keeps them: what is open, who took it, and what came of it."""

from collections.abc import Callable, Collection, Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, Select, and_, case, func, select, update

from nurture.model.event import TASK_DONE
from nurture.model.values import dataclass
from nurture.store.codec import instant, maybe_instant, micros
from nurture.store.database import Database
from nurture.store.installation import Mark, count_on
from nurture.store.said import Said, record
from nurture.store.tables import ENROLMENT, TASK


@dataclass(frozen=True, slots=True)
class Errand:
    """A task as it stands. `due_on` is a date in the shop's zone, instants are UTC.

    `owner` is a name of rules.people. `ended` is how the enrolment that made it ended, empty while it runs.
    """

    key: str
    person: str
    sequence: str
    step: str
    text: str
    owner: str
    made_at: datetime
    due_on: date
    held_until: datetime | None
    taken_by: str
    taken_at: datetime | None
    done_by: str
    done_at: datetime | None
    words: str
    ended: str


@dataclass(frozen=True, slots=True)
class Tasks:
    """The doors to the tasks. `remember` keeps what a commit counts as in the installation."""

    database: Database
    remember: Callable[[Mark], None]

    def open(self, limit: int, names: Collection[str] = ()) -> list[Errand]:
        """What is to be done, the earliest due first; with `names` what is for one of these or was taken by one."""
        with self.database.reading() as connection:
            return _found(connection, _of(names).where(TASK.c.done_at.is_(None)).limit(limit))

    def done(self, limit: int, names: Collection[str] = ()) -> list[Errand]:
        """What was done, the newest first."""
        asked = _of(names).where(TASK.c.done_at.is_not(None)).order_by(None).order_by(TASK.c.done_at.desc(), TASK.c.key)
        with self.database.reading() as connection:
            return _found(connection, asked.limit(limit))

    def of_person(self, person: str) -> list[Errand]:
        """The open tasks about one person."""
        with self.database.reading() as connection:
            return _found(connection, _ASKED.where(TASK.c.person == person, TASK.c.done_at.is_(None)))

    def how_many(self, day: date) -> tuple[int, int]:
        """How many are to be done, and how many of them were due before that day."""
        late = func.coalesce(func.sum(case((TASK.c.due_on < day.toordinal(), 1), else_=0)), 0)
        with self.database.reading() as connection:
            row = connection.execute(select(func.count(), late).where(TASK.c.done_at.is_(None))).one()
        return int(row[0]), int(row[1])

    def keys_like(self, prefix: str, limit: int = 3) -> list[str]:
        """The keys that begin so."""
        between = (TASK.c.key >= prefix, TASK.c.key < prefix + "\U0010ffff")
        with self.database.reading() as connection:
            return list(
                connection.execute(select(TASK.c.key).where(*between).order_by(TASK.c.key).limit(limit)).scalars()
            )

    def one(self, key: str) -> Errand | None:
        """One task, done or not."""
        with self.database.reading() as connection:
            return next(iter(_found(connection, _ASKED.where(TASK.c.key == key))), None)

    def take(self, key: str, who: str, now: datetime) -> bool:
        """Somebody takes a task; False when another has it, or it is done. Whoever has it may take it again."""
        free = and_(TASK.c.key == key, TASK.c.done_at.is_(None), TASK.c.taken_by.in_(("", who)))
        with self.database.writing() as connection:
            taken = update(TASK).where(free).values(taken_by=who, taken_at=micros(now))
            return connection.execute(taken).rowcount == 1

    def finish(self, key: str, who: str, words: str, now: datetime, also: Sequence[Said] = ()) -> bool:
        """Somebody did it: kept, and told to whoever waits for it (task.done). False when it was done before.

        What `also` says is recorded with it, and with nothing else.
        It is safe from a power cut when this returns, and counts as a commit: a backup from before it lacks it.
        """
        open_ = and_(TASK.c.key == key, TASK.c.done_at.is_(None))
        said = {"done_by": who, "done_at": micros(now), "words": words}
        with self.database.writing(durable=True) as connection:
            if connection.execute(update(TASK).where(open_).values(**said)).rowcount != 1:
                return False
            person = connection.execute(select(TASK.c.person).where(TASK.c.key == key)).scalar_one()
            fields = {"key": key, "by": who, "words": words}
            for said_of_it in (Said(person, TASK_DONE, (key,), fields), *also):
                record(connection, said_of_it, now)
            mark = count_on(connection)
        self.remember(mark)
        return True


_NAMES = (
    "key", "person", "sequence", "step", "text", "owner", "made_at", "due_on", "held_until", "taken_by", "taken_at",
    "done_by", "done_at", "words",
)  # fmt: skip
_ASKED = (
    select(*(TASK.c[name] for name in _NAMES), ENROLMENT.c.ending)
    .select_from(
        TASK.outerjoin(
            ENROLMENT,
            and_(
                ENROLMENT.c.person == TASK.c.person,
                ENROLMENT.c.sequence == TASK.c.sequence,
                ENROLMENT.c.subject == TASK.c.subject,
                ENROLMENT.c.ended_at.is_not(None),
            ),
        )
    )
    .order_by(TASK.c.due_on, TASK.c.made_at, TASK.c.key)
)


def _of(names: Collection[str]) -> Select[Any]:
    if not names:
        return _ASKED
    return _ASKED.where(TASK.c.owner.in_(sorted(names)) | TASK.c.taken_by.in_(sorted(names)))


def _found(connection: Connection, asked: Select[Any]) -> list[Errand]:
    return [_errand(*row) for row in connection.execute(asked)]


def _errand(*row: Any) -> Errand:
    key, person, sequence, step, text, owner, made, due, held, taken_by, taken, done_by, done, words, ended = row
    return Errand(
        key, person, sequence, step, text, owner, instant(made), date.fromordinal(due), maybe_instant(held),
        taken_by, maybe_instant(taken), done_by, maybe_instant(done), words, ended or "",
    )  # fmt: skip
