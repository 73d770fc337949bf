"""CSV files as people really have them: any common encoding and delimiter, ragged rows, quoted line breaks.

Streams: one row at a time, whatever the size of the file. A row that cannot be read is a reason,
never the end of the import.
"""

import codecs
import csv
from collections.abc import Iterator, Sequence
from io import TextIOWrapper
from pathlib import Path
from typing import BinaryIO, NamedTuple, Protocol

from nurture.engine.faults import MisuseError

DELIMITERS = ",;\t|"
CHUNK = 1 << 20
LONGEST_FIELD = 10_000_000
BYTE_ORDER_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


class Row(NamedTuple):
    """One row: the line it starts on, its cells, how far into the file it ends, and what is wrong with it."""

    line: int
    cells: list[str]
    position: int
    wrong: str = ""


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
        self.columns, self.delimiter = self._header()

    def _header(self) -> tuple[list[str], str]:
        with self.path.open(encoding=self.encoding, newline="") as text:
            first = text.readline()
            while first and not first.strip():
                first = text.readline()
        if not first:
            raise MisuseError(f"{self.path} is empty: the first line must name the columns.")
        delimiter = max(DELIMITERS, key=first.count)
        return [cell.strip() for cell in next(csv.reader([first], delimiter=delimiter))], delimiter

    def rows(self) -> Iterator[Row]:
        """Every row after the header, in the file's order; rows with nothing in them are passed over."""
        csv.field_size_limit(LONGEST_FIELD)
        width = len(self.columns)
        with self.path.open("rb") as raw, TextIOWrapper(raw, self.encoding, newline="") as text:
            reader = csv.reader(text, delimiter=self.delimiter, strict=True)
            seen_header = False
            while True:
                line = reader.line_num + 1
                try:
                    cells = next(reader)
                except StopIteration:
                    return
                except csv.Error as error:
                    yield Row(line, [], raw.tell(), not_a_row(error))
                    continue
                if not any(cells):
                    continue
                if not seen_header:
                    seen_header = True
                    continue
                wrong = "" if len(cells) == width else f"{len(cells)} cells, but the header has {width}"
                yield Row(line, cells, raw.tell(), wrong)


def not_a_row(error: csv.Error) -> str:
    """Why a row could not be read; a quote left open swallows all that follows, which must be said."""
    if "unexpected end of data" in str(error):
        return "a quote opens here and is never closed, so nothing from here to the end of the file was read"
    return f"not a CSV row: {error}"


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
