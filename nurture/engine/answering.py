"""What the links in mails mean: what a reader is shown behind one, and what is recorded when they say yes.

Reading changes nothing, ever: scanners follow every link. Only the reader lifts a refusal, and only the one that
their page showed: a page sent once more after a newer refusal lifts nothing (language.md 3, email.md 4.4).
"""

import json
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from nurture import observe
from nurture.decide.consent import hears_of
from nurture.decide.draft import Draft
from nurture.decide.fold import fold
from nurture.engine import new_address
from nurture.engine.applying import LiveBook
from nurture.engine.cells import CellError, reader
from nurture.engine.faults import FaultError, StateError
from nurture.engine.workshop import Workshop
from nurture.links import ANSWER, CONFIRM, DISOWN, NEW_ADDRESS, SPARE, STORED_AS, Token
from nurture.model.book import Book
from nurture.model.event import (
    CONSENT_GIVEN,
    CONSENT_LIFTED,
    CONSENT_REFUSED,
    OWN_EVENTS,
    THEME_SPARED,
    THEME_WANTED,
)
from nurture.model.rules import Rules
from nurture.model.values import dataclass
from nurture.render.pages import Button, House, Kind, View, shown_words
from nurture.store.merged import whose
from nurture.store.said import Said

END = datetime.max.replace(tzinfo=UTC)
NO_BOOK = Book(rules=Rules(project=""))
BASIS = "by a link in a mail"
LEAVE, ALL, BACK, ALL_BACK, SPARE_ME, TELL = "leave", "all", "back", "all_back", "spare", "answer"


@dataclass(frozen=True, slots=True)
class Choice:
    """What was posted: `do` is one of the words above; `of` counts the refusals when the page was made."""

    do: str = LEAVE
    theme: str = ""
    of: str = ""


@dataclass(frozen=True, slots=True)
class Standing:
    """What one person has decided so far, with all that arrived; `counts` are their words by the event's name."""

    person: Draft
    counts: Counter[str]

    def refuses(self, topics: tuple[str, ...]) -> bool:
        """Whether they said no to each of these themselves, whatever else they refused."""
        answers = [self.person.consents.get(topic) for topic in topics]
        return all(answer is not None and not answer.given for answer in answers)

    @property
    def locales(self) -> tuple[str, ...]:
        """Their language, when it is known."""
        locale = str(self.person.facts.get("locale") or "")
        return (locale,) if locale else ()


