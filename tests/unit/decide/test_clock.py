"""The tables of language.md 6.2, 6.7 and 6.8, row by row (6.6 is in test_dates.py)."""

from datetime import UTC, date, datetime, time, timedelta
from importlib.resources import files
from zoneinfo import ZoneInfo

import pytest

from nurture.decide import clock
from nurture.decide.clock import (
    Clock,
    add_dates,
    after,
    allowed_from,
    at,
    day_start,
    local,
    local_day,
    next_weekday,
    not_before,
    reader_clock,
)
from nurture.decide.zones import ZONES, country_clocks, known_zone
from nurture.model.length import Length, Unit
from nurture.model.rules import Rules, Span
from nurture.model.step import Window

PARIS = Clock(ZoneInfo("Europe/Paris"))
NEW_YORK = Clock(ZoneInfo("America/New_York"))
QUIET = Span(time(21), time(8))
DAYTIME = Window(frozenset({0, 1, 2, 3, 4}), time(9), time(18))
SATURDAY = frozenset({5})


def wall(text: str, zone: str = "Europe/Paris") -> datetime:
    """The instant of a wall time that exists."""
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)


def length(text: str) -> Length:
    amount, unit = text.split(" ", 1)
    return Length(int(amount), Unit(unit.removesuffix("s")))


# 6.2: what each wait is measured from


@pytest.mark.parametrize(
    ("done", "wait", "clock_time", "due"),
    [
        pytest.param("2027-03-26 09:00", "3 days", None, "2027-03-29 09:00", id="same wall time, 71 hours"),
        pytest.param("2027-03-26 09:00", "72 hours", None, "2027-03-29 10:00", id="exactly 72 hours"),
        pytest.param("2027-03-26 09:00", "90 minutes", None, "2027-03-26 10:30", id="exactly 90 minutes"),
        pytest.param("2027-03-22 23:50", "1 day", time(9), "2027-03-23 09:00", id="one day means tomorrow"),
        pytest.param("2027-01-31 10:00", "1 month", None, "2027-02-28 10:00", id="clipped to the month's end"),
        pytest.param("2028-02-29 10:00", "1 year", None, "2029-02-28 10:00", id="a year clips too"),
        pytest.param("2027-03-14 10:00", "2 weeks", None, "2027-03-28 10:00", id="weeks are dates"),
        pytest.param("2027-03-27 02:30", "1 day", None, "2027-03-28 03:00", id="into a gap"),
        pytest.param("2027-03-05 10:00", "2 working days", None, "2027-03-09 10:00", id="over a weekend"),
        pytest.param("2027-03-05 10:00", "2 working days", time(9), "2027-03-09 09:00", id="working days at"),
        pytest.param("2027-03-05 10:00", "0 days", time(9), "2027-03-05 09:00", id="already past when it begins"),
    ],
)
def test_a_wait_after_done(done: str, wait: str, clock_time: time | None, due: str) -> None:
    assert after(wall(done), length(wait), PARIS, clock_time, "FR") == wall(due)


def test_three_days_over_the_spring_change_are_71_hours() -> None:
    done = wall("2027-03-26 09:00")
    assert after(done, length("3 days"), PARIS) - done == timedelta(hours=71)


def test_a_wait_begun_in_the_second_of_two_equal_hours_is_not_doubled() -> None:
    second = datetime(2026, 10, 25, 1, 30, tzinfo=UTC)
    assert local(second, PARIS).fold == 1
    assert after(second, length("1 year"), PARIS) == wall("2027-10-25 02:30")


def test_until_day_counts_from_day_0() -> None:
    day = add_dates(date(2027, 3, 3), Length(6, Unit.day))
    assert at(day, time(10), PARIS) == wall("2027-03-09 10:00")


