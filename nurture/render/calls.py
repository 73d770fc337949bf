"""What a template may call: `answer` and `spare` give signed addresses, `image` the address of a picture."""

from collections.abc import Mapping
from decimal import Decimal
from urllib.parse import quote

from nurture.links import Links
from nurture.render.images import content_id, picture
from nurture.render.values import Unknown, UnknownPrinted, WrongValue

Plain = str | int | float | bool


class NoPicture(WrongValue):
    """A mail shows a picture that is not in templates/_images/; the message is its name."""


class Giver:
    """Something a template may call; nothing else can be."""

    __slots__ = ()


class Answer(Giver):
    """`answer('feedback.given', score=9)`: where one reader says one thing (language.md 3)."""

    __slots__ = ("_key", "_letter", "_links", "_person")

    def __init__(self, links: Links | None, person: str, key: str, letter: str) -> None:
        self._links, self._person, self._key, self._letter = links, person, key, letter

    def __call__(self, event: object, /, **fields: object) -> str:
        """The signed address; without a web address, a letter whose subject says the same."""
        name = str(simple(event))
        said = {field: simple(value) for field, value in fields.items()}
        if self._links is not None:
            return self._links.answer(self._person, name, said, self._key)
        words = [name, *(f"{field}={_spelt(value)}" for field, value in said.items())]
        return f"{self._letter}?subject={quote(' '.join(words), safe='')}"


class Spare(Giver):
    """`spare('mothers_day')`: where one reader asks to be spared a theme."""

    __slots__ = ("_key", "_letter", "_links", "_person")

    def __init__(self, links: Links | None, person: str, key: str, letter: str) -> None:
        self._links, self._person, self._key, self._letter = links, person, key, letter

    def __call__(self, theme: object, /) -> str:
        """The signed address; without a web address, a letter whose subject says the same."""
        name = str(simple(theme))
        if self._links is not None:
            return self._links.spare(self._person, name, self._key)
        return f"{self._letter}?subject={quote(f'spare {name}', safe='')}"


class Images(Giver):
    """`image('logo.png')`: where a picture of templates/_images/ is to be seen."""

    __slots__ = ("_links", "_templates")

    def __init__(self, links: Links | None, templates: Mapping[str, bytes]) -> None:
        self._links, self._templates = links, templates

    def __call__(self, name: object, /) -> str:
        """The address it is served at; without a web address, its place inside the mail (`cid:`)."""
        found = picture(self._templates, str(simple(name)))
        if found is None:
            raise NoPicture(str(name))
        if self._links is not None:
            return self._links.image(found.digest, found.name)
        return f"cid:{content_id(found)}"


def simple(value: object) -> Plain:
    """A value that can stand in a link: text, a number, or yes and no."""
    if isinstance(value, Unknown):
        raise UnknownPrinted(str(value))
    if isinstance(value, str):
        return value[:]  # a reader's own text without the marks that set it apart
    if isinstance(value, Decimal):
        return float(value)
    if isinstance(value, bool | int | float):
        return value
    raise WrongValue("a link carries only text, numbers, true and false")


def _spelt(value: Plain) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
