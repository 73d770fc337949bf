"""Figures for watching an installation: only numbers, and no family of mailboxes so small that it names somebody."""

from collections import Counter
from collections.abc import Collection, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Select, func, select, text

from nurture.model.mail import Fate
from nurture.model.mailbox import FAMILIES
from nurture.model.values import dataclass
from nurture.store import load, runner, up_to
from nurture.store.alarms import ALARM, HEARD
from nurture.store.codec import instant, maybe_instant, micros
from nurture.store.database import Database, ask
from nurture.store.figures import ended_as, on_the_way, overdue
from nurture.store.outbox_left import KEPT, WAITING, first_due, lanes
from nurture.store.received import Posts
from nurture.store.tables import (
    APPLICATION,
    BATCH,
    DECLARATION,
    MAIL_DAY,
    RECEIVED,
    WATERMARK,
    WEBHOOK,
)

OTHER = "other"  # every family that is a domain of its own: one may be a person's
UNDER_WAY = ("claimed", "handed")  # states of a batch that somebody is at


@dataclass(frozen=True, slots=True)
class Queued:
    """What waits in one lane: how many mails, and since when the oldest that may go is due (UTC)."""

    mails: int
    oldest_due: datetime | None


@dataclass(frozen=True, slots=True)
class Meters:
    """What is measured. `happened` counts by provider, family and what became of mails, since the beginning.

    Of what waits, lies or is due no more than `up_to.MORE` are counted of a kind, which stands for more.
    `runners` is how many daemons or workers said last that they are at work and when each was seen; `heard` when events
    that the catalogue expects happened last, by their names; `alarms` how many are open, by their kind. `size` is in
    bytes, of everything that the database keeps on disk.
    """

    watermark: datetime | None
    seen: tuple[datetime, ...]
    lying: Mapping[Fate, int]
    unread: int
    unreadable: int
    oldest_unread: datetime | None
    happened: Mapping[tuple[str, str, str], int]
    lanes: Mapping[int, Queued]
    overdue: int
    batches: Mapping[str, int]
    calls: Mapping[str, int]
    edition: int
    applied_at: datetime | None
    heard: Mapping[str, datetime]
    alarms: Mapping[str, int]
    size: int

    @property
    def seen_at(self) -> datetime | None:
        """When a daemon or worker was seen last."""
        return max(self.seen, default=None)


def meters(database: Database, now: datetime, paused: Collection[str] = ()) -> Meters:
    """All of it, as it stands at an instant (UTC); mails of sequences that are `paused` may not go."""
    unread, unreadable = Posts(database, lambda _mark: None).how_many()
    with database.reading() as connection:
        edition, applied_at = _edition(connection)
        oldest = select(func.min(RECEIVED.c.at)).where(RECEIVED.c.done_at.is_(None), RECEIVED.c.problem == "")
        queue = _lanes(connection, now, paused)
        return Meters(
            watermark=load.watermark(connection),
            seen=tuple(one.seen_at for one in runner.runners(connection) if not one.ended),
            lying=_lying(connection, queue),
            unread=unread,
            unreadable=unreadable,
            oldest_unread=maybe_instant(connection.execute(oldest).scalar()),
            happened=_happened(connection),
            lanes=queue,
            overdue=_number(connection, up_to.counted(overdue(now))),
            batches=_batches(connection),
            calls=_calls(connection),
            edition=edition,
            applied_at=applied_at,
            heard=_heard(connection),
            alarms=_alarms(connection),
            size=_size(connection, database.file),
        )


def _happened(connection: Connection) -> dict[tuple[str, str, str], int]:
    found: Counter[tuple[str, str, str]] = Counter()
    summed = select(MAIL_DAY.c.provider, MAIL_DAY.c.family, MAIL_DAY.c.what, func.sum(MAIL_DAY.c.count))
    rows = connection.execute(summed.group_by(MAIL_DAY.c.provider, MAIL_DAY.c.family, MAIL_DAY.c.what))
    for provider, family, what, number in rows:
        found[provider, family if family in FAMILIES else OTHER, what] += int(number)
    return dict(found)


def _lanes(connection: Connection, now: datetime, paused: Collection[str]) -> dict[int, Queued]:
    """By lane: counted in the index as far as `up_to` goes, and the first due of each."""
    found = {}
    for lane in lanes(connection):
        first = first_due(connection, lane, paused)
        number = int(ask(connection, WAITING, lane=lane, most=up_to.MORE)[0][0])
        found[lane] = Queued(number, None if first is None or first > micros(now) else instant(first))
    return found


def _lying(connection: Connection, queue: Mapping[int, Queued]) -> dict[Fate, int]:
    """What waits, is held, is on its way, and what ended otherwise than accepted or cancelled."""
    return {
        Fate.planned: up_to.together(*(one.mails for one in queue.values())),
        Fate.held: int(ask(connection, KEPT, most=up_to.MORE)[0][0]),
        Fate.handed: _number(connection, up_to.counted(on_the_way())),
        **{
            fate: _number(connection, up_to.counted(ended_as(fate)))
            for fate in (Fate.in_doubt, Fate.refused, Fate.unknown)
        },
    }


def _number(connection: Connection, asked: Select[Any]) -> int:
    return int(connection.execute(asked).scalar_one())


def _batches(connection: Connection) -> dict[str, int]:
    asked = select(BATCH.c.status, func.count()).where(BATCH.c.status.in_(UNDER_WAY)).group_by(BATCH.c.status)
    return dict.fromkeys(UNDER_WAY, 0) | {status: int(number) for status, number in connection.execute(asked)}


def _calls(connection: Connection) -> dict[str, int]:
    waiting = ("planned", "handed")
    states = (select(WEBHOOK.c.state).where(WEBHOOK.c.state == state) for state in waiting)
    return {state: _number(connection, up_to.counted(asked)) for state, asked in zip(waiting, states, strict=True)}


def _edition(connection: Connection) -> tuple[int, datetime | None]:
    asked = select(APPLICATION.c.id, APPLICATION.c.at).order_by(APPLICATION.c.id.desc()).limit(1)
    row = connection.execute(asked).first()
    return (0, None) if row is None else (int(row[0]), instant(row[1]))


def _heard(connection: Connection) -> dict[str, datetime]:
    asked = select(WATERMARK.c.name, WATERMARK.c.at).where(WATERMARK.c.name.startswith(HEARD))
    return {name.removeprefix(HEARD): instant(at) for name, at in connection.execute(asked)}


def _alarms(connection: Connection) -> dict[str, int]:
    names = connection.execute(select(DECLARATION.c.name).where(DECLARATION.c.name.startswith(ALARM))).scalars()
    return dict(Counter(name.removeprefix(ALARM).partition(" ")[0] for name in names))


def _size(connection: Connection, file: Path | None) -> int:
    """Of SQLite the file with its log, of PostgreSQL the database."""
    if file is not None:
        beside = (file, file.with_name(f"{file.name}-wal"), file.with_name(f"{file.name}-shm"))
        return sum(one.stat().st_size for one in beside if one.exists())
    if connection.dialect.name != "postgresql":
        return 0
    return int(connection.execute(text("SELECT pg_database_size(current_database())")).scalar_one())


def can_write(database: Database) -> None:
    """Take the lock to write and let it go again; whatever the database raises when that cannot be done."""
    with database.writing():
        pass
