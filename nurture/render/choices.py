"""The page on which a reader sees and changes what they decided: topics, themes, language, measuring, address."""

from collections.abc import Iterator, Sequence
from enum import Enum

from babel import Locale
from markupsafe import Markup

from nurture.model.values import dataclass
from nurture.render.locales import babel_locale, direction
from nurture.render.page_words import Titles, words_for
from nurture.render.pages import House, style, template, title_in, wanted_locales
from nurture.render.values import clean

MEASURE = "opens_and_clicks"  # the one box of measuring


class Message(Enum):
    """What the page says of what was just posted."""

    none = ""
    saved = "choices_saved"
    changed = "choices_changed"
    bad_address = "address_bad"
    address_asked = "address_asked"
    too_often = "address_often"


OF_ADDRESS = frozenset({Message.bad_address, Message.address_asked, Message.too_often})
"""These stand beside the form of the address, to which the browser goes back (`#address`)."""


@dataclass(frozen=True, slots=True)
class Box:
    """A topic, or a theme to be spared, and whether it is ticked."""

    id: str
    titles: Titles
    on: bool


@dataclass(frozen=True, slots=True)
class Choices:
    """What a reader has decided, as the page shows it. `locales` are theirs, best first.

    `of` counts what they said so far: a page that is older than that switches nothing on. `languages` are those of the
    house, `language` theirs; without `address`, none can be asked for. `typed` is the address that was wrong. Who is
    `barred` is never written to, whatever they choose here.
    """

    locales: tuple[str, ...]
    topics: tuple[Box, ...]
    themes: tuple[Box, ...]
    languages: tuple[str, ...] = ()
    language: str = ""
    tracked: bool = False
    off: bool = False
    of: int = 0
    address: bool = False
    barred: bool = False
    message: Message = Message.none
    typed: str = ""

    @property
    def shown(self) -> str:
        """What is ticked on the page, as a form says it back."""
        return " ".join(sorted(self.ticked))

    @property
    def ticked(self) -> frozenset[str]:
        """The names of the boxes that are ticked."""
        return frozenset(name for name, on in self._named() if on)

    @property
    def boxes(self) -> frozenset[str]:
        """The names of all boxes."""
        return frozenset(name for name, _ in self._named())

    def _named(self) -> Iterator[tuple[str, bool]]:
        yield from ((f"topic.{one.id}", one.on) for one in self.topics)
        yield from ((f"theme.{one.id}", one.on) for one in self.themes)
        yield f"measure.{MEASURE}", self.tracked


@dataclass(frozen=True, slots=True)
class _Row:
    """A box as the template sees it."""

    id: str
    title: str
    on: bool


def choices_html(choices: Choices, house: House) -> str:
    """The whole page, escaped, with everything it needs inside it."""
    locale, words = words_for(house.templates, wanted_locales(choices.locales, house.locales))
    message = "" if choices.message is Message.none else words[choices.message.value]
    wrong, of_address = choices.message is Message.bad_address, choices.message in OF_ADDRESS
    return template("choices.html").render(
        locale=locale,
        direction=direction(locale),
        house=House(clean(house.name), clean(house.postal_address)),
        style=Markup(style(house.templates)),
        title=words["choices_title"],
        text=words["choices_text"],
        words=words,
        message="" if of_address else message,
        wrong=message if wrong else "",
        said=message if of_address and not wrong else "",
        typed=choices.typed,
        off=choices.off or choices.barred,
        barred=choices.barred,
        of=choices.of,
        shown=choices.shown,
        topics=_rows(choices.topics, locale, house),
        themes=_rows(choices.themes, locale, house),
        languages=[(tag, language_name(tag), tag == choices.language) for tag in choices.languages],
        measure=[_Row(MEASURE, words["choices_tracking"], choices.tracked)],
        address=choices.address and not choices.barred,
    )


def wording(choices: Choices, house: House, name: str) -> str:
    """The exact words by which a box is labelled on this page, with the words above it: the proof of a consent."""
    locale, words = words_for(house.templates, wanted_locales(choices.locales, house.locales))
    kind, _, id_ = name.partition(".")
    if kind == "measure":
        return f"{words['choices_measure']}: {words['choices_tracking']}"
    boxes = choices.topics if kind == "topic" else choices.themes
    title = next((title_in(one.titles, locale, house.locales) for one in boxes if one.id == id_), id_)
    return f"{words['choices_topics' if kind == 'topic' else 'choices_themes']}: {title}"


def language_name(tag: str) -> str:
    """What a language is called by those who speak it; the tag itself where that is not known."""
    known: Locale = Locale.parse(babel_locale(tag))
    name = known.get_display_name() or tag
    return name[:1].upper() + name[1:]


def _rows(boxes: Sequence[Box], locale: str, house: House) -> list[_Row]:
    return [
        _Row(one.id, title_in(one.titles, locale, house.locales) or one.id.replace("_", " "), one.on) for one in boxes
    ]
