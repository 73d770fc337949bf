"""Local dates per time zone: which of them open in a stretch of time.

The store finds whom to look at by local dates (architecture.md 2.2); whether anything happens is `decide`'s.
"""

from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

_DAY = timedelta(days=1)
_SHORT = timedelta(hours=3)  # clocks do not change twice in so short a time


@lru_cache(maxsize=1024)
def clock_of(zone: str) -> ZoneInfo:
    """A time zone by its name, always the same one: Python keeps eight, and would read the others again at every tick.

    What is worked out for one (`opening`) is known of it only while it stays the same object.
    """
    return ZoneInfo(zone)


@lru_cache(maxsize=4096)  # asked of every zone at every tick, and mostly of the same few dates
def opening(day: date, clock: time, zone: ZoneInfo) -> datetime:
    """The instant (UTC) at which a wall time comes: a gap gives the first moment that exists, a fold the first.

    Source: language.md 6.7.
    """
    wall = datetime.combine(day, clock, zone)
    early = wall.astimezone(UTC)
    if wall.utcoffset() == wall.replace(fold=1).utcoffset() or _wall(early, zone) == wall.replace(tzinfo=None):
        return early
    return _first_moment_after_gap(wall.replace(fold=1).astimezone(UTC), early, zone)


def _wall(instant: datetime, zone: ZoneInfo) -> datetime:
    return instant.astimezone(zone).replace(tzinfo=None)


def _first_moment_after_gap(before: datetime, after: datetime, zone: ZoneInfo) -> datetime:
    """The change of clocks in (before, after], to the second."""
    old = before.astimezone(zone).utcoffset()
    while after - before > timedelta(seconds=1):
        middle = (before + (after - before) / 2).replace(microsecond=0)
        if middle.astimezone(zone).utcoffset() == old:
            before = middle
        else:
            after = middle
    return after


def days_opening(zone: ZoneInfo, clock: time, since: datetime, until: datetime) -> tuple[date, date] | None:
    """The first and last date whose wall time `clock` comes in (since, until]; None when there is none."""
    if until - since < _SHORT and not _crosses(zone, clock, since, until):
        return None
    first = _last_open(zone, clock, since) + _DAY
    last = _last_open(zone, clock, until)
    return (first, last) if first <= last else None


def _crosses(zone: ZoneInfo, clock: time, since: datetime, until: datetime) -> bool:
    """Whether the wall time may come in a short stretch; quick, since a quiet tick asks it of every zone."""
    start, end = since.astimezone(zone), until.astimezone(zone)
    if start.utcoffset() != end.utcoffset() or start.date() != end.date():
        return True
    return start.time() < clock <= end.time()


def _last_open(zone: ZoneInfo, clock: time, instant: datetime) -> date:
    """The last date whose wall time has come at an instant."""
    day = instant.astimezone(zone).date() + _DAY
    while opening(day, clock, zone) > instant:
        day -= _DAY
    return day


def next_opening(zone: ZoneInfo, clock: time, after: datetime) -> datetime:
    """The first instant later than `after` at which the wall time comes."""
    return opening(_last_open(zone, clock, after) + _DAY, clock, zone)
