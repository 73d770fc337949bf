"""What a person's own word changes: consents given, refused and taken back, and whether they may be told apart."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from nurture.decide.clock import Clock, day_start
from nurture.decide.draft import Draft
from nurture.model import event as names
from nurture.model.event import READER, Event, Origin
from nurture.model.person import Consent

ELSEWHERE = "confirmed at another address"
"""The basis of a consent that ended as others told of a new address."""

WORDS = frozenset(
    {names.CONSENT_GIVEN, names.CONSENT_REFUSED, names.CONSENT_LIFTED, names.TRACKING_GIVEN, names.TRACKING_REFUSED}
)


def fold(draft: Draft, event: Event) -> None:
    """Take one of the person's words in."""
    if event.name in (names.TRACKING_GIVEN, names.TRACKING_REFUSED):
        _tracking(draft, event)
    else:
        _consent(draft, event)


def _consent(draft: Draft, event: Event) -> None:
    """Only the reader lifts a refusal: an import or a shop's sync gives no consent over one (language.md 3)."""
    topics = words_of(event, "topics")
    reader = by_reader(event)
    basis = str(event.fields.get("basis", ""))
    if event.name == names.CONSENT_REFUSED:
        draft.refused_all = draft.refused_all or not topics
        _answers(draft, {topic: Consent(False, event.happened_at, basis) for topic in topics})
    elif event.name == names.CONSENT_LIFTED:
        _lift(draft, topics, event.happened_at)
        kept = _refused_since(draft, topics, event.happened_at)
        _answers(draft, {topic: Consent(True, event.happened_at, "lifted by the reader") for topic in topics - kept})
    else:
        if reader and topics:
            _lift(draft, topics, event.happened_at)
        kept = _refused_since(draft, topics, event.happened_at if reader else None)
        until = expiry(draft, event)
        _answers(draft, {topic: Consent(True, event.happened_at, basis, until) for topic in topics - kept})


def moved(draft: Draft, event: Event) -> None:
    """What the reader confirmed at their old address they did not confirm at one that others tell of.

    A topic that is confirmed first (double opt-in) is confirmed there anew; other consents go along with the person.
    The reader's own change was confirmed at the new address, and that stands for all their topics.
    """
    if not draft.address or by_reader(event):
        return
    now = max(event.happened_at, event.known_at)
    lapsed = {
        name: replace(consent, basis=ELSEWHERE, until=now)
        for name, consent in draft.consents.items()
        if consent.holds(now) and name in draft.book.topics and draft.book.topics[name].confirm
    }
    if lapsed:
        _answers(draft, lapsed)


def _tracking(draft: Draft, event: Event) -> None:
    """Only the reader allows it; anybody may say for them that they do not (email.md 4.3)."""
    if event.name == names.TRACKING_REFUSED:
        draft.tracked = False
    elif by_reader(event):
        draft.tracked = True


def by_reader(event: Event) -> bool:
    """Whether the reader said it themselves, here: what an import says of them is what others say."""
    return event.origin is Origin.live and event.fields.get("by") == READER


def expiry(draft: Draft, event: Event) -> datetime | None:
    """From when on a consent is none any more (UTC): an instant, or the end of a date in the shop's zone."""
    until = event.fields.get("until")
    if isinstance(until, datetime):
        return until.astimezone(UTC)
    if isinstance(until, date):
        return day_start(until + timedelta(days=1), Clock(ZoneInfo(draft.book.rules.zone)))
    return None


def words_of(event: Event, field: str) -> frozenset[str]:
    """A list of names that an event carries; nothing when it is none."""
    words = event.fields.get(field, ())
    return frozenset(str(word) for word in words) if isinstance(words, tuple | list | frozenset) else frozenset()


def _refused_since(draft: Draft, topics: frozenset[str], wanted: datetime | None) -> frozenset[str]:
    """The topics whose refusal stands: all that were refused, or those refused after the reader wanted them."""
    answers = ((topic, draft.consents.get(topic)) for topic in topics)
    return frozenset(
        topic for topic, old in answers if old is not None and not old.given and (wanted is None or old.since > wanted)
    )


def _lift(draft: Draft, topics: frozenset[str], at: datetime) -> None:
    """A reader who refused everything and now wants one topic still refuses the others."""
    if not draft.refused_all:
        return
    draft.refused_all = False
    if topics:
        others = draft.book.topics.keys() - topics
        _answers(draft, {topic: Consent(False, at, "refused everything") for topic in others})


def _answers(draft: Draft, answers: dict[str, Consent]) -> None:
    draft.consents = {**draft.consents, **dict(sorted(answers.items()))}  # the same order in every process
    draft.changed.add("consents")
