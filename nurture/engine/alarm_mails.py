"""Alarms to the shop's own people: at once, and once a day for as long as one is open.

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
from nurture.engine.sending import Run
from nurture.engine.workshop import Workshop
from nurture.model.mail import Email
from nurture.model.rules import Rules
from nurture.render.values import clean
from nurture.store.alarms import Alarms, Told

AGAIN = timedelta(days=1)
OWNER = "owner"


@dataclass(slots=True)
class AlarmMails:
    """Tells whoever is to be told."""

    shop: Workshop

    async def send(self, live: LiveBook, now: datetime, run: Run) -> int:
        """Tell of what nobody was told of within a day; how many mails that is, 0 or 1. Kept as told before it goes."""
        mail = await run(self._ready, live.book.rules, now)
        if mail is None:
            return 0
        fate = await hand(self.shop.provider, mail)
        level = logging.INFO if fate.value == "accepted" else logging.WARNING
        observe.note(observe.ALARM_TOLD, level=level, fate=fate.value)
        return 1

    def _ready(self, rules: Rules, now: datetime) -> Email | None:
        if self.shop.provider.name == FOLDER or self.shop.store.halted or refused_us(self.shop):
            return None
        address = who_is_told(self.shop, rules)
        door = Alarms(self.shop.store.database)
        told = door.untold(now - AGAIN) if address else ()
        if not told:
            return None
        door.tell(told, now)
        return email(rules, address, told, now)


def who_is_told(shop: Workshop, rules: Rules) -> str:
    """The address of `owner`, else of the first of rules.people; empty when there is nobody, or they may have none."""
    people = dict(rules.people)
    address = people.get(OWNER) or next(iter(people.values()), "")
    return address if address and may_be_told(shop, rules, address) else ""


def email(rules: Rules, address: str, told: tuple[Told, ...], now: datetime) -> Email:
    """The alarms as a plain mail from the shop to itself."""
    said = [f"{one.words.rstrip('.')}, since {one.since:%Y-%m-%d %H:%M} UTC" for one in told]
    text = "\n".join([*said, "", "nurture doctor says what to do."]) + "\n"
    subject = clean(f"nurture: {told[0].words}" if len(told) == 1 else f"nurture: {len(told)} alarms")
    return plain_mail(rules, "alarm", address, now.isoformat(), subject, text, now)
