"""`preview --timeline`: one sequence told day by day, with its branches as a tree and what ends it (language.md 11.3).

Days count from day 0 and are those by which the checker judges a sequence (language.md 9.4); what a limit or a
quiet hour would move is not in them, for that depends on the reader.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import time

from nurture.decide.explain import WEEKDAYS
from nurture.engine.unstarted import trigger_words
from nurture.language.lint_days import FAR, days_of
from nurture.language.lint_flow import OFFER, SERVICE, always_stops
from nurture.model.sequence import Sequence, Status, StopRule
from nurture.model.step import (
    AnyStep,
    Arm,
    Branch,
    Send,
    Set,
    Stop,
    Tag,
    Untag,
    WaitDay,
    WaitLength,
    WaitUntil,
    WaitWeekday,
    Window,
)
from nurture.model.trigger import DayTrigger, LapseTrigger

NARROWEST = 24  # letters of the column in which the mails stand
STATUS_WORDS = {
    Status.draft: "a draft: it never runs",
    Status.closed: "closed: nobody starts any more",
    Status.paused: "paused: it sends nothing",
    Status.stopped: "stopped: nobody is inside",
}
CAPPED_WORDS = {"skip": "dropped if limits are full", "stop": "ends it if limits are full"}


@dataclass(frozen=True, slots=True)
class Stand:
    """When somebody can stand at a step: an interval of days from day 0, or words where a date rules it."""

    earliest: int
    latest: int
    clock: str = ""
    date: str = ""

    @property
    def words(self) -> str:
        """`day 6`, `day 3 to 9`, `from day 4`, or the date's own words."""
        if self.date:
            return self.date
        if self.latest >= FAR:
            return f"from day {self.earliest}"
        return f"day {self.earliest}" + (f" to {self.latest}" if self.latest > self.earliest else "")


@dataclass(frozen=True, slots=True)
class Row:
    """One line: when, the lines of the tree before it, what is done there, of which class, and what else is to say."""

    when: str
    clock: str
    tree: str
    what: str
    class_: str = ""
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Timeline:
    """A sequence as it unfolds. `messages` and `offers` are the most on any one way through."""

    sequence: str
    title: str
    status: str
    starts: tuple[str, ...]
    rows: tuple[Row, ...]
    ends: tuple[str, ...]
    messages: int
    offers: int

    def lines(self) -> Iterator[str]:
        """For people, as language.md 11.3 prints it."""
        day = max([len("day 0"), *(len(row.when) for row in self.rows)])
        clock = max([0, *(len(row.clock) for row in self.rows)])
        what = max([NARROWEST, *(len(row.tree + row.what) for row in self.rows if row.class_)])
        kind = max([0, *(len(row.class_) for row in self.rows)])
        yield f"{self.sequence}: {self.title}" + (f" ({self.status})" if self.status else "")
        for number, start in enumerate(self.starts):
            yield f"{'or' if number else 'day 0':<{day}}  {start}"
        for row in self.rows:
            head = f"{row.when:<{day}}  {row.clock:<{clock}}  {row.tree}{row.what}"
            wide = day + clock + 4 + what
            notes = "; ".join(row.notes)
            yield f"{head:<{wide}}  {row.class_:<{kind}}  {notes}".rstrip()
        yield from self.ends
        plural = "" if self.messages == 1 else "s"
        selling = "nothing is sold here" if not self.offers else f"{self.offers} of them sell{'s' * (self.offers == 1)}"
        yield f"at most {self.messages} message{plural} on any way through; {selling}"


def timeline(sequence: Sequence) -> Timeline:
    """Tell a sequence as its file has it; nothing is asked of any person or clock."""
    rows, _ = walked(sequence.steps, beginning(sequence), "")
    return Timeline(
        sequence.name,
        sequence.title,
        STATUS_WORDS.get(sequence.status, ""),
        tuple(starts(sequence)),
        tuple(without_repeats(rows)),
        tuple(ends(sequence)),
        most(sequence.steps, lambda _: 1),
        most(sequence.steps, lambda send: int(send.class_ == OFFER)),
    )


