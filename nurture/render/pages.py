"""The pages behind the links in mails: what a reader is shown, in their language and direction, without a script.

The words are nurture's own (`_pages/LOCALE.toml`); a project says some of them otherwise, or in another language
all of them, under `[page]` in templates/_layout/LOCALE.toml.
"""

import base64
import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import field
from datetime import date, datetime
from enum import Enum
from functools import lru_cache
from importlib.resources import files
from zoneinfo import ZoneInfo

from babel.dates import format_date
from babel.numbers import format_currency, format_decimal
from jinja2 import Environment, FunctionLoader, StrictUndefined, Template
from markupsafe import Markup, escape

from nurture.model.event import Money
from nurture.model.values import dataclass
from nurture.render.locales import babel_locale, chain, direction, is_locale
from nurture.render.page_words import STYLE, WHAT, Titles, names_for, style_problem, words_for
from nurture.render.values import clean

ENVELOPE = "M3.5 6.5h17v11.5h-17z M3.5 7l8.5 6.5 8.5-6.5"
TICK = "M5 12.5l4.5 4.5L19 7.5"
OPEN_CIRCLE = "M12 7v5.5 M12 16.6v.2 M12 3.5a8.5 8.5 0 1 1 0 17a8.5 8.5 0 1 1 0-17z"


class Kind(Enum):
    """What a page says, and the sign above it."""

    leave = "leave", ENVELOPE
    left = "left", TICK
    all_left = "all", TICK
    back = "back", ENVELOPE
    all_back = "all_back", ENVELOPE
    spare = "spare", ENVELOPE
    spared = "spared", TICK
    answer = "answer", ENVELOPE
    answered = "answered", TICK
    confirm = "confirm", ENVELOPE
    confirmed = "confirmed", TICK
    moving = "moving", ENVELOPE
    moved = "moved", TICK
    stale = "stale", OPEN_CIRCLE
    disown = "disown", ENVELOPE
    disowned = "disowned", TICK
    closed = "closed", TICK
    lost = "lost", OPEN_CIRCLE
    busy = "busy", OPEN_CIRCLE

    @property
    def word(self) -> str:
        """The first part of the names of its words."""
        return self.value[0]

    @property
    def mark(self) -> str:
        """The path of the sign."""
        return self.value[1]


@dataclass(frozen=True, slots=True)
class Button:
    """Something the reader can do here: what is posted, the word it is labelled with, and what that is about."""

    do: str
    word: str
    titles: Titles = ()
    hidden: tuple[tuple[str, str], ...] = ()
    quiet: bool = True


@dataclass(frozen=True, slots=True)
class View:
    """What a link means to its reader now. `locales` are theirs, best first; `titles` what it is about.

    `said` and `fields` are an answer: its event's name, and the values by name. `buttons` stand below the text,
    `more` in a part of their own.
    """

    kind: Kind
    locales: tuple[str, ...] = ()
    titles: Titles = ()
    said: str = ""
    fields: tuple[tuple[str, object], ...] = ()
    buttons: tuple[Button, ...] = ()
    more: tuple[Button, ...] = ()


@dataclass(frozen=True, slots=True)
class House:
    """Who speaks on every page: name, postal address, languages, and the zone and currency of what is shown."""

    name: str = ""
    postal_address: str = ""
    locales: tuple[str, ...] = ()
    currency: str = "EUR"
    zone: str = "UTC"
    templates: Mapping[str, bytes] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Labelled:
    """A button as the page's template sees it."""

    do: str
    label: str
    hidden: tuple[tuple[str, str], ...]
    quiet: bool


def html(view: View, house: House) -> str:
    """The whole page, escaped, with everything it needs inside it."""
    locale, words = words_for(house.templates, wanted_locales(view.locales, house.locales))
    titles, names = (locale, house.locales), names_for(house.templates, locale)

    def say(word: str, of: Titles) -> str:
        return filled(words[word], title_in(of, *titles))

    def labelled(buttons: Sequence[Button]) -> list[_Labelled]:
        return [_Labelled(one.do, say(one.word, one.titles), one.hidden, one.quiet) for one in buttons]

    text = f"{view.kind.word}_text"
    if not view.titles and f"{view.kind.word}_plain" in words:
        text = f"{view.kind.word}_plain"
    return template().render(
        locale=locale,
        direction=direction(locale),
        house=House(clean(house.name), clean(house.postal_address)),
        style=Markup(style(house.templates)),
        title=_title_of(words, view.kind),
        mark=view.kind.mark,
        text=say(text, view.titles),
        said=_in_words(view.said, names),
        fields=[(_in_words(name, names), _shown(value, locale, house, words)) for name, value in view.fields],
        buttons=labelled(view.buttons),
        more=labelled(view.more),
        more_words=words["more"],
    )


