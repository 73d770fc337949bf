"""Laws of reading a file: YAML and TOML say the same, every place points at its text, nothing raises."""

import json
from collections.abc import Iterator
from typing import Any

import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from nurture.language.report import as_github, as_json, as_sarif, as_text
from nurture.language.source import ListNode, MappingNode, Node, ScalarNode, read
from nurture.language.yaml_parser import CONDITION_KEYS

TEXTS = st.text(st.characters(codec="utf-8", categories=("L", "N", "P", "Zs", "S")), max_size=12)
# The values of condition keys are conditions, and a list there is E103.
WORDS = TEXTS.filter(lambda key: key and key not in CONDITION_KEYS)
KEYS = st.one_of(st.sampled_from(["send", "on", "no", "12", "a b", "true", "<<", "é"]), WORDS)
SCALARS = st.one_of(TEXTS, st.integers(-(10**9), 10**9), st.booleans(), st.sampled_from([0.5, -2.25, 1e3]))
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(KEYS, inner, max_size=3)),
    max_leaves=8,
)
BOOKS = st.dictionaries(KEYS, VALUES, max_size=4)
PIECES = st.sampled_from(
    [
        "a", "if", ": ", ":", "- ", "\n", "\n  ", "\n\t", "'", '"', "[", "]", "{", "}", ",", " #", "&", "*", "!", "%",
        "@", "|", ">", "? ", "---\n", "<<", " = ", "[[", "]]", ".", "\\", "\\UFFFFFFFF", "\\uD800", "'''", '"""',
        "1e999", "09:30", "2027-03-02", "\x00", "\u202e", "\u2028", "\r", "# nurture: allow W308", "true", "0x",
        "9" * 25,
    ]
)  # fmt: skip
NOISE = st.one_of(st.binary(max_size=80), st.lists(PIECES, max_size=30).map(lambda parts: "".join(parts).encode()))


def plain(node: Node | None) -> Any:
    if isinstance(node, MappingNode):
        return {key.text: plain(value) for key, value in node}
    if isinstance(node, ListNode):
        return [plain(item) for item in node]
    return node.value if isinstance(node, ScalarNode) else None


def scalars(node: Node | None) -> Iterator[ScalarNode]:
    if isinstance(node, MappingNode):
        for key, value in node:
            yield key
            yield from scalars(value)
    elif isinstance(node, ListNode):
        for item in node:
            yield from scalars(item)
    elif node is not None:
        yield node


def as_toml(book: dict[str, Any]) -> str:
    """Tables and arrays of tables at the top, everything deeper inline."""
    tables = {key: value for key, value in book.items() if isinstance(value, dict)}
    rows = {key: value for key, value in book.items() if _is_rows(value)}
    lines = [f"{_inline(key)} = {_inline(value)}" for key, value in book.items() if key not in tables | rows]
    for key, table in tables.items():
        lines += [f"[{_inline(key)}]", *(f"{_inline(name)} = {_inline(value)}" for name, value in table.items())]
    for key, several in rows.items():
        for row in several:
            lines.append(f"[[{_inline(key)}]]")
            lines += [f"{_inline(name)} = {_inline(value)}" for name, value in row.items()]
    return "\n".join(lines) + "\n"


def _is_rows(value: object) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(row, dict) for row in value)


def _inline(value: object) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{_inline(key)} = {_inline(inner)}" for key, inner in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(_inline(item) for item in value) + "]"
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False)
    return json.dumps(value)


@settings(max_examples=120, deadline=None)
@given(BOOKS)
def test_yaml_and_toml_give_the_same_tree_and_places_point_at_their_text(book: dict[str, Any]) -> None:
    quoted = yaml.dump(book, Dumper=_Quoting, allow_unicode=True, sort_keys=False, width=10_000)
    for text, file in ((quoted, "x.yaml"), (json.dumps(book, ensure_ascii=False), "x.yaml"), (as_toml(book), "x.toml")):
        source = read(text.encode(), file)
        assert source.problems == (), text
        assert plain(source.root) == book
        for node in scalars(source.root):
            begin = node.place.column - 1
            there = source.lines[node.place.line - 1][begin : begin + node.place.length]
            assert len(there) == node.place.length
            if node.literal:
                assert there == (f"{there[0]}{node.value}{there[0]}" if node.quoted else node.text)
            elif not isinstance(node.value, str):
                assert json.loads(there) == node.value
            else:
                assert there[0] in "'\""


class _Quoting(yaml.SafeDumper):
    """Every text in quotes, as a careful tool writes it."""


_Quoting.add_representer(str, lambda dumper, text: dumper.represent_scalar("tag:yaml.org,2002:str", text, style="'"))


@settings(max_examples=400, deadline=None)
@given(NOISE, st.sampled_from(["x.yaml", "x.toml"]))
def test_any_bytes_give_a_tree_or_findings_and_every_report_can_be_written(data: bytes, file: str) -> None:
    source = read(data, file)
    assert source == read(data, file)
    assert source.root is not None or source.problems
    for problem in source.problems:
        line = source.lines[problem.place.line - 1] if problem.place.line <= len(source.lines) else ""
        assert 1 <= problem.place.column <= len(line) + 1
    text = as_text(source.problems, {file: source.lines})
    assert text.encode().count(b"\n") >= 2 * len(source.problems)
    assert len(json.loads(as_json(source.problems))["findings"]) == len(source.problems)
    assert len(as_github(source.problems).splitlines()) == len(source.problems)
    assert json.loads(as_sarif(source.problems).encode())["version"] == "2.1.0"