@pytest.mark.parametrize(
    ("done", "at_least", "arrives"),
    [
        pytest.param("2027-03-07 09:30", "1 day", "2027-03-13 09:00", id="done Sunday: next Saturday"),
        pytest.param("2027-03-06 09:30", None, "2027-03-06 09:30", id="now is inside: now"),
        pytest.param("2027-03-06 08:59", None, "2027-03-06 09:00", id="later that morning"),
        pytest.param("2027-03-06 11:00", None, "2027-03-13 09:00", id="the end is outside"),
        pytest.param("2027-03-06 09:30", "1 day", "2027-03-13 09:00", id="inside, but too soon"),
        pytest.param("2027-03-05 23:30", "1 day", "2027-03-06 09:00", id="dates, not hours"),
        pytest.param("2027-03-05 23:30", "12 hours", "2027-03-13 09:00", id="elapsed at_least"),
        pytest.param("2027-03-06 09:30", "0 days", "2027-03-06 09:30", id="never before done"),
    ],
)
def test_until_weekday(done: str, at_least: str | None, arrives: str) -> None:
    earliest = not_before(wall(done), length(at_least) if at_least else None, PARIS)
    assert next_weekday(earliest, SATURDAY, time(9), time(11), PARIS) == wall(arrives)


def test_until_weekday_with_no_days_takes_any_day() -> None:
    found = next_weekday(wall("2027-03-07 12:00"), frozenset(), time(9), time(11), PARIS)
    assert found == wall("2027-03-08 09:00")


def test_hours_that_do_not_exist_that_day_wait_a_week() -> None:
    sunday = frozenset({6})
    assert next_weekday(wall("2027-03-27 12:00"), sunday, time(2), time(3), PARIS) == wall("2027-04-04 02:00")


def test_empty_hours_mean_their_start() -> None:
    assert next_weekday(wall("2027-03-06 09:30"), SATURDAY, time(9), time(9), PARIS) == wall("2027-03-13 09:00")
    assert next_weekday(wall("2027-03-06 09:00"), frozenset(), time(9), time(9), PARIS) == wall("2027-03-06 09:00")


# 6.7: time changes


@pytest.mark.parametrize(
    ("zone", "asked", "shown"),
    [
        ("Europe/Paris", "2027-03-28T02:30", "2027-03-28T03:00:00+02:00"),
        ("Europe/Paris", "2027-03-28T02:00", "2027-03-28T03:00:00+02:00"),
        ("Europe/Paris", "2027-03-28T01:59:59", "2027-03-28T01:59:59+01:00"),
        ("Europe/Paris", "2027-03-28T03:00", "2027-03-28T03:00:00+02:00"),
        ("Australia/Lord_Howe", "2027-10-03T02:15", "2027-10-03T02:30:00+11:00"),
        ("Africa/Cairo", "2027-04-30T00:00", "2027-04-30T01:00:00+03:00"),
        ("Pacific/Apia", "2011-12-30T00:00", "2011-12-31T00:00:00+14:00"),
        ("Pacific/Apia", "2011-12-30T18:45:10.5", "2011-12-31T00:00:00+14:00"),
        ("Europe/Paris", "2027-10-31T02:30", "2027-10-31T02:30:00+02:00"),
        ("Australia/Lord_Howe", "2027-04-04T01:45", "2027-04-04T01:45:00+11:00"),
        ("America/Nuuk", "2027-10-30T23:30", "2027-10-30T23:30:00-01:00"),
        ("Asia/Kathmandu", "2027-05-05T09:15", "2027-05-05T09:15:00+05:45"),
    ],
)
def test_wall_times_that_are_missing_or_double(zone: str, asked: str, shown: str) -> None:
    reader = Clock(ZoneInfo(zone))
    wanted = datetime.fromisoformat(asked)
    found = at(wanted.date(), wanted.time(), reader)
    assert found.tzinfo is UTC
    assert local(found, reader).isoformat() == shown


