"""What holds in every life, whoever it is and whenever: the laws that `nurture test --sweep` asserts (language.md 10).

Told again from the house rules, without the engine's own limits, mutes and hours: a fault there shows here.
"""

from collections.abc import Callable, Iterator, Sequence
from datetime import date, datetime, timedelta
from itertools import pairwise

from nurture.decide.clock import Clock, local, local_day
from nurture.model.book import Book
from nurture.model.catalogue import Limit, Mute
from nurture.model.decision import ENDINGS, Decision, Intent, Reason, Why
from nurture.model.event import OWN_EVENTS, Event
from nurture.model.person import Person
from nurture.model.values import dataclass

SERVICE = "service"
AT_ONCE = timedelta(minutes=30)
STOPPED_BY = "stopped by"
EATEN = "no allowed hour"  # what the arbiter says of a message that quiet hours and windows leave no moment for


@dataclass(frozen=True, slots=True)
class Sent:
    """A message with the person as they were when it was decided, and their clock."""

    intent: Intent
    person: Person
    clock: Clock

    @property
    def day(self) -> date:
        """The reader's date on which it went."""
        return local_day(self.intent.decided_at, self.clock)

    @property
    def limited(self) -> bool:
        """Whether limits, mutes and hours are for it at all."""
        return self.intent.class_ != SERVICE


@dataclass(frozen=True, slots=True)
class Witnessed:
    """A whole life: every message, every reason, and the person at its end."""

    sent: tuple[Sent, ...]
    reasons: tuple[Reason, ...]
    person: Person


@dataclass(frozen=True, slots=True)
class Broken:
    """A law that did not hold: which, for which sequence and mail, and when on the reader's clock."""

    law: str
    sequence: str
    mail: str
    words: str
    at: datetime | None = None


def witnessed(decisions: Sequence[tuple[Decision, Clock]]) -> Witnessed:
    """A life as the laws look at it."""
    sent = tuple(Sent(intent, one.person, clock) for one, clock in decisions for intent in one.intents)
    return Witnessed(sent, tuple(reason for one, _ in decisions for reason in one.reasons), decisions[-1][0].person)


def broken(book: Book, life: Witnessed) -> Iterator[Broken]:
    """Every law of the house that did not hold in this life."""
    for law in LAWS:
        yield from law(book, life)


def limits(book: Book, life: Witnessed) -> Iterator[Broken]:
    """No window of any limit holds more than its number."""
    for limit in book.rules.limits:
        counted = [
            one for one in life.sent if one.limited and (not limit.classes or one.intent.class_ in limit.classes)
        ]
        for one in counted:
            first = counted_from(limit, one.intent.day)
            inside = sum(first <= other.intent.day <= one.intent.day for other in counted)
            if inside > limit.most:
                yield of("limits", one, f"number {inside} under {limit}")


def counted_from(limit: Limit, day: date) -> date:
    """The first date that a limit counts together with this one."""
    if limit.within is not None:
        return day - timedelta(days=(limit.within.days or 1) - 1)
    return {"week": day - timedelta(days=day.weekday()), "month": day.replace(day=1)}.get(limit.per, day)


def gap(book: Book, life: Witnessed) -> Iterator[Broken]:
    """Between two limited mails lies the house's gap."""
    least = book.rules.min_gap
    limited = [one for one in life.sent if one.limited]
    for before, one in pairwise(limited) if least is not None else ():
        apart = one.intent.decided_at - before.intent.decided_at
        if least is not None and apart < timedelta(seconds=least.seconds):
            yield of("min_gap", one, f"{apart} after {before.intent.mail}")


def quiet_hours(book: Book, life: Witnessed) -> Iterator[Broken]:
    """Nothing but service goes in quiet hours, but for what answers the reader at once."""
    quiet = book.rules.quiet_hours
    for one in life.sent if quiet is not None else ():
        clock_time = local(one.intent.decided_at, one.clock).time()
        if one.limited and quiet is not None and quiet.holds(clock_time) and not answers(book, one):
            yield of("quiet hours", one, "in quiet hours")


