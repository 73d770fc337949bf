"""What one event changes in a person: facts, tags, address, consent, history (architecture.md 2.1)."""

from bisect import insort
from datetime import date, datetime

from nurture.decide.clock import Clock, at, local, reader_clock
from nurture.decide.draft import Draft
from nurture.decide.orders import counted
from nurture.model import event as names
from nurture.model.event import Event, Origin
from nurture.model.person import Consent
from nurture.model.step import WaitDay, WaitLength, WaitUntil, WaitWeekday

_CLOCK_FACTS = frozenset({"zone", "country"})


def fold(draft: Draft, event: Event) -> None:
    """Take one event in; what it moved is named in `draft.changed`."""
    match event.name:
        case names.PERSON_CHANGED:
            _facts(draft, event)
        case names.PERSON_TAGGED:
            _tags(draft, draft.tags | _words(event, "tags"))
        case names.PERSON_UNTAGGED:
            _tags(draft, draft.tags - _words(event, "tags"))
        case names.ADDRESS_ADDED:
            _address(draft, str(event.fields["address"]))
        case names.ADDRESS_STATE:
            if event.fields.get("address", draft.address) == draft.address:
                draft.address_state = str(event.fields["state"])
        case names.CONSENT_GIVEN | names.CONSENT_REFUSED | names.CONSENT_LIFTED:
            _consent(draft, event)
        case names.THEME_SPARED:
            draft.spared = draft.spared | {str(event.fields["theme"])}
        case names.SUPPRESSED:
            draft.suppressed = str(event.fields.get("because") or "asked")
        case names.ERASED:
            draft.erased = True
            draft.changed.add("erased")
        case names.PERSON_ENROLLED:
            pass  # a start, not a fact: the triggers see it
        case _:
            _happened(draft, event)


def _happened(draft: Draft, event: Event) -> None:
    """An event of the catalogue joins the history, in the order in which things happened."""
    known = draft.events
    if not known or (known[-1].happened_at, known[-1].number) <= (event.happened_at, event.number):
        draft.events = (*known, event)
    else:
        history = list(known)
        insort(history, event, key=lambda e: (e.happened_at, e.number))
        draft.events = tuple(history)
    draft.changed.add(event.name)
    if event.name in draft.index.order_events:
        _count(draft)


def _count(draft: Draft) -> None:
    """Work the orders out anew; a date of theirs that a wait or a trigger reads is named only when it moved."""
    before, draft.orders = draft.orders, counted(draft.book, draft.events, draft.clock)
    draft.changed.add("person.orders")
    if before.first_at != draft.orders.first_at:
        draft.changed.add("person.orders.first_at")
    if before.last_at != draft.orders.last_at:
        draft.changed.add("person.orders.last_at")


def _address(draft: Draft, address: str) -> None:
    """What is known to be dead stays dead, however often the shop tells us the same address again."""
    if address != draft.address:
        draft.address, draft.address_state = address, "ok"
        draft.changed.add("person.email")


def _facts(draft: Draft, event: Event) -> None:
    given = event.fields.get("facts")
    if not isinstance(given, dict):
        return
    facts = dict(draft.facts)
    for name, told in given.items():
        value = _known(draft, name, told)
        if facts.get(name) != value:
            draft.changed.add(f"person.{name}")
            facts[name] = value
    draft.facts = facts
    if any(f"person.{name}" in draft.changed for name in _CLOCK_FACTS):
        _moved(draft)


def _known(draft: Draft, name: str, value: object) -> object:
    """A placeholder such as 1970-01-01 is not a birthday: it counts as unknown (language.md 6.6)."""
    field = draft.book.catalogue.person.get(name)
    if field is not None and isinstance(value, date) and value in field.placeholders:
        return None
    return value


def _moved(draft: Draft) -> None:
    """The reader's clock changed: order days and calendar waits are read on the new one (6.1)."""
    old, new = draft.clock, reader_clock(draft.book.rules, draft.facts)
    if old == new:
        return
    draft.clock, draft.moved_from = new, old
    draft.alarms = None
    draft.orders = counted(draft.book, draft.events, new)
    for inside in draft.inside:
        node = inside.node
        if inside.due_at is None or node is None:
            continue
        step = node.step
        calendar = isinstance(step, WaitDay | WaitUntil | WaitWeekday) or (
            isinstance(step, WaitLength) and not step.length.elapsed
        )
        if calendar:
            inside.due_at = same_wall_time(inside.due_at, old, new)


def same_wall_time(instant: datetime, old: Clock, new: Clock) -> datetime:
    """The instant at which the new clock shows what the old one showed then."""
    shown = local(instant, old)
    return at(shown.date(), shown.time(), new)


def _tags(draft: Draft, tags: frozenset[str]) -> None:
    if tags != draft.tags:
        draft.tags = tags
        draft.changed.add("tags")


def _words(event: Event, field: str) -> frozenset[str]:
    words = event.fields.get(field, ())
    return frozenset(str(word) for word in words) if isinstance(words, tuple | list | frozenset) else frozenset()


def _consent(draft: Draft, event: Event) -> None:
    """Only the reader lifts a refusal: an import or a shop's sync gives no consent over one (language.md 3)."""
    topics = _words(event, "topics")
    by_reader = event.origin is Origin.live and event.fields.get("by") == "reader"
    basis = str(event.fields.get("basis", ""))
    if event.name == names.CONSENT_REFUSED:
        draft.refused_all = draft.refused_all or not topics
        _answers(draft, {topic: Consent(False, event.happened_at, basis) for topic in topics})
    elif event.name == names.CONSENT_LIFTED:
        _lift(draft, topics, event.happened_at)
        kept = _refused_since(draft, topics, event.happened_at)
        _answers(draft, {topic: Consent(True, event.happened_at, "lifted by the reader") for topic in topics - kept})
    else:
        if by_reader and topics:
            _lift(draft, topics, event.happened_at)
        kept = _refused_since(draft, topics, event.happened_at if by_reader else None)
        _answers(draft, {topic: Consent(True, event.happened_at, basis) for topic in topics - kept})


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
    draft.consents = {**draft.consents, **answers}
