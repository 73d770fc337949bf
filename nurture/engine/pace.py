"""How fast mails leave: the provider's rate, and waiting longer and longer while it takes none.

Nothing here reads a clock or waits: seconds of a steady clock or instants go in, a wait comes out.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from nurture.model.happening import Bounce
from nurture.model.mail import Fate, Handover

AT_A_TIME = 0.5  # seconds' worth of mails that leave together, so that service never waits longer behind others
FIRST = timedelta(seconds=1)
LONGEST = timedelta(minutes=5)
QUICK, SLOW = 0.3, 1.0  # seconds for a batch
MOST_GROWTH = 5
IN_A_ROW = 3  # mails that did not go, or of which it is in doubt, after which it is the provider and not the mails
ALIKE = 20  # mails refused in the same words: a queue must not be used up by what is wrong with all of it
MOST_DEFERRED = 500


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
class Size:
    """How many mails a batch may have: more while the provider takes batches at once, fewer while it takes long.

    All of a batch is in doubt when its process dies, so it is never more than about a second of the provider's time.
    """

    growth: int = 1

    def most(self, usual: int) -> int:
        """So many, where `usual` is what a batch has when nothing is known of the provider."""
        return usual * self.growth

    def landed(self, mails: int, seconds: float, usual: int) -> None:
        """A batch of so many came to its end in so many seconds."""
        if seconds > SLOW:
            self.growth = max(1, self.growth // 2)
        elif seconds < QUICK and mails >= self.most(usual) and self.growth < MOST_GROWTH:
            self.growth += 1


@dataclass(slots=True)
class BackOff:
    """Whether trying is worth it: after a failure in 1 s, then twice as long each time up to 5 minutes.

    A success forgets the failures. Instants are UTC; a clock that is put back makes nobody wait longer than was meant.
    """

    failures: int = 0
    in_a_row: int = 0
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
        self.in_a_row = 0
        self._wait_until(asked or now + min(LONGEST, FIRST * 2 ** min(self.failures - 1, 20)), now)
        return True

    def _wait_until(self, until: datetime, now: datetime) -> None:
        self._until, self._meant = until, until - now

    def miss(self, now: datetime) -> bool:
        """One mail did not go, or is in doubt: several in a row, or the one that was tried, are a failure."""
        self.in_a_row += 1
        return (self.in_a_row >= IN_A_ROW or self.trying) and self.fail(now)

    def succeed(self, now: datetime) -> bool:
        """The provider takes mails again; whether it had failed before.

        What is taken while we wait was on its way before, and does not end the wait that the provider asked for.
        """
        self.in_a_row = 0
        if not self.trying or self.until(now) is not None:
            return False
        self.failures, self._until = 0, None
        return True


@dataclass(slots=True)
class Alike:
    """Mails refused one after the other in the same words: it is not they that the provider minds, but all of them.

    Refusals of an address do not count. It stays so until a mail is accepted: after a halt one more is enough.
    """

    words: str = ""
    count: int = 0

    def refused(self, answers: Iterable[Handover]) -> list[Handover]:
        """What to halt for, with the provider's words; nothing where nothing speaks for it."""
        for answer in answers:
            if answer.fate is Fate.accepted:
                self.count = 0
            elif answer.fate is Fate.refused and answer.bounce in (None, Bounce.refused_us):
                self.count = self.count + 1 if answer.detail == self.words else 1
                self.words = answer.detail
                if self.count >= ALIKE:
                    words = f"{ALIKE} mails one after the other, in the same words: {answer.detail}"
                    return [replace(answer, detail=words)]
        return []


@dataclass(slots=True)
class Deferred:
    """Single mails that were turned away for now, each with a wait of its own, so that it stops no other.

    It is forgotten with the process: then they are tried once more at once.
    """

    _waits: dict[str, tuple[datetime, timedelta]] = field(default_factory=dict)

    def turned_away(self, key: str, now: datetime) -> None:
        """One more time: in 1 s, then twice as long each time up to 5 minutes."""
        _, before = self._waits.pop(key, (now, FIRST / 2))
        wait = min(LONGEST, before * 2)
        self._waits[key] = (now + wait, wait)
        if len(self._waits) > MOST_DEFERRED:
            del self._waits[next(iter(self._waits))]  # the one that was turned away the longest ago

    def forget(self, key: str) -> None:
        """It has another answer."""
        self._waits.pop(key, None)

    def clear(self) -> None:
        """It was the provider and not the mails."""
        self._waits.clear()

    def waiting(self, now: datetime) -> frozenset[str]:
        """Those not to be tried yet; a clock that is put back makes none wait longer than was meant."""
        return frozenset(key for key, (until, wait) in self._waits.items() if now < until <= now + wait)

    def next_at(self, now: datetime) -> datetime | None:
        """When the first of them may be tried again; None when none waits."""
        return min((self._waits[key][0] for key in self.waiting(now)), default=None)
