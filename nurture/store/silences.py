"""Since when something waits, or has not been heard of: questions that one index answers, for alarms."""

from collections.abc import Collection, Sequence
from datetime import datetime
from itertools import pairwise

from sqlalchemy import bindparam, func, select

from nurture.model.mail import Fate
from nurture.store.codec import maybe_instant, micros
from nurture.store.database import Database, ask
from nurture.store.outbox_left import first_due
from nurture.store.outbox_rows import SERVICE_LANE, SETTLED
from nurture.store.tables import BATCH, BATCH_MEMBER, ENROLMENT, HAPPENING, MESSAGE, RECEIVED
from nurture.store.up_to import counted

_LAST_NEWS = select(HAPPENING.c.known_at).order_by(HAPPENING.c.number.desc()).limit(1)
_DOUBT = select(func.min(MESSAGE.c.settled_at)).where(MESSAGE.c.fate == Fate.in_doubt.value)
_POST = select(func.min(RECEIVED.c.at)).where(RECEIVED.c.done_at.is_(None), RECEIVED.c.problem == "")
_LAST_START = (
    select(ENROLMENT.c.started_at)
    .where(ENROLMENT.c.sequence == bindparam("sequence_"))
    .order_by(ENROLMENT.c.started_at.desc())
    .limit(1)
)
_STARTED = (
    select(ENROLMENT.c.started_at)
    .where(ENROLMENT.c.sequence == bindparam("sequence_"))
    .where(ENROLMENT.c.started_at >= bindparam("since_"), ENROLMENT.c.started_at < bindparam("until_"))
    .limit(1)
)


def last_news(database: Database) -> datetime | None:
    """When a provider was last heard of any mail (UTC); None when it never was."""
    with database.reading() as connection:
        found = ask(connection, _LAST_NEWS)
    return maybe_instant(found[0][0]) if found else None


def accepted_between(database: Database, since: datetime, until: datetime) -> int:
    """How many mails are in batches that were claimed between two instants and settled; fates of single mails aside.

    Counted as far as `up_to` goes.
    """
    of_batch = BATCH_MEMBER.join(BATCH, BATCH.c.id == BATCH_MEMBER.c.batch)
    between = (BATCH.c.claimed_at > micros(since), BATCH.c.claimed_at < micros(until), BATCH.c.status == SETTLED)
    with database.reading() as connection:
        asked = select(BATCH_MEMBER.c.batch).select_from(of_batch).where(*between)
        return int(connection.execute(counted(asked)).scalar_one())


def oldest_service(database: Database, paused: Collection[str] = ()) -> datetime | None:
    """When the service mail that waits longest was due, but for sequences that are paused; it may lie ahead."""
    with database.reading() as connection:
        return maybe_instant(first_due(connection, SERVICE_LANE, paused))


def oldest_doubt(database: Database) -> datetime | None:
    """Since when the mail is in doubt that is it longest."""
    with database.reading() as connection:
        return maybe_instant(connection.execute(_DOUBT).scalar())


def oldest_post(database: Database) -> datetime | None:
    """When the oldest post came that nobody has read."""
    with database.reading() as connection:
        return maybe_instant(connection.execute(_POST).scalar())


def last_start(database: Database, sequence: str) -> datetime | None:
    """When a sequence last started somebody."""
    with database.reading() as connection:
        found = ask(connection, _LAST_START, sequence_=sequence)
    return maybe_instant(found[0][0]) if found else None


def days_with_starts(database: Database, sequence: str, edges: Sequence[datetime]) -> list[bool]:
    """Whether a sequence started anybody between each two of these instants, which ascend."""
    with database.reading() as connection:
        return [
            bool(ask(connection, _STARTED, sequence_=sequence, since_=micros(since), until_=micros(until)))
            for since, until in pairwise(edges)
        ]
