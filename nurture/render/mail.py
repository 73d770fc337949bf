"""One intent becomes one mail: in the reader's language, with a footer and the headers that let them leave."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from markupsafe import Markup

from nurture.links import Links
from nurture.model.book import Book
from nurture.model.decision import Intent
from nurture.model.mail import Email
from nurture.model.person import Person
from nurture.model.place import Place, Problem
from nurture.model.rules import Rules
from nurture.render.addresses import encoded
from nurture.render.compiled import Compiled, compiled, fault_of
from nurture.render.environment import READER, Reader
from nurture.render.footer import Footer, headers, leaving, sender_of
from nurture.render.frame import BASE, built_in, page, words
from nurture.render.locales import chain, direction
from nurture.render.values import (
    END_OF_ISOLATE,
    ISOLATE,
    RIGHT_TO_LEFT_MARK,
    Attributes,
    clean,
    shown,
    starts_right_to_left,
)

ORDER_FACTS = frozenset({"count", "first_at", "last_at", "total"})
_EMPTY_LINES = re.compile(r"\n[ \t]*(?:\n[ \t]*){2,}")


@dataclass(frozen=True, slots=True)
class Spoken:
    """The author's own words for one reader; `reader` is the name for the To line, empty when not known."""

    reader: str
    subject: str
    preheader: str
    html: str
    text: str


def render(
    book: Book, templates: Mapping[str, bytes], intent: Intent, person: Person, links: Links | None
) -> Email | Problem:
    """The mail for an intent, from the templates (path to bytes) as they stand.

    Without `links` (no web address is configured) the reader leaves by writing to the sender. A template's
    fault is a Problem with its line and is never raised. No clock is read: the date is when it was decided.
    """
    template = _template_for(book.rules, templates, intent, person)
    if isinstance(template, Problem):
        return template
    locale, mail = template
    context = _context(book, intent, person, locale)
    spoken = _spoken(mail, context, clean(str(person.facts.get("first_name") or "")))
    if isinstance(spoken, Problem):
        return spoken
    return _framed(book, templates, intent, links, locale, spoken)


def _template_for(
    rules: Rules, templates: Mapping[str, bytes], intent: Intent, person: Person
) -> tuple[str, Compiled] | Problem:
    """The locale and template for this reader: theirs, or the next in the chain that is written and translated."""
    for locale in chain(str(person.facts.get("locale") or ""), rules.locales):
        file = f"templates/{intent.mail}/{locale}.md"
        if file in templates:
            found = compiled(file, templates[file])
            if isinstance(found, Problem) or not found.written.untranslated:
                return found if isinstance(found, Problem) else (locale, found)
    place = Place(f"templates/{intent.mail}/{rules.locales[0]}.md")
    return Problem("E204", place, f"there is no mail '{intent.mail}' (templates/{intent.mail}/)")


def _context(book: Book, intent: Intent, person: Person, locale: str) -> dict[str, object]:
    """What a template may name: person, today, and the step's `with`."""
    right_to_left = direction(locale) == "rtl"
    orders = person.orders
    history = {"count": orders.count, "first_at": orders.first_at, "last_at": orders.last_at, "total": orders.total}
    facts: dict[str, object] = {
        name: shown(value, f"person.{name}", right_to_left)
        for name, value in person.facts.items()
        if name in book.catalogue.person
    }
    facts["id"] = person.id
    facts["email"] = shown(intent.address, "person.email", right_to_left)
    facts["stage"] = shown(person.stage.id if person.stage else None, "person.stage", right_to_left)
    facts["orders"] = Attributes("person.orders", {k: v for k, v in history.items() if v is not None}, ORDER_FACTS)
    given = {name: shown(value, name, right_to_left) for name, value in intent.variables.items()}
    return {
        **given,
        "person": Attributes("person", facts, frozenset(book.catalogue.person)),
        "today": intent.day,
        READER: Reader(locale, intent.zone, book.rules.currency),
    }


def _spoken(mail: Compiled, context: Mapping[str, object], reader: str) -> Spoken | Problem:
    """Run the four templates of a mail for one reader."""
    parts: list[str] = []
    written = mail.written
    for template, piece in (
        (mail.subject, written.subject),
        (mail.preheader, written.preheader),
        (mail.html, written.body),
        (mail.text, written.body),
    ):
        try:
            parts.append(template.render(context))
        except Exception as fault:  # noqa: BLE001  (whatever a template raises is the template's fault)
            return fault_of(piece, context, fault)
    subject, preheader, html, text = parts
    return Spoken(reader, _one_line(subject), _one_line(preheader), html, _EMPTY_LINES.sub("\n\n", text))


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _framed(
    book: Book, templates: Mapping[str, bytes], intent: Intent, links: Links | None, locale: str, spoken: Spoken
) -> Email | Problem:
    """The whole mail: the author's words inside the frame, with its headers."""
    frame = page(templates.get(BASE) or built_in())
    if isinstance(frame, Problem):
        return frame
    footer = _footer(book, templates, intent, links, locale)
    way = direction(locale)
    flips = way == "rtl" and not starts_right_to_left(spoken.subject)
    subject = RIGHT_TO_LEFT_MARK + spoken.subject if flips else spoken.subject
    try:
        html = frame.render(
            locale=locale,
            direction=way,
            subject=subject,
            preheader=spoken.preheader,
            content=Markup(spoken.html),
            **footer.fields(),
        )
    except Exception as fault:  # noqa: BLE001  (an author's own frame may fail in any way)
        return Problem("E223", Place(BASE), f"this cannot be written: {fault}")
    sender = footer.sender
    return Email(
        key=intent.key,
        from_name=clean(sender.name),
        from_address=encoded(sender.address),
        to_name=spoken.reader,
        to_address=encoded(intent.address),
        subject=subject,
        text=spoken.text.strip("\n") + "\n\n" + footer.as_text(isolated=way == "rtl"),
        html=html.replace(ISOLATE, "<bdi>").replace(END_OF_ISOLATE, "</bdi>"),
        locale=locale,
        direction=way,
        date=intent.decided_at,
        reply_to=encoded(sender.reply_to) if sender.reply_to else "",
        headers=tuple(headers(book.rules, intent, footer)),
    )


def _footer(book: Book, templates: Mapping[str, bytes], intent: Intent, links: Links | None, locale: str) -> Footer:
    """Who writes, why, and how to leave, in the mail's locale."""
    rules = book.rules
    sender = sender_of(rules, intent)
    said = words(templates, locale, rules.locales)
    leave = leaving(intent, links, sender)
    titles = dict(book.topics[intent.topic].titles) if intent.topic in book.topics else {}
    title = next((titles[name] for name in chain(locale, rules.locales) if name in titles), intent.topic)
    why = said.why.replace("{topic}", title) if leave.url else said.why_service
    return Footer(sender, rules.postal_address, why, said.reply, said.unsubscribe, leave)
