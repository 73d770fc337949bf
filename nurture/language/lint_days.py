"""Findings about when the messages of one sequence can go: W306, E312, W313. Days count from day 0.

Every way through the steps is walked with the interval of days on which each step can be reached.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import time

from nurture.language.lint_flow import OFFER, SERVICE, always_stops, exhaustive
from nurture.language.steps import everywhere
from nurture.language.written import Written
from nurture.model.book import Book
from nurture.model.catalogue import Limit, Mute
from nurture.model.length import Length, Unit
from nurture.model.place import Problem
from nurture.model.rules import Span
from nurture.model.step import (
    AnyStep,
    Branch,
    Repeat,
    Send,
    Split,
    WaitDay,
    WaitEvent,
    WaitLength,
    WaitUntil,
    WaitWeekday,
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
)

FAR = 100_000  # days; later than anything
# So much is kept of each, so that the time stays bounded whatever is written: the earliest ways, the last messages.
MOST_WAYS = 64
MOST_BEHIND = 30
MOST_ROUNDS = 5
MOST_BEGINNINGS = 4


@dataclass(frozen=True, slots=True)
class Way:
    """Where somebody can stand: the interval of days, the time of day if it is known, and the messages behind them.

    `clock` is None where any time of day is possible; `decent` says that quiet hours are over.
    """

    earliest: int
    latest: int
    clock: time | None = None
    decent: bool = False
    behind: tuple[tuple[str, int, int], ...] = ()


def findings(written: Written, book: Book) -> Iterator[Problem]:
    """The findings of one sequence, each once although many ways lead to it."""
    found: dict[tuple[str, str], Problem] = {}
    for trigger in written.sequence.start:
        visited = _visits(written.sequence.steps, trigger)
        for send, way in visited:
            for problem in (
                *_held_too_long(send, way, book.rules.quiet_hours),
                *_inside_mutes(send, way, trigger, book.rules.mutes),
                *_over_limits(written, send, way, book.rules.limits),
            ):
                found.setdefault((problem.code, send.id), problem)
    yield from found.values()


def _visits(steps: tuple[AnyStep, ...], trigger: AnyTrigger) -> list[tuple[Send, Way]]:
    visits: list[tuple[Send, Way]] = []
    _walk(steps, frozenset({_begin(trigger)}), visits)
    return visits


def _begin(trigger: AnyTrigger) -> Way:
    if isinstance(trigger, EveryTrigger | OnceTrigger):
        return Way(0, 0, trigger.at)
    if isinstance(trigger, DayTrigger | HolidayTrigger):
        lead = (trigger.lead.days or 0) if trigger.lead else 0
        return Way(-lead, 0 if lead and not trigger.skip_if_late else -lead, time(0, 0))
    if isinstance(trigger, LapseTrigger):
        return Way(0, 0, time(10, 0))
    return Way(0, 0)


def _walk(steps: tuple[AnyStep, ...], ways: frozenset[Way], visits: list[tuple[Send, Way]]) -> frozenset[Way]:
    """Go through a list of steps; the ways that come out at its end."""
    for step in steps:
        ahead = _through(step, ways, visits)
        if always_stops(step):
            return frozenset()
        passed = ahead if step.condition is None else ahead | ways
        ways = frozenset(_first(passed, MOST_WAYS))
    return ways


def _through(step: AnyStep, ways: frozenset[Way], visits: list[tuple[Send, Way]]) -> frozenset[Way]:
    if isinstance(step, Repeat):
        return _repeated(step, ways, visits)
    if isinstance(step, WaitEvent):
        came = _walk(step.then, frozenset(_answered(step, way) for way in ways), visits)
        return came | _walk(step.otherwise, frozenset(_timed_out(step, way) for way in ways), visits)
    if isinstance(step, Branch | Split):
        out: frozenset[Way] = frozenset()
        for inside in inner(step):
            out |= _walk(inside, ways, visits)
        return out if exhaustive(step) else out | ways
    if isinstance(step, Send):
        visits.extend((step, way) for way in ways)
        return frozenset(_sent(step, way) for way in ways)
    return frozenset(_waited(step, way) for way in ways)


def _answered(wait: WaitEvent, way: Way) -> Way:
    """When the event came: at any time of day, up to the end."""
    return replace(way, latest=min(way.latest + days_of(wait.up_to)[1], FAR), clock=None, decent=False)


def _timed_out(wait: WaitEvent, way: Way) -> Way:
    return _later(way, wait.up_to)


def _repeated(repeat: Repeat, ways: frozenset[Way], visits: list[tuple[Send, Way]]) -> frozenset[Way]:
    """Some rounds, each from the beginning of the first; more of them show nothing new."""
    if any(isinstance(step, Repeat) for step in everywhere(repeat.steps)):
        return ways | _walk(repeat.steps, ways, visits)  # which has its own finding
    out: frozenset[Way] = ways if repeat.until is not None else frozenset()
    for begin in _first(ways, MOST_BEGINNINGS):
        standing = frozenset({begin})
        for number in range(min(repeat.times, MOST_ROUNDS)):
            least, most = (days * number for days in days_of(repeat.every))
            again = (_not_before(way, begin, least, most) for way in _first(standing, MOST_BEGINNINGS))
            standing = _walk(repeat.steps, frozenset(again) if number else standing, visits)
            out |= standing if repeat.until is not None else frozenset()
        out |= standing
    return out


def _first(ways: frozenset[Way], most: int) -> list[Way]:
    return sorted(ways, key=lambda way: (way.earliest, way.latest, way.behind))[:most]


def _not_before(way: Way, begin: Way, least: int, most: int) -> Way:
    earliest, latest = max(way.earliest, begin.earliest + least), max(way.latest, begin.latest + most)
    return replace(way, earliest=earliest, latest=min(latest, FAR), clock=begin.clock)


def _later(way: Way, length: Length) -> Way:
    least, most = days_of(length)
    kept = None if length.elapsed else way.clock
    later = replace(way, earliest=way.earliest + least, latest=min(way.latest + most, FAR))
    return replace(later, clock=kept, decent=way.decent and not length.elapsed)


def _sent(send: Send, way: Way) -> Way:
    """Behind a message: quiet hours have moved it, so the next moment is decent unless it was exempt."""
    held = send.class_ != SERVICE and not send.at_once
    behind = (*way.behind[1 - MOST_BEHIND :], (send.class_, way.earliest, way.latest))
    return replace(way, behind=behind, decent=held or way.decent)


def _waited(step: AnyStep, way: Way) -> Way:
    match step:
        case WaitLength(length=length, at=at):
            later = _later(way, length)
            return replace(later, clock=at or later.clock)
        case WaitDay(day=day, at=at):
            return replace(way, earliest=max(way.earliest, day), latest=max(way.latest, day), clock=at)
        case WaitUntil(at=at):
            return replace(way, latest=FAR, clock=at)
        case WaitWeekday(at_least=at_least, start=start):
            least, most = days_of(at_least) if at_least else (0, 0)
            later = replace(way, earliest=way.earliest + least, latest=min(way.latest + most + 6, FAR))
            return replace(later, clock=start if start > time(0, 0) else None, decent=False)
        case _:
            return way


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


def _held_too_long(send: Send, way: Way, quiet: Span | None) -> Iterator[Problem]:
    """W306: quiet hours would outlast the message."""
    if quiet is None or send.class_ == SERVICE or send.at_once or (way.clock is None and way.decent):
        return
    if way.clock is not None and not quiet.holds(way.clock):
        return
    held = _minutes(way.clock or quiet.start, quiet.end)
    valid = send.valid_for.seconds // 60 if send.valid_for.elapsed else days_of(send.valid_for)[0] * 1440
    if valid < held:
        hours = f"{held // 60} hours" if held % 60 == 0 else f"{held // 60} hours {held % 60} minutes"
        message = f"'{send.mail}' is valid for {send.valid_for}, but quiet hours can hold it for {hours}"
        yield Problem("W306", send.place, message, "a longer valid_for, at_once: true, or a wait with a time before it")


def _minutes(start: time, end: time) -> int:
    return ((end.hour - start.hour) * 60 + end.minute - start.minute) % 1440


def _inside_mutes(send: Send, way: Way, trigger: AnyTrigger, mutes: tuple[Mute, ...]) -> Iterator[Problem]:
    """E312: an offer inside a window that counts from what started the sequence."""
    if send.class_ != OFFER or not isinstance(trigger, EventTrigger | LapseTrigger):
        return
    day = max(way.earliest, 0) + _since_event(trigger)
    for mute in mutes:
        muted_to = _muted_to(mute, trigger.event)
        if OFFER in mute.classes and muted_to is not None and day <= muted_to:
            window = f"the '{mute.name}' window ({OFFER} muted to day {muted_to} after {trigger.event})"
            message = f"'{send.mail}' ({OFFER}) would go out on day {day}, inside {window}"
            free = muted_to + 1 - _since_event(trigger)
            yield Problem("E312", send.place, message, f"wait until day {free} or later")


def _since_event(trigger: EventTrigger | LapseTrigger) -> int:
    """How many days after its event a trigger has its day 0, at least."""
    if isinstance(trigger, EventTrigger):
        return 0
    shortest = [length.days or 0 for length in (trigger.length, trigger.at_least) if length]
    return min(shortest, default=0)


def _muted_to(mute: Mute, event: str) -> int | None:
    """The last muted day, at the shortest, counted from an event that begins or ends the mute."""
    if mute.after == event:
        longest = mute.length or mute.then_for
        return (longest.days or 0) if longest else 0
    if mute.until == event:
        return (mute.then_for.days or 0) if mute.then_for else None
    return None


def _over_limits(written: Written, send: Send, way: Way, limits: tuple[Limit, ...]) -> Iterator[Problem]:
    """W313: more messages on one way than a limit lets go in its time."""
    for limit in limits:
        window = limit.within.days if limit.within else (1 if limit.per == "day" else None)
        if window is None or not _counts(limit, send.class_):
            continue
        counted = [(first, last) for class_, first, last in way.behind if _counts(limit, class_)]
        if len(counted) < limit.most:
            continue
        first = counted[-limit.most][0]
        days = way.latest - first + 1
        if days <= window:
            within = "on one day" if days == 1 else f"within {days} days"
            message = f"'{send.mail}' is mail {limit.most + 1} {within}; {limit} lets {limit.most} go"
            yield written.step("W313", send.id, message, "wait longer before it")
            return


def _counts(limit: Limit, class_: str) -> bool:
    return class_ in limit.classes if limit.classes else class_ != SERVICE
