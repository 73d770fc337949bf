"""Every distinct clock of the world at every hour of 2027, from wall times to instants and back."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nurture.decide import clock
from nurture.decide.clock import Clock, allowed_from, at, day_start, local, local_day
from nurture.decide.zones import ZONES, country_clocks
from nurture.model.rules import Span
from nurture.model.step import Window

NEW_YEAR = datetime(2027, 1, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)
HOURS = [NEW_YEAR + hour * HOUR for hour in range(365 * 24)]
DAYS = [date(2027, 1, 1) + timedelta(days=day) for day in range(365)]
# On the hour alone a gap's end would be right by accident, and half an hour's gap be missed.
TIMES = [time(hour, minute) for hour in range(24) for minute in (0, 15)]


def offsets(zone: ZoneInfo, instants: list[datetime]) -> tuple[timedelta | None, ...]:
    return tuple(instant.astimezone(zone).utcoffset() for instant in instants)


def distinct_clocks() -> list[Clock]:
    """One clock for each way of keeping time that is in use in 2027."""
    found: dict[tuple[timedelta | None, ...], Clock] = {}
    for name in sorted(available_timezones() - {"Factory", "localtime"}):
        zone = ZoneInfo(name)
        found.setdefault(offsets(zone, HOURS[::3]), Clock(zone))
    return list(found.values())


CLOCKS = distinct_clocks()


def naive(instant: datetime, reader: Clock) -> datetime:
    return local(instant, reader).replace(tzinfo=None, fold=0)


def wrong_instants(reader: Clock) -> Iterator[str]:
    """From each hour of UTC to the reader's clock and back."""
    for instant in HOURS:
        shown = local(instant, reader)
        back = at(shown.date(), shown.time(), reader)
        first = back == instant if shown.fold == 0 else back < instant and naive(back, reader) == naive(instant, reader)
        if not first:
            yield f"{reader.zone.key} {instant}: shows {shown}, which is {back}"
    for instant, following in pairwise(HOURS):
        if local_day(instant, reader) > local_day(following, reader):
            yield f"{reader.zone.key} {instant}: the date goes backwards"


def wrong_walls(reader: Clock) -> Iterator[str]:
    """From each hour of the reader's clock to UTC and back; in a gap, nothing may lie before the answer."""
    previous = NEW_YEAR - timedelta(days=2)
    for day in DAYS:
        for clock_time in TIMES:
            wall, instant = datetime.combine(day, clock_time), at(day, clock_time, reader)
            if not right(wall, instant, reader):
                yield f"{reader.zone.key} {wall}: is {instant}, which shows {local(instant, reader)}"
            if instant < previous:
                yield f"{reader.zone.key} {wall}: is before the wall time before it"
            previous = instant


def right(wall: datetime, instant: datetime, reader: Clock) -> bool:
    shown = naive(instant, reader)
    if shown == wall:
        return local(instant, reader).fold == 0 and local_day(instant, reader) == wall.date()
    return naive(instant - timedelta(seconds=1), reader) < wall < shown


def wrong_days(reader: Clock) -> Iterator[str]:
    """A date is from its first moment to the first of the next."""
    for day in DAYS:
        start = day_start(day, reader)
        if local_day(start, reader) != day or local_day(start - timedelta(seconds=1), reader) >= day:
            yield f"{reader.zone.key} {day} does not start at {start}"


def test_the_world_has_about_65_clocks() -> None:
    assert 55 <= len(CLOCKS) <= 80


def test_every_hour_of_every_clock() -> None:
    wrong = [each for reader in CLOCKS for sweep in (wrong_instants, wrong_walls, wrong_days) for each in sweep(reader)]
    assert not wrong


