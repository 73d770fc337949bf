"""Double opt-in: who is said to have agreed gets one mail that asks them to confirm, and nothing more without a click.

The mail is of class service: it answers a wish, and nobody could leave what has not begun (email.md 4.3, 4.4).
"""

from datetime import datetime, timedelta
from hashlib import sha256

from nurture.decide import new_address
from nurture.decide.consent import hears_of, refusal
from nurture.decide.consents import ELSEWHERE, words_of
from nurture.decide.draft import Draft
from nurture.model.decision import Intent, Why
from nurture.model.event import ADDRESS_ADDED, ADDRESS_ASKED, CONSENT_ASKED, READER, Event, Origin
from nurture.model.person import Message
from nurture.model.rules import Topic

STEP = "confirm"
SERVICE = "service"
AGAIN = timedelta(days=7)  # somebody who does not answer is not asked more often, whoever asks for them
GOOD_FOR = timedelta(days=3)  # so long the mail may wait, and so old may a wish be: later nobody remembers it


def ask(draft: Draft, event: Event, now: datetime) -> None:
    """What comes of one wish, for topics in somebody's name or for another address: mails, or why there are none.

    What ended because others told of a new address is asked for there.
    """
    if event.name == ADDRESS_ASKED:
        new_address.ask(draft, event, now)
    elif event.name == CONSENT_ASKED:
        _ask(draft, words_of(event, "topics"), event, now)
    elif event.name == ADDRESS_ADDED:
        _ask(draft, left_behind(draft, max(event.happened_at, event.known_at)), event, now)


def left_behind(draft: Draft, at: datetime) -> frozenset[str]:
    """The topics that were agreed to at the address before, up to then."""
    return frozenset(name for name, one in draft.consents.items() if one.basis == ELSEWHERE and one.until == at)


def _ask(draft: Draft, topics: frozenset[str], event: Event, now: datetime) -> None:
    for name in sorted(topics):
        topic = draft.book.topics.get(name, Topic(name))
        found = hindered(draft, topic, event, now)
        if found is None:
            _send(draft, topic, event, now)
        else:
            draft.note(found[0], now, words=found[1], step=STEP, mail=topic.confirm, due_at=now)


def hindered(draft: Draft, topic: Topic, event: Event, now: datetime) -> tuple[Why, str] | None:
    """Why somebody is not asked to confirm a topic; None when they are."""
    if not topic.confirm:
        return Why.not_asked, f"{topic.id} has no mail that asks to confirm it"
    if now - event.happened_at > GOOD_FOR:
        return Why.too_old, f"asked for {topic.id} on {event.happened_at:%Y-%m-%d}"
    asked = _Asked(topic)
    refused = refusal(draft, asked, now)
    if refused is not None:
        return refused
    if hears_of(draft, topic.id, now):
        return Why.already, f"agreed to {topic.id} already"
    if refuses(draft, topic.id) and not themselves(event):
        return Why.no_consent, f"refused {topic.id}, and it is not they who ask"
    recent = next((one for one in reversed(draft.messages) if _lately(draft, one, topic, event, now)), None)
    if recent is not None:
        return (
            Why.capped,
            f"asked to confirm {topic.id} on {recent.day.isoformat()}, and not again for {AGAIN.days} days",
        )
    return None


def last_word(draft: Draft, intent: Intent, now: datetime) -> tuple[Why, str] | None:
    """Why a mail that asks to confirm does not go after all, at its last look; None when it goes."""
    if hears_of(draft, intent.topic, now):
        return Why.cancelled, f"agreed to {intent.topic} meanwhile"
    consent = draft.consents.get(intent.topic)
    if consent is not None and not consent.given and consent.since > intent.decided_at:
        return Why.no_consent, f"refused {intent.topic} meanwhile"
    return None


def is_asking(intent: Intent) -> bool:
    """Whether a mail asks to confirm: it belongs to no sequence."""
    return not intent.sequence and intent.step == STEP


def refuses(draft: Draft, topic: str) -> bool:
    """Whether they said no to it, or to everything."""
    consent = draft.consents.get(topic)
    return draft.refused_all or (consent is not None and not consent.given)


def themselves(event: Event) -> bool:
    """Whether the reader asked for it themselves, as in a form that the shop passed on at once."""
    return event.origin is Origin.live and event.fields.get("by") == READER


class _Asked:
    """What the mail says of itself where it is asked who may be written to at all."""

    class_, theme = SERVICE, ""

    def __init__(self, topic: Topic) -> None:
        self.topic = topic.id


def _lately(draft: Draft, message: Message, topic: Topic, event: Event, now: datetime) -> bool:
    """Whether a mail asked the same not long ago; of a new address only what went there counts."""
    there = event.name != ADDRESS_ADDED or message.address == draft.address
    return there and _asks(message, topic.id) and message.at > now - AGAIN


def _asks(message: Message, topic: str) -> bool:
    return not message.sequence and message.step == STEP and message.topic == topic and not message.cancelled


def _send(draft: Draft, topic: Topic, event: Event, now: datetime) -> None:
    """The intent, which goes at once; its key follows from the wish, so that one wish is one mail."""
    parts = (draft.book.rules.project, draft.id, STEP, topic.id, event.id)
    key, day = sha256("\x1f".join(parts).encode()).hexdigest(), draft.today(now)
    message = Message(key, "", event.id, STEP, topic.confirm, SERVICE, topic.id, now, now, day, draft.address)
    draft.messages = (*draft.messages, message)
    draft.changed.add("messages")
    clock = draft.clock
    intent = Intent(
        key, draft.id, "", 0, event.id, STEP, topic.confirm, SERVICE, topic.id, "", now, now, now + GOOD_FOR, day,
        clock.zone.key, clock.rung, draft.address,
    )  # fmt: skip
    draft.intents.append(intent)
    draft.note(Why.sent, now, words=f"asks to confirm {topic.id}", step=STEP, mail=topic.confirm, due_at=now)
