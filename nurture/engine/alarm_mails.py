"""Alarms to the shop's own people: at once, once a day for as long as one is open, and when it is over.

One that comes and goes is told twice an hour at the most. A mail that has certainly not gone is tried again.

They go to `owner` of rules.people, else to the first of them, straight through the provider: no customer's mail, in no
outbox and in no limit. So they go also while a person has halted all mail. While the halt is about sending itself (the
provider refuses us, or the store is a copy) nothing can go: then the log, metrics and `nurture status` have them.
"""

import logging
from dataclasses import dataclass
from datetime import datetime, timedelta

from nurture import observe
from nurture.engine.applying import LiveBook
from nurture.engine.gates import refused_us
from nurture.engine.handed import FOLDER
from nurture.engine.notices import hand, may_be_told
from nurture.engine.plain_mails import plain_mail
from nurture.engine.run import Run
from nurture.engine.workshop import Workshop
from nurture.model.mail import Email, Fate
from nurture.model.rules import Rules
from nurture.render.values import clean
from nurture.store.alarms import Alarms, Untold

AGAIN = timedelta(days=1)
REST = timedelta(hours=1)  # after it was told that one is over
TRIED_AGAIN = timedelta(minutes=5)  # after the provider put the mail off; and so long one is open as it is told
SHOWN = 30
OWNER = "owner"


@dataclass(slots=True)
class AlarmMails:
    """Tells whoever is to be told."""

    shop: Workshop

    async def send(self, live: LiveBook, now: datetime, run: Run) -> int:
        """Tell of what nobody was told of; how many mails that is, 0 or 1. Kept as told before it goes."""
        ready = await run(self._ready, live.book.rules, now)
        if ready is None:
            return 0
        mail, untold = ready
        try:
            fate = await hand(self.shop.provider, mail)
        except Exception as fault:  # noqa: BLE001  (whatever it was: it may have gone)
            fate, said = Fate.in_doubt, observe.fault_fields(fault)
        else:
            said = {}
        if fate is Fate.planned:
            await run(Alarms(self.shop.store.database).not_told, untold, now, now - REST + TRIED_AGAIN)
        level = logging.INFO if fate is Fate.accepted else logging.WARNING
        observe.note(observe.ALARM_TOLD, level=level, fate=fate.value, **said)
        return 1

    def _ready(self, rules: Rules, now: datetime) -> tuple[Email, Untold] | None:
        if self.shop.provider.name == FOLDER or self.shop.store.halted or refused_us(self.shop):
            return None
        address = who_is_told(self.shop, rules)
        door = Alarms(self.shop.store.database)
        untold = door.untold(now - AGAIN, now - REST, now - TRIED_AGAIN) if address else None
        if not untold:
            return None
        door.tell(untold, now)
        return email(rules, address, untold, now), untold


def who_is_told(shop: Workshop, rules: Rules) -> str:
    """The address of `owner`, else of the first of rules.people; empty when there is nobody, or they may have none."""
    people = dict(rules.people)
    address = people.get(OWNER) or next(iter(people.values()), "")
    return address if address and may_be_told(shop, rules, address) else ""


def email(rules: Rules, address: str, untold: Untold, now: datetime) -> Email:
    """The alarms as a plain mail from the shop to itself."""
    begun = [f"{one.words.rstrip('.')}, since {one.since:%Y-%m-%d %H:%M} UTC" for one in untold.begun]
    over = [f"Over: {one.words}" for one in untold.over]
    said = [*begun, *over]
    more = [f"and {len(said) - SHOWN:,} more: nurture status"] if len(said) > SHOWN else []
    cure = ["", "nurture doctor says what to do."] if begun else []
    text = "\n".join([*said[:SHOWN], *more, *cure]) + "\n"
    return plain_mail(rules, "alarm", address, now.isoformat(), clean(f"nurture: {_subject(untold)}"), text, now)


def _subject(untold: Untold) -> str:
    """Of one alarm its words, of many how many; what is over only where nothing else is told."""
    told, over = untold.begun or untold.over, "" if untold.begun else "over: "
    return f"{over}{told[0].words}" if len(told) == 1 else f"{over}{len(told)} alarms"
