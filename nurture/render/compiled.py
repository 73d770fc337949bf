"""A template made ready once: subject, preheader, HTML and text as Jinja templates, kept by content."""

import traceback
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache

from jinja2 import Template, TemplateError, TemplateSyntaxError, UndefinedError
from jinja2.sandbox import ImmutableSandboxedEnvironment

from nurture.model.place import Place, Problem
from nurture.render import markdown
from nurture.render.environment import HTML, TEXT, WrongValue
from nurture.render.source import Piece, Written, read
from nurture.render.tokens import TOKEN, Misplaced, hide, html_with_tokens, text_with_tokens, tokens_in
from nurture.render.values import UnknownPrinted

TEMPLATES_KEPT = 2048


@dataclass(frozen=True, slots=True)
class Compiled:
    """One locale of one mail, ready for every reader. The preheader is text; the frame escapes it."""

    written: Written
    subject: Template
    preheader: Template
    html: Template
    text: Template


@lru_cache(maxsize=TEMPLATES_KEPT)
def compiled(file: str, data: bytes) -> Compiled | Problem:
    """Compile a template file; the same bytes are compiled once. A fault is a Problem at its place."""
    written = read(file, data)
    faults = written.problems or tuple(
        fault for piece in (written.subject, written.preheader, written.body) for fault in syntax_faults(piece)
    )
    if faults:
        return faults[0]
    try:
        hidden = hide(written.body.text)
        marks = markdown.parse(hidden.text)
        html = html_with_tokens(markdown.to_html(marks), hidden)
        text = text_with_tokens(markdown.to_text(marks), hidden)
    except Misplaced as fault:
        place = written.body.place(fault.token.offset, len(fault.token.text))
        return Problem("E223", place, str(fault), "put it in a paragraph of its own")
    try:
        return Compiled(
            written,
            _template(TEXT, written.subject.text, file),
            _template(TEXT, written.preheader.text, file),
            _template(HTML, html, file),
            _template(TEXT, text, file),
        )
    except TemplateError:
        return next(_compile_faults(written))


def _compile_faults(written: Written) -> Iterator[Problem]:
    """What parses and still is no template, such as a filter that does not exist, at its line."""
    for piece in (written.subject, written.preheader, written.body):
        try:
            _template(TEXT, piece.text, piece.file)
        except TemplateSyntaxError as fault:
            yield Problem("E223", _line(piece, fault.lineno), f"this does not parse: {fault.message}")


def _template(environment: ImmutableSandboxedEnvironment, source: str, file: str) -> Template:
    code = environment.compile(source, filename=file)
    return Template.from_code(environment, code, environment.globals)


def syntax_faults(piece: Piece) -> tuple[Problem, ...]:
    """Why a piece is not a template, at its line; empty when it is one."""
    try:
        TEXT.parse(piece.text)
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


def fault_of(piece: Piece, context: Mapping[str, object], fault: Exception) -> Problem:
    """What went wrong for one reader, at the line of the piece that caused it.

    The compiled HTML and text have other lines than the author's file, so the piece itself is run once more.
    """
    place = _link(piece, context)
    try:
        _template(TEXT, piece.text, piece.file).render(context)
    except Exception as again:  # noqa: BLE001  (whatever a template raises is the template's fault)
        fault = again
        frames = [frame for frame in traceback.extract_tb(again.__traceback__) if frame.filename == piece.file]
        place = _line(piece, (frames[-1].lineno or 1) if frames else 1)
    if isinstance(fault, UnknownPrinted):
        return Problem("E222", place, f"'{fault}' is not known of this reader", f"{{{{ {fault} | or_else('…') }}}}")
    if isinstance(fault, UndefinedError):
        return Problem("E220", place, f"this mail is not given what it asks for: {fault}")
    return Problem("E223", place, f"this cannot be written for this reader: {fault}")


def _link(piece: Piece, context: Mapping[str, object]) -> Place:
    """The address in a link that is none: the one fault that only the HTML has."""
    for token in tokens_in(piece.text):
        if not token.statement and piece.text[: token.offset].rstrip().endswith("]("):
            try:
                _template(TEXT, f"{{{{ ({token.expression}) | _address }}}}", piece.file).render(context)
            except WrongValue:
                return piece.place(token.offset, len(token.text))
            except UndefinedError:
                continue  # a loop's own name, which has no value out here
    return _line(piece, 1)
