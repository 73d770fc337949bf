"""The outbox: claim in batches, commit `handed` before the first byte leaves, settle by batch (architecture.md 2.3).

The batch carries the status of its mails; only exceptions are written on the message itself.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, delete, insert, select, update

from nurture.model.book import Book
from nurture.model.decision import Intent, Reason
from nurture.model.mail import Fate, Handover
from nurture.store.codec import instant, micros, values_of
from nurture.store.database import Conflict, Database, bucket, insert_one, pages
from nurture.store.installation import Mark, count_on
from nurture.store.save import basis_of, classes_of, lane_of, planned_row, reason_row
from nurture.store.tables import BATCH, BATCH_MEMBER, MESSAGE, PLANNED, REASON

LEASE = timedelta(minutes=5)
SETTLED = "settled"  # of a batch: its mails were accepted, but for those that say otherwise


@dataclass(frozen=True, slots=True)
class Batch:
    """Mails that are handed over together; service first, then by class, then by what fell due first."""

    id: int
    owner: str
    intents: tuple[Intent, ...]


_INTENT = select(
    MESSAGE.c.key,
    MESSAGE.c.person,
    MESSAGE.c.sequence,
    MESSAGE.c.version,
    MESSAGE.c.subject,
    MESSAGE.c.step,
    MESSAGE.c.mail,
    MESSAGE.c.class_,
    MESSAGE.c.topic,
    MESSAGE.c.theme,
    MESSAGE.c.due_at,
    MESSAGE.c.decided_at,
    MESSAGE.c.valid_until,
    MESSAGE.c.day,
    MESSAGE.c.zone,
    MESSAGE.c.rung,
    MESSAGE.c.address,
    MESSAGE.c.variables,
    MESSAGE.c.variant,
)


def intent_of(row: Any) -> Intent:
    """A mail that was decided on, from its row."""
    key, person, sequence, version, subject, step, mail, class_, topic, theme = row[:10]
    due, decided, valid, day, zone, rung, address, variables, variant = row[10:19]
    return Intent(
        key,
        person,
        sequence,
        version,
        subject,
        step,
        mail,
        class_,
        topic,
        theme,
        instant(due),
        instant(decided),
        instant(valid),
        date.fromordinal(day),
        zone,
        rung,
        address,
        values_of(variables),
        variant,
    )


def claim(database: Database, limit: int, now: datetime, owner: str) -> Batch | None:
    """Take up to `limit` mails out of the queue for `owner`; None when nothing waits."""
    queue = select(PLANNED.c.key).where(PLANNED.c.due_at <= micros(now))
    with database.writing(durable=True) as connection:
        ordered = queue.order_by(PLANNED.c.lane, PLANNED.c.due_at, PLANNED.c.key).limit(limit)
        keys = list(connection.execute(ordered).scalars())
        if not keys:
            return None
        row = {"status": Fate.claimed.value, "owner": owner, "claimed_at": micros(now)}
        number = insert_one(connection, BATCH, row | {"lease_until": micros(now + LEASE)})
        found = _intents(connection, keys)
        connection.execute(insert(BATCH_MEMBER), [_member(number, one, found[one]) for one in keys])
        _leave_queue(connection, keys)
        return Batch(number, owner, tuple(found[key] for key in keys))


def _member(batch: int, key: str, intent: Intent) -> dict[str, Any]:
    return {"key": key, "bucket": bucket(intent.person), "batch": batch}


def _leave_queue(connection: Connection, keys: Sequence[str]) -> None:
    for page in pages(keys):
        connection.execute(delete(PLANNED).where(PLANNED.c.key.in_(page)))


def _intents(connection: Connection, keys: Sequence[str]) -> dict[str, Intent]:
    found: dict[str, Intent] = {}
    for page in pages(keys):
        for row in connection.execute(_INTENT.where(MESSAGE.c.key.in_(page))):
            found[row[0]] = intent_of(row)
    return found


def hand(database: Database, batch: Batch, now: datetime) -> Mark:
    """Commit, safe from a power cut, that the batch is about to leave. Raises Conflict when it is not ours.

    It counts as a commit: a backup from before it is behind, or its mails would go a second time.
    """
    ours = (BATCH.c.id == batch.id, BATCH.c.owner == batch.owner, BATCH.c.status == Fate.claimed.value)
    lease = micros(now + LEASE)
    handed = {"status": Fate.handed.value, "handed_at": micros(now), "lease_until": lease}
    with database.writing(durable=True) as connection:
        if connection.execute(update(BATCH).where(*ours).values(**handed)).rowcount != 1:
            raise Conflict(f"batch {batch.id} is no longer claimed by {batch.owner or 'us'}")
        return count_on(connection)


def settle(
    database: Database,
    batch: Batch,
    handovers: Iterable[Handover],
    now: datetime,
    book: Book | None,
    reasons: Sequence[tuple[str, Reason]],
) -> None:
    """What became of every mail of a handed batch, and for (person, reason) why one did not go.

    `planned` puts a mail back into the queue (the provider said: not now); a mail without an answer is
    in doubt and is never sent again by itself.
    """
    answers = {one.key: one for one in handovers}
    classes = classes_of(book)
    with database.writing(durable=True) as connection:
        if reasons:
            basis = basis_of(connection, book)
            connection.execute(insert(REASON), [reason_row(person, reason, basis) for person, reason in reasons])
        for intent in batch.intents:
            answer = answers.get(intent.key, Handover(intent.key, Fate.in_doubt, "no answer"))
            if answer.fate is Fate.planned:
                _put_back(connection, intent, classes)
            elif answer.fate is not Fate.accepted or answer.detail:
                mark(connection, answer, now)
        done = {"status": SETTLED, "settled_at": micros(now)}
        connection.execute(update(BATCH).where(BATCH.c.id == batch.id).values(**done))


def mark(connection: Connection, answer: Handover, now: datetime) -> None:
    """Write an exception on one mail."""
    detail = answer.detail or (answer.problem.message if answer.problem else "")
    row = {"fate": answer.fate.value, "detail": detail, "settled_at": micros(now)}
    connection.execute(update(MESSAGE).where(MESSAGE.c.key == answer.key).values(**row))


def _put_back(connection: Connection, intent: Intent, classes: Sequence[str]) -> None:
    connection.execute(delete(BATCH_MEMBER).where(BATCH_MEMBER.c.key == intent.key))
    row = planned_row(intent.key, intent.person, lane_of(intent.class_, classes), intent.due_at)
    connection.execute(insert(PLANNED), row)


@dataclass(frozen=True, slots=True)
class Recovered:
    """What a start found lying about: mails put back into the queue, and mails now in doubt."""

    put_back: int
    in_doubt: int


def recover(database: Database, now: datetime, classes: Sequence[str], owner: str | None) -> Recovered:
    """At start, before the first claim: a batch left `claimed` never left, one left `handed` is in doubt.

    Left are the batches of `owner` itself, who is only starting, and those of others whose lease is over:
    until then another process may still be handing them over. Without an owner all are.
    """
    with database.writing(durable=True) as connection:
        claimed = _left(connection, Fate.claimed, owner, now)
        put_back = _members(connection, claimed)
        for intent in _intents(connection, put_back).values():
            _put_back(connection, intent, classes)
        connection.execute(delete(BATCH).where(BATCH.c.id.in_(claimed)))
        handed = _left(connection, Fate.handed, owner, now)
        doubted = _members(connection, handed)
        doubt = {"status": Fate.in_doubt.value, "settled_at": micros(now)}
        connection.execute(update(BATCH).where(BATCH.c.id.in_(handed)).values(**doubt))
    return Recovered(len(put_back), len(doubted))


def _left(connection: Connection, status: Fate, owner: str | None, now: datetime) -> list[int]:
    asked = select(BATCH.c.id).where(BATCH.c.status == status.value)
    if owner is not None:
        asked = asked.where((BATCH.c.owner == owner) | (BATCH.c.lease_until <= micros(now)))
    return list(connection.execute(asked).scalars())


def _members(connection: Connection, batches: Sequence[int]) -> list[str]:
    return list(connection.execute(select(BATCH_MEMBER.c.key).where(BATCH_MEMBER.c.batch.in_(batches))).scalars())


def in_doubt(connection: Connection, limit: int) -> list[tuple[str, str]]:
    """Person and mail of those in doubt, the newest first."""
    of_batch = (BATCH.c.status == Fate.in_doubt.value) & MESSAGE.c.fate.is_(None)
    asked = (
        select(MESSAGE.c.person, MESSAGE.c.mail)
        .join_from(MESSAGE, BATCH_MEMBER, BATCH_MEMBER.c.key == MESSAGE.c.key)
        .join(BATCH, BATCH.c.id == BATCH_MEMBER.c.batch)
        .where(of_batch | (MESSAGE.c.fate == Fate.in_doubt.value))
    )
    rows = connection.execute(asked.order_by(MESSAGE.c.number.desc()).limit(limit))
    return [(person, mail) for person, mail in rows]


def fates(connection: Connection, keys: Sequence[str]) -> dict[str, Fate]:
    """Where each of these mails stands: its own exception, else what its batch says, else planned."""
    found: dict[str, Fate] = {}
    joined = select(MESSAGE.c.key, MESSAGE.c.fate, MESSAGE.c.before, BATCH.c.status).select_from(
        MESSAGE.outerjoin(BATCH_MEMBER, BATCH_MEMBER.c.key == MESSAGE.c.key).outerjoin(
            BATCH, BATCH.c.id == BATCH_MEMBER.c.batch
        )
    )
    for page in pages(keys):
        for key, fate, before, status in connection.execute(joined.where(MESSAGE.c.key.in_(page))):
            found[key] = Fate.accepted if before and not fate else _fate(fate, status)
    return found


def _fate(fate: str | None, status: str | None) -> Fate:
    if fate is not None:
        return Fate(fate)
    return Fate.accepted if status == SETTLED else Fate(status or Fate.planned.value)
