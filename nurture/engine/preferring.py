"""What a reader decides on the page of their choices: shown as it stands, and recorded when they say so.

Reading changes nothing. Switching off counts always; switching on counts only from a page that is as new as what they
said last, since only the reader lifts a refusal, and only one that their page showed (language.md 3, email.md 4.3).
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime, timedelta

from nurture import observe
from nurture.decide.consent import hears_of
from nurture.engine import new_address
from nurture.engine.answering import NO_BOOK, Answering, Standing
from nurture.engine.faults import StateError
from nurture.links import Token
from nurture.model import event as names
from nurture.model.book import Book
from nurture.model.values import dataclass
from nurture.render.choices import Box, Choices, Message, wording
from nurture.render.locales import chain
from nurture.store.identity import RefusedRow, normal_address
from nurture.store.said import Said

HOW = "page of their choices"
BASIS = "opt_in"
CHOOSE, NEW_ADDRESS, ALL_OFF, ALL_BACK = "choices", "address", "all", "all_back"
OFTEN = 3  # addresses that one reader may ask for in a day
A_DAY = timedelta(days=1)
LOCALE = "locale"
COUNTED = (
    names.CONSENT_GIVEN, names.CONSENT_REFUSED, names.CONSENT_LIFTED, names.THEME_SPARED, names.THEME_WANTED,
    names.TRACKING_GIVEN, names.TRACKING_REFUSED,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Wish:
    """What a posted form says. `shown` is what was ticked on the page as it was made, `ticked` what is now.

    `of` is how much they had said when it was made.
    """

    do: str = ""
    shown: frozenset[str] = frozenset()
    ticked: frozenset[str] = frozenset()
    of: str = ""
    language: str = ""
    address: str = ""


def wish_of(form: Mapping[str, str]) -> Wish:
    """A form of the page as a wish; anything else is one that changes nothing."""
    ticked = frozenset(name for name in form if name.startswith(("topic.", "theme.", "measure.")))
    shown = frozenset(form.get("shown", "").split())
    return Wish(
        form.get("do", ""), shown, ticked, form.get("of", ""), form.get("language", ""), form.get("address", "")
    )


class Preferring:
    """Reads and changes choices by genuine tokens, in the store: call it where that may be done."""

    def __init__(self, answering: Answering) -> None:
        self.answering = answering

    def read(self, token: Token) -> Choices | None:
        """The page as it stands; None when there is no such person any more. StateError: not now."""
        return self._read(token)[0]

    def _read(self, token: Token) -> tuple[Choices | None, str]:
        """The page, and the address they have."""
        book = self.answering.book()
        if book is NO_BOOK:
            raise StateError("the applied book cannot be read, so no choices can be shown now.")
        standing = self.answering.standing(book, self.answering.today(token).person)
        if standing is None or standing.person.erased:
            return None, ""
        reached = standing.person.address
        return replace(choices_of(book, standing, self.answering.clock()), address=bool(reached)), reached

    def act(self, token: Token, wish: Wish) -> tuple[Choices | None, bool]:
        """Record what the form says: the page as it stands then, and whether anything is new."""
        token = self.answering.today(token)
        before, (page, address) = self.answering.recorded, self._read(token)
        if page is None:
            observe.note(observe.LINK_LOST, purpose=token.purpose, because="no such person")
            return None, False
        if wish.do == NEW_ADDRESS and page.address and not page.barred:
            message = self._another_address(token, wish.address, address)
        else:
            message = self._decided(token, page, wish)
        after = self.read(token) or page
        typed = wish.address[:254] if message is Message.bad_address else ""
        return replace(after, message=message, typed=typed), self.answering.recorded > before

    def _decided(self, token: Token, page: Choices, wish: Wish) -> Message:
        """Record everything that the form decides, each as an event of its own."""
        house, now = self.answering.house, self.answering.clock()
        for one in decided(page, wish):
            shown = {"wording": wording(page, house, one.box)} if one.name in GIVING else {}
            once = (HOW, now.isoformat() if one.name == names.PERSON_CHANGED else since(page, wish), one.box)
            fields = {**one.fields, **shown, "by": "reader", "how": HOW}
            self.answering.record(token, wish.do, Said(token.person, one.name, once, fields, outside_id=token.key))
        if wish.do not in (CHOOSE, ALL_OFF, ALL_BACK):
            return Message.none
        asked_back = wish.do == ALL_BACK or (wish.do == CHOOSE and switched_on(page, wish))
        return Message.changed if asked_back and not is_fresh(page, wish) else Message.saved

    def _another_address(self, token: Token, typed: str, before: str) -> Message:
        """Record that they ask for another address; it is theirs once they confirm it there, and not before.

        What the address is to others changes nothing of what they are told.
        """
        try:
            address = normal_address(typed)
        except RefusedRow:
            return Message.bad_address
        shop, now = self.answering.shop, self.answering.clock()
        history = shop.store.histories([token.person])[token.person]
        asked = [one for one in history if one.name == names.ADDRESS_ASKED and one.known_at > now - A_DAY]
        barred = new_address.barred(shop, token.person, address, history, now)
        if asked and asked[-1].fields.get("address") == address and not new_address.answered(history, asked[-1]):
            return Message.address_asked
        if len(asked) >= OFTEN:
            return Message.too_often
        fields = {"address": address, "from": before, "barred": barred, "by": "reader", "how": HOW}
        once = (now.isoformat(), address)
        said = Said(token.person, names.ADDRESS_ASKED, once, fields, outside_id=token.key)
        self.answering.record(token, NEW_ADDRESS, said)
        return Message.address_asked


GIVING = frozenset({names.CONSENT_GIVEN, names.TRACKING_GIVEN})


@dataclass(frozen=True, slots=True)
class Decided:
    """One event that a form says, with its fields; `box` is the one that was switched."""

    name: str
    fields: Mapping[str, object]
    box: str = ""


def decided(page: Choices, wish: Wish) -> Iterator[Decided]:
    """The events that a form says; none for what stands already."""
    everything: dict[str, object] = {"topics": (), "basis": HOW}
    if page.barred:
        return
    if wish.do == ALL_OFF and not page.off:
        yield Decided(names.CONSENT_REFUSED, everything)
    elif wish.do == ALL_BACK and page.off and is_fresh(page, wish):
        yield Decided(names.CONSENT_LIFTED, everything)
    elif wish.do == CHOOSE:
        yield from (switched(box, OFF) for box in sorted((wish.shown & page.ticked) - wish.ticked))
        yield from (switched(box, ON) for box in switched_on(page, wish) if is_fresh(page, wish))
        if wish.language in page.languages and wish.language != page.language:
            yield Decided(names.PERSON_CHANGED, {"facts": {LOCALE: wish.language}})


ON = {"topic": names.CONSENT_GIVEN, "theme": names.THEME_SPARED, "measure": names.TRACKING_GIVEN}
OFF = {"topic": names.CONSENT_REFUSED, "theme": names.THEME_WANTED, "measure": names.TRACKING_REFUSED}


def switched(box: str, way: Mapping[str, str]) -> Decided:
    """The event of one box that is ticked, or no longer."""
    kind, _, id_ = box.partition(".")
    fields: dict[str, object] = {"theme": id_} if kind == "theme" else {}
    if kind == "topic":
        fields = {"topics": (id_,), "basis": BASIS if way is ON else HOW}
    return Decided(way[kind], fields, box)


def switched_on(page: Choices, wish: Wish) -> list[str]:
    """The boxes that the form ticks and that are not: those of the page, and no others."""
    return sorted((wish.ticked & page.boxes) - page.ticked)


def is_fresh(page: Choices, wish: Wish) -> bool:
    """Whether nothing was said since the form's page was made."""
    return wish.of == str(page.of)


def since(page: Choices, wish: Wish) -> str:
    """How much had been said when the form was made: a form that is sent twice says the same, once."""
    known = wish.of.isascii() and wish.of.isdigit() and len(wish.of) < 10 and int(wish.of) <= page.of
    return str(int(wish.of)) if known else str(page.of)


def choices_of(book: Book, standing: Standing, now: datetime) -> Choices:
    """What they decided so far, for the page."""
    person, known = standing.person, LOCALE in book.catalogue.person and len(book.rules.locales) > 1
    spoken = chain(standing.locales[0] if standing.locales else "", book.rules.locales)
    return Choices(
        standing.locales,
        tuple(Box(one.id, one.titles, hears_of(person, one.id, now)) for one in book.topics.values()),
        tuple(Box(one.id, one.titles, one.id in person.spared) for one in book.themes.values()),
        book.rules.locales if known else (),
        next((tag for tag in spoken if tag in book.rules.locales), ""),
        person.tracked,
        person.refused_all,
        sum(standing.counts[name] for name in COUNTED),
        barred=bool(person.suppressed),
    )
