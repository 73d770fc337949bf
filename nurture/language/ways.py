"""Every way through the steps of a sequence, with the days on which somebody can stand at each step (language.md 9.4).

Days count from day 0. A wait is counted from when the step before it was done (6.2), which can lie behind the day it
is: `until_day: 6` on day 8 is done on day 6, and `3 days` behind it end on day 9. So a way keeps two intervals, the day
that the step before was done and the day it is. Not in them: what limits, mutes, quiet hours and an outage move.
"""

from collections.abc import Iterable
from dataclasses import replace
from datetime import time

from nurture.language.lint_flow import SERVICE, always_stops, exhaustive
from nurture.language.steps import everywhere
from nurture.model.length import Length, Unit
from nurture.model.step import (
    AnyStep,
    Branch,
    Repeat,
    Send,
    Split,
    Task,
    WaitDay,
    WaitEvent,
    WaitLength,
    WaitUntil,
    WaitWeekday,
    Webhook,
    inner,
)
from nurture.model.trigger import (
    AnyTrigger,
    DayTrigger,
    EventTrigger,
    EveryTrigger,
    HolidayTrigger,
    LapseTrigger,
    OnceTrigger,
    StageTrigger,
)
from nurture.model.values import dataclass

DAY = 1_440  # minutes
LAST_DAY = 100_000  # later than anything
FAR = LAST_DAY * DAY
CHANGE = 60  # minutes by which clocks go forward or back
# So much is kept of each, so that the time stays bounded whatever is written: the earliest ways, the last messages.
MOST_WAYS = 64
MOST_BEHIND = 30
MOST_ROUNDS = 5
MOST_BEGINNINGS = 4  # of the rounds of a repeat
_GIVEN_UP = Length(72, Unit.hour)  # a call that nobody answered for so long has failed
_LAPSE = time(10, 0)  # when the day of a silence is looked at


@dataclass(frozen=True, slots=True)
class Behind:
    """A message on the way: its class, the first day on which it can have gone, and how many days ago at most."""

    class_: str
    first: int
    ago: int


@dataclass(frozen=True, slots=True)
class Way:
    """Where somebody can stand; all four in minutes since 00:00 of day 0, on the reader's clock.

    The step before was done from `earliest` to `latest`; it is now from `soonest` to `farthest`. `elapsed` says that
    hours were counted since the clock was last looked at, so that a change of clocks can have moved all by an hour.
    `clock` is the time of day, None where any is possible; `decent` says that quiet hours are over.
    """

    earliest: int
    latest: int
    soonest: int
    farthest: int
    elapsed: bool = False
    clock: time | None = None
    decent: bool = False
    behind: tuple[Behind, ...] = ()

    @property
    def first_day(self) -> int:
        """The first day that it can be."""
        return (self.soonest - CHANGE * self.elapsed) // DAY

    @property
    def last_day(self) -> int:
        """The last day that it can be."""
        return (self.farthest + CHANGE * self.elapsed) // DAY

    def goes(self, send: Send) -> bool:
        """Whether a message can still be valid here."""
        return self.latest + minutes(send.valid_for)[1] >= self.soonest


def visits(steps: tuple[AnyStep, ...], trigger: AnyTrigger, spread: Length | None = None) -> list[tuple[Send, Way]]:
    """Every message with the ways on which somebody comes to it; `spread` is that of a broadcast."""
    found: list[tuple[Send, Way]] = []
    _walk(steps, frozenset({_begin(trigger, spread)}), found)
    return found


def days_of(length: Length) -> tuple[int, int]:
    """The fewest and the most dates a length can cover."""
    match length.unit:
        case Unit.second | Unit.minute | Unit.hour:
            return length.seconds // 86_400, -(-length.seconds // 86_400)
        case Unit.working_day:
            return length.amount, length.amount * 7 + 14  # weekends and holidays between
        case Unit.month:
            return length.amount * 28, length.amount * 31
        case Unit.year:
            return length.amount * 365, length.amount * 366
        case _:
            days = length.days or 0
            return days, days


def minutes(length: Length) -> tuple[int, int]:
    """The fewest and the most minutes on the reader's clock, but for a change of clocks."""
    if length.elapsed:
        return length.seconds // 60, -(-length.seconds // 60)
    least, most = days_of(length)
    return least * DAY, most * DAY


