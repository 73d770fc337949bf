"""The steps of a sequence, and the table that says what follows what (language.md 4.3)."""

from datetime import time

from nurture.model.expression import Condition, Expression
from nurture.model.length import Length
from nurture.model.place import Place
from nurture.model.values import dataclass


@dataclass(frozen=True, slots=True)
class Window:
    """Days of the week (0 is Monday; empty is every day) and hours in which messages may go."""

    days: frozenset[int] = frozenset()
    start: time = time(0, 0)
    end: time = time(23, 59, 59)


@dataclass(frozen=True, slots=True)
class Text:
    """A text with values in it, such as a task's: words and expressions in turn."""

    source: str
    parts: tuple["str | Expression", ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """What every step carries; the id is written or derived (4.3), never an index.

    `was` is an earlier id, `lineage` the first it ever had (empty: its own); the lineage is in the send key (6.11).
    """

    id: str
    place: Place
    condition: Condition | None = None
    note: str = ""
    was: str = ""
    lineage: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Send(Step):
    """`send: mail`. Class, topic, theme and window are resolved against the sequence when loaded.

    `variant` names a folder of the mail that is looked in first; `variant_from` works that name out.
    `approve` names the person (rules `people`) who must approve the draft before it goes (section 15).
    """

    mail: str
    class_: str
    topic: str = ""
    theme: str = ""
    variables: tuple[tuple[str, Expression], ...] = ()
    variant: str = ""
    variant_from: Expression | None = None
    window: Window | None = None
    valid_for: Length
    at_once: bool = False
    approve: str = ""
    if_capped: str = "later"
    if_muted: str = "later"
    if_no_consent: str = "skip"
    fixed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer(Send):
    """`ladder: beans` with its `mail`: sends the first rung that fits (6.13)."""

    ladder: str


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


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitEvent(Step):
    """`wait: {event: [..], if, up_to: 7 days}` with `then` (it came) and `else` (it did not)."""

    events: tuple[str, ...]
    fits: Condition | None = None
    up_to: Length
    then: tuple["AnyStep", ...] = ()
    otherwise: tuple["AnyStep", ...] = ()


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


@dataclass(frozen=True, slots=True)
class Way:
    """One way of a split, with its share of the people."""

    name: str
    weight: int
    steps: tuple["AnyStep", ...]
    place: Place


@dataclass(frozen=True, slots=True, kw_only=True)
class Split(Step):
    """`split`: the way is a hash of project, sequence lineage, split and person (6.12); `fresh` adds the subject.

    `measured` is the event that the ways are compared by, within so long after it.
    """

    ways: tuple[Way, ...]
    fresh: bool = False
    measured: str = ""
    measured_within: Length | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Gift(Step):
    """`gift: birthday_bag` reserves one; its code is drawn when a mail that carries it is handed over (6.11).

    When there is none for this person, `if_none` says of the mails that carry it: skip them, go on without, or stop.
    """

    gift: str
    valid: Length | None = None
    if_none: str = "skip"


@dataclass(frozen=True, slots=True, kw_only=True)
class Task(Step):
    """`task: "Ring .."` for a person of the shop; `due` in working days of the shop; with `hold` the flow waits."""

    text: Text
    to: str
    due: Length
    hold: Length | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Webhook(Step):
    """`webhook: endpoint`: a POST; done when answered or given up. `save_as` keeps the answer as a fact."""

    endpoint: str
    body: tuple[tuple[str, Expression], ...] = ()
    retry: int = 3
    timeout: Length
    save_as: str = ""
    if_fails: str = "go_on"


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
class MoveTo(Step):
    """`move_to: lapsed` with `pin: 365 days`: puts the person into a stage, and keeps them there so long."""

    stage: str
    pin: Length | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Enrol(Step):
    """`enrol: other_sequence`, asked like a manual start."""

    sequence: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Repeat(Step):
    """`repeat: {times, every, until}` with its steps: round k begins at the start of round 1 + (k - 1) x every."""

    times: int
    every: Length
    until: Condition | None = None
    steps: tuple["AnyStep", ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Stop(Step):
    """`stop: reason`."""

    reason: str


AnyWait = WaitLength | WaitDay | WaitUntil | WaitWeekday
AnyStep = (
    Send
    | Offer
    | WaitLength
    | WaitDay
    | WaitUntil
    | WaitWeekday
    | WaitEvent
    | Branch
    | Split
    | Gift
    | Task
    | Webhook
    | Tag
    | Untag
    | Set
    | MoveTo
    | Enrol
    | Repeat
    | Stop
)


@dataclass(frozen=True, slots=True)
class Node:
    """A step with what comes after it, and the first step of each of its ways.

    Of a branch and a split these are the arms in order; of a wait for an event `then` and `else`; of a repeat its
    body, whose last step leads back to the repeat. `round_of` is the id of the repeat that the step stands in.
    """

    step: AnyStep
    next: str | None
    arms: tuple[str | None, ...] = ()
    round_of: str = ""


def inner(step: AnyStep) -> tuple[tuple[AnyStep, ...], ...]:
    """The lists of steps inside a step, in the order of `Node.arms`."""
    match step:
        case Branch():
            return tuple(arm.steps for arm in step.arms)
        case Split():
            return tuple(way.steps for way in step.ways)
        case WaitEvent():
            return (step.then, step.otherwise)
        case Repeat():
            return (step.steps,)
    return ()


def flow(steps: tuple[AnyStep, ...], after: str | None = None, round_of: str = "") -> dict[str, Node]:
    """The steps as a table by id: an arm's last step leads to what follows its branch, a round's to its repeat."""
    table: dict[str, Node] = {}
    for place, step in enumerate(steps):
        following = steps[place + 1].id if place + 1 < len(steps) else after
        back, round_ = (step.id, step.id) if isinstance(step, Repeat) else (following, round_of)
        ways = inner(step)
        arms = tuple(way[0].id if way else back for way in ways)
        table[step.id] = Node(step, following, arms, round_of)
        for way in ways:
            table.update(flow(way, back, round_))
    return table
