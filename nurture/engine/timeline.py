"""`preview --timeline`: one sequence told day by day, with its branches as a tree and what ends it (language.md 11.3).

Days count from day 0 and are those by which the checker judges a sequence (language.md 9.4); what a limit or a
quiet hour would move is not in them, for that depends on the reader.
"""

from collections.abc import Callable, Iterator
from dataclasses import replace

from nurture.engine.timeline_rows import Row, Stand, either, walked
from nurture.engine.unstarted import trigger_words
from nurture.language.lint_flow import OFFER, always_stops, exhaustive
from nurture.model.sequence import Sequence, Status, StopRule
from nurture.model.step import AnyStep, Repeat, Send, Stop, inner
from nurture.model.trigger import DayTrigger, HolidayTrigger, LapseTrigger
from nurture.model.values import dataclass

NARROWEST = 24  # letters of the column in which the mails stand
STATUS_WORDS = {
    Status.draft: "a draft: it never runs",
    Status.closed: "closed: nobody starts any more",
    Status.paused: "paused: it sends nothing",
    Status.stopped: "stopped: nobody is inside",
}


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
            wide = day + clock + 4 + what if row.class_ else 0
            notes = "; ".join(row.notes)
            yield f"{head:<{wide}}  {f'{row.class_:<{kind}}  ' * bool(row.class_)}{notes}".rstrip()
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


def beginning(sequence: Sequence) -> Stand:
    """The moment somebody starts: with a lead, so many days before day 0."""
    lead = max(
        ((t.lead.days or 0) for t in sequence.start if isinstance(t, DayTrigger | HolidayTrigger) and t.lead), default=0
    )
    clock = "10:00" if all(isinstance(t, LapseTrigger) for t in sequence.start) else "at once"
    return Stand(-lead, 0, clock)


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
        elif ways := inner(step):
            rounds = step.times if isinstance(step, Repeat) else 1
            arms = [heaviest(way, behind, weight) for way in ways]
            stopped += [each for _, ended in arms for each in ended]
            through = [behind + (out - behind) * rounds for out, _ in arms if out is not None]
            open_ended = not exhaustive(step) or step.condition is not None
            behind = max([*through, behind] if open_ended else through, default=behind)
        if always_stops(step):
            return None, stopped
    return behind, stopped
