"""A word to the shop's own people: once a day, what is due or late for them and what waits for their approval.

It goes to the addresses of rules.people alone, straight through the provider: it is no customer's mail, stands in no
outbox and counts in no limit, and so it goes also while a person has halted all mail. That it goes is kept before it
goes, so that it may be lost and never comes twice a day.
"""

import logging
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from nurture import observe
from nurture.deliver.protocol import Provider
from nurture.engine.applying import LiveBook
from nurture.engine.gates import refused_us
from nurture.engine.handed import FOLDER
from nurture.engine.plain_mails import plain_mail
from nurture.engine.run import Run
from nurture.engine.shop_day import today
from nurture.engine.tasks import shown
from nurture.engine.workshop import Workshop
from nurture.model.mail import Email, Fate, Handover
from nurture.model.rules import Rules
from nurture.model.values import dataclass
from nurture.store.desk import desk
from nurture.store.drafts import Sheet
from nurture.store.tasks import Errand

EARLIEST = time(8)  # on the shop's clock
LOOKS_EVERY = timedelta(minutes=10)
MANY, SHOWN = 1_000, 30


@dataclass(frozen=True, slots=True)
class Notice:
    """What one person of the shop is told today."""

    address: str
    tasks: tuple[Errand, ...]
    drafts: tuple[Sheet, ...]

    @property
    def subject(self) -> str:
        """`2 tasks and 1 draft are waiting for you`."""
        parts = [counted(len(found), one) for found, one in ((self.tasks, "task"), (self.drafts, "draft")) if found]
        one = len(self.tasks) + len(self.drafts) == 1
        return f"{' and '.join(parts)} {'is' if one else 'are'} waiting for you"


def counted(count: int, one: str) -> str:
    """`1 task`, `2 tasks`."""
    return f"{count:,} {one}{'' if count == 1 else 's'}"


class Notices:
    """Tells the shop's people. One for a process."""

    def __init__(self, shop: Workshop) -> None:
        self.shop = shop
        self._looked_at: datetime | None = None

    async def send(self, live: LiveBook, now: datetime, run: Run) -> int:
        """Tell whoever has something to be told and was not told today; how many."""
        mails = await run(self._ready, live.book.rules, now)
        for mail in mails:
            fate = await hand(self.shop.provider, mail)
            level = logging.INFO if fate is Fate.accepted else logging.WARNING
            observe.note(observe.NOTICE_SENT, level=level, fate=fate.value)
        return len(mails)

    def _ready(self, rules: Rules, now: datetime) -> list[Email]:
        """The mails to be sent now, in the store's thread; kept as told."""
        if self._looked_at is not None and timedelta() <= now - self._looked_at < LOOKS_EVERY:
            return []
        self._looked_at = now
        if self.shop.provider.name == FOLDER or self.shop.store.halted or refused_us(self.shop):
            return []
        day = today(rules, now)
        if now.astimezone(ZoneInfo(rules.zone)).time() < EARLIEST:
            return []
        mails = []
        for notice in notices(self.shop, rules, day):
            if self.shop.store.declared(_told(notice.address)) != day.isoformat():
                self.shop.store.declare(_told(notice.address), day.isoformat(), now)
                mails.append(email(self.shop, rules, notice, day, now))
        return mails


def told_today(shop: Workshop, rules: Rules, now: datetime) -> None:
    """Take everybody for told today: another store, of which this one is a copy or a backup, may have done so."""
    for address in dict.fromkeys(address for _, address in rules.people):
        shop.store.declare(_told(address), today(rules, now).isoformat(), now)


def _told(address: str) -> str:
    return f"notice {address.casefold()}"


async def hand(provider: Provider[Any, Any], mail: Email) -> Fate:
    """Hand one mail over by itself; what became of it."""
    (request,) = provider.build([mail])
    if isinstance(request, Handover):
        return request.fate
    answers = list(provider.read(request, await provider.post(request)))
    return answers[0].fate if answers else Fate.in_doubt


def notices(shop: Workshop, rules: Rules, day: date) -> Iterator[Notice]:
    """What there is to tell, by address: tasks due by that day that no other has taken, and drafts."""
    doors = desk(shop.store)
    drafts = doors.drafts.waiting(MANY)
    for address in dict.fromkeys(address for _, address in rules.people if may_be_told(shop, rules, address)):
        names = frozenset(name for name, one in rules.people if one == address)
        tasks = [one for one in doors.tasks.open(MANY, names) if one.due_on <= day]
        mine = tuple(one for one in tasks if not one.taken_by or one.taken_by in names)
        waiting = tuple(one for one in drafts if one.approver in names)
        if mine or waiting:
            yield Notice(address, mine, waiting)


def may_be_told(shop: Workshop, rules: Rules, address: str) -> bool:
    """`mode = "test"` writes only to the seeds, `deliver.only_to` only to whom it names: here too."""
    only = {one.casefold() for one in shop.config.only_to}
    seeds = {one.casefold() for one in rules.seeds}
    key = address.casefold()
    return (shop.config.mode != "test" or key in seeds) and (not only or key in only)


def email(shop: Workshop, rules: Rules, notice: Notice, day: date, now: datetime) -> Email:
    """The notice as a plain mail from the shop to itself."""
    text = "\n".join(lines(shop, rules, notice, now)) + "\n"
    return plain_mail(rules, "notice", notice.address, day.isoformat(), notice.subject, text, now)


def lines(shop: Workshop, rules: Rules, notice: Notice, now: datetime) -> Iterator[str]:
    """What is to do, in words; customers by the shop's own name for them."""
    people = [one.person for one in notice.tasks] + [one.intent.person for one in notice.drafts]
    labels = shop.store.labels(people)
    day = today(rules, now)
    for task in notice.tasks[:SHOWN]:
        one = shown(task, labels[task.person], day, now)
        yield f"{one.when}: {one.text} ({one.about})"
        yield f"    nurture tasks done {task.key[:12]}"
    for draft in notice.drafts[:SHOWN]:
        yield f"{draft.intent.mail} to {labels[draft.intent.person]} waits for you since {draft.since:%Y-%m-%d}"
        yield f"    nurture drafts show {draft.intent.key[:12]}"
    more = max(0, len(notice.tasks) - SHOWN) + max(0, len(notice.drafts) - SHOWN)
    if more:
        yield f"and {more:,} more: nurture tasks, nurture drafts"
