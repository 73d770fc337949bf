"""What pace, warm-up and brakes read: mails of the last days by mailbox family, and what servers said lately."""

from collections.abc import Sequence
from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, case, func, select, update

from nurture.model.happening import Happened
from nurture.model.mail import Fate
from nurture.model.mailbox import mailbox_family
from nurture.model.values import dataclass
from nurture.store.codec import instant, micros
from nurture.store.database import BULK, Database, pages
from nurture.store.mail_days import SERVICE
from nurture.store.outbox_rows import SERVICE_LANE
from nurture.store.tables import HAPPENING, MAIL_DAY, MESSAGE, PLANNED, SILENCE

MOST_HEARD = 20_000  # happenings, the newest, that are looked at in one go


@dataclass(frozen=True, slots=True)
class Said:
    """What a mailbox family's server made of one mail: when we heard it (UTC), and in what words."""

    family: str
    what: Happened
    at: datetime
    words: str


@dataclass(frozen=True, slots=True)
class MailFigures:
    """Questions about the mails of a provider; days are UTC."""

    database: Database
    provider: str

    def by_family(self, since: date) -> dict[tuple[str, str], int]:
        """How many mails since a day, by family and by what became of them."""
        number = func.sum(MAIL_DAY.c.count)
        asked = select(MAIL_DAY.c.family, MAIL_DAY.c.what, number).where(*self._since(since))
        return {(family, what): int(n) for family, what, n in self._rows(asked.group_by(*asked.selected_columns[:2]))}

    def by_day(self, since: date) -> dict[date, int]:
        """How many mails but service were accepted on each day since one; days without any are left out."""
        return {day: number for (day, _), number in self._but_service(since, MAIL_DAY.c.provider).items() if number > 0}

    def by_day_of_family(self, since: date, family: str) -> dict[date, int]:
        """The same, of one family."""
        found = self._but_service(since, MAIL_DAY.c.family, MAIL_DAY.c.family == family)
        return {day: number for (day, _), number in found.items() if number > 0}

    def _but_service(self, since: date, beside: Any, *more: ColumnElement[bool]) -> dict[tuple[date, str], int]:
        signed = case((MAIL_DAY.c.what == SERVICE, -MAIL_DAY.c.count), else_=MAIL_DAY.c.count)
        wanted = MAIL_DAY.c.what.in_((Fate.accepted.value, SERVICE))
        asked = select(MAIL_DAY.c.day, beside, func.sum(signed)).where(*self._since(since), wanted, *more)
        rows = self._rows(asked.group_by(MAIL_DAY.c.day, beside))
        return {(date.fromordinal(day), name): int(number) for day, name, number in rows}

    def said(self, since: datetime) -> list[Said]:
        """What servers said of mails since an instant, the newest first; of very much only the newest."""
        columns = (
            HAPPENING.c.address,
            HAPPENING.c.what,
            HAPPENING.c.known_at,
            HAPPENING.c.detail,
            HAPPENING.c.provider,
        )
        newest = select(*columns).order_by(HAPPENING.c.number.desc()).limit(MOST_HEARD)
        return [
            Said(mailbox_family(address), Happened(what), instant(at), words)
            for address, what, at, words, provider in self._rows(newest)
            if at >= micros(since) and provider == self.provider
        ]

    def shorten(self, now: datetime, room: int, until: datetime, because: str) -> int:
        """Put off all that waits now but service and what was released, except the `room` that go first; how many.

        Those go first who clicked in a mail last; where that is the same, who did anything of their own last; then by
        class, and by what fell due first.
        """
        with self.database.reading() as connection:
            if connection.execute(_waiting(now).offset(room).limit(1)).first() is None:
                return 0
            keys = list(connection.execute(_engaged_first(now).offset(room)).scalars())
        for page in pages(keys, BULK // 2):
            with self.database.writing() as connection:
                put_off(connection, page, until, because)
        return len(keys)

    def _since(self, since: date) -> tuple[ColumnElement[bool], ...]:
        return MAIL_DAY.c.day >= since.toordinal(), MAIL_DAY.c.provider == self.provider

    def _rows(self, asked: Select[Any]) -> list[Any]:
        with self.database.reading() as connection:
            return list(connection.execute(asked))


def day_of(moment: datetime) -> date:
    """The day (UTC) that a mail counts for."""
    return moment.astimezone(UTC).date()


def _waiting(now: datetime) -> Select[Any]:
    asked = select(PLANNED.c.key).where(PLANNED.c.due_at <= micros(now), PLANNED.c.lane != SERVICE_LANE)
    return asked.where(PLANNED.c.released.is_(False))


def _engaged_first(now: datetime) -> Select[Any]:
    """The queue but service, whoever did something last before all others."""
    own = MESSAGE.alias("own")
    clicked = select(func.max(own.c.clicked_at)).where(own.c.person == MESSAGE.c.person).scalar_subquery()
    acted = select(func.max(SILENCE.c.last_day)).where(SILENCE.c.person == MESSAGE.c.person).scalar_subquery()
    asked = _waiting(now).join(MESSAGE, MESSAGE.c.key == PLANNED.c.key)
    engaged = (func.coalesce(clicked, 0).desc(), func.coalesce(acted, 0).desc())
    return asked.order_by(*engaged, PLANNED.c.lane, PLANNED.c.due_at, PLANNED.c.key)


def put_off(connection: Connection, keys: Sequence[str], until: datetime, because: str) -> None:
    """Those of them that still wait are claimed from an instant (UTC) on."""
    later = update(PLANNED).where(PLANNED.c.key.in_(keys))
    connection.execute(later.values(due_at=micros(until), because=because))
