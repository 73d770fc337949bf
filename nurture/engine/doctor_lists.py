"""What doctor sees of the provider's own lists of whom not to write to: whether they are read."""

from collections.abc import Iterator
from datetime import datetime

from nurture.engine.doctor import Finding, look, ok
from nurture.engine.syncing import EVERY, can_sync, last_sync
from nurture.engine.workshop import Workshop

READ_BY = EVERY * 2  # after the last time the lists were read to their end


def list_findings(shop: Workshop, now: datetime) -> Iterator[Finding]:
    """Whether the provider's own lists are read: what events did not tell is made good by them alone."""
    if not can_sync(shop):
        return
    last = last_sync(shop.store)
    if last is None:
        words = "SendGrid's own lists of whom not to write to were never read"
        yield look("lists", words, "nurture sync reads them now; `nurture run` does it every day")
    elif now - last > READ_BY:
        words = f"SendGrid's own lists were read last on {last:%Y-%m-%d %H:%M} UTC: what events did not tell is unknown"
        yield look("lists", words, "nurture sync reads them now, or says why it cannot; nothing is lifted meanwhile")
    else:
        yield ok("lists", f"SendGrid's own lists were read on {last:%Y-%m-%d %H:%M} UTC")
