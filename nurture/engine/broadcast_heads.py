"""What a sequence that is new starts by itself in the next hour: a broadcast's hour is at hand somewhere (11.7)."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from nurture.model.sequence import Sequence
from nurture.model.trigger import OnceTrigger
from nurture.store.open import Store

EARLIEST, LATEST = timedelta(hours=14), timedelta(hours=12)  # a wall time comes so much before and after that of UTC
HOUR = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Heads:
    """The most that a new sequence can mail in the next hour."""

    next_hour: int = 0


def heads(store: Store, sequence: Sequence, now: datetime) -> Heads | None:
    """The head count of a broadcast whose hour comes at once for some readers; None for what starts by something else.

    At most the people that it may start a day; `stage` and `if` are not asked here, so it is never too few.
    """
    hours = [datetime.combine(one.day, one.at, UTC) for one in sequence.start if isinstance(one, OnceTrigger)]
    if not any(now - LATEST <= hour <= now + EARLIEST + HOUR for hour in hours):
        return None
    people = store.counts().people
    return Heads(min(people, sequence.at_most) if sequence.at_most is not None else people)
