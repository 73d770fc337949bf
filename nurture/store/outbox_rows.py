"""What all parts of the outbox share: batches, mails as rows, and how far a mail can have come."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, bindparam, delete, select, text, update

from nurture.model.decision import Intent, Reason, Why
from nurture.model.mail import Fate, Handover
from nurture.model.makers import new_intent
from nurture.model.values import dataclass
from nurture.store.codec import instant, micros, values_of
from nurture.store.codes import NOT_GONE, give_back
from nurture.store.database import among, bucket, insert_many, pages, write_many
from nurture.store.effects import carries_of
from nurture.store.save import lane_of, planned_row, reason_row
from nurture.store.tables import BATCH, BATCH_MEMBER, HELD, MESSAGE, PLANNED, REASON

LEASE = timedelta(minutes=5)
SETTLED = "settled"  # of a batch: its mails were accepted, but for those that say otherwise
UNFINISHED = (Fate.claimed.value, Fate.handed.value, Fate.in_doubt.value)  # of a batch
SERVICE_LANE = 0

# What may be believed after what: news about a mail only ever goes up (architecture.md 2.5).
RANK = {
    Fate.planned: 0,
    Fate.held: 0,
    Fate.claimed: 0,
    Fate.handed: 0,
    Fate.in_doubt: 1,
    Fate.unknown: 2,
    Fate.cancelled: 3,
    Fate.expired: 3,
    Fate.refused: 3,
    Fate.accepted: 4,
    Fate.delivered: 5,
    Fate.bounced: 6,
}


@dataclass(frozen=True, slots=True)
class Batch:
    """Mails that are handed over together; service first, then by class, by what fell due first.

    `again` are the keys of those that are sent once more although they may have gone, `released` of those that a
    person let go, so that the brake does not count them. `lease_until` is until when they are ours alone.
    """

    id: int
    owner: str
    intents: tuple[Intent, ...]
    lease_until: datetime
    again: frozenset[str] = frozenset()
    released: frozenset[str] = frozenset()

    @property
    def keys(self) -> tuple[str, ...]:
        """The send keys, in the order in which they go."""
        return tuple(one.key for one in self.intents)


INTENT = select(
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
    MESSAGE.c.offered,
    MESSAGE.c.carries,
)


def intent_of(row: Any) -> Intent:
    """A mail that was decided on, from its row."""
    key, person, sequence, version, subject, step, mail, class_, topic, theme = row[:10]
    due, decided, valid, day, zone, rung, address, variables, variant, offered, carries = row[10:21]
    return new_intent(
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
        offered,
        gifts=carries_of(carries),
    )


def intents(connection: Connection, keys: Sequence[str], *where: ColumnElement[bool]) -> dict[str, Intent]:
    """Mails by their keys, of which more may be asked."""
    found: dict[str, Intent] = {}
    if not where:
        return {row[0]: intent_of(row) for row in among(connection, INTENT, MESSAGE.c.key, keys)}
    for page in pages(keys):
        for row in connection.execute(INTENT.where(MESSAGE.c.key.in_(page), *where)):
            found[row[0]] = intent_of(row)
    return found


def members(connection: Connection, batches: Sequence[int]) -> list[str]:
    """The keys of all mails of these batches."""
    return list(connection.execute(select(BATCH_MEMBER.c.key).where(BATCH_MEMBER.c.batch.in_(batches))).scalars())


def put_back(
    connection: Connection,
    mails: Iterable[Intent],
    classes: Sequence[str],
    released: bool = False,
    later: Mapping[str, Handover] | None = None,
) -> None:
    """Into the queue again; `released` lets them pass the brake, as do those that were released before.

    Those of which `later` says `not_before` are claimed from then on (UTC), the others as soon as may be.
    """
    later = later or {}
    mails = list(mails)
    keys = [one.key for one in mails]
    let_go: set[str] = set(keys) if released else set()
    for page in pages(keys):
        let_go.update(
            connection.execute(
                select(BATCH_MEMBER.c.key).where(BATCH_MEMBER.c.key.in_(page), BATCH_MEMBER.c.released)
            ).scalars()
        )
        connection.execute(delete(BATCH_MEMBER).where(BATCH_MEMBER.c.key.in_(page)))
    said = [later.get(one.key, Handover(one.key, Fate.planned)) for one in mails]
    rows = [
        planned_row(one.key, one.person, lane_of(one.class_, classes), put_off.not_before or one.due_at)
        | {"released": one.key in let_go, "because": put_off.pace}
        for one, put_off in zip(mails, said, strict=True)
    ]
    insert_many(connection, PLANNED, rows)


def set_aside(
    connection: Connection, mails: Iterable[tuple[Intent, str]], classes: Sequence[str], at: datetime
) -> None:
    """Out of a batch and held until a person releases them, each because of what is said."""
    rows = [
        {
            "key": one.key,
            "lane": lane_of(one.class_, classes),
            "due_at": micros(one.due_at),
            "bucket": bucket(one.person),
        }
        | {"because": because, "since": micros(at), "alike": ""}
        for one, because in mails
    ]
    for page in pages([row["key"] for row in rows]):
        connection.execute(delete(BATCH_MEMBER).where(BATCH_MEMBER.c.key.in_(page)))
    insert_many(connection, HELD, rows)


def take_out(connection: Connection, keys: Sequence[str]) -> None:
    """Out of the queue, and out of what is held."""
    for page in pages(keys):
        for table in (PLANNED, HELD):
            connection.execute(delete(table).where(table.c.key.in_(page)))


_STATE = update(MESSAGE).where(MESSAGE.c.key == bindparam("key_"), MESSAGE.c.fate.is_(None))
_DETAIL = _STATE.values(detail=bindparam("detail_"), settled_at=bindparam("at_"))
_DETAILS = text(  # the same of all in one go: PostgreSQL is asked once for a batch, not once for each mail
    "UPDATE message SET detail = told.detail, settled_at = CAST(:at AS bigint)"
    " FROM unnest(CAST(:keys AS text[]), CAST(:details AS text[])) AS told (key, detail)"
    " WHERE message.key = told.key AND message.fate IS NULL"
)


def note_details(connection: Connection, answers: Sequence[Handover], at: datetime) -> None:
    """What a provider said of mails that it took; their batch says that they went."""
    told = [one for one in answers if one.detail]
    if told and connection.dialect.name == "postgresql":
        said = {"keys": [one.key for one in told], "details": [one.detail for one in told], "at": micros(at)}
        connection.execute(_DETAILS, said)
    elif told:
        write_many(
            connection, _DETAIL, [{"key_": one.key, "detail_": one.detail, "at_": micros(at)} for one in told]
        )  # fmt: skip


def mark(connection: Connection, answer: Handover, at: datetime) -> bool:
    """Write an exception on one mail, unless more is known of it already; whether it was written.

    A mail that certainly did not go gives back the codes it had drawn.
    """
    detail = answer.detail or (answer.problem.message if answer.problem else "")
    row = {"fate": answer.fate.value, "detail": detail, "settled_at": micros(at)}
    lower = [fate.value for fate, rank in RANK.items() if rank < RANK[answer.fate]]
    news = MESSAGE.c.fate.is_(None) | MESSAGE.c.fate.in_(lower)
    written = connection.execute(update(MESSAGE).where(MESSAGE.c.key == answer.key, news).values(**row)).rowcount == 1
    if written and answer.fate.value in NOT_GONE:
        give_back(connection, [answer.key], at)
    return written


def clear(connection: Connection, keys: Sequence[str], again: bool) -> None:
    """Forget what became of these mails, since they go back into the queue."""
    for page in pages(keys):
        values = {"fate": None, "detail": "", "settled_at": None} | ({"again": True} if again else {})
        connection.execute(update(MESSAGE).where(MESSAGE.c.key.in_(page)).values(**values))


def said_of(one: Intent, why: Why, at: datetime, words: str = "", until: datetime | None = None) -> Reason:
    """A reason about one mail, for `explain`."""
    return Reason(
        why, at, one.due_at, one.sequence, one.version, one.subject, one.step, one.mail, words, until
    )  # fmt: skip


def keep_reasons(connection: Connection, reasons: Iterable[tuple[str, Reason]], basis: int) -> None:
    """Keep what is to be explained later, by person."""
    insert_many(connection, REASON, [reason_row(person, reason, basis) for person, reason in reasons])


def doubt(
    connection: Connection, mails: Mapping[str, Intent], words: Mapping[str, str], at: datetime, basis: int
) -> None:
    """These may have gone: each gets its instant of doubt, and a reason. `words` by key, where there are any."""
    reasons = []
    for key, one in mails.items():
        said = words.get(key) or "no answer"
        if mark(connection, Handover(key, Fate.in_doubt, said), at):
            reasons.append((one.person, said_of(one, Why.in_doubt, at, said)))
    keep_reasons(connection, reasons, basis)


def fates(connection: Connection, keys: Sequence[str]) -> dict[str, Fate]:
    """Where each of these mails stands: its own exception, else what its batch says, else held or planned."""
    found: dict[str, Fate] = {}
    joined = select(MESSAGE.c.key, MESSAGE.c.fate, MESSAGE.c.before, BATCH.c.status, HELD.c.key).select_from(
        MESSAGE.outerjoin(BATCH_MEMBER, BATCH_MEMBER.c.key == MESSAGE.c.key)
        .outerjoin(BATCH, BATCH.c.id == BATCH_MEMBER.c.batch)
        .outerjoin(HELD, HELD.c.key == MESSAGE.c.key)
    )
    for page in pages(keys):
        for key, fate, before, status, held in connection.execute(joined.where(MESSAGE.c.key.in_(page))):
            found[key] = Fate.accepted if before and not fate else _fate(fate, status, held is not None)
    return found


def _fate(fate: str | None, status: str | None, held: bool) -> Fate:
    if fate is not None:
        return Fate(fate)
    if status is None:
        return Fate.held if held else Fate.planned
    return Fate.accepted if status == SETTLED else Fate(status)
