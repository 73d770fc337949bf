"""Why somebody did or did not get something: from the reasons kept, or worked out anew (language.md 11.5)."""

from collections.abc import Iterator
from dataclasses import field
from datetime import UTC, date, datetime, timedelta
from shlex import quote

from nurture.decide.clock import Clock, at, day_start, local_day, reader_clock
from nurture.decide.explain import (
    WEEKDAYS,
    day_words,
    enrolment_line,
    person_line,
    reason_lines,
    stage_line,
    standing_lines,
    told,
)
from nurture.decide.simulate import live as lived
from nurture.decide.simulate import nobody
from nurture.engine import unknown
from nurture.engine.applying import LiveBook
from nurture.engine.faults import MisuseError
from nurture.engine.news_words import news_words
from nurture.engine.people import find_person, present, settling
from nurture.engine.switches import waiting_lines
from nurture.engine.unstarted import never_entered
from nurture.engine.workshop import Workshop
from nurture.model.book import Book
from nurture.model.decision import Decision, Reason
from nurture.model.event import Event
from nurture.model.person import Enrolment, Person
from nurture.model.sequence import Sequence
from nurture.model.step import Send
from nurture.model.values import dataclass
from nurture.store.pruning import Pruning

INSTANT = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Asking:
    """What is wanted to be known: a mail, a sequence, a day on the reader's clock, or a moment; nothing is all.

    The day is a date, or `today`, `yesterday`, or a weekday as `Mon`: the latest one up to today.
    """

    mail: str = ""
    sequence: str = ""
    day: date | str | None = None
    moment: datetime | None = None


@dataclass(slots=True)
class Explained:
    """The recorded reasons and their telling; `more` are the commands that ask on."""

    reasons: list[Reason] = field(default_factory=list)
    lines: list[str] = field(default_factory=list)
    more: tuple[str, ...] = ()


def explain(shop: Workshop, live: LiveBook, text: str, asking: Asking, now: datetime) -> Explained:
    """Answer one question about one person. MisuseError for a person, mail or sequence that nobody knows."""
    book = live.book
    refuse_unknown(book, asking)
    id_ = find_person(shop, text)
    if asking.moment is not None:
        return asked_again(shop, book, id_, asking, asking.moment, now)
    person = present(shop, book, id_, now)
    if asking.day is not None:
        today = local_day(now, reader_clock(book.rules, person.facts))
        return one_day(shop, book, person, day_meant(asking.day, today), text)
    names = asked_for(book, asking)
    reasons = shop.store.reasons(id_, sequence=asking.sequence)
    if asking.mail:
        reasons = [reason for reason in reasons if concerns(reason, asking.mail, names)]
    fates = shop.store.fates([message.key for message in person.messages])
    news = news_words(shop.store, list(fates))
    found = Explained(reasons, [person_line(book, person), *told(book, person, reasons, fates, news)])
    found.lines += no_longer_kept(shop)
    found.lines += waiting_lines(shop.store, book, person, fates, now)
    found.lines += beyond_reasons(book, person, names, reasons, now)
    found.lines += settling(person, reader_clock(book.rules, person.facts))
    return found


def no_longer_kept(shop: Workshop) -> list[str]:
    """From when on reasons are kept, where older ones went (`keep:`); nothing while none ever did."""
    since = Pruning(shop.store.database).kept_since("reasons")
    return ["", f"Reasons are kept from {since:%Y-%m-%d} on; what was decided before is told no more."] if since else []


def beyond_reasons(book: Book, person: Person, names: list[str], reasons: list[Reason], now: datetime) -> list[str]:
    """What is said of sequences that no reason speaks of: where the person is in them, or why they never entered."""
    if not names and not reasons:
        return ["Nothing is recorded: nothing has started, moved or been refused."]
    lines = []
    for name in names:
        had = [one for one in person.enrolments if one.sequence == name]
        if not any(reason.sequence == name for reason in reasons):
            lines += [line for one in had for line in whereabouts(book, person, one)]
            lines += [] if had else never_entered(book, person, name, now)
        lines += [line for line in [stage_line(book, person, name)] if line]
    return lines


def whereabouts(book: Book, person: Person, one: Enrolment) -> list[str]:
    """An enrolment of which no reason was kept, and where it stands."""
    return ["", enrolment_line(book, person, one), *standing_lines(book, one, reader_clock(book.rules, person.facts))]


