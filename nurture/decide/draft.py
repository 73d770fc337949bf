"""The working copy of one person during `advance`: read like a Person, changed in place, frozen at the end."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import date, datetime

from nurture.decide.clock import Clock, local_day, reader_clock
from nurture.decide.index import Index, index
from nurture.decide.inside import Inside
from nurture.decide.migrate import STOP, Moved, brought_over, given_up
from nurture.decide.scene import Entered, Scene
from nurture.model.book import Book
from nurture.model.decision import Decision, Intent, Look, Reason, TaskIntent, WebhookIntent, Why
from nurture.model.event import Event
from nurture.model.makers import new_decision, new_person, new_reason
from nurture.model.person import Alarms, Enrolment, Firing, Message, Person
from nurture.model.place import Place
from nurture.model.renaming import person_today


class Draft:
    """A person in the middle of being decided. `changed` names the facts that moved in this instant.

    `until` is the last instant of which anybody asks what fires by itself; None where all that is to come is asked.
    """

    def __init__(self, book: Book, person: Person, until: datetime | None = None) -> None:
        person = person_today(person, book.renamed)
        self.until, self.book = until, book
        self.index: Index = index(book)
        self.before = person
        self.id, self.asof = person.id, person.asof
        self.facts: Mapping[str, object] = person.facts
        self.tags = person.tags
        self.address = person.address
        self.address_state = person.address_state
        self.consents = person.consents
        self.refused_all = person.refused_all
        self.spared = person.spared
        self.suppressed = person.suppressed
        self.erased = person.erased
        self.events = person.events
        self.orders = person.orders
        self.stage = person.stage
        self.moments = person.moments
        self.moments_check_at = person.moments_check_at
        self.firings: list[Firing] = list(person.firings)
        self.messages: tuple[Message, ...] = person.messages
        self.things = person.things
        self.numbers = person.numbers
        self.formerly = person.formerly
        self.tracked, self.wrote_at = person.tracked, person.wrote_at
        self.alarms: Alarms | None = person.alarms if person.alarms and person.alarms.book is book else None
        self.past: list[Enrolment] = []
        self.inside: list[Inside] = []
        self.clock: Clock = reader_clock(book.rules, person.facts)
        self.moved_from: Clock | None = None  # the clock before this instant, when it changed
        self._today: tuple[datetime, Clock, date] | None = None
        self.lost = False
        self.moved: list[tuple[Inside, Moved]] = []  # came over from an older version; their times are not settled yet
        self.intents: list[Intent] = []
        self.tasks: list[TaskIntent] = []
        self.webhooks: list[WebhookIntent] = []
        self.made: list[Event] = []
        self.reasons: list[Reason] = []
        self.changed: set[str] = set()
        self._open(person.enrolments)

    def _open(self, enrolments: Iterable[Enrolment]) -> None:
        for enrolment in enrolments:
            if enrolment.ended_at is not None:
                self.past.append(enrolment)
                continue
            if self.book.moves and given_up(self.book, enrolment):
                self._lost(enrolment)
                continue
            moved = brought_over(self.book, enrolment)
            if moved is not None:
                inside = Inside(moved.enrolment, self.book.sequences[enrolment.sequence])
                inside.was = enrolment
                self.moved.append((inside, moved))
                self.inside.append(inside)
                continue
            sequence = self.book.sequence(enrolment.sequence, enrolment.version) or self.book.sequences.get(
                enrolment.sequence
            )
            if sequence is None or (enrolment.step is not None and enrolment.step not in sequence.nodes):
                self._lost(enrolment)
            else:
                self.inside.append(Inside(enrolment, sequence))
        if len(self.inside) > 1:
            self.inside.sort(key=lambda inside: inside.rank)

    def _lost(self, enrolment: Enrolment) -> None:
        """The version they stand on is gone from the book: it ends, and says so."""
        self.lost = True
        moves = self.book.moves.get(enrolment.sequence, ())  # a sequence that is gone has no live version
        let_go = next((move.version for move in reversed(moves) if move.due_now == STOP), 0)
        words = f"removed by version {let_go or self.book.version(enrolment.sequence)}"
        self.past.append(_ended(enrolment, self.asof, words))
        self.reasons.append(
            new_reason(
                Why.removed, self.asof, None, enrolment.sequence, enrolment.version, enrolment.subject, words=words
            )
        )

    def scene(self, now: datetime, entered: Entered | None = None, event: Event | None = None) -> Scene:
        """What a question asked at `now` may look at; in a step `event.*` is what its enrolment last looked at."""
        if event is None and isinstance(entered, Inside):
            event = entered.looked_at
        return Scene(self.book, self, now, self.clock, event, entered)

    def today(self, now: datetime) -> date:
        """The reader's date; asked again and again about one instant."""
        known = self._today
        if known is None or known[0] is not now or known[1] is not self.clock:
            known = self._today = (now, self.clock, local_day(now, self.clock))
        return known[2]

    def note(
        self,
        why: Why,
        at: datetime,
        inside: Inside | None = None,
        *,
        words: str = "",
        step: str = "",
        mail: str = "",
        due_at: datetime | None = None,
        until: datetime | None = None,
        looks: tuple[Look, ...] = (),
        place: Place | None = None,
    ) -> None:
        """Keep a reason, for an enrolment where there is one."""
        sequence, version, subject = ("", 0, "") if inside is None else (
            inside.sequence, inside.version, inside.subject)  # fmt: skip
        self.reasons.append(
            new_reason(why, at, due_at, sequence, version, subject, step, mail, words, until, looks, place)
        )

    def end(
        self, inside: Inside, why: Why, at: datetime, words: str = "", looks: tuple[Look, ...] = (),
        place: Place | None = None,
    ) -> None:  # fmt: skip
        """An enrolment ends, with a word of the closed list (6.5); `place` is that of the rule that ends it."""
        inside.ended_at = at
        inside.ending = f"{why.value}: {words}" if words else why.value
        step = inside.step or ""
        self.note(why, at, inside, words=words, step=step, due_at=inside.message_due, looks=looks, place=place)

    def close(self) -> None:
        """Move what has ended from the running to the past."""
        for one in self.inside:
            if one.ended_at is not None:
                self.past.extend(inside.frozen() for inside in self.inside if inside.ended_at is not None)
                self.inside = [inside for inside in self.inside if inside.ended_at is None]
                return

    def person(self, asof: datetime) -> Person:
        """The person as a value again."""
        if len(self.firings) > 1:
            self.firings.sort(key=_firing_order)
        if len(self.past) > 1:
            self.past.sort(key=_order)
        enrolments = self.past + [inside.frozen() for inside in self.inside]
        return new_person(
            self.id, asof, self.facts, self.tags, self.address, self.address_state, self.consents,
            self.refused_all, self.spared, self.suppressed, self.erased, self.events, self.orders, self.stage,
            self.moments, self.moments_check_at, tuple(self.firings), tuple(enrolments), self.messages,
            self.things, self.numbers, self.wrote_at, self.tracked, self.formerly, self.alarms,
        )  # fmt: skip

    def decision(self, now: datetime, wake: datetime | None, agenda: datetime | None) -> Decision:
        """The answer of `advance`."""
        return new_decision(
            self.person(now), tuple(self.intents), tuple(self.made), tuple(self.reasons), wake, agenda,
            tuple(self.tasks), tuple(self.webhooks),
        )  # fmt: skip


def _order(enrolment: Enrolment) -> tuple[datetime, str, str]:
    return (enrolment.started_at, enrolment.sequence, enrolment.subject)


def _firing_order(firing: Firing) -> tuple[datetime, str, datetime, int, str, int]:
    number, event = (firing.event.number, firing.event.id) if firing.event else (0, "")
    return (firing.settles_at, firing.sequence, firing.fired_at, number, event, firing.trigger)


def _ended(enrolment: Enrolment, at: datetime, words: str) -> Enrolment:
    return replace(enrolment, ended_at=at, ending=words)
