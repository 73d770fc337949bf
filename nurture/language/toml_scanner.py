"""Where the keys and values of a TOML file stand; `tomllib` reads their values but keeps no places.

The scanner accepts everything that TOML accepts and more: what is wrong is for `tomllib` to say.
So where the scanner stops (`reach`), `tomllib` has stopped already.
"""

import re
from dataclasses import dataclass, field

from nurture.language.page import Page
from nurture.language.stretches import COMMENT, DEEPEST, Stretch, TooDeep
from nurture.model.place import Problem

Path = tuple[str | int, ...]

_BLANKS = re.compile(r"[ \t]*")
_BETWEEN = re.compile(r"[ \t\r\n]*")
_COMMENT = re.compile(r"#[^\n]*")
_BARE_KEY = re.compile(r"[^\s=.\[\]{}#,\"']+")
_BARE = re.compile(r"[^,\]}\n#]+")
_QUOTED = {
    '"': re.compile(r'"(?:[^"\\\n]|\\.)*+"'),
    "'": re.compile(r"'[^'\n]*'"),
    '"""': re.compile(r'"""(?:[^\\"]|\\.|"(?!""))*+"""(?:"{0,2})', re.DOTALL),
    "'''": re.compile(r"'''(?:[^']|'(?!''))*+'''(?:'{0,2})", re.DOTALL),
}


@dataclass
class Spot:
    """Where a key stands (None for an item of a list) and where its value stands, as indices from and to."""

    key: tuple[int, int] | None
    value: tuple[int, int]


@dataclass
class Scan:
    """The places of a file by path, such as ('steps', 0, 'send'), and its stretches and findings."""

    spots: dict[Path, Spot] = field(default_factory=dict)
    stretches: list[Stretch] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    reach: int = 0


class _LostError(Exception):
    """From here on it is not TOML."""


def scan(page: Page) -> Scan:
    """The places of everything up to where the file stops being TOML; TooDeep past the depth that is read."""
    scanner = _Scanner(page)
    try:
        scanner.document()
    except _LostError:
        scanner.found.reach = scanner.index
    else:
        scanner.found.reach = len(page.text)
    return scanner.found


