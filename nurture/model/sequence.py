"""A sequence: what starts it, who may enter, and its steps (language.md 4)."""

from collections.abc import Mapping
from dataclasses import field
from enum import Enum

from nurture.model.expression import Condition
from nurture.model.length import Length
from nurture.model.place import Place
from nurture.model.step import AnyStep, Node, Window
from nurture.model.switch import Switch
from nurture.model.trigger import Again, AnyTrigger
from nurture.model.values import dataclass


class Status(Enum):
    """draft never runs, live runs, closed lets people finish, paused sends nothing, stopped ends all inside (6.5).

    Nobody writes `stopped` in a file: `nurture stop` says it.
    """

    draft = "draft"
    live = "live"
    closed = "closed"
    paused = "paused"
    stopped = "stopped"


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
class Removal:
    """One entry of `removed`: a step that is gone, and where people on it go: next, stop, or to the step `go_to`."""

    step: str
    people_there: str = "next"
    go_to: str = ""
    place: Place | None = None


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
    hold_out: int = 0  # per cent kept out for measuring, on top of the project's
    at_most: int | None = None  # people a day that it may start
    spread: Length | None = None  # of `once`: over so long
    on_change: str = "move"  # or finish_old, for people inside when a new version is applied
    was: str = ""
    removed: tuple[Removal, ...] = ()
    switch: Switch | None = None

    @property
    def first(self) -> str | None:
        """The id of the first step."""
        return self.steps[0].id if self.steps else None
