"""When special days fall, for a country and a year (language.md 6.9): calendars of the house first, then the tables."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import lru_cache
from importlib.util import find_spec
from typing import Any
from weakref import WeakKeyDictionary

from nurture.decide.calendar import occurrence_in
from nurture.model.book import Book
from nurture.model.house import SpecialDay
from nurture.model.special_days import (
    SOLEMN,
    SPECIAL_DAYS,
    AnyRule,
    Calendar,
    Easter,
    Fixed,
    Nth,
    Worked,
)

_DAY = timedelta(days=1)
_FRIDAY, _SATURDAY, _SUNDAY = 4, 5, 6
_APART = 100  # days; dates of one feast that lie farther apart are two occurrences, in years that have two
_AHEAD = 3  # years looked through for the next one


@dataclass(slots=True)
class _Known:
    """What was worked out for one book, each once."""

    dates: dict[tuple[str, str, int], tuple[date, ...]] = field(default_factory=dict)
    solemn: dict[tuple[str, int], dict[date, str]] = field(default_factory=dict)


_KNOWN: WeakKeyDictionary[Book, _Known] = WeakKeyDictionary()


def _known(book: Book) -> _Known:
    found = _KNOWN.get(book)
    if found is None:
        found = _KNOWN[book] = _Known()
    return found


def dates_in(book: Book, name: str, country: str, year: int) -> tuple[date, ...]:
    """The dates on which a special day falls in a country (ISO 3166; '' is not known) in a year, ascending.

    None where the country does not keep it, or no table reaches that far; two in a year that has two
    Ramadans. A date of the house's calendars takes the place of the table's.
    """
    known = _known(book).dates
    key = (name, country, year)
    found = known.get(key)
    if found is None:
        found = known[key] = _dates(book, name, country, year)
    return found


def next_special_day(book: Book, name: str, country: str, on_or_after: date) -> date | None:
    """The first date on or after one on which a special day falls in a country; None if none is known."""
    for year in range(on_or_after.year, min(on_or_after.year + _AHEAD, date.max.year + 1)):
        for day in dates_in(book, name, country, year):
            if day >= on_or_after:
                return day
    return None


def is_estimate(book: Book, name: str, country: str, year: int) -> bool:
    """Whether the date is only an estimate: a lunar feast that no calendar file of the house confirms (W330)."""
    day = SPECIAL_DAYS.get(name)
    return day is not None and day.lunar and not _of_the_house(book, book.house.day(name), country, year)


def names_of(book: Book) -> tuple[str, ...]:
    """Every special day known by name, of the tables and of the house's calendars."""
    return tuple(dict.fromkeys([*SPECIAL_DAYS, *(day.name for day in book.house.days)]))


def mood_of(book: Book, name: str) -> str:
    """festive, neutral or solemn: what the house's calendars say goes before the table; '' of an unknown day."""
    ours, table = book.house.day(name), SPECIAL_DAYS.get(name)
    return (ours.mood if ours is not None else "") or (table.mood if table is not None else "")


def solemn_on(book: Book, country: str, day: date) -> str:
    """The name of the day of mourning that a country (ISO 3166) has on a date; empty on all others."""
    known = _known(book).solemn
    key = (country, day.year)
    found = known.get(key)
    if found is None:
        solemn = [name for name in names_of(book) if mood_of(book, name) == SOLEMN]
        found = known[key] = {day: name for name in solemn for day in dates_in(book, name, country, key[1])}
    return found.get(day, "")


def _dates(book: Book, name: str, country: str, year: int) -> tuple[date, ...]:
    ours = _of_the_house(book, book.house.day(name), country, year)
    table = SPECIAL_DAYS.get(name)
    rule = table.rule(country) if table is not None else None
    theirs = _table_dates(rule, country, year) if rule is not None else ()
    kept = (day for day in theirs if all(abs((day - one).days) > _APART for one in ours))
    return tuple(sorted({*ours, *kept}))


def _of_the_house(book: Book, ours: SpecialDay | None, country: str, year: int) -> tuple[date, ...]:
    if ours is None:
        return ()
    if ours.every is not None:
        day = occurrence_in(ours.every, year, book.rules.leap_day)
        return (day,) if day is not None else ()
    for whose in dict.fromkeys((country, "")):
        found = tuple(day for told, where, day in ours.dates if told == year and where == whose)
        if found:
            return found
    return ()


@lru_cache(maxsize=8192)
def _table_dates(rule: AnyRule, country: str, year: int) -> tuple[date, ...]:
    if isinstance(rule, Fixed):
        return (date(year, rule.month, rule.day),)
    if isinstance(rule, Nth):
        return (_nth(rule, year),)
    return _moving_dates(rule, country, year) if can_date_feasts() else ()


@lru_cache(maxsize=1)
def can_date_feasts() -> bool:
    """Whether the extra `calendars` is installed: without it a feast that moves has no date but a calendar file's."""
    return find_spec("holidays") is not None


def moves(name: str, country: str = "") -> bool:
    """Whether a day of the tables needs the extra `calendars` to be dated, in a country or (none given) in any."""
    day = SPECIAL_DAYS.get(name)
    rules = [] if day is None else [one.rule for one in day.dated] if not country else [day.rule(country)]
    return any(isinstance(rule, Easter | Calendar | Worked) for rule in rules)


