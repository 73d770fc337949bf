"""Public holidays of one country cost one country, and are the same."""

import subprocess
import sys

SAY = """
import sys
from nurture.decide.calendar import _days_off
from nurture.decide.special_days import _country_table
{first}
days = {{country: sorted(map(sorted, _days_off(country, 2027))) for country in ("TR", "US", "FR", "AM", "IL", "XX")}}
print(days, _country_table("US").country)
print(len([name for name in sys.modules if name.startswith("holidays.")]))
"""
ALONE = "from nurture.engine.one_country import one_country_at_a_time; one_country_at_a_time()"


def said(first: str) -> list[str]:
    """The days off of some countries, and how many modules it took."""
    done = subprocess.run([sys.executable, "-c", SAY.format(first=first)], capture_output=True, text=True, check=True)
    return done.stdout.splitlines()


def test_the_days_are_the_same_without_the_countries_that_nobody_asks_for() -> None:
    (days, few), (same, many) = said(ALONE), said("")
    assert days == same
    assert "datetime.date(2027, 10, 29)" in days
    assert int(few) < 60 < 250 < int(many)


def test_where_the_package_is_loaded_already_it_stays_as_it_is() -> None:
    days, number = said(f"import holidays.countries; {ALONE}")
    assert (days, int(number) > 250) == (said("")[0], True)
