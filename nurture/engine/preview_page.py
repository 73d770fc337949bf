"""`preview --all`: one page with mails in every locale, at phone and desktop width, light and dark (language.md 11.3).

The page is one file and needs no network. Each mail is in it once, and is put into its four frames by the page's own
script when one scrolls near; the frames run no script (`sandbox`), so what stands in a mail can do nothing there.
"""

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from html import escape
from importlib.resources import files
from itertools import groupby
from pathlib import Path
from string import Template

from nurture.engine.preview import Preview, write
from nurture.model.place import Problem

PHONE, DESKTOP = 375, 700  # CSS pixels
FRAMES = (
    ("phone", "light", PHONE),
    ("phone", "dark", PHONE),
    ("desktop", "light", DESKTOP),
    ("desktop", "dark", DESKTOP),
)

Shown = tuple[str, str, Preview | Problem]  # mail, locale, what came of it


@dataclass(slots=True)
class Store:
    """The HTML of every mail and every picture once; a mail names its pictures by number."""

    documents: list[dict[str, object]] = field(default_factory=list)
    pictures: dict[str, int] = field(default_factory=dict)

    def add(self, shown: Preview) -> int:
        """Take in one mail; its number."""
        named = [(name, self.pictures.setdefault(data, len(self.pictures))) for name, data in shown.pictures]
        self.documents.append({"html": shown.email.html, "pictures": named})
        return len(self.documents) - 1

    def as_json(self) -> str:
        """As a script element can hold it: nothing in it can end the element."""
        said = {"documents": self.documents, "pictures": list(self.pictures)}
        return json.dumps(said, ensure_ascii=False, separators=(",", ":")).replace("<", "\\u003c")


def page_written(root: Path, mail: str, html: str, variant: str = "") -> Path:
    """Write the page: of one mail beside its previews, of every mail as all.html."""
    return write(root, ".".join(part for part in (mail, variant, "all.html") if part), html)


def page_of(project: str, shown: Sequence[Shown]) -> str:
    """The page for these mails, which come mail by mail, as HTML."""
    store = Store()
    mails = list(dict.fromkeys(mail for mail, _, _ in shown))
    locales = list(dict.fromkeys(locale for _, locale, _ in shown))
    sections = [section(mail, list(of_mail), store) for mail, of_mail in groupby(shown, key=lambda one: one[0])]
    title = mails[0] if len(mails) == 1 else f"{project}: {len(mails)} mails"
    return template().substitute(
        title=escape(title),
        heading=escape(title),
        jump=jump(mails) if len(mails) > 1 else "",
        languages="".join(language_button(locale) for locale in locales),
        sections="\n".join(sections),
        mails=store.as_json(),
    )


@lru_cache(maxsize=1)
def template() -> Template:
    """The page without its mails."""
    return Template(files("nurture.engine").joinpath("preview.html").read_text(encoding="utf-8"))


def jump(mails: Iterable[str]) -> str:
    """A list to choose a mail from."""
    options = "".join(f'<option value="{escape(mail)}">{escape(mail)}</option>' for mail in mails)
    return f'<select id="jump" aria-label="Go to a mail">{options}</select>'


def language_button(locale: str) -> str:
    """Shows and hides a language."""
    code = escape(locale)
    return f'<button type="button" aria-pressed="true" data-kind="locale-{code}" data-language="{code}">{code}</button>'


def section(mail: str, shown: list[Shown], store: Store) -> str:
    """One mail in all its locales."""
    first = next((one for _, _, one in shown if isinstance(one, Preview)), None)
    about = " · ".join(sent_words(first)) if first else ""
    articles = "\n".join(article(locale, one, store) for _, locale, one in shown)
    return f'<section id="{escape(mail)}">\n<h2>{escape(mail)}</h2>\n<p>{escape(about)}</p>\n{articles}\n</section>'


def sent_words(shown: Preview) -> Iterator[str]:
    """By whom it is sent, as what."""
    sending = shown.sending
    yield f"sent by {sending.sequence.name}" if sending.sequence else "no sequence sends it yet"
    if sending.others:
        yield f"and by {', '.join(sending.others)}"
    yield shown.class_
    if shown.topic:
        yield shown.topic
    if shown.variant:
        yield f"variant {shown.variant}"


def article(locale: str, shown: Preview | Problem, store: Store) -> str:
    """One locale of a mail: what a list of mails shows of it, and four frames."""
    code = escape(locale)
    tongue = f'<div class="tongue"><span data-language="{code}">{code}</span><small>{code}</small></div>'
    if isinstance(shown, Problem):
        words = escape(f"{shown.place}: {shown.code}: {shown.message}\n{shown.hint}".strip())
        body = f'<div class="said">{tongue}<p class="fault">{words}</p></div>'
    else:
        body = f'<div class="said">{tongue}<div>{captions(shown)}</div></div>\n{frames(shown, store.add(shown))}'
    return f'<article data-kinds="locale-{code}">\n{body}\n</article>'


def captions(shown: Preview) -> str:
    """Subject, preview text and the plain facts."""
    found = shown.seen
    facts = [
        f"subject {found.subject_length} of {found.longest_subject} characters",
        found.direction,
        found.sizes,
        f"{len(found.links)} link{'' if len(found.links) == 1 else 's'}",
    ]
    if shown.email.locale not in (shown.wanted_locale, ""):
        facts.insert(0, f"shown in {shown.email.locale}: a reader of {shown.wanted_locale} gets that")
    facts += found.link_faults
    return (
        f'<p class="subject">{escape(shown.email.subject)}</p>\n<p class="preheader">{escape(found.preheader)}</p>\n'
        f'<p class="facts">{escape(" · ".join(facts))}</p>'
    )


def frames(shown: Preview, number: int) -> str:
    """The same mail four times; the script gives each frame its width, its height and its colours."""
    cells = [
        f'<figure class="{device}" data-kinds="{device} {scheme}" data-width="{width}">'
        f"<figcaption>{device.title()} · {scheme}</figcaption>"
        f'<div class="frame"><iframe loading="lazy" sandbox="allow-same-origin" data-mail="{number}" '
        f'data-scheme="{scheme}" title="{escape(shown.mail)} {escape(shown.email.locale)}, {device}, {scheme}">'
        "</iframe></div></figure>"
        for device, scheme, width in FRAMES
    ]
    return f'<div class="row">{"".join(cells)}</div>'
