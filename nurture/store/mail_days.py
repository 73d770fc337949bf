"""How many mails, and what became of them, on each day (UTC): what warm-up and brakes read."""

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime

from sqlalchemy import Connection, text

from nurture.model.mail import Fate
from nurture.model.mailbox import mailbox_family

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


def count_accepted(connection: Connection, at: datetime, provider: str, addresses: Iterable[str]) -> None:
    """So many mails were accepted by a provider, for these addresses; without a provider nobody counts."""
    if provider:
        families = Counter((mailbox_family(address), Fate.accepted.value) for address in addresses)
        count(connection, at.astimezone(UTC).date(), provider, families)
