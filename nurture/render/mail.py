"""One intent becomes one mail: in the reader's language, with a footer and the headers that let them leave."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple
from urllib.parse import quote

from jinja2 import Template

from nurture.links import Links
from nurture.model.book import Book
from nurture.model.decision import Intent
from nurture.model.mail import Email, Woven, sewn
from nurture.model.new_address import NEW_ADDRESS
from nurture.model.person import Person
from nurture.model.place import Place, Problem
from nurture.model.rules import Rules
from nurture.model.values import dataclass
from nurture.render.addresses import encoded, house_address, house_name
from nurture.render.calls import Answer, Images, Spare
from nurture.render.compiled import Compiled, Templates, compiled, fault_of
from nurture.render.environment import READER, Reader
from nurture.render.footer import Footer, Headers, leaving, sender_of
from nurture.render.frame import words
from nurture.render.images import carried
from nurture.render.layout import built_in, page_names
from nurture.render.locales import chain, with_territory
from nurture.render.own_mails import is_own, own_names, own_version
from nurture.render.page_words import choices_word
from nurture.render.parts import pieces_of
from nurture.render.settled import facts
from nurture.render.source import Piece, Written, read
from nurture.render.values import (
    RIGHT_TO_LEFT_MARK,
    Attributes,
    clean,
    shown,
    starts_right_to_left,
)
from nurture.render.versions import BUILT_IN, FORMATS, TEXT_PART, Origin, candidates, layout_of
from nurture.render.weaving import Part, Shared, woven_page, woven_text

ORDER_FACTS = frozenset({"count", "first_at", "last_at", "total"})
_NO_FOOTER = Woven(("",), ())


class Version(NamedTuple):
    """The version of a mail that one reader gets."""

    locale: str
    mail: Compiled


@dataclass(frozen=True, slots=True)
class Spoken:
    """The author's own words for one reader."""

    subject: str
    preheader: str
    text: Sequence[str]


def render(
    book: Book, templates: Mapping[str, bytes], intent: Intent, person: Person, links: Links | None
) -> Email | Problem:
    """The mail for an intent, from the templates (path to bytes) as they stand.

    Without `links` (no web address is configured) the reader leaves and answers by writing to the sender, and
    pictures travel inside the mail. A template's fault is a Problem with its line and is never raised. No clock
    is read: the date is when it was decided.
    """
    kind = kind_of(book, templates, intent, person, links)
    if isinstance(kind, Problem):
        return kind
    mail = kind.version.mail
    told, context = kind.context(intent, person, kind.footer)
    ready = mail.templates
    if isinstance(ready, Problem):
        return ready
    spoken = _spoken(mail, ready, context)
    if isinstance(spoken, Problem):
        return spoken
    if not says_something(spoken.subject):
        return _without_subject(mail.written)
    subject = turned(spoken.subject, kind.version.locale)
    page = _page(mail, ready.page, kind.page_context(told, context, subject, spoken.preheader, person))
    if isinstance(page, Problem):
        return page
    footer = kind.footer
    text = woven_text(spoken.text, kind.footer_text(footer))
    headers = Headers(book.rules, intent, footer).of(intent.key, footer.leaving.url)
    return kind.email(intent, person, (subject, text, page), headers)


