"""One batch made ready: everybody as they are known now, the last look, rendering, building the requests.

All that can fail by itself is done here, before `handed` is committed.
"""

from collections import deque
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from nurture import spans
from nurture.decide.advance import advance
from nurture.decide.last_look import last_look, put_off
from nurture.deliver.protocol import Provider
from nurture.engine.applying import LiveBook
from nurture.engine.giving import WORDS, asked_for, filled, gifts_now, gone, purse
from nurture.engine.kept import Kept
from nurture.engine.new_address import may_be_sent
from nurture.engine.told_late import doubtful
from nurture.engine.workshop import Workshop
from nurture.links import STORED_AS, Links
from nurture.model.book import Book
from nurture.model.decision import Intent, Reason, Why
from nurture.model.event import ADDRESS_ADDED, ADDRESS_STATE, CONSENT_REFUSED, ERASED, SUPPRESSED, THEME_SPARED, Event
from nurture.model.mail import Email, Fate, Handover
from nurture.model.new_address import NEW_ADDRESS
from nurture.model.person import Person
from nurture.model.place import Problem
from nurture.model.renaming import mail_today
from nurture.model.values import dataclass
from nurture.render.folding import Folding
from nurture.render.mail import render
from nurture.render.rewritten import rewritten
from nurture.store.codes import Drawn, Gone
from nurture.store.desk import desk
from nurture.store.outbox_rows import Batch

END = datetime.max.replace(tzinfo=UTC)
SAYS_STOP = frozenset({CONSENT_REFUSED, THEME_SPARED, SUPPRESSED, ERASED, ADDRESS_ADDED, ADDRESS_STATE})


@dataclass(frozen=True, slots=True)
class Ready:
    """A request in the provider's own form, and the mails that it carries."""

    intents: tuple[Intent, ...]
    request: Any


@dataclass(frozen=True, slots=True)
class Written:
    """A mail as it goes out."""

    intent: Intent
    email: Email


@dataclass(frozen=True, slots=True)
class Looked:
    """A mail that passed its last look, and its reader as they are known now."""

    intent: Intent
    person: Person


@dataclass(frozen=True, slots=True)
class Prepared:
    """A batch made ready: the requests that leave, the mails that stay, and what is told of gifts as they leave."""

    requests: tuple[Ready, ...]
    kept: tuple[Kept, ...]
    gone: Gone


Pace = Callable[[Intent, bool, datetime], Kept | None]


def at_any_pace(_intent: Intent, _released: bool, _now: datetime) -> Kept | None:
    """Nothing waits for its turn."""
    return None


@spans.spanned(spans.RENDER)
def ready(shop: Workshop, live: LiveBook, batch: Batch, now: datetime, pace: Pace = at_any_pace) -> Prepared:
    """Every mail of a batch, ready to be posted or kept; service first, as in the batch.

    `pace` is asked after the last look, so that what does not go takes nobody's turn. The codes of all its gifts are
    drawn at once, after that. One that cannot be written, for whatever reason, holds up no other. A fault of the
    store is raised.
    """
    shop = signing(shop)
    people = {person.id: (person, news) for person, news in shop.store.people([i.person for i in batch.intents], END)}
    looked = unsure(
        shop, live, batch, [looked_at(shop, live, one, people.get(one.person), now) for one in batch.intents]
    )
    looked = [
        paced(one, intent.key in batch.released, now, pace) for one, intent in zip(looked, batch.intents, strict=True)
    ]
    drawn = draw(shop, live, [one for one in looked if isinstance(one, Looked)], now)
    texts = [one if isinstance(one, Kept) else written(shop, live, one, drawn) for one in looked]
    made = list(bundled(shop.provider, [one for one in texts if isinstance(one, Written)]))
    requests = tuple(one for one in made if isinstance(one, Ready))
    kept = tuple(
        not_again(one) if one.handover.key in batch.again and not put_back(one) else one
        for one in (*texts, *made)
        if isinstance(one, Kept)
    )
    leaving = [intent for one in requests for intent in one.intents]
    return Prepared(requests, kept, gone(leaving, batch.intents, drawn))