def test_the_second_of_two_equal_times_is_not_asked_for_by_a_fold() -> None:
    first = at(date(2027, 10, 31), time(2, 30), PARIS)
    assert at(date(2027, 10, 31), time(2, 30, fold=1), PARIS) == first


def test_a_day_starts_with_its_first_moment() -> None:
    assert day_start(date(2027, 4, 30), Clock(ZoneInfo("Africa/Cairo"))) == datetime(2027, 4, 29, 22, tzinfo=UTC)
    assert day_start(date(2027, 3, 28), PARIS) == datetime(2027, 3, 27, 23, tzinfo=UTC)


@pytest.mark.parametrize("zone", ["Pacific/Kiritimati", "Pacific/Niue", "UTC"])
def test_the_calendars_last_days_leave_room_for_sums(zone: str) -> None:
    reader = Clock(ZoneInfo(zone))
    assert at(date.max, time(23, 59), reader) + timedelta(days=300) > at(date(2027, 1, 1), time(0), reader)
    assert at(date.min, time(0), reader) - timedelta(days=300) < at(date(2027, 1, 1), time(0), reader)


@pytest.mark.parametrize(
    ("instant", "zone", "day"),
    [
        ("2027-03-01T23:00+00:00", "Europe/Paris", date(2027, 3, 2)),
        ("2027-03-01T22:59:59.999999+00:00", "Europe/Paris", date(2027, 3, 1)),
        ("2027-03-02T04:59+00:00", "America/New_York", date(2027, 3, 1)),
        ("2027-03-01T10:00+00:00", "Pacific/Kiritimati", date(2027, 3, 2)),
        ("2027-10-31T00:59:59+00:00", "America/Nuuk", date(2027, 10, 30)),
        ("2027-10-31T01:30+00:00", "America/Nuuk", date(2027, 10, 30)),
        ("2027-10-31T02:00+00:00", "America/Nuuk", date(2027, 10, 31)),
        ("2011-12-30T09:59:59+00:00", "Pacific/Apia", date(2011, 12, 29)),
        ("2011-12-30T10:00+00:00", "Pacific/Apia", date(2011, 12, 31)),
    ],
)
def test_the_readers_date(instant: str, zone: str, day: date) -> None:
    moment = datetime.fromisoformat(instant).astimezone(UTC)
    assert local_day(moment, Clock(ZoneInfo(zone))) == day


# 6.8: which zone, if unknown


def rules(unknown_zone: str = "safe", quiet: Span | None = QUIET) -> Rules:
    return Rules("shop", zone="Europe/Berlin", unknown_zone=unknown_zone, quiet_hours=quiet)


@pytest.mark.parametrize(
    ("facts", "unknown_zone", "zone", "rung"),
    [
        ({"zone": "Asia/Tokyo", "country": "US"}, "safe", "Asia/Tokyo", clock.PERSON),
        ({"zone": "Mars/Olympus", "country": "FR"}, "safe", "Europe/Paris", clock.COUNTRY),
        ({"zone": "right/Europe/London", "country": "FR"}, "safe", "Europe/Paris", clock.COUNTRY),
        ({"zone": "../../etc/passwd", "country": "FR"}, "safe", "Europe/Paris", clock.COUNTRY),
        ({"zone": "America", "country": "FR"}, "safe", "Europe/Paris", clock.COUNTRY),
        ({"zone": "", "country": "fr"}, "safe", "Europe/Paris", clock.COUNTRY),
        ({"zone": None, "country": "FR"}, "safe", "Europe/Paris", clock.COUNTRY),
        ({"zone": 3, "country": "FR"}, "safe", "Europe/Paris", clock.COUNTRY),
        ({"country": "AR"}, "safe", "America/Argentina/Buenos_Aires", clock.COUNTRY),
        ({"country": "US"}, "safe", "America/New_York", clock.SAFE),
        ({"country": "RU"}, "safe", "Europe/Moscow", clock.SAFE),
        ({"country": "AU"}, "safe", "Australia/Sydney", clock.SAFE),
        ({"country": "US"}, "project", "Europe/Berlin", clock.PROJECT),
        ({"country": "FR"}, "project", "Europe/Paris", clock.COUNTRY),
        ({"country": "AQ"}, "safe", "Europe/Berlin", clock.PROJECT),
        ({"country": "UM"}, "safe", "Europe/Berlin", clock.PROJECT),
        ({"country": "ZZ"}, "safe", "Europe/Berlin", clock.PROJECT),
        ({"country": 49}, "safe", "Europe/Berlin", clock.PROJECT),
        ({}, "safe", "Europe/Berlin", clock.PROJECT),
    ],
)
def test_the_ladder(facts: dict[str, object], unknown_zone: str, zone: str, rung: str) -> None:
    found = reader_clock(rules(unknown_zone), facts)
    assert (found.zone.key, found.rung) == (zone, rung)
    assert bool(found.others) == (rung == clock.SAFE)


