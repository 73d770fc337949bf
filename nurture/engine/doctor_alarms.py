"""What doctor says of alarms that nothing else of it says: sequences, providers and service mails that are silent."""

from collections.abc import Iterator
from datetime import datetime

from nurture.engine.alarms import late_alarms, news_alarms, sequence_alarms
from nurture.engine.doctor import Finding, ok, wrong
from nurture.engine.workshop import Workshop
from nurture.model.book import Book


def alarm_findings(shop: Workshop, book: Book, now: datetime) -> Iterator[Finding]:
    """Each alarm that holds now is wrong; worked out anew, also when no daemon looks."""
    found = False
    for about, alarms in (
        ("sequences", sequence_alarms(shop, book, now)),
        ("news", news_alarms(shop, now)),
        ("service", late_alarms(shop, now)),
    ):
        for one in alarms:
            found = True
            yield wrong(about, one.words, one.cure)
    if not found:
        yield ok("silence", "every sequence, provider and service mail that should have spoken by now has")