class _Scanner:
    def __init__(self, page: Page) -> None:
        self.page = page
        self.text = page.text
        self.index = 0
        self.found = Scan()
        self.table: Path = ()
        self.counts: dict[Path, int] = {}  # how many tables an array of tables has so far
        self.taken: set[Path] = set()  # what has a value or a header of its own

    def document(self) -> None:
        """Statement after statement."""
        self.between()
        while self.index < len(self.text):
            if self.letter() == "[":
                self.header()
            else:
                self.pair(self.table)
            self.skip(_BLANKS)
            self.comment()
            if self.letter() not in ("\n", ""):
                raise _LostError
            self.between()

    def header(self) -> None:
        """`[table]` or `[[array of tables]]`."""
        several = self.text.startswith("[[", self.index)
        self.index += 2 if several else 1
        parts = self.key()
        self.expect("]]" if several else "]")
        path: Path = ()
        for number, (word, start, end) in enumerate(parts):
            path = self.container((*path, word))
            last = number == len(parts) - 1
            if last and not several:
                self.once(path, word, start, end)
            self.found.spots.setdefault(path, Spot((start, end), (start, end)))
            if last and several:
                self.counts[path] = self.counts.get(path, 0) + 1
            if path in self.counts:
                path = self.container((*path, self.counts[path] - 1))
                self.found.spots.setdefault(path, Spot(None, (start, end)))
        self.table = path

    def pair(self, table: Path) -> None:
        """`key = value`, the key perhaps dotted."""
        path = table
        parts = self.key()
        for word, start, end in parts[:-1]:
            path = self.container((*path, word))
            self.found.spots.setdefault(path, Spot((start, end), (start, end)))
        word, start, end = parts[-1]
        path = (*path, word)
        self.once(path, word, start, end)
        self.expect("=")
        self.skip(_BLANKS)
        spot = self.found.spots.setdefault(path, Spot((start, end), (start, end)))
        spot.value = self.value(path)

    def key(self) -> list[tuple[str, int, int]]:
        """The parts of a key: word, from, to."""
        parts = []
        while True:
            self.skip(_BLANKS)
            parts.append(self.key_part())
            self.skip(_BLANKS)
            if self.letter() != ".":
                return parts
            if len(parts) > DEEPEST:
                raise TooDeep(self.index)
            self.index += 1

    def key_part(self) -> tuple[str, int, int]:
        """A bare or quoted word."""
        start, quote = self.index, self.letter()
        if quote in ("'", '"'):
            self.skip_needed(_QUOTED[quote])
            self.found.stretches.append(Stretch(start, self.index, quote))
            return unquoted(self.text[start : self.index]), start, self.index
        self.skip_needed(_BARE_KEY)
        self.found.stretches.append(Stretch(start, self.index))
        return self.text[start : self.index], start, self.index

    def value(self, path: Path) -> tuple[int, int]:
        """Any value; returns from where to where it stands."""
        start, letter = self.index, self.letter()
        if letter in ("'", '"') and letter:
            quote = letter * 3 if self.text.startswith(letter * 3, start) else letter
            self.skip_needed(_QUOTED[quote])
            self.found.stretches.append(Stretch(start, self.index, letter))
        elif letter == "[":
            self.array(self.container(path))
        elif letter == "{":
            self.inline_table(self.container(path))
        else:
            self.skip_needed(_BARE)
            self.index = start + len(self.text[start : self.index].rstrip())
            self.found.stretches.append(Stretch(start, self.index))
        return start, self.index

    def array(self, path: Path) -> None:
        """`[ value, value ]`, over as many lines as it likes."""
        self.index += 1
        number = 0
        self.between()
        while self.letter() != "]":
            item = (*path, number)
            value = self.value(item)
            self.found.spots[item] = Spot(None, value)
            number += 1
            self.between()
            if self.letter() != "]":
                self.expect(",")
                self.between()
        self.index += 1

    def inline_table(self, path: Path) -> None:
        """`{ key = value, key = value }`."""
        self.index += 1
        self.between()
        while self.letter() != "}":
            self.pair(path)
            self.between()
            if self.letter() != "}":
                self.expect(",")
                self.between()
        self.index += 1

    def once(self, path: Path, word: str, start: int, end: int) -> None:
        """E101 for a key that has its value already."""
        if path in self.taken:
            message = f"'{word}' is here twice; only one would count"
            self.found.problems.append(self.page.problem("E101", start, end, message))
        self.taken.add(path)

    def container(self, path: Path) -> Path:
        """The path of a list or a mapping, if it is not too deep."""
        if len(path) >= DEEPEST:
            raise TooDeep(self.index)
        return path

    def letter(self) -> str:
        """The next character, empty at the end."""
        return self.text[self.index : self.index + 1]

    def expect(self, word: str) -> None:
        """Step over a word that must come next."""
        if not self.text.startswith(word, self.index):
            raise _LostError
        self.index += len(word)

    def skip(self, pattern: re.Pattern[str]) -> None:
        """Step over what the pattern matches, if it does."""
        if found := pattern.match(self.text, self.index):
            self.index = found.end()

    def skip_needed(self, pattern: re.Pattern[str]) -> None:
        """Step over what the pattern must match."""
        start = self.index
        self.skip(pattern)
        if self.index == start:
            raise _LostError

    def comment(self) -> None:
        """Step over a comment and keep it."""
        start = self.index
        self.skip(_COMMENT)
        if self.index > start:
            self.found.stretches.append(Stretch(start, self.index, COMMENT))

    def between(self) -> None:
        """Step over blanks, line breaks and comments."""
        start = -1
        while self.index != start:
            start = self.index
            self.skip(_BETWEEN)
            self.comment()


def unquoted(spelling: str) -> str:
    """A quoted key as the key it stands for."""
    if "\\" not in spelling or spelling.startswith("'"):
        return spelling[1:-1]
    import tomllib

    try:
        (word,) = tomllib.loads(f"{spelling} = 0")
    except tomllib.TOMLDecodeError as error:
        raise _LostError from error
    return word