def answers(book: Book, one: Sent) -> bool:
    """Whether its step is at_once, and the reader did something within half an hour."""
    node = (
        book.sequences[one.intent.sequence].nodes.get(one.intent.step)
        if one.intent.sequence in book.sequences
        else None
    )
    if node is None or not getattr(node.step, "at_once", False):
        return False
    theirs = [event for event in one.person.events if event.name not in book.catalogue.done_by_shop | OWN_EVENTS]
    return any(timedelta() <= one.intent.decided_at - event.happened_at <= AT_ONCE for event in theirs)


def mutes(book: Book, life: Witnessed) -> Iterator[Broken]:
    """No class is heard while it is muted."""
    for one in life.sent:
        for mute in book.rules.mutes:
            if one.limited and one.intent.class_ in mute.classes:
                cause = next((event for event in causes(book, one, mute) if silences(mute, event, one)), None)
                if cause is not None:
                    yield of("mutes", one, f"muted by {mute.name}, which {cause.name} began")


def causes(book: Book, one: Sent, mute: Mute) -> list[Event]:
    """The events that began a mute, as known then; an order that was undone is none."""
    rule = book.catalogue.orders
    found = [event for event in one.person.events if event.name == mute.after]
    if rule is None or mute.after != rule.event or not rule.id_field:
        return found
    undone = {event.fields.get(rule.id_field) for event in one.person.events if event.name in rule.undone_by}
    first: dict[object, Event] = {}
    for event in found:
        first.setdefault(event.fields.get(rule.id_field), event)
    return [event for named, event in first.items() if named is None or named not in undone]


def silences(mute: Mute, cause: Event, one: Sent) -> bool:
    """Whether a mute begun by this event is in force on the message's date, the last day included."""
    began = local_day(cause.happened_at, one.clock)
    if cause.happened_at > one.intent.decided_at or one.day < began:
        return False
    if mute.length is not None:
        return one.day <= began + timedelta(days=mute.length.days or 0)
    most = began + timedelta(days=mute.at_most.days or 0) if mute.at_most else date.max
    closed = [
        event for event in one.person.events if event.name == mute.until and event.happened_at >= cause.happened_at
    ]
    if not closed:
        return one.day <= most
    then = local_day(closed[0].happened_at, one.clock) + timedelta(days=mute.then_for.days or 0 if mute.then_for else 0)
    return one.day <= min(most, then) if mute.then_for else False


def nothing_twice(_book: Book, life: Witnessed) -> Iterator[Broken]:
    """One step of one enrolment sends one message, in each round one."""
    seen: set[str] = set()
    for one in life.sent:
        if one.intent.key in seen:
            yield of("nothing twice", one, "the same message once more")
        seen.add(one.intent.key)


def no_hour_left(_book: Book, life: Witnessed) -> Iterator[Broken]:
    """Quiet hours eat no message: one that is due at night is still good in the morning."""
    for reason in life.reasons:
        if reason.why is Why.expired and reason.words.startswith(EATEN):
            words = f"due {reason.due_at:%H:%M} UTC, {reason.words}" if reason.due_at else reason.words
            yield Broken("an hour to go", reason.sequence, reason.mail, words)


def every_ending_has_its_reason(_book: Book, life: Witnessed) -> Iterator[Broken]:
    """Who has left, left for a reason of the closed list, which was kept; who is inside waits for something."""
    endings = tuple(why.value for why in ENDINGS)
    for inside in life.person.enrolments:
        own = [reason for reason in life.reasons if (reason.sequence, reason.subject) == inside.identity]
        if inside.ended_at is None:
            if inside.due_at is None and not inside.waits_for:
                yield Broken("endings", inside.sequence, "", f"stands at {inside.step} and waits for nothing")
        elif not inside.ending.startswith((*endings, STOPPED_BY)) or not any(one.why in ENDINGS for one in own):
            yield Broken("endings", inside.sequence, "", f"left without a reason: '{inside.ending}'")


Law = Callable[[Book, Witnessed], Iterator[Broken]]
LAWS: tuple[Law, ...] = (limits, gap, quiet_hours, mutes, nothing_twice, no_hour_left, every_ending_has_its_reason)


def of(law: str, one: Sent, words: str) -> Broken:
    """A law that a message broke."""
    at = local(one.intent.decided_at, one.clock).replace(tzinfo=None)
    return Broken(law, one.intent.sequence, one.intent.mail, words, at)
