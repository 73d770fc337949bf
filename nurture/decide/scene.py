"""What a question may look at: one person at one instant, and what is being asked about."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Protocol

from nurture.decide.clock import Clock
from nurture.model.book import Book
from nurture.model.event import Event
from nurture.model.person import Message, Orders, Outcome, Reserved, StageState


class Known(Protocol):
    """The part of a person that a question reads; both Person and the core's working copy have it."""

    @property
    def id(self) -> str: ...  # noqa: D102
    @property
    def facts(self) -> Mapping[str, object]: ...  # noqa: D102
    @property
    def tags(self) -> frozenset[str]: ...  # noqa: D102
    @property
    def address(self) -> str: ...  # noqa: D102
    @property
    def events(self) -> tuple[Event, ...]: ...  # noqa: D102
    @property
    def orders(self) -> Orders: ...  # noqa: D102
    @property
    def stage(self) -> StageState | None: ...  # noqa: D102
    @property
    def moments(self) -> frozenset[str]: ...  # noqa: D102
    @property
    def messages(self) -> tuple[Message, ...]: ...  # noqa: D102
    @property
    def things(self) -> Mapping[str, Mapping[str, Mapping[str, object]]]: ...  # noqa: D102
    @property
    def numbers(self) -> Mapping[str, tuple[datetime, Mapping[str, object]]]: ...  # noqa: D102


class Entered(Protocol):
    """What `start.*`, `steps.*`, `gifts.*`, `ladders.*` and a thing read: of an enrolment, or of one about to begin."""

    @property
    def sequence(self) -> str: ...  # noqa: D102
    @property
    def subject(self) -> str: ...  # noqa: D102
    @property
    def thing(self) -> str: ...  # noqa: D102
    @property
    def gifts(self) -> Sequence[Reserved]: ...  # noqa: D102

    @property
    def name(self) -> str: ...  # noqa: D102
    @property
    def day0(self) -> date: ...  # noqa: D102
    @property
    def event(self) -> Event | None: ...  # noqa: D102
    @property
    def outcomes(self) -> Sequence[Outcome]: ...  # noqa: D102


@dataclass(slots=True)
class Scene:
    """One person at one instant. `event` is `event.*`, `enrolment` gives what it entered with and did."""

    book: Book
    person: Known
    now: datetime
    clock: Clock
    event: Event | None = None
    enrolment: Entered | None = None
