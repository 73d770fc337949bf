"""TOML to the same tree as YAML: values by `tomllib`, places by our own scanner (language.md 9.1).

Dates and clock times become the text they are in YAML: `2027-03-02`, `09:30`, `2027-03-02 10:00`.
"""

import math
import re
import tomllib
from datetime import date, datetime, time, timedelta

from nurture.language.page import Page
from nurture.language.stretches import LONGEST_NUMBER, Found, TooDeep, number_problem, too_deep
from nurture.language.toml_scanner import Path, Scan, Spot, scan
from nurture.language.tree import ListNode, MappingNode, Node, ScalarNode, Value
from nurture.model.place import Problem

_WHERE = re.compile(r"(?P<words>.*) \(at (?:line (?P<line>\d+), column (?P<column>\d+)|end of document)\)", re.DOTALL)
_TWICE = ("Cannot overwrite", "Cannot declare", "Duplicate inline table key", "Cannot redefine", "Cannot mutate")
_NOT_CLOSED = ("Unterminated string", "Illegal character", "Expected \"'")
_FAR_TOO_LONG = re.compile(r"[-+0-9_.eE]{100,}")
_WORDS = (
    ("Unterminated string", "this quote is never closed"),
    ('Expected "\'"', "this quote is never closed"),
    ("Unclosed array", "a ',' or the closing ']' is missing before this"),
    ("Unclosed inline table", "a ',' or the closing '}' is missing before this"),
    ("Expected '=' after a key", "a '=' is missing behind this key"),
    ("Invalid value", "this is not a value; a text needs quotes"),
    ("Invalid statement", "a key cannot begin like this"),
    ("Invalid initial character for a key", "a key cannot begin like this"),
    ("Expected newline or end of document", "there is more on this line than one key and its value"),
    ("Invalid date", "there is no such day"),
    ("Unescaped", "this means nothing inside double quotes"),
)


def read_toml(page: Page) -> Found:
    """Read one file; every finding of the scanner, and the one at which `tomllib` gives up."""
    try:
        places = scan(page)
    except TooDeep as deep:
        return Found(None, [too_deep(page, deep)], [], 0)
    masked = _without_endless_numbers(page, places)
    try:
        document = tomllib.loads(masked)
    except tomllib.TOMLDecodeError as error:
        if not any(problem.code == "E101" for problem in places.problems):
            places.problems.append(_in_plain_words(page, str(error), places.reach))
        return Found(None, places.problems, places.stretches, places.reach)
    root = _Builder(page, places).node(document, (), Spot(None, (0, 0)))
    return Found(root, places.problems, places.stretches, places.reach)


def _without_endless_numbers(page: Page, places: Scan) -> str:
    """The text with 0 for numbers of so many digits that Python will not read them."""
    text = list(page.text)
    for one in places.stretches:
        if one.style == "" and _FAR_TOO_LONG.fullmatch(page.text, one.start, one.end):
            text[one.start : one.end] = "0".ljust(one.end - one.start)
            places.problems.append(number_problem(page, one.start, one.end))
    return "".join(text)


def _in_plain_words(page: Page, error: str, reach: int) -> Problem:
    """What `tomllib` says, at the place where the author has to look; the scanner stops where a quote begins."""
    found = _WHERE.fullmatch(error)
    words = found["words"] if found else error
    at = page.index(int(found["line"]), int(found["column"])) if found and found["line"] else len(page.text.rstrip())
    if words.startswith(_NOT_CLOSED):
        return page.problem("E100", reach, None, "this quote is never closed")
    if words.startswith(_TWICE):
        line = page.line_of(at)
        indent = len(page.lines[line - 1]) - len(page.lines[line - 1].lstrip())
        at = page.index(line, indent + 1)
        return page.problem("E101", at, None, "this is here already; only one would count")
    known = (plain for said, plain in _WORDS if words.startswith(said))
    return page.problem("E100", at, None, next(known, f"this is not TOML: {words}"))


class _Builder:
    """Puts the places to the values."""

    def __init__(self, page: Page, places: Scan) -> None:
        self.page = page
        self.places = places

    def node(self, value: object, path: Path, spot: Spot) -> Node:
        """The node of a value; `spot` is where it, or what it stands in, was found."""
        start, end = spot.value
        if isinstance(value, dict):
            return MappingNode(self.page.place(start), tuple(self.pair(*pair, path, spot) for pair in value.items()))
        if isinstance(value, list):
            paths = [(*path, number) for number in range(len(value))]
            items = (self.node(item, at, self.spot(at, spot)) for item, at in zip(value, paths, strict=True))
            return ListNode(self.page.place(start), tuple(items))
        return self.scalar(value, start, end)

    def pair(self, word: str, value: object, path: Path, around: Spot) -> tuple[ScalarNode, Node]:
        """A key and what stands behind it."""
        at = (*path, word)
        spot = self.spot(at, around)
        start, end = spot.key or spot.value
        spelling = self.page.text[start:end]
        quoted = spelling[:1] in ("'", '"')
        literal = spelling == (f"{spelling[0]}{word}{spelling[0]}" if quoted else word)
        key = ScalarNode(self.page.place(start, end), word, word, quoted, literal)
        return key, self.node(value, at, spot)

    def spot(self, path: Path, around: Spot) -> Spot:
        """Where a path stands; what the scanner does not know stands where its surroundings do."""
        return self.places.spots.get(path, around)

    def scalar(self, found: object, start: int, end: int) -> ScalarNode:
        """One value, dates and clock times as text."""
        spelling = self.page.text[start:end]
        quoted = isinstance(found, str)
        value = self.value(found, start, end)
        text = value if isinstance(value, str) else spelling
        letters = f"{spelling[:1]}{value}{spelling[:1]}" if quoted else text
        literal = spelling == letters and "\n" not in spelling
        return ScalarNode(self.page.place(start, end), value, text, quoted, literal)

    def value(self, found: object, start: int, end: int) -> Value:
        """The value as YAML would have it; E103 for a number that cannot be used."""
        if isinstance(found, datetime):
            return f"{found.date()} {_clock(found.time())}{_offset(found.utcoffset())}"
        if isinstance(found, date):
            return found.isoformat()
        if isinstance(found, time):
            return _clock(found)
        usable = not isinstance(found, float) or math.isfinite(found)
        if isinstance(found, int):
            usable = abs(found) < 10**LONGEST_NUMBER
        if not usable:
            self.places.problems.append(number_problem(self.page, start, end))
            return self.page.text[start:end]
        assert isinstance(found, str | int | float)  # noqa: S101 - there is nothing else in TOML
        return found


def _clock(clock: time) -> str:
    return clock.isoformat("minutes" if not clock.second and not clock.microsecond else "auto")


def _offset(offset: timedelta | None) -> str:
    if offset is None:
        return ""
    if not offset:
        return "Z"
    minutes = int(offset.total_seconds()) // 60
    return f"{'-' if minutes < 0 else '+'}{abs(minutes) // 60:02}:{abs(minutes) % 60:02}"