def starts(sequence: Sequence) -> Iterator[str]:
    """What starts it, and for whom."""
    for trigger in sequence.start:
        asked = f", if {trigger.condition.text}" if trigger.condition else ""
        stage = f", stage {either(sequence.stage)}" if sequence.stage else ""
        yield trigger_words(trigger).removeprefix("the event ") + asked + stage


def either(words: tuple[str, ...]) -> str:
    """`buying, again or vip`."""
    return " or ".join(part for part in (", ".join(words[:-1]), words[-1]) if part)


def beginning(sequence: Sequence) -> Stand:
    """The moment somebody starts: with a lead, so many days before day 0."""
    lead = max(
        ((t.lead.days or 0) for t in sequence.start if isinstance(t, DayTrigger) and t.lead is not None), default=0
    )
    clock = "10:00" if all(isinstance(t, LapseTrigger) for t in sequence.start) else "at once"
    return Stand(-lead, 0, clock)


def walked(steps: tuple[AnyStep, ...], stand: Stand, tree: str) -> tuple[list[Row], Stand | None]:
    """The rows of some steps from where one stands, and where one then is; None when nobody comes out."""
    rows: list[Row] = []
    for step in steps:
        if isinstance(step, Branch):
            found, after = branched(step, stand, tree)
            rows += found
            if after is None:
                return rows, None
            stand = joined([stand, after]) if step.condition else after
            continue
        rows += row_of(step, stand, tree)
        if always_stops(step):
            return rows, None
        later = waited(step, stand)
        stand = joined([stand, later]) if step.condition else later
    return rows, stand


def row_of(step: AnyStep, stand: Stand, tree: str) -> list[Row]:
    """One step's line; a wait has none, for the day of what follows tells it."""
    asked = (f"only if {step.condition.text}",) if step.condition else ()
    match step:
        case Send():
            return [Row(stand.words, stand.clock, tree, step.mail, step.class_, (*asked, *send_notes(step)))]
        case Tag():
            return [Row(stand.words, stand.clock, tree, f"tag {', '.join(step.tags)}", "", asked)]
        case Untag():
            return [Row(stand.words, stand.clock, tree, f"untag {', '.join(step.tags)}", "", asked)]
        case Set():
            names = ", ".join(f"person.{name}" for name, _ in step.values)
            return [Row(stand.words, stand.clock, tree, f"set {names}", "", asked)]
        case Stop():
            return [Row(stand.words, stand.clock, tree, f"ends here: {step.reason}", "", asked)]
    return []


def send_notes(send: Send) -> Iterator[str]:
    """What an author set for this message beside its day."""
    if send.window is not None:
        yield window_words(send.window)
    if send.at_once and send.class_ != SERVICE:
        yield "quiet hours do not hold it"
    if send.if_capped in CAPPED_WORDS:
        yield CAPPED_WORDS[send.if_capped]
    if send.fixed:
        yield "booked ahead: it is fixed to its day"


def window_words(window: Window) -> str:
    """`Sat or Sun, 09:00 to 11:00`."""
    days = either(tuple(WEEKDAYS[day] for day in sorted(window.days))) if window.days else ""
    hours = "" if (window.start, window.end) == (time(0), time(23, 59, 59)) else f"{window.start:%H:%M} to "
    return ", ".join(part for part in (days, hours and f"{hours}{window.end:%H:%M}") if part)


def branched(step: Branch, stand: Stand, tree: str) -> tuple[list[Row], Stand | None]:
    """A branch as a tree; without an `else` those for whom no arm is true simply go on."""
    arms: list[Arm | None] = list(step.arms)
    if not step.arms or step.arms[-1].condition is not None:
        arms.append(None)
    rows = [Row("", "", tree, f"only if {step.condition.text}:")] if step.condition else []
    ways: list[Stand] = []
    for number, arm in enumerate(arms):
        last = number == len(arms) - 1
        rows.append(Row("", "", tree, f"{'└' if last else '├'} {arm_words(arm)}"))
        found, after = walked(arm.steps, stand, f"{tree}{' ' if last else '│'}   ") if arm else ([], stand)
        rows += found
        ways += [after] if after else []
    return rows, joined(ways) if ways else None


def arm_words(arm: Arm | None) -> str:
    """The question of an arm in the author's words."""
    if arm is None:
        return "otherwise it goes on"
    return f"if {arm.condition.text}" if arm.condition else "otherwise"


