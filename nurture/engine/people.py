"""One person as they stand: who is meant, where they are in everything, what they had, what is next."""

from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import datetime, timedelta

from nurture.decide.advance import advance
from nurture.decide.clock import Clock, reader_clock
from nurture.decide.draft import Draft
from nurture.decide.explain import enrolment_line, fate_words, moment_words, person_line
from nurture.decide.simulate import live
from nurture.decide.sunset import silent
from nurture.decide.switches import hold_on
from nurture.engine.applying import LiveBook
from nurture.engine.faults import MisuseError
from nurture.engine.ledger import ledger_lines
from nurture.engine.people_beside import MANY, beside_lines
from nurture.engine.switches import waiting_lines
from nurture.engine.workshop import Workshop
from nurture.model.book import Book
from nurture.model.mail import Fate
from nurture.model.person import Enrolment, Person
from nurture.model.values import dataclass
from nurture.store.desk import desk

AHEAD = timedelta(days=60)
SHOWN = 12


@dataclass(frozen=True, slots=True)
class Shown:
    """The person as decided up to now, and that in lines."""

    person: Person
    lines: list[str]


def find_person(shop: Workshop, text: str) -> str:
    """The id of the person meant by an id or an address; MisuseError when there is none."""
    found = shop.store.find(text)
    if found is None:
        raise MisuseError(f"nobody is called '{text}', neither by id nor by address.")
    return found


def present(shop: Workshop, book: Book, id_: str, now: datetime) -> Person:
    """The person with everything that arrived taken in, as the next tick would see them; nothing is kept."""
    ((person, arrived),) = shop.store.people([id_], now)
    return advance(book, person, max(now, person.asof), arrived).person


def show(shop: Workshop, live_now: LiveBook, text: str, now: datetime) -> Shown:
    """Where somebody stands; next mails are what the book would send if nothing new happened."""
    book = live_now.book
    person = present(shop, book, find_person(shop, text), now)
    clock = reader_clock(book.rules, person.facts)
    label = shop.store.labels([person.id])[person.id]
    fates, beside = shop.store.fates([message.key for message in person.messages]), desk(shop.store)
    drafts = frozenset(one.intent.key for one in beside.drafts.waiting(MANY, person.id))
    lines = [
        person_line(book, person),
        f"{label} · {person.address or 'no address'} · {orders_words(person, clock)}",
        consent_words(person, now),
        *silence_lines(book, person, now),
        *inside_lines(book, person, clock, now),
        *beside_lines(beside, person, clock),
        *had_lines(person, clock, fates, drafts),
        *waiting_lines(shop.store, book, person, fates, now),
        *next_lines(book, person, clock, now),
        *ledger_lines(shop.store.histories([person.id])[person.id], clock),
    ]
    return Shown(replace(person, alarms=None), lines)  # derived, and they hold the whole book


def orders_words(person: Person, clock: Clock) -> str:
    """How often they bought, and when last."""
    orders = person.orders
    if not orders.count or orders.last_at is None:
        return "no order yet"
    return f"{orders.count} order day{'s' if orders.count > 1 else ''}, the last {moment_words(orders.last_at, clock)}"


def consent_words(person: Person, now: datetime) -> str:
    """What they agreed to, what they refused, and which consents expired."""
    if person.erased or person.suppressed:
        return f"never written to: {'erased' if person.erased else person.suppressed}"
    answers = sorted(person.consents.items())
    given = [topic for topic, one in answers if one.holds(now) and not person.refused_all]
    refused = ["everything"] if person.refused_all else [topic for topic, one in answers if not one.given]
    expired = [topic for topic, one in answers if one.given and not one.holds(now) and not person.refused_all]
    words = f"agreed to {', '.join(given) or 'nothing'}"
    for names, said in ((expired, "agreed once to"), (refused, "refused")):
        words += f"; {said} {', '.join(names)}" if names else ""
    return words


def silence_lines(book: Book, person: Person, now: datetime) -> list[str]:
    """What the rule `sunset` keeps from somebody silent, and what ends it."""
    rule, words = book.rules.sunset, silent(Draft(book, person), now)
    if rule is None or not words:
        return []
    classes = " and no ".join(one for one in book.rules.classes if one in rule.classes)
    return [f"no {classes} until they click, write, order or the like (sunset): {words}"]


def inside_lines(book: Book, person: Person, clock: Clock, now: datetime) -> list[str]:
    """Every running enrolment with the step it stands on."""
    inside = [one for one in person.enrolments if one.running]
    lines = [line for one in inside for line in inside_words(book, person, one, clock, now)]
    return ["Inside:" if inside else "Inside: nothing", *(f"  {line}" for line in lines), *settling(person, clock)]


def settling(person: Person, clock: Clock) -> list[str]:
    """What came for them and is asked in a moment whether it starts: it settles first (language.md 6.4)."""
    came = [one for one in person.firings if not one.parked]
    lines = (f"  {one.sequence} by {one.name}, asked {moment_words(one.settles_at, clock)}" for one in came)
    return ["Waiting to settle:", *lines] if came else []


def inside_words(book: Book, person: Person, one: Enrolment, clock: Clock, now: datetime) -> list[str]:
    """One enrolment, where it stands, and why it sends nothing where it is paused."""
    due = f", until {moment_words(one.due_at, clock)}" if one.due_at else ""
    hold = hold_on(book.sequences.get(one.sequence), now)
    return [enrolment_line(book, person, one), f"    at {one.step or 'its end'}{due}{f'; {hold}' if hold else ''}"]


def had_lines(person: Person, clock: Clock, fates: Mapping[str, Fate], drafts: Collection[str] = ()) -> list[str]:
    """The last mails they had, and of those that did not simply go where they stand; a draft they have not had."""
    had = [message for message in person.messages if not message.cancelled and message.key not in drafts]
    if not had:
        return ["Had: nothing"]
    lines = [
        f"  {moment_words(one.at, clock)}  {one.mail:<28} {one.class_:<12} {fate_words(fates.get(one.key))}".rstrip()
        for one in had[-SHOWN:]
    ]
    return [f"Had {len(had):,}:" if len(had) <= SHOWN else f"Had {len(had):,}, the last {SHOWN}:", *lines]


def next_lines(book: Book, person: Person, clock: Clock, now: datetime) -> list[str]:
    """The mails to come if nothing new happened, as far as can be seen."""
    coming = [
        f"  {moment_words(intent.decided_at, clock)}  {intent.mail:<28} {intent.class_}"
        for decision in live(book, person, (), max(now, person.asof), now + AHEAD)
        for intent in decision.intents
    ]
    if not coming:
        return [f"Next: nothing in {AHEAD.days} days, unless something happens"]
    return ["Next, if nothing new happens:", *coming[:SHOWN]]
