"""Whether an installation is well, for machines: readiness in words, and metrics in Prometheus' text format."""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta

from nurture import __version__
from nurture.engine.counting import Counting
from nurture.engine.gates import paused
from nurture.engine.metrics import Page
from nurture.model.alarm import KINDS
from nurture.model.book import Book
from nurture.model.happening import Happened
from nurture.model.rules import CLASSES
from nurture.model.switch import Word
from nurture.model.values import dataclass
from nurture.store.installation import standing
from nurture.store.mail_days import SERVICE
from nurture.store.meters import OTHER, Meters, can_write, meters
from nurture.store.open import Store

FRESH = timedelta(minutes=2)  # a daemon says every 30 seconds that it lives


@dataclass(frozen=True, slots=True)
class Readiness:
    """What has to be well for mail to be decided and answers to be kept. Every value is a word of ours."""

    store: str = "ok"
    tick: str = "ok"
    sending: str = "ok"
    posts: str = "ok"

    @property
    def well(self) -> bool:
        """Whether nothing is wrong."""
        return {self.store, self.tick, self.sending} == {"ok"}

    def document(self) -> dict[str, str]:
        """As JSON shows it."""
        return {"store": self.store, "tick": self.tick, "sending": self.sending, "posts": self.posts}


def readiness(store: Store, now: datetime) -> Readiness:
    """How it stands; whatever the store raises when it cannot be read or written, or was moved away meanwhile.

    A daemon that holds, or that is not there, and a halt keep it from being ready; posts that could not be read do
    not. The web part answers readers all the same: whatever sends them here asks /health.
    """
    can_write(store.database)
    standing(store.database)
    unreadable = store.received.how_many()[1]
    return Readiness(
        store="halted: a person has to look" if store.halted else "ok",
        tick=_tick(store, now),
        sending="halted" if halted(store) else "ok",
        posts=f"{unreadable} could not be read" if unreadable else "ok",
    )


def _tick(store: Store, now: datetime) -> str:
    """How the daemon stands."""
    alive = [one for one in store.runners() if not one.ended]
    if not alive:
        return "no daemon"
    if now - alive[0].seen_at > FRESH:
        return "the daemon was last seen too long ago"
    return "holds" if alive[0].state.startswith("holds") else "ok"


def halted(store: Store) -> bool:
    """Whether all sending is halted, by a person, by the provider's refusal, or since the store is a copy."""
    return bool(store.halted) or any(one.word is Word.halt for one in store.switches())


def metrics(store: Store, now: datetime, book: Book | None = None, counting: Counting | None = None) -> str:
    """Every metric as text (Prometheus exposition format 0.0.4); nothing in it names a person or an address.

    `book` is the one that runs, if any; `counting` is what this process did.
    """
    page = Page()
    classes, waits = (book.rules.classes, paused(book, now)) if book else (CLASSES, frozenset[str]())
    _of_store(page, meters(store.database, now, waits), now, classes)
    page.set("nurture_up", 1)
    page.set("nurture_build_info", 1, __version__)
    page.set("nurture_halted", int(halted(store)))
    if counting is not None:
        counting.fill(page)
    return page.text()


def _of_store(page: Page, found: Meters, now: datetime, classes: Sequence[str]) -> None:
    _moment(page, "nurture_decided_until_timestamp_seconds", found.watermark)
    _moment(page, "nurture_daemon_seen_timestamp_seconds", found.seen_at)
    _moment(page, "nurture_received_oldest_timestamp_seconds", found.oldest_unread)
    _moment(page, "nurture_book_applied_timestamp_seconds", found.applied_at)
    page.set("nurture_runners", len(found.seen))
    if found.seen:
        page.set("nurture_runner_silent_longest_seconds", max(0.0, (now - min(found.seen)).total_seconds()))
    page.set("nurture_overdue_people", found.overdue)
    page.set("nurture_book_edition", found.edition)
    page.set("nurture_store_size_bytes", found.size)
    for name, values in (
        ("nurture_outbox_mails", {fate.value.replace(" ", "_"): number for fate, number in found.lying.items()}),
        ("nurture_received_posts", {"unread": found.unread, "unreadable": found.unreadable}),
        ("nurture_batches", found.batches),
        ("nurture_webhook_calls", found.calls),
        ("nurture_alarms", dict.fromkeys(KINDS, 0) | dict(found.alarms)),
    ):
        for label, number in values.items():
            page.set(name, number, label)
    for event, at in found.heard.items():
        _moment(page, "nurture_source_last_event_timestamp_seconds", at, event)
    _queue(page, found, classes)
    _happened(page, found)


def _moment(page: Page, name: str, at: datetime | None, *labels: str) -> None:
    if at is not None:
        page.set(name, at.timestamp(), *labels)


def _queue(page: Page, found: Meters, classes: Sequence[str]) -> None:
    """Every class, also while nothing of it waits; of a class that is no more, `other`."""
    names = (*classes, OTHER)
    waiting = Counter[str](dict.fromkeys(classes, 0))
    oldest: dict[str, datetime] = {}
    for lane, queued in found.lanes.items():
        name = names[min(lane, len(classes))]
        waiting[name] += queued.mails
        if queued.oldest_due is not None:
            oldest[name] = min(queued.oldest_due, oldest.get(name, queued.oldest_due))
    for name, number in waiting.items():
        page.set("nurture_queue_mails", number, name)
    for name, at in oldest.items():
        _moment(page, "nurture_queue_oldest_due_timestamp_seconds", at, name)


def _happened(page: Page, found: Meters) -> None:
    """A counter only of what can but grow: a click is taken back when it turns out to be a machine's."""
    for (provider, family, what), number in found.happened.items():
        if what == SERVICE:
            page.set("nurture_service_mails_total", number, provider, family)
        elif what == Happened.clicked.value:
            page.set("nurture_mail_clicks", number, provider, family)
        else:
            page.set("nurture_mails_total", number, provider, family, what)
