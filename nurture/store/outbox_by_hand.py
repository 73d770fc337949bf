"""What a person does with mails in the outbox: send one again, drop it, say that it went, let go what is held."""

from datetime import datetime

from sqlalchemy import Connection, select

from nurture.model.book import Book
from nurture.model.decision import Intent, Why
from nurture.model.mail import Fate, Handover
from nurture.model.values import dataclass
from nurture.store.at_most import let_go
from nurture.store.basis import basis_of
from nurture.store.cancelling import cancel
from nurture.store.database import BULK, Database, pages
from nurture.store.heard import heard_again
from nurture.store.installation import Mark, count_on
from nurture.store.outbox_rows import clear, fates, intents, keep_reasons, mark, put_back, said_of, take_out
from nurture.store.save import classes_of
from nurture.store.tables import HELD, MESSAGE, PLANNED

SENDS_AGAIN = frozenset({Fate.in_doubt, Fate.unknown, Fate.refused})
WENT = frozenset({Fate.in_doubt, Fate.unknown, Fate.refused})
DROPS = frozenset({Fate.planned, Fate.held, Fate.in_doubt})


@dataclass(frozen=True, slots=True)
class Act:
    """What a person does with one mail, by its send key; who and why are kept for `explain`. `now` is in UTC."""

    key: str
    who: str
    because: str
    now: datetime

    def words(self, what: str) -> str:
        """`sent again by lena: the log of the provider has nothing`."""
        return f"{what} by {self.who}: {self.because}"


def resend(database: Database, act: Act, book: Book | None) -> tuple[Fate, Mark | None]:
    """Back into the queue, past the brake, if it is in doubt, of unknown fate or refused; else only where it stands.

    It is not sent once more by itself after that, and the last look judges it like any other.
    """
    with database.writing(durable=True) as connection:
        fate, mail = _stands(connection, act.key)
        if fate not in SENDS_AGAIN:
            return fate, None
        clear(connection, [act.key], again=fate is not Fate.refused)
        put_back(connection, [mail], classes_of(book), released=True)
        return fate, _done(connection, act, mail, book, "sent again")


def drop(database: Database, act: Act, book: Book | None) -> tuple[Fate, Mark | None]:
    """Not to be sent: what waits or is held is cancelled, what may have gone closes as of unknown fate."""
    with database.writing(durable=True) as connection:
        fate, mail = _stands(connection, act.key)
        if fate not in DROPS:
            return fate, None
        if fate is Fate.in_doubt or _may_have_gone(connection, act.key):
            take_out(connection, [act.key])
            mark(connection, Handover(act.key, Fate.unknown, act.words("dropped")), act.now)
        else:
            cancel(connection, [act.key], act.now)
            heard_again(connection, [mail], act.now)
        return fate, _done(connection, act, mail, book, "dropped")


def went(database: Database, act: Act, book: Book | None) -> tuple[Fate, Mark | None]:
    """A person saw that it went; a second copy that still waits goes no more."""
    with database.writing(durable=True) as connection:
        fate, mail = _stands(connection, act.key)
        waits_again = fate in (Fate.planned, Fate.held) and _may_have_gone(connection, act.key)
        if fate not in WENT and not waits_again:
            return fate, None
        take_out(connection, [act.key])
        mark(connection, Handover(act.key, Fate.accepted, act.words("seen to have gone")), act.now)
        return fate, _done(connection, act, mail, book, "seen to have gone")


def _stands(connection: Connection, key: str) -> tuple[Fate, Intent]:
    return fates(connection, [key])[key], intents(connection, [key])[key]


def _may_have_gone(connection: Connection, key: str) -> bool:
    """Whether what waits is a second copy."""
    return bool(connection.execute(select(MESSAGE.c.again).where(MESSAGE.c.key == key)).scalar_one())


def _done(connection: Connection, act: Act, mail: Intent, book: Book | None, what: str) -> Mark:
    reason = said_of(mail, Why.by_hand, act.now, act.words(what))
    keep_reasons(connection, [(mail.person, reason)], basis_of(connection, book))
    return count_on(connection)


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which of the held mails: up to `limit` (None: all), of one mail or sequence (empty: any)."""

    limit: int | None = None
    mail: str = ""
    sequence: str = ""


def release(database: Database, wanted: Wanted) -> tuple[int, Mark | None]:
    """Let held mails go, the oldest first, past the brake; how many. A bulk is a transaction, so that others get in.

    Where all go that `at_most` of a sequence held, nothing more is held of whom it started until now.
    """
    done, mark_ = 0, None
    if wanted.limit is None and not wanted.mail:
        with database.writing(durable=True) as connection:
            let_go(connection, wanted.sequence)
    while wanted.limit is None or done < wanted.limit:
        most = BULK if wanted.limit is None else min(BULK, wanted.limit - done)
        with database.writing(durable=True) as connection:
            count = _release(connection, wanted, most)
            mark_ = count_on(connection) if count else mark_
        done += count
        if count < most:
            break
    return done, mark_


def _release(connection: Connection, wanted: Wanted, most: int) -> int:
    asked = select(HELD.c.key, HELD.c.lane, HELD.c.due_at, HELD.c.bucket, HELD.c.alike)
    if wanted.mail or wanted.sequence:
        asked = asked.join(MESSAGE, MESSAGE.c.key == HELD.c.key)
    if wanted.mail:
        asked = asked.where(MESSAGE.c.mail == wanted.mail)
    if wanted.sequence:
        asked = asked.where(MESSAGE.c.sequence == wanted.sequence)
    rows = [dict(row._mapping) for row in connection.execute(asked.order_by(HELD.c.due_at, HELD.c.key).limit(most))]
    for page in pages([row["key"] for row in rows]):
        connection.execute(HELD.delete().where(HELD.c.key.in_(page)))
    if rows:
        connection.execute(PLANNED.insert(), [row | {"released": True} for row in rows])
    return len(rows)
