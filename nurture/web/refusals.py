"""Saying that somebody was not believed: once a minute at the most, so that nobody fills the log by asking."""

import logging
from collections.abc import Callable
from datetime import datetime, timedelta

from nurture import observe

SAY_AGAIN = timedelta(minutes=1)


class Refusals:
    """What is said of posts from one source that are not whose they say they are, and of keys that are not believed."""

    def __init__(self, source: str, clock: Callable[[], datetime]) -> None:
        self.source = source
        self.clock = clock
        self._said: datetime | None = None

    def note(self) -> None:
        """Nothing of the request is told; a clock that was put back silences nobody."""
        now = self.clock()
        if self._said is None or not self._said <= now < self._said + SAY_AGAIN:
            self._said = now
            observe.note(observe.HOOK_REFUSED, level=logging.WARNING, source=self.source)
