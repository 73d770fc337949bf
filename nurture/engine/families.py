"""Pace by mailbox family: so many mails a second to each, and a rest for one that turns mails away. Pure.

Nothing here reads a clock: instants (UTC) go in, the instant from which a mail may go comes out.
"""

from collections.abc import Iterable
from dataclasses import field
from datetime import datetime, timedelta

from nurture.model.values import dataclass

AT_ONCE = timedelta(seconds=0.5)  # so much of a family's pace may leave together
MOST_KEPT = 100_000  # mails whose turn is remembered; of more none is, and they ask again when the line is through
HOUR = timedelta(hours=1)
LEAST, SHARE = 20, 0.2  # mails put off or blocked within the hour, and of all that were answered, that are a burst
FIRST_REST, LONGEST_REST = timedelta(minutes=5), timedelta(hours=4)


@dataclass(slots=True)
class Lines:
    """A line before each family: each mail has its turn, in the order in which they came. Forgotten with the process.

    A mail that comes back at its turn goes; one that was let go by another way leaves its place empty.
    """

    _ends: dict[str, datetime] = field(default_factory=dict)
    _turns: dict[str, datetime] = field(default_factory=dict)

    def turn(self, family: str, key: str, now: datetime, per_second: float | None) -> datetime | None:
        """From when a mail may go; None when now."""
        if per_second is None:
            return None
        mine = self._turns.get(key)
        if mine is not None:
            return self._kept(key, mine, now)
        between = timedelta(seconds=1 / per_second)
        end = max(self._ends.get(family, now), now)
        if end <= now + max(AT_ONCE - between, timedelta()):
            self._ends[family] = end + between
            return None
        if len(self._turns) < MOST_KEPT:
            self._turns[key] = end
            self._ends[family] = end + between
        return end

    def _kept(self, key: str, mine: datetime, now: datetime) -> datetime | None:
        if now < mine:
            return mine
        del self._turns[key]
        return None

    def next_at(self, now: datetime) -> datetime | None:
        """When the next mail in any line may go."""
        return min((turn for turn in self._turns.values() if turn > now), default=None)


@dataclass(frozen=True, slots=True)
class Answered:
    """What a family's server said of one mail, and when we heard it: it took it, or put it off or blocked it."""

    family: str
    taken: bool
    at: datetime


@dataclass(frozen=True, slots=True)
class Rest:
    """Until when a family is left alone, for how long that was, and what made it so."""

    until: datetime
    length: timedelta
    turned_away: int
    answered: int

    def words(self, family: str) -> str:
        """`web.de put off or blocked 40 of 60 mails within an hour`."""
        return f"{family} put off or blocked {self.turned_away:,} of {self.answered:,} mails within an hour"


@dataclass(slots=True)
class Rests:
    """Families that turn mails away in numbers are left alone: 5 minutes, then twice as long up to 4 hours.

    What is heard during a rest is of mails that left before it, and does not lengthen it. An hour without a burst
    after a rest forgets it.
    """

    _rests: dict[str, Rest] = field(default_factory=dict)

    def hear(self, answers: Iterable[Answered], now: datetime) -> dict[str, Rest]:
        """Look at all answers of the last hour; the rests that begin now."""
        by_family: dict[str, list[Answered]] = {}
        for one in answers:
            by_family.setdefault(one.family, []).append(one)
        begun = {}
        for family, all_of_it in by_family.items():
            before = self._rests.get(family)
            since = max(now - HOUR, before.until) if before else now - HOUR
            burst_ = burst([one for one in all_of_it if one.at > since])
            if burst_ and not self.until(family, now):
                length = min(LONGEST_REST, before.length * 2) if before else FIRST_REST
                begun[family] = Rest(now + length, length, *burst_)
        self._rests |= begun
        self._rests = {name: rest for name, rest in self._rests.items() if now < rest.until + HOUR}
        return begun

    def until(self, family: str, now: datetime) -> datetime | None:
        """Until when a family is left alone; None when it is not. A clock that is put back lengthens no rest."""
        rest = self._rests.get(family)
        return rest.until if rest is not None and now < rest.until <= now + rest.length else None

    def resting(self, now: datetime) -> dict[str, Rest]:
        """All families that are left alone."""
        return {family: rest for family, rest in sorted(self._rests.items()) if self.until(family, now)}


def burst(answers: Iterable[Answered]) -> tuple[int, int] | None:
    """How many of how many were turned away, if that is a burst: at least 20 of them, and a fifth of all."""
    told = [one.taken for one in answers]
    away = told.count(False)
    return (away, len(told)) if away >= LEAST and away >= SHARE * len(told) else None
