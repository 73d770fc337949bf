"""Figures for watching an installation: only numbers, and no family of mailboxes so small that it names somebody."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select

from nurture.model.mail import Fate
from nurture.model.mailbox import FAMILIES
from nurture.store import load, outbox_lists, runner
from nurture.store.database import Database
from nurture.store.received import Posts
from nurture.store.tables import MAIL_DAY

OTHER = "other"  # every family that is a domain of its own: one may be a person's


@dataclass(frozen=True, slots=True)
class Meters:
    """What is measured. `happened` counts by provider, family and what became of mails, since the beginning."""

    watermark: datetime | None
    seen_at: datetime | None
    lying: Mapping[Fate, int]
    unread: int
    unreadable: int
    happened: Mapping[tuple[str, str, str], int]


def meters(database: Database) -> Meters:
    """All of it, as it stands now."""
    happened: Counter[tuple[str, str, str]] = Counter()
    summed = select(MAIL_DAY.c.provider, MAIL_DAY.c.family, MAIL_DAY.c.what, func.sum(MAIL_DAY.c.count))
    unread, unreadable = Posts(database, lambda _mark: None).how_many()
    with database.reading() as connection:
        rows = connection.execute(summed.group_by(MAIL_DAY.c.provider, MAIL_DAY.c.family, MAIL_DAY.c.what))
        for provider, family, what, number in rows:
            happened[provider, family if family in FAMILIES else OTHER, what] += int(number)
        lying = outbox_lists.how_many(connection)
        alive = [one.seen_at for one in runner.runners(connection) if not one.ended]
        return Meters(load.watermark(connection), max(alive, default=None), lying, unread, unreadable, dict(happened))


def can_write(database: Database) -> None:
    """Take the lock to write and let it go again; whatever the database raises when that cannot be done."""
    with database.writing():
        pass
