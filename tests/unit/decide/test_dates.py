"""Dates: working days and month ends (language.md 6.2), leap days and yearly days (6.6), row by row."""

import sys
from datetime import date

import pytest

from nurture.decide import calendar
from nurture.decide.calendar import add_dates, next_occurrence, occurrence_in
from nurture.model.event import MonthDay
from nurture.model.length import Length, Unit


@pytest.mark.parametrize(
    ("country", "begun", "amount", "arrives"),
    [
        pytest.param("IL", date(2027, 3, 4), 2, date(2027, 3, 8), id="Israel counts Sunday, not Friday"),
        pytest.param("FR", date(2027, 3, 4), 2, date(2027, 3, 8), id="France counts Friday, not Sunday"),
        pytest.param("EG", date(2027, 3, 25), 1, date(2027, 3, 28), id="Egypt begins on Sunday"),
        pytest.param("SA", date(2027, 4, 1), 1, date(2027, 4, 4), id="Saudi Arabia begins on Sunday"),
        pytest.param("AE", date(2027, 3, 25), 1, date(2027, 3, 26), id="the Emirates work on Friday"),
        pytest.param("IR", date(2027, 4, 8), 1, date(2027, 4, 10), id="Iran is off on Friday only"),
        pytest.param("IN", date(2027, 3, 19), 1, date(2027, 3, 20), id="India works on Saturday"),
        pytest.param("FR", date(2027, 5, 5), 1, date(2027, 5, 7), id="Ascension Day is free"),
        pytest.param("fr", date(2027, 5, 5), 1, date(2027, 5, 7), id="a country in small letters"),
        pytest.param("", date(2027, 5, 5), 1, date(2027, 5, 6), id="no country: only weekends"),
        pytest.param("ZZ", date(2027, 12, 24), 1, date(2027, 12, 27), id="unknown country: only weekends"),
        pytest.param("CN", date(2026, 2, 27), 1, date(2026, 2, 28), id="China makes up on a Saturday"),
        pytest.param("FR", date(2027, 3, 8), -2, date(2027, 3, 4), id="backwards"),
        pytest.param("FR", date(2027, 3, 6), 0, date(2027, 3, 6), id="none"),
    ],
)
def test_working_days(country: str, begun: date, amount: int, arrives: date) -> None:
    assert add_dates(begun, Length(amount, Unit.working_day), country) == arrives


def test_without_the_holidays_package_only_weekends_are_free(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "holidays", None)
    calendar._days_off.cache_clear()
    assert calendar.is_working_day(date(2027, 5, 6), "FR")
    assert not calendar.is_working_day(date(2027, 5, 8), "FR")
    assert not calendar.is_working_day(date(2027, 5, 7), "IL")
    calendar._days_off.cache_clear()


@pytest.mark.parametrize(
    ("begun", "months", "arrives"),
    [
        (date(2027, 1, 31), 1, date(2027, 2, 28)),
        (date(2027, 1, 31), 2, date(2027, 3, 31)),
        (date(2028, 1, 31), 1, date(2028, 2, 29)),
        (date(2027, 12, 31), 2, date(2028, 2, 29)),
        (date(2027, 3, 31), -1, date(2027, 2, 28)),
        (date(2027, 1, 15), -13, date(2025, 12, 15)),
    ],
)
def test_months_count_from_the_start_and_clip(begun: date, months: int, arrives: date) -> None:
    assert add_dates(begun, Length(months, Unit.month)) == arrives


@pytest.mark.parametrize("unit", [Unit.day, Unit.week, Unit.month, Unit.year, Unit.working_day])
def test_past_the_end_of_the_calendar_is_its_end(unit: Unit) -> None:
    assert add_dates(date.max, Length(5, unit)) == date.max
    assert add_dates(date.min, Length(-5, unit)) == date.min


def test_elapsed_lengths_count_no_dates() -> None:
    with pytest.raises(ValueError, match="72 hours is elapsed"):
        add_dates(date(2027, 3, 26), Length(72, Unit.hour))


# 6.6: leap days, month ends, years


@pytest.mark.parametrize("value", [date(1992, 2, 29), MonthDay(2, 29)])
@pytest.mark.parametrize(
    ("leap_day", "in_2027", "in_2028", "in_2029"),
    [
        ("feb-28", date(2027, 2, 28), date(2028, 2, 29), date(2029, 2, 28)),
        ("mar-1", date(2027, 3, 1), date(2028, 2, 29), date(2029, 3, 1)),
        ("leap-years-only", None, date(2028, 2, 29), None),
    ],
)
def test_leap_days(
    value: date | MonthDay, leap_day: str, in_2027: date | None, in_2028: date | None, in_2029: date | None
) -> None:
    assert [occurrence_in(value, year, leap_day) for year in (2027, 2028, 2029)] == [in_2027, in_2028, in_2029]


@pytest.mark.parametrize(
    ("value", "on_or_after", "leap_day", "expected"),
    [
        (date(1991, 5, 14), date(2027, 5, 14), "feb-28", date(2027, 5, 14)),
        (date(1991, 5, 14), date(2027, 5, 15), "feb-28", date(2028, 5, 14)),
        (MonthDay(5, 14), date(2027, 5, 15), "feb-28", date(2028, 5, 14)),
        (MonthDay(5, 14), date(2027, 1, 1), "feb-28", date(2027, 5, 14)),
        (date(1992, 2, 29), date(2027, 3, 1), "feb-28", date(2028, 2, 29)),
        (date(1992, 2, 29), date(2027, 3, 1), "mar-1", date(2027, 3, 1)),
        (date(1992, 2, 29), date(2025, 1, 1), "leap-years-only", date(2028, 2, 29)),
        (date(1892, 2, 29), date(1896, 3, 1), "leap-years-only", date(1904, 2, 29)),
        (date(2027, 3, 3), date(2027, 3, 3), "feb-28", date(2028, 3, 3)),
        (date(2027, 3, 3), date(2020, 1, 1), "feb-28", date(2028, 3, 3)),
        (date(2028, 2, 29), date(2028, 2, 29), "feb-28", date(2029, 2, 28)),
        (date(1991, 5, 14), date(9999, 5, 15), "feb-28", None),
    ],
)
def test_the_next_yearly_day(value: date | MonthDay, on_or_after: date, leap_day: str, expected: date | None) -> None:
    assert next_occurrence(value, on_or_after, leap_day, yearly=True) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [(date(2027, 3, 3), date(2027, 3, 3)), (date(2027, 3, 2), None), (MonthDay(3, 3), None)],
)
def test_a_day_that_is_not_yearly_comes_once(value: date | MonthDay, expected: date | None) -> None:
    assert next_occurrence(value, date(2027, 3, 3), "feb-28", yearly=False) == expected
