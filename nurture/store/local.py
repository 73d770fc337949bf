"""Local dates per time zone: which of them open in a stretch of time, and which dates a length leads from.

The store finds whom to look at by local dates (architecture.md 2.2); whether anything happens is `decide`'s.
"""

from calendar import monthrange
from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from nurture.model.length import Length, Unit

_DAY = timedelta(days=1)
_MONTHS = {Unit.month: 1, Unit.year: 12}


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
    first = _last_open(zone, clock, since) + _DAY
    last = _last_open(zone, clock, until)
    return (first, last) if first <= last else None


def _last_open(zone: ZoneInfo, clock: time, instant: datetime) -> date:
    """The last date whose wall time has come at an instant."""
    day = instant.astimezone(zone).date() + _DAY
    while opening(day, clock, zone) > instant:
        day -= _DAY
    return day


def next_opening(zone: ZoneInfo, clock: time, after: datetime) -> datetime:
    """The first instant later than `after` at which the wall time comes."""
    return opening(_last_open(zone, clock, after) + _DAY, clock, zone)


def later(day: date, length: Length) -> date:
    """A date so many days, weeks, months or years later; a month without that day gives its last."""
    days = length.days
    if days is not None:
        return day + timedelta(days=days)
    months = day.year * 12 + day.month - 1 + length.amount * _MONTHS[length.unit]
    year, month = divmod(months, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


def earlier(day: date, length: Length) -> date:
    """A date so many days, weeks, months or years earlier, clipped the same way."""
    return later(day, Length(-length.amount, length.unit))


def starts_of(length: Length, first: date, last: date) -> tuple[date, date]:
    """From which dates this length leads to a date in [first, last]; may be too wide, never too narrow."""
    if length.elapsed:
        whole, rest = divmod(length.seconds, 86_400)
        return first - timedelta(days=whole + (1 if rest else 0)), last - timedelta(days=whole)
    if length.unit is Unit.working_day:
        return first - timedelta(days=_working_days_at_most(length.amount)), last - timedelta(days=length.amount)
    return _sources(lambda day: later(day, length), earlier(first, length), first, last)


def ends_of(length: Length, first: date, last: date) -> tuple[date, date]:
    """Which dates lie this length after a date in [first, last], seen from them; the twin of `starts_of`."""
    if length.elapsed:
        whole, rest = divmod(length.seconds, 86_400)
        return first + timedelta(days=whole), last + timedelta(days=whole + (1 if rest else 0))
    if length.unit is Unit.working_day:
        return first + timedelta(days=length.amount), last + timedelta(days=_working_days_at_most(length.amount))
    return _sources(lambda day: earlier(day, length), later(first, length), first, last)


def _working_days_at_most(amount: int) -> int:
    """Calendar days that so many working days can take, long feasts included."""
    return amount * 2 + 14


def _sources(leads: Callable[[date], date], near: date, first: date, last: date) -> tuple[date, date]:
    """The stretch of dates that a never-falling function leads into [first, last]."""
    start = near
    while leads(start) >= first:
        start -= _DAY
    while leads(start) < first:
        start += _DAY
    end = start + (last - first)
    while leads(end) > last:
        end -= _DAY
    while leads(end + _DAY) <= last:
        end += _DAY
    return start, end
