"""A mail as stock Jinja renders it, without weaving: what the woven one is compared with, byte for byte."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from jinja2 import Template
from jinja2.compiler import CodeGenerator

from nurture.links import Links
from nurture.model.book import Book
from nurture.model.decision import Intent
from nurture.model.person import Person
from nurture.model.place import Problem
from nurture.render import mail
from nurture.render.compiled import Compiled
from nurture.render.environment import Sandbox, environment
from nurture.render.footer import Footer
from nurture.render.layout import page_names
from nurture.render.restore import template_of
from nurture.render.settled import facts
from nurture.render.values import Isolated

EMPTY_LINES = re.compile(r"\n[ \t]*(?:\n[ \t]*){2,}")


def stock(escaped: bool) -> Sandbox:
    """The sandbox of mails with Jinja's own code generator."""
    made = environment(escaped)
    made.code_generator_class = CodeGenerator  # type: ignore[assignment]
    return made


HTML, TEXT = stock(escaped=True), stock(escaped=False)


@dataclass(frozen=True, slots=True)
class Stock:
    """What a reader gets to see."""

    subject: str
    text: str
    html: str


@dataclass(frozen=True, slots=True)
class Templates:
    """The four templates of a mail."""

    subject: Template
    preheader: Template
    text: Template
    page: Template


_KNOWN: dict[int, tuple[Compiled, Templates]] = {}


def templates_of(ready: Compiled) -> Templates:
    """A mail's templates as stock Jinja compiles them, once."""
    known = _KNOWN.get(id(ready))
    if known is None or known[0] is not ready:
        known = _KNOWN[id(ready)] = ready, _templates(ready)
    return known[1]


def _templates(ready: Compiled) -> Templates:
    written = ready.written
    text = ready.text if ready.own_text is None else ready.own_text.text
    sources = (written.subject.text, written.preheader.text, text)
    subject, preheader, words = (TEXT.from_string(source) for source in sources)
    return Templates(subject, preheader, words, template_of(ready.parts, written.file, HTML))


def stock_mail(
    book: Book, templates: Mapping[str, bytes], intent: Intent, person: Person, links: Links | None
) -> Stock:
    """The mail, or whatever the template raises."""
    version = mail.version_for(book.rules, templates, intent, person)
    assert not isinstance(version, Problem), version
    ready = templates_of(version.mail)
    footer = mail.footer_of(book, templates, intent, links, version.locale)
    settled = facts(version.locale)
    isolated = settled["direction"] == "rtl"
    told = {**settled, **footer.fields(isolated=isolated)}
    given = mail._context(book, intent, person, version.locale)
    context = {**told, **mail._calls(templates, intent, links, footer), **given}
    subject, preheader = (" ".join(one.render(context).split()) for one in (ready.subject, ready.preheader))
    subject = mail.turned(subject, version.locale)
    text = EMPTY_LINES.sub("\n\n", ready.text.render(context)).strip("\n") + "\n"
    if not version.mail.says_its_footer:
        text += "\n" + footer_text(footer, isolated)
    told |= {"subject": subject, "preheader": preheader}
    html = ready.page.render({**page_names(told), **mail._trap(links, person), **context})
    return Stock(subject, text, html.replace("\u2068", "<bdi>").replace("\u2069", "</bdi>"))


def footer_text(footer: Footer, isolated: bool) -> str:
    """The footer of the text part."""
    name, address = footer.sender.name, footer.postal_address
    if isolated:
        name, address = str(Isolated(name)), str(Isolated(address))
    lines = ["* * *", footer.reply, footer.why]
    if footer.leaving.url:
        lines.append(f"{footer.unsubscribe}: {footer.leaving.url}")
    if footer.leaving.preferences:
        lines.append(f"{footer.preferences}: {footer.leaving.preferences}")
    return "\n".join([*lines, f"{name} · {address}"]) + "\n"
