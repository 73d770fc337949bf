"""How fast mails leave: the provider's rate, and waiting longer and longer while it takes none.

Nothing here reads a clock or waits: seconds of a steady clock or instants go in, a wait comes out.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

AT_A_TIME = 0.5  # seconds' worth of mails that leave together, so that service never waits longer behind others
FIRST = timedelta(seconds=1)
LONGEST = timedelta(minutes=5)
DOUBTS = 5  # answers in a row that leave in doubt whether a mail went, after which no more are risked for a while


@dataclass(slots=True)
class Pace:
    """`per_second` mails at the most, paid for by batch; None is as fast as it goes. Seconds are of a steady clock."""

    per_second: float | None
    free_at: float = 0.0

    def most(self, limit: int) -> int:
        """How many mails a batch may have: half a second's worth, at least one, up to `limit`."""
        return limit if self.per_second is None else max(1, min(limit, int(self.per_second * AT_A_TIME)))

    def wait(self, second: float) -> float:
        """How many seconds until the next batch may leave."""
        return max(0.0, self.free_at - second)

    def take(self, mails: int, second: float) -> None:
        """So many mails leave now; the next may when their time is over."""
        if self.per_second is not None:
            self.free_at = max(self.free_at, second) + mails / self.per_second


@dataclass(slots=True)
class BackOff:
    """Whether trying is worth it: after a failure in 1 s, then twice as long each time up to 5 minutes.

    A success forgets the failures. Instants are UTC; a clock that is put back makes nobody wait longer than was meant.
    """

    failures: int = 0
    doubts: int = 0
    _until: datetime | None = None
    _meant: timedelta = timedelta()

    @property
    def trying(self) -> bool:
        """Whether the last attempts failed, so that the next is one mail only."""
        return self.failures > 0

    def until(self, now: datetime) -> datetime | None:
        """When the next attempt may be made; None when at once."""
        if self._until is None or self._until <= now:
            return None
        self._until = min(self._until, now + self._meant)
        return self._until

    def fail(self, now: datetime, retry_at: datetime | None = None) -> bool:
        """Nothing goes for now; the provider's own word when it may wins. Whether this begins a new wait.

        What fails while we wait already was on its way before, and counts once.
        """
        asked = retry_at if retry_at is not None and retry_at > now else None
        waiting = self.until(now)
        if waiting is not None:
            self._wait_until(max(waiting, asked) if asked else waiting, now)
            return False
        self.failures += 1
        self.doubts = 0
        self._wait_until(asked or now + min(LONGEST, FIRST * 2 ** min(self.failures - 1, 20)), now)
        return True

    def _wait_until(self, until: datetime, now: datetime) -> None:
        self._until, self._meant = until, until - now

    def doubt(self, now: datetime) -> bool:
        """An answer left in doubt whether a mail went; several in a row count as a failure. Whether a wait begins."""
        self.doubts += 1
        return (self.doubts >= DOUBTS or self.trying) and self.fail(now)

    def succeed(self) -> bool:
        """The provider answers for mails again; whether it had failed before."""
        failed, self.failures, self.doubts = self.trying, 0, 0
        if failed:
            self._until = None
        return failed
