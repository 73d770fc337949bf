"""What an apply does to the people inside: where each group comes to, who is due at once, who would leave.

Counted by the database wherever the versions alone say it; only people on a step whose time changed are looked at,
and with no more of their past than the new time needs.
"""

from collections import Counter
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from nurture.decide.migrate import STAYS, UNDECIDED, Landing, landing, moves_people
from nurture.decide.same_work import same_work
from nurture.engine.lengths import length_span
from nurture.engine.plan_looks import Look, Place, Question, Tally, look
from nurture.engine.tick import Tell
from nurture.model.book import Book
from nurture.model.sequence import Sequence
from nurture.model.step import (
    AnyStep,
    Repeat,
    Task,
    WaitDay,
    WaitEvent,
    WaitLength,
    WaitUntil,
    WaitWeekday,
)
from nurture.model.trigger import Trigger
from nurture.store.open import Store

_SLACK = timedelta(days=2)
_OF_THEIR_PAST = WaitUntil  # its date can be one of an event, an order, a thing
_TIMED = (WaitLength, WaitDay, WaitUntil, WaitWeekday, WaitEvent, Repeat, Task)


@dataclass(slots=True)
class Group:
    """People of one sequence who stand on one step: how many, where they come to, and what becomes of them."""

    version: int
    step: str | None
    count: int
    landing: Landing
    stays: bool = False  # on their version, to its end
    at_once: int = 0
    within_the_hour: int = 0
    ends: int = 0

    @property
    def undecided(self) -> bool:
        """Whether nobody said where they go."""
        return self.landing.how == UNDECIDED and not self.stays


@dataclass(slots=True)
class People:
    """All groups by sequence, those who no longer fit a `while` that is new, and of how many that was asked.

    `settling` counts by sequence of whom it is not asked yet whether they start.
    """

    groups: dict[str, list[Group]] = field(default_factory=dict)
    unfit: Counter[str] = field(default_factory=Counter)
    looked: Counter[str] = field(default_factory=Counter)
    gone: dict[str, int] = field(default_factory=dict)
    settling: Counter[str] = field(default_factory=Counter)


def count(store: Store, before: Book | None, after: Book, same: Collection[str], now: datetime, tell: Tell) -> People:
    """Everybody inside, under the book that is to be; `same` are sequences that get no new version by it.

    Who is still to come over to the live version of one of those goes as the apply before this one said.
    """
    found = People()
    if before is None:
        return found
    names = after.renamed.get("sequence", {})
    closer: dict[Place, Look] = {}
    for (was, version), steps in sorted(store.applications.standing().items()):
        name = names.get(was, was)
        new = after.sequences.get(name)
        if new is None:
            found.gone[name] = found.gone.get(name, 0) + sum(steps.values())
            continue
        for step, number in sorted(steps.items(), key=lambda one: one[0] or ""):
            group = _group(after, new, (name, version), step, number)
            found.groups.setdefault(name, []).append(group)
            if not group.stays and version != after.version(name) and name not in same:
                closer.update(_closer(after, new, group, (was, version, step), now))
    if closer:
        places = frozenset((names.get(was, was), version, step) for was, version, step in closer)
        _tell(found, look(store, Question(after, now, places), closer, tell))
    longest = max((length_span(one.settle) for one in _triggers(before, after)), default=timedelta(0))
    for was, number in store.applications.settling(now + longest).items():
        found.settling[names.get(was, was)] += number
    return found


def _triggers(*books: Book) -> Iterator[Trigger]:
    yield from (trigger for book in books for sequence in book.sequences.values() for trigger in sequence.start)


def _group(after: Book, new: Sequence, key: tuple[str, int], step: str | None, number: int) -> Group:
    old = new if key[1] == after.version(key[0]) else after.older.get(key)
    if old is None or step is None:
        return Group(key[1], step, number, Landing(STAYS, step))
    stays = key[1] != after.version(key[0]) and not moves_people(new)
    return Group(key[1], step, number, landing(old, new, step), stays)


def _tell(found: People, seen: Tally) -> None:
    """Put what was seen of people to their groups."""
    found.looked, found.unfit = seen.looked, seen.unfit
    for name, groups in found.groups.items():
        for group in groups:
            place = (name, group.version, group.step)
            group.at_once, group.ends = seen.at_once[place], seen.ends[place]
            group.within_the_hour = seen.within_the_hour[place]


def _closer(after: Book, new: Sequence, group: Group, place: Place, now: datetime) -> Iterator[tuple[Place, Look]]:
    """Whether the people of a group must be looked at one by one, and only those due by some instant."""
    old = after.older.get((new.name, group.version))
    if old is None or group.step is None or group.undecided:
        return
    today = new.nodes.get(group.landing.step or "")
    look = Look(whole=asks_anew(old, new) or (today is not None and isinstance(today.step, _OF_THEIR_PAST)))
    if asks_anew(old, new) or group.landing.moved_on:
        yield place, look
        return
    before = old.nodes.get(group.step)
    if before is None or today is None or same_work(before.step, today.step):
        return
    if type(before.step) is not type(today.step) or isinstance(today.step, _TIMED):
        bound = shorter_by(before.step, today.step)
        if bound is None:
            yield place, look
        elif bound > timedelta(0):
            yield place, replace(look, until=now + bound + _SLACK)


def asks_anew(old: Sequence, new: Sequence) -> bool:
    """Whether `while` or a `stop_when` without an event is another, so that everybody inside is asked."""
    rules = [rule.condition.text for rule in old.stop_when if rule.condition and not rule.event]
    fresh = [rule for rule in new.stop_when if rule.condition and not rule.event and rule.condition.text not in rules]
    changed = new.while_ is not None and (old.while_ is None or old.while_.text != new.while_.text)
    return bool(fresh) or changed


def shorter_by(old: AnyStep, new: AnyStep) -> timedelta | None:
    """By how much a wait became shorter at the most; zero or less when it became no shorter, None when unknown."""
    match old, new:
        case (WaitLength(), WaitLength()) if (old.at is None) == (new.at is None):
            return _long(old.length.amount, old.length.unit.value) - _long(new.length.amount, new.length.unit.value, -1)
        case (WaitEvent(), WaitEvent()):
            return _long(old.up_to.amount, old.up_to.unit.value) - _long(new.up_to.amount, new.up_to.unit.value, -1)
        case (WaitDay(), WaitDay()):
            return timedelta(days=old.day - new.day + 1)
    return None


def _long(amount: int, unit: str, side: int = 1) -> timedelta:
    """The longest (or, on the other side, the shortest) that so much can be."""
    if unit in ("minute", "hour"):
        return timedelta(minutes=amount * (60 if unit == "hour" else 1)) + side * timedelta(hours=3)
    days = {"day": 1, "week": 7, "month": 31 if side > 0 else 28, "year": 366 if side > 0 else 365}
    if unit == "working day":
        return timedelta(days=amount * 5 + 10 if side > 0 else amount)
    return timedelta(days=amount * days[unit] + side)
