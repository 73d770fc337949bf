"""Names that were given up for others: what is known under the former name counts for today's (language.md 8)."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import TypeVar

from nurture.model import event as names
from nurture.model.event import Event
from nurture.model.person import Consent, Enrolment, Firing, Message, Person

Named = TypeVar("Named", Enrolment, Firing, Message)
Renamed = Mapping[str, Mapping[str, str]]
SEQUENCE, TOPIC, THEME, TAG, MAIL = "sequence", "topic", "theme", "tag", "mail"
_NONE: Mapping[str, str] = {}
_LISTS = {
    names.CONSENT_GIVEN: (TOPIC, "topics"),
    names.CONSENT_REFUSED: (TOPIC, "topics"),
    names.CONSENT_LIFTED: (TOPIC, "topics"),
    names.PERSON_TAGGED: (TAG, "tags"),
    names.PERSON_UNTAGGED: (TAG, "tags"),
}
_WORDS = {
    names.THEME_SPARED: (THEME, "theme"),
    names.THEME_WANTED: (THEME, "theme"),
    names.PERSON_ENROLLED: (SEQUENCE, "sequence"),
}


def person_today(person: Person, renamed: Renamed) -> Person:
    """The person under the names of today; the very same value where no former name occurs.

    Of two answers for what is one topic now, a refusal stands: only the reader lifts it (language.md 3).
    """
    if not any(renamed.values()):
        return person
    changed: dict[str, object] = {}
    sequences, topics = renamed.get(SEQUENCE, _NONE), renamed.get(TOPIC, _NONE)
    if _occurs(person, sequences):
        changed["enrolments"] = tuple(_called(one, sequences) for one in person.enrolments)
        changed["firings"] = tuple(_called(one, sequences) for one in person.firings)
        changed["messages"] = tuple(_called(one, sequences) for one in person.messages)
    if topics.keys() & person.consents.keys():
        changed["consents"] = _joined(person.consents, topics)
    if renamed.get(THEME, _NONE).keys() & person.spared:
        changed["spared"] = _all_of(person.spared, renamed[THEME])
    if renamed.get(TAG, _NONE).keys() & person.tags:
        changed["tags"] = _all_of(person.tags, renamed[TAG])
    return replace(person, **changed) if changed else person  # type: ignore[arg-type]


def _occurs(person: Person, sequences: Mapping[str, str]) -> bool:
    mine = [one.sequence for one in person.enrolments]
    mine += [one.sequence for one in person.firings] + [one.sequence for one in person.messages]
    return not sequences.keys().isdisjoint(mine)


def _called(one: Named, sequences: Mapping[str, str]) -> Named:
    return replace(one, sequence=sequences[one.sequence]) if one.sequence in sequences else one


def _joined(consents: Mapping[str, Consent], topics: Mapping[str, str]) -> dict[str, Consent]:
    found: dict[str, Consent] = {}
    for name, one in consents.items():
        today = topics.get(name, name)
        found[today] = stronger(found[today], one) if today in found else one
    return found


def stronger(one: Consent, other: Consent) -> Consent:
    """Of two answers for one topic: a refusal, else the later."""
    if one.given != other.given:
        return other if one.given else one
    return max(one, other, key=lambda answer: answer.since)


def _all_of(words: Iterable[str], today: Mapping[str, str]) -> frozenset[str]:
    return frozenset(today.get(word, word) for word in words)


def mail_today(mail: str, renamed: Renamed) -> str:
    """What a mail is called today; a mail that went keeps the name it went under, and counts for this one."""
    return renamed.get(MAIL, _NONE).get(mail, mail)


def event_today(event: Event, renamed: Renamed) -> Event:
    """What arrives under a former name of a topic, theme, tag or sequence counts for the one of today."""
    if event.name in _LISTS:
        kind, field = _LISTS[event.name]
        words = event.fields.get(field)
        if isinstance(words, tuple | list | frozenset) and renamed.get(kind, _NONE).keys() & set(words):
            return replace(event, fields={**event.fields, field: tuple(sorted(_all_of(words, renamed[kind])))})
    if event.name in _WORDS:
        kind, field = _WORDS[event.name]
        today = renamed.get(kind, _NONE).get(str(event.fields.get(field)))
        if today is not None:
            return replace(event, fields={**event.fields, field: today})
    return event


def flattened(renamed: Renamed, kind: str, old: str, new: str) -> dict[str, dict[str, str]]:
    """The names with one more rename: every former name leads to today's in one step, and none back to itself."""
    found = {each: dict(pairs) for each, pairs in renamed.items()}
    mine = {each: new if today == old else today for each, today in found.get(kind, {}).items()}
    mine[old] = new
    mine.pop(new, None)
    found[kind] = mine
    return found
