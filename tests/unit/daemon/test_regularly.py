"""When a turn is due, also when the clock leaps: what lies in between is passed over, not gone through."""

from datetime import UTC, datetime, timedelta
from itertools import islice

import pytest
from apscheduler.job import Job
from apscheduler.schedulers.asyncio import AsyncIOScheduler

from nurture.schedule import Regularly

NOW = datetime(2027, 3, 2, 10, tzinfo=UTC)
SECOND = timedelta(seconds=1)


def test_a_turn_is_due_after_each_interval() -> None:
    every = Regularly(seconds=10, timezone=UTC)
    assert every.get_next_fire_time(None, NOW) == NOW + 10 * SECOND
    assert every.get_next_fire_time(NOW, NOW) == NOW + 10 * SECOND
    assert every.get_next_fire_time(NOW, NOW + 3 * SECOND) == NOW + 10 * SECOND


@pytest.mark.parametrize("leap", [timedelta(minutes=1), timedelta(days=365), timedelta(days=36_500)])
def test_after_a_leap_of_the_clock_one_turn_is_due_and_not_millions(leap: timedelta) -> None:
    """The scheduler counts up all that was missed before it runs it once: of a year in seconds, for minutes."""
    job: Job = AsyncIOScheduler(timezone=UTC).add_job(print, Regularly(seconds=1, timezone=UTC))
    due = NOW
    times = []
    for _ in islice(iter(int, 1), 5):
        if due > NOW + leap:
            break
        times.append(due)
        due = job.trigger.get_next_fire_time(due, NOW + leap)
    assert times == [NOW]
    assert NOW + leap < due <= NOW + leap + SECOND
