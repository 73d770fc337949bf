"""The shop's own clock and country: by them its tasks are due (language.md 4.5)."""

from datetime import date, datetime
from functools import lru_cache

from nurture.decide.calendar import add_dates
from nurture.decide.clock import Clock, local_day, reader_clock
from nurture.decide.zones import ZONES
from nurture.model.length import Length
from nurture.model.rules import Rules


def due_on(rules: Rules, length: Length, now: datetime) -> date:
    """The date by which the shop should have done something, in working days of the country it lies in."""
    return add_dates(local_day(now, shop_clock(rules)), length, shop_country(rules.zone))


def shop_clock(rules: Rules) -> Clock:
    """The clock of the shop, by which tasks are due."""
    return reader_clock(rules, {"zone": rules.zone})


@lru_cache(maxsize=64)
def shop_country(zone: str) -> str:
    """The country (ISO 3166 code) in which a zone lies; empty where no country has it."""
    return next((country for country, zones in ZONES.items() if zone in zones.split()), "")
