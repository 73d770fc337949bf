"""A book looked up by what happens: which triggers listen to which event, date, silence or stage."""

from weakref import WeakKeyDictionary

from nurture.decide.conditions import facts_named
from nurture.decide.rhythm import in_dates
from nurture.model.book import Book
from nurture.model.catalogue import Catalogue
from nurture.model.moving import numbers_needed
from nurture.model.placing import stage_rules
from nurture.model.sequence import Sequence, Status
from nurture.model.switch import Switch, Word
from nurture.model.trigger import (
    DayTrigger,
    EventTrigger,
    EveryTrigger,
    HolidayTrigger,
    LapseTrigger,
    ManualTrigger,
    OnceTrigger,
    StageTrigger,
)
from nurture.model.values import dataclass


@dataclass(frozen=True, slots=True)
class Listening:
    """One trigger of one sequence that may start people."""

    sequence: Sequence
    number: int

    @property
    def rank(self) -> tuple[int, str, int]:
        """The order in which firings of one instant are looked at."""
        return (-self.sequence.priority, self.sequence.name, self.number)


@dataclass(frozen=True, slots=True)
class Index:
    """The listeners of one book; draft sequences never run and are not in it.

    `stages` is asked by stage or moment and whether it was left; `silence` is the house rule, in dates; `weekly`
    names the numbers without which nobody fits.
    What would fire for everybody (`holiday`, `every`, `once`) is not listened to by a closed sequence at all.
    """

    events: dict[str, tuple[tuple[Listening, EventTrigger], ...]]
    days: tuple[tuple[Listening, DayTrigger], ...]
    lapses: tuple[tuple[Listening, LapseTrigger], ...]
    lapse_events: frozenset[str]
    holidays: tuple[tuple[Listening, HolidayTrigger], ...]
    weekly: tuple[tuple[Listening, EveryTrigger, frozenset[str]], ...]
    broadcasts: tuple[tuple[Listening, OnceTrigger], ...]
    silence: tuple[Listening, int] | None
    stages: dict[tuple[str, bool], tuple[tuple[Listening, StageTrigger], ...]]
    manual: dict[str, int]
    mute_events: frozenset[str]
    order_events: frozenset[str]
    stage_rules: str
    mails_asked: bool
    placed_by: frozenset[str]
    armed_by: frozenset[str]
    rhythms: frozenset[tuple[str, int]]
    limits_reach: int
    stops: dict[str, Switch]


_INDEXES: WeakKeyDictionary[Book, Index] = WeakKeyDictionary()


def index(book: Book) -> Index:
    """The index of a book, made once for each."""
    found = _INDEXES.get(book)
    if found is None:
        found = _INDEXES[book] = _make(book)
    return found