class Kind(NamedTuple):
    """What mails have in common that are the same mail, for the same reason, in the same language.

    `footer` is that of one of them: others have other addresses in it.
    """

    book: Book
    templates: Mapping[str, bytes]
    links: Links | None
    version: Version
    footer: Footer

    @property
    def right_to_left(self) -> bool:
        """Which way its language runs."""
        return facts(self.version.locale)["direction"] == "rtl"

    def context(self, intent: Intent, person: Person, footer: Footer) -> tuple[dict[str, str], dict[str, object]]:
        """What frames are told, and what the mail may name beside."""
        locale = self.version.locale
        told = {**facts(locale), **footer.fields(isolated=self.right_to_left)}
        context = _context(self.book, intent, person, locale)
        context |= _asking(self.book, self.templates, intent, self.links, footer, locale)
        return told, {**told, **_calls(self.templates, intent, self.links, footer), **context}

    def page_context(
        self, told: Mapping[str, str], context: Mapping[str, object], subject: str, preheader: str, person: Person
    ) -> dict[str, object]:
        """What the page is told: the subject too, and what stands in a list beside it."""
        told = {**told, "subject": subject, "preheader": preheader}
        return {**page_names(told), **_trap(self.links, person), **context}

    def footer_text(self, footer: Footer) -> Woven:
        """The footer of the text part."""
        return _NO_FOOTER if self.version.mail.says_its_footer else footer.woven(isolated=self.right_to_left)

    def email(
        self, intent: Intent, person: Person, said: tuple[str, Part, Part], headers: tuple[tuple[str, str], ...]
    ) -> Email:
        """The whole mail: subject, text and page, with its headers."""
        subject, text, page = said
        sender = self.footer.sender
        named: dict[str, Any] = {
            "key": intent.key,
            "from_name": house_name(sender.name),
            "from_address": house_address(sender.address),
            "to_name": "" if intent.mail == NEW_ADDRESS else clean(str(person.facts.get("first_name") or "")),
            "to_address": encoded(intent.address),
            "subject": str(subject),
            "locale": self.version.locale,
            "direction": "rtl" if self.right_to_left else "ltr",
            "date": intent.decided_at,
            "reply_to": house_address(sender.reply_to) if sender.reply_to else "",
            "headers": headers,
            "categories": tuple(filter(None, (intent.mail, intent.sequence))),
            "tracked": person.tracked,
            "images": carried(self.templates, page),
        }
        if text.woven is not None and page.woven is not None:
            return sewn((text.woven, page.woven), **named)
        return Email(text=text.whole, html=page.whole, **named)


def kind_of(
    book: Book, templates: Mapping[str, bytes], intent: Intent, person: Person, links: Links | None
) -> Kind | Problem:
    """What kind of mail an intent becomes for this reader."""
    version = version_for(book.rules, templates, intent, person)
    if isinstance(version, Problem):
        return version
    return Kind(book, templates, links, version, footer_of(book, templates, intent, links, version.locale))


def version_for(rules: Rules, templates: Mapping[str, bytes], intent: Intent, person: Person) -> Version | Problem:
    """The version for this reader: theirs, or the next in the chain that is written and translated."""
    wanted = str(person.facts.get("locale") or "")
    if is_own(intent):
        locale, own = own_version(templates, wanted, rules.locales)
        return own if isinstance(own, Problem) else Version(locale, own)
    frame = layout_of(templates) or (BUILT_IN, built_in())
    for locale, beside in candidates(intent.mail, intent.variant, wanted, rules.locales):
        for ending in FORMATS:
            data = templates.get(beside + ending)
            if data is None or read(beside + ending, data).untranslated:
                continue
            found = compiled(Origin(beside + ending, data, templates.get(beside + TEXT_PART), *frame, locale))
            return found if isinstance(found, Problem) else Version(locale, found)
    place = Place(f"templates/{intent.mail}/{rules.locales[0]}.md")
    return Problem("E204", place, f"there is no mail '{intent.mail}' (templates/{intent.mail}/)")


def _context(book: Book, intent: Intent, person: Person, locale: str) -> dict[str, object]:
    """What a template may name: person, today, and the step's `with`."""
    right_to_left = facts(locale)["direction"] == "rtl"
    orders = person.orders
    history = {"count": orders.count, "first_at": orders.first_at, "last_at": orders.last_at, "total": orders.total}
    known: dict[str, object] = {
        name: shown(value, f"person.{name}", right_to_left)
        for name, value in person.facts.items()
        if name in book.catalogue.person
    }
    known["id"] = person.id
    known["email"] = shown(intent.address, "person.email", right_to_left)
    known["stage"] = shown(person.stage.id if person.stage else None, "person.stage", right_to_left)
    known["orders"] = Attributes("person.orders", {k: v for k, v in history.items() if v is not None}, ORDER_FACTS)
    given = {name: shown(value, name, right_to_left) for name, value in intent.variables.items()}
    place = with_territory(locale, str(person.facts.get("locale") or ""), str(person.facts.get("country") or ""))
    return {
        **given,
        "person": Attributes("person", known, frozenset(book.catalogue.person)),
        "today": intent.day,
        READER: Reader(place, intent.zone, book.rules.currency),
    }


def _trap(links: Links | None, person: Person) -> dict[str, object]:
    """Where only a machine goes; only where clicks are told apart is there anything that machines would falsify."""
    return {"_page_trap": links.trap if links is not None and person.tracked else ""}


