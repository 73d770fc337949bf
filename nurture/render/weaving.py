"""A rendered part of a mail, told apart: the pattern that many readers share, and what is each reader's own.

Mails of equal patterns travel in one request; a provider puts every reader's values into the pattern by literal
replacement (email.md 1.4). What is taken for the pattern by mistake costs a request more and is never wrong. The
opposite would be, so a value is only what cannot change the pattern round it.
"""

import re
from collections.abc import Callable, Sequence
from typing import NamedTuple

from nurture.model.mail import Woven, new_woven
from nurture.render.values import END_OF_ISOLATE, ISOLATE

PATTERNS_KEPT = 256  # 30 KB each, so 8 MB; a mail has one for each language and each way through its conditions
_HOLE = "\ufdd0"  # no character (Unicode 23.7): it stands for a value while a pattern is finished
_BLANK = " \t\n"  # all that is squeezed out of a text
_EMPTY_LINES = re.compile(r"\n[ \t]*(?:\n[ \t]*){2,}")
_MARKS = re.compile(f"([{ISOLATE}{END_OF_ISOLATE}])")


class Shared(str):
    """A piece of a mail that is its pattern's: the template's own words, and what shapes the page or is everybody's."""

    __slots__ = ()


Shape = tuple[str | None, ...]  # pieces of the pattern; None where a value stands
Pattern = tuple[str, ...]


class Part(NamedTuple):
    """A part of a mail as it goes out, and how it is woven where that is known; `said` may be left out then."""

    said: str
    woven: Woven | None

    @property
    def whole(self) -> str:
        """The part as it goes out."""
        return self.said or str(self.woven or "")


def woven_page(pieces: Sequence[str]) -> Part:
    """A page of the pieces that its template gave; marks that set a reader's text apart become <bdi>."""
    values = [piece for piece in pieces if type(piece) is not Shared]
    said = "".join(values)
    if "<" in said or ISOLATE in said or END_OF_ISOLATE in said:
        shape: list[str | None] = []
        values = []
        for piece in pieces:
            _taken_apart(piece, shape, values)
    else:
        shape = [piece if type(piece) is Shared else None for piece in pieces]
    return _part(tuple(shape), values, (), _PAGES, lambda: _finished_page("".join(pieces)))


def woven_text(pieces: Sequence[str], footer: Woven) -> Part:
    """A text of the pieces that its template gave, without empty lines in a row, and the footer under it.

    White space at the edges of a value is the pattern's where it may belong to an empty line.
    """
    shape: list[str | None] = []
    values: list[str] = []
    for piece in pieces:
        if type(piece) is Shared or "<" in piece:
            shape.append(piece)
        elif piece and piece[0] not in _BLANK and piece[-1] not in _BLANK:
            shape.append(None)
            values.append(_squeezed(piece) if "\n" in piece else piece)
        else:
            _peeled(piece, shape, values)
    values += footer.values
    return _part(tuple(shape), values, footer.pattern, _TEXTS, lambda: _finished_text("".join(pieces)) + str(footer))


def is_plain(piece: str) -> bool:
    """Whether a piece of a page is a value as it stands."""
    return type(piece) is not Shared and "<" not in piece and ISOLATE not in piece and END_OF_ISOLATE not in piece


def taken_apart(piece: str) -> tuple[Shape, tuple[str, ...]]:
    """A piece of a page as `woven_page` takes it: its part of the pattern, and its values."""
    shape: list[str | None] = []
    values: list[str] = []
    _taken_apart(piece, shape, values)
    return tuple(shape), tuple(values)


def in_a_line(piece: str, behind_words: bool) -> str | None:
    """A piece of a text as the one value that `woven_text` takes it for; None where that depends on what is beside it.

    `behind_words`: whether words stand before it in its line.
    """
    if type(piece) is Shared or "<" in piece:
        return None
    if piece and piece[0] not in _BLANK and piece[-1] not in _BLANK:
        return _squeezed(piece) if "\n" in piece else piece
    return piece if behind_words and "\n" not in piece else None


def _taken_apart(piece: str, shape: list[str | None], values: list[str]) -> None:
    """One piece of a page."""
    if type(piece) is Shared or "<" in piece:
        shape.append(piece)
    elif ISOLATE in piece or END_OF_ISOLATE in piece:
        _set_apart(piece, shape, values)
    else:
        shape.append(None)
        values.append(piece)


def _set_apart(piece: str, shape: list[str | None], values: list[str]) -> None:
    """A value with marks in it, which become tags; what is only punctuation beside them is the pattern's."""
    for part in _MARKS.split(piece):
        if not any(map(str.isalnum, part)):
            shape.append(part)
        else:
            shape.append(None)
            values.append(part)


def _peeled(piece: str, shape: list[str | None], values: list[str]) -> None:
    """A value that is empty or has white space at its edges: the pattern's, unless words stand before it there."""
    behind = shape[-1] if shape else ""
    if "\n" not in piece and (behind is None or behind.rstrip(" \t")[-1:] not in ("", "\n")):
        shape.append(None)  # there are words in this line already, and it does not end here
        values.append(piece)
        return
    core = piece.strip(_BLANK)
    if not core:
        shape.append(piece)
        return
    before, _, after = piece.partition(core)
    shape += [before, None, after]
    values.append(_squeezed(core))


def _finished_page(text: str) -> str:
    return text.replace(ISOLATE, "<bdi>").replace(END_OF_ISOLATE, "</bdi>")


def _finished_text(text: str) -> str:
    return _squeezed(text).strip("\n") + "\n"


def _squeezed(text: str) -> str:
    return _EMPTY_LINES.sub("\n\n", text)


class _Patterns:
    """The patterns of the latest shapes; each is compared with a mail made whole when it is new."""

    def __init__(self, finish: Callable[[str], str]) -> None:
        self.finish = finish
        self.known: dict[tuple[Shape, Pattern], Pattern | None] = {}

    def new(self, shape: Shape, under: Pattern, values: Sequence[str], whole: str) -> Pattern | None:
        """The pattern of a shape; None when it does not say the same as the whole, and so for all of this shape."""
        above = self.finish("".join([_HOLE if piece is None else piece for piece in shape])).split(_HOLE)
        pattern = (*above[:-1], above[-1] + under[0], *under[1:]) if under else tuple(above)
        fits = len(pattern) == len(values) + 1 and str(Woven(pattern, tuple(values))) == whole
        if len(self.known) >= PATTERNS_KEPT:
            self.known.clear()
        self.known[shape, under] = found = pattern if fits else None
        return found


_PAGES = _Patterns(_finished_page)
_TEXTS = _Patterns(_finished_text)
_UNKNOWN: Pattern = ("unknown",)


def _part(shape: Shape, values: Sequence[str], under: Pattern, patterns: _Patterns, whole: Callable[[], str]) -> Part:
    """The part of this shape with these values; `whole` makes it without weaving."""
    pattern = patterns.known.get((shape, under), _UNKNOWN)
    if pattern is _UNKNOWN:
        pattern = patterns.new(shape, under, values, whole())
    if pattern is None:
        return Part(whole(), None)
    return Part("", new_woven(pattern, tuple(values)))
