"""Where a test file says what is expected: the stretches of its text that a recording replaces (language.md 10)."""

from collections.abc import Iterator

import yaml
from yaml.nodes import CollectionNode, MappingNode, Node, ScalarNode, SequenceNode

from nurture.language.page import Page
from nurture.language.toml_scanner import Spot, scan
from nurture.model.values import dataclass

Span = tuple[int, int]


class Unwritable(ValueError):
    """A case whose `expect` cannot be replaced as it is written; the message says where, and what to write instead."""


@dataclass(frozen=True, slots=True)
class Expectation:
    """Where one case says what it expects: indices into the text of the file.

    `key` is None where the case has no `expect`; then `behind` is the end of the line after which it belongs.
    `column` counts from 0 and is where the case's keys begin; `dash` where a YAML list's dashes stand.
    """

    key: int | None
    value: Span
    entries: tuple[Span, ...]
    behind: int
    column: int
    dash: int
    listed: bool  # a YAML list with dashes, one entry or more a line


def expectations(text: str, file: str) -> list[Expectation]:
    """Of every case in the order of the file; Unwritable for a case whose keys do not stand on lines of their own."""
    return list((_of_toml if file.endswith(".toml") else _of_yaml)(text, file))


def _of_yaml(text: str, file: str) -> Iterator[Expectation]:
    root = yaml.compose(text.replace("\t", " "), Loader=yaml.SafeLoader)
    cases = _child(root, "cases")[1]
    for case in cases.value if isinstance(cases, SequenceNode) else ():
        line = case.start_mark.line + 1
        if not isinstance(case, MappingNode) or case.flow_style:
            raise Unwritable(
                f"{file}:{line}: this case is written inside braces; write its keys on lines of their own, then record."
            )
        yield _yaml_case(text, case)


def _yaml_case(text: str, case: MappingNode) -> Expectation:
    column = case.start_mark.column
    _, until = _child(case, "until")
    behind = _line_end(text, _end(until or case))
    key, value = _child(case, "expect")
    if key is None or value is None:
        return Expectation(None, (behind, behind), (), behind, column, column + 2, False)
    listed = isinstance(value, SequenceNode) and not value.flow_style and bool(value.value)
    entries = tuple((item.start_mark.index, _end(item)) for item in value.value) if listed else ()
    span = (value.start_mark.index, _end(value))
    dash = value.start_mark.column if listed else column + 2
    return Expectation(key.start_mark.index, span, entries, behind, column, dash, listed)


def _child(node: Node | None, name: str) -> tuple[ScalarNode | None, Node | None]:
    for key, value in node.value if isinstance(node, MappingNode) else ():
        if key.value == name:
            return key, value
    return None, None


def _end(node: Node) -> int:
    """Behind the last letter of a node; a block's own mark stands where the next thing begins."""
    if not isinstance(node, CollectionNode) or node.flow_style or not node.value:
        return int(node.end_mark.index)
    last = node.value[-1]
    return _end(last[1] if isinstance(last, tuple) else last)


def _line_end(text: str, index: int) -> int:
    found = text.find("\n", index)
    return len(text) if found < 0 else found


def _of_toml(text: str, file: str) -> Iterator[Expectation]:
    page = Page(file, text)
    spots = scan(page).spots
    number = 0
    while (until := spots.get(("cases", number, "until"))) is not None and until.key is not None:
        line = text.rfind("\n", 0, until.key[0]) + 1
        if text[line : until.key[0]].strip():
            raise Unwritable(
                f"{file}:{page.line_of(until.key[0])}: this case is written inside braces; "
                "write it as [[cases]] with its keys on lines of their own, then record."
            )
        yield _toml_case(text, file, page, number, spots[("cases", number, "until")], spots)
        number += 1


def _toml_case(
    text: str, file: str, page: Page, number: int, until: Spot, spots: dict[tuple[str | int, ...], Spot]
) -> Expectation:
    behind = _line_end(text, until.value[1])
    column = (until.key or until.value)[0] - (text.rfind("\n", 0, (until.key or until.value)[0]) + 1)
    found = spots.get(("cases", number, "expect"))
    if found is None:
        return Expectation(None, (behind, behind), (), behind, column, column + 2, False)
    start, end = found.value
    if found.key is None or text[start] != "[" or found.key == found.value:
        raise Unwritable(
            f"{file}:{page.line_of(start)}: `expect` is written as [[cases.expect]]; "
            "write it as expect = [..], then record."
        )
    entries: list[Span] = []
    while (entry := spots.get(("cases", number, "expect", len(entries)))) is not None:
        entries.append(entry.value)
    return Expectation(found.key[0], (start, end), tuple(entries), behind, column, column + 2, False)