def signing(shop: Workshop) -> Workshop:
    """The project as it signs links now: `secrets rotate` counts from the next batch on, without a new start."""
    known = shop.store.secrets(STORED_AS) if shop.links is not None else ()
    if shop.links is None or not known or known[0] == shop.links.secret:
        return shop
    return replace(shop, links=replace(shop.links, secret=known[0]))


def bundled(provider: Provider[Any, Any], mails: Sequence[Written]) -> Iterator[Ready | Kept]:
    """The provider's requests for these mails; classes apart, so that no service waits behind others in one."""
    classes: dict[str, list[Written]] = {}
    for mail in mails:
        classes.setdefault(mail.intent.class_, []).append(mail)
    for same in classes.values():
        yield from built(provider, same)


def built(provider: Provider[Any, Any], mails: Sequence[Written]) -> list[Ready | Kept]:
    """The requests for mails that may share them; where that fails in an unforeseen way, one after the other."""
    intents = {mail.intent.key: mail.intent for mail in mails}
    try:
        made = list(provider.build([mail.email for mail in mails]))
    except Exception as fault:  # noqa: BLE001  (one mail that cannot be written must not hold up all the others)
        if len(mails) == 1:
            return [unwritten(mails[0].intent, fault)]
        return [one for mail in mails for one in built(provider, [mail])]
    return [carrying(provider, intents, one) for one in made]


def carrying(provider: Provider[Any, Any], intents: Mapping[str, Intent], made: Any) -> Ready | Kept:
    """A request with its mails; or the mail that cannot be said in the provider's form."""
    if isinstance(made, Handover):
        return Kept(Why.broken, made)
    return Ready(tuple(intents[key] for key in provider.keys(made)), made)


def once_more(provider: Provider[Any, Any], refused: Ready, answer: Any, left: Collection[str]) -> list[Ready | Kept]:
    """The requests for those mails of a refused one that are `left` without blame."""
    intents = {intent.key: intent for intent in refused.intents if intent.key in left}
    try:
        return [carrying(provider, intents, one) for one in provider.again(refused.request, answer)]
    except Exception as fault:  # noqa: BLE001  (they have not gone, and would come to the same each time)
        return [unwritten(intent, fault) for intent in intents.values()]


def paced(looked: Looked | Kept, released: bool, now: datetime, pace: Pace) -> Looked | Kept:
    """What our own pace says of a mail that may go by its last look."""
    return looked if isinstance(looked, Kept) else pace(looked.intent, released, now) or looked


def unsure(shop: Workshop, live: LiveBook, batch: Batch, looked: Sequence[Looked | Kept]) -> list[Looked | Kept]:
    """With what is said of mails that another store may have sent, unless a person let them go."""
    by_hand = batch.released | batch.again
    mails = [(one.intent, one.person) for one in looked if isinstance(one, Looked) and one.intent.key not in by_hand]
    found = doubtful(shop, live.book, mails)
    return [found.get(one.intent.key, one) if isinstance(one, Looked) else one for one in looked]


def put_back(kept: Kept) -> bool:
    """Whether it goes later: it is night for its reader, our own pace says so, or a person is asked first."""
    return kept.handover.fate in (Fate.planned, Fate.held)


def draw(shop: Workshop, live: LiveBook, looked: Sequence[Looked], now: datetime) -> dict[str, dict[str, Drawn]]:
    """The codes that these mails carry, by mail and reservation."""
    asked = [wanted for one in looked for wanted in asked_for(live.book, one.intent, one.person, now)]
    return shop.store.outbox.codes.draw(asked, purse(live.book, now), now, shop.mint) if asked else {}


def looked_at(
    shop: Workshop, live: LiveBook, intent: Intent, known: tuple[Person, Sequence[Event]] | None, now: datetime
) -> Looked | Kept:
    """The last look at one mail."""
    if known is None and intent.person in shop.store.unreadable:
        words = "what is stored of this person cannot be read; see person.unreadable in the log"
        return Kept(Why.broken, Handover(intent.key, Fate.refused, words))
    if known is None:
        return Kept(Why.cancelled, Handover(intent.key, Fate.cancelled, "nobody is known of that id any more"))
    try:
        person = as_known(live.book, *known, now)
        kept = kept_here(shop, live, intent, person, now)
        if kept is None and intent.gifts:
            intent = replace(intent, gifts=gifts_now(live.book, intent, person))
        return kept or Looked(intent, person)
    except Exception as fault:  # noqa: BLE001  (one mail that cannot be written must not hold up all the others)
        return unwritten(intent, fault)