def _begin(trigger: AnyTrigger, spread: Length | None) -> Way:
    match trigger:
        case EveryTrigger(at=at):
            return _between(_minute(at), _minute(at), at)
        case OnceTrigger(at=at):
            last = minutes(spread)[1] if spread else 0
            return _between(_minute(at), _minute(at) + last, None if spread else at)
        case DayTrigger(lead=lead) | HolidayTrigger(lead=lead):
            least, most = minutes(lead) if lead else (0, 0)
            on_time = trigger.skip_if_late or not lead
            return _between(-most, -least if on_time else DAY - 1, time(0, 0) if on_time else None)
        case LapseTrigger():
            return _between(_minute(_LAPSE), _minute(_LAPSE), _LAPSE)
        case EventTrigger(settle=settle, fresh=fresh):
            return _later(_between(0, DAY - 1 + minutes(fresh)[1]), settle)
        case StageTrigger(settle=settle):
            return _later(_between(0, DAY - 1), settle)
        case _:
            return _between(0, DAY - 1)


def _between(first: int, last: int, clock: time | None = None) -> Way:
    return Way(first, last, first, last, clock=clock)


def _minute(clock: time) -> int:
    return clock.hour * 60 + clock.minute


def _walk(steps: tuple[AnyStep, ...], ways: frozenset[Way], found: list[tuple[Send, Way]]) -> frozenset[Way]:
    """Go through a list of steps; the ways that come out at its end."""
    for step in steps:
        ahead = _through(step, ways, found)
        if always_stops(step):
            return frozenset()
        ways = frozenset(_first(ahead if step.condition is None else ahead | ways, MOST_WAYS))
    return ways


def _through(step: AnyStep, ways: frozenset[Way], found: list[tuple[Send, Way]]) -> frozenset[Way]:
    if isinstance(step, Repeat):
        return _repeated(step, ways, found)
    if isinstance(step, WaitEvent):
        came = _walk(step.then, frozenset(_within(way, step.up_to) for way in ways), found)
        return came | _walk(step.otherwise, frozenset(_later(way, step.up_to) for way in ways), found)
    if isinstance(step, Branch | Split):
        out: frozenset[Way] = frozenset()
        for inside in inner(step):
            out |= _walk(inside, ways, found)
        return out if exhaustive(step) else out | ways
    if isinstance(step, Send):
        found.extend((step, way) for way in ways if way.goes(step))
        return frozenset(_sent(step, way) for way in ways)
    return frozenset(_waited(step, way) for way in ways)


def _done(way: Way, earliest: int, latest: int, days: int = LAST_DAY, *, elapsed: bool = False) -> Way:
    """The same way with a step done between two minutes, at most so many days after the one before."""
    earliest, latest = max(earliest, -FAR), min(latest, FAR)
    soonest, farthest = max(way.soonest, earliest), max(way.farthest, latest)
    elapsed = elapsed or (way.elapsed and (way.soonest > earliest or way.farthest > latest))
    done = Way(earliest, latest, soonest, farthest, elapsed, way.clock, way.decent)
    behind = tuple(Behind(one.class_, one.first, min(one.ago + days, done.last_day - one.first)) for one in way.behind)
    return replace(done, behind=behind)


