"""Warm-up: how many mails a new sender may hand over on a day, so that mailbox providers learn to trust it. Pure.

The ramp is SendGrid's own, 1.4 times more each day (email.md 4.4). Days are UTC.
"""

from collections.abc import Iterable
from datetime import date, timedelta

GROWTH = 1.4
IDLE = timedelta(days=30)
FULL = 60  # days after which the ramp is above what anybody sends: nothing is held back any more


def allowance(since: date | None, first_day: int, today: date, sent: Iterable[date]) -> int | None:
    """How many mails but service may go today; None without a limit.

    `sent` are the days on which any went; after 30 days without one the ramp begins anew.
    """
    if since is None or today < since:
        return None
    number = (today - begun(since, today, sent)).days
    return None if number >= FULL else round(first_day * GROWTH**number)


def begun(since: date, today: date, sent: Iterable[date]) -> date:
    """The first day of the ramp that today belongs to."""
    start = last = since
    for day in (*sorted(day for day in set(sent) if since <= day < today), today):
        if day - last > IDLE:
            start = day
        last = day
    return start