class Answering:
    """Reads and acts on genuine tokens. `live` gives the applied book, `clock` the instant in UTC.

    Its methods work in the store: call them where that may be done.
    """

    def __init__(self, shop: Workshop, live: Callable[[], LiveBook | None], clock: Callable[[], datetime]) -> None:
        self.shop = shop
        self.live = live
        self.clock = clock
        self.house = House()
        self.recorded = 0

    def begin(self) -> tuple[bytes, ...]:
        """Every secret that links were ever signed with; also learns who speaks on the pages."""
        self.book()
        return self.shop.store.secrets(STORED_AS)

    def read(self, token: Token) -> View | None:
        """What to show to who follows a link; None when there is no such person. StateError: not now."""
        book, token = self.book(), self.today(token)
        standing = self.standing(book, token.person)
        if standing is None:
            return None
        if token.purpose in (NEW_ADDRESS, DISOWN):
            return self._new_address(standing, token, "")
        if token.purpose == ANSWER:
            return answer_view(standing, token, self._answer(book, token), Kind.answer)
        if token.purpose == SPARE:
            return spare_view(book, standing, token.subject)
        if token.purpose == CONFIRM:
            return confirm_view(book, standing, token, self.clock())
        return leave_view(book, standing, token.subject)

    def act(self, token: Token, choice: Choice) -> tuple[View | None, bool]:
        """Record what the reader chose, once: what to show them then (None: no such person), and whether it is new."""
        before = self.recorded
        return self._act(self.today(token), choice), self.recorded > before

    def _act(self, token: Token, choice: Choice) -> View | None:
        book = self.book()
        standing = self.standing(book, token.person)
        if standing is None:
            observe.note(observe.LINK_LOST, purpose=token.purpose, because="no such person")
            return None
        if token.purpose in (NEW_ADDRESS, DISOWN):
            return self._new_address(standing, token, choice.do)
        if token.purpose == ANSWER:
            return self._tell(book, standing, token)
        if token.purpose == CONFIRM:
            return self._confirm(book, standing, token, choice)
        if token.purpose == SPARE:
            self.record(token, SPARE_ME, spared(standing, token, token.subject))
            return spare_view(book, self.standing(book, token.person) or standing, token.subject)
        return self._leave(book, standing, token, choice)

    def _leave(self, book: Book, standing: Standing, token: Token, choice: Choice) -> View:
        """One choice on the page of a topic; what is none of the page's own choices leaves the topic."""
        if choice.do == SPARE_ME:
            return self._spare_on_the_way(book, standing, token, choice.theme)
        topics, newest = topics_of(book, token.subject), choice.of == str(standing.counts[CONSENT_REFUSED])
        if choice.do == BACK:
            if newest and standing.refuses(topics):
                self.record(token, BACK, said(token, CONSENT_LIFTED, topics, (BACK, choice.of)))
        elif choice.do == ALL_BACK:
            if newest and standing.person.refused_all:
                self.record(token, ALL_BACK, said(token, CONSENT_LIFTED, (), (ALL_BACK, choice.of)))
        else:
            given = str(standing.counts[CONSENT_LIFTED] + standing.counts[CONSENT_GIVEN])
            if choice.do == ALL and not standing.person.refused_all:
                self.record(token, ALL, said(token, CONSENT_REFUSED, (), (ALL, given)))
            elif choice.do != ALL and not standing.refuses(topics):
                self.record(token, LEAVE, said(token, CONSENT_REFUSED, topics, (LEAVE, given)))
        after = self.standing(book, token.person) or standing
        view = leave_view(book, after, token.subject)
        if choice.do in (BACK, ALL_BACK) and view.kind is Kind.leave:
            kind = Kind.back if choice.do == BACK else Kind.all_back
            return View(kind, view.locales, view.titles)
        return view

    def _spare_on_the_way(self, book: Book, standing: Standing, token: Token, theme: str) -> View:
        if theme not in book.themes:
            return leave_view(book, standing, token.subject)
        self.record(token, SPARE_ME, spared(standing, token, theme))
        after = self.standing(book, token.person) or standing
        return View(Kind.spared, after.locales, book.themes[theme].titles, more=tuple(offers(book, after)))

    def _confirm(self, book: Book, standing: Standing, token: Token, choice: Choice) -> View:
        """The reader agrees to what was asked for in their name; the words of the button are the proof."""
        topics, now = topics_of(book, token.subject), self.clock()
        view = confirm_view(book, standing, token, now)
        if view.kind is Kind.confirm and choice.do == CONFIRM and choice.of == str(standing.counts[CONSENT_REFUSED]):
            fields = {"topics": topics, "basis": "opt_in", "by": "reader", "how": "double opt-in"}
            fields |= {"wording": shown_words(view, self.house)}
            given = str(standing.counts[CONSENT_GIVEN] + standing.counts[CONSENT_REFUSED])
            once = (CONFIRM, given, *topics)
            self.record(token, CONFIRM, Said(token.person, CONSENT_GIVEN, once, fields, outside_id=token.key))
            view = confirm_view(book, self.standing(book, token.person) or standing, token, now)
        return view

    def _new_address(self, standing: Standing, token: Token, do: str) -> View:
        """What the reader of the new address, or of the old one, is shown of a change, and says of it (`do`)."""
        if standing.person.erased or standing.person.suppressed:
            return View(Kind.stale, standing.locales)
        if not do:
            return new_address.view_of(self.shop, token, standing.locales, self.clock())
        view, new = new_address.act(self.shop, token, do, standing.locales, self.house, self.clock())
        self.recorded += new
        observe.note(observe.LINK_TAKEN, purpose=token.purpose, choice=view.kind.word, new=new)
        return view

    def _tell(self, book: Book, standing: Standing, token: Token) -> View:
        """Record an answer as the event it is, with the fields that today's catalogue knows."""
        fields = self._answer(book, token)
        if fields is None:
            observe.note(observe.LINK_LOST, purpose=ANSWER, because="not in the catalogue", event=token.subject)
        elif standing.person.erased:
            observe.note(observe.LINK_LOST, purpose=ANSWER, because="erased")
        else:
            if len(fields) < len(token.fields):
                observe.note(observe.LINK_LOST, purpose=ANSWER, because="fields that do not fit", event=token.subject)
            once = (TELL, token.key, json.dumps(dict(token.fields), sort_keys=True))
            self.record(token, TELL, Said(token.person, token.subject, once, fields, fresh=True))
        return answer_view(standing, token, fields, Kind.answered)

    def record(self, token: Token, choice: str, one: Said) -> None:
        """Keep one word of a reader, once; `choice` is what the log calls it."""
        new = bool(self.shop.store.record(one, self.clock()))
        self.recorded += new
        observe.note(observe.LINK_TAKEN, purpose=token.purpose, choice=choice, new=new)

    def book(self) -> Book:
        """The applied book; without one that reads, an empty one: a refusal is taken in all the same."""
        try:
            live = self.live()
        except FaultError:
            live = None
        if live is None:
            return NO_BOOK
        rules = live.book.rules
        self.house = House(
            rules.sender.name, rules.postal_address, rules.locales, rules.currency, rules.zone, live.templates
        )
        return live.book

    def standing(self, book: Book, person: str) -> Standing | None:
        """Somebody as they are now, with what arrived since they were decided on; nothing of it is kept."""
        found = self.shop.store.people([person], END)
        if not found:
            return None
        ((known, arrived),) = found
        draft = Draft(book, known)
        for event in arrived:
            if event.name in OWN_EVENTS:
                fold(draft, event)
        history = self.shop.store.histories([person])[person]
        return Standing(draft, Counter(event.name for event in history))

    def today(self, token: Token) -> Token:
        """The token as of whom its contact was merged into: links of mails that went go on working."""
        return replace(token, person=whose(self.shop.store.database, token.person))

    def _answer(self, book: Book, token: Token) -> dict[str, object] | None:
        """The fields of an answer as the catalogue types them; None when it does not know the event any more."""
        if book is NO_BOOK:
            raise StateError("the applied book cannot be read, so no answer can be understood now.")
        known = book.catalogue.events.get(token.subject)
        return None if known is None else dict(typed(book, token))


