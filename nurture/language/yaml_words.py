"""What PyYAML says about text that is not YAML, said so that a marketer can mend it (E100)."""

import re

from yaml.error import Mark, MarkedYAMLError

from nurture.language.page import Page
from nurture.model.place import Place, Problem

_CLOSING = {"[": "]", "{": "}"}
_GLUED = re.compile(r"([a-z_]+):([^\s:/].*)")
_GLUED_DASH = re.compile(r"-([^\s-][^\n]{0,40})")
_DASH = re.compile(r"( *)- ")
_LONGEST_SUGGESTION = 60
_NOT_CLOSED = ("found unexpected end of stream", "found unexpected document separator")
_NOT_IN_LINE = ("expected <block end>, but found", "expected '<document start>', but found")
_PLAIN = (
    ("sequence entries are not allowed here", "a list cannot start in the middle of a line"),
    ("mapping keys are not allowed here", "a '?' cannot stand here"),
    ("mapping values are not allowed here", "a ':' cannot stand here"),
    ("expected the node content, but found '<stream end>'", "the file ends where something is missing"),
    ("expected the node content, but found", "something is missing before this"),
)


def in_plain_words(page: Page, error: MarkedYAMLError) -> Problem:
    """A syntax error as a finding at the place where the author has to look."""
    problem = error.problem or ""
    at, begun = _index(error.problem_mark), _index(error.context_mark)
    if problem.startswith("could not find expected ':'"):
        return _no_colon(page, begun)
    if problem in _NOT_CLOSED:
        return page.problem("E100", begun, None, "this quote is never closed")
    if problem.startswith("found unknown escape character"):
        message = f"'{page.text[at - 1 : at + 1]}' means nothing inside double quotes"
        return page.problem("E100", at - 1, at + 1, message, "use single quotes, or write \\\\ for a backslash")
    if problem.startswith("expected escape sequence of"):
        return page.problem("E100", at, None, "the number of this character is not complete")
    if problem.startswith("expected ',' or"):
        return _bracket(page, begun, at)
    if problem.startswith(_NOT_IN_LINE):
        return _not_in_line(page, error)
    for known, words in _PLAIN:
        if problem.startswith(known):
            return page.problem("E100", at, None, words)
    return page.problem("E100", at, None, f"this is not YAML: {problem}" if not _ours(error) else problem)


def _ours(error: MarkedYAMLError) -> bool:
    """Whether the words are already those of this house: such errors carry no context."""
    return error.context is None and error.context_mark is None


def _index(mark: Mark | None) -> int:
    return mark.index if mark else 0


def _no_colon(page: Page, at: int) -> Problem:
    """A line that is neither a key with its value nor an entry of a list."""
    line = page.lines[page.line_of(at) - 1].strip()
    if line.startswith("{"):
        return page.problem("E100", at, None, "a '- ' is missing before this '{'", "a step begins with '- '")
    glued = _GLUED.match(line)
    if glued:
        hint = f"write {glued[1]}: {glued[2]}" if len(line) <= _LONGEST_SUGGESTION else ""
        return page.problem("E100", at, None, "a blank is missing after the ':' on this line", hint)
    return page.problem("E100", at, None, "a ':' is missing on this line")


def _bracket(page: Page, begun: int, at: int) -> Problem:
    opened = page.text[begun]
    if at >= len(page.text.rstrip()):
        return page.problem("E100", begun, None, f"this '{opened}' is never closed")
    if page.text[at] in "]}" and page.text[at] != _CLOSING[opened]:
        message = f"this '{opened}' is not closed before the '{page.text[at]}' in column {page.place(at).column}"
        return page.problem("E100", begun, None, message, f"a '{_CLOSING[opened]}' is missing")
    if page.line_of(begun) == page.line_of(at):
        return page.problem("E100", at, None, "a ',' is missing before this")
    message = f"the '{opened}' of line {page.line_of(begun)} is not closed before this"
    return page.problem("E100", at, None, message, f"a ',' or a '{_CLOSING[opened]}' is missing")


def _not_in_line(page: Page, error: MarkedYAMLError) -> Problem:
    at = _index(error.problem_mark)
    dash = _GLUED_DASH.match(page.text, at)
    if dash:
        return page.problem("E100", at, None, "a blank is missing after the '-'", f"write - {dash[1]}")
    return page.problem("E100", at, None, "this does not line up with what stands above it", _neighbour(page, error))


def _neighbour(page: Page, error: MarkedYAMLError) -> str:
    """Where the author may have meant it to begin: blanks at the start of a line say what it belongs to."""
    place = page.place(_index(error.problem_mark))
    entry = _entry_above(page, place.line)
    if entry and page.text.startswith("-", _index(error.problem_mark)):
        return f"the '-' above it is on line {entry.line}, in column {entry.column}"
    if entry and entry.column == place.column:
        return f"as a part of the entry of line {entry.line} it begins in column {entry.column + 2}"
    if error.context_mark is None:
        return ""
    owner = page.place(error.context_mark.index)
    return f"what it seems to belong to starts on line {owner.line}, in column {owner.column}"


def _entry_above(page: Page, line: int) -> Place | None:
    """The nearest line above that begins with `- `."""
    for number in range(line - 1, 0, -1):
        found = _DASH.match(page.lines[number - 1])
        if found:
            return Place(page.file, number, found.end(1) + 1)
    return None
