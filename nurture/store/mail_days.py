"""How many mails, and what became of them, on each day (UTC): what warm-up and brakes read."""

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime

from sqlalchemy import Connection, text

from nurture.model.mail import Fate
from nurture.model.mailbox import mailbox_family

SERVICE = "service"  # the class, and beside the words for fates: how many of the accepted are of it
ADDED = text(
    "INSERT INTO mail_day (day, provider, family, what, count) VALUES (:day, :provider, :family, :what, :count)"
    " ON CONFLICT (day, provider, family, what) DO UPDATE SET count = mail_day.count + excluded.count"
)


def count(connection: Connection, day: date, provider: str, rows: Mapping[tuple[str, str], int]) -> None:
    """Add to a day (UTC) of a provider: so many by mailbox family and what became of them."""
    named = {"day": day.toordinal(), "provider": provider}
    added = [named | {"family": family, "what": what, "count": many} for (family, what), many in sorted(rows.items())]
    if added:
        connection.execute(ADDED, added)


def count_accepted(connection: Connection, at: datetime, provider: str, mails: Iterable[tuple[str, str]]) -> None:
    """So many mails, each by its address and class, were accepted by a provider; without a provider nobody counts.

    Those of service are counted once more apart, for warm-up limits all but them.
    """
    if not provider:
        return
    found: Counter[tuple[str, str]] = Counter()
    for address, class_ in mails:
        family = mailbox_family(address)
        found[family, Fate.accepted.value] += 1
        found[family, SERVICE] += class_ == SERVICE
    count(connection, at.astimezone(UTC).date(), provider, {of: number for of, number in found.items() if number})
