"""Laws of the days on which a message can be reached (language.md 9.4): what the checker counts, somebody lives.

The core lives random sequences, and every mail goes on a day that the checker counted with. Beside it a walker of its
own takes every path, minute by minute: the first day that it finds is the first that the checker names, so that E312
is said exactly when some path falls into the mute.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, time, timedelta
from hashlib import sha256
from itertools import product
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import event as noted
from hypothesis import given, settings
from hypothesis import strategies as st

from nurture.language import lint_days, ways
from nurture.language.ways import visits
from nurture.model import event as names
from nurture.model.catalogue import Mute
from nurture.model.decision import Decision
from nurture.model.event import Event
from nurture.model.house import House
from nurture.model.length import Length
from nurture.model.rules import Rules
from nurture.model.sequence import Sequence
from nurture.model.step import AnyStep, Arm, Branch, Repeat, Send, Stop, Task, Text, WaitDay, WaitEvent, WaitLength
from tests import random_steps
from tests import worlds as w
from tests.drawing import drawn
from tests.random_worlds import LADDER

START = w.utc("2027-03-20 00:00")
ZONES = ("Europe/Paris", "America/New_York", "Australia/Lord_Howe", "UTC", "Asia/Kolkata")
FREE = replace(w.RULES, limits=(), mutes=(), min_gap=None, quiet_hours=None)
MADE = House(ladders=(LADDER,))


def answers(decision: Decision) -> Iterator[Event]:
    """What was asked is answered in time, or never."""
    for task in decision.tasks:
        if task.held_until is not None:
            yield from _answer(names.TASK_DONE, task.key, task.made_at, task.held_until - task.made_at, by="lena")
    for call in decision.webhooks:
        yield from _answer(names.WEBHOOK_ANSWERED, call.key, call.made_at, timedelta(days=3), ok=True, value="FR")


def _answer(name: str, key: str, asked: datetime, longest: timedelta, **fields: object) -> Iterator[Event]:
    dice = int(sha256(key.encode()).hexdigest()[:8], 16)
    if dice % 3:
        at = asked + longest * (dice % 997) / 1000 + timedelta(seconds=1)
        yield Event(f"{name}-{key[:12]}", name, at, at, 1_000_000 + dice, {"key": key, **fields})


@dataclass(frozen=True)
class Lived:
    """A random sequence, and the days from day 0 on which its mails went in one life."""

    sequence: Sequence
    days: tuple[tuple[str, int], ...]


@st.composite
def lives(draw: st.DrawFn, rules: Rules) -> Lived:
    sequence = w.sequence("s4", w.JOINED, random_steps.steps(drawn(draw), "s4"))
    zone = draw(st.sampled_from(ZONES))
    joined = START + timedelta(minutes=draw(st.integers(0, 12 * 24 * 60)))
    known = joined + timedelta(hours=draw(st.sampled_from([0, 0, 5, 40])))
    person = w.newborn("p1", START - timedelta(days=2), zone=zone, country="FR", vip_since=START.date())
    happening = [w.event("subscriber.joined", joined, known)]
    for name in ("order.placed", "review.posted"):
        for minute in draw(st.lists(st.integers(0, 60 * 24 * 60), max_size=3)):
            happening.append(w.event(name, joined + timedelta(minutes=minute), stars=5))
    book = replace(w.book(sequence, rules=rules), house=MADE)
    told = [*w.reachable(START - timedelta(days=1)), *happening]
    life = w.live(book, person, told, joined + timedelta(days=150), answers=answers)
    day0 = joined.astimezone(ZoneInfo(zone)).date()
    mails = ((one.step, (one.decided_at.astimezone(ZoneInfo(zone)).date() - day0).days) for one in life.intents)
    return Lived(sequence, tuple(mails))


@settings(max_examples=250, deadline=None)
@given(lives(FREE))
def test_every_mail_goes_on_a_day_that_the_checker_counted_with(lived: Lived) -> None:
    found = visits(lived.sequence.steps, w.JOINED)
    for step, day in lived.days:
        counted = [(way.first_day, way.last_day) for send, way in found if send.id == step]
        assert any(first <= day <= last for first, last in counted), (step, day, counted)
    noted(f"{min(len(lived.days), 4)} mails")


@settings(max_examples=100, deadline=None)
@given(lives(w.RULES))
def test_limits_and_quiet_hours_bring_no_mail_forward(lived: Lived) -> None:
    found = visits(lived.sequence.steps, w.JOINED)
    for step, day in lived.days:
        assert day >= min(way.first_day for send, way in found if send.id == step)


# A walker of its own


@dataclass(frozen=True)
class Stand:
    """In minutes since 00:00 of day 0: when the step before was done, and what the clock says."""

    done: int
    now: int

    def until(self, minute: int) -> "Stand":
        return Stand(minute, max(self.now, minute))


OPEN = w.condition("person.orders.count >= 2")
VALID = w.length("90 days")
LENGTHS = st.sampled_from(["1 hour", "7 hours", "20 hours", "36 hours", "1 day", "3 days", "1 week"])
_number = iter(range(10**9))


def _name() -> str:
    return f"n{next(_number)}"


@st.composite
def plain_steps(draw: st.DrawFn, depth: int = 0) -> tuple[AnyStep, ...]:
    """Steps whose every path can be walked: whatever is asked can be answered either way."""
    return tuple(draw(_plain(depth)) for _ in range(draw(st.integers(1, 4 - depth))))


@st.composite
def _plain(draw: st.DrawFn, depth: int) -> AnyStep:
    kinds = ["send", "send", "wait", "wait", "day", "task"] + (
        ["branch", "event", "repeat", "stop"] if depth < 2 else []
    )
    kind = draw(st.sampled_from(kinds))
    asked = draw(st.sampled_from([None, None, OPEN]))
    own: dict[str, Any] = {"id": _name(), "place": w.HERE, "condition": asked}
    length = w.length(draw(LENGTHS))
    if kind == "wait":
        at = None if length.elapsed else draw(st.none() | st.sampled_from([time(0), time(10), time(23, 59)]))
        return WaitLength(**own, length=length, at=at)
    if kind == "day":
        return WaitDay(**own, day=draw(st.integers(-1, 12)), at=time(10))
    if kind == "task":
        return Task(**own, text=Text("", ()), to="lena", due=length, hold=length)
    if kind == "event":
        then, otherwise = draw(plain_steps(depth + 1)), draw(plain_steps(depth + 1))
        return WaitEvent(**own, events=("order.placed",), up_to=length, then=then, otherwise=otherwise)
    if kind == "branch":
        arms = (Arm(OPEN, draw(plain_steps(depth + 1)), w.HERE), Arm(None, draw(plain_steps(depth + 1)), w.HERE))
        return Branch(**own, arms=arms[: draw(st.integers(1, 2))])
    if kind == "repeat":
        body = tuple(step for step in draw(plain_steps(2)) if not isinstance(step, Repeat))
        return Repeat(**own, times=draw(st.integers(2, 3)), every=length, steps=body)
    if kind == "stop":
        return Stop(**own, reason="enough")
    return w.send(own["id"], "offer", condition=asked, valid_for=VALID)


def walk(steps: tuple[AnyStep, ...], stands: set[Stand], found: dict[str, set[int]]) -> set[Stand]:
    """Every path through a list of steps, with its mails; the stands of who comes out at its end."""
    for step in steps:
        after = _through(step, stands, found)
        stands = after | stands if step.condition is not None else after
    return stands


def _through(step: AnyStep, stands: set[Stand], found: dict[str, set[int]]) -> set[Stand]:
    match step:
        case Send(id=name):
            found.setdefault(name, set()).update(stand.now // 1440 for stand in stands)
            return {Stand(stand.now, stand.now) for stand in stands}
        case WaitLength(length=length, at=at):
            ends = {stand: stand.done + _minutes(length) for stand in stands}
            return {one.until(end if at is None else end // 1440 * 1440 + _clock(at)) for one, end in ends.items()}
        case WaitDay(day=day, at=at):
            return {stand.until(day * 1440 + _clock(at)) for stand in stands}
        case Task(hold=hold):
            return {
                Stand(s.now + more, s.now + more) for s in stands for more in (0, _minutes(hold or w.length("1 day")))
            }
        case WaitEvent(up_to=up_to, then=then, otherwise=otherwise):
            came = {stand.until(stand.done + more) for stand in stands for more in (0, _minutes(up_to))}
            late = {stand.until(stand.done + _minutes(up_to)) for stand in stands}
            return walk(then, came, found) | walk(otherwise, late, found)
        case Branch(arms=arms):
            out = set() if arms[-1].condition is None else set(stands)
            return out.union(*(walk(arm.steps, stands, found) for arm in arms))
        case Repeat(times=times, every=every, steps=body):
            return set().union(*(_rounds(stand, times, _minutes(every), body, found) for stand in stands))
        case _:
            return set()


def _rounds(begin: Stand, times: int, every: int, body: tuple[AnyStep, ...], found: dict[str, set[int]]) -> set[Stand]:
    standing = {begin}
    for number in range(times):
        standing = walk(body, {one.until(begin.done + number * every) for one in standing}, found)
    return standing


def _minutes(length: Length) -> int:
    return length.seconds // 60 if length.elapsed else (length.days or 0) * 1440


def _clock(at: time) -> int:
    return at.hour * 60 + at.minute


@settings(max_examples=250, deadline=None)
@given(plain_steps(), st.integers(0, 14))
def test_the_first_day_is_one_that_somebody_lives_and_e312_is_said_for_it_alone(
    steps: tuple[AnyStep, ...], muted_to: int
) -> None:
    trigger = replace(w.JOINED, settle=w.length("0 minutes"))
    late = {minute + more for minute, more in product((0, 601, 1439), (0, 2880))}
    found: dict[str, set[int]] = {}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ways, "CHANGE", 0)  # where clocks never change
        walk(steps, {Stand(minute, minute) for minute in late}, found)
        counted = visits(steps, trigger)
        first: dict[str, int] = {}
        for send, way in counted:
            first[send.id] = min(way.first_day, first.get(send.id, way.first_day))
        assert first == {name: min(days) for name, days in found.items() if days}
        last = {name: max(way.last_day for send, way in counted if send.id == name) for name in first}
        assert all(max(days) <= last[name] for name, days in found.items() if days)
        mute = Mute("quiet", frozenset({"offer"}), w.JOINED.event, w.length(f"{muted_to} days"))
        said = {send.id for send, way in counted if list(lint_days._inside_mutes(send, way, trigger, (mute,)))}
        assert said == {name for name, days in found.items() if any(day <= muted_to for day in days)}
