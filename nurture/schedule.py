"""When a turn is due, by APScheduler; loaded while the daemon's first turn is already done."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

from apscheduler.job import Job
from apscheduler.schedulers.asyncio import AsyncIOScheduler
from apscheduler.triggers.interval import IntervalTrigger


class Regularly(IntervalTrigger):  # type: ignore[misc]
    """Every so often. Of a leap of the clock the times in between, millions in a year, are not gone through."""

    def get_next_fire_time(self, previous_fire_time: datetime | None, now: datetime) -> datetime:
        """The next after `now`."""
        due: datetime = max((previous_fire_time or now) + self.interval, now + self.interval / 2)
        return due


def regularly(every: timedelta) -> Regularly:
    """Every so often, counted from now on: a trigger keeps the instant at which it was made."""
    return Regularly(seconds=every.total_seconds(), timezone=UTC)


@contextmanager
def scheduled(due: Callable[[], None], every: timedelta) -> Iterator[Job]:
    """While it lasts, `due` is called in the running loop every so often."""

    async def call() -> None:
        due()

    scheduler = AsyncIOScheduler(timezone=UTC)
    job = scheduler.add_job(call, regularly(every), coalesce=True, max_instances=1, misfire_grace_time=None)
    scheduler.start()
    try:
        yield job
    finally:
        scheduler.shutdown(wait=False)
