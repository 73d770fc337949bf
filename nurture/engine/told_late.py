"""Mails that another store may have sent: the one that was lost, or that this one is a copy of (architecture.md 2.3).

Whoever accepts a restored store has what fell due by then put in doubt (`accepting`). There is more that may have gone:
what fell due by then and could not be decided at once, such as at night; what follows from something that happened by
then and is told only later; what follows from something that is told without a date; what is answered only now and may
have been answered there. Such a mail is held until a person has looked: `nurture outbox --held`, `nurture release`.
A mail of which the provider has told already has gone, whatever this store knows of it.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import field
from datetime import UTC, datetime, timedelta

from nurture.decide.clock import at, day_start, reader_clock
from nurture.decide.confirming import is_asking
from nurture.decide.dates import lead
from nurture.decide.errands import DONE, FAILED, OK
from nurture.decide.keys import key_for
from nurture.decide.timed import delay
from nurture.decide.triggers import is_fresh
from nurture.decide.unheard import HOUR
from nurture.engine.kept import Kept
from nurture.engine.workshop import Workshop
from nurture.model import event as names
from nurture.model.book import Book
from nurture.model.decision import Intent, Why
from nurture.model.event import Event, Origin
from nurture.model.length import Length, Unit
from nurture.model.mail import Fate, Handover
from nurture.model.person import Enrolment, Person
from nurture.model.sequence import Sequence as BookSequence
from nurture.model.step import AnyStep, Send, Task, WaitDay, WaitEvent, WaitLength, WaitUntil, WaitWeekday, Webhook
from nurture.model.trigger import (
    AnyTrigger,
    DayTrigger,
    EventTrigger,
    EveryTrigger,
    HolidayTrigger,
    LapseTrigger,
    OnceTrigger,
    StageTrigger,
)
from nurture.model.values import dataclass
from nurture.store.codec import micros
from nurture.store.happenings import furthest
from nurture.store.installation import RESTORED, declare, declared, declared_at, undeclare

_ACCEPTED = "accepted"  # declared: when the store was last accepted, and what it knew of then (UTC, ISO 8601)
_ACCEPTING = "accepting"  # declared while it is being accepted: what it knew of before
MAY_HAVE_GONE = "a restore, before which it may have gone"
UNDATED = "a restore, before which it may have gone (told without a date)"
GONE = "the provider had told of it before"
BY_FILE, LIVE = timedelta(days=30), timedelta(hours=72)
"""So long after it was accepted, what is told without a date may be of before: by a file, or live, where whoever tells
tries for as long as a doubt is open."""
_NOTHING, _EVER = timedelta(), datetime(1970, 1, 1, tzinfo=UTC)
_WITHOUT_DATE = frozenset(
    {
        names.PERSON_CHANGED, names.PERSON_TAGGED, names.ADDRESS_ADDED, names.THING_CHANGED, names.THING_REMOVED,
        names.CONSENT_ASKED, names.CONSENT_GIVEN,
    }
)  # fmt: skip
"""What need not say when it happened; all else that is known as it happens did happen just then."""


@dataclass(frozen=True, slots=True)
class Lost:
    """A stretch of time in which another store did the work: what ours had known before it, and its end (UTC)."""

    since: datetime
    until: datetime


def begin_to_accept(shop: Workshop, now: datetime) -> datetime:
    """Since when another store may know more than ours; kept, since whoever is cut here has to accept once more.

    What ours had decided it knew, and what is told after a restore is known later than that. A stretch from which
    something undated may still be told goes on in the next one.
    """
    store, before = shop.store, lost_stretch(shop)
    with store.database.reading() as connection:
        said, known = declared(connection, _ACCEPTING), [store.watermark, declared_at(connection, RESTORED)]
    if said:
        return datetime.fromisoformat(said)
    if before is not None and now <= before.until + BY_FILE:
        known.append(before.since)
    since = min((one for one in known if one is not None), default=_EVER)
    with store.database.writing(durable=True) as connection:
        declare(connection, _ACCEPTING, since.isoformat(), micros(now))
    return since


def accept_from(shop: Workshop, since: datetime, now: datetime) -> None:
    """Keep that until now another store did the work."""
    with shop.store.database.writing(durable=True) as connection:
        declare(connection, _ACCEPTED, f"{now.isoformat()} {since.isoformat()}", micros(now))
        undeclare(connection, _ACCEPTING)


def lost_stretch(shop: Workshop) -> Lost | None:
    """When another store did the work last; None where none ever did."""
    said = shop.store.declared(_ACCEPTED)
    if not said:
        return None
    until, _, since = said.partition(" ")
    return Lost(datetime.fromisoformat(since) if since else _EVER, datetime.fromisoformat(until))


def accepted_words(shop: Workshop, now: datetime) -> Iterator[str]:
    """What a person who has just accepted a store is told of what is still to come; nothing where it was ours alone."""
    lost = lost_stretch(shop)
    if lost is not None and lost.until == now:
        yield (
            f"What may have gone before {lost.until:%Y-%m-%d %H:%M} UTC is held from now on, each mail with its "
            "reason: nurture outbox --held. Tell what is missing with its date; without one it is taken for that old"
        )


def doubtful(shop: Workshop, book: Book, mails: Sequence[tuple[Intent, Person]]) -> Mapping[str, Kept]:
    """Of mails that would leave now, by key: those that the other store may have sent, or that are known to have gone.

    Not to be asked about mails that a person let go or sends again.
    """
    lost = lost_stretch(shop)
    if lost is None or not mails:
        return {}
    looked = Looked(book, lost, lambda id_: shop.store.histories([id_])[id_])
    told = shop.store.happenings.of_mails([mail.key for mail, _ in mails])
    found: dict[str, Kept] = {}
    for mail, person in mails:
        if mail.key in told:
            fate, words = furthest(told[mail.key])
            found[mail.key] = Kept(Why.sent, Handover(mail.key, fate, words or GONE), told=False)
        elif (words := looked.why(mail, person)) != "":
            found[mail.key] = Kept(Why.held, Handover(mail.key, Fate.held, words))
    return found


@dataclass(slots=True)
class Looked:
    """How much earlier another store may have decided on the mails of one batch; `history` tells all of a person."""

    book: Book
    lost: Lost
    history: Callable[[str], tuple[Event, ...]]
    _histories: dict[str, tuple[Event, ...]] = field(default_factory=dict)
    _undated: bool = False

    def why(self, mail: Intent, person: Person) -> str:
        """Why a mail is held that the other store may have sent; empty for one that it cannot have sent."""
        self._undated = False
        until = self.lost.until
        if mail.due_at < until or mail.due_at == until < mail.decided_at:
            return MAY_HAVE_GONE
        earlier = self._asked(mail, person) if is_asking(mail) else self._enrolled(mail, person)
        if mail.due_at - earlier >= self.lost.until:
            return ""
        return UNDATED if self._undated else MAY_HAVE_GONE

    def _asked(self, mail: Intent, person: Person) -> timedelta:
        """Of a mail that asks to confirm: its subject is the wish."""
        wish = next((one for one in self._history(person) if one.id == mail.subject), None)
        return self._told(wish, person, frozenset()) if wish is not None else _NOTHING

    def _enrolled(self, mail: Intent, person: Person) -> timedelta:
        about = next((one for one in person.enrolments if one.identity == (mail.sequence, mail.subject)), None)
        return self._began(about, person, frozenset()) if about is not None else _NOTHING

    def _began(self, one: Enrolment, person: Person, asked: frozenset[tuple[str, str]]) -> timedelta:
        """How much earlier somebody may have come to where they stand, by the longest way of those that lead there."""
        asked |= {one.identity}
        told = [event for event in (one.answer, one.event) if event is not None]
        ways = [self._told(event, person, asked) for event in told]
        ways += [] if one.event is not None else [self._learned(one, person)]
        ways += [self._answered(one), self._judged(one, person), self._queued(one), self._before_this(one, person)]
        late = max(ways)
        return late + between_dates(sequence_of(self.book, one)) if late else late

    def _told(self, event: Event, person: Person, asked: frozenset[tuple[str, str]]) -> timedelta:
        """How much earlier the other store may have been told of an event: about when it happened."""
        if event.known_at <= self.lost.since:
            return _NOTHING
        if event.origin is Origin.sequence:
            makers = (one for one in person.enrolments if one.identity not in asked and self._made(one, event, person))
            return max((self._began(one, person, asked) for one in makers), default=_NOTHING)
        if event.happened_at < event.known_at:
            return event.known_at - event.happened_at if event.happened_at < self.lost.until else _NOTHING
        return self._without_date(event, person)

    def _without_date(self, event: Event, person: Person) -> timedelta:
        """What was told beside it may have a date; else it happened at any time since ours knew of nothing more."""
        patience = BY_FILE if event.origin is Origin.imported else LIVE
        own_word = event.fields.get("by") == names.READER
        if event.name not in _WITHOUT_DATE or own_word or event.known_at > self.lost.until + patience:
            return _NOTHING
        beside = [one.happened_at for one in self._history(person) if one.known_at == event.known_at]
        dated = [one for one in beside if one < event.known_at]
        self._undated = not dated
        happened = min(dated, default=self.lost.since)
        return event.known_at - happened if happened < self.lost.until else _NOTHING

    def _learned(self, one: Enrolment, person: Person) -> timedelta:
        """How long after it fired a day, a feast, an hour or a silence took them in: it was learned of late."""
        fired = fired_at(self.book, one, person)
        late = fired is not None and fired <= self.lost.until <= one.started_at
        return one.started_at - fired if late and fired is not None else _NOTHING

    def _answered(self, one: Enrolment) -> timedelta:
        """How long they waited for a task or a call that is over only now, and may have been over there."""
        sequence = sequence_of(self.book, one)
        late, reached = _NOTHING, one.started_at
        for outcome in one.outcomes:
            node = sequence.nodes.get(outcome.step) if sequence is not None else None
            waited = (
                node is not None and isinstance(node.step, Task | Webhook) and outcome.outcome in (DONE, OK, FAILED)
            )
            if waited and reached <= self.lost.until < outcome.at:
                late = max(late, outcome.at - reached)
            reached = outcome.at
        return late

    def _judged(self, one: Enrolment, person: Person) -> timedelta:
        """How long their mails waited to be judged until the store was accepted: what comes after is as much later."""
        since, until = max(self.lost.since, one.started_at), self.lost.until
        waited = [until - since] if any(outcome.at == until for outcome in one.outcomes) else []
        about = (mail for mail in person.messages if (mail.sequence, mail.subject) == one.identity)
        waited += [mail.at - max(since, mail.due_at) for mail in about if mail.due_at < until <= mail.at]
        waited += [self._dropped(one)]
        return max(waited)

    def _dropped(self, one: Enrolment) -> timedelta:
        """The same of a mail that was not sent: when it fell due is not known of it, but when they came near to it."""
        sequence, until = sequence_of(self.book, one), self.lost.until
        late, reached = _NOTHING, one.started_at
        for outcome in one.outcomes:
            node = sequence.nodes.get(outcome.step) if sequence is not None else None
            unsent = node is not None and isinstance(node.step, Send) and outcome.outcome != SENT
            if unsent and reached < until <= outcome.at < until + _WEEK:
                late = max(late, outcome.at - max(self.lost.since, reached))
            reached = outcome.at
        return late

    def _queued(self, one: Enrolment) -> timedelta:
        """How much earlier it was their turn to start where one at a time is inside, and that one was through there."""
        sequence, known = sequence_of(self.book, one), one.event.known_at if one.event is not None else None
        if sequence is None or known is None or sequence.again.running != "queue" or one.started_at < self.lost.since:
            return _NOTHING
        return one.started_at - max(self.lost.since, known) if known < self.lost.until else _NOTHING

    def _before_this(self, one: Enrolment, person: Person) -> timedelta:
        """Of a sequence that is about a person: how much earlier something else may have started it there.

        What is told of the lost time may be too old to start anything here.
        """
        sequence, until = sequence_of(self.book, one), self.lost.until
        of_person = sequence is not None and sequence.again.per in ("", "person")
        if sequence is None or not of_person or not self.lost.since < one.started_at < until + BY_FILE:
            return _NOTHING
        causes = {other.event.id for other in person.enrolments if other.sequence == one.sequence and other.event}
        late = (event for event in self._history(person) if event.known_at > self.lost.since)
        late = (event for event in late if event.happened_at < until and event.id not in causes)
        started = any(_too_old_for(event, trigger, until) for event in late for trigger in sequence.start)
        return one.started_at - self.lost.since if started else _NOTHING

    def _made(self, one: Enrolment, event: Event, person: Person) -> bool:
        """Whether it was a step of this enrolment that made an event: then its id is the key of the step."""
        sequence = sequence_of(self.book, one)
        if sequence is None or one.started_at > event.happened_at:
            return False
        ids, last = (person.id, *person.formerly), max((round_.number for round_ in one.rounds), default=1)
        return any(
            key_for(self.book, id_, sequence, one.subject, node.step, number) == event.id
            for id_ in ids for node in sequence.nodes.values() for number in range(1, last + 1)
        )  # fmt: skip

    def _history(self, person: Person) -> tuple[Event, ...]:
        if person.id not in self._histories:
            self._histories[person.id] = self.history(person.id)
        return self._histories[person.id]


def sequence_of(book: Book, one: Enrolment) -> BookSequence | None:
    """The version that somebody is or was on; where that is gone from the book, the live one."""
    return book.sequence(one.sequence, one.version) or book.sequences.get(one.sequence)


SENT = Why.sent.value
_SUMMER_TIME, _DAY, _WEEK, _MONTH = timedelta(hours=1), timedelta(days=1), timedelta(days=7), timedelta(days=31)


def between_dates(sequence: BookSequence | None) -> timedelta:
    """How much longer than elsewhere the waits of a sequence for days may have taken, who came to them on another day.

    Who comes an hour after the Monday that is waited for waits for a week.
    """
    steps = [node.step for node in sequence.nodes.values()] if sequence is not None else []
    return sum((_longer(step) for step in steps), _NOTHING)


def _longer(step: AnyStep) -> timedelta:
    match step:
        case WaitWeekday():
            return _WEEK
        case WaitUntil():
            return _MONTH
        case WaitDay():
            return _DAY
        case WaitLength(length=length) | Task(hold=Length() as length) | WaitEvent(up_to=length):
            if length.elapsed:
                return _NOTHING
            if length.unit in (Unit.working_day, Unit.month, Unit.year):
                return _WEEK
            return _DAY if isinstance(step, WaitLength) and step.at is not None else _SUMMER_TIME
        case _:
            return _NOTHING


def _too_old_for(event: Event, trigger: AnyTrigger, until: datetime) -> bool:
    """Whether somebody may have been started where an event was told when it happened, or later than to us."""
    match trigger:
        case EventTrigger():
            return event.name == trigger.event and not is_fresh(event, trigger)
        case StageTrigger():
            return event.origin is Origin.imported or not is_fresh(event, trigger)
        case LapseTrigger():
            silence = trigger.length or trigger.at_least
            days = silence.days if silence is not None and silence.days is not None else 0
            return event.name == trigger.event and event.happened_at + timedelta(days=days) <= until + _DAY
        case _:
            return False


def fired_at(book: Book, one: Enrolment, person: Person) -> datetime | None:
    """When what took somebody in by itself fired (UTC), by its date; None for what has no date."""
    sequence = sequence_of(book, one)
    trigger = sequence.start[one.trigger] if sequence is not None and one.trigger < len(sequence.start) else None
    clock = reader_clock(book.rules, person.facts)
    match trigger:
        case DayTrigger() | HolidayTrigger():
            return day_start(one.day0 - lead(trigger), clock)
        case OnceTrigger() if sequence is not None:
            return at(one.day0, trigger.at, clock) + delay(person.id, sequence)
        case EveryTrigger():
            return at(one.day0, trigger.at, clock)
        case LapseTrigger():
            return at(one.day0, HOUR, clock)
        case _:
            return None