@pytest.mark.parametrize("zone", ["Europe/Paris", "Australia/Lord_Howe", "Africa/Cairo"])
def test_the_sweep_catches_a_gap_left_to_zoneinfo(zone: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def inherited(zone: ZoneInfo, day: date, clock_time: time) -> datetime:
        return datetime.combine(day, clock_time, zone).astimezone(UTC)

    monkeypatch.setattr(clock, "_at", inherited)
    assert list(wrong_walls(Clock(ZoneInfo(zone))))


@pytest.mark.parametrize("zone", ["Europe/Paris", "America/Nuuk"])
def test_the_sweep_catches_the_second_of_two_equal_hours(zone: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def second(zone: ZoneInfo, day: date, clock_time: time) -> datetime:
        return datetime.combine(day, clock_time, zone).replace(fold=1).astimezone(UTC)

    monkeypatch.setattr(clock, "_at", second)
    assert list(wrong_walls(Clock(ZoneInfo(zone))))
    assert list(wrong_instants(Clock(ZoneInfo(zone))))


def test_a_countrys_zones_are_one_clock_only_if_they_never_differ() -> None:
    """The product compares them once a day; here they are compared each hour."""
    several = {country: names for country, names in ZONES.items() if " " in names}
    for country, names in several.items():
        hourly = {offsets(ZoneInfo(name), HOURS) for name in names.split()}
        assert len(hourly) == len(country_clocks(country)), country


# The next allowed moment, against a search minute by minute.

CHANGES = {
    "Europe/Paris": ("2027-03-28", "2027-10-31"),
    "Australia/Lord_Howe": ("2027-04-03", "2027-10-02"),
    "Africa/Cairo": ("2027-04-29", "2027-10-28"),
    "America/Nuuk": ("2027-03-27", "2027-10-30"),
    "America/Asuncion": ("2027-03-20", "2027-10-02"),
    "Pacific/Apia": ("2011-12-29", "2027-06-01"),
}
TIME_OF_DAY = st.builds(time, st.integers(0, 23), st.sampled_from([0, 15, 30, 59]))
SPANS = st.builds(Span, TIME_OF_DAY, TIME_OF_DAY)
WINDOWS = st.builds(Window, st.frozensets(st.integers(0, 6)), TIME_OF_DAY, TIME_OF_DAY | st.just(time(23, 59, 59)))
MINUTES = 2 * 24 * 60


@st.composite
def moments(draw: st.DrawFn) -> tuple[Clock, datetime]:
    """A moment within a day of a change of some reader's clock, with up to two other clocks."""
    name = draw(st.sampled_from(sorted(CHANGES)))
    day = date.fromisoformat(draw(st.sampled_from(CHANGES[name])))
    others = draw(st.lists(st.sampled_from(sorted(CHANGES)), max_size=2))
    start = datetime.combine(day, time(0), UTC) + timedelta(minutes=draw(st.integers(-24 * 60, 24 * 60)))
    return Clock(ZoneInfo(name), tuple(ZoneInfo(other) for other in others)), start


def is_open(instant: datetime, reader: Clock, window: Window | None, quiet: Span | None) -> bool:
    """The rule in its plainest form: look at each clock."""
    if quiet and any(quiet.holds(instant.astimezone(zone).time()) for zone in (reader.zone, *reader.others)):
        return False
    return window is None or in_window(local(instant, reader), window)


def in_window(shown: datetime, window: Window) -> bool:
    if window.end == time(23, 59, 59):
        inside = shown.time() >= window.start
    else:
        inside = Span(window.start, window.end).holds(shown.time())
    night = window.start > window.end and shown.time() < window.end
    began = shown.date() - timedelta(days=1) if night else shown.date()
    return inside and (not window.days or began.weekday() in window.days)


@settings(max_examples=300, deadline=None, derandomize=True)
@given(moments(), st.none() | WINDOWS, st.none() | SPANS)
def test_the_next_allowed_moment_is_the_first(
    moment: tuple[Clock, datetime], window: Window | None, quiet: Span | None
) -> None:
    reader, start = moment
    minutes = (start + timedelta(minutes=minute) for minute in range(MINUTES))
    first = next((each for each in minutes if is_open(each, reader, window, quiet)), None)
    assert allowed_from(start, reader, window, quiet, start + timedelta(minutes=MINUTES)) == first
