"""What can start a sequence, and who may start again (language.md 4.2 and 4.4)."""

from datetime import date, time

from nurture.model.expression import Condition
from nurture.model.length import Length
from nurture.model.place import Place
from nurture.model.rules import FRESH, SETTLE
from nurture.model.values import dataclass


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
    """`day: person.birthday, every: year, lead: 7 days`; path without its root: ('person', 'birthday').

    With `per` the day is a field of that kind of thing, such as ('subscription', 'renews_on'), once for each of them.
    """

    path: tuple[str, ...]
    yearly: bool = False
    lead: Length | None = None
    per: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class HolidayTrigger(Trigger):
    """`holiday: [christmas, diwali]`: each named day that the person observes, dated for their country.

    `observed_by` is the fact (tags) that names what they observe, empty for days that are not religious;
    `country` the fact (text) whose country's date counts.
    """

    days: tuple[str, ...]
    observed_by: tuple[str, ...] = ()
    country: tuple[str, ...] = ("person", "country")
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
    """`stage: vip` or `stage_left: lapsed`, also for a moment: entering or leaving it by new evidence."""

    stage: str
    left: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class EveryTrigger(Trigger):
    """`every: week, weekday: mon, at: 08:30` on each reader's own clock; 0 is Monday."""

    weekday: int
    at: time


@dataclass(frozen=True, slots=True, kw_only=True)
class OnceTrigger(Trigger):
    """`once: 2027-03-02 10:00`: a broadcast, each on their own clock."""

    day: date
    at: time


@dataclass(frozen=True, slots=True, kw_only=True)
class ManualTrigger(Trigger):
    """`manual: true`: only by `nurture enrol`, an `enrol` step or the API."""


AnyTrigger = (
    EventTrigger
    | DayTrigger
    | HolidayTrigger
    | LapseTrigger
    | StageTrigger
    | EveryTrigger
    | OnceTrigger
    | ManualTrigger
)


@dataclass(frozen=True, slots=True)
class Again:
    """Who may start again, and when (4.4). `per` is person, event, occurrence, a thing or a field of the event."""

    never: bool = False
    per: str = ""
    running: str = "ignore"
    gap: Length | None = None
    limit: tuple[int, Length] | None = None