def _later(way: Way, length: Length) -> Way:
    least, most = minutes(length)
    if not length.elapsed:
        return _done(way, way.earliest + least, way.latest + most, most // DAY, elapsed=way.elapsed)
    if most < CHANGE:  # the date never goes back
        later = _done(way, way.earliest, way.latest + most + CHANGE * (most > 0), 1, elapsed=way.elapsed)
    else:
        later = _done(way, way.earliest + least, way.latest + most, -(-(most + CHANGE) // DAY), elapsed=True)
    return replace(later, clock=None, decent=False)


def _at(way: Way, clock: time) -> Way:
    """On the same days, at a time of day."""
    slack = CHANGE * way.elapsed
    first, last = (way.earliest - slack) // DAY, (way.latest + slack) // DAY
    return replace(_done(way, first * DAY + _minute(clock), last * DAY + _minute(clock), 0), clock=clock)


def _within(way: Way, length: Length) -> Way:
    """Something happened at any time of day, up to the end."""
    most = minutes(length)[1] + CHANGE * length.elapsed
    came = _done(way, way.earliest, way.latest + most, -(-most // DAY), elapsed=way.elapsed)
    return replace(came, clock=None, decent=False)


def _asked(way: Way, length: Length) -> Way:
    """Somebody was asked for something now, and answered at any time, up to the end."""
    return _within(replace(way, earliest=way.soonest, latest=way.farthest), length)


def _repeated(repeat: Repeat, ways: frozenset[Way], found: list[tuple[Send, Way]]) -> frozenset[Way]:
    """The first rounds and the last, each counted from the beginning of the first."""
    if any(isinstance(step, Repeat) for step in everywhere(repeat.steps)):
        return ways | _walk(repeat.steps, ways, found)  # which has its own finding
    numbers = sorted({*range(min(repeat.times, MOST_ROUNDS)), repeat.times - 1})
    out: frozenset[Way] = frozenset()
    for begin in _first(ways, MOST_BEGINNINGS):
        standing, before = frozenset({begin}), 0
        for number in numbers:
            again = (_round(way, begin, repeat.every, number, number - before) for way in standing)
            standing = frozenset(_first(again, MOST_BEGINNINGS)) if number else standing
            out |= standing if repeat.until is not None else frozenset()
            standing, before = _walk(repeat.steps, standing, found), number
        out |= standing
    return out


def _round(way: Way, begin: Way, every: Length, number: int, rounds: int) -> Way:
    least, most = (each * number for each in minutes(every))
    elapsed = begin.elapsed or every.elapsed
    days = -(-(minutes(every)[1] * rounds + CHANGE * every.elapsed) // DAY)
    again = _done(way, begin.earliest + least, begin.latest + most, days, elapsed=elapsed)
    return replace(again, clock=None if every.elapsed else begin.clock, decent=False)


def _first(ways: Iterable[Way], most: int) -> list[Way]:
    """The earliest of the ways; those beyond so many become one that holds them all, and remembers no message."""
    ordered = sorted(set(ways), key=_order)
    if len(ordered) <= most:
        return ordered
    rest = ordered[most - 1 :]
    clock = rest[0].clock if len({way.clock for way in rest}) == 1 else None
    whole = Way(
        min(way.earliest for way in rest), max(way.latest for way in rest),
        min(way.soonest for way in rest), max(way.farthest for way in rest),
        any(way.elapsed for way in rest), clock, all(way.decent for way in rest),
    )  # fmt: skip
    return [*ordered[: most - 1], whole]


def _order(way: Way) -> tuple[int, int, int, int, str, list[tuple[str, int, int]]]:
    behind = [(one.class_, one.first, one.ago) for one in way.behind]
    return way.soonest, way.farthest, way.earliest, way.latest, str(way.clock), behind


def _sent(send: Send, way: Way) -> Way:
    """Behind a message: quiet hours have moved it, so the next moment is decent unless it was exempt."""
    held = send.class_ != SERVICE and not send.at_once
    sent = (Behind(send.class_, way.first_day, 0),) if way.goes(send) else ()
    behind = (*way.behind, *sent)[-MOST_BEHIND:]
    return replace(way, earliest=way.soonest, latest=way.farthest, decent=held or way.decent, behind=behind)


def _waited(step: AnyStep, way: Way) -> Way:
    match step:
        case WaitLength(length=length, at=at):
            later = _later(way, length)
            if at is None:
                return later
            # Only the date counts: the time of day of the step before is no moment that has to come first.
            return _at(replace(later, soonest=way.soonest, farthest=way.farthest), at)
        case WaitDay(day=day, at=at):
            return replace(_done(way, day * DAY + _minute(at), day * DAY + _minute(at)), clock=at)
        case WaitUntil(at=at):
            return replace(_done(way, -FAR, FAR), clock=at)
        case WaitWeekday():
            return _on_weekday(step, way)
        case Task(hold=hold) if hold is not None:
            return _asked(way, hold)
        case Webhook():
            return _asked(way, _GIVEN_UP)
        case _:
            return way


def _on_weekday(wait: WaitWeekday, way: Way) -> Way:
    """The first moment inside from then on: at best at once or the next morning, at worst a week later."""
    least, most = days_of(wait.at_least) if wait.at_least else (0, 0)
    slack = CHANGE * way.elapsed
    first = ((way.earliest - slack) // DAY + least) * DAY if least else way.earliest - slack
    day, minute = divmod(first, DAY)
    if minute > _minute(wait.end):
        day, minute = day + 1, 0
    last = ((way.latest + slack) // DAY + most + 7) * DAY + _minute(wait.end)
    later = _done(way, day * DAY + max(minute, _minute(wait.start)), last, most + 7)
    return replace(later, clock=wait.start if wait.start > time(0, 0) else None, decent=False)
