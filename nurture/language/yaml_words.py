"""What PyYAML says about text that is not YAML, said so that a marketer can mend it (E100)."""

from yaml.error import Mark, MarkedYAMLError

from nurture.language.page import Page
from nurture.model.place import Problem

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
        return page.problem("E100", begun, None, "a ':' is missing on this line")
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


def _bracket(page: Page, begun: int, at: int) -> Problem:
    opened = page.text[begun]
    if at >= len(page.text.rstrip()):
        return page.problem("E100", begun, None, f"this '{opened}' is never closed")
    if page.line_of(begun) == page.line_of(at):
        return page.problem("E100", at, None, "a ',' is missing before this")
    closing = "]" if opened == "[" else "}"
    message = f"the '{opened}' of line {page.line_of(begun)} is not closed before this"
    return page.problem("E100", at, None, message, f"a ',' or a '{closing}' is missing")


def _not_in_line(page: Page, error: MarkedYAMLError) -> Problem:
    at = _index(error.problem_mark)
    hint = ""
    if error.context_mark:
        place = page.place(error.context_mark.index)
        hint = f"what it seems to belong to starts on line {place.line}, in column {place.column}"
    return page.problem("E100", at, None, "this does not line up with what stands above it", hint)
