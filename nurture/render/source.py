"""Reading a template file: front matter, body, and where each character stands in the author's file."""

import difflib
import hashlib
import re
from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import PurePosixPath

import yaml

from nurture.model.place import Place, Problem

FENCE = "---"
KEYS = ("subject", "preheader", "untranslated", "still_right")
# A class of characters that is not closed yet: what else it leaves out stands behind it.
_LETTER = r"[^\x00-\x1f\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff\ud800-\udfff"
_LINE = re.compile(
    rf"({'|'.join(KEYS)}): (?:\"(?P<double>{_LETTER}\"\\]+)\"|'(?P<single>{_LETTER}']+)'"
    rf"|(?P<bare>\w(?:{_LETTER}:#]*{_LETTER}\s:#])?))\n"
)
HASH_LETTERS = 12
FILES_KEPT = 4096


@dataclass(frozen=True)
class Piece:
    """A part of a file that is a Jinja template of its own; `start` is its first character's offset in the file."""

    file: str
    whole: str
    text: str
    start: int

    @cached_property
    def _line_starts(self) -> list[int]:
        return [0, *(offset + 1 for offset, letter in enumerate(self.whole) if letter == "\n")]

    def place(self, offset: int, length: int = 1) -> Place:
        """Where the character at that offset of the piece stands in the file."""
        at = self.start + offset
        line = bisect_right(self._line_starts, at)
        return Place(self.file, line, at - self._line_starts[line - 1] + 1, max(1, length))


@dataclass(frozen=True)
class Written:
    """A template file taken apart; `problems` holds what is wrong with its front matter."""

    file: str
    subject: Piece
    preheader: Piece
    body: Piece
    untranslated: bool = False
    problems: tuple[Problem, ...] = ()
    still_right: Piece | None = None

    @property
    def ending(self) -> str:
        """The format: `.md`, `.mjml` or `.html`."""
        return PurePosixPath(self.file).suffix

    @property
    def pieces(self) -> tuple[Piece, Piece, Piece]:
        """What the author says, each a Jinja template: subject, preheader, body."""
        return self.subject, self.preheader, self.body

    @property
    def fingerprint(self) -> str:
        """What a translation of this says in `still_right`: the SHA-256 of subject, preheader and body, shortened."""
        said = "\n".join(piece.text.strip() for piece in self.pieces)
        return hashlib.sha256(said.encode()).hexdigest()[:HASH_LETTERS]


def nearest(word: str, words: Iterable[str], before: str = "") -> str:
    """`did you mean 'x'?`, or nothing when no word is near."""
    found = difflib.get_close_matches(word, sorted(words), n=1, cutoff=0.6)
    return f"did you mean '{before}{found[0]}'?" if found else ""


@lru_cache(maxsize=FILES_KEPT)
def read(file: str, data: bytes) -> Written:
    """Take a template apart; the same bytes are read once.

    Windows line ends become plain ones; a byte order mark is dropped.
    """
    try:
        whole = data.decode("utf-8-sig")
    except UnicodeDecodeError as fault:
        line = data[: fault.start].count(b"\n") + 1
        problem = Problem("E100", Place(file, line), "this file is not UTF-8 text", "save it as UTF-8")
        return Written(file, *(Piece(file, "", "", 0),) * 3, problems=(problem,))
    whole = whole.replace("\r\n", "\n")
    nothing = Piece(file, whole, "", 0)
    header, body_at = _front_matter(whole)
    body = Piece(file, whole, whole[body_at:], body_at)
    if not header:
        return Written(file, nothing, nothing, body, problems=_unclosed(file, whole))
    pieces, problems = _fields(file, whole, header)
    untranslated = "untranslated" in pieces and pieces["untranslated"].text == "true"
    subject, preheader = pieces.get("subject", nothing), pieces.get("preheader", nothing)
    return Written(file, subject, preheader, body, untranslated, problems, pieces.get("still_right"))


