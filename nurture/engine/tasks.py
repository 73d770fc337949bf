"""Tasks before the shop's people: what is due and for whom, and what they do with one (language.md 4.3)."""

from collections.abc import Iterator
from datetime import date, datetime
from difflib import get_close_matches

from nurture import observe
from nurture.engine.faults import MisuseError, RefusedError
from nurture.engine.letters import answered
from nurture.engine.shop_day import today
from nurture.engine.short_keys import KEY_SHOWN, key_meant
from nurture.engine.workshop import Workshop
from nurture.model.book import Book
from nurture.model.rules import Rules
from nurture.model.values import dataclass
from nurture.store.desk import desk
from nurture.store.tasks import Errand


@dataclass(frozen=True, slots=True)
class Shown:
    """One task as people and --json see it. `late` counts the days since it was due; days are the shop's."""

    key: str
    text: str
    about: str
    to: str
    due_on: date
    late: int
    sequence: str
    step: str
    taken_by: str
    done_by: str
    done_at: datetime | None
    words: str
    note: str

    def lines(self) -> Iterator[str]:
        """When, who for, about whom and what; below it, what else is to know."""
        yield f"  {self.key[:KEY_SHOWN]}  {self.when:<22}  for {self.to:<10}  {self.about:<16}  {self.text}"
        if self.note:
            yield f"  {'':<{KEY_SHOWN}}  {self.note}"

    @property
    def when(self) -> str:
        """`Tue 2 Mar, 3 days late`."""
        if self.done_at is not None:
            return f"done by {self.done_by}"
        day = f"{self.due_on:%a} {self.due_on.day} {self.due_on:%b}"
        if self.late < 0:
            return day
        days = "day" if self.late == 1 else "days"
        return f"{day}, {self.late} {days} late" if self.late else f"{day}, today"


@dataclass(frozen=True, slots=True)
class Listing:
    """The tasks, overdue first."""

    tasks: tuple[Shown, ...]
    overdue: int

    def lines(self) -> Iterator[str]:
        """For people."""
        if not self.tasks:
            yield "Nothing to do."
            return
        late = f", {self.overdue:,} late" if self.overdue else ""
        yield f"{len(self.tasks):,} task{'' if len(self.tasks) == 1 else 's'}{late}"
        for one in self.tasks:
            yield from one.lines()


def listing(shop: Workshop, rules: Rules, now: datetime, limit: int, mine: str = "", done: bool = False) -> Listing:
    """What is to be done, overdue first; with `mine` what is for that person or taken by them, with `done` also that.

    A name of rules.people stands for every name with the same address. MisuseError for a name that nobody has.
    """
    doors, names = desk(shop.store).tasks, meant_by(rules, mine)
    found = [*doors.open(limit, names), *(doors.done(limit, names) if done else ())]
    if mine and not found and mine not in dict(rules.people):
        near = get_close_matches(mine, dict(rules.people), n=1)
        cure = f"did you mean '{near[0]}'?" if near else f"there are: {', '.join(dict(rules.people)) or 'none'}"
        raise MisuseError(f"rules.yaml names nobody '{mine}' under people; {cure}")
    labels = shop.store.labels([one.person for one in found])
    shown_ = tuple(shown(one, labels[one.person], today(rules, now), now) for one in found)
    return Listing(shown_, sum(one.late > 0 for one in shown_ if one.done_at is None))


def meant_by(rules: Rules, name: str) -> frozenset[str]:
    """Every name under which somebody gets tasks; none for no name."""
    if not name:
        return frozenset()
    people = dict(rules.people)
    return frozenset({name, *(other for other, address in people.items() if address == people.get(name))})


def shown(one: Errand, label: str, day: date, now: datetime) -> Shown:
    """A task with what people call the one it is about."""
    return Shown(
        one.key, one.text, label, one.owner, one.due_on, (day - one.due_on).days, one.sequence, one.step, one.taken_by,
        one.done_by, one.done_at, one.words, "; ".join(notes(one, now)),
    )  # fmt: skip


def notes(one: Errand, now: datetime) -> Iterator[str]:
    """What else is to know of a task: who has it, and whether anything still waits for it."""
    if one.done_at is not None:
        if one.words:
            yield one.words
        return
    if one.taken_by:
        yield f"taken by {one.taken_by}"
    if one.ended:
        yield f"{one.sequence} has ended: {one.ended}"
    elif one.held_until is not None and one.held_until <= now:
        yield f"{one.sequence} went on without it"
    elif one.held_until is not None:
        yield f"{one.sequence} waits for it until {one.held_until:%Y-%m-%d %H:%M} UTC"


def do(shop: Workshop, book: Book, act: str, prefix: str, who: str, words: str, now: datetime) -> str:
    """`take` or `done` of one task, in words; a letter's is answered so. RefusedError when another was quicker."""
    doors = desk(shop.store).tasks
    key = key_meant(doors.keys_like, prefix, "task", "nurture tasks")
    also = answered(shop, book, desk(shop.store).replies.of_task(key)) if act == "done" else ()
    done = doors.take(key, who, now) if act == "take" else doors.finish(key, who, words, now, also)
    one = doors.one(key)
    if one is None:
        raise MisuseError(f"the task {key[:KEY_SHOWN]} is gone.")
    if not done:
        by = f"done by {one.done_by}" if one.done_at is not None else f"taken by {one.taken_by}"
        raise RefusedError(f"{key[:KEY_SHOWN]} is {by} already: {one.text}")
    observe.note(observe.TASK_BY_HAND, act=act)
    goes_on = one.held_until is not None and one.held_until > now and not one.ended
    more = f"; {one.sequence} goes on with the next round" if act == "done" and goes_on else ""
    more += "".join(f"; {event.name} is recorded" for event in also)
    return f"{'taken' if act == 'take' else 'done'} by {who}: {one.text}{more}"
