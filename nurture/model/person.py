"""One contact as known at an instant: facts, history, consent, enrolments and messages had."""

from collections.abc import Mapping
from dataclasses import field
from datetime import date, datetime
from decimal import Decimal

from nurture.model.event import Event
from nurture.model.values import dataclass


@dataclass(frozen=True, slots=True)
class Orders:
    """What follows from the orders that were not undone; days are dates in the reader's zone, ascending."""

    days: tuple[date, ...] = ()
    first_at: datetime | None = None
    last_at: datetime | None = None
    total: Decimal = Decimal(0)
    others: tuple[tuple[str, Decimal], ...] = ()  # amounts in other currencies, not added

    @property
    def count(self) -> int:
        """The number of days on which something was bought (catalogue `orders`)."""
        return len(self.days)


@dataclass(frozen=True, slots=True)
class Consent:
    """A person's answer for one topic: given or refused, since when, and on what basis.

    A consent that expires is none from `until` on (UTC), such as the implied one of CASL (email.md 4.3).
    """

    given: bool
    since: datetime
    basis: str = ""
    until: datetime | None = None

    def holds(self, now: datetime) -> bool:
        """Whether it is a consent, and still one."""
        return self.given and (self.until is None or now < self.until)


@dataclass(frozen=True, slots=True)
class StageState:
    """The stage a person is in.

    `keep_until` is set while the rule no longer holds but `keep_for` keeps them; `check_at` is
    the next instant at which time alone may move them; `rules` tells by which stage rules.
    """

    id: str
    since: datetime
    keep_until: datetime | None = None
    check_at: datetime | None = None
    rules: str = ""
    pinned_until: datetime | None = None  # a `move_to` step put them here; no rule moves them before


@dataclass(frozen=True, slots=True)
class Firing:
    """A trigger that fired and is settling, or is parked behind a running enrolment (6.4)."""

    sequence: str
    trigger: int
    fired_at: datetime
    settles_at: datetime
    day0: date
    name: str
    subject: str = ""
    event: Event | None = None
    parked: bool = False
    thing: str = ""  # the key of the thing it is about, such as a subscription's


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of one step, and when it was done."""

    step: str
    outcome: str
    at: datetime
    round: int = 1


@dataclass(frozen=True, slots=True)
class Round:
    """How far a repeat has come: its id, the round they are in, and when round 1 began."""

    repeat: str
    number: int
    began_at: datetime


@dataclass(frozen=True, slots=True)
class Reserved:
    """A gift that a step reserved for this enrolment.

    `state` is waiting until a mail that carries it was handed over, then given; or why there is none: had_enough,
    over_budget, out_of_codes. `worth` is counted in the person's budget; instants are in UTC.
    """

    key: str
    step: str
    gift: str
    state: str
    at: datetime
    code: str = ""
    expires_on: date | None = None
    given_at: datetime | None = None
    used_at: datetime | None = None
    worth: Decimal = Decimal(0)


@dataclass(frozen=True, slots=True)
class Enrolment:
    """One person in one sequence about one subject; kept when ended, for re-entry (6.4).

    `step` is the id of the step they stand on. While `due_at` is set they wait for it: on a
    wait step until it is over, on a send step (`holding`) until the message is judged again.
    `done_at` is when the previous step was done. `message_due` is when the pending message fell due.
    """

    sequence: str
    subject: str
    ordinal: int
    version: int
    started_at: datetime
    day0: date
    name: str = ""
    trigger: int = 0
    event: Event | None = None
    step: str | None = None
    done_at: datetime | None = None
    due_at: datetime | None = None
    message_due: datetime | None = None
    outcomes: tuple[Outcome, ...] = ()
    ended_at: datetime | None = None
    ending: str = ""
    goal_at: datetime | None = None
    thing: str = ""  # the key of the thing it is about
    answer: Event | None = None  # the event that answered the last wait for events: `event.*`
    rounds: tuple[Round, ...] = ()
    gifts: tuple[Reserved, ...] = ()
    waits_for: str = ""  # the key of the task or webhook that the flow waits for

    @property
    def running(self) -> bool:
        """Whether it has not ended."""
        return self.ended_at is None

    @property
    def identity(self) -> tuple[str, str]:
        """Unique for one person."""
        return (self.sequence, self.subject)


@dataclass(frozen=True, slots=True)
class Message:
    """A mail a person had: committed for hand-over. `day` is the local date it counts for; class as stamped."""

    key: str
    sequence: str
    subject: str
    step: str
    mail: str
    class_: str
    topic: str
    due_at: datetime
    at: datetime
    day: date
    address: str = ""
    cancelled: bool = False
    offered: str = ""  # ladder and rung of an offer, `beans.sampler`
    clicked_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Armed:
    """A start that will fire by itself at `at` unless something changes first; `thing` is the key of what it is about.

    `name` is the firing's: `start.name` in conditions and mails.
    """

    at: datetime
    sequence: str
    trigger: int
    day0: date
    name: str = ""
    thing: str = ""


@dataclass(frozen=True, slots=True)
class Alarms:
    """What is armed for one person under one book: derived, never stored; None means not worked out.

    What rings later than `until` is left out; without it nothing is.
    """

    book: object
    armed: tuple[Armed, ...]
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Person:
    """Everything `advance` may know of one contact; cut at `asof`, so the future is not there to be read."""

    id: str
    asof: datetime
    facts: Mapping[str, object] = field(default_factory=dict)
    tags: frozenset[str] = frozenset()
    address: str = ""
    address_state: str = "ok"
    consents: Mapping[str, Consent] = field(default_factory=dict)
    refused_all: bool = False
    spared: frozenset[str] = frozenset()
    suppressed: str = ""
    erased: bool = False
    events: tuple[Event, ...] = ()
    orders: Orders = Orders()
    stage: StageState | None = None
    moments: frozenset[str] = frozenset()
    moments_check_at: datetime | None = None
    firings: tuple[Firing, ...] = ()
    enrolments: tuple[Enrolment, ...] = ()
    messages: tuple[Message, ...] = ()
    things: Mapping[str, Mapping[str, Mapping[str, object]]] = field(default_factory=dict)  # by kind, then by key
    numbers: Mapping[str, tuple[datetime, Mapping[str, object]]] = field(default_factory=dict)  # told when, and what
    wrote_at: datetime | None = None  # when they last wrote to us, by their own hand
    tracked: bool = False  # they agreed that opens and clicks are told apart by person
    formerly: tuple[str, ...] = ()  # ids of the contacts that were merged into this one: their send keys count
    alarms: Alarms | None = field(default=None, compare=False, repr=False)
