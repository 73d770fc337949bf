"""Limits, the gap between two mails, and the places kept for better-ranked mails (language.md 6.10)."""

from collections.abc import Iterator
from datetime import date, datetime, timedelta

from nurture.decide import gifts
from nurture.decide.clock import local_day
from nurture.decide.conditions import truth
from nurture.decide.consent import may_have
from nurture.decide.draft import Draft
from nurture.decide.inside import Inside
from nurture.decide.measuring import held_out
from nurture.decide.mutes import mute_on
from nurture.decide.rhythm import in_dates
from nurture.decide.suiting import lacking
from nurture.decide.switches import hold_on
from nurture.model.catalogue import Limit
from nurture.model.length import Length
from nurture.model.person import Message
from nurture.model.step import (
    AnyStep,
    Enrol,
    Gift,
    MoveTo,
    Node,
    Repeat,
    Send,
    Set,
    Tag,
    Task,
    Untag,
    WaitEvent,
    Webhook,
)
from nurture.model.values import dataclass

SERVICE = "service"
Rank = tuple[bool, int, int, datetime, str, str]


@dataclass(frozen=True, slots=True)
class Booking:
    """A place kept on a date for a message that a wait leads straight to."""

    send: Send
    day: date
    due_at: datetime
    rank: Rank


@dataclass(frozen=True, slots=True)
class Full:
    """Why a message does not fit on a date: the limit, and what fills it."""

    words: str
    kept_for: Booking | None = None


def rank(draft: Draft, inside: Inside, send: Send, due: datetime) -> Rank:
    """The order of precedence; smaller goes first: fixed, class, priority, due, sequence name, subject."""
    classes = draft.book.rules.classes
    place = classes.index(send.class_) if send.class_ in classes else len(classes)
    return (not send.fixed, place, -inside.book_sequence.priority, due, inside.sequence, inside.subject)


def bookings(draft: Draft, now: datetime) -> list[Booking]:
    """What is booked: waits that lead straight to a message, and messages moved to a later moment."""
    return list(_bookings(draft, now))


def _bookings(draft: Draft, now: datetime) -> Iterator[Booking]:
    for inside in draft.inside:
        node = inside.node
        if node is None or inside.due_at is None or inside.due_at <= now:
            continue
        send = node.step if inside.message_due is not None else _led_to(draft, inside, node, now)
        if not isinstance(send, Send) or send.class_ == SERVICE or not _would_go(draft, inside, send, now):
            continue
        due = inside.message_due or inside.due_at
        yield Booking(send, local_day(inside.due_at, draft.clock), inside.due_at, rank(draft, inside, send, due))


def _led_to(draft: Draft, inside: Inside, node: Node, now: datetime) -> Send | None:
    """The message that a wait for time leads straight to: nothing stands between but what is done at once.

    What waits for an event, a task or a call leads to none, since nobody knows when, nor a gift that there is not.
    """
    if isinstance(node.step, WaitEvent | Task | Webhook):
        return None
    following = node.arms[0] if isinstance(node.step, Repeat) else node.next
    passed: list[Gift] = []
    for _ in inside.book_sequence.nodes:
        after = inside.book_sequence.nodes.get(following) if following else None
        step = after.step if after is not None else None
        if isinstance(step, Send):
            return step if gifts.still_to_have(draft, step, passed, now) else None
        if after is None or not _at_once(step):
            return None
        if isinstance(step, Gift):
            passed.append(step)
        following = after.next
    return None


def _at_once(step: AnyStep | None) -> bool:
    return isinstance(step, Gift | Tag | Untag | Set | MoveTo | Enrol) or (isinstance(step, Task) and step.hold is None)


def _would_go(draft: Draft, inside: Inside, send: Send, now: datetime) -> bool:
    """Whether the booked message could go at all as things stand: else it keeps nobody's place."""
    current = draft.book.sequences.get(inside.sequence)
    if current is None or hold_on(current, now):
        return False
    if not may_have(draft, send, now) or inside.due_at is None:
        return False
    if send.condition is not None and not truth(send.condition, draft.scene(now, inside)):
        return False
    if held_out(draft, inside.book_sequence, send.class_) or lacking(draft, inside, send, now):
        return False
    return mute_on(draft, send.class_, local_day(inside.due_at, draft.clock)) is None


