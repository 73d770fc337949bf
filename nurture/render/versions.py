"""Which file is which version of which mail, and which one a reader gets (language.md 3, Templates)."""

from collections.abc import Iterator, Mapping
from pathlib import PurePosixPath
from typing import NamedTuple

from nurture.model.values import dataclass
from nurture.render.locales import chain

FORMATS = (".md", ".mjml", ".html")
TEXT_PART = ".txt"
TEMPLATES = "templates/"
LAYOUT = TEMPLATES + "_layout/"
BASES = (LAYOUT + "base.html", LAYOUT + "base.mjml")
BUILT_IN = "the built-in frame"


@dataclass(frozen=True, slots=True)
class Version:
    """One file below templates/ that is, or says it is, a mail in one language."""

    file: str
    mail: str
    variant: str
    locale: str
    ending: str

    @property
    def beside(self) -> str:
        """The file's path without its ending: what all formats of one version share."""
        return self.file.removesuffix(self.ending)


class Origin(NamedTuple):
    """All that a page is made of; the same origin gives the same page. `layout_file` is empty for the built-in one."""

    file: str
    data: bytes
    text: bytes | None
    layout_file: str
    layout: bytes
    locale: str


def version_of(file: str) -> Version | None:
    """What a path says; None for a path that is no mail's at all."""
    path = PurePosixPath(file)
    folders = path.parts[1:-1]
    if not file.startswith(TEMPLATES) or not 1 <= len(folders) <= 2 or folders[0].startswith("_"):
        return None
    if path.suffix not in (*FORMATS, TEXT_PART):
        return None
    return Version(file, folders[0], folders[1] if len(folders) > 1 else "", path.stem, path.suffix)


def candidates(mail: str, variant: str, wanted: str, house: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    """Locales and paths without ending to try, best first: the variant in every language, then the mail without it."""
    for folder in (f"{TEMPLATES}{mail}/{variant}/", f"{TEMPLATES}{mail}/") if variant else (f"{TEMPLATES}{mail}/",):
        for locale in chain(wanted, house):
            yield locale, folder + locale


def layout_of(templates: Mapping[str, bytes]) -> tuple[str, bytes] | None:
    """The project's own frame: its path and bytes."""
    for file in BASES:
        data = templates.get(file)
        if data is not None:
            return file, data
    return None
