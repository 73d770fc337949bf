"""The clocks of the machines: what one worker decides another sends, so that all must agree."""

from collections.abc import Callable
from datetime import datetime, timedelta

from nurture.store.database import Database
from nurture.store.server import ahead

APART, SECOND = timedelta(minutes=1), timedelta(seconds=1)


def wrong_clock(database: Database, clock: Callable[[], datetime]) -> str:
    """Why no worker may go by this clock; empty when it agrees with the database's within a minute."""
    off = ahead(database, clock)
    if abs(off) <= APART:
        return ""
    far = f"{abs(off) // SECOND:,} seconds {'ahead of' if off > timedelta() else 'behind'} the database's"
    return f"this machine's clock is {far}, so that mails would go at wrong hours: set it right (NTP)"
