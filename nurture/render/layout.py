"""The frame round a mail, read once: its Jinja hidden, its place for the mail found, its names kept apart."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files

from jinja2 import TemplateError, TemplateSyntaxError

from nurture.model.place import Place, Problem
from nurture.render.environment import TEXT
from nurture.render.protect import Scan
from nurture.render.settled import facts
from nurture.render.source import Piece
from nurture.render.tokens import TOKEN, Hidden, Misplaced, Token
from nurture.render.told import OWN, SETTLED, TOLD

FIRST = 50_000  # the number of the layout's first mark; those of the mail begin at 0
CONTENT = "content"
NEEDED = (CONTENT, "unsubscribe_url", "postal_address")
_WRAPS = {
    "mj-body": '<mj-section css-class="content"><mj-column><mj-text css-class="content-text" padding="0">{}'
    "</mj-text></mj-column></mj-section>",
    "mj-section": '<mj-column><mj-text css-class="content-text" padding="0">{}</mj-text></mj-column>',
    "mj-column": '<mj-text css-class="content-text" padding="0">{}</mj-text>',
}
_WRAPS["mj-wrapper"] = _WRAPS["mj-body"]


@dataclass(frozen=True)
class Layout:
    """A frame with its Jinja hidden; `place` is what stands where the mail goes, `parent` the element it is in."""

    piece: Piece
    hidden: Hidden
    place: str
    parent: str
    mjml: bool

    @property
    def wrapped(self) -> str:
        """The frame with what MJML wants round a mail that is no MJML itself."""
        return self.hidden.text.replace(self.place, _WRAPS.get(self.parent, "{}").format(self.place))

    def names(self, name: str) -> bool:
        """Whether the frame says a name itself."""
        return any(re.search(rf"\b{name}\b", token.text) for token in self.hidden.tokens)


class LayoutScan(Scan):
    """A pass over a frame, which finds the place for the mail."""

    def __init__(self, text: str, letters: str, locale: str, mjml: bool) -> None:
        super().__init__(text, letters, FIRST, mjml, locale)
        self.place = f"<!--{letters}content-->"
        self.places: list[str] = []

    def between(self, token: str, offset: int) -> str:
        """A token between elements, which may be the mail's place."""
        if Token(token, offset).expression == CONTENT and token.startswith("{{"):
            self.places.append(self.open[-1][0] if self.open else "")
            if len(self.places) > 1:
                raise Misplaced(Token(token, offset), "the mail would stand here twice", "say {{ content }} once")
            return self.place
        return super().between(token, offset)


@lru_cache(maxsize=64)
def layout(file: str, data: bytes, locale: str, letters: str) -> Layout | Problem:
    """A frame for mails of a locale. A fault is a Problem: E100, E223, or E311 without its footer."""
    try:
        source = data.decode("utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError as fault:
        return Problem("E100", Place(file), f"this file is not UTF-8 text: {fault.reason}")
    piece = Piece(file, source, source, 0)
    problem = next(_faults(piece), None)
    if problem is not None:
        return problem
    mjml = file.endswith(".mjml")
    scan = LayoutScan(source, letters, locale, mjml)
    try:
        hidden = scan.run()
        if not scan.places:
            token = next(token for token in hidden.tokens if CONTENT in token.text)
            raise Misplaced(token, "the mail cannot stand here", "say {{ content }} between two elements")
    except Misplaced as fault:
        return Problem("E223", piece.place(fault.token.offset, len(fault.token.text)), str(fault), fault.hint)
    return Layout(piece, hidden, scan.place, scan.places[0], mjml)


def _faults(piece: Piece) -> Iterator[Problem]:
    try:
        TEXT.compile(piece.text)
    except TemplateSyntaxError as fault:
        yield Problem("E223", Place(piece.file, fault.lineno), f"this does not parse: {fault.message}")
    except TemplateError as fault:
        yield Problem("E223", Place(piece.file), f"this does not parse: {fault}")
    said = "".join(TOKEN.findall(piece.text))
    missing = [name for name in NEEDED if not re.search(rf"\b{name}\b", said)]
    if missing:
        message = f"the frame has no place for '{missing[0]}', which every mail needs"
        yield Problem("E311", Place(piece.file), message, f"{{{{ {missing[0]} }}}}")


@lru_cache(maxsize=4096)
def own_names(source: str) -> str:
    """A layout's token with its names kept apart from the mail's."""
    known = {*TOLD, *SETTLED, "image"}
    out: list[str] = []
    for _line, kind, value in TEXT.lexer.tokeniter(source, None):
        mine = kind == "name" and value in known and not "".join(out).rstrip().endswith((".", "|"))
        out.append((OWN if value != "image" else "_") + value if mine else value)
    return "".join(out)


@lru_cache(maxsize=1)
def built_in() -> bytes:
    """The frame that is used when a project has none of its own."""
    return files("nurture.render").joinpath("base.html").read_bytes()


@lru_cache(maxsize=64)
def dress(locale: str) -> str:
    """Our own rules for the elements that Markdown becomes, for the direction of a locale."""
    rules = files("nurture.render").joinpath("words.css").read_text(encoding="utf-8")
    for name, value in facts(locale).items():
        rules = rules.replace(f"{{{{ {name} }}}}", value)
    return rules


def page_names(values: Mapping[str, str]) -> dict[str, object]:
    """What a frame and a whole document are told, under both spellings."""
    return {**values, **{OWN + name: value for name, value in values.items()}}
