"""Alarms worth waking for, silence among them: what should have spoken by now and did not (docs/operations.md).

Each is worked out from the store at an instant, cheaply; a daemon looks every few minutes, keeps which are open, says
when one begins and when it is over, and has the shop's own people told (`alarm_mails`).
"""

import logging
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta

from nurture import observe
from nurture.decide.clock import day_start, local_day, reader_clock
from nurture.engine.doctor_store import MANY_POSTS, last_time, latest
from nurture.engine.gates import halt_of, paused
from nurture.engine.status import ago, is_silent, on_machine
from nurture.engine.workshop import Workshop
from nurture.model import alarm
from nurture.model.alarm import Alarm
from nurture.model.book import Book
from nurture.model.event import Event
from nurture.model.sequence import Sequence as BookSequence
from nurture.model.sequence import Status
from nurture.model.trigger import HolidayTrigger, OnceTrigger
from nurture.store import backups_made, silences
from nurture.store.alarms import Alarms, Open
from nurture.store.runner import Runner
from nurture.store.switches import ITSELF
from nurture.store.up_to import number_words

LOOKS_EVERY = timedelta(minutes=5)
NEWEST = 2_000  # events in which the last of each source is looked for
LATE = timedelta(minutes=10)  # for a service mail that may go
UNTOLD = timedelta(hours=3)  # for a provider that tells of mails within minutes
UNTOLD_MAILS = 20  # fewer may all lie in slow mailboxes
DOUBTFUL = timedelta(hours=1)
UNREAD = timedelta(minutes=15)
PAST = 56  # days in which a sequence shows how often it starts people
REGULAR = 8  # of these with a start at the least, else nothing is expected of it
AT_LEAST = 3  # days of silence, whatever its past


Others = Callable[[Runner], bool]


def everybody(_: Runner) -> bool:
    """Nobody is left out."""
    return True


def alarms(shop: Workshop, book: Book | None, now: datetime, others: Others = everybody) -> Iterator[Alarm]:
    """All that hold at an instant (UTC), by kind. `others` says of which daemons and workers it is asked."""
    if book is not None:
        yield from _sources(shop, book, now)
        yield from sequence_alarms(shop, book, now)
    yield from news_alarms(shop, now)
    yield from _runners(shop, now, others)
    yield from late_alarms(shop, book, now)
    yield from doubt_alarms(shop, now)
    yield from _halted(shop)
    yield from post_alarms(shop, now)
    yield from backup_alarms(shop, now)


def heard(shop: Workshop, book: Book) -> dict[str, datetime]:
    """When each event that the catalogue expects happened last, of those that ever did."""
    newest = _newest(shop, book)
    found = {name: last_time(shop.store, book, newest, name) for name, _ in book.catalogue.expects}
    return {name: at for name, at in found.items() if at is not None}


def _newest(shop: Workshop, book: Book) -> list[Event]:
    return shop.store.figures.newest_events(NEWEST) if book.catalogue.expects else []


def _sources(shop: Workshop, book: Book, now: datetime) -> Iterator[Alarm]:
    """An event of `expects:` that came once and has not come for longer than it says."""
    last = heard(shop, book)
    for name, length in book.catalogue.expects:
        if name in last and now > latest(book, last[name], length):
            words = f"{name} came last {ago(now - last[name])} ago, though it is expected every {length}"
            yield Alarm(alarm.SOURCE, name, words, f"ask who sends {name}, and import what is missing")


# A sequence against its own past