def _moving_dates(rule: Easter | Calendar | Worked, country: str, year: int) -> tuple[date, ...]:
    match rule:
        case Easter(days=days, orthodox=orthodox):
            return (_easter(year, orthodox) + timedelta(days=days),)
        case Calendar(calendar=calendar, feast=feast, plus=plus):
            found = (day + timedelta(days=plus) for day in _feast(calendar, feast, country, year))
            return tuple(sorted({day for day in found if day.year == year}))
        case Worked(rule=name):
            worked = _WORKED[name](year)
            return (worked,) if worked is not None else ()


def _nth(rule: Nth, year: int) -> date:
    if rule.nth > 0:
        first = date(year, rule.month, 1)
        day = first + timedelta(days=(rule.weekday - first.weekday()) % 7 + 7 * (rule.nth - 1))
    else:
        last = (date(year, rule.month, 28) + timedelta(days=4)).replace(day=1) - _DAY
        day = last - timedelta(days=(last.weekday() - rule.weekday) % 7)
    return day + timedelta(days=rule.plus)


@lru_cache(maxsize=1024)
def _easter(year: int, orthodox: bool) -> date:
    """Easter Sunday as the `holidays` package dates it."""
    from holidays.calendars.gregorian import GREGORIAN_CALENDAR
    from holidays.calendars.julian import JULIAN_CALENDAR
    from holidays.groups.christian import ChristianHolidays

    church: Any = ChristianHolidays(JULIAN_CALENDAR if orthodox else GREGORIAN_CALENDAR)
    church._year = year
    found: date = church._easter_sunday
    return found


def _feast(calendar: str, feast: str, country: str, year: int) -> Iterable[date]:
    """The one real day of a feast by the calendar of the `holidays` package: the country's, else the general one.

    A country's list of days off is not asked: it begins a feast the day before, and has it several days.
    """
    table = _calendar(calendar, country)
    if calendar == "persian":
        return [day for day in [table.new_year_date(year)] if day is not None]
    several = getattr(table, f"{feast}_dates", None)
    if several is not None:
        return [day for day, _ in several(year)]
    found = getattr(table, f"{feast}_date")(year)
    if isinstance(found, set):
        return found
    day = found[0] if isinstance(found, tuple) else found
    return [] if day is None else [day]


@lru_cache(maxsize=512)
def _calendar(calendar: str, country: str) -> Any:
    """A calendar of the `holidays` package, which has no types for it."""
    own = getattr(_country_table(country), f"_{calendar}_calendar", None) if country else None
    return own if own is not None else _general_calendar(calendar)


def _general_calendar(calendar: str) -> Any:
    from holidays.calendars.chinese import _ChineseLunisolar
    from holidays.calendars.hebrew import _HebrewLunisolar
    from holidays.calendars.hindu import _HinduLunisolar
    from holidays.calendars.islamic import _IslamicLunar
    from holidays.calendars.persian import _Persian

    kinds: dict[str, Callable[[], Any]] = {
        "chinese": _ChineseLunisolar, "hebrew": _HebrewLunisolar, "hindu": _HinduLunisolar,
        "islamic": _IslamicLunar, "persian": _Persian,
    }  # fmt: skip
    return kinds[calendar]()


def _country_table(country: str) -> Any:
    from holidays import country_holidays

    try:
        return country_holidays(country)
    except NotImplementedError:  # a country that the package does not know has no table of its own
        return None


def _hebrew(feast: str, year: int) -> date | None:
    return next((day for day in _feast("hebrew", feast, "", year) if day.year == year), None)


def _mothers_day_of_france(year: int) -> date:
    """The last Sunday in May, or the first in June where that is Whitsun (law 50-577 of 24 May 1950)."""
    last = _nth(Nth(5, _SUNDAY, -1), year)
    return last + timedelta(days=7) if last == _easter(year, orthodox=False) + timedelta(days=49) else last


def _family_day_of_israel(year: int) -> date | None:
    """30 Shevat: 44 days before Passover, 74 in a leap year, which is known by its length from New Year on."""
    passover, new_year = _hebrew("passover", year), _hebrew("rosh_hashanah", year - 1)
    if passover is None or new_year is None:
        return None
    return passover - timedelta(days=74 if (passover - new_year).days > 205 else 44)


def _tisha_bav(year: int) -> date | None:
    """9 Av; a Sabbath puts it off to Sunday."""
    day = _hebrew("tisha_bav", year)
    return day + _DAY if day is not None and day.weekday() == _SATURDAY else day


def _yom_hashoah(year: int) -> date | None:
    """27 Nisan; from a Friday to Thursday, from a Sunday to Monday, so that it does not touch the Sabbath."""
    passover = _hebrew("passover", year)
    if passover is None:
        return None
    day = passover + timedelta(days=12)
    return day + timedelta(days={_FRIDAY: -1, _SUNDAY: 1}.get(day.weekday(), 0))


def _yom_hazikaron(year: int) -> date | None:
    """The day before Independence Day as it is kept (law as amended in 2004).

    That is 5 Iyar; from a Friday or Saturday it goes back to Thursday, from a Monday on to Tuesday.
    """
    day = _hebrew("israel_independence", year)
    if day is None:
        return None
    return day + timedelta(days={_FRIDAY: -1, _SATURDAY: -2, 0: 1}.get(day.weekday(), 0)) - _DAY


_WORKED: dict[str, Callable[[int], date | None]] = {
    "mothers_day_of_france": _mothers_day_of_france,
    "family_day_of_israel": _family_day_of_israel,
    "tisha_bav": _tisha_bav,
    "yom_hashoah": _yom_hashoah,
    "yom_hazikaron": _yom_hazikaron,
}