def refuse_unknown(book: Book, asking: Asking) -> None:
    """MisuseError for a mail or a sequence that is not in the live book."""
    if asking.sequence:
        unknown.refuse_unknown("sequence", asking.sequence, book.sequences)
    if asking.mail and not senders(book, asking.mail):
        sent = {mail for sequence in book.sequences.values() for mail in mails_of(sequence)}
        raise MisuseError(f"no sequence sends '{asking.mail}'; {unknown.meant(asking.mail, sent)}")


def asked_for(book: Book, asking: Asking) -> list[str]:
    """The sequences that a question is about; empty when it is about all."""
    return [asking.sequence] if asking.sequence else senders(book, asking.mail) if asking.mail else []


def senders(book: Book, mail: str) -> list[str]:
    """The sequences that send a mail."""
    return sorted(name for name, sequence in book.sequences.items() if mail in mails_of(sequence))


def mails_of(sequence: Sequence) -> set[str]:
    """The mails that a sequence can send."""
    return {node.step.mail for node in sequence.nodes.values() if isinstance(node.step, Send)}


def concerns(reason: Reason, mail: str, names: list[str]) -> bool:
    """Whether a reason says something of a mail: by name, or of its sequence as a whole."""
    return reason.mail == mail or (not reason.mail and reason.sequence in names)


def day_meant(day: date | str, today: date) -> date:
    """The date that a day named near `today` means: a weekday is the latest one, and may be today."""
    if isinstance(day, date):
        return day
    if day in ("today", "yesterday"):
        return today - timedelta(days=day == "yesterday")
    return today - timedelta(days=(today.weekday() - WEEKDAYS.index(day)) % 7)


def one_day(shop: Workshop, book: Book, person: Person, day: date, text: str) -> Explained:
    """Every sequence on one day, one line each, with what to ask next."""
    clock = reader_clock(book.rules, person.facts)
    since, until = day_start(day, clock), day_start(day + timedelta(days=1), clock)
    reasons = shop.store.reasons(person.id, since=since, until=until)
    lines = [person_line(book, person), f"On {day_words(day)}:"]
    for name in sorted(book.sequences):
        mine = [reason for reason in reasons if reason.sequence == name]
        said = "; ".join(reason_lines(reason, clock)[0] for reason in mine)
        lines.append(f"  {name:<24} {said or quiet(person, name, since, until)}")
    asked = dict.fromkeys(reason.sequence for reason in reasons if reason.sequence)
    return Explained(
        reasons, lines, tuple(f"nurture explain {quote(text)} --sequence {name}" for name in list(asked)[:2])
    )


def quiet(person: Person, name: str, since: datetime, until: datetime) -> str:
    """Why nothing is recorded for a sequence on a day."""
    for one in person.enrolments:
        if one.sequence == name and one.started_at < until and (one.ended_at is None or one.ended_at >= since):
            return f"inside, at {one.step}; nothing fell due" if one.step else "inside; nothing fell due"
    return "not inside; nothing started it"


def asked_again(shop: Workshop, book: Book, id_: str, asking: Asking, moment: datetime, now: datetime) -> Explained:
    """`--at`: the engine is asked again, with what was known at that moment, under the book that is live today."""
    when = instant_of(moment, reader_clock(book.rules, {"zone": book.rules.zone}))
    if when > now:
        raise MisuseError("--at lies in the future; `nurture simulate` looks ahead.")
    decisions = list(relived(book, id_, shop.store.histories([id_])[id_], when))
    person = decisions[-1].person if decisions else Person(id_, when)
    reasons = [reason for decision in decisions for reason in decision.reasons]
    names = asked_for(book, asking)
    if asking.sequence:
        reasons = [reason for reason in reasons if reason.sequence == asking.sequence]
    if asking.mail:
        reasons = [reason for reason in reasons if concerns(reason, asking.mail, names)]
    head = [person_line(book, person), f"as known at {when:%Y-%m-%d %H:%M} UTC, under the book that is live today"]
    beyond = beyond_reasons(book, person, names, reasons, when)
    return Explained(reasons, [*head, *told(book, person, reasons), *beyond])


def relived(book: Book, id_: str, events: tuple[Event, ...], until: datetime) -> Iterator[Decision]:
    """A life from its first event to a moment, by the core alone."""
    known = [event for event in events if event.known_at <= until and event.origin.value != "sequence"]
    if known:
        born = min(event.known_at for event in known) - INSTANT
        yield from lived(book, Person(id_, born), known, born, until, nobody)  # the log tells what was answered


def instant_of(moment: datetime, clock: Clock) -> datetime:
    """A typed moment in UTC; without an offset it is meant in the project's zone."""
    return at(moment.date(), moment.time(), clock) if moment.tzinfo is None else moment.astimezone(UTC)
