"""Counts of old days, folded: mailboxes that are a domain of their own become `other`, as metrics tell them anyway.

Brakes and warm-up look at families for days only. Without it each day keeps a row for every domain that had mail.
"""

from collections import Counter
from datetime import datetime, timedelta

from sqlalchemy import delete, select

from nurture.model.mailbox import FAMILIES
from nurture.store.database import BULK, Database
from nurture.store.mail_days import ADDED
from nurture.store.mail_figures import day_of
from nurture.store.meters import OTHER
from nurture.store.tables import MAIL_DAY

TOLD_APART = timedelta(days=60)
_KNOWN = (*FAMILIES, OTHER, "")


def fold_days(database: Database, now: datetime) -> int:
    """One transaction's worth of the oldest days; how many rows were folded."""
    names = ("day", "provider", "family", "what", "count")
    before = day_of(now - TOLD_APART).toordinal()
    old = select(*(MAIL_DAY.c[name] for name in names)).where(MAIL_DAY.c.day < before)
    asked = old.where(MAIL_DAY.c.family.not_in(_KNOWN)).order_by(MAIL_DAY.c.day).limit(BULK)
    with database.reading() as connection:
        if connection.execute(asked.limit(1)).first() is None:
            return 0
    with database.writing() as connection:
        found = connection.execute(asked).all()
        sums: Counter[tuple[int, str, str]] = Counter()
        for day, provider, family, what, count in found:
            sums[day, provider, what] += count
            this = (MAIL_DAY.c.day == day, MAIL_DAY.c.provider == provider, MAIL_DAY.c.what == what)
            connection.execute(delete(MAIL_DAY).where(*this, MAIL_DAY.c.family == family))
        added = [
            {"day": day, "provider": provider, "family": OTHER, "what": what, "count": count}
            for (day, provider, what), count in sorted(sums.items())
        ]
        connection.execute(ADDED, added)
    return len(found)
