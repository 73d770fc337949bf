"""What lies in the outbox, for people: what waits, is held, is on its way, in doubt, refused, or of unknown fate."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, func, literal, select

from nurture.model.mail import Fate
from nurture.model.values import dataclass
from nurture.store.codec import instant
from nurture.store.database import ask
from nurture.store.tables import BATCH, BATCH_MEMBER, HELD, MESSAGE, PLANNED

STATES = (Fate.held, Fate.in_doubt, Fate.refused, Fate.unknown, Fate.handed, Fate.planned)
BY_FATE = frozenset({Fate.in_doubt, Fate.refused, Fate.unknown})


@dataclass(frozen=True, slots=True)
class Lying:
    """One mail in the outbox. `since` is when it came to be so, `why` what is known of it; both UTC and plain words.

    `again` is set when it is not sent once more by itself.
    """

    key: str
    person: str
    mail: str
    sequence: str
    class_: str
    fate: Fate
    since: datetime
    valid_until: datetime
    why: str
    again: bool


def lying(connection: Connection, fate: Fate, limit: int) -> list[Lying]:
    """The mails in one of `STATES`: what waits in the order in which it goes, what ended with the newest first."""
    return [_lying(row, fate) for row in connection.execute(_asked(fate).limit(limit))]


def one(connection: Connection, key: str, fate: Fate) -> Lying | None:
    """One mail, whatever became of it."""
    row = connection.execute(_columns(MESSAGE.c.settled_at, MESSAGE.c.detail).where(MESSAGE.c.key == key)).first()
    return None if row is None else _lying(row, fate)


def keys_like(connection: Connection, prefix: str, limit: int = 3) -> list[str]:
    """The send keys of nurture's own mails that begin so."""
    between = (MESSAGE.c.key >= prefix, MESSAGE.c.key < prefix + "\U0010ffff", MESSAGE.c.before.is_(False))
    return list(
        connection.execute(select(MESSAGE.c.key).where(*between).order_by(MESSAGE.c.key).limit(limit)).scalars()
    )


def how_many(connection: Connection) -> Mapping[Fate, int]:
    """How many mails there are in each of `STATES`."""
    return {fate: int(ask(connection, _COUNTED[fate])[0][0]) for fate in STATES}


@dataclass(frozen=True, slots=True)
class Paced:
    """How many mails our own pace put off, because of what, and until when the first (UTC)."""

    because: str
    number: int
    until: datetime


def _lying(row: Any, fate: Fate) -> Lying:
    key, person, mail, sequence, class_, valid, again, decided, since, why = row
    since = decided if since is None else since
    return Lying(
        key, person, mail, sequence, class_, fate, instant(since), instant(valid), why or "", bool(again)
    )  # fmt: skip


def _columns(since: ColumnElement[Any], why: ColumnElement[Any]) -> Select[Any]:
    named = ("key", "person", "mail", "sequence", "class_", "valid_until", "again", "decided_at")
    return select(*(MESSAGE.c[name] for name in named), since, why)


def _asked(fate: Fate) -> Select[Any]:
    if fate is Fate.planned:
        waiting = _columns(MESSAGE.c.decided_at, PLANNED.c.because).join(PLANNED, PLANNED.c.key == MESSAGE.c.key)
        return waiting.order_by(PLANNED.c.lane, PLANNED.c.due_at, PLANNED.c.key)
    if fate is Fate.held:
        held = _columns(HELD.c.since, HELD.c.because).join(HELD, HELD.c.key == MESSAGE.c.key)
        return held.order_by(HELD.c.due_at, HELD.c.key)
    if fate is Fate.handed:
        member = BATCH_MEMBER.join(BATCH, BATCH.c.id == BATCH_MEMBER.c.batch)
        leaving = _columns(BATCH.c.claimed_at, literal("")).join(member, BATCH_MEMBER.c.key == MESSAGE.c.key)
        return leaving.where(_unfinished()).order_by(BATCH.c.id)
    ended = _columns(MESSAGE.c.settled_at, MESSAGE.c.detail).where(MESSAGE.c.fate == fate.value)
    return ended.order_by(MESSAGE.c.settled_at.desc(), MESSAGE.c.number.desc())


def _counted(fate: Fate) -> Select[Any]:
    number = select(func.count())
    if fate in BY_FATE:
        return number.select_from(MESSAGE).where(MESSAGE.c.fate == fate.value)
    if fate is Fate.handed:
        return number.select_from(BATCH_MEMBER.join(BATCH, BATCH.c.id == BATCH_MEMBER.c.batch)).where(_unfinished())
    return number.select_from(PLANNED if fate is Fate.planned else HELD)


def _unfinished() -> ColumnElement[bool]:
    return BATCH.c.status.in_((Fate.claimed.value, Fate.handed.value))


_COUNTED = {fate: _counted(fate) for fate in STATES}
