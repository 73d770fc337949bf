"""Mails that wait for a person's approval, as the store keeps them: listing, settling once, and what was rewritten."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, and_, func, insert, select, update

from nurture.model.book import Book
from nurture.model.decision import Intent, Reason
from nurture.model.event import DRAFT_SETTLED
from nurture.model.length import Length
from nurture.model.mail import Fate, Handover
from nurture.model.values import dataclass
from nurture.store.basis import basis_of
from nurture.store.cancelling import cancel
from nurture.store.codec import instant, maybe_instant, micros
from nurture.store.database import Database
from nurture.store.effects import length_of
from nurture.store.heard import heard_again
from nurture.store.installation import Mark, count_on
from nurture.store.outbox_rows import intents, keep_reasons, mark
from nurture.store.said import Said, record
from nurture.store.save import planned_row
from nurture.store.tables import DRAFT, MESSAGE, PLANNED

WAITING, APPROVED, EDITED, DROPPED, CANCELLED = "waiting", "approved", "edited", "dropped", "cancelled"


@dataclass(frozen=True, slots=True)
class Sheet:
    """A mail that waits for approval, or how it was settled; instants are UTC.

    `approver` is a name of rules.people; `subject` and `body` are what a person wrote instead of the template's.
    """

    intent: Intent
    approver: str
    since: datetime
    valid_for: Length | None
    state: str
    subject: str
    body: str
    settled_by: str
    settled_at: datetime | None


@dataclass(frozen=True, slots=True)
class Settling:
    """What a person decided about a draft: `state` is approved, edited or dropped; until when the mail is good.

    `released` says that nothing holds it any more, neither the brake nor that it may have gone before a restore.
    """

    key: str
    state: str
    who: str
    now: datetime
    valid_until: datetime | None = None
    subject: str = ""
    body: str = ""
    released: bool = True


@dataclass(frozen=True, slots=True)
class Approved:
    """When a person let a mail go (UTC), and what they wrote instead of the template; empty when nothing."""

    at: datetime
    subject: str = ""
    body: str = ""


@dataclass(frozen=True, slots=True)
class Drafts:
    """The doors to the drafts. `remember` keeps what a commit counts as in the installation."""

    database: Database
    remember: Callable[[Mark], None]

    def waiting(self, limit: int, person: str = "") -> list[Sheet]:
        """What waits for approval, the longest waiting first; with `person` only theirs."""
        theirs = (DRAFT.c.person == person,) if person else ()
        asked = _ASKED.where(DRAFT.c.state == WAITING, *theirs).order_by(DRAFT.c.since, DRAFT.c.key).limit(limit)
        with self.database.reading() as connection:
            return _sheets(connection, asked)

    def how_many(self) -> int:
        """How many wait for approval."""
        with self.database.reading() as connection:
            asked = select(func.count()).select_from(DRAFT).where(DRAFT.c.state == WAITING)
            return int(connection.execute(asked).scalar_one())

    def one(self, key: str) -> Sheet | None:
        """One draft, settled or not."""
        with self.database.reading() as connection:
            return next(iter(_sheets(connection, _ASKED.where(DRAFT.c.key == key))), None)

    def keys_like(self, prefix: str, limit: int = 3) -> list[str]:
        """The keys that begin so."""
        between = (DRAFT.c.key >= prefix, DRAFT.c.key < prefix + "\U0010ffff")
        asked = select(DRAFT.c.key).where(*between).order_by(DRAFT.c.key).limit(limit)
        with self.database.reading() as connection:
            return list(connection.execute(asked).scalars())

    def approved(self, key: str) -> Approved | None:
        """How a mail was approved; None when nobody was asked, or has answered yet."""
        asked = select(DRAFT.c.settled_at, DRAFT.c.subject, DRAFT.c.body)
        said = (DRAFT.c.key == key, DRAFT.c.state.in_((APPROVED, EDITED)))
        with self.database.reading() as connection:
            row = connection.execute(asked.where(*said)).first()
        return None if row is None else Approved(instant(row[0]), row[1], row[2])

    def settle(self, done: Settling, book: Book | None, reason: Reason | None = None) -> bool:
        """Approve, rewrite or drop a draft, once: False when somebody was quicker, or it waits no more.

        What is approved enters the queue, what is dropped is cancelled; the enrolment hears of it (draft.settled).
        It is safe from a power cut when this returns, and counts as a commit.
        """
        said = {"settled_by": done.who, "settled_at": micros(done.now), "subject": done.subject, "body": done.body}
        waiting = and_(DRAFT.c.key == done.key, DRAFT.c.state == WAITING)
        with self.database.writing(durable=True) as connection:
            mail = intents(connection, [done.key], MESSAGE.c.fate.is_(None)).get(done.key)
            if mail is None:
                return False
            if connection.execute(update(DRAFT).where(waiting).values(state=done.state, **said)).rowcount != 1:
                return False
            if done.state == DROPPED:
                mark(connection, Handover(done.key, Fate.cancelled, f"dropped by {done.who}"), done.now)
                heard_again(connection, [mail], done.now)
            else:
                _enqueue(connection, done)
            fields = {"key": done.key, "outcome": done.state, "by": done.who}
            record(connection, Said(mail.person, DRAFT_SETTLED, (done.key,), fields), done.now)
            if reason is not None:
                keep_reasons(connection, [(mail.person, reason)], basis_of(connection, book))
            counted = count_on(connection)
        self.remember(counted)
        return True

    def call_off(self, reasons: Mapping[str, Reason], now: datetime, book: Book | None) -> int:
        """Drafts that are not to go any more, by key, each with its reason; how many waited still."""
        with self.database.writing() as connection:
            mails = intents(connection, list(reasons), MESSAGE.c.fate.is_(None))
            gone = cancel(connection, list(mails), now)
            heard_again(connection, [mails[key] for key in gone], now)
            kept = [(mails[key].person, reasons[key]) for key in gone]
            keep_reasons(connection, kept, basis_of(connection, book))
        return len(gone)


def _enqueue(connection: Connection, done: Settling) -> None:
    """A place in the queue, good until `valid_until` from now on."""
    asked = select(DRAFT.c.person, DRAFT.c.lane, DRAFT.c.due_at).where(DRAFT.c.key == done.key)
    person, lane, due = connection.execute(asked).one()
    connection.execute(insert(PLANNED), planned_row(done.key, person, lane, instant(due)) | {"released": done.released})
    if done.valid_until is not None:
        good = update(MESSAGE).where(MESSAGE.c.key == done.key).values(valid_until=micros(done.valid_until))
        connection.execute(good)


_ASKED = select(
    DRAFT.c.key,
    DRAFT.c.approver,
    DRAFT.c.since,
    DRAFT.c.valid_for,
    DRAFT.c.state,
    DRAFT.c.subject,
    DRAFT.c.body,
    DRAFT.c.settled_by,
    DRAFT.c.settled_at,
)


def _sheets(connection: Connection, asked: Any) -> list[Sheet]:
    rows = connection.execute(asked).all()
    mails = intents(connection, [row[0] for row in rows])
    return [
        Sheet(mails[key], approver, instant(since), length_of(valid_for), state, subject, body, by, maybe_instant(at))
        for key, approver, since, valid_for, state, subject, body, by, at in rows
    ]
