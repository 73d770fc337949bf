"""For whom a preview is written when nobody is named: a reader made up from the catalogue's `example:` values."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal

from nurture.decide.clock import Clock, local_day
from nurture.decide.conditions import evaluate
from nurture.decide.scene import Scene
from nurture.engine.preview_samples import (
    codes_shown,
    example_of,
    nothing_told,
    rung_shown,
    sample,
    sample_of,
    variant_shown,
)
from nurture.engine.unstarted import last_event
from nurture.model.book import Book
from nurture.model.event import Event
from nurture.model.expression import Expression, Name
from nurture.model.person import Enrolment, Orders, Person, StageState
from nurture.model.sequence import Sequence
from nurture.model.step import Send
from nurture.model.trigger import AnyTrigger, DayTrigger, EventTrigger, HolidayTrigger, StageTrigger
from nurture.model.values import dataclass

MADE_UP = "preview"  # no person of a store has this id
HOST = "example.net"  # RFC 2606: nobody's
ORDERED_DAYS_AGO = (380, 120, 14)
SPENT = Decimal("84.00")


@dataclass(frozen=True, slots=True)
class Reader:
    """Whose mail it is, and how they are called in what the command says."""

    person: Person
    label: str

    @property
    def made_up(self) -> bool:
        """Whether they are nobody's customer."""
        return self.person.id == MADE_UP


@dataclass(frozen=True, slots=True)
class Given:
    """What the step gives the mail, the names whose values were made up from their types, and those of samples.

    A sample stands for what is settled only at sending, such as a gift's code; `variant` is the folder looked in first.
    """

    values: Mapping[str, object]
    made_up: tuple[str, ...] = ()
    samples: tuple[str, ...] = ()
    variant: str = ""

    def note(self, name: str) -> str:
        """Where a value that is not the reader's own comes from."""
        if name in self.samples:
            return "a sample; the real one is settled at sending"
        return "made up from its type" if name in self.made_up else ""


def made_up_reader(book: Book, sequence: Sequence | None, now: datetime) -> Reader:
    """Somebody of whom every fact with an `example:` is known; they ordered three times, and speak the first locale.

    Facts without an example stay unknown, as they are of some real readers.
    """
    examples = {name: example_of(book, field) for name, field in book.catalogue.person.items()}
    facts = {name: value for name, value in examples.items() if value is not None}
    facts["locale"] = book.rules.locales[0]
    days = tuple((now - timedelta(days=days)).date() for days in ORDERED_DAYS_AGO)
    first, last = now - timedelta(days=ORDERED_DAYS_AGO[0]), now - timedelta(days=ORDERED_DAYS_AGO[-1])
    stages = sequence.stage if sequence and sequence.stage else tuple(stage.id for stage in book.stages)
    name = str(facts.get("first_name") or "")
    mailbox = name.casefold() if name.isascii() and name.isalnum() else "reader"
    person = Person(
        MADE_UP,
        now,
        facts,
        address=f"{mailbox}@{HOST}",
        orders=Orders(days, first, last, SPENT),
        stage=StageState(stages[0], now) if stages else None,
    )
    return Reader(person, "a made-up reader")


def in_locale(reader: Reader, locale: str) -> Reader:
    """The same person, had they this locale."""
    person = replace(reader.person, facts={**reader.person.facts, "locale": locale})
    return Reader(person, reader.label)


def given_by(book: Book, sequence: Sequence, send: Send, reader: Reader, clock: Clock, now: datetime) -> Given:
    """The step's `with:` worked out for this reader.

    A person who is or was inside has the event that started them; for anybody else one is made up. What is then
    still not known of a made-up reader is made up from its type.
    """
    person = reader.person
    inside = [one for one in person.enrolments if one.sequence == sequence.name]
    enrolment = inside[-1] if inside else entered(book, sequence, person, clock, now)
    scene = Scene(book, person, now, clock, enrolment.event, enrolment)
    values = {name: evaluate(value, scene) for name, value in send.variables}
    made_up = list(values) if enrolment.event is not None and enrolment.event.id == MADE_UP else []
    made_up = [name for name in made_up if reads_event(dict(send.variables)[name])]
    shown = codes_shown(book, sequence, send, local_day(now, clock))
    samples = {name: value for name, value in shown.items() if values[name] is None} | rung_shown(send, scene)
    values |= samples
    if reader.made_up:
        for name, value in send.variables:
            if nothing_told(values[name]):
                values[name] = sample_of(book, name, value, now)
                made_up.append(name)
    return Given(values, tuple(dict.fromkeys(made_up)), tuple(samples), variant_shown(book, send, scene))


def reads_event(value: Expression) -> bool:
    """Whether a value is, or may be, that of the event that started the enrolment."""
    return not isinstance(value, Name) or value.path[0] in ("event", "start")


def entered(book: Book, sequence: Sequence, person: Person, clock: Clock, now: datetime) -> Enrolment:
    """An enrolment as it would begin today, by the newest event of theirs that fits, or by one made up."""
    trigger = sequence.start[0]
    event = last_event(person, trigger)
    if event is None and isinstance(trigger, EventTrigger):
        fields = {
            name: sample(book, field, now) for name, field in book.catalogue.events.get(trigger.event, {}).items()
        }
        event = Event(MADE_UP, trigger.event, now, now, fields=fields)
    today = local_day(now, clock)
    return Enrolment(sequence.name, MADE_UP, 1, 0, now, today, start_name(trigger), event=event)


def start_name(trigger: AnyTrigger) -> str:
    """What `start.name` says of a trigger."""
    match trigger:
        case DayTrigger(path=path):
            return ".".join(path)
        case HolidayTrigger(days=days):
            return days[0]
        case StageTrigger(stage=stage):
            return stage
    return str(getattr(trigger, "event", ""))