def test_224_of_247_countries_have_one_clock() -> None:
    assert len(ZONES) == 247
    assert sum(len(country_clocks(country)) == 1 for country in ZONES) == 224


def test_only_antarctica_and_the_us_outlying_islands_share_no_hour() -> None:
    rungs = {country: reader_clock(rules(), {"country": country}).rung for country in ZONES}
    assert {country for country, rung in rungs.items() if rung == clock.PROJECT} == {"AQ", "UM"}


def test_a_narrower_day_leaves_russia_without_a_shared_hour() -> None:
    assert reader_clock(rules(quiet=Span(time(18), time(9))), {"country": "RU"}).rung == clock.PROJECT


def test_without_quiet_hours_every_hour_is_decent() -> None:
    assert reader_clock(rules(quiet=None), {"country": "AQ"}).rung == clock.SAFE


def open_on(day: date, reader: Clock, quiet: Span) -> tuple[str, str]:
    """The stretch of a reader's date outside quiet hours everywhere, looked for minute by minute."""
    start = day_start(day, reader)
    minutes = [start + timedelta(minutes=minute) for minute in range(24 * 60)]
    free = [each for each in minutes if allowed_from(each, reader, None, quiet, each + timedelta(seconds=1)) == each]
    end = local(free[-1] + timedelta(minutes=1), reader)
    return f"{local(free[0], reader):%H:%M}", f"{end:%H:%M}"


LOWER_48 = ("America/Chicago", "America/Denver", "America/Phoenix", "America/Los_Angeles")


@pytest.mark.parametrize(
    ("reader", "quiet", "hours"),
    [
        pytest.param(reader_clock(rules(), {"country": "US"}), QUIET, ("13:00", "21:00"), id="all of the US"),
        pytest.param(
            Clock(NEW_YORK.zone, tuple(ZoneInfo(name) for name in LOWER_48)), QUIET, ("11:00", "21:00"), id="lower 48"
        ),
        pytest.param(
            reader_clock(rules(), {"country": "RU"}), Span(time(20), time(8)), ("09:00", "11:00"), id="Russia: 2 hours"
        ),
    ],
)
def test_decent_in_every_zone(reader: Clock, quiet: Span, hours: tuple[str, str]) -> None:
    assert open_on(date(2027, 1, 15), reader, quiet) == hours


def test_the_zones_are_those_of_tzdata() -> None:
    """When this fails tzdata has moved on: put the new rows of zone.tab into nurture/decide/zones.py."""
    table: dict[str, set[str]] = {}
    for line in files("tzdata").joinpath("zoneinfo", "zone.tab").read_text(encoding="utf-8").splitlines():
        if not line.startswith("#"):
            country, _, zone = line.split("\t")[:3]
            table.setdefault(country, set()).add(zone)
    assert {country: set(zones.split()) for country, zones in ZONES.items()} == table


def test_every_zone_of_a_country_is_known() -> None:
    assert not [zone for zones in ZONES.values() for zone in zones.split() if known_zone(zone) is None]


