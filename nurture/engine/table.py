"""CSV files as people really have them: any common encoding and delimiter, ragged rows, quoted line breaks.

Streams: one row at a time, whatever the size of the file or of a line of it. A row that cannot be read is a reason,
never the end of the import.
"""

import codecs
import csv
from collections import deque
from collections.abc import Iterator, Sequence
from io import TextIOWrapper
from pathlib import Path
from typing import BinaryIO, NamedTuple, Protocol, TextIO

from nurture.engine.faults import MisuseError
from nurture.engine.spreadsheet import as_told

DELIMITERS = ",;\t|"
CHUNK = 1 << 20
LONGEST = 200_000  # characters of a row
OF_REJECTS = ("line", "reason")  # the first columns of a file of rejects, whose cells no spreadsheet runs
NARROWEST = (
    3  # columns, and lines like rows, from which on a cell of many lines can be told from rows that it swallowed
)
LOOK_EVERY = 100  # lines between two looks how far the file was read: to ask for it costs as much as to read a line
ALONE = "the lines after this one are read on their own"
SWALLOWED = f"a quote opens here, and what stands behind it up to the next quote looks like rows; {ALONE}"
DAMAGED = "\ufffd"  # what stands for bytes that are none of the encoding
BYTE_ORDER_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


class Row(NamedTuple):
    """One row: the line it starts on, its cells, about how far into the file it ends, and what is wrong with it.

    `size` is how many characters it has.
    """

    line: int
    cells: list[str]
    position: int
    wrong: str = ""
    size: int = 0


class Columns(Protocol):
    """What has columns with names, in an order: all that the reader of rows asks of a file."""

    @property
    def columns(self) -> Sequence[str]:
        """The names, in the order of the cells of each row."""
        ...


class Table:
    """An open CSV file: its columns, then its rows. MisuseError when it has no header line."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.size = path.stat().st_size
        self.encoding = find_encoding(path)
        columns, self.delimiter = self._header()
        self.of_rejects = tuple(columns[: len(OF_REJECTS)]) == OF_REJECTS
        self.columns = [as_told(column) for column in columns] if self.of_rejects else columns

    def _header(self) -> tuple[list[str], str]:
        with self.path.open(encoding=self.encoding, errors="replace", newline="") as text:
            first = text.readline(LONGEST)
            while first and not first.strip():
                first = text.readline(LONGEST)
        if not first:
            raise MisuseError(f"{self.path} is empty: the first line must name the columns.")
        if "\0" in first or len(first) == LONGEST:
            raise MisuseError(f"{self.path} is no table in text. Save it as CSV; the first line must name the columns.")
        delimiter = max(DELIMITERS, key=first.count)
        return [cell.strip() for cell in next(csv.reader([first], delimiter=delimiter))], delimiter

    def rows(self) -> Iterator[Row]:
        """Every row after the header, in the file's order; rows with nothing in them are passed over."""
        csv.field_size_limit(LONGEST)
        width = len(self.columns)
        with self.path.open("rb") as raw, TextIOWrapper(raw, self.encoding, errors="replace", newline="") as text:
            lines = _Lines(text)
            reader = csv.reader(lines, delimiter=self.delimiter, strict=True)
            seen_header = False
            position, look = 0, 0
            while True:
                line = lines.begin()
                if line >= look:
                    position, look = raw.tell(), line + LOOK_EVERY
                try:
                    cells = next(reader)
                except StopIteration:
                    return
                except csv.Error as error:
                    torn = is_unclosed(error) or lines.hold_rows(self.delimiter, width, 1)
                    yield Row(line, [], position, not_a_row(error, torn))
                    if torn:
                        lines.again()
                    continue
                if not any(cells):
                    continue
                if not seen_header:
                    seen_header = True
                    continue
                if width >= NARROWEST and lines.hold_rows(self.delimiter, width, NARROWEST, quoted=True):
                    yield Row(line, [], position, SWALLOWED)
                    lines.again()
                    continue
                wrong = "" if len(cells) == width else f"{len(cells)} cells, but the header has {width}"
                if lines.damaged and self.encoding != "utf-8":
                    wrong = f"it holds bytes that are none of the file's encoding, {self.encoding}"
                if self.of_rejects:
                    cells = [as_told(cell) for cell in cells]
                yield Row(line, cells, position, wrong, lines.size)


class TooLong(csv.Error):
    """A row of more characters than are kept in memory."""


class _Lines(Iterator[str]):
    """The lines of a text for a reader of rows; those of the row in hand are kept, to be read again on their own."""

    def __init__(self, text: TextIO) -> None:
        self._text = text
        self._again: deque[str] = deque()
        self._row: list[str] = []
        self.size = 0
        self._number = 0
        self.damaged = False

    def begin(self) -> int:
        """A new row begins: on which line."""
        self._row.clear()
        self.size = 0
        self.damaged = False
        return self._number + 1

    def __next__(self) -> str:
        line = self._again.popleft() if self._again else self._text.readline(LONGEST)
        if not line:
            raise StopIteration
        self._number += 1
        self._row.append(line)
        self.size += len(line)
        if DAMAGED in line:
            self.damaged = True
        if self.size >= LONGEST:
            self._row[-1] = self._ended(line)
            raise TooLong
        return line

    def hold_rows(self, delimiter: str, width: int, least: int, quoted: bool = False) -> bool:
        """Whether most of the lines after the first, and no fewer than `least`, look like rows of so many cells.

        In a cell that is `quoted` as it should be no row has quotes of its own: there they are those of its text.
        """
        if len(self._row) <= least:
            return False
        after = self._row[1:]
        inside = after[:-1] if quoted else ()
        if any('"' in line for line in inside):
            return False
        alike = sum(line.count(delimiter) == width - 1 for line in after)
        return alike >= least and 2 * alike > len(after)

    def _ended(self, line: str) -> str:
        """A line, the rest of which is left out when it is one without an end."""
        rest = line
        while len(rest) == LONGEST and not rest.endswith(("\n", "\r")):
            rest = self._text.readline(LONGEST)
        return line if rest is line else f"{line}\n"

    def again(self) -> None:
        """All lines of the row but its first are read again."""
        self._again.extendleft(reversed(self._row[1:]))
        self._number -= len(self._row) - 1


def not_a_row(error: csv.Error, torn: bool) -> str:
    """Why a row could not be read; `torn` when a quote took lines with it that are read again."""
    if isinstance(error, TooLong):
        return f"more than {LONGEST:,} characters, or a quote opens here and is never closed"
    if is_unclosed(error):
        return f"a quote opens here and is never closed; {ALONE}"
    return SWALLOWED if torn else f"not a CSV row: {error}"


def is_unclosed(error: csv.Error) -> bool:
    """Whether a row swallowed what follows it, by a quote that is left open or without an end."""
    return isinstance(error, TooLong) or "unexpected end of data" in str(error)


def find_encoding(path: Path) -> str:
    """The file's encoding: by its byte order mark, else UTF-8 if all of it is, else Windows' western one."""
    with path.open("rb") as file:
        start = file.read(4)
        for mark, name in BYTE_ORDER_MARKS:
            if start.startswith(mark):
                return name
        file.seek(0)
        return "utf-8" if is_utf8(file) else "cp1252"


def is_utf8(file: BinaryIO) -> bool:
    """Whether every byte to the end is UTF-8."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        while chunk := file.read(CHUNK):
            decoder.decode(chunk)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True
