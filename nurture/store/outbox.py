"""The outbox: claim in batches, commit `handed` before the first byte leaves, settle by batch (architecture.md 2.3).

The batch carries the status of its mails; only exceptions are written on the message itself.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    and_,
    bindparam,
    delete,
    func,
    insert,
    literal,
    or_,
    select,
    update,
)

from nurture.model.book import Book
from nurture.model.decision import Intent, Reason
from nurture.model.mail import Fate, Handover
from nurture.model.values import dataclass
from nurture.store.basis import basis_of
from nurture.store.beside import Turn, in_turn, locked
from nurture.store.codec import instant, micros
from nurture.store.codes import NOTHING_GONE, Gone, give
from nurture.store.database import BULK, Conflict, Database, ask, insert_many, insert_one
from nurture.store.erasures import since_claimed
from nurture.store.heard import heard_again
from nurture.store.installation import Mark, count_on
from nurture.store.load import NOT_HAD
from nurture.store.mail_days import count_accepted
from nurture.store.outbox_meanwhile import as_they_are
from nurture.store.outbox_queue import OPEN as OPEN  # noqa: PLC0414  (others take it from here)
from nurture.store.outbox_queue import Gate as Gate  # noqa: PLC0414
from nurture.store.outbox_queue import Passed, any_waits, next_ones
from nurture.store.outbox_rows import (
    INTENT,
    LEASE,
    RANK,
    SERVICE_LANE,
    SETTLED,
    UNFINISHED,
    Batch,
    clear,
    doubt,
    intent_of,
    intents,
    keep_reasons,
    mark,
    members,
    note_details,
    put_back,
    set_aside,
    take_out,
)
from nurture.store.save import classes_of, lane_of
from nurture.store.tables import BATCH, BATCH_MEMBER, HELD, MESSAGE, PLANNED

BRAKE = "brake"  # why a mail is held
HOUR = timedelta(hours=1)
NOT_LEFT = frozenset({Fate.planned, Fate.held, Fate.cancelled, Fate.expired})


@dataclass(frozen=True, slots=True)
class Claimed:
    """A batch, if any mail may go; and how many the brake took out of the queue, which a person has to release."""

    batch: Batch | None
    held: int = 0


def claim(
    database: Database, limit: int, now: datetime, owner: str, gate: Gate = OPEN, passed: Passed | None = None
) -> Claimed:
    """Take up to `limit` mails out of the queue for `owner`; `passed` is what its process remembers of the queue.

    The commit need not survive a power cut by itself: `hand` does, and what it leaves behind is only planned again.
    """
    passed = passed or Passed()
    with database.reading() as connection:
        if not any_waits(connection, gate, now, passed):
            return Claimed(None)
    with database.writing(beside=True) as connection:
        in_turn(connection, Turn.claiming)
        wanted = next_ones(connection, gate, now, limit, passed)
        ours = locked(connection, [row[0] for row in wanted])
        rows = [row for row in wanted if row[0] in ours]
        room = _room(connection, gate, now)
        taken: list[tuple[str, bool, bool, int]] = []
        for key, lane, released, _, bucket in rows:
            braked = lane != SERVICE_LANE and not released
            if braked and room is not None and room <= 0:
                continue
            room = room - 1 if braked and room is not None else room
            taken.append((key, bool(released), braked, bucket))
        held = _hold(connection, now, [key for key, *_ in taken]) if len(taken) < len(rows) else 0
        return Claimed(_taken(connection, taken, now, owner) if taken else None, held)


def _room(connection: Connection, gate: Gate, now: datetime) -> int | None:
    """How many more mails the brake lets go; None without a brake. Read from an index alone."""
    if gate.brake is None:
        return None
    counted = select(func.coalesce(func.sum(BATCH.c.braked), 0)).where(BATCH.c.claimed_at > micros(now - HOUR))
    return gate.brake - int(connection.execute(counted).scalar_one())


def _hold(connection: Connection, now: datetime, taken: Sequence[str]) -> int:
    """What exceeds the brake leaves the queue until a person releases it, at most one bulk at a time."""
    above = and_(PLANNED.c.due_at <= micros(now), PLANNED.c.lane != SERVICE_LANE, PLANNED.c.released.is_(False))
    asked = select(PLANNED.c.key).where(above, PLANNED.c.key.not_in(taken))
    asked = asked.order_by(PLANNED.c.lane, PLANNED.c.due_at).limit(BULK).with_for_update(skip_locked=True)
    keys = list(connection.execute(asked).scalars())
    if not keys:
        return 0
    columns = (PLANNED.c.key, PLANNED.c.lane, PLANNED.c.due_at, PLANNED.c.bucket, PLANNED.c.alike)
    moved = select(*columns, literal(BRAKE), literal(micros(now))).where(PLANNED.c.key.in_(keys))
    kept = [column.name for column in columns]
    connection.execute(insert(HELD).from_select([*kept, "because", "since"], moved))
    connection.execute(delete(PLANNED).where(PLANNED.c.key.in_(keys)))
    return len(keys)


def _taken(connection: Connection, taken: Sequence[tuple[str, bool, bool, int]], now: datetime, owner: str) -> Batch:
    keys = [key for key, *_ in taken]
    let_go = frozenset(key for key, released, *_ in taken if released)
    row = {"status": Fate.claimed.value, "owner": owner, "claimed_at": micros(now)}
    row |= {"lease_until": micros(now + LEASE), "braked": sum(braked for _, _, braked, _ in taken)}
    number = insert_one(connection, BATCH, row)
    rows = [{"key": key, "bucket": bucket, "batch": number, "released": key in let_go} for key, *_, bucket in taken]
    insert_many(connection, BATCH_MEMBER, rows)
    connection.execute(_LEAVE_THE_QUEUE, {"number": number})
    found = {row[0]: row for row in ask(connection, _OF_BATCH, number=number)}
    mails = tuple([intent_of(found[key]) for key in keys])
    again = frozenset(key for key, row in found.items() if row[-1])
    return Batch(number, owner, mails, now + LEASE, again, let_go)


_MEMBERS = select(BATCH_MEMBER.c.key).where(BATCH_MEMBER.c.batch == bindparam("number"))
_LEAVE_THE_QUEUE = delete(PLANNED).where(PLANNED.c.key.in_(_MEMBERS))
_OF_BATCH = INTENT.add_columns(MESSAGE.c.again).where(MESSAGE.c.key.in_(_MEMBERS))


def hand(database: Database, batch: Batch, now: datetime, gone: Gone = NOTHING_GONE) -> Mark:
    """Commit, safe from a power cut, that the batch is about to leave. Raises Conflict when it is not ours.

    The codes that its mails carry are given in the same transaction. It counts as a commit: a backup from before it
    is behind, or its mails would go a second time.
    """
    handed = {"status": Fate.handed.value, "handed_at": micros(now), "lease_until": micros(now + LEASE)}
    told = bool(gone.given or gone.refused)  # what people are told of must arrive in the order of its numbers
    with database.writing(durable=True, beside=not told) as connection:
        if connection.execute(update(BATCH).where(_ours(batch, Fate.claimed)).values(**handed)).rowcount != 1:
            raise Conflict(f"batch {batch.id} is no longer claimed by {batch.owner or 'us'}")
        if since_claimed(connection, batch.id, (one.person for one in batch.intents)):
            raise Conflict(f"somebody of batch {batch.id} was forgotten meanwhile")
        give(connection, gone, now)
        return count_on(connection)


def renew(database: Database, batch: Batch, now: datetime) -> bool:
    """A new lease for a batch on its way; False when it ended and somebody put its mails in doubt."""
    with database.writing(beside=True) as connection:
        lease = {"lease_until": micros(now + LEASE)}
        done = connection.execute(update(BATCH).where(_ours(batch, Fate.handed)).values(**lease))
        return done.rowcount == 1


def _ours(batch: Batch, status: Fate) -> ColumnElement[bool]:
    return and_(BATCH.c.id == batch.id, BATCH.c.owner == batch.owner, BATCH.c.status == status.value)


def settle(
    database: Database,
    batch: Batch,
    handovers: Iterable[Handover],
    now: datetime,
    book: Book | None,
    reasons: Sequence[tuple[str, Reason]],
    provider: str = "",
) -> Mark:
    """What became of every mail of a handed batch, and for (person, reason) why one did not go.

    `planned` puts a mail back into the queue (the provider said: not now, or it is night for its reader); a mail
    without an answer is in doubt.
    An answer that comes when the batch was given up for doubtful is still the truth about its mails.
    It counts as a commit: a backup from before it takes for doubtful what went. What `provider` accepted is counted.
    """
    answers = {one.key: one for one in handovers}
    done = {"status": SETTLED, "settled_at": micros(now), "braked": _left_here(batch, answers, book)}
    went = all(answers[key].fate is Fate.accepted if key in answers else False for key in batch.keys)
    with database.writing(durable=True, beside=went) as connection:  # all else moves people, drafts, codes, days
        handed_at = connection.execute(select(BATCH.c.handed_at).where(BATCH.c.id == batch.id)).scalar()
        at = max(now, instant(handed_at or 0))
        batch, answers, reasons = as_they_are(connection, batch, answers, reasons)
        if connection.execute(update(BATCH).where(_ours(batch, Fate.handed)).values(**done)).rowcount == 1:
            basis = basis_of(connection, book)
            _settle_ours(connection, batch, answers, at, classes_of(book), basis)
            keep_reasons(connection, reasons, basis)
            taken = {key for key, answer in answers.items() if answer.fate is Fate.accepted}
        else:
            taken = _settle_late(connection, batch, answers, at, classes_of(book))
        heard_again(connection, [one for one in batch.intents if _not_had(answers.get(one.key))], at)
        mails = [(one.address, one.class_) for one in batch.intents if one.key in taken]
        count_accepted(connection, at, provider, mails)
        return count_on(connection)


def _not_had(answer: Handover | None) -> bool:
    """Whether a mail certainly did not go, and does not."""
    return answer is not None and answer.fate.value in NOT_HAD


def _left_here(batch: Batch, answers: Mapping[str, Handover], book: Book | None) -> int:
    """How many of a batch have left, as the brake counts them."""
    classes = classes_of(book)
    stayed = {key for key, answer in answers.items() if answer.fate in NOT_LEFT}
    return sum(
        lane_of(one.class_, classes) != SERVICE_LANE and one.key not in batch.released and one.key not in stayed
        for one in batch.intents
    )


def _settle_ours(
    connection: Connection,
    batch: Batch,
    answers: Mapping[str, Handover],
    at: datetime,
    classes: Sequence[str],
    basis: int,
) -> None:
    doubts: dict[str, Intent] = {}
    back: list[Intent] = []
    held: list[Intent] = []
    for one in batch.intents:
        answer = answers.get(one.key, Handover(one.key, Fate.in_doubt))
        if answer.fate is Fate.planned:
            back.append(one)
        elif answer.fate is Fate.held:
            held.append(one)
        elif answer.fate is Fate.in_doubt:
            doubts[one.key] = one
        elif answer.fate is not Fate.accepted:
            mark(connection, answer, at)
    note_details(connection, [one for one in answers.values() if one.fate is Fate.accepted], at)
    put_back(connection, _still_open(connection, back), classes, later=answers)
    open_ = _still_open(connection, held)
    set_aside(connection, [(one, answers[one.key].detail) for one in open_], classes, at)
    doubt(connection, doubts, {key: answers[key].detail for key in doubts if key in answers}, at, basis)


def _still_open(connection: Connection, mails: Sequence[Intent]) -> list[Intent]:
    """Those of which nothing else is known, such as by news that overtook the answer."""
    return list(intents(connection, [one.key for one in mails], MESSAGE.c.fate.is_(None)).values())


def _settle_late(
    connection: Connection, batch: Batch, answers: Mapping[str, Handover], at: datetime, classes: Sequence[str]
) -> set[str]:
    """The batch was given up meanwhile: what is known now settles its doubts, and takes a second copy back.

    The keys of those that were not known to be accepted before. Told twice it changes nothing, as when the answer to a
    commit was lost.
    """
    ours, taken = set(members(connection, [batch.id])), set[str]()
    back = []
    for one in batch.intents:
        answer = answers.get(one.key)
        if answer is None or answer.fate is Fate.in_doubt:
            continue
        if answer.fate in (Fate.planned, Fate.held):
            back += [one.key] if one.key in ours else []
        elif settle_one(connection, answer, at):
            take_out(connection, [one.key])
            taken |= {one.key} if answer.fate is Fate.accepted else set()
    in_doubt = intents(connection, back, MESSAGE.c.fate == Fate.in_doubt.value)
    clear(connection, list(in_doubt), again=False)
    put_back(connection, in_doubt.values(), classes, later=answers)
    return taken


def settle_one(connection: Connection, answer: Handover, at: datetime) -> bool:
    """News about one mail, which only ever goes up (`RANK`); whether it changed anything."""
    row = connection.execute(
        select(MESSAGE.c.fate, BATCH.c.status)
        .select_from(
            MESSAGE.outerjoin(BATCH_MEMBER, BATCH_MEMBER.c.key == MESSAGE.c.key).outerjoin(
                BATCH, BATCH.c.id == BATCH_MEMBER.c.batch
            )
        )
        .where(MESSAGE.c.key == answer.key)
    ).first()
    if row is None:
        return False
    known = Fate(row[0]) if row[0] else Fate.accepted if row[1] == SETTLED else Fate.planned
    return RANK[answer.fate] > RANK[known] and mark(connection, answer, at)


@dataclass(frozen=True, slots=True)
class Recovered:
    """What was found lying about: mails put back into the queue, and mails now in doubt."""

    put_back: int
    in_doubt: int


def recover(
    database: Database, now: datetime, book: Book | None, owner: str | None, starting: bool = True
) -> Recovered:
    """A batch left `claimed` never left, one left `handed` is in doubt.

    Left are all whose lease is over, whosesoever: until then a process may still be handing them over. And, at
    its start, before its first claim, those of `owner` itself; without an owner all are.
    """
    with database.reading() as connection:
        if connection.execute(_left(now, owner, starting).limit(1)).first() is None:
            return Recovered(0, 0)
    with database.writing(durable=True) as connection:
        left = list(connection.execute(_left(now, owner, starting)))
        claimed = [number for number, status, _ in left if status == Fate.claimed.value]
        back = intents(connection, members(connection, claimed), MESSAGE.c.fate.is_(None))
        put_back(connection, back.values(), classes_of(book))
        connection.execute(delete(BATCH_MEMBER).where(BATCH_MEMBER.c.batch.in_(claimed)))
        connection.execute(delete(BATCH).where(BATCH.c.id.in_(claimed)))
        doubted = 0
        for number, _, handed_at in (one for one in left if one[1] != Fate.claimed.value):
            mails = intents(connection, members(connection, [number]), MESSAGE.c.fate.is_(None))
            at = max(now, instant(handed_at or 0))
            doubt(connection, mails, dict.fromkeys(mails, CUT), at, basis_of(connection, book))
            done = {"status": SETTLED, "settled_at": micros(at)}
            connection.execute(update(BATCH).where(BATCH.c.id == number).values(**done))
            doubted += len(mails)
    return Recovered(len(back), doubted)


CUT = "the hand-over was cut before an answer was kept"


def _left(now: datetime, owner: str | None, starting: bool) -> Any:
    asked = select(BATCH.c.id, BATCH.c.status, BATCH.c.handed_at).where(BATCH.c.status.in_(UNFINISHED))
    over = BATCH.c.lease_until <= micros(now)
    if starting and owner is None:
        return asked
    return asked.where(or_(BATCH.c.owner == owner, over) if starting else over)


def in_doubt(connection: Connection, limit: int) -> list[tuple[str, str]]:
    """Person and mail of those in doubt, the newest first."""
    asked = select(MESSAGE.c.person, MESSAGE.c.mail).where(MESSAGE.c.fate == Fate.in_doubt.value)
    rows = connection.execute(asked.order_by(MESSAGE.c.number.desc()).limit(limit))
    return [(person, mail) for person, mail in rows]
