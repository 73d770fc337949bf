"""What an apply does to the people inside: where each group comes to, who is due at once, who would leave.

Counted by the database wherever the versions alone say it; only people on a step whose time changed are looked at.
"""

from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from nurture.decide.conditions import truth
from nurture.decide.draft import Draft
from nurture.decide.inside import Inside
from nurture.decide.migrate import STAYS, UNDECIDED, Landing, landing, moves_people
from nurture.decide.retime import retime
from nurture.decide.same_work import same_work
from nurture.engine.lengths import length_span
from nurture.engine.tick import Tell, uncollected
from nurture.model.book import Book
from nurture.model.decision import Why
from nurture.model.person import Person
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
from nurture.store.database import pages
from nurture.store.open import Store

HOUR = timedelta(hours=1)
_SLACK = timedelta(days=2)
_TIMED = (WaitLength, WaitDay, WaitUntil, WaitWeekday, WaitEvent, Repeat, Task)
Place = tuple[str, int, str | None]


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
    closer: dict[Place, datetime | None] = {}
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
    _look(store, after, closer, found, now, tell)
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


def _closer(
    after: Book, new: Sequence, group: Group, place: Place, now: datetime
) -> Iterator[tuple[Place, datetime | None]]:
    """Whether the people of a group must be looked at one by one, and only those due by some instant."""
    old = after.older.get((new.name, group.version))
    if old is None or group.step is None or group.undecided:
        return
    if asks_anew(old, new):
        yield place, None
        return
    if group.landing.moved_on:
        yield place, None
        return
    before, today = old.nodes.get(group.step), new.nodes.get(group.landing.step or "")
    if before is None or today is None or same_work(before.step, today.step):
        return
    if type(before.step) is not type(today.step) or isinstance(today.step, _TIMED):
        bound = shorter_by(before.step, today.step)
        if bound is None:
            yield place, None
        elif bound > timedelta(0):
            yield place, now + bound + _SLACK


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


def _look(
    store: Store, after: Book, closer: Mapping[Place, datetime | None], found: People, now: datetime, tell: Tell
) -> None:
    """Open everybody who must be looked at under the new book, and see what their move means."""
    if not closer:
        return
    limits = {place: until for place, until in closer.items() if until is not None}
    ids = store.applications.people_on(list(closer), limits)
    done = 0
    for page in pages(ids):
        with uncollected():
            for person, _ in store.people(page, now):
                _one(after, person, found, now)
        done += len(page)
        tell(done)


def _one(after: Book, person: Person, found: People, now: datetime) -> None:
    draft = Draft(after, person)
    draft.asof = max(draft.asof, now)
    for inside, moved, arrival in retime(draft):
        group = _of(found, inside.sequence, moved.old_version, moved.stood_on)
        if group is None:
            continue
        if not inside.running and inside.ending.startswith(Why.stopped.value):
            group.ends += 1
        elif arrival.at_once:
            group.at_once += 1
            group.within_the_hour += arrival.due is not None and arrival.due <= now + HOUR
        if inside.running:
            _fits(draft, inside, moved.old, found, now)


def _of(found: People, name: str, version: int, step: str) -> Group | None:
    mine = (one for one in found.groups.get(name, ()) if one.version == version and one.step == step)
    return next(mine, None)


def _fits(draft: Draft, inside: Inside, old: Sequence, found: People, now: datetime) -> None:
    """Whether a `while` that is new holds for one who goes on; it is asked at their next step."""
    condition = inside.book_sequence.while_
    if condition is None or (old.while_ is not None and old.while_.text == condition.text):
        return
    found.looked[inside.sequence] += 1
    found.unfit[inside.sequence] += not truth(condition, draft.scene(now, inside))
