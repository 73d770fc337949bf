"""An enrolment while it is being worked on: mutable here, frozen again at the end of `advance`."""

from datetime import date, datetime

from nurture.model.event import Event
from nurture.model.makers import new_enrolment, new_outcome
from nurture.model.person import Enrolment, Firing, Outcome, Reserved, Round
from nurture.model.sequence import Sequence
from nurture.model.step import Node, Repeat, WaitDay, WaitEvent, WaitLength, WaitUntil, WaitWeekday

_WAITS = (WaitLength, WaitDay, WaitUntil, WaitWeekday, WaitEvent)

TIMED_OUT = "timed_out"
"""The outcome of a wait for events that nothing answered; no other step has it."""


class Inside:
    """One running enrolment with the sequence version it is pinned to."""

    __slots__ = (
        "answer",
        "book_sequence",
        "day0",
        "done_at",
        "due_at",
        "ended_at",
        "ending",
        "event",
        "gifts",
        "goal_at",
        "message_due",
        "name",
        "ordinal",
        "outcomes",
        "rounds",
        "sequence",
        "started_at",
        "step",
        "subject",
        "thing",
        "trigger",
        "version",
        "waits_for",
        "was",
    )

    def __init__(self, frozen: Enrolment, book_sequence: Sequence) -> None:
        self.was = frozen
        self.book_sequence = book_sequence
        self.sequence = frozen.sequence
        self.subject = frozen.subject
        self.ordinal = frozen.ordinal
        self.version = frozen.version
        self.started_at: datetime = frozen.started_at
        self.day0: date = frozen.day0
        self.name = frozen.name
        self.trigger = frozen.trigger
        self.event: Event | None = frozen.event
        self.step: str | None = frozen.step
        self.done_at: datetime = frozen.done_at or frozen.started_at
        self.due_at: datetime | None = frozen.due_at
        self.message_due: datetime | None = frozen.message_due
        self.outcomes: tuple[Outcome, ...] = frozen.outcomes
        self.ended_at: datetime | None = frozen.ended_at
        self.ending = frozen.ending
        self.goal_at: datetime | None = frozen.goal_at
        self.thing = frozen.thing
        self.answer: Event | None = frozen.answer
        self.rounds: tuple[Round, ...] = frozen.rounds
        self.gifts: tuple[Reserved, ...] = frozen.gifts
        self.waits_for = frozen.waits_for

    @property
    def running(self) -> bool:
        """Whether it has not ended."""
        return self.ended_at is None

    @property
    def node(self) -> Node | None:
        """Where they stand."""
        return self.book_sequence.nodes[self.step] if self.step is not None else None

    @property
    def round(self) -> int:
        """The round of the repeat that they stand in; 1 outside of any."""
        node = self.node
        found = self.rounds_of(node.round_of) if node is not None and node.round_of else None
        return found.number if found is not None else 1

    def rounds_of(self, repeat: str) -> Round | None:
        """How far a repeat has come; None before its first round."""
        return next((round_ for round_ in self.rounds if round_.repeat == repeat), None)

    @property
    def looked_at(self) -> Event | None:
        """What `event.*` reads in a step: what answered the last wait for events, before any the event it began with.

        After a wait that nothing answered there is none.
        """
        if self.answer is not None or any(outcome.outcome == TIMED_OUT for outcome in self.outcomes):
            return self.answer
        return self.event

    @property
    def rank(self) -> tuple[int, str, str]:
        """The order in which one person's enrolments are handled: priority, name, subject."""
        return (-self.book_sequence.priority, self.sequence, self.subject)

    @property
    def put_off(self) -> bool:
        """Whether an edit put off their coming to a step that is no wait: at `due_at` they begin it (section 8)."""
        node = self.node
        if self.due_at is None or self.message_due is not None or self.waits_for or node is None:
            return False
        if isinstance(node.step, Repeat):
            return not any(round_.repeat == node.step.id for round_ in self.rounds)
        return not isinstance(node.step, _WAITS)

    def goes_on(self, outcome: str, at: datetime, following: str | None) -> None:
        """The step they stood on is done: note its outcome and step on."""
        if outcome and self.step is not None:
            self.outcomes = (*self.outcomes, new_outcome(self.step, outcome, at, self.round))
        self.step = following
        self.done_at = at
        self.due_at = None
        self.message_due = None
        self.waits_for = ""

    def frozen(self) -> Enrolment:
        """The enrolment as a value; the one it came from where nothing moved."""
        was = self.was
        if (
            self.step == was.step and self.due_at is was.due_at and self.outcomes is was.outcomes
            and self.message_due is was.message_due and self.done_at is was.done_at
            and self.ended_at is was.ended_at and self.goal_at is was.goal_at
            and self.answer is was.answer and self.rounds is was.rounds and self.gifts is was.gifts
            and self.waits_for == was.waits_for and self.sequence == was.sequence and self.version == was.version
        ):  # fmt: skip
            return was
        return new_enrolment(
            self.sequence, self.subject, self.ordinal, self.version, self.started_at, self.day0, self.name,
            self.trigger, self.event, self.step, self.done_at, self.due_at, self.message_due, self.outcomes,
            self.ended_at, self.ending, self.goal_at, self.thing, self.answer, self.rounds, self.gifts,
            self.waits_for,
        )  # fmt: skip


def entered(firing: Firing, sequence: Sequence, version: int, ordinal: int, at: datetime) -> Inside:
    """A new enrolment at its first step, about the firing's subject."""
    return Inside(
        new_enrolment(
            firing.sequence, firing.subject, ordinal, version, at, firing.day0, firing.name, firing.trigger,
            firing.event, sequence.first, at, thing=firing.thing,
        ),
        sequence,
    )  # fmt: skip
