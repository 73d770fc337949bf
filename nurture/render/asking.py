"""What a template asks of one mail, as a value that two mails can be compared by: equal answers, equal words.

Nothing here works out what a template would show. A fact is compared as the store has it, which takes a tenth of
making it ready for a template.
"""

from collections.abc import Callable, Hashable, Iterable, Mapping
from datetime import date

from nurture.links import Links
from nurture.model.catalogue import Catalogue
from nurture.model.decision import Intent
from nurture.model.person import Person
from nurture.render.locales import with_territory
from nurture.render.splitting import ADDRESSES, READER, How, Read
from nurture.render.told import OWN
from nurture.render.values import clean

_ORDERS = frozenset({"count", "first_at", "last_at", "total"})
_EACH_ITS_OWN = frozenset({"answer", "spare", "confirm_url"})
SPOKEN = frozenset({"subject", "preheader"})


class OneMail:
    """One mail in the making. `leave` and `choose` are the reader's own addresses, empty where there are none."""

    __slots__ = ("choose", "context", "intent", "leave", "person", "preheader", "subject", "ways")

    def __init__(self, intent: Intent, person: Person, links: Links | None, letter: str, service: bool) -> None:
        self.intent, self.person = intent, person
        self.subject = self.preheader = ""
        self.context: tuple[dict[str, str], dict[str, object]] | None = None  # what its templates are given
        self.ways = links.of_mail(intent.person, intent.key) if links is not None else None
        self.leave, self.choose = letter, ""
        if self.ways is not None and not service:
            self.leave, self.choose = self.ways.unsubscribe(intent.topic), self.ways.preferences()


Ask = Callable[[OneMail], Hashable]
Raw = Callable[[OneMail], object]


class EachItsOwn(Exception):
    """What is asked for is different in every mail, or cannot be compared."""


def asks(reads: Iterable[Read], given: frozenset[str], catalogue: Catalogue, locale: str) -> tuple[Ask, ...]:
    """A question for each of these; without those whose answer is the same in all mails of a kind.

    `given` are the names that the step gives. EachItsOwn when there is no comparing.
    """
    found = (ask_of(one, given, catalogue, locale) for one in reads)
    return tuple(one for one in found if one is not None)


def ask_of(read: Read, given: frozenset[str], catalogue: Catalogue, locale: str) -> Ask | None:
    """The question; None where the answer is the same in all mails of a kind, EachItsOwn where in no two."""
    root, *rest = read.path
    if root == READER:
        return lambda one: (_place(one, locale), one.intent.zone)
    if root == "today":
        return lambda one: one.intent.day
    if root == "person":
        raw = _of_person(rest, catalogue)
        return raw and _asked(read.how, raw, deep=len(rest) > 1 and rest[0] != "orders")
    if root in given:
        return _asked(read.how, lambda one: one.intent.variables[root], deep=bool(rest))
    if root in _EACH_ITS_OWN or root.removeprefix(OWN) in ADDRESSES:
        if read.how is How.holds and root != "answer":
            return None  # there is one in every mail of a kind, or in none
        raise EachItsOwn(root)
    if root.removeprefix(OWN) in SPOKEN:
        name = root.removeprefix(OWN)
        return lambda one: _spoken(getattr(one, name))
    if root == f"{OWN}trap":
        return lambda one: one.person.tracked
    return None


def _of_person(rest: list[str], catalogue: Catalogue) -> Raw | None:
    name = rest[0] if rest else "id"
    if name in ("id", "email"):
        raise EachItsOwn(name)
    if name == "stage":
        return lambda one: one.person.stage.id if one.person.stage else None
    if name == "orders":
        if len(rest) == 1:
            raise EachItsOwn(name)
        part = rest[1]
        return (lambda one: getattr(one.person.orders, part)) if part in _ORDERS else None
    if name in catalogue.person:
        return lambda one: one.person.facts.get(name)
    return None


def _asked(how: How, raw: Raw, deep: bool) -> Ask:
    if deep or how is How.value:
        return lambda one: compared(raw(one))
    if how is How.known:
        return lambda one: is_known(raw(one))
    return lambda one: holds(raw(one))


def compared(value: object) -> Hashable:
    """A value as something that equals only what any template would show the same; 1 and 1.0 and true are three."""
    if type(value) is str or value is None:
        return value
    if type(value) in (int, bool, date):
        return type(value), value
    return type(value), repr(value)


def is_known(value: object) -> bool:
    """Whether a template would have it as known: blank text is not."""
    return bool(clean(value)) if isinstance(value, str) else value is not None


def holds(value: object) -> bool:
    """Whether a template would take it for true: what is not known is not, and what has parts is."""
    return bool(clean(value)) if isinstance(value, str) else isinstance(value, Mapping) or bool(value)


def _spoken(words: str) -> Hashable:
    return type(words), words


def _place(one: OneMail, locale: str) -> str:
    facts = one.person.facts
    return with_territory(locale, str(facts.get("locale") or ""), str(facts.get("country") or ""))
