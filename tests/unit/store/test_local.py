"""Local dates per zone: when they open, in gaps and folds too, and where 29 February is."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nurture.decide.clock import Clock, at
from nurture.store.candidates import month_days
from nurture.store.local import clock_of, days_opening, next_opening, opening

ZONES = ("Europe/Paris", "Africa/Cairo", "Australia/Lord_Howe", "Pacific/Apia", "America/Asuncion", "Asia/Kolkata")
TIMES = (time(0), time(0, 30), time(2, 15), time(10))
DAYS = st.dates(date(2011, 12, 20), date(2030, 1, 1))


@given(st.sampled_from(ZONES), DAYS, st.sampled_from(TIMES))
def test_a_wall_time_is_the_instant_that_the_core_says(zone: str, day: date, clock: time) -> None:
    assert opening(day, clock, ZoneInfo(zone)) == at(day, clock, Clock(ZoneInfo(zone)))


@pytest.mark.parametrize(
    ("zone", "day", "instant"),
    [
        ("Africa/Cairo", date(2027, 4, 30), datetime(2027, 4, 29, 22, tzinfo=UTC)),
        ("Pacific/Apia", date(2011, 12, 30), datetime(2011, 12, 30, 10, tzinfo=UTC)),
    ],
)
def test_a_missing_midnight_is_the_first_moment_there_is(zone: str, day: date, instant: datetime) -> None:
    assert opening(day, time(0), ZoneInfo(zone)) == instant


@given(
    st.sampled_from(ZONES), DAYS, st.integers(0, 1439), st.sampled_from([0, 15, 60, 170, 6000]), st.sampled_from(TIMES)
)
def test_days_are_those_whose_wall_time_comes_in_the_stretch(
    zone: str, day: date, minute: int, minutes: int, clock: time
) -> None:
    since = datetime(day.year, day.month, day.day, tzinfo=UTC) + timedelta(minutes=minute)
    until = since + timedelta(minutes=minutes)
    found = days_opening(ZoneInfo(zone), clock, since, until)
    wanted = [
        one
        for one in (day + timedelta(days=number) for number in range(-3, 9))
        if since < opening(one, clock, ZoneInfo(zone)) <= until
    ]
    assert found == ((wanted[0], wanted[-1]) if wanted else None)


def test_the_next_opening_is_later() -> None:
    ten = datetime(2027, 3, 2, 9, tzinfo=UTC)
    assert next_opening(ZoneInfo("Europe/Paris"), time(10), ten - timedelta(seconds=1)) == ten
    assert next_opening(ZoneInfo("Europe/Paris"), time(10), ten) == ten + timedelta(days=1)


@pytest.mark.parametrize(
    ("day", "rule", "found"),
    [
        (date(2027, 2, 28), "feb-28", {228, 229}),
        (date(2028, 2, 28), "feb-28", {228}),
        (date(2028, 2, 29), "feb-28", {229}),
        (date(2027, 3, 1), "mar-1", {301, 229}),
        (date(2027, 2, 28), "mar-1", {228}),
        (date(2027, 2, 28), "leap-years-only", {228}),
    ],
)
def test_29_february_is_kept_where_the_house_says(day: date, rule: str, found: set[int]) -> None:
    assert month_days(day, day, rule) == found


def test_a_zone_stays_the_same_object_however_many_there_are() -> None:
    clocks = [clock_of(name) for name in sorted(available_timezones())[:40]]
    assert all(clock_of(clock.key) is clock for clock in clocks)
