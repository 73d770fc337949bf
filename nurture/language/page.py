"""The text of one file: bytes to characters, and a character's index to its place."""

import codecs
import re
from bisect import bisect_right
from dataclasses import dataclass
from functools import cached_property

from nurture.model.place import Place, Problem

LARGEST = 100_000  # bytes; the longest file in a book is some kilobytes, and time must stay bounded
_LINE_BREAKS = re.compile(r"\r\n?")


@dataclass(frozen=True)
class Page:
    """A file's characters, line breaks already one and the same (LF)."""

    file: str
    text: str

    @cached_property
    def lines(self) -> tuple[str, ...]:
        """The lines without their breaks; a break at the very end starts no new one."""
        return tuple(self.text.removesuffix("\n").split("\n"))

    @cached_property
    def _starts(self) -> list[int]:
        return [0, *(found.end() for found in re.finditer("\n", self.text))]

    def line_of(self, index: int) -> int:
        """The number of the line, from 1, on which a character stands."""
        return bisect_right(self._starts, index)

    def place(self, start: int, end: int | None = None) -> Place:
        """The stretch from one index to another, cut at the end of its line; at least one character.

        The end of the file is behind its last letter, so that there is a line to show.
        """
        if start >= len(self.text):
            start = len(self.text.rstrip())
        line = self.line_of(start)
        begin = self._starts[line - 1]
        edge = self._starts[line] - 1 if line < len(self._starts) else len(self.text)
        stop = min(start + 1 if end is None else end, edge)
        return Place(self.file, line, start - begin + 1, max(stop - start, 1))

    def index(self, line: int, column: int) -> int:
        """The index of a place that counts from 1; past the end of the text, the end."""
        if line > len(self._starts):
            return len(self.text)
        return min(self._starts[line - 1] + column - 1, len(self.text))

    def problem(self, code: str, start: int, end: int | None, message: str, hint: str = "") -> Problem:
        """A finding about the characters from one index to another."""
        return Problem(code, self.place(start, end), message, hint)


def open_page(data: bytes, file: str) -> tuple[Page, tuple[Problem, ...]]:
    """Decode UTF-8 (a byte order mark is let pass); what cannot be decoded is one finding at its place."""
    if len(data) > LARGEST:
        page = Page(file, "")
        message = f"this file has {len(data):,} bytes; more than {LARGEST:,} is not read"
        return page, (page.problem("E100", 0, None, message, "split it into several files"),)
    data = data.removeprefix(codecs.BOM_UTF8)
    try:
        return Page(file, _LINE_BREAKS.sub("\n", data.decode())), ()
    except UnicodeDecodeError as error:
        return _undecodable(data, file, error.start)


def _undecodable(data: bytes, file: str, byte: int) -> tuple[Page, tuple[Problem, ...]]:
    if data[:2] in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE):
        page = Page(file, _LINE_BREAKS.sub("\n", data.decode("utf-16", errors="replace")))
        return page, (page.problem("E100", 0, None, "this file is in UTF-16", "save it as UTF-8"),)
    before = len(_LINE_BREAKS.sub("\n", data[:byte].decode()))
    page = Page(file, _LINE_BREAKS.sub("\n", data.decode(errors="replace")))
    message = f"byte {byte + 1} (0x{data[byte]:02X}) is not UTF-8"
    return page, (page.problem("E100", before, None, message, "save the file as UTF-8"),)
