"""What a daemon that waits for another sees of it: whether it lives; while it does not, the alarms are looked for here.

One that hangs keeps its place, so nobody takes over, and it tells nobody either: its own alarms are looked for by it.
"""

import asyncio
import logging
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import datetime

from nurture import observe
from nurture.engine.alarm_mails import AlarmMails
from nurture.engine.alarms import Watch
from nurture.engine.hand_over import directly
from nurture.engine.live import LiveBook, live_book
from nurture.engine.status import is_silent
from nurture.engine.workshop import Workshop
from nurture.store.open import Store
from nurture.store.runner import Runner

Opened = Callable[[], AbstractContextManager[Workshop | None]]


class StandingBy:
    """One for a process that waits. `opened` opens the project, or gives None where it cannot be opened beside others.

    `clock` tells the instant in UTC, `live` the book that runs in a store.
    """

    def __init__(
        self, opened: Opened, clock: Callable[[], datetime], live: Callable[[Store], LiveBook | None] = live_book
    ) -> None:
        self._opened, self._clock, self._live = opened, clock, live
        self._watch = Watch()
        self._said = self._failed = False

    def look(self, kind: str, process: int) -> None:
        """Look at the one that is at work, of a kind and a process; said once for each time that it falls silent.

        A store that cannot be asked now is asked again: that too is said once.
        """
        try:
            self._look(kind, process)
        except Exception as error:  # noqa: BLE001  (whatever it is: who waits goes on waiting)
            if not self._failed:
                observe.note(observe.QUEUE_LOST, level=logging.WARNING, lane="standby", **observe.fault_fields(error))
            self._failed = True
        else:
            self._failed = False

    def _look(self, kind: str, process: int) -> None:
        with self._opened() as shop:
            if shop is None:
                return
            found = [one for one in shop.store.runners() if (one.kind, one.process) == (kind, process)]
            silent = [one for one in found if is_silent(one, self._clock())]
            if silent:
                self._tell(shop, silent[0])
            self._said = bool(silent)

    def _tell(self, shop: Workshop, one: Runner) -> None:
        now = self._clock()
        if not self._said:
            seconds = round((now - one.seen_at).total_seconds())
            observe.note(
                observe.DAEMON_SILENT, level=logging.ERROR, beside=one.kind, process=one.process, seconds=seconds
            )
        live = self._live(shop.store)
        self._watch.look(shop, live.book if live else None, now)
        if live is not None:
            asyncio.run(_mail(shop, live, now))


async def _mail(shop: Workshop, live: LiveBook, now: datetime) -> None:
    try:
        await AlarmMails(shop).send(live, now, directly)
    finally:
        await shop.provider.close()
