"""How long a silence must last to be one: a fixed length, or a multiple of the person's own rhythm (5.7)."""

from datetime import date
from itertools import pairwise
from math import ceil
from statistics import median

from nurture.model.length import Length
from nurture.model.trigger import LapseTrigger

GAPS_NEEDED = 3
GAPS_LOOKED_AT = 6


def usual_gap(days: tuple[date, ...]) -> float | None:
    """The median of the last six gaps between order days, in days; None with fewer than three gaps."""
    recent = days[-(GAPS_LOOKED_AT + 1) :]
    if len(recent) <= GAPS_NEEDED:
        return None
    return float(median((later - earlier).days for earlier, later in pairwise(recent)))


def silence(trigger: LapseTrigger, days: tuple[date, ...]) -> int | None:
    """The number of dates of silence after which this person lapses; None when they never do.

    `days` are the reader's dates, ascending, on which the event happened.
    """
    if trigger.length is not None:
        return in_dates(trigger.length)
    gap = usual_gap(days)
    if gap is None:
        return in_dates(trigger.if_unknown)
    long = ceil(gap * (trigger.rhythm or 1))
    least, most = in_dates(trigger.at_least), in_dates(trigger.at_most)
    if most is not None:
        long = min(long, most)
    return max(long, least) if least is not None else long


def in_dates(length: Length | None) -> int | None:
    """Silences and rolling limits are counted in dates: months and years are taken as 30 and 365 of them."""
    if length is None:
        return None
    if length.days is not None:
        return length.days
    return length.amount * {"month": 30, "year": 365}.get(length.unit.value, 1)