def _make(book: Book) -> Index:
    events: dict[str, list[tuple[Listening, EventTrigger]]] = {}
    days: list[tuple[Listening, DayTrigger]] = []
    lapses: list[tuple[Listening, LapseTrigger]] = []
    holidays: list[tuple[Listening, HolidayTrigger]] = []
    weekly: list[tuple[Listening, EveryTrigger, frozenset[str]]] = []
    broadcasts: list[tuple[Listening, OnceTrigger]] = []
    stages: dict[tuple[str, bool], list[tuple[Listening, StageTrigger]]] = {}
    manual: dict[str, int] = {}
    running = [s for s in book.sequences.values() if s.status is not Status.draft]
    for sequence in sorted(running, key=lambda s: (-s.priority, s.name)):
        manual[sequence.name] = 0
        for number, trigger in enumerate(sequence.start):
            listening = Listening(sequence, number)
            match trigger:
                case EventTrigger():
                    events.setdefault(trigger.event, []).append((listening, trigger))
                case DayTrigger():
                    days.append((listening, trigger))
                case LapseTrigger():
                    lapses.append((listening, trigger))
                case HolidayTrigger() if sequence.status is not Status.closed:
                    holidays.append((listening, trigger))
                case EveryTrigger() if sequence.status is not Status.closed:
                    weekly.append((listening, trigger, _needed(trigger)))
                case OnceTrigger() if sequence.status is not Status.closed:
                    broadcasts.append((listening, trigger))
                case StageTrigger():
                    stages.setdefault((trigger.stage, trigger.left), []).append((listening, trigger))
                case ManualTrigger():
                    manual[sequence.name] = number
    orders = book.catalogue.orders
    return Index(
        events={name: tuple(listeners) for name, listeners in events.items()},
        days=tuple(days),
        lapses=tuple(lapses),
        lapse_events=frozenset(trigger.event for _, trigger in lapses),
        holidays=tuple(holidays),
        weekly=tuple(weekly),
        broadcasts=tuple(broadcasts),
        silence=_silence(book, manual),
        stages={name: tuple(listeners) for name, listeners in stages.items()},
        manual=manual,
        mute_events=frozenset(mute.after for mute in book.rules.mutes),
        order_events=frozenset((orders.event, *orders.undone_by)) if orders else frozenset(),
        stage_rules=stage_rules(book),
        mails_asked=_mails_asked(book),
        placed_by=_placed_by(book),
        armed_by=_armed_by(book, days, lapses, holidays).union(f"numbers.{n}" for *_, needed in weekly for n in needed),
        limits_reach=max((in_dates(limit.within) or 31 for limit in book.rules.limits), default=0),
        stops={s.name: s.switch for s in book.sequences.values() if s.switch and s.switch.word is Word.stop},
        rhythms=frozenset((one.sequence.name, one.number) for one, lapse in lapses if lapse.rhythm is not None),
    )


def _needed(trigger: EveryTrigger) -> frozenset[str]:
    return numbers_needed(trigger.condition.root) if trigger.condition is not None else frozenset()


def _placed_by(book: Book) -> frozenset[str]:
    """What must change for stage or moments to be asked anew; the reader's clock is in every rule with a date."""
    rules = [stage.enter for stage in book.stages] + [moment.while_ for moment in book.moments]
    return frozenset({"person.zone", "person.country"}).union(*(facts_named(r.root, book.catalogue) for r in rules))


def _silence(book: Book, manual: dict[str, int]) -> tuple[Listening, int] | None:
    """The sequence that the rule `silence` enrols in, and after how many dates; None while it runs nowhere."""
    rule = book.rules.silence
    sequence = book.sequences.get(rule.start) if rule is not None else None
    dates = in_dates(rule.at_most) if rule is not None else None
    if sequence is None or dates is None or sequence.status in (Status.draft, Status.closed):
        return None
    return Listening(sequence, manual[sequence.name]), dates


def _armed_by(
    book: Book, days: list[tuple[Listening, DayTrigger]], lapses: list[tuple[Listening, LapseTrigger]],
    holidays: list[tuple[Listening, HolidayTrigger]],
) -> frozenset[str]:  # fmt: skip
    """What must change for the next day, feast or silence to be another one."""
    named = {"erased"} | {".".join(trigger.path) for _, trigger in days} | {trigger.event for _, trigger in lapses}
    named |= {trigger.per for _, trigger in days if trigger.per}
    named |= {".".join(path) for _, trigger in holidays for path in (trigger.observed_by, trigger.country) if path}
    named |= {"messages", "consents"} if book.rules.silence is not None else set()
    orders = book.catalogue.orders
    return frozenset(named | {"person.orders"} if orders is not None and orders.event in named else named)


def _mails_asked(book: Book) -> bool:
    """Whether a stage, a moment or a `stop_when` of any version asks which mails somebody had."""
    rules = [stage.enter for stage in book.stages] + [moment.while_ for moment in book.moments]
    sequences = (*book.sequences.values(), *book.older.values())
    asked = [facts_named(rule.root, book.catalogue) for rule in rules]
    return any("messages" in named for named in (*asked, *(stops_on(each, book.catalogue) for each in sequences)))


def stops_on(sequence: Sequence, catalogue: Catalogue) -> frozenset[str]:
    """The facts whose change makes a `stop_when` without an event worth asking."""
    rules = [rule.condition for rule in sequence.stop_when if rule.condition and not rule.event]
    return frozenset().union(*(facts_named(condition.root, catalogue) for condition in rules))
