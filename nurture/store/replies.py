"""Letters from readers as the store keeps them: who wrote, what about, and what a person was given to do about it."""

from collections.abc import Callable, Sequence
from dataclasses import field
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, Select, func, insert, select

from nurture.model.values import dataclass
from nurture.store.codec import instant, maybe_instant, micros
from nurture.store.database import Database, bucket
from nurture.store.identity import RefusedRow, normal_address
from nurture.store.installation import Mark, count_on
from nurture.store.said import Said, record
from nurture.store.tables import ADDRESS, EVENT, MERGED, MESSAGE, REPLY, TASK

MOST_MERGES = 20  # contacts that became another, one after the other


@dataclass(frozen=True, slots=True)
class Writer:
    """Who wrote, as far as it is known: empty for nobody. `key` is the mail that it answers, with what it was."""

    person: str = ""
    key: str = ""
    topic: str = ""
    mail: str = ""
    sequence: str = ""


@dataclass(frozen=True, slots=True)
class Chore:
    """What a person of the shop has to do about a letter; `due_on` is a date in the shop's zone."""

    text: str = field(repr=False)
    owner: str
    due_on: date


@dataclass(frozen=True, slots=True)
class Reply:
    """A letter that was taken in. `key` is the mail it answers; `done_at` is set once its task is done (UTC)."""

    received: int
    at: datetime
    person: str
    address: str = field(repr=False)
    key: str
    kind: str
    subject: str = field(repr=False)
    words: str = field(repr=False)
    task: str
    number: int = 0
    owner: str = ""
    due_on: date | None = None
    done_by: str = ""
    done_at: datetime | None = None

    @property
    def open(self) -> bool:
        """Whether somebody still has to do something about it."""
        return self.due_on is not None and self.done_at is None


@dataclass(frozen=True, slots=True)
class Replies:
    """The doors to what readers wrote. `remember` keeps what a commit counts as in the installation."""

    database: Database
    remember: Callable[[Mark], None]

    def writer(self, answers: Sequence[str], address: str) -> Writer:
        """Who wrote: whose mail it answers, by the send key in its message id, else whose address it comes from.

        An address counts for who has it, else for who had it last: people write from old ones too.
        """
        keys = [local for one in answers if (local := one.partition("@")[0])]
        with self.database.reading() as connection:
            asked = select(*(MESSAGE.c[name] for name in _OF_MAIL)).where(MESSAGE.c.key.in_(keys))
            found = {row[0]: row for row in connection.execute(asked)} if keys else {}
            for key in keys:
                if key in found:
                    _, person, *what = found[key]
                    return Writer(_today(connection, person), key, *what)
            return Writer(_today(connection, _holder(connection, address)))

    def keep(self, one: Reply, said: Sequence[Said], chore: Chore | None, now: datetime) -> bool:
        """Keep a letter, what follows from it and what is to do, all at once; False when it was kept before.

        The same letter may come twice, in another post: it is known by its task's key. It is safe from a power cut
        when this returns, and counts as a commit: a backup from before it lacks a refusal.
        """
        with self.database.writing(durable=True) as connection:
            known = select(REPLY.c.number).where(
                (REPLY.c.received == one.received) | ((REPLY.c.person == one.person) & (REPLY.c.task == one.task))
            )
            if connection.execute(known.limit(1)).first() is not None:
                return False
            connection.execute(insert(REPLY), _row(one))
            for word in said:
                record(connection, word, now)
            if chore is not None:
                connection.execute(insert(TASK), _task(one, chore, now))
            mark = count_on(connection)
        self.remember(mark)
        return True

    def newest(self, limit: int, *, only_open: bool = False, person: str = "") -> list[Reply]:
        """Letters, the newest first; those that wait for a person, or of one person, where that is asked."""
        asked = _ASKED.order_by(REPLY.c.number.desc()).limit(limit)
        if only_open:
            asked = asked.where(TASK.c.key.is_not(None), TASK.c.done_at.is_(None))
        if person:
            asked = asked.where(REPLY.c.person == person)
        return self._found(asked)

    def one(self, number: int) -> Reply | None:
        """One letter by its number."""
        return next(iter(self._found(_ASKED.where(REPLY.c.number == number))), None)

    def of_post(self, received: int) -> Reply | None:
        """The letter that a post held."""
        return next(iter(self._found(_ASKED.where(REPLY.c.received == received))), None)

    def of_task(self, key: str) -> Reply | None:
        """The letter that a task is about; None for the task of a sequence."""
        return next(iter(self._found(_ASKED.where(REPLY.c.task == key))), None) if key else None

    def waiting_of(self, person: str, kind: str) -> list[Reply]:
        """The letters of one person and kind that wait for an answer, the oldest first."""
        asked = _ASKED.where(REPLY.c.person == person, REPLY.c.kind == kind)
        return self._found(asked.where(TASK.c.key.is_not(None), TASK.c.done_at.is_(None)).order_by(REPLY.c.number))

    def last_told(self, person: str, event: str, begins: str) -> str:
        """What the latest such event of theirs is known by outside, of those that begin so; empty for none."""
        asked = select(EVENT.c.outside_id).where(
            EVENT.c.person == person, EVENT.c.name == event, EVENT.c.outside_id.startswith(begins)
        )
        with self.database.reading() as connection:
            return str(connection.execute(asked.order_by(EVENT.c.number.desc()).limit(1)).scalar() or "")

    def highest(self) -> int:
        """The number of the newest letter; 0 for none."""
        with self.database.reading() as connection:
            return int(connection.execute(select(func.max(REPLY.c.number))).scalar() or 0)

    def _found(self, asked: Select[Any]) -> list[Reply]:
        with self.database.reading() as connection:
            return [_reply(row) for row in connection.execute(asked)]


