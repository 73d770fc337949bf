"""One batch made ready: everybody as they are known now, the last look, rendering, building the requests.

All that can fail by itself is done here, before `handed` is committed.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from nurture.decide.advance import advance
from nurture.decide.last_look import last_look, put_off
from nurture.engine.applying import LiveBook
from nurture.engine.workshop import Workshop
from nurture.model.book import Book
from nurture.model.decision import Intent, Reason, Why
from nurture.model.event import ADDRESS_ADDED, ADDRESS_STATE, CONSENT_REFUSED, ERASED, SUPPRESSED, THEME_SPARED, Event
from nurture.model.mail import Email, Fate, Handover
from nurture.model.person import Person
from nurture.model.place import Problem
from nurture.render.mail import render
from nurture.render.rewritten import rewritten
from nurture.store.desk import desk
from nurture.store.outbox_rows import Batch

END = datetime.max.replace(tzinfo=UTC)
SAYS_STOP = frozenset({CONSENT_REFUSED, THEME_SPARED, SUPPRESSED, ERASED, ADDRESS_ADDED, ADDRESS_STATE})


@dataclass(frozen=True, slots=True)
class Kept:
    """A mail that stays here after all, and why."""

    why: Why
    handover: Handover


@dataclass(frozen=True, slots=True)
class Ready:
    """The request that carries a mail, in the provider's own form."""

    intent: Intent
    request: Any


def ready(shop: Workshop, live: LiveBook, batch: Batch, now: datetime) -> list[Ready | Kept]:
    """Every mail of a batch, ready to be posted or kept, in the order of the batch.

    One that cannot be written, for whatever reason, holds up no other. A fault of the store is raised.
    """
    people = {person.id: (person, news) for person, news in shop.store.people([i.person for i in batch.intents], END)}
    return [one_ready(shop, live, batch, intent, people.get(intent.person), now) for intent in batch.intents]


def one_ready(
    shop: Workshop,
    live: LiveBook,
    batch: Batch,
    intent: Intent,
    known: tuple[Person, Sequence[Event]] | None,
    now: datetime,
) -> Ready | Kept:
    """One mail, ready or kept."""
    if known is None and intent.person in shop.store.unreadable:
        words = "what is stored of this person cannot be read; see person.unreadable in the log"
        return Kept(Why.broken, Handover(intent.key, Fate.refused, words))
    if known is None:
        return Kept(Why.cancelled, Handover(intent.key, Fate.cancelled, "nobody is known of that id any more"))
    try:
        made = written(shop, live, intent, as_known(live.book, *known, now), now)
    except Exception as fault:  # noqa: BLE001  (one mail that cannot be written must not hold up all the others)
        words = f"this mail cannot be written: {type(fault).__name__}: {fault}"
        made = Kept(Why.broken, Handover(intent.key, Fate.refused, words))
    if isinstance(made, Kept) and intent.key in batch.again and made.handover.fate is not Fate.planned:
        return not_again(made)
    return made


def not_again(kept: Kept) -> Kept:
    """A second copy that does not go leaves open whether the first did: neither cancelled nor expired, but unknown."""
    return Kept(Why.fate_unknown, left_open(kept.handover, "not sent once more"))


def left_open(answer: Handover, words: str) -> Handover:
    """An answer that says nothing of the first copy."""
    return Handover(answer.key, Fate.unknown, f"{words}: {answer.detail}", answer.problem)


def as_known(book: Book, person: Person, arrived: Sequence[Event], now: datetime) -> Person:
    """A person with all that arrived since they were decided on; nothing of it is kept.

    A refusal counts from the moment the store has it, also when the clock went back since.
    """
    news = [event for event in arrived if event.known_at <= now or event.name in SAYS_STOP]
    moment = max([now, person.asof, *(event.known_at for event in news)])
    return advance(book, person, moment, news).person if news else person


def written(shop: Workshop, live: LiveBook, intent: Intent, person: Person, now: datetime) -> Ready | Kept:
    """The mail as it goes out, or why it does not."""
    refused = last_look(live.book, person, intent, now)
    if refused is not None:
        why, words = refused
        return Kept(why, Handover(intent.key, Fate.expired if why is Why.expired else Fate.cancelled, words))
    if not may_go(shop, live, intent):
        words = "config.toml lets only some addresses have mail"
        return Kept(Why.cancelled, Handover(intent.key, Fate.cancelled, words))
    later = put_off(live.book, person, intent, now)
    if later is not None:
        why, words, until = later
        fate = Fate.expired if until is None else Fate.planned
        return Kept(why, Handover(intent.key, fate, words, not_before=until))
    email = rendered(shop, live, intent, person)
    if isinstance(email, Problem):
        return Kept(Why.broken, Handover(intent.key, Fate.refused, email.message, email))
    (request,) = shop.provider.build([email])
    return Kept(Why.broken, request) if isinstance(request, Handover) else Ready(intent, request)


def rendered(shop: Workshop, live: LiveBook, intent: Intent, person: Person) -> Email | Problem:
    """The mail in the template's words, or in those that a person wrote when they approved it."""
    templates, words = live.templates, None
    if may_be_rewritten(live.book, intent):
        words = desk(shop.store).drafts.rewritten([intent.key]).get(intent.key)
    if words is not None:
        changed = rewritten(live.book, templates, intent, person, *words)
        if isinstance(changed, Problem):
            return changed
        templates, intent = changed
    return render(live.book, templates, intent, person, links=shop.links)


def may_be_rewritten(book: Book, intent: Intent) -> bool:
    """Whether a person may have had the mail before them: its step asks for approval, or is not known any more."""
    sequence = book.sequence(intent.sequence, intent.version)
    node = sequence.nodes.get(intent.step) if sequence else None
    return node is None or bool(getattr(node.step, "approve", ""))


def may_go(shop: Workshop, live: LiveBook, intent: Intent) -> bool:
    """`mode = "test"` writes only to the seeds, and `deliver.only_to` only to whom it names."""
    only = {address.casefold() for address in shop.config.only_to}
    address = intent.address.casefold()
    if shop.config.mode == "test":
        seeds = {seed.casefold() for seed in live.book.rules.seeds}
        return address in (only & seeds if only else seeds)
    return not only or address in only


WHY_NOT = {Fate.refused: Why.broken, Fate.unknown: Why.fate_unknown}


def kept_reasons(
    intents: Sequence[Intent], kept: Sequence[Kept], answers: Sequence[Handover], now: datetime
) -> Iterator[tuple[str, Reason]]:
    """Person and reason of every mail that did not go: kept here, or refused by the provider."""
    by_key = {intent.key: intent for intent in intents}
    refused = (Kept(WHY_NOT[one.fate], one) for one in answers if one.fate in WHY_NOT)
    for one in (*kept, *refused):
        intent = by_key[one.handover.key]
        yield intent.person, reason_of(intent, one.handover, one.why, now)


def reason_of(intent: Intent, handover: Handover, why: Why, now: datetime) -> Reason:
    """Why a mail that was decided did not go, to be kept for `explain`."""
    place = handover.problem.place if handover.problem else None
    return Reason(
        why, now, intent.due_at, intent.sequence, intent.version, intent.subject, intent.step, intent.mail,
        handover.detail, handover.not_before, place=place,
    )  # fmt: skip