def unwritten(intent: Intent, fault: Exception) -> Kept:
    """A mail whose making failed in a way that nobody foresaw."""
    words = f"this mail cannot be written: {type(fault).__name__}: {fault}"
    return Kept(Why.broken, Handover(intent.key, Fate.refused, words))


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


def kept_here(shop: Workshop, live: LiveBook, intent: Intent, person: Person, now: datetime) -> Kept | None:
    """Why a mail does not go, or not now; None when it does."""
    refused = last_look(live.book, person, intent, now)
    if refused is not None:
        why, words = refused
        return Kept(why, Handover(intent.key, Fate.expired if why is Why.expired else Fate.cancelled, words))
    if intent.mail == NEW_ADDRESS and not may_be_sent(shop, person.id, intent.subject, now):
        words = "the new address cannot be theirs, or is wanted no more"
        return Kept(Why.cancelled, Handover(intent.key, Fate.cancelled, words))
    if not may_go(shop, live, intent):
        words = "config.toml lets only some addresses have mail"
        return Kept(Why.cancelled, Handover(intent.key, Fate.cancelled, words))
    later = put_off(live.book, person, intent, now)
    if later is None:
        return None
    why, words, until = later
    return Kept(why, Handover(intent.key, Fate.planned if until else Fate.expired, words, not_before=until))


def written(shop: Workshop, live: LiveBook, one: Looked, drawn: Mapping[str, Mapping[str, Drawn]]) -> Written | Kept:
    """The mail as it goes out, with the codes it was given; or why it does not."""
    try:
        intent, refused = filled(one.intent, drawn.get(one.intent.key, {}))
        if refused:
            words = WORDS[refused].format(gift=", ".join(carried.gift for carried in intent.gifts))
            return Kept(Why(refused), Handover(intent.key, Fate.cancelled, words))
        email = rendered(shop, live, intent, one.person)
        if isinstance(email, Problem):
            return Kept(Why.broken, Handover(intent.key, Fate.refused, email.message, email))
    except Exception as fault:  # noqa: BLE001  (one mail that cannot be written must not hold up all the others)
        return unwritten(one.intent, fault)
    return Written(intent, email)


def rendered(shop: Workshop, live: LiveBook, intent: Intent, person: Person) -> Email | Problem:
    """The mail in the template's words; one that a person approved is of that day, and may be in their words."""
    approved = None
    if intent.mail not in live.book.mails:  # it was decided under a name that was given up since
        intent = replace(intent, mail=mail_today(intent.mail, live.book.renamed))
    if may_be_rewritten(live.book, intent):
        approved = desk(shop.store).drafts.approved(intent.key)
    if approved is not None:
        intent = replace(intent, decided_at=approved.at)
    if approved is not None and approved.subject:
        changed = rewritten(live.book, live.templates, intent, person, approved.subject, approved.body)
        if isinstance(changed, Problem):
            return changed
        templates, intent = changed
        return render(live.book, templates, intent, person, links=shop.links)
    return folding_of(live, shop.links).render(intent, person)


_FOLDINGS: deque[Folding] = deque(maxlen=2)


def folding_of(live: LiveBook, links: Links | None) -> Folding:
    """What renders the mails of a live book; that of the book before is kept too, while another is being applied."""
    for known in _FOLDINGS:
        if known.is_for(live.book, live.templates, links):
            return known
    made = Folding(live.book, live.templates, links)
    _FOLDINGS.append(made)
    return made


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
    for one in (*(one for one in kept if one.told), *refused):
        intent = by_key[one.handover.key]
        yield intent.person, reason_of(intent, one.handover, one.why, now)


def reason_of(intent: Intent, handover: Handover, why: Why, now: datetime) -> Reason:
    """Why a mail that was decided did not go, to be kept for `explain`."""
    place = handover.problem.place if handover.problem else None
    return Reason(
        why, now, intent.due_at, intent.sequence, intent.version, intent.subject, intent.step, intent.mail,
        handover.detail, handover.not_before, place=place,
    )  # fmt: skip
