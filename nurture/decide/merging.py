"""Two contacts that were one: what of both stands, and that nobody gets twice what either had (architecture.md 2.1).

A refusal of either is a refusal; facts and things are those that were told last; a merge starts nothing.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime

from nurture.decide.draft import Draft
from nurture.decide.inside import Inside
from nurture.decide.keys import key_for
from nurture.model.book import Book
from nurture.model.decision import Why
from nurture.model.event import Event
from nurture.model.person import Consent, Enrolment, Firing, Person

RENAMED = "~"  # behind the subject of an enrolment whose name the other contact's has already


def standing(person: Person, old: Person) -> dict[str, object]:
    """The fields of the event by which `old` is `person` from now on."""
    both = (person, old)
    refused = {topic for one in both for topic, answer in one.consents.items() if not answer.given}
    lead = person if person.address else old
    return {
        "old": old.id,
        "refused": tuple(sorted(refused)),
        "everything": any(one.refused_all for one in both),
        "suppressed": person.suppressed or old.suppressed,
        "spared": tuple(sorted(person.spared | old.spared)),
        "tags": tuple(sorted(person.tags | old.tags)),
        "address": lead.address,
        "state": lead.address_state,
        "tracked": person.tracked and old.tracked,
    }


def fold(draft: Draft, event: Event) -> None:
    """Take the merge in, after the events of both: whoever refused has refused, whatever the other said later."""
    fields: Mapping[str, object] = event.fields
    draft.formerly = (*draft.formerly, str(fields["old"]))
    draft.refused_all = bool(fields["everything"])
    draft.suppressed = str(fields["suppressed"])
    draft.spared = draft.spared | _words(fields["spared"])
    draft.tags = draft.tags | _words(fields["tags"])
    draft.address, draft.address_state = str(fields["address"]), str(fields["state"])
    draft.tracked = bool(fields["tracked"])
    refused = {topic: draft.consents.get(topic) for topic in sorted(_words(fields["refused"]))}
    told = {
        topic: Consent(False, event.happened_at, Why.merged.value)
        for topic, old in refused.items()
        if old is None or old.given
    }
    draft.consents = {**draft.consents, **told}
    draft.changed |= {"consents", "tags", "person.email"}


def _words(value: object) -> frozenset[str]:
    return frozenset(map(str, value)) if isinstance(value, tuple | frozenset | list) else frozenset()


def had_before(draft: Draft, inside: Inside) -> bool:
    """Whether a contact that was merged into this one had the mail at which an enrolment stands."""
    node = inside.node
    had = {message.key for message in draft.messages if not message.cancelled}
    step, subject = node.step if node else None, inside.subject.partition(RENAMED)[0]
    return any(
        key_for(draft.book, old, inside.book_sequence, subject, step, inside.round) in had
        for old in (draft.id, *draft.formerly)
    )


def united(book: Book, person: Person, old: Person, now: datetime) -> tuple[Enrolment, ...]:
    """The enrolments of both. Of two that run about the same the older stays, the other ends as `merged`.

    An enrolment of the same name goes on under another, so that each stands once.
    """
    of_both = [(one, person.id) for one in person.enrolments] + [(one, old.id) for one in old.enrolments]
    of_both.sort(key=lambda pair: (pair[0].started_at, pair[1] != person.id))
    found: list[Enrolment] = []
    for one, whose in of_both:
        if one.running and any(_same(book, one, other) for other in found):
            one = replace(one, step=None, due_at=None, message_due=None, ended_at=now, ending=Why.merged.value)  # noqa: PLW2901
        if any(other.identity == one.identity for other in found):
            one = replace(one, subject=f"{one.subject}{RENAMED}{whose}")  # noqa: PLW2901
        found.append(one)
    return tuple(sorted(found, key=lambda one: (one.started_at, one.sequence, one.subject)))


def _same(book: Book, one: Enrolment, other: Enrolment) -> bool:
    """Whether two are about the same; of a sequence that takes a person in once at a time, any two are."""
    if one.sequence != other.sequence or not other.running:
        return False
    return _once(book, one.sequence) or one.subject == other.subject


def waiting(book: Book, enrolments: Iterable[Enrolment], person: Person, old: Person) -> tuple[Firing, ...]:
    """What came for either and is asked in a moment whether it starts, but for what the other is in already."""
    inside = {one.sequence for one in enrolments if one.running}
    mine = {(one.sequence, one.subject) for one in person.firings}
    more = [
        one
        for one in old.firings
        if (one.sequence, one.subject) not in mine and not (one.sequence in inside and _once(book, one.sequence))
    ]
    return (*person.firings, *more)


def _once(book: Book, name: str) -> bool:
    sequence = book.sequences.get(name)
    return sequence is not None and (sequence.again.never or sequence.again.per in ("", "person"))
