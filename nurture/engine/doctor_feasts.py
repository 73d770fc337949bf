"""What doctor sees of special days ahead: lunar feasts whose date is still an estimate (W330; language.md 6.9)."""

from collections.abc import Iterator
from datetime import date, datetime, timedelta

from nurture.decide.clock import local_day
from nurture.decide.shop import shop_clock, shop_country
from nurture.decide.special_days import can_date_feasts, dates_in, is_estimate, moves
from nurture.engine.doctor import Finding, look, ok
from nurture.model.book import Book
from nurture.model.sequence import Status
from nurture.model.trigger import HolidayTrigger
from nurture.store.open import Store

AHEAD = timedelta(days=60)


def feast_findings(store: Store, book: Book, now: datetime) -> Iterator[Finding]:
    """The feasts of the next 60 days that nobody confirmed, where people live; nothing without feasts."""
    named = feasts_of(book)
    if not named:
        return
    today = local_day(now, shop_clock(book.rules))
    lacking = [name for name in named if moves(name) and book.house.day(name) is None]
    if lacking and not can_date_feasts():
        words = f"{', '.join(lacking)} move, and no calendar is installed: they start nobody"
        yield look("feasts", words, "pip install 'nurture[calendars]'")
        return
    estimates = list(estimated(book, named, (*store.figures.countries(), shop_country(book.rules.zone)), today))
    for name, day, countries in estimates:
        words = f"{name} on {day.day} {day:%b %Y} is an estimate in {', '.join(countries)}"
        cure = f"when it is announced, say it in sequences/house/calendars: {name}: {{'{day.year}': {{..: {day}}}}}"
        yield look("feasts", words, cure)
    if not estimates:
        yield ok("feasts", "none of the next 60 days is an estimate")


def feasts_of(book: Book) -> tuple[str, ...]:
    """The special days that start people of a live sequence."""
    live = (one for one in book.sequences.values() if one.status is Status.live)
    triggers = (trigger for sequence in live for trigger in sequence.start)
    return tuple(
        dict.fromkeys(name for trigger in triggers if isinstance(trigger, HolidayTrigger) for name in trigger.days)
    )


def estimated(
    book: Book, names: tuple[str, ...], countries: tuple[str, ...], today: date
) -> Iterator[tuple[str, date, list[str]]]:
    """The estimates from today to 60 days ahead: the feast, its date, and the countries that keep it then."""
    known = sorted({country.upper() for country in countries if country})
    for name in names:
        found: dict[date, list[str]] = {}
        for country in known:
            for year in {today.year, (today + AHEAD).year}:
                for day in dates_in(book, name, country, year):
                    if today <= day <= today + AHEAD and is_estimate(book, name, country, year):
                        found.setdefault(day, []).append(country)
        yield from ((name, day, found[day]) for day in sorted(found))