def shown_words(view: View, house: House) -> str:
    """What a reader of the page is told, and what its first button says: the proof of what they agreed to."""
    locale, words = words_for(house.templates, wanted_locales(view.locales, house.locales))
    title = title_in(view.titles, locale, house.locales)
    plain = f"{view.kind.word}_plain"
    text = words[f"{view.kind.word}_text" if view.titles or plain not in words else plain].replace(WHAT, title)
    return f"{text} [{words[view.buttons[0].word]}]" if view.buttons else text


def spoken(view: View, house: House) -> str:
    """The same in one line of plain text, for a program that posted."""
    _, words = words_for(house.templates, wanted_locales(view.locales, house.locales))
    return _title_of(words, view.kind)


def accepted(header: str) -> tuple[str, ...]:
    """The locales of an Accept-Language header that Babel knows, in its order; the weights are left out (RFC 9110)."""
    tags = [part.partition(";")[0].strip() for part in header[:200].split(",")[:9]]
    return tuple(tag for tag in tags if tag and tag != "*" and is_locale(tag))


def style(templates: Mapping[str, bytes]) -> str:
    """The style sheet that stands inside the page: nurture's own, and behind it the project's, if there is one."""
    return _style(templates.get(STYLE, b""))


def style_source(templates: Mapping[str, bytes]) -> str:
    """How a Content-Security-Policy names exactly this style sheet: `'sha256-…'`."""
    digest = hashlib.sha256(style(templates).encode()).digest()
    return f"'sha256-{base64.b64encode(digest).decode()}'"


@lru_cache(maxsize=16)
def _style(own: bytes) -> str:
    said = "" if style_problem({STYLE: own}) else own.decode("utf-8-sig").replace("\r", "").strip()
    return f"{_file('page.css')}\n{said}".strip()


@lru_cache(maxsize=4)
def _file(name: str) -> str:
    return files("nurture.render").joinpath("_pages", name).read_text(encoding="utf-8").strip()


@lru_cache(maxsize=4)
def template(name: str = "page.html") -> Template:
    """A page's frame, or a page that fills it."""
    made = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, loader=FunctionLoader(_file))
    return made.get_template(name)


def wanted_locales(reader: Sequence[str], house: tuple[str, ...]) -> Iterator[str]:
    """The locales to try: each of the reader's with its parents, then the house's."""
    for locale in reader:
        yield from chain(locale, ())
    yield from chain("", house)


def _title_of(words: Mapping[str, str], kind: Kind) -> str:
    return words["back_title" if kind is Kind.all_back else f"{kind.word}_title"]


def title_in(titles: Titles, locale: str, house: tuple[str, ...]) -> str:
    """A title in the page's language, else the house's first, else any."""
    written = dict(titles)
    found = next((written[name] for name in chain(locale, house) if name in written), "")
    return clean(found or next(iter(written.values()), ""))


def filled(text: str, what: str) -> str:
    """The words with the title in its place, set apart from the direction of the text around it."""
    return escape(text).replace("{what}", Markup("<strong><bdi>{}</bdi></strong>").format(what))


def _in_words(name: str, names: Mapping[str, str]) -> str:
    """What an event or a field is called: as the project says in this language, else its name, spaced."""
    return clean(names.get(name) or name.replace("_", " ").replace(".", " "))


def _shown(value: object, locale: str, house: House, words: Mapping[str, str]) -> str:
    """A value of an answer as its reader writes such values."""
    written = babel_locale(locale)
    match value:
        case bool():
            return words["yes" if value else "no"]
        case int() | float():
            return format_decimal(value, locale=written)
        case Money():
            return format_currency(value.amount, value.currency or house.currency, locale=written)
        case datetime():
            return format_date(value.astimezone(ZoneInfo(house.zone)).date(), "long", locale=written)
        case date():
            return format_date(value, "long", locale=written)
        case tuple():
            return ", ".join(_shown(part, locale, house, words) for part in value)
        case _:
            return clean(str(value))
