"""The reader's clock: zones, local days, wall times, waits and windows (language.md 6.2, 6.6 to 6.8)."""

from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from nurture.decide.calendar import add_dates, next_occurrence, occurrence_in
from nurture.decide.hours import first_change, open_hours
from nurture.decide.zones import COMPARED_YEAR, country_clocks, known_zone
from nurture.model.length import Length
from nurture.model.rules import Rules, Span
from nurture.model.step import Window
from nurture.model.values import dataclass

__all__ = [
    "COUNTRY", "PERSON", "PROJECT", "SAFE", "Clock", "add_dates", "after", "allowed_from", "at", "comes_within",
    "day_start",
    "local", "local_day", "next_occurrence", "next_weekday", "not_before", "occurrence_in", "reader_clock",
]  # fmt: skip

# The rungs of the ladder (6.8), in the words that `explain` prints.
PERSON = "their own setting"
COUNTRY = "the country's only clock"
SAFE = "decent in every zone of the country"
PROJECT = "the project's zone"

_MIDNIGHT = time(0)
_DAY = timedelta(days=1)
_MANY = 7  # dates


@dataclass(frozen=True, slots=True)
class Clock:
    """Whose wall times count: the zone, the other zones an hour must be decent in, and the rung of 6.8."""

    zone: ZoneInfo
    others: tuple[ZoneInfo, ...] = ()
    rung: str = PERSON


def reader_clock(rules: Rules, facts: Mapping[str, object]) -> Clock:
    """The clock of one reader by the ladder of language.md 6.8, from the facts `zone` and `country`.

    Raises ZoneInfoNotFoundError only for a project zone that `check` would have refused.
    """
    zone = facts.get("zone")
    own = known_zone(zone) if isinstance(zone, str) else None
    if own is not None:
        return _own_clock(own)
    country = facts.get("country")
    return _ladder(country if isinstance(country, str) else "", rules.zone, rules.unknown_zone, rules.quiet_hours)


@lru_cache(maxsize=1024)
def _own_clock(zone: ZoneInfo) -> Clock:
    return Clock(zone, rung=PERSON)


@lru_cache(maxsize=4096)
def _ladder(country: str, project: str, unknown_zone: str, quiet: Span | None) -> Clock:
    """The rungs below the reader's own setting."""
    clocks = country_clocks(country)
    if len(clocks) == 1:
        return Clock(clocks[0], rung=COUNTRY)
    if clocks and unknown_zone == "safe" and _share_an_hour(clocks, quiet):
        return Clock(clocks[0], clocks[1:], SAFE)
    return Clock(ZoneInfo(project), rung=PROJECT)


def _share_an_hour(clocks: tuple[ZoneInfo, ...], quiet: Span | None) -> bool:
    """Whether in every month some moment of one date is decent on all clocks.

    Not so in Antarctica; nor on the US outlying islands, where the shared hours are never on the same date.
    """
    if quiet is None:
        return True
    for month in range(1, 13):
        stretches = open_hours(clocks[0], clocks[1:], None, quiet, date(COMPARED_YEAR, month, 15))
        if not any(len({opened.astimezone(zone).date() for zone in clocks}) == 1 for opened, _ in stretches):
            return False
    return True


def local(instant: datetime, clock: Clock) -> datetime:
    """The instant as the reader's clock shows it (aware, in clock.zone)."""
    return instant.astimezone(clock.zone)


def local_day(instant: datetime, clock: Clock) -> date:
    """The reader's date at an instant."""
    if instant.tzinfo is not UTC:
        instant = instant.astimezone(UTC)
    steady = _midnight_within(clock.zone, instant.date())
    if steady is None:
        return instant.astimezone(clock.zone).date()
    midnight, before, from_then_on = steady
    return before if instant < midnight else from_then_on


@lru_cache(maxsize=16_384)
def _midnight_within(zone: ZoneInfo, utc_day: date) -> tuple[datetime, date, date] | None:
    """The local midnight within a UTC day, and the dates before it and from it on; None if the clock changes then.

    Kept because asking for the date is the commonest question of all, and a look here is half its price.
    """
    start = datetime.combine(utc_day, _MIDNIGHT, UTC)
    first, last = start.astimezone(zone), (start + timedelta(seconds=86_399)).astimezone(zone)
    if first.utcoffset() != last.utcoffset():
        return None
    if first.date() == last.date():
        return start, first.date(), first.date()
    return datetime.combine(last.date(), _MIDNIGHT, zone).astimezone(UTC), first.date(), last.date()


