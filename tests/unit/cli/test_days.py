"""How a day is typed."""

from datetime import date

import click
import pytest

from nurture.cli.command import Instant, NearDay


@pytest.mark.parametrize(
    ("typed", "read"),
    [
        ("mon", "Mon"),
        ("Monday", "Mon"),
        ("thurs", "Thu"),
        ("SUN", "Sun"),
        ("today", "today"),
        ("Yesterday", "yesterday"),
        ("2027-03-08", date(2027, 3, 8)),
    ],
)
def test_a_day_is_a_date_or_a_name(typed, read):
    assert NearDay().convert(typed, None, None) == read


@pytest.mark.parametrize("typed", ["mo", "", "moonday", "2027-13-01", "tomorrow"])
def test_what_names_no_day_says_how_one_is_written(typed):
    with pytest.raises(click.BadParameter, match="write 2027-03-08, mon, today or yesterday"):
        NearDay().convert(typed, None, None)


@pytest.mark.parametrize("typed", ["9999-11-30", "1066-10-14 09:00"])
def test_a_moment_no_calendar_reaches_is_refused(typed: str) -> None:
    with pytest.raises(click.BadParameter, match="too far away; years from 1970 to 2199"):
        Instant().convert(typed, None, None)
