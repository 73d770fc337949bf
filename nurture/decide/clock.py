"""The reader's clock: zones, local days, wall times, waits and windows (language.md 6.2, 6.6 to 6.8)."""

from dataclasses import dataclass
from zoneinfo import ZoneInfo


@dataclass(frozen=True, slots=True)
class Clock:
    """Whose wall times count: the zone, the other zones an hour must be decent in, and the rung of 6.8."""

    zone: ZoneInfo
    others: tuple[ZoneInfo, ...] = ()
    rung: str = "person"
