"""Findings about when the messages of one sequence can go: W306, E312, W313. Days count from day 0.

Every way through the steps is walked with the interval of days on which each step can be reached (`ways`).
"""

from collections.abc import Iterator
from datetime import time

from nurture.language.lint_flow import OFFER, SERVICE
from nurture.language.ways import Way, days_of, visits
from nurture.language.written import Written
from nurture.model.book import Book
from nurture.model.catalogue import Limit, Mute
from nurture.model.place import Problem
from nurture.model.rules import Span
from nurture.model.step import Send
from nurture.model.trigger import AnyTrigger, EventTrigger, LapseTrigger


def findings(written: Written, book: Book) -> Iterator[Problem]:
    """The findings of one sequence, each once although many ways lead to it."""
    found: dict[tuple[str, str], Problem] = {}
    for trigger in written.sequence.start:
        for send, way in visits(written.sequence.steps, trigger, written.sequence.spread):
            for problem in (
                *_held_too_long(send, way, book.rules.quiet_hours),
                *_inside_mutes(send, way, trigger, book.rules.mutes),
                *_over_limits(written, send, way, book.rules.limits),
            ):
                found.setdefault((problem.code, send.id), problem)
    yield from found.values()


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
    day = max(way.first_day, 0) + _since_event(trigger)
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
        counted = [one for one in way.behind if _counts(limit, one.class_)]
        if len(counted) < limit.most:
            continue
        days = counted[-limit.most].ago + 1
        if days <= window:
            within = "on one day" if days == 1 else f"within {days} days"
            message = f"'{send.mail}' is mail {limit.most + 1} {within}; {limit} lets {limit.most} go"
            yield written.step("W313", send.id, message, "wait longer before it")
            return


def _counts(limit: Limit, class_: str) -> bool:
    return class_ in limit.classes if limit.classes else class_ != SERVICE