def typed(book: Book, token: Token) -> Iterator[tuple[str, object]]:
    """Each field that is known and whose value is of its type."""
    zone = ZoneInfo(book.rules.zone)
    for name, value in token.fields.items():
        field = book.catalogue.events[token.subject].get(name)
        if field is None:
            continue
        text = str(value).lower() if isinstance(value, bool) else str(value)
        try:
            yield name, reader(field, book.rules.currency, zone)(text)
        except CellError:
            continue  # `_tell` says that one did not fit


def said(token: Token, name: str, topics: tuple[str, ...], once: tuple[str, ...]) -> Said:
    """A reader's word about topics; how and by whom it was said is kept with it, as proof."""
    fields = {"topics": topics, "basis": BASIS, "wording": "", "by": "reader"}
    return Said(token.person, name, (*once, *topics), fields, outside_id=token.key)


def spared(standing: Standing, token: Token, theme: str) -> Said:
    """A reader asks to be spared a theme: for good, until they take it back themselves."""
    taken_back = standing.counts[THEME_WANTED]
    once = (theme, str(taken_back)) if taken_back else (theme,)
    return Said(token.person, THEME_SPARED, once, {"theme": theme, "by": "reader"}, outside_id=token.key)


def topics_of(book: Book, topic: str) -> tuple[str, ...]:
    """The topic, and what it is called today if it was renamed; a removed one is refused under its old name."""
    renamed = tuple(one.id for one in book.topics.values() if one.was == topic) if topic not in book.topics else ()
    return (topic, *renamed)


def leave_view(book: Book, standing: Standing, topic: str) -> View:
    """The page of a topic: what can be left, or what was left and what more can be."""
    topics = topics_of(book, topic)
    titles = book.topics[topics[-1]].titles if topics[-1] in book.topics else ()
    of = (("of", str(standing.counts[CONSENT_REFUSED])),)
    if standing.person.refused_all:
        mistake = Button(ALL_BACK, "mistake", hidden=of)
        return View(Kind.all_left, standing.locales, buttons=(mistake,))
    if standing.refuses(topics):
        mistake = Button(BACK, "mistake", hidden=of)
        return View(Kind.left, standing.locales, titles, buttons=(mistake,), more=tuple(offers(book, standing)))
    return View(Kind.leave, standing.locales, titles, buttons=(Button(LEAVE, "leave_button", quiet=False),))


def offers(book: Book, standing: Standing) -> Iterator[Button]:
    """What else a reader can be spared: each theme that they are not spared yet, and everything."""
    if standing.person.refused_all:
        return
    for theme in book.themes.values():
        if theme.id not in standing.person.spared:
            titles = theme.titles or (("", theme.id.replace("_", " ")),)
            yield Button(SPARE_ME, "spare_offer", titles, (("theme", theme.id),))
    yield Button(ALL, "all_button")


def spare_view(book: Book, standing: Standing, theme: str) -> View:
    """The page of a theme."""
    titles = book.themes[theme].titles if theme in book.themes else ()
    if theme in standing.person.spared:
        return View(Kind.spared, standing.locales, titles)
    return View(Kind.spare, standing.locales, titles, buttons=(Button(SPARE_ME, "spare_button", quiet=False),))


def answer_view(standing: Standing, token: Token, fields: dict[str, object] | None, kind: Kind) -> View:
    """The page of an answer, before and after it was sent; closed when its event is no longer known."""
    if fields is None:
        return View(Kind.closed, standing.locales)
    button = Button(TELL, "answer_button", quiet=False)
    buttons = (button,) if kind is Kind.answer else ()
    return View(kind, standing.locales, said=token.subject, fields=tuple(fields.items()), buttons=buttons)


def confirm_view(book: Book, standing: Standing, token: Token, now: datetime) -> View:
    """The page of a topic that was asked for: what is agreed to, or that it is.

    Closed when there is no such topic, and when the mail went to an address that is theirs no more: who reads there
    cannot agree for the one of today.
    """
    topic, person = topics_of(book, token.subject)[-1], standing.person
    went = next((one.address for one in person.messages if one.key == token.key), person.address)
    if topic not in book.topics or person.erased or went != person.address:
        return View(Kind.closed, standing.locales)
    titles = book.topics[topic].titles
    if hears_of(standing.person, topic, now):
        return View(Kind.confirmed, standing.locales, titles)
    of = (("of", str(standing.counts[CONSENT_REFUSED])),)
    button = Button(CONFIRM, "confirm_button", hidden=of, quiet=False)
    return View(Kind.confirm, standing.locales, titles, buttons=(button,))
