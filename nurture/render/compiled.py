"""A mail made ready once: subject, preheader, page and text as Jinja templates, kept by what they are made of."""

import re
import traceback
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import NamedTuple

from jinja2 import Template, TemplateError, TemplateSyntaxError, UndefinedError, nodes
from jinja2.sandbox import ImmutableSandboxedEnvironment

from nurture.model.place import Place, Problem
from nurture.render.calls import NoPicture
from nurture.render.environment import HTML, TEXT
from nurture.render.layout import Layout, layout
from nurture.render.page import Unreadable, body_of, page
from nurture.render.protect import ADDRESSES
from nurture.render.restore import Part, template_of, tree_of
from nurture.render.source import Piece, Written, read
from nurture.render.splitting import Split, split
from nurture.render.tokens import TOKEN, Misplaced, keeps_order, letters_for, text_with_tokens, tokens_in
from nurture.render.values import UnknownPrinted, WrongValue
from nurture.render.versions import Origin

TEMPLATES_KEPT = 2048
_BEFORE_ADDRESS = re.compile(rf"(?:\]\(\s*<?|\b(?:{'|'.join(sorted(ADDRESSES))})\s*=\s*[\"']?)\Z")
PARSED_KEPT = 64  # a piece is looked at several times in a row


class Templates(NamedTuple):
    """What is run for every reader."""

    subject: Template
    preheader: Template
    text: Template
    page: Template


class Splits(NamedTuple):
    """What is run once for many readers: the templates taken apart."""

    subject: Split
    preheader: Split
    text: Split
    page: Split


@dataclass(frozen=True)
class Compiled:
    """One version of one mail, ready for every reader.

    `frame` is None for a mail that is a whole document; `own_text` is the `.txt` beside it.
    """

    written: Written
    frame: Layout | None
    own_text: Piece | None
    parts: tuple[Part, ...]
    text: str

    @cached_property
    def templates(self) -> Templates | Problem:
        """Made when the first reader gets the mail; to look for mistakes takes less."""
        written = self.written
        text = Piece("", "", self.text, 0) if self.own_text is None else self.own_text
        try:
            return Templates(
                _template(TEXT, written.subject.text, written.file),
                _template(TEXT, written.preheader.text, written.file),
                _template(TEXT, text.text, text.file or written.file),
                template_of(self.parts, written.file),
            )
        except TemplateError as fault:
            pieces = (*written.pieces, *([self.own_text] if self.own_text else []))
            found = next(_compile_faults(pieces), None)
            return found or Problem("E223", written.body.place(0), f"this does not parse: {fault}")

    @cached_property
    def splits(self) -> Splits:
        """The same for many readers at once (`folding`). Raises jinja2.TemplateError where `templates` is a Problem."""
        written = self.written
        text = Piece("", "", self.text, 0) if self.own_text is None else self.own_text
        return Splits(
            split(TEXT.parse(written.subject.text), written.file, TEXT),
            split(TEXT.parse(written.preheader.text), written.file, TEXT),
            split(TEXT.parse(text.text), text.file or written.file, TEXT),
            split(tree_of(self.parts, written.file), written.file, HTML),
        )

    @property
    def size(self) -> int:
        """Of the page in bytes, before any value is in it."""
        return sum(len(part.encode()) for part in self.parts if isinstance(part, str))

    @property
    def has_text(self) -> bool:
        """Whether there is a text part to speak of."""
        return bool((self.text if self.own_text is None else self.own_text.text).strip())

    @property
    def says_its_footer(self) -> bool:
        """Whether the text part needs no footer, since it was made from a document that has its own."""
        return self.frame is None and self.own_text is None


@lru_cache(maxsize=TEMPLATES_KEPT)
def compiled(origin: Origin) -> Compiled | Problem:
    """Make a mail ready; the same files are worked out once. A fault is a Problem at its place."""
    written = read(origin.file, origin.data)
    faults = written.problems or tuple(fault for piece in written.pieces for fault in syntax_faults(piece))
    if faults:
        return faults[0]
    own_text = text_piece(origin)
    if isinstance(own_text, Problem):
        return own_text
    letters = letters_for(written.body.text, origin.layout.decode("utf-8", "replace"))
    frame: Layout | Problem | None = None
    try:
        body = body_of(written, letters, origin.locale)
        if not body.whole:
            frame = layout(origin.layout_file, origin.layout, origin.locale, letters)
        if isinstance(frame, Problem):
            return frame
        parts = page(body, frame, origin.locale)
        text = "" if own_text else text_with_tokens(body.text, body.hidden, values=not body.dressed)
        if not keeps_order(body.text, body.hidden):
            parsed(text)
    except Misplaced as fault:
        return _misplaced(written, frame if isinstance(frame, Layout) else None, fault)
    except TemplateError:
        message = "no text part can be made of this, since its conditions stand in other places there"
        return Problem("E223", written.body.place(0), message, f"write {origin.locale}.txt beside it")
    except Unreadable as fault:
        return _unreadable(written, frame if isinstance(frame, Layout) else None, fault)
    return Compiled(written, frame, own_text, parts, text)


