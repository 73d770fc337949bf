"""What is in doubt is looked up in SendGrid's Email Logs, where the account has them (language.md 6.11; docs/pace.md).

Beside handing over, never before it: slowly, a few at a time. Found there, a mail has gone. Not found proves nothing,
and changes nothing: then doubts end as they do without a log.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Protocol, TypeVar

from nurture import observe
from nurture.deliver.sendgrid_logs import Answered, Doubt, look_up
from nurture.engine.workshop import Workshop
from nurture.model.happening import Happened, Happening
from nurture.store.outbox_doubts import doubtful

SENDGRID = "sendgrid"
AFTER = timedelta(minutes=1)  # in doubt for so long: a log is not written at once
AGAIN = timedelta(minutes=5)  # between two looks for one mail
AT_ONCE = 20  # mails in one round

T = TypeVar("T")


class Run(Protocol):
    """Executes work of the store, directly or in its thread."""

    def __call__(self, function: Callable[..., T], *arguments: object) -> Awaitable[T]:
        """What the function answers."""
        ...


class LookingUp:
    """Looks up what is in doubt. One for a process; `begin` starts a round beside everything else."""

    def __init__(self, shop: Workshop, run: Run, clock: Callable[[], datetime]) -> None:
        self.shop, self.run, self.clock = shop, run, clock
        self._asked: dict[str, datetime] = {}
        self._round: asyncio.Task[int] | None = None

    @property
    def wanted(self) -> bool:
        """Whether there is a log to ask."""
        return self.shop.config.sendgrid_logs and self.shop.provider.name == SENDGRID

    def begin(self) -> None:
        """Start a round, unless one is under way."""
        if self.wanted and (self._round is None or self._round.done()):
            self._round = asyncio.create_task(self.round())

    async def finish(self) -> None:
        """Wait for the round that is under way."""
        if self._round is not None:
            await self._round

    async def round(self) -> int:
        """Look up those that are due; how many were found to have gone. A fault is logged, and tried again later."""
        try:
            doubts = await self.run(self._due)
            answered = await look_up(self.shop.config.sendgrid_url, self.shop.config.sendgrid_key, doubts)
            await self.run(self._keep, answered)
        except Exception as fault:  # noqa: BLE001  (it runs beside handing over, and must not end it)
            observe.note(observe.DOUBTS_UNANSWERED, level=logging.WARNING, **observe.fault_fields(fault))
            return 0
        if answered.problem:
            observe.note(observe.DOUBTS_UNANSWERED, level=logging.WARNING, error=answered.problem, at="")
        return len(answered.found)

    def _due(self) -> list[Doubt]:
        """Those whose turn it is: the longest not asked for first."""
        now = self.clock()
        with self.shop.store.database.reading() as connection:
            found = doubtful(connection, now - AFTER)
        self._asked = {key: at for key, _, _ in found if (at := self._asked.get(key)) is not None}
        due = [one for one in found if not timedelta() <= now - self._asked.get(one[0], now - AGAIN) < AGAIN]
        due = sorted(due, key=lambda one: self._asked.get(one[0], one[2]))[:AT_ONCE]
        self._asked |= {key: now for key, _, _ in due}
        return [Doubt(*one) for one in due]

    def _keep(self, answered: Answered) -> None:
        """A mail that the log has was processed: it goes no more, whatever waits of it."""
        told = [
            Happening(
                f"{SENDGRID}:log:{one.message}", Happened.processed, one.at, SENDGRID, one.key, message=one.message
            )
            for one in answered.found
        ]
        if told:
            self.shop.store.happenings.take(told, self.clock(), counted=False)
            observe.note(observe.DOUBTS_LOOKED_UP, mails=len(told))