def joined(ways: list[Stand]) -> Stand:
    """Where one can stand after several ways."""
    clock = ways[0].clock if len({way.clock for way in ways}) == 1 else ""
    date = ways[0].date if len({way.date for way in ways}) == 1 else ""
    return Stand(min(way.earliest for way in ways), max(way.latest for way in ways), clock, date)


def waited(step: AnyStep, stand: Stand) -> Stand:
    """Where one stands after a step; only waits move anybody."""
    match step:
        case WaitLength(length=length, at=at):
            least, most_days = days_of(length)
            clock = f"{at:%H:%M}" if at else "" if length.elapsed else stand.clock.replace("at once", "")
            return Stand(
                stand.earliest + least, min(stand.latest + most_days, FAR), clock, later(stand.date, f"{length}")
            )
        case WaitDay(day=day, at=at):
            return Stand(max(stand.earliest, day), max(stand.latest, day), f"{at:%H:%M}")
        case WaitUntil(path=path, minus=minus, at=at):
            named = ".".join(path)
            date = f"{minus} before {named}" if minus else f"on {named}"
            return Stand(stand.earliest, FAR, f"{at:%H:%M}", date)
        case WaitWeekday(days=days, at_least=at_least, start=start):
            least, most_days = days_of(at_least) if at_least else (0, 0)
            clock = either(tuple(WEEKDAYS[day] for day in sorted(days))) + (
                f" {start:%H:%M}" if start > time(0) else ""
            )
            return Stand(
                stand.earliest + least, min(stand.latest + most_days + 6, FAR), clock, later(stand.date, "a weekday")
            )
        case Send():
            return replace(stand, clock="" if stand.clock == "at once" else stand.clock)
        case _:
            return stand


def later(date: str, by: str) -> str:
    """After a wait that began on a date nobody knows yet."""
    return f"{date}, then {by}" if date else ""


def without_repeats(rows: list[Row]) -> Iterator[Row]:
    """A day and hour that are those of the line above are not said again."""
    said = ("", "")
    for row in rows:
        now = (row.when, row.clock)
        yield replace(row, when="", clock="") if now == said else row
        said = now if row.when else said


def ends(sequence: Sequence) -> Iterator[str]:
    """What ends it before its last step."""
    stops = [stop_words(rule) for rule in sequence.stop_when]
    goal = sequence.goal
    if goal is not None:
        asked = f" if {goal.condition.text}" if goal.condition else ""
        within = f" within {goal.within}" if goal.within else ""
        said = f"on {goal.event}{asked}{within}, its goal"
        if goal.stop:
            stops.insert(0, said)
        else:
            yield f"counts as reached {said}, and goes on"
    if stops:
        yield f"ends at once {'; '.join(stops)}"
    if sequence.while_ is not None:
        yield f"goes on only while {sequence.while_.text}, asked before every step"


def stop_words(rule: StopRule) -> str:
    """One entry of `stop_when`."""
    asked = f"if {rule.condition.text}" if rule.condition else ""
    return " ".join(part for part in (f"on {rule.event}" if rule.event else "", asked) if part)


def most(steps: tuple[AnyStep, ...], weight: Callable[[Send], int]) -> int:
    """The heaviest way through, whether it comes out at the end or stops before."""
    out, stopped = heaviest(steps, 0, weight)
    return max([out or 0, *stopped])


def heaviest(steps: tuple[AnyStep, ...], behind: int, weight: Callable[[Send], int]) -> tuple[int | None, list[int]]:
    """The heaviest way among those that come out (None: none does), and the weights of those that stop."""
    stopped: list[int] = []
    for step in steps:
        if isinstance(step, Send):
            behind += weight(step)
        elif isinstance(step, Stop):
            stopped.append(behind)
        elif isinstance(step, Branch):
            arms = [heaviest(arm.steps, behind, weight) for arm in step.arms]
            stopped += [each for _, ended in arms for each in ended]
            through = [out for out, _ in arms if out is not None]
            open_ended = not step.arms or step.arms[-1].condition is not None or step.condition is not None
            behind = max([*through, behind] if open_ended else through, default=behind)
        if always_stops(step):
            return None, stopped
    return behind, stopped