def text_piece(origin: Origin) -> Piece | Problem | None:
    """The `.txt` beside a mail, whole; a Problem when it is no text."""
    if origin.text is None:
        return None
    file = origin.file.removesuffix(read(origin.file, origin.data).ending) + ".txt"
    try:
        whole = origin.text.decode("utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError:
        return Problem("E100", Place(file), "this file is not UTF-8 text", "save it as UTF-8")
    piece = Piece(file, whole, whole, 0)
    return next(iter(syntax_faults(piece)), piece)


def _unreadable(written: Written, frame: Layout | None, fault: Unreadable) -> Problem:
    """A page that cannot be made, at the words that cannot be read, in the mail or in its frame."""
    pieces = [written.body, *([frame.piece] if frame is not None else [])]
    found = [(piece, piece.text.find(fault.words)) for piece in pieces if fault.words and fault.words in piece.text]
    piece, offset = found[0] if found else (written.body, 0)
    return Problem("E223", piece.place(offset, len(fault.words)), str(fault), fault.hint)


def _misplaced(written: Written, frame: Layout | None, fault: Misplaced) -> Problem:
    """Where a token stands that cannot be kept: in the mail, or in its frame."""
    theirs = frame is not None and any(token is fault.token for token in frame.hidden.tokens)
    piece = frame.piece if frame is not None and theirs else written.body
    return Problem("E223", piece.place(fault.token.offset, len(fault.token.text)), str(fault), fault.hint)


def _compile_faults(pieces: tuple[Piece, ...]) -> Iterator[Problem]:
    """What parses and still is no template, such as a filter that does not exist, at its line."""
    for piece in pieces:
        try:
            _template(TEXT, piece.text, piece.file)
        except TemplateSyntaxError as fault:
            yield Problem("E223", _line(piece, fault.lineno), f"this does not parse: {fault.message}")


def _template(environment: ImmutableSandboxedEnvironment, source: str, file: str) -> Template:
    code = environment.compile(source, filename=file)
    return Template.from_code(environment, code, environment.globals)


@lru_cache(maxsize=PARSED_KEPT)
def parsed(text: str) -> nodes.Template:
    """A piece as Jinja reads it. Raises jinja2.TemplateError when it does not."""
    return TEXT.parse(text)


def syntax_faults(piece: Piece) -> tuple[Problem, ...]:
    """Why a piece is not a template, at its line; empty when it is one."""
    if "{" not in piece.text:
        return ()
    try:
        parsed(piece.text)
    except TemplateSyntaxError as fault:
        message = (fault.message or "").rstrip(".")
        return (Problem("E223", _line(piece, fault.lineno), f"this does not parse: {message}"),)
    except TemplateError as fault:
        return (Problem("E223", piece.place(0), f"this does not parse: {fault}"),)
    left = TOKEN.sub(lambda token: " " * len(token.group()), piece.text)
    for brace in ("{{", "{%", "{#"):
        if brace in left:
            return (Problem("E223", piece.place(left.index(brace), 2), f"'{brace}' is not closed here"),)
    return ()


def _line(piece: Piece, number: int) -> Place:
    """The first character of a line of the piece that is not white space."""
    lines = piece.text.split("\n")
    number = min(number, len(lines))
    indent = len(lines[number - 1]) - len(lines[number - 1].lstrip())
    return piece.place(sum(len(line) + 1 for line in lines[: number - 1]) + indent)


def fault_of(pieces: tuple[Piece, ...], context: Mapping[str, object], fault: Exception) -> Problem:
    """What went wrong for one reader, at the line of the piece that caused it.

    The compiled page and text have other lines than the author's files, so the pieces themselves are run once more;
    where all of them run, an address in a link was none, or the last of them is to blame.
    """
    place = next((found for piece in pieces if (found := _link(piece, context))), _line(pieces[-1], 1))
    for piece in pieces:
        try:
            _template(TEXT, piece.text, piece.file).render(context)
        except Exception as again:  # noqa: BLE001  (whatever a template raises is the template's fault)
            fault = again
            frames = [frame for frame in traceback.extract_tb(again.__traceback__) if frame.filename == piece.file]
            place = _line(piece, (frames[-1].lineno or 1) if frames else 1)
            break
    if isinstance(fault, NoPicture):
        return _no_picture(pieces, str(fault), place)
    if isinstance(fault, UnknownPrinted):
        return Problem("E222", place, f"'{fault}' is not known of this reader", f"{{{{ {fault} | or_else('…') }}}}")
    if isinstance(fault, UndefinedError):
        return Problem("E220", place, f"this mail is not given what it asks for: {fault}")
    return Problem("E223", place, f"this cannot be written for this reader: {fault}")


def _no_picture(pieces: tuple[Piece, ...], name: str, place: Place) -> Problem:
    found = ((piece, piece.text.find(name)) for piece in pieces if name in piece.text)
    place = next((piece.place(at, len(name)) for piece, at in found), place)
    return Problem("E224", place, f"there is no picture 'templates/_images/{name}'")


def _link(piece: Piece, context: Mapping[str, object]) -> Place | None:
    """The address in a link that is none: the one fault that only the page has."""
    for token in tokens_in(piece.text):
        if not token.statement and _BEFORE_ADDRESS.search(piece.text, 0, token.offset):
            try:
                _template(TEXT, f"{{{{ ({token.expression}) | _address }}}}", piece.file).render(context)
            except WrongValue:
                return piece.place(token.offset, len(token.text))
            except Exception:  # noqa: BLE001, S112  (a loop's own name has no value out here; what else fails is found below)
                continue
    return None
