"""Comments that silence a finding: `# nurture: allow W308 because ...` (language.md 9.4)."""

import re
from collections.abc import Iterator, Sequence

from nurture.language.known_codes import MAY_STAND
from nurture.language.page import Page
from nurture.language.stretches import COMMENT, Stretch
from nurture.language.tree import Allowance
from nurture.model.place import Place, Problem

_MARK = re.compile(r"#+\s*nurture\s*:\s*(?P<rest>.*)", re.IGNORECASE)
_ALLOW = re.compile(r"allow\s+(?P<codes>[A-Z]\d{3}(?:[\s,]+[A-Z]\d{3})*)\s+because\s+(?P<reason>\S.*)")
_WITHOUT_REASON = re.compile(r"allow\s+[A-Z]\d{3}(?:[\s,]+[A-Z]\d{3})*(\s+because)?\s*")
_TEMPLATE_MARK = re.compile(r"\{#-?\s*nurture\s*:\s*(?P<rest>(?:(?!#\}).)*?)\s*-?#\}", re.IGNORECASE)
_PLAIN_MARK = re.compile(r"^\s*#+\s*nurture\s*:\s*(?P<rest>.*)$", re.IGNORECASE)
_CODE = re.compile(r"[A-Z]\d{3}")
_NOT_UNDERSTOOD = "this word to nurture is not understood"
_FORM = "write # nurture: allow W308 because ... with your reason"


def allowances(page: Page, stretches: Sequence[Stretch]) -> tuple[list[Allowance], list[Problem]]:
    """The allowances among the comments of a file, and E105 for each that says too little to count."""
    allowed: list[Allowance] = []
    problems: list[Problem] = []
    for start, end in ((one.start, one.end) for one in stretches if one.style == COMMENT):
        found = _MARK.fullmatch(page.text[start:end].rstrip())
        if not found:
            continue
        said = _ALLOW.fullmatch(found["rest"])
        if not said:
            missing = _WITHOUT_REASON.fullmatch(found["rest"])
            message = "this allows a finding without a reason" if missing else _NOT_UNDERSTOOD
            problems.append(page.problem("E105", start, end, message, _FORM))
            continue
        for code in _CODE.findall(said["codes"]):
            wrong = _not_to_allow(code)
            if wrong:
                problems.append(page.problem("E105", start, end, wrong))
            else:
                line = _line_meant(page, start)
                allowed.append(Allowance(code, said["reason"], page.place(start, end), line))
    return allowed, problems


def _not_to_allow(code: str) -> str:
    """Why a finding cannot be let stand; empty when it can."""
    if code.startswith("E"):
        return f"{code} is an error, and no error can be allowed"
    return "" if code in MAY_STAND else f"there is no finding {code}"


def allowed_in_template(file: str, text: str) -> tuple[frozenset[tuple[str, int, str]], list[Problem]]:
    """The same of a mail: `{# nurture: allow W315 because .. #}`, or `# ..` in its front matter and in TOML.

    In the first line of the front matter it counts for the file as a whole too, whose findings stand at its top.
    """
    allowed: set[tuple[str, int, str]] = set()
    problems: list[Problem] = []
    lines = text.splitlines()
    header = len(lines) if file.endswith(".toml") else _header(lines)
    for number, line in enumerate(lines, start=1):
        found = _mark(line, plain=number <= header)
        if not found:
            continue
        place = Place(file, number, found.start() + 1, found.end() - found.start())
        said = _ALLOW.fullmatch(found["rest"].strip())
        codes = _CODE.findall(said["codes"]) if said else []
        wrong = list(filter(None, map(_not_to_allow, codes))) if said else [_NOT_UNDERSTOOD]
        problems += [Problem("E105", place, words, _FORM) for words in wrong]
        alone = not (line[: found.start()] + line[found.end() :]).strip()
        allowed |= {(file, _next_with_words(lines, number, header) if alone else number, code) for code in codes}
        if number == 2 <= header:
            allowed |= {(file, 1, code) for code in codes}
    return frozenset(allowed), problems


def _header(lines: Sequence[str]) -> int:
    """The number of the line that ends the front matter; 0 without any."""
    if not lines or lines[0].strip() != "---":
        return 0
    return next((number for number, line in enumerate(lines[1:], start=2) if line.strip() == "---"), 0)


def _mark(line: str, *, plain: bool) -> re.Match[str] | None:
    return _TEMPLATE_MARK.search(line) or (_PLAIN_MARK.search(line) if plain else None)


def _next_with_words(lines: Sequence[str], after: int, header: int) -> int:
    numbered = enumerate(lines[after:], start=after + 1)
    saying = (number for number, line in numbered if line.strip() and not _mark(line, plain=number <= header))
    return next(saying, after)


def _line_meant(page: Page, start: int) -> int:
    """The comment's own line, or the next line that says something when it stands alone."""
    place = page.place(start)
    if page.lines[place.line - 1][: place.column - 1].strip():
        return place.line
    return next(_saying(page, place.line), place.line)


def _saying(page: Page, after: int) -> Iterator[int]:
    for number, line in enumerate(page.lines[after:], start=after + 1):
        if line.strip() and not line.lstrip().startswith("#"):
            yield number