def _front_matter(whole: str) -> tuple[str, int]:
    """The YAML between the fences, and where the body begins."""
    opening = FENCE + "\n"
    if not whole.startswith(opening):
        return "", 0
    end = whole.find(f"\n{FENCE}\n", len(opening) - 1)
    if end < 0:
        return "", 0
    return whole[len(opening) : end + 1], end + len(FENCE) + 2


def _unclosed(file: str, whole: str) -> tuple[Problem, ...]:
    """Front matter without its end, whose subject would stand in the mail as text."""
    first, _, rest = whole.partition("\n")
    key = rest.partition(":")[0].strip()
    if first.rstrip() != FENCE or key not in KEYS:
        return ()
    message = "the front matter is not closed, so all of it would be the mail's text"
    return (
        Problem("E100", Place(file, 1, 1, len(FENCE)), message, f"a line of {FENCE} on its own before and after it"),
    )


def _said(fault: yaml.MarkedYAMLError) -> str:
    """What is wrong with the head, in the author's words where it is the usual slip."""
    if fault.problem == "mapping values are not allowed here":
        return "a text with ': ' in it does not stand by itself in the head of a mail"
    return f"the front matter is not YAML: {fault.problem}"


def plain_fields(file: str, whole: str, header: str) -> dict[str, Piece] | None:
    """The fields where each is one line that YAML could only read in one way; None where it must be asked."""
    pieces: dict[str, Piece] = {}
    at, base = 0, len(FENCE) + 1
    while at < len(header):
        line = _LINE.match(header, at)
        if line is None or line[1] in pieces:
            return None
        kind = next(kind for kind in ("double", "single", "bare") if line[kind] is not None)
        pieces[line[1]] = Piece(file, whole, line[kind], base + line.start(kind))
        at = line.end()
    return pieces


def _fields(file: str, whole: str, header: str) -> tuple[dict[str, Piece], tuple[Problem, ...]]:
    """The front matter's fields as pieces."""
    plain = plain_fields(file, whole, header)
    return yaml_fields(file, whole, header) if plain is None else (plain, ())


def yaml_fields(file: str, whole: str, header: str) -> tuple[dict[str, Piece], tuple[Problem, ...]]:
    """The same of any front matter, as YAML reads it."""
    base = len(FENCE) + 1
    try:
        root = yaml.compose(header, Loader=yaml.SafeLoader)
    except yaml.MarkedYAMLError as fault:
        mark = fault.problem_mark
        place = Place(file, mark.line + 2, mark.column + 1) if mark else Place(file)
        return {}, (Problem("E100", place, _said(fault), "put it in quotes"),)
    except yaml.reader.ReaderError as fault:
        before = header[: fault.position]
        place = Place(file, before.count("\n") + 2, len(before) - before.rfind("\n"))
        message = f"the front matter holds a character that no reader can see (U+{ord(header[fault.position]):04X})"
        return {}, (Problem("E100", place, message, "take it out"),)
    if not isinstance(root, yaml.MappingNode):
        return {}, ()
    pieces: dict[str, Piece] = {}
    problems: list[Problem] = []
    for key, value in root.value:
        place = Place(file, key.start_mark.line + 2, key.start_mark.column + 1, len(str(key.value)))
        at = Place(file, value.start_mark.line + 2, value.start_mark.column + 1)
        if key.value not in KEYS:
            hint = nearest(str(key.value), KEYS)
            problems.append(Problem("E110", place, f"'{key.value}' is not a part of a mail's front matter", hint))
        elif key.value in pieces:
            problems.append(Problem("E101", place, f"'{key.value}' is here twice; only one would count"))
        elif not isinstance(value, yaml.ScalarNode):
            problems.append(Problem("E103", at, f"'{key.value}' needs quotes round its text", f'{key.value}: "…"'))
        else:
            from_here = base + value.start_mark.index
            found = whole.find(value.value, from_here, base + value.end_mark.index)
            pieces[key.value] = Piece(file, whole, value.value, found if found >= 0 else from_here)
    return pieces, tuple(problems)