_OF_MAIL = ("key", "person", "topic", "mail", "sequence")
_NAMES = ("received", "at", "person", "address", "key", "kind", "subject", "words", "task", "number")
_ASKED = select(
    *(REPLY.c[name] for name in _NAMES), TASK.c.owner, TASK.c.due_on, TASK.c.done_by, TASK.c.done_at
).select_from(REPLY.outerjoin(TASK, (TASK.c.key == REPLY.c.task) & (REPLY.c.task != "")))


def _reply(row: Any) -> Reply:
    received, at, person, address, key, kind, subject, words, task, number, owner, due, done_by, done_at = row
    due_on = None if due is None else date.fromordinal(due)
    return Reply(
        received, instant(at), person, address, key, kind, subject, words, task, number,
        owner or "", due_on, done_by or "", maybe_instant(done_at),
    )  # fmt: skip


def _row(one: Reply) -> dict[str, object]:
    return {
        "received": one.received, "at": micros(one.at), "person": one.person,
        "bucket": bucket(one.person) if one.person else 0, "address": one.address, "key": one.key, "kind": one.kind,
        "subject": one.subject, "words": one.words, "task": one.task,
    }  # fmt: skip


def _task(one: Reply, chore: Chore, now: datetime) -> dict[str, object]:
    """A task of no sequence."""
    return {
        "key": one.task, "person": one.person, "bucket": bucket(one.person) if one.person else 0, "sequence": "",
        "version": 0, "subject": "", "step": "", "text": chore.text, "owner": chore.owner, "made_at": micros(now),
        "due_on": chore.due_on.toordinal(),
    }  # fmt: skip


def _holder(connection: Connection, address: str) -> str:
    """Who has an address, else who had it last; empty for nobody."""
    try:
        key = normal_address(address).casefold() if address else ""
    except RefusedRow:
        return ""
    asked = select(ADDRESS.c.person).where(ADDRESS.c.key == key)
    last = asked.order_by(ADDRESS.c.valid_to.is_not(None), ADDRESS.c.valid_from.desc()).limit(1)
    return str(connection.execute(last).scalar() or "")


def _today(connection: Connection, person: str) -> str:
    """Whom somebody is today: a contact may have been merged into another meanwhile."""
    for _ in range(MOST_MERGES):
        into = connection.execute(select(MERGED.c.person).where(MERGED.c.old == person)).scalar()
        if into is None:
            break
        person = str(into)
    return person