def at(day: date, clock_time: time, clock: Clock) -> datetime:
    """The instant (UTC) at which the reader's clock shows that date and time (language.md 6.7).

    A wall time that does not exist is the first moment that does; one that exists twice is its
    first occurrence. Dates in the calendar's first and last year count a year
    further in, so that sums with the answer do not overflow.
    """
    return _at(clock.zone, day, clock_time)


def day_start(day: date, clock: Clock) -> datetime:
    """The first instant (UTC) of the reader's date; where midnight is skipped, what comes in its place."""
    return _at(clock.zone, day, _MIDNIGHT)


@lru_cache(maxsize=4096)
def comes_within(zone: ZoneInfo, clock_time: time, since: datetime, until: datetime) -> bool:
    """Whether a wall time comes in (since, until], in UTC, on any date; of many dates it is taken to."""
    first, last = since.astimezone(zone).date() - _DAY, until.astimezone(zone).date() + _DAY
    if (last - first).days > _MANY:
        return True
    dates = (first + timedelta(days=number) for number in range((last - first).days + 1))
    return any(since < _at(zone, day, clock_time) <= until for day in dates)


def _instant(zone: ZoneInfo, day: date, clock_time: time) -> datetime:
    offset = _steady_offset(zone, day)
    if offset is not None:
        return datetime.combine(day, clock_time, UTC) - offset
    if not 1 < day.year < 9999:
        day = day.replace(year=2 if day.year == 1 else 9998)
    wall = datetime.combine(day, clock_time.replace(fold=0), zone)
    # In a gap, fold tells the offset before it from the one after (PEP 495), and time moves forward.
    before, later = wall.utcoffset(), wall.replace(fold=1).utcoffset()
    if before is not None and later is not None and before < later:
        shown = wall.replace(tzinfo=UTC)
        return first_change(zone, shown - later, shown - before)
    return wall.astimezone(UTC)


@lru_cache(maxsize=16_384)
def _steady_offset(zone: ZoneInfo, day: date) -> timedelta | None:
    """The offset all through a local date; None where the clock changes that day, and at the ends of the calendar."""
    if not 1 < day.year < 9999:
        return None
    start = datetime.combine(day, _MIDNIGHT, zone)
    first, last = start.utcoffset(), (start + _DAY).replace(fold=1).utcoffset()
    return first if first == last else None


_at = lru_cache(maxsize=32_768)(_instant)


def after(done: datetime, length: Length, clock: Clock, clock_time: time | None = None, country: str = "") -> datetime:
    """When a wait ends that was begun at `done` (UTC; table of language.md 6.2).

    Minutes and hours pass exactly. Other lengths count dates, to the same wall time or to
    `clock_time`; working days are those of `country`. The answer may lie before `done`
    (0 days at 09:00): such a wait is over at once, with that moment as its due time.
    """
    if length.elapsed:
        return done + timedelta(seconds=length.seconds)
    begun = done.astimezone(clock.zone)
    day = add_dates(begun.date(), length, country)
    return _at(clock.zone, day, clock_time) if clock_time is not None else _instant(clock.zone, day, begun.time())


def not_before(done: datetime, length: Length | None, clock: Clock, country: str = "") -> datetime:
    """From when on a weekday's `at_least` allows it: so many dates later, from midnight on, or so many hours.

    All in UTC. Never before `done`, and without a length just that.
    """
    if length is None:
        return done
    return max(done, after(done, length, clock, _MIDNIGHT, country))


def next_weekday(earliest: datetime, days: frozenset[int], start: time, end: time, clock: Clock) -> datetime:
    """The first moment (UTC) from `earliest` on inside these hours of these days (0 is Monday; none is every day).

    The end is outside. Where the hours are empty, the start of them on the next such day.
    """
    found = allowed_from(earliest, clock, Window(days, start, end), None, earliest + 22 * _DAY)
    if found is not None:
        return found
    day = local_day(earliest, clock)
    while (days and day.weekday() not in days) or at(day, start, clock) < earliest:
        day += _DAY
    return at(day, start, clock)


def allowed_from(
    instant: datetime, clock: Clock, window: Window | None, quiet: Span | None, horizon: datetime
) -> datetime | None:
    """The first moment from `instant` on (all in UTC) at which mail may go; None if there is none before `horizon`.

    It lies in the window on the reader's clock and outside the quiet hours on that clock and on all the
    others that may be the reader's (6.8). Ends are outside; a stretch may cross midnight.
    """
    if window is None and quiet is None:
        return instant if instant < horizon else None
    if instant.tzinfo is not UTC:
        instant = instant.astimezone(UTC)
    day = instant.date()
    while True:
        for opened, closed in open_hours(clock.zone, clock.others, window, quiet, day):
            if instant < closed:
                found = max(instant, opened)
                return found if found < horizon else None
        day += _DAY
        if day > horizon.date():
            return None
