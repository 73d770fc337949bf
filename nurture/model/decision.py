"""What `advance` answers: effects to carry out, reasons to keep, and when to ask again."""

from collections.abc import Mapping
from dataclasses import field
from datetime import date, datetime
from enum import Enum

from nurture.model.event import Event
from nurture.model.length import Length
from nurture.model.person import Person
from nurture.model.place import Place
from nurture.model.values import dataclass


class Why(Enum):
    """The closed list of reasons; each word is also what files, tables and messages print."""

    # starting (6.4)
    started = "started"
    closed = "closed"
    refused = "refused"
    too_old = "too old"
    already = "already"
    once_only = "once only"
    too_soon = "too soon"
    limit = "limit"
    already_inside = "already inside"
    queued = "queued"
    condition = "condition"
    late = "late"
    # a message
    sent = "sent"
    moved = "moved"
    held = "held"
    capped = "capped"
    muted = "muted"
    expired = "expired"
    no_consent = "no_consent"
    no_address = "no_address"
    spared = "spared"
    suppressed = "suppressed"
    broken = "broken"
    held_out = "held_out"
    solemn_day = "solemn day"
    balance = "balance"
    had_enough = "had_enough"
    over_budget = "over_budget"
    out_of_codes = "out_of_codes"
    no_rung = "no rung"
    dropped = "dropped"
    not_asked = "not_asked"
    cancelled = "cancelled"
    sunset = "sunset"  # they did nothing of their own for very long
    had_before = "had before"  # by the contact that was merged into this one
    # a mail that was handed over (6.11)
    in_doubt = "in doubt"
    sent_again = "sent again in doubt"
    fate_unknown = "fate unknown"
    by_hand = "by hand"
    # leaving (6.5)
    finished = "finished"
    goal = "goal"
    stopped = "stopped"
    no_longer_fits = "no longer fits"
    ended_capped = "ended: capped"
    ended_muted = "ended: muted"
    ended_no_consent = "ended: no consent"
    restarted = "restarted"
    date_moved = "date moved"
    removed = "removed"
    erased = "erased"
    merged = "merged"  # the other contact that is this one was in it already
    # beside a sequence
    stage = "stage"
    branch = "branch"
    undone = "undone"
    came = "came"
    timed_out = "timed_out"
    came_too_late = "came too late"
    way = "way"
    gift = "gift"
    task = "task"
    webhook = "webhook"
    version = "version"  # an apply moved them to another version


STARTS = frozenset(
    {
        Why.started, Why.closed, Why.refused, Why.too_old, Why.already, Why.once_only, Why.too_soon,
        Why.limit, Why.already_inside, Why.queued, Why.condition, Why.late,
    }
)  # fmt: skip
MESSAGES_NOT_SENT = frozenset(
    {
        Why.capped, Why.muted, Why.expired, Why.no_consent, Why.no_address, Why.spared, Why.suppressed,
        Why.broken, Why.not_asked, Why.cancelled, Why.held_out, Why.solemn_day, Why.balance, Why.had_enough,
        Why.over_budget, Why.out_of_codes, Why.no_rung, Why.dropped, Why.had_before,
        Why.sunset,
    }
)  # fmt: skip
ENDINGS = frozenset(
    {
        Why.finished, Why.goal, Why.stopped, Why.no_longer_fits, Why.ended_capped, Why.ended_muted,
        Why.ended_no_consent, Why.restarted, Why.date_moved, Why.removed, Why.erased, Why.merged,
    }
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Look:
    """One thing that was looked at: the author's words, what was found, and the answer in plain words."""

    what: str
    found: str
    answer: str


@dataclass(frozen=True, slots=True)
class Reason:
    """Why something did or did not happen to one person: wanted and found, at the author's place."""

    why: Why
    at: datetime
    due_at: datetime | None = None
    sequence: str = ""
    version: int = 0
    subject: str = ""
    step: str = ""
    mail: str = ""
    words: str = ""
    until: datetime | None = None
    looks: tuple[Look, ...] = ()
    place: Place | None = None


@dataclass(frozen=True, slots=True)
class Intent:
    """A mail that was decided on. `key` is the send key (6.11): no version, template, class or time in it.

    `day` is the local date it counts for, `zone` the reader's zone and `rung` how that was
    known (6.8). `variables` are the step's `with`, worked out; `variant` names a folder of the mail.
    """

    key: str
    person: str
    sequence: str
    version: int
    subject: str
    step: str
    mail: str
    class_: str
    topic: str
    theme: str
    due_at: datetime
    decided_at: datetime
    valid_until: datetime
    day: date
    zone: str
    rung: str
    address: str
    variables: Mapping[str, object] = field(default_factory=dict)
    variant: str = ""
    offered: str = ""  # ladder and rung, `beans.sampler`
    approve: str = ""
    valid_for: Length | None = None
    gifts: tuple["Carried", ...] = ()


@dataclass(frozen=True, slots=True)
class Carried:
    """A reserved gift that a mail carries: drawn when it is handed over, and put into the mail's variables.

    `code` and `expires_on` name the variables that show them (empty: not shown); `valid` counts from the hand-over.
    `without` says that the mail goes without it when there is none.
    """

    key: str
    gift: str
    code: str = ""
    expires_on: str = ""
    valid: Length | None = None
    without: bool = False


@dataclass(frozen=True, slots=True)
class TaskIntent:
    """A task for a person of the shop; `key` is unique for ever, `due_on` a date in the shop's zone."""

    key: str
    person: str
    sequence: str
    version: int
    subject: str
    step: str
    text: str
    to: str
    made_at: datetime
    due_on: date
    held_until: datetime | None = None


@dataclass(frozen=True, slots=True)
class WebhookIntent:
    """A call of somebody's endpoint; `key` goes along as its Idempotency-Key. `timeout` is in seconds."""

    key: str
    person: str
    sequence: str
    version: int
    subject: str
    step: str
    endpoint: str
    body: Mapping[str, object]
    retry: int
    timeout: int
    made_at: datetime


@dataclass(frozen=True, slots=True)
class Decision:
    """The answer of `advance`.

    `events` are events of nurture's own that the steps made (tags, facts set); they are
    already folded into `person`. `wake` is the next instant at which anything can change by
    itself; `agenda` the same without what the store finds by scanning (days and fixed lapses).
    """

    person: Person
    intents: tuple[Intent, ...] = ()
    events: tuple[Event, ...] = ()
    reasons: tuple[Reason, ...] = ()
    wake: datetime | None = None
    agenda: datetime | None = None
    tasks: tuple[TaskIntent, ...] = ()
    webhooks: tuple[WebhookIntent, ...] = ()
