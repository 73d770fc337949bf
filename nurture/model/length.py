"""Lengths of time as an author writes them (language.md 4.5)."""

from enum import Enum

from nurture.model.values import dataclass


class Unit(Enum):
    """Seconds (of a webhook's time-out), minutes and hours are elapsed; the others count on the reader's calendar."""

    second = "second"
    minute = "minute"
    hour = "hour"
    day = "day"
    working_day = "working day"
    week = "week"
    month = "month"
    year = "year"


# Looked through by identity: to hash a member of an Enum is a Python call, and this is asked for every wait.
_ELAPSED = (Unit.minute, Unit.hour, Unit.second)
_SECONDS = {"second": 1, "minute": 60, "hour": 3600}


@dataclass(frozen=True, slots=True)
class Length:
    """A whole number of one unit: `3 days`, `72 hours`, `2 working days`, `1 month`."""

    amount: int
    unit: Unit

    @property
    def elapsed(self) -> bool:
        """True for seconds, minutes and hours, which ignore the calendar."""
        return self.unit in _ELAPSED

    @property
    def seconds(self) -> int:
        """The elapsed seconds; only for an elapsed length."""
        return self.amount * _SECONDS[self.unit.value]

    @property
    def days(self) -> int | None:
        """The number of dates, for days and weeks; None for other units."""
        if self.unit is Unit.day:
            return self.amount
        return 7 * self.amount if self.unit is Unit.week else None

    def __str__(self) -> str:
        return f"{self.amount} {self.unit.value}{'' if self.amount == 1 else 's'}"
