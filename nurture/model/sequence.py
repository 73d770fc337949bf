"""A sequence: what starts it, who may enter, and its steps (language.md 4)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import time
from enum import Enum

from nurture.model.expression import Condition, Expression
from nurture.model.length import Length
from nurture.model.place import Place
from nurture.model.rules import FRESH, SETTLE
from nurture.model.switch import Switch


class Status(Enum):
    """draft never runs, live runs, closed lets people finish, paused sends nothing, stopped ends all inside (6.5).

    Nobody writes `stopped` in a file: `nurture stop` says it.
    """

    draft = "draft"
    live = "live"
    closed = "closed"
    paused = "paused"
    stopped = "stopped"


@dataclass(frozen=True, slots=True, kw_only=True)
class Trigger:
    """What every trigger may carry."""

    place: Place
    condition: Condition | None = None
    settle: Length = SETTLE
    fresh: Length = FRESH
    skip_if_late: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class EventTrigger(Trigger):
    """`event: order.delivered`."""

    event: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DayTrigger(Trigger):
    """`day: person.birthday, every: year, lead: 7 days`; path without its root: ('person', 'birthday')."""

    path: tuple[str, ...]
    yearly: bool = False
    lead: Length | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LapseTrigger(Trigger):
    """`lapse: order.placed` with `for`, or with a multiple of the person's own rhythm."""

    event: str
    length: Length | None = None
    rhythm: float | None = None
    at_least: Length | None = None
    at_most: Length | None = None
    if_unknown: Length | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class StageTrigger(Trigger):
    """`stage: vip`, also for a moment: entering it by new evidence."""

    stage: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ManualTrigger(Trigger):
    """`manual: true`: only by `nurture enrol` or the API."""


AnyTrigger = EventTrigger | DayTrigger | LapseTrigger | StageTrigger | ManualTrigger


@dataclass(frozen=True, slots=True)
class Again:
    """Who may start again, and when (4.4). `per` is person, event, occurrence or a field such as event.order_id."""

    never: bool = False
    per: str = ""
    running: str = "ignore"
    gap: Length | None = None
    limit: tuple[int, Length] | None = None


@dataclass(frozen=True, slots=True)
class Goal:
    """What the sequence hopes for; counted, and unless stop is false it ends the enrolment."""

    event: str
    within: Length | None = None
    condition: Condition | None = None
    stop: bool = True


@dataclass(frozen=True, slots=True)
class StopRule:
    """One entry of `stop_when`: an event, a condition, or both."""

    event: str = ""
    condition: Condition | None = None
    place: Place | None = None


@dataclass(frozen=True, slots=True)
class Window:
    """Days of the week (0 is Monday; empty is every day) and hours in which messages may go."""

    days: frozenset[int] = frozenset()
    start: time = time(0, 0)
    end: time = time(23, 59, 59)


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """What every step carries; the id is written or derived (4.3), never an index."""

    id: str
    place: Place
    condition: Condition | None = None
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Send(Step):
    """`send: mail`. Class, topic, theme and window are resolved against the sequence when loaded.

    `variant` names a folder of the mail that is looked in first.
    """

    mail: str
    class_: str
    topic: str = ""
    theme: str = ""
    variables: tuple[tuple[str, Expression], ...] = ()
    variant: str = ""
    window: Window | None = None
    valid_for: Length
    at_once: bool = False
    if_capped: str = "later"
    if_muted: str = "later"
    if_no_consent: str = "skip"
    fixed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitLength(Step):
    """`wait: 3 days` or `72 hours`, with `at` for calendar lengths; from the previous step's done."""

    length: Length
    at: time | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitDay(Step):
    """`wait: {until_day: 6, at: 10:00}`: counted from day 0."""

    day: int
    at: time = time(10, 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitUntil(Step):
    """`wait: {until: person.birthday, minus: 3 days, at: 10:00}`: a date read again whenever it changes."""

    path: tuple[str, ...]
    minus: Length | None = None
    at: time = time(10, 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitWeekday(Step):
    """`wait: {until_weekday: [sat], between: [09:00, 11:00], at_least: 1 day}`; 0 is Monday."""

    days: frozenset[int]
    start: time = time(0, 0)
    end: time = time(23, 59, 59)
    at_least: Length | None = None


@dataclass(frozen=True, slots=True)
class Arm:
    """One way of a branch; without a condition it is `else`."""

    condition: Condition | None
    steps: tuple["AnyStep", ...]
    place: Place


@dataclass(frozen=True, slots=True, kw_only=True)
class Branch(Step):
    """The first arm whose condition is true; none and no else goes on."""

    arms: tuple[Arm, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Tag(Step):
    """`tag: [reviewer]`."""

    tags: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Untag(Step):
    """`untag: [sleeping]`."""

    tags: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Set(Step):
    """`set: {person.vip_since: today}`; names without their `person.` root."""

    values: tuple[tuple[str, Expression], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Stop(Step):
    """`stop: reason`."""

    reason: str


AnyWait = WaitLength | WaitDay | WaitUntil | WaitWeekday
AnyStep = Send | WaitLength | WaitDay | WaitUntil | WaitWeekday | Branch | Tag | Untag | Set | Stop


@dataclass(frozen=True, slots=True)
class Node:
    """A step with what comes after it, and for a branch the first step of each arm."""

    step: AnyStep
    next: str | None
    arms: tuple[str | None, ...] = ()


def flow(steps: tuple[AnyStep, ...], after: str | None = None) -> dict[str, Node]:
    """The steps as a table by id: an arm's last step leads to what follows its branch."""
    table: dict[str, Node] = {}
    for place, step in enumerate(steps):
        following = steps[place + 1].id if place + 1 < len(steps) else after
        arms: tuple[str | None, ...] = ()
        if isinstance(step, Branch):
            arms = tuple(arm.steps[0].id if arm.steps else following for arm in step.arms)
        table[step.id] = Node(step, following, arms)
        if isinstance(step, Branch):
            for arm in step.arms:
                table.update(flow(arm.steps, following))
    return table


@dataclass(frozen=True, slots=True, kw_only=True)
class Sequence:
    """One file of sequences/. `stage` empty means `any`; `lineage` is the first name it ever had.

    `switch` is no word of the file: a pause or a stop that a person said of it; `status` shows it too.
    """

    name: str
    title: str
    place: Place
    class_: str
    status: Status
    start: tuple[AnyTrigger, ...]
    again: Again
    steps: tuple[AnyStep, ...]
    stage: tuple[str, ...] = ()
    serves: tuple[str, ...] = ()
    topic: str = ""
    theme: str = ""
    because: str = ""
    priority: int = 50
    while_: Condition | None = None
    stop_when: tuple[StopRule, ...] = ()
    goal: Goal | None = None
    window: Window | None = None
    about: str = ""
    owner: str = ""
    note: str = ""
    lineage: str = ""
    nodes: Mapping[str, Node] = field(default_factory=dict)
    pillars: tuple[str, ...] = ()  # language.md 15
    aims_at: str = ""
    switch: Switch | None = None

    @property
    def first(self) -> str | None:
        """The id of the first step."""
        return self.steps[0].id if self.steps else None
