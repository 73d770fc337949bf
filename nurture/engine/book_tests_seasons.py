"""The clocks and days of a sweep: one zone for each way of keeping time, and the days on which calendars are odd."""

from calendar import isleap
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from zoneinfo import ZoneInfo, available_timezones

from nurture.decide.zones import ZONES

NO_PLACE = frozenset({"Factory", "localtime"})
DAY = timedelta(days=1)
WEEK = timedelta(days=7)
AROUND = range(-7, 2)  # a week of waits leads up to a change of clocks, and a day after it counts too
DECEMBER = 12

Offsets = tuple[timedelta | None, ...]


def years_from(first: int) -> tuple[int, int]:
    """A common and a leap year, from that year on."""
    common = next(year for year in range(first, first + 2) if not isleap(year))
    return common, next(year for year in range(first, first + 9) if isleap(year))


def clocks(years: tuple[int, int]) -> list[str]:
    """One zone for each distinct clock of these years; zones that show the same time all through are one."""
    found: dict[tuple[Offsets, tuple[datetime, ...]], str] = {}
    inhabited = {zone for zones in ZONES.values() for zone in zones.split()}  # these before their former names
    for name in sorted(available_timezones() - NO_PLACE, key=lambda name: (name not in inhabited, name)):
        found.setdefault((offsets(name, years), changes(name, years)), name)
    return sorted(found.values())


def offsets(zone: str, years: tuple[int, int]) -> Offsets:
    """The offsets from UTC at every noon of UTC."""
    return tuple(offset(zone, datetime.combine(day, time(12), UTC)) for year in years for day in days_of(year))


def offset(zone: str, instant: datetime) -> timedelta | None:
    """How far a zone is from UTC at an instant."""
    return instant.astimezone(ZoneInfo(zone)).utcoffset()


@cache
def changes(zone: str, years: tuple[int, int]) -> tuple[datetime, ...]:
    """The instants (UTC, to a quarter of an hour) at which the clock is changed."""
    found = []
    for year in years:
        for day in days_of(year):
            noon = datetime.combine(day, time(12), UTC)
            if offset(zone, noon - DAY) != offset(zone, noon):
                found.append(change_before(zone, noon))
    return tuple(found)


def change_before(zone: str, noon: datetime) -> datetime:
    """The quarter of an hour, within the day before this noon, from which on the new offset holds."""
    quarters = [noon - DAY + timedelta(minutes=15 * number) for number in range(97)]
    return next(instant for instant in quarters if offset(zone, instant) == offset(zone, noon))


def days_of(year: int) -> Iterator[date]:
    """Every day of a year."""
    day = date(year, 1, 1)
    while day.year == year:
        yield day
        day += DAY


def odd_days(zone: str, years: tuple[int, int], *, every: bool = False) -> list[date]:
    """The days on which lives begin: round every change of clocks, month ends, the leap day, else every seventh."""
    found = {day for year in years for day in days_of(year) if every}
    for year in years:
        found |= {day for day in days_of(year) if (day + DAY).day == 1}
        found |= {date(year, 1, 1) + number * WEEK for number in range(52)}
        if isleap(year):
            found |= {date(year, 2, 28), date(year, 2, 29), date(year, 3, 1)}
    for instant in changes(zone, years):
        there = instant.astimezone(ZoneInfo(zone)).date()
        found |= {there + number * DAY for number in AROUND}
    return sorted(day for day in found if day.year in years)
