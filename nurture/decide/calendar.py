"""Dates: lengths counted in dates, month ends, working days, leap days, occurrences (language.md 6.2, 6.6)."""

from calendar import isleap, monthrange
from datetime import date, timedelta
from functools import lru_cache

from nurture.model.event import MonthDay
from nurture.model.length import Length, Unit

_SATURDAY_SUNDAY = frozenset({5, 6})
_FRIDAY_SATURDAY = ("BH", "DZ", "EG", "IL", "IQ", "JO", "KW", "LY", "OM", "QA", "SA", "SD", "SY", "YE")
# CLDR 48, weekData: where the weekend is another one (0 is Monday).
_WEEKENDS = {
    **dict.fromkeys(_FRIDAY_SATURDAY, frozenset({4, 5})),
    "AF": frozenset({3, 4}),
    "IR": frozenset({4}),
    "IN": frozenset({6}),
    "UG": frozenset({6}),
}


def add_dates(day: date, length: Length, country: str = "") -> date:
    """The date that lies a calendar length after `day`; before it, for a negative amount.

    Months and years clip to the month's end (31 January and a month is 28 February). Working days
    are those of `country` (ISO 3166 code; unknown: Monday to Friday). Past either end of
    the calendar the answer is that end. Raises ValueError for minutes and hours, which are no dates.
    """
    if length.elapsed:
        raise ValueError(f"{length} is elapsed time and counts no dates")
    try:
        return _moved(day, length, country)
    except OverflowError:
        return date.max if length.amount > 0 else date.min


def _moved(day: date, length: Length, country: str) -> date:
    unit, amount = length.unit, length.amount
    if unit is Unit.day:
        return day + timedelta(days=amount)
    if unit is Unit.week:
        return day + timedelta(weeks=amount)
    if unit is Unit.working_day:
        return _add_working_days(day, amount, country)
    return _add_months(day, amount if unit is Unit.month else 12 * amount)


def _add_months(day: date, months: int) -> date:
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    if not date.min.year <= year <= date.max.year:
        raise OverflowError
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


def _add_working_days(day: date, amount: int, country: str) -> date:
    step = timedelta(days=1 if amount > 0 else -1)
    left = abs(amount)
    while left:
        day += step
        left -= is_working_day(day, country)
    return day


def is_working_day(day: date, country: str = "") -> bool:
    """Whether a country works on that date: neither its weekend nor a public holiday (language.md 4.5).

    Without the `holidays` package, or for a country it does not know, only weekends are free.
    """
    free, made_up = _days_off(country.upper(), day.year)
    if day in made_up:
        return True
    return day.weekday() not in _WEEKENDS.get(country.upper(), _SATURDAY_SUNDAY) and day not in free


@lru_cache(maxsize=1024)
def _days_off(country: str, year: int) -> tuple[frozenset[date], frozenset[date]]:
    """Public holidays of a year, and the weekend days that are worked to make up for them."""
    nothing: frozenset[date] = frozenset()
    if not country:
        return nothing, nothing
    try:
        from holidays import country_holidays

        table = country_holidays(country, years=year)
    except (ImportError, NotImplementedError):
        return nothing, nothing
    return frozenset(table), frozenset(table.weekend_workdays)


def occurrence_in(value: date | MonthDay, year: int, leap_day: str) -> date | None:
    """When a yearly day falls in `year`.

    Only 29 February is a question: where the year has none, `leap_day` says feb-28, mar-1 or
    leap-years-only, which is None. Raises ValueError for a month and day that no year has.
    """
    if value.month == 2 and value.day == 29 and not isleap(year):
        return {"feb-28": date(year, 2, 28), "mar-1": date(year, 3, 1)}.get(leap_day)
    return date(year, value.month, value.day)


def next_occurrence(value: date | MonthDay, on_or_after: date, leap_day: str, yearly: bool) -> date | None:
    """The first occurrence of a day on or after a date; None if there is none any more.

    A yearly day with a year occurs first one year later, never on the day itself (language.md 4.2).
    A day without a year is no date by itself, so that it occurs only yearly.
    """
    if not yearly:
        return value if isinstance(value, date) and value >= on_or_after else None
    first = on_or_after.year
    if isinstance(value, date):
        first = max(first, value.year + 1)
    # 1896 to 1904: two leap years can be eight years apart.
    for year in range(first, min(first + 9, date.max.year + 1)):
        found = occurrence_in(value, year, leap_day)
        if found is not None and found >= on_or_after:
            return found
    return None
