"""Comments that silence a finding: `# nurture: allow W308 because ...` (language.md 9.4)."""

import re
from collections.abc import Iterator, Sequence

from nurture.language.page import Page
from nurture.language.stretches import COMMENT, Stretch
from nurture.language.tree import Allowance
from nurture.model.place import Problem

_MARK = re.compile(r"#+\s*nurture\s*:\s*(?P<rest>.*)", re.IGNORECASE)
_ALLOW = re.compile(r"allow\s+(?P<codes>[A-Z]\d{3}(?:[\s,]+[A-Z]\d{3})*)\s+because\s+(?P<reason>\S.*)")
_WITHOUT_REASON = re.compile(r"allow\s+[A-Z]\d{3}(?:[\s,]+[A-Z]\d{3})*(\s+because)?\s*")
_CODE = re.compile(r"[A-Z]\d{3}")
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
            message = "this allows a finding without a reason" if missing else "this word to nurture is not understood"
            problems.append(page.problem("E105", start, end, message, _FORM))
            continue
        for code in _CODE.findall(said["codes"]):
            if code.startswith("E"):
                message = f"{code} is an error, and no error can be allowed"
                problems.append(page.problem("E105", start, end, message))
            else:
                line = _line_meant(page, start)
                allowed.append(Allowance(code, said["reason"], page.place(start, end), line))
    return allowed, problems


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