def covered(limit: Limit, class_: str) -> bool:
    """Whether a limit counts a class; service neither counts nor is counted."""
    return class_ != SERVICE and (not limit.classes or class_ in limit.classes)


def full(draft: Draft, send: Send, mine: Rank, day: date, today: date, booked: list[Booking]) -> Full | None:
    """The first limit that a message would break on a date, or None when it fits.

    Counted are mails had, and better-ranked bookings: movable ones for today only, fixed ones on
    their dates, in every window of the limit that contains the date.
    """
    better = [b for b in booked if b.rank < mine and (not b.rank[0] or (b.day == today == day))]
    since = day - timedelta(days=draft.index.limits_reach)
    recent = [m for m in draft.messages if m.day >= since and not m.cancelled]
    for limit in draft.book.rules.limits:
        if not covered(limit, send.class_):
            continue
        had = [m for m in recent if covered(limit, m.class_)]
        kept = [b for b in better if covered(limit, b.send.class_)]
        if not had and not kept and limit.most:
            continue
        found = _breaks(limit, had, kept, day)
        if found is not None:
            return found
    return None


def _breaks(limit: Limit, had: list[Message], kept: list[Booking], day: date) -> Full | None:
    latest = max((b.day for b in kept), default=day)
    for first, last in _windows(limit, day, latest):
        mails = [m for m in had if first <= m.day <= last]
        places = [b for b in kept if first <= b.day <= last]
        if len(mails) + len(places) + 1 > limit.most:
            if places:
                last_place = max(places, key=lambda b: b.due_at)
                return Full(
                    f"keeps a place for {last_place.send.mail} on {_short(last_place.day)} ({limit})", last_place
                )
            return Full(f"already had {', '.join(m.mail for m in mails)} ({limit})")
    return None


def _short(day: date) -> str:
    return f"{day.day} {day:%b}"


def _windows(limit: Limit, day: date, latest: date) -> Iterator[tuple[date, date]]:
    """The stretches of dates that a limit looks at and that contain the date."""
    if limit.within is not None:
        span = _dates(limit.within)
        for ahead in range(min(span, (latest - day).days + 1) if latest > day else 1):
            last = day + timedelta(days=ahead)
            yield last - timedelta(days=span - 1), last
    elif limit.per == "week":
        monday = day - timedelta(days=day.weekday())
        yield monday, monday + timedelta(days=6)
    elif limit.per == "month":
        first = day.replace(day=1)
        yield first, (first + timedelta(days=31)).replace(day=1) - timedelta(days=1)
    else:
        yield day, day


def _dates(length: Length) -> int:
    """A rolling limit counts local dates; months and years as 30 and 365 of them."""
    return in_dates(length) or length.amount


def gap_ends(draft: Draft, now: datetime) -> tuple[datetime, str] | None:
    """The moment until which the gap after the last limited mail lasts, and that mail."""
    gap = draft.book.rules.min_gap
    if gap is None:
        return None
    for message in reversed(draft.messages):
        if message.class_ != SERVICE and not message.cancelled:
            ends = message.at + _span(gap)
            return (ends, message.mail) if ends > now else None
    return None


def gap_before(draft: Draft, mine: Rank, now: datetime, booked: list[Booking]) -> Booking | None:
    """A better-ranked fixed booking so close ahead that this mail would push it off its day."""
    gap = draft.book.rules.min_gap
    if gap is None:
        return None
    ahead = [b for b in booked if b.rank < mine and not b.rank[0] and b.due_at >= now]
    close = [b for b in ahead if b.due_at - now < _span(gap)]
    return min(close, key=lambda b: b.due_at, default=None)


def _span(length: Length) -> timedelta:
    return timedelta(seconds=length.seconds) if length.elapsed else timedelta(days=length.days or 0)
