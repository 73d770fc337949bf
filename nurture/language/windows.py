"""Windows of days and hours as values (language.md 4.1, 4.3)."""

from datetime import time

from nurture.language.reader import Fields, Reader
from nurture.language.start_grammar import WEEKDAYS
from nurture.model.place import Place
from nurture.model.step import Window

DAY_STARTS = time(0, 0)
DAY_ENDS = time(23, 59, 59)


def weekdays(fields: Fields, key: str) -> frozenset[int]:
    """Days of the week as numbers, 0 is Monday."""
    return frozenset(map(WEEKDAYS.index, fields.many(key, str)))


def read_window(fields: Fields, reader: Reader) -> Window | None:
    """The `window` of a sequence or a send, if it has one."""
    part = fields.get("window", Fields)
    if part is None:
        return None
    start, end = part.get("from", time) or DAY_STARTS, part.get("to", time) or DAY_ENDS
    _in_order(start, end, part.place, reader)
    return Window(weekdays(part, "days"), start, end)


def between(fields: Fields, reader: Reader) -> tuple[time, time]:
    """The hours of `between: [09:00, 11:00]`; without it the whole day."""
    clocks = fields.many("between", time)
    if len(clocks) != 2:
        return DAY_STARTS, DAY_ENDS
    _in_order(clocks[0], clocks[1], fields.place_of("between"), reader)
    return clocks[0], clocks[1]


def _in_order(start: time, end: time, place: Place, reader: Reader) -> None:
    if start >= end:
        message = f"a window from {start:%H:%M} to {end:%H:%M} has no time in it"
        reader.say("E114", place, message, "it ends after it begins, within one day")
