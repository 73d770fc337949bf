"""What is asked of a person and a day, before anything is answered."""

from datetime import date, timedelta

import pytest

from nurture.engine.explaining import day_meant

SUNDAY = date(2026, 11, 22)


@pytest.mark.parametrize(
    ("named", "days_ago"), [("today", 0), ("yesterday", 1), ("Sun", 0), ("Sat", 1), ("Mon", 6), (date(2026, 11, 20), 2)]
)
def test_a_weekday_is_the_latest_one_up_to_today(named, days_ago):
    assert day_meant(named, SUNDAY) == SUNDAY - timedelta(days=days_ago)
