"""Read one file of the marketer's: bytes in, the tree with places and all findings out (language.md 9.1).

Codes: E100 cannot be read or holds a character that it may not, E101 a key twice, E102 anchor, tag or
merge, E103 needs quotes, E104 tab, E105 an allowance without a reason.
"""

from nurture.language import letters
from nurture.language.allowances import allowances
from nurture.language.page import Page, open_page
from nurture.language.stretches import MOST, Found, Stretches
from nurture.language.toml_source import read_toml
from nurture.language.tree import Allowance, ListNode, MappingNode, Node, ScalarNode, Source, Value, place_in
from nurture.language.yaml_source import read_yaml
from nurture.model.place import Problem

__all__ = ["Allowance", "ListNode", "MappingNode", "Node", "ScalarNode", "Source", "Value", "place_in", "read"]


def read(data: bytes, file: str) -> Source:
    """Read a file; `file` is its path relative to the project, and `.toml` at its end means TOML, else YAML.

    Mistakes are in `Source.problems`, never raised. Reading twice gives equal sources.
    """
    original, unreadable = open_page(data, file)
    if unreadable:
        return Source(file, original.lines, None, unreadable)
    page, forbidden = letters.without_the_forbidden(original)
    found = read_toml(page) if file.endswith(".toml") else _read_yaml(page)
    stretches = Stretches(found.stretches, found.reach)
    allowed, mistaken = allowances(page, found.stretches)
    problems = [*forbidden, *found.problems, *letters.turned_round(page, stretches), *mistaken]
    return Source(file, original.lines, found.root, _told(problems), tuple(allowed))


def _read_yaml(page: Page) -> Found:
    """Read YAML; tabs are blanks to the parser, and what only looks like a blank or a dash is read as one."""
    found = read_yaml(page, page.text.replace("\t", " "))
    stretches = Stretches(found.stretches, found.reach)
    wrong = list(letters.no_blanks(page, stretches))
    dashes = list(letters.no_dashes(page, stretches)) if found.root is None else []
    if not wrong and not dashes and "\t" not in page.text:
        return found
    text = list(page.text)
    for start, end in wrong:
        text[start:end] = " " * (end - start)
    for start, _ in dashes:
        text[start] = "-"
    found = read_yaml(page, "".join(text))
    if (wrong or dashes) and found.root is None:
        # Where these stand, the parser loses its way, and what it then says is no news.
        found.problems = [problem for problem in found.problems if problem.code != "E100"]
    found.problems += [letters.lookalike(page, start, end) for start, end in (*wrong, *dashes)]
    return found


def _told(problems: list[Problem]) -> tuple[Problem, ...]:
    """In the order of the file, and not more than anybody will read."""
    problems.sort(key=lambda problem: (problem.place.line, problem.place.column, problem.code))
    if len(problems) <= MOST:
        return tuple(problems)
    return (*problems[:MOST], Problem("E100", problems[MOST].place, "more findings from here on are not shown"))
