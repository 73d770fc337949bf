"""The house rules, written once and true for all sequences (language.md 3, rules.yaml)."""

from datetime import time

from nurture.model.catalogue import Limit, Mute
from nurture.model.expression import Condition
from nurture.model.keeping import AS_USUAL, Keep
from nurture.model.length import Length, Unit
from nurture.model.letter import Kind
from nurture.model.values import dataclass

TO_ANSWER = Length(2, Unit.working_day)
CLASSES = ("service", "care", "celebration", "news", "offer")


@dataclass(frozen=True, slots=True)
class Sender:
    """Who speaks: the From line and where answers go."""

    name: str
    address: str
    reply_to: str = ""


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of the day on the reader's clock, `from` inclusive, `to` exclusive; may cross midnight."""

    start: time
    end: time

    def holds(self, clock: time) -> bool:
        """Whether a wall time lies inside."""
        if self.start <= self.end:
            return self.start <= clock < self.end
        return clock >= self.start or clock < self.end


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where a webhook goes: the names of the environment variables that hold its address and its key.

    `private` allows an address inside the shop's own network; without it only public ones are called.
    """

    name: str
    url_env: str
    key_env: str = ""
    private: bool = False


@dataclass(frozen=True, slots=True)
class Balance:
    """At most so many offers for every `per` mails that give something, within so long (section 15)."""

    offers: int
    per: int
    within: Length


@dataclass(frozen=True, slots=True)
class Silence:
    """Who heard nothing but offers for so long is enrolled in a sequence (section 15)."""

    at_most: Length
    start: str


@dataclass(frozen=True, slots=True)
class Sunset:
    """Who had at least so many mails and did nothing of their own for so long gets none of these classes any more."""

    after: Length
    mails: int
    classes: frozenset[str] = frozenset({"news", "offer"})


@dataclass(frozen=True, slots=True)
class Answer:
    """What becomes of letters of one kind. Empty or None: as `Replies` says.

    `event` is the event of the catalogue that such a letter is, `answered` the one that its answer is; `words` are the
    shop's own by which letters are held for this kind.
    """

    to: str = ""
    due: Length | None = None
    event: str = ""
    answered: str = ""
    words: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Replies:
    """Who of `people` answers letters, until when, and what a letter of each kind is; `to` may be empty."""

    to: str = ""
    due: Length = TO_ANSWER
    stop_words: tuple[str, ...] = ()
    kinds: tuple[tuple[Kind, Answer], ...] = ()

    def of(self, kind: Kind) -> Answer:
        """What is said about letters of that kind."""
        return dict(self.kinds).get(kind, Answer())

    @property
    def words(self) -> dict[Kind, tuple[str, ...]]:
        """The shop's own words by kind."""
        return {Kind.stop: self.stop_words, **{kind: one.words for kind, one in self.kinds}}


@dataclass(frozen=True, slots=True)
class Rules:
    """sequences/house/rules.yaml as a value."""

    project: str
    zone: str = "UTC"
    unknown_zone: str = "safe"
    locales: tuple[str, ...] = ("en",)
    leap_day: str = "feb-28"
    sender: Sender = Sender("", "")
    postal_address: str = ""
    classes: tuple[str, ...] = CLASSES
    quiet_hours: Span | None = None
    limits: tuple[Limit, ...] = ()
    mutes: tuple[Mute, ...] = ()
    min_gap: Length | None = None
    brake: int | None = None  # the most mails but service handed over in an hour; more are held
    senders: tuple[tuple[str, Sender, frozenset[str]], ...] = ()
    currency: str = "EUR"
    hold_out: int = 0
    seeds: tuple[str, ...] = ()
    people: tuple[tuple[str, str], ...] = ()  # who gets tasks, drafts and alarms: name and address
    endpoints: tuple[Endpoint, ...] = ()
    balance: Balance | None = None
    silence: Silence | None = None
    sunset: Sunset | None = None
    replies: Replies = Replies()
    keep: Keep = AS_USUAL
    language: int = 1


@dataclass(frozen=True, slots=True)
class Stage:
    """One place on the customer's line; the first whose rule holds is theirs."""

    id: str
    title: str
    enter: Condition
    keep_for: Length | None = None


@dataclass(frozen=True, slots=True)
class Moment:
    """Something that holds beside the stage for as long as its rule does."""

    id: str
    title: str
    while_: Condition


@dataclass(frozen=True, slots=True)
class Topic:
    """What a reader can unsubscribe from; basis is opt_in or customer (soft opt-in).

    `confirm` is the mail that asks somebody to confirm that they agreed (double opt-in).
    """

    id: str
    titles: tuple[tuple[str, str], ...] = ()
    basis: str = "opt_in"
    was: str = ""
    confirm: str = ""


@dataclass(frozen=True, slots=True)
class Theme:
    """What a reader can be spared, from every sequence."""

    id: str
    titles: tuple[tuple[str, str], ...] = ()
    was: str = ""


SETTLE = Length(10, Unit.minute)
FRESH = Length(2, Unit.day)
