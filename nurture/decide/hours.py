"""Hours in which mail may go: windows and quiet hours, worked out once for each UTC day (language.md 6.8, 6.10)."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from itertools import pairwise
from zoneinfo import ZoneInfo

from nurture.model.rules import Span
from nurture.model.step import Window

_DAY = 86_400
_WHOLE_DAY_ENDS = time(23, 59, 59)  # how a Window says "until midnight"

Stretch = tuple[datetime, datetime]


@lru_cache(maxsize=32_768)
def open_hours(
    zone: ZoneInfo, others: tuple[ZoneInfo, ...], window: Window | None, quiet: Span | None, day: date
) -> tuple[Stretch, ...]:
    """The stretches of a UTC day in which mail may go, in order, apart, each with its end outside (UTC).

    The window is on the clock of `zone`; quiet hours are quiet as soon as one of the zones has them.
    Between two cuts (a boundary on some clock, or a change of some clock) nothing can change,
    so that one look at the start of each piece is enough, whatever the clocks do that day.
    """
    offsets = [_offsets(each, day) for each in (zone, *others)]
    cuts = sorted({0, _DAY}.union(*(_cuts(pieces, window, quiet) for pieces in offsets)))
    start = datetime.combine(day, time(0), UTC)
    stretches: list[Stretch] = []
    for cut, following in pairwise(cuts):
        clocks = [cut + _offset(pieces, cut) for pieces in offsets]
        if _is_open(day.weekday(), clocks, window, quiet):
            opened, closed = start + timedelta(seconds=cut), start + timedelta(seconds=following)
            if stretches and stretches[-1][1] == opened:
                opened = stretches.pop()[0]
            stretches.append((opened, closed))
    return tuple(stretches)


def _is_open(weekday: int, clocks: list[int], window: Window | None, quiet: Span | None) -> bool:
    """`clocks` are seconds on each clock since the midnight that begins the UTC day; the first has the window."""
    if quiet is not None and any(_within(clock % _DAY, _seconds(quiet.start), _seconds(quiet.end)) for clock in clocks):
        return False
    return window is None or _in_window(weekday, clocks[0], window)


def _in_window(weekday: int, clock: int, window: Window) -> bool:
    """The part of a window after midnight belongs to the day it began on."""
    shift, second = divmod(clock, _DAY)
    start, end = _window_seconds(window)
    if not _within(second, start, end):
        return False
    began = shift - 1 if start > end > second else shift
    return not window.days or (weekday + began) % 7 in window.days


def _within(second: int, start: int, end: int) -> bool:
    return start <= second < end if start <= end else second >= start or second < end


def _cuts(pieces: list[tuple[int, int]], window: Window | None, quiet: Span | None) -> Iterator[int]:
    """Where something may change on one clock, in seconds of the UTC day."""
    boundaries = {0}
    if window is not None:
        boundaries.update(_window_seconds(window))
    if quiet is not None:
        boundaries.update((_seconds(quiet.start), _seconds(quiet.end)))
    for start, offset in pieces:
        yield start
        yield from ((boundary - offset) % _DAY for boundary in boundaries)


def _offsets(zone: ZoneInfo, day: date) -> list[tuple[int, int]]:
    """From which second of the UTC day which offset holds, in seconds east of UTC."""
    start = datetime.combine(day, time(0), UTC)
    last = start + timedelta(seconds=_DAY - 1)
    pieces = [(0, _east(start, zone))]
    while pieces[-1][1] != _east(last, zone):
        turn = first_change(zone, start + timedelta(seconds=pieces[-1][0]), last)
        pieces.append((int((turn - start).total_seconds()), _east(turn, zone)))
    return pieces


def _offset(pieces: list[tuple[int, int]], second: int) -> int:
    return next(offset for start, offset in reversed(pieces) if start <= second)


def _east(instant: datetime, zone: ZoneInfo) -> int:
    return int((instant.astimezone(zone).utcoffset() or timedelta()).total_seconds())


def first_change(zone: ZoneInfo, low: datetime, high: datetime) -> datetime:
    """The second at which a zone leaves the offset it has at `low`, having another at `high` (UTC)."""
    low = low.replace(microsecond=0)
    before = _east(low, zone)
    same, changed = 0, int((high - low).total_seconds())
    while changed - same > 1:
        middle = (same + changed) // 2
        if _east(low + timedelta(seconds=middle), zone) == before:
            same = middle
        else:
            changed = middle
    return low + timedelta(seconds=changed)


def _seconds(clock: time) -> int:
    return clock.hour * 3600 + clock.minute * 60 + clock.second


def _window_seconds(window: Window) -> tuple[int, int]:
    return _seconds(window.start), _DAY if window.end == _WHOLE_DAY_ENDS else _seconds(window.end)