def _asking(
    book: Book, templates: Mapping[str, bytes], intent: Intent, links: Links | None, footer: Footer, locale: str
) -> dict[str, object]:
    """What a mail is told that asks to confirm a topic: its title, and where; without a web address, a letter."""
    if is_own(intent):
        return own_names(templates, intent, links, footer, locale)
    topic = book.topics.get(intent.topic)
    if intent.sequence or topic is None or topic.confirm != intent.mail:
        return {}
    letter = f"mailto:{quote(footer.answers_to, safe='@')}?subject={quote(f'confirm {topic.id}', safe='')}"
    url = links.confirm(intent.person, topic.id, intent.key) if links else letter
    return {"confirm_url": url, "topic_title": topic_title(book, topic.id, locale)}


def topic_title(book: Book, topic: str, locale: str) -> str:
    """What a topic is called in a language, else in the house's first in which it is; else its name."""
    titles = dict(book.topics[topic].titles) if topic in book.topics else {}
    return next((titles[name] for name in chain(locale, book.rules.locales) if name in titles), topic)


def _calls(templates: Mapping[str, bytes], intent: Intent, links: Links | None, footer: Footer) -> dict[str, object]:
    """What a template may call, unless the step gave it something of that name."""
    letter = f"mailto:{quote(footer.answers_to, safe='@')}"
    images = Images(links, templates)
    calls = {
        "answer": Answer(links, intent.person, intent.key, letter),
        "spare": Spare(links, intent.person, intent.key, letter),
        "image": images,
    }
    return {"_image": images, **{name: call for name, call in calls.items() if name not in intent.variables}}


def _spoken(mail: Compiled, templates: Templates, context: dict[str, object]) -> Spoken | Problem:
    """Run the templates of the author's own words for one reader; what asks for nothing is what it says."""
    written = mail.written
    parts: list[Sequence[str]] = []
    for template, piece in (
        (templates.subject, written.subject),
        (templates.preheader, written.preheader),
        (templates.text, mail.own_text or written.body),
    ):
        if template is not templates.text and "{" not in piece.text:
            parts.append((Shared(piece.text),))
            continue
        try:
            parts.append(pieces_of(template, context))
        except Exception as fault:  # noqa: BLE001  (whatever a template raises is the template's fault)
            return fault_of((piece,), context, fault)
    subject, preheader, text = parts
    return Spoken(one_line(subject), one_line(preheader), text)


def says_something(subject: str) -> bool:
    """Whether there is anything to read in it."""
    return subject[:1].isalnum() or any(letter.isprintable() and not letter.isspace() for letter in subject)


def _without_subject(written: Written) -> Problem:
    """Providers refuse a mail without a subject, so it is not made."""
    subject = written.subject
    place = subject.place(0, len(subject.text)) if subject.text else Place(written.file)
    return Problem("E223", place, "the subject is empty for this reader", "say something in every case: {% else %}…")


def _page(mail: Compiled, template: Template, context: dict[str, object]) -> Part | Problem:
    """The page for one reader."""
    try:
        return woven_page(pieces_of(template, context))
    except Exception as fault:  # noqa: BLE001  (whatever a template raises is the template's fault)
        pieces: list[Piece] = [mail.written.body]
        if mail.frame is not None:
            pieces.append(mail.frame.piece)
        return fault_of(tuple(pieces), {**context, "content": ""}, fault)


def one_line(pieces: Sequence[str]) -> str:
    """One line; it is the pattern's where nothing of it is the reader's."""
    line = " ".join("".join(pieces).split())
    return Shared(line) if all(type(piece) is Shared for piece in pieces) else line


def turned(subject: str, locale: str) -> str:
    """A subject that a mail program would show from the wrong side gets a mark of its direction."""
    flips = facts(locale)["direction"] == "rtl" and not starts_right_to_left(subject)
    return type(subject)(RIGHT_TO_LEFT_MARK + subject) if flips else subject


def footer_of(book: Book, templates: Mapping[str, bytes], intent: Intent, links: Links | None, locale: str) -> Footer:
    """Who writes, why, and how to leave, in the mail's locale."""
    rules = book.rules
    sender = sender_of(rules, intent)
    said = words(templates, locale, rules.locales)
    leave = leaving(intent, links, sender)
    title = topic_title(book, intent.topic, locale)
    why = said.why.replace("{topic}", title) if leave.url else said.why_service
    choices = said.preferences or choices_word(templates, locale, rules.locales)
    return Footer(sender, rules.postal_address, why, said.reply, said.unsubscribe, choices, leave)