def sequence_alarms(shop: Workshop, book: Book, now: datetime) -> Iterator[Alarm]:
    """A sequence that started somebody again and again and has started nobody for far longer than ever before.

    Days count on the shop's calendar, up to what is decided: a daemon that stands still is another alarm. Expected is
    only something of what started people on at least 8 of 56 days; it is silent after more than three times the
    longest rest within them, never before the third day, and no more after 56: then it is meant so.
    """
    until = min(now, shop.store.watermark or now)
    clock = reader_clock(book.rules, {"zone": book.rules.zone})
    today = local_day(until, clock)
    for name, sequence in sorted(book.sequences.items()):
        last = silences.last_start(shop.store.database, name) if _expected(sequence) else None
        if last is None:
            continue
        ended = local_day(last, clock)
        silent = (today - ended).days
        if not AT_LEAST <= silent <= PAST:
            continue
        edges = [day_start(ended - timedelta(days=number), clock) for number in range(PAST - 1, -2, -1)]
        most = most_rest(silences.days_with_starts(shop.store.database, name, edges))
        if most is not None and silent > max(AT_LEAST - 1, 3 * most):
            words = f"{name} started nobody for {silent} days; before that it rested {most} at the longest"
            cure = f"nurture ls; nurture explain PERSON --sequence {name} says why somebody did not start"
            yield Alarm(alarm.SEQUENCE, name, words, cure)


def _expected(sequence: BookSequence) -> bool:
    """Whether anything can be expected of it: it runs, and is no broadcast and no feast."""
    rare = all(isinstance(one, OnceTrigger | HolidayTrigger) for one in sequence.start)
    return sequence.status is Status.live and sequence.switch is None and not rare


def most_rest(days: Sequence[bool]) -> int | None:
    """The longest run of days without a start among these, the last of which has one; None for too few starts."""
    if sum(days) < REGULAR:
        return None
    runs, run = [0], 0
    for started in days[days.index(True) :]:
        run = 0 if started else run + 1
        runs.append(run)
    return max(runs)


# The way out


def news_alarms(shop: Workshop, now: datetime) -> Iterator[Alarm]:
    """Mails were accepted for hours, and a provider that is to tell of them has told of none."""
    if not shop.config.sendgrid_events_key or shop.provider.name != "sendgrid":
        return
    last = silences.last_news(shop.store.database)
    since = max(last or now - timedelta(days=3), now - timedelta(days=3))
    untold = silences.accepted_between(shop.store.database, since, now - UNTOLD)
    if untold >= UNTOLD_MAILS:
        told = f"nothing since {ago(now - last)}" if last else "nothing, ever"
        words = f"{number_words(untold)} mails were accepted, and {shop.provider.name} has told {told}"
        cure = "look at the Event Webhook in its settings, and at hook.refused in the log: the key may be another"
        yield Alarm(alarm.NEWS, shop.provider.name, words, cure)


def late_alarms(shop: Workshop, book: Book | None, now: datetime) -> Iterator[Alarm]:
    """A service mail that may go waits for too long; a halt is another alarm, or a person's wish, as a pause is."""
    if shop.store.halted or halt_of(shop) is not None:
        return
    due = silences.oldest_service(shop.store.database, paused(book, now) if book else ())
    if due is not None and now - due > LATE:
        words = f"a service mail that may go waits for {ago(now - due)}"
        yield Alarm(alarm.LATE, "", words, "nurture doctor says what is in its way; nurture status, what waits")


def doubt_alarms(shop: Workshop, now: datetime) -> Iterator[Alarm]:
    """Mails are in doubt for too long: somebody may settle them."""
    since = silences.oldest_doubt(shop.store.database)
    if since is not None and now - since > DOUBTFUL:
        words = f"mails are in doubt for {ago(now - since)}: they may have gone or not"
        yield Alarm(alarm.DOUBTS, "", words, "nurture outbox --in-doubt")


def _halted(shop: Workshop) -> Iterator[Alarm]:
    """What no person said; who halted it knows."""
    halt = halt_of(shop)
    if shop.store.halted:
        yield Alarm(alarm.HALTED, "", f"nothing is sent: {shop.store.halted}", "look, then nurture run --once --accept")
    elif halt is not None and halt.who == ITSELF:
        yield Alarm(alarm.HALTED, "", "nothing is sent: the provider refuses us", "put it right, then nurture unhalt")


