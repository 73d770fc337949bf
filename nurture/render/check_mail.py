"""Findings in one version of a mail: what it names, how it looks in a list of mails, its pictures and its size."""

import re
from collections.abc import Iterator

from nurture.model.place import Place, Problem
from nurture.render import markdown
from nurture.render.check_links import check_characters, check_links
from nurture.render.compiled import Compiled, compiled, syntax_faults, text_piece
from nurture.render.given import Giving
from nurture.render.layout import NEEDED
from nurture.render.page import is_whole
from nurture.render.protect import Element, elements
from nurture.render.reading import Reading
from nurture.render.restore import PICTURE
from nurture.render.source import Piece, Written, nearest, read
from nurture.render.tokens import TOKEN, hide
from nurture.render.versions import Origin

LONGEST_SUBJECT = 70
LARGE = 80 * 1024  # bytes; links to count clicks and values make a page longer
TOO_LARGE = 100 * 1024  # Gmail clips a page at 102 KB, and with it the way to leave
NO_WORDS = "this picture has no words for those who do not see it"
_SINGLE_BRACES = re.compile(r"\{([^{}\n]*\b(?:person|event)\.\w[^{}\n]*)\}")
_FILE = re.compile(rf"(?<=[\"'(]){PICTURE.pattern}")


def check_mail(origin: Origin, known: tuple[Giving, ...], images: frozenset[str], way_out: bool) -> Iterator[Problem]:
    """One version of a mail; `way_out` says that a reader must be able to leave by it."""
    written = read(origin.file, origin.data)
    own_text = text_piece(origin)
    pieces = [*written.pieces, *([own_text] if isinstance(own_text, Piece) else [])]
    faults = [*written.problems, *(fault for piece in pieces for fault in syntax_faults(piece))]
    faults += [own_text] if isinstance(own_text, Problem) else []
    yield from faults
    if faults:
        return
    ready = compiled(origin)
    alone = is_whole(written)
    read_through = [
        fault
        for giving in known
        for piece in pieces
        for fault in Reading(piece, giving.for_document() if alone and piece is written.body else giving).run()
    ]
    yield from read_through
    if isinstance(ready, Problem):
        if not any(fault.code == ready.code for fault in read_through):
            yield ready
    else:
        yield from _whole(ready, way_out)
    yield from _subject(written)
    yield from _single_braces(written)
    yield from check_pictures(written.body, written.ending != ".md", images)
    yield from check_links(written.body, written.ending != ".md")
    if written.ending == ".md":
        yield from check_characters(written.body)


def _whole(ready: Compiled, way_out: bool) -> Iterator[Problem]:
    """What can be said of a page that was made."""
    body = ready.written.body
    if not body.text.strip():
        yield Problem("W315", body.place(0), "this mail has no text", "")
    elif not ready.has_text:
        hint = f"write {body.file.rpartition('/')[2].rpartition('.')[0]}.txt beside it"
        yield Problem("W315", body.place(0), "this mail has no plain text for those who read only that", hint)
    if ready.frame is None and way_out:
        said = "".join(TOKEN.findall(body.text))
        for name in NEEDED[1:]:
            if not re.search(rf"\b{name}\b", said):
                message = f"this mail is a whole document and has no place for '{name}', which every mail needs"
                yield Problem("E311", body.place(0), message, f"{{{{ {name} }}}}")
    kilobytes = round(ready.size / 1024)
    if ready.size > TOO_LARGE:
        message = f"the page is {kilobytes} KB, and Gmail cuts at 102 KB, with the way to leave"
        yield Problem("E357", Place(body.file), message, "leave something out, or make it two mails")
    elif ready.size > LARGE:
        yield Problem("W356", Place(body.file), f"the page is {kilobytes} KB; Gmail cuts at 102 KB", "")


def _subject(written: Written) -> Iterator[Problem]:
    """W315: what a subject line looks like in a list of mails."""
    subject = written.subject
    text = TOKEN.sub("", subject.text).strip()
    if not subject.text.strip():
        yield Problem("W315", Place(written.file), "this mail has no subject", 'subject: "…" between two lines of ---')
    if len(text) > LONGEST_SUBJECT:
        message = f"the subject is {len(text)} characters long; many programs show {LONGEST_SUBJECT}"
        yield Problem("W315", subject.place(0, len(subject.text)), message, "say the first thing first")
    if len(text) > 3 and text.isupper():
        yield Problem(
            "W315", subject.place(0, len(subject.text)), "the subject is all capitals", "write it as you speak"
        )


def _single_braces(written: Written) -> Iterator[Problem]:
    """W315 for a value in one pair of braces, which readers would get as characters."""
    for piece in written.pieces:
        left = TOKEN.sub(lambda token: " " * len(token.group()), piece.text)
        for found in _SINGLE_BRACES.finditer(left):
            message = "a value in single braces is shown to readers as characters"
            yield Problem("W315", piece.place(found.start(), len(found[0])), message, f"{{{{ {found[1].strip()} }}}}")


def check_pictures(piece: Piece, html: bool, images: frozenset[str]) -> Iterator[Problem]:
    """W315 for a picture without words, E224 for one that is nowhere."""
    if html:
        for element in elements(piece.text):
            yield from _element(piece, element)
        for match in _FILE.finditer(piece.text):
            yield from _missing(piece, match[1], match.start(), match.end(), images)
    else:
        yield from _in_markdown(piece, images)


def _in_markdown(piece: Piece, images: frozenset[str]) -> Iterator[Problem]:
    hidden = hide(piece.text)
    for mark in markdown.parse(hidden.text):
        for child in mark.children or ():
            if child.type != "image":
                continue
            source = str(child.attrGet("src") or "")
            start = max(0, piece.text.find(source))
            if not child.content.strip():
                yield Problem("W315", piece.place(start, len(source)), NO_WORDS, "![words](…)")
            own = PICTURE.fullmatch(source)
            if own is not None:
                yield from _missing(piece, own[1], start, start + len(source), images)
            elif not source.startswith("https://") and not hidden.mark.match(source):
                yield _nowhere(piece, source, start)


def _element(piece: Piece, element: Element) -> Iterator[Problem]:
    """A picture of HTML or MJML."""
    if element.tag not in ("img", "mj-image"):
        return
    source, words = element.get("src"), element.get("alt")
    if words is None:
        yield Problem("W315", piece.place(element.offset, len(element.tag) + 1), NO_WORDS, 'alt="…"')
    if source is not None and not source.value.startswith(("https://", "{{")) and not PICTURE.fullmatch(source.value):
        yield _nowhere(piece, source.value, source.offset)


def _missing(piece: Piece, name: str, start: int, end: int, images: frozenset[str]) -> Iterator[Problem]:
    if name not in images:
        message = f"there is no picture 'templates/_images/{name}'"
        yield Problem("E224", piece.place(start, end - start), message, nearest(name, images, "_images/"))


def _nowhere(piece: Piece, source: str, start: int) -> Problem:
    hint = "_images/… for a file of templates/_images/, or its whole address: https://…"
    return Problem("E224", piece.place(start, len(source)), f"there is no picture '{source}'", hint)
