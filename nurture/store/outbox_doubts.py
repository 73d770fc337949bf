"""What is in doubt: news settles it, service goes once more after a while, the rest closes (language.md 6.11)."""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, select, update

from nurture.model.book import Book
from nurture.model.decision import Why
from nurture.model.mail import Fate, Handover
from nurture.model.values import dataclass
from nurture.store.basis import basis_of
from nurture.store.codec import instant, micros
from nurture.store.database import BULK, Database
from nurture.store.installation import Mark, count_on
from nurture.store.outbox import settle_one
from nurture.store.outbox_rows import clear, intents, keep_reasons, mark, put_back, said_of, take_out
from nurture.store.save import classes_of
from nurture.store.tables import MESSAGE

SERVICE = "service"
ONCE_MORE_AFTER = timedelta(minutes=15)
CLOSES_AFTER = timedelta(hours=72)
NO_NEWS = "nobody said in 72 hours whether it went"


@dataclass(frozen=True, slots=True)
class Settled:
    """How many service mails go once more, and how many doubts closed without an answer."""

    again: int = 0
    closed: int = 0
    mark: Mark | None = None


def look_after(database: Database, now: datetime, book: Book | None) -> Settled:
    """Put service that was in doubt for 15 minutes back into the queue, once; close what was for 72 hours.

    A bulk at a time: what is left over is found by the next look. A clock that goes back only makes it wait.
    """
    with database.reading() as connection:
        if not (connection.execute(_owed(now)).first() or connection.execute(_over(now)).first()):
            return Settled()
    with database.writing(durable=True) as connection:
        basis = basis_of(connection, book)
        owed = intents(connection, list(connection.execute(_owed(now)).scalars()))
        clear(connection, list(owed), again=True)
        put_back(connection, owed.values(), classes_of(book))
        said = f"no answer in {ONCE_MORE_AFTER.seconds // 60} minutes"
        keep_reasons(
            connection, ((one.person, said_of(one, Why.sent_again, now, said)) for one in owed.values()), basis
        )
        over = intents(connection, list(connection.execute(_over(now)).scalars()))
        for key in over:
            mark(connection, Handover(key, Fate.unknown, NO_NEWS), now)
        closed = ((one.person, said_of(one, Why.fate_unknown, now, NO_NEWS)) for one in over.values())
        keep_reasons(connection, closed, basis)
        return Settled(len(owed), len(over), count_on(connection))


def _doubtful(until: datetime) -> Any:
    doubtful = (MESSAGE.c.fate == Fate.in_doubt.value, MESSAGE.c.settled_at <= micros(until))
    return select(MESSAGE.c.key).where(*doubtful).order_by(MESSAGE.c.settled_at).limit(BULK)


def _owed(now: datetime) -> Any:
    """Service that was in doubt long enough, still makes sense, and did not go once more yet."""
    owed = (MESSAGE.c.class_ == SERVICE, MESSAGE.c.again.is_(False), MESSAGE.c.valid_until >= micros(now))
    return _doubtful(now - ONCE_MORE_AFTER).where(*owed)


def _over(now: datetime) -> Any:
    return _doubtful(now - CLOSES_AFTER)


def doubtful(connection: Connection, until: datetime, limit: int = BULK) -> list[tuple[str, str, datetime]]:
    """Key, address and instant of doubt (UTC) of mails in doubt since then or longer; service first, then new ones.

    Those whose reader was forgotten are left out.
    """
    asked = select(MESSAGE.c.key, MESSAGE.c.address, MESSAGE.c.settled_at).where(
        MESSAGE.c.fate == Fate.in_doubt.value, MESSAGE.c.settled_at <= micros(until), MESSAGE.c.address != ""
    )
    order = ((MESSAGE.c.class_ == SERVICE).desc(), MESSAGE.c.settled_at.desc(), MESSAGE.c.key)
    return [(key, address, instant(at)) for key, address, at in connection.execute(asked.order_by(*order).limit(limit))]


def never_again(connection: Connection) -> None:
    """Nothing that is in doubt now is sent again by itself."""
    connection.execute(update(MESSAGE).where(MESSAGE.c.fate == Fate.in_doubt.value).values(again=True))


def settle_key(database: Database, key: str, fate: Fate, detail: str, now: datetime) -> Mark | None:
    """News about one mail by its send key: from a provider's event, or a person. None when it tells nothing new.

    Whatever waits of it, such as its second copy, goes no more.
    """
    with database.writing(durable=True) as connection:
        if not settle_one(connection, Handover(key, fate, detail), now):
            return None
        take_out(connection, [key])
        return count_on(connection)