# What works, and what comes in


def _runners(shop: Workshop, now: datetime, others: Others) -> Iterator[Alarm]:
    silent = [one for one in shop.store.runners() if is_silent(one, now) and others(one)]
    if silent:
        longest = max(now - one.seen_at for one in silent)
        one = silent[0]
        words = f"a {one.kind} (process {one.process}{on_machine(one)}) said last {ago(longest)} ago that it lives"
        if len(silent) > 1:
            words = f"{len(silent)} of the daemons and workers said last {ago(longest)} ago that they live"
        cure = "look whether they live; end what hangs, and start it again: one that waits takes over by itself"
        yield Alarm(alarm.RUNNER, "", words, cure)


def post_alarms(shop: Workshop, now: datetime) -> Iterator[Alarm]:
    """Posts from outside that cannot be read, or that nobody has read for too long."""
    waiting, bad = shop.store.received.how_many()
    oldest = silences.oldest_post(shop.store.database) if waiting else None
    if bad:
        words = f"{bad:,} post{'' if bad == 1 else 's'} from outside cannot be read"
        yield Alarm(alarm.POSTS, "unreadable", words, "nurture received")
    if waiting > MANY_POSTS or (oldest is not None and now - oldest > UNREAD):
        since = f", the oldest for {ago(now - oldest)}" if oldest else ""
        words = "1 post from outside waits" if waiting == 1 else f"{waiting:,} posts from outside wait"
        yield Alarm(alarm.POSTS, "unread", f"{words} to be read{since}", "nurture run reads them; does it live?")


def backup_alarms(shop: Workshop, now: datetime) -> Iterator[Alarm]:
    """Backups that were made again and again, and are made no more."""
    with shop.store.database.reading() as connection:
        made = backups_made.made(connection)
    rest = backups_made.missed(made, now)
    if rest is not None:
        words = f"no backup was made for {ago(now - made[-1])}; before that, one every {ago(rest)} at the least"
        yield Alarm(alarm.BACKUP, "", words, "nurture backup; does what makes them every night still run?")


class Watch:
    """A daemon's look at all of them, now and then. One for a process, which is known as `own` among the runners."""

    def __init__(self, own: str = "") -> None:
        self.own = own
        self._looked_at: datetime | None = None

    def look(self, shop: Workshop, book: Book | None, now: datetime) -> None:
        """Look, unless one looked just now; say what began and what is over, and keep which are open."""
        if self._looked_at is not None and timedelta() <= now - self._looked_at < LOOKS_EVERY:
            return
        slept = self._looked_at is not None and now - self._looked_at > 2 * LOOKS_EVERY
        self._looked_at = now

        def others(one: Runner) -> bool:
            """Whoever looks lives; and who slept, or whose clock leapt, cannot say yet that others are silent."""
            return not slept and one.name != self.own

        door = Alarms(shop.store.database)
        known, words = {one.name: one for one in door.open()}, {one.name: one.words for one in door.all()}
        found = {one.name: (one, said.words) for said in alarms(shop, book, now, others)
                 for one in (Open(said.kind, said.about, now),)}  # fmt: skip
        new = [one for name, (one, _) in found.items() if name not in known]
        over = tuple(one for name, one in known.items() if name not in found)
        told = {known.get(name, one): said for name, (one, said) in found.items() if words.get(name) != said}
        door.keep(told, over, _moved(door, heard(shop, book)) if book else {})
        for one in new:
            observe.note(observe.ALARM_BEGUN, level=logging.ERROR, alarm=one.kind, about=one.about)
        for one in over:
            observe.note(observe.ALARM_OVER, alarm=one.kind, about=one.about, since=one.since)


def _moved(door: Alarms, last: dict[str, datetime]) -> dict[str, datetime]:
    known = door.heard()
    return {name: at for name, at in last.items() if known.get(name) != at}