# 6.10: the next allowed moment


@pytest.mark.parametrize(
    ("instant", "window", "quiet", "expected"),
    [
        pytest.param("2027-03-08 10:00:05", DAYTIME, QUIET, "2027-03-08 10:00:05", id="already allowed"),
        pytest.param("2027-03-08 18:00", DAYTIME, QUIET, "2027-03-09 09:00", id="the end is outside"),
        pytest.param("2027-03-08 17:59:59.5", DAYTIME, QUIET, "2027-03-08 17:59:59.5", id="the last moment"),
        pytest.param("2027-03-05 18:30", DAYTIME, QUIET, "2027-03-08 09:00", id="over the weekend"),
        pytest.param("2027-03-08 22:00", None, QUIET, "2027-03-09 08:00", id="quiet before midnight"),
        pytest.param("2027-03-08 03:00", None, QUIET, "2027-03-08 08:00", id="quiet after midnight"),
        pytest.param("2027-03-08 21:00", None, QUIET, "2027-03-09 08:00", id="quiet begins inside"),
        pytest.param("2027-03-08 08:00", None, QUIET, "2027-03-08 08:00", id="quiet ends outside"),
        pytest.param("2027-03-08 13:00", None, Span(time(12), time(14)), "2027-03-08 14:00", id="quiet at noon"),
        pytest.param("2027-03-08 03:00", None, None, "2027-03-08 03:00", id="nothing forbids"),
        pytest.param("2027-03-08 23:59:59.5", Window(), None, "2027-03-08 23:59:59.5", id="a whole day has no hole"),
        pytest.param(
            "2027-03-05 12:00", Window(SATURDAY, time(22), time(2)), None, "2027-03-06 22:00", id="crossing midnight"
        ),
        pytest.param(
            "2027-03-07 01:00", Window(SATURDAY, time(22), time(2)), None, "2027-03-07 01:00", id="still Saturday night"
        ),
        pytest.param(
            "2027-03-06 01:00", Window(SATURDAY, time(22), time(2)), None, "2027-03-06 22:00", id="Friday night is not"
        ),
        pytest.param("2027-03-28 00:30", None, Span(time(21), time(2, 30)), "2027-03-28 03:00", id="out of a gap"),
        pytest.param("2027-10-31 00:30", None, Span(time(21), time(2, 30)), "2027-10-31 02:30", id="first of two"),
        pytest.param("2027-03-08 10:00", Window(end=time(0)), QUIET, None, id="an empty window"),
        pytest.param("2027-03-08 21:30", Window(start=time(21), end=time(23)), QUIET, None, id="window in the quiet"),
    ],
)
def test_the_next_allowed_moment(instant: str, window: Window | None, quiet: Span | None, expected: str | None) -> None:
    found = allowed_from(wall(instant), PARIS, window, quiet, wall(instant) + timedelta(days=8))
    assert found == (wall(expected) if expected else None)


def test_quiet_hours_come_back_with_the_second_of_two_equal_hours() -> None:
    quiet = Span(time(2, 30), time(8))
    between = datetime(2027, 10, 31, 0, 45, tzinfo=UTC)  # 02:45, the first time
    found = allowed_from(between, PARIS, None, quiet, between + timedelta(days=1))
    assert found == datetime(2027, 10, 31, 1, 0, tzinfo=UTC)  # 02:00, the second time


@pytest.mark.parametrize(("seconds", "found"), [(0, False), (1, True)])
def test_the_horizon_is_outside(seconds: int, found: bool) -> None:
    opening = wall("2027-03-09 08:00")
    horizon = opening + timedelta(seconds=seconds)
    assert allowed_from(wall("2027-03-08 22:00"), PARIS, None, QUIET, horizon) == (opening if found else None)
    assert allowed_from(opening, PARIS, None, None, horizon) == (opening if found else None)
