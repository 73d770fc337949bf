"""What doctor says of alarms that nothing else of it says is wrong: what is silent, late, in doubt, unread, unsaved."""

from collections.abc import Iterator
from datetime import datetime

from nurture.engine.alarm_mails import OWNER, who_is_told
from nurture.engine.alarms import (
    backup_alarms,
    doubt_alarms,
    late_alarms,
    news_alarms,
    post_alarms,
    sequence_alarms,
)
from nurture.engine.doctor import Finding, look, ok, wrong
from nurture.engine.handed import FOLDER
from nurture.engine.workshop import Workshop
from nurture.model.book import Book
from nurture.model.rules import Rules


def alarm_findings(shop: Workshop, book: Book, now: datetime) -> Iterator[Finding]:
    """Each alarm that holds now is wrong; worked out anew, also when no daemon looks."""
    yield from told_findings(shop, book.rules)
    silent = [
        *(("sequences", one) for one in sequence_alarms(shop, book, now)),
        *(("news", one) for one in news_alarms(shop, now)),
        *(("service", one) for one in late_alarms(shop, book, now)),
    ]
    others = [
        *(("mail", one) for one in doubt_alarms(shop, now)),
        *(("posts", one) for one in post_alarms(shop, now)),
        *(("backups", one) for one in backup_alarms(shop, now)),
    ]
    yield from (wrong(about, one.words, one.cure) for about, one in (*silent, *others))
    if not silent:
        yield ok("silence", "every sequence, provider and service mail that should have spoken by now has")


def told_findings(shop: Workshop, rules: Rules) -> Iterator[Finding]:
    """Whether there is somebody who is mailed of alarms, where mail goes out into the world at all."""
    if shop.provider.name == FOLDER or who_is_told(shop, rules):
        return
    if not rules.people:
        words = "nobody is mailed of alarms: the house rules name none of the shop's people"
        yield look("alarms", words, f"name `{OWNER}` in `people` of the house rules")
    else:
        words = "nobody is mailed of alarms: config.toml keeps mail from them (mode, or deliver.only_to)"
        yield look("alarms", words, "nothing, while it is only tried; else name them among the seeds or in only_to")
