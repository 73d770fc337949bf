"""TOML gives the same tree as YAML, with the place of every key and value."""

from typing import Any

import pytest

from nurture.language.source import ListNode, MappingNode, Node, ScalarNode, place_in, read

ANNIVERSARY = """\
#:schema ../.nurture/sequence.schema.json
sequence = "first_order_anniversary"
stage    = ["again", "retained"]
priority = 75  # nurture: allow W317 because it is agreed

[start]
day   = "person.orders.first_at"
if    = 'person.orders.count >= 3'

[[steps]]
wait = { until_day = 0, at = 09:00:00 }

[[steps]]
send      = "year_in_coffee"
valid_for = "2 days"

[[steps]]
[steps.set]
person.seen = true
"""

AS_YAML = """\
sequence: first_order_anniversary
stage: [again, retained]
priority: 75
start:
  day: person.orders.first_at
  if: person.orders.count >= 3
steps:
  - wait: {until_day: 0, at: 09:00}
  - send: year_in_coffee
    valid_for: 2 days
  - set: {person: {seen: true}}
"""


def plain(node: Node | None) -> Any:
    if isinstance(node, MappingNode):
        return {key.text: plain(value) for key, value in node}
    if isinstance(node, ListNode):
        return [plain(item) for item in node]
    return node.value if isinstance(node, ScalarNode) else None


def walk(node: Node | None, *path: str | int) -> ScalarNode:
    for step in path:
        if isinstance(step, int):
            assert isinstance(node, ListNode)
            node = node.items[step]
        else:
            assert isinstance(node, MappingNode)
            node = node.get(step)
    assert isinstance(node, ScalarNode)
    return node


def test_the_same_tree_as_yaml() -> None:
    toml, yaml = read(ANNIVERSARY.encode(), "x.toml"), read(AS_YAML.encode(), "x.yaml")
    assert toml.problems == yaml.problems == ()
    assert plain(toml.root) == plain(yaml.root)


@pytest.mark.parametrize(
    ("path", "line", "column", "length"),
    [
        (("sequence",), 2, 12, 25), (("stage", 1), 3, 22, 10), (("priority",), 4, 12, 2), (("start", "if"), 8, 9, 26),
        (("steps", 0, "wait", "at"), 11, 30, 8), (("steps", 1, "valid_for"), 15, 13, 8),
        (("steps", 2, "set", "person", "seen"), 19, 15, 4),
    ],
)  # fmt: skip
def test_places_of_values(path: tuple[str | int, ...], line: int, column: int, length: int) -> None:
    place = walk(read(ANNIVERSARY.encode(), "x.toml").root, *path).place
    assert (place.line, place.column, place.length) == (line, column, length)


def test_places_of_keys_tables_and_lists() -> None:
    root = read(ANNIVERSARY.encode(), "x.toml").root
    assert isinstance(root, MappingNode)
    assert [(key.text, key.place.line, key.place.column) for key, _ in root] == [
        ("sequence", 2, 1), ("stage", 3, 1), ("priority", 4, 1), ("start", 6, 2), ("steps", 10, 3),
    ]  # fmt: skip
    steps = root.get("steps")
    assert isinstance(steps, ListNode)
    assert [(item.place.line, item.place.column) for item in steps] == [(10, 3), (13, 3), (17, 3)]


def test_a_place_inside_a_text() -> None:
    node = walk(read(ANNIVERSARY.encode(), "x.toml").root, "start", "if")
    assert place_in(node, 7, 6).column == 9 + 1 + 7
    assert place_in(walk(read(b'if = """\nperson.vip"""', "x.toml").root, "if"), 7).column == 6


def test_comments_carry_allowances() -> None:
    (one,) = read(ANNIVERSARY.encode(), "x.toml").allowed
    assert (one.code, one.reason, one.line) == ("W317", "it is agreed", 4)


@pytest.mark.parametrize(
    ("spelling", "text"),
    [
        ("2027-03-02", "2027-03-02"), ("09:30:00", "09:30"), ("09:30:15", "09:30:15"),
        ("2027-03-02T10:00:00", "2027-03-02 10:00"), ("2027-03-02 10:00:00Z", "2027-03-02 10:00Z"),
        ("2027-03-02T10:00:00+02:00", "2027-03-02 10:00+02:00"),
        ("2027-03-02T10:00:00-03:30", "2027-03-02 10:00-03:30"),
    ],
)  # fmt: skip
def test_dates_and_clock_times_are_text_as_in_yaml(spelling: str, text: str) -> None:
    node = walk(read(f"key = {spelling}  # when\n".encode(), "x.toml").root, "key")
    assert (node.value, node.text, node.quoted) == (text, text, False)
    assert (node.place.column, node.place.length) == (7, len(spelling))


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ('k = """\\\n  a\n"b" c"""', 'a\n"b" c'), ("k = '''it's'''''", "it's''"), ('k = """a"""""', 'a""'),
        ('k = "\\u00e9\\t"', "é\t"), ("k = ''", ""), ("k = '# no'", "# no"), ("k = 0o17", 15), ("k = 1_000", 1000),
        ("k = [ # x\n 1,\n 2, # y\n]", [1, 2]), ('k = {a.b = 1, "c d" = [{}]}', {"a": {"b": 1}, "c d": [{}]}),
    ],
)  # fmt: skip
def test_values(text: str, value: object) -> None:
    found = read(text.encode(), "x.toml")
    assert found.problems == ()
    assert plain(found.root) == {"k": value}


@pytest.mark.parametrize(
    ("text", "code", "line", "column", "message"),
    [
        ("a = 1\na = 2\n", "E101", 2, 1, "'a' is here twice; only one would count"),
        ("a.b = 1\na.b = 2\n", "E101", 2, 3, "'b' is here twice; only one would count"),
        ("[a]\n[b]\n[a]\n", "E101", 3, 2, "'a' is here twice; only one would count"),
        ("a = {b = 1, b = 2}\n", "E101", 1, 13, "'b' is here twice; only one would count"),
        ("a.b = 1\n  a = 2\n", "E101", 2, 3, "this is here already; only one would count"),
        ("a = \n", "E100", 1, 5, "this is not a value; a text needs quotes"),
        ("a = 1 b = 2\n", "E100", 1, 7, "there is more on this line than one key and its value"),
        ("a\n", "E100", 1, 2, "a '=' is missing behind this key"),
        ("a = [1, 2\nb = 3\n", "E100", 2, 1, "a ',' or the closing ']' is missing before this"),
        ("a = '''x\n", "E100", 1, 5, "this quote is never closed"),
        ("a = 'x\n", "E100", 1, 5, "this quote is never closed"),
        ("a = 2027-02-30\n", "E100", 1, 5, "there is no such day"),
        ("[" * 50, "E100", 1, 3, "a key cannot begin like this"),
        ("a = " + "[" * 50, "E100", 1, 44, "more than 40 lists and mappings in each other"),
        (".".join(["a"] * 50) + " = 1", "E100", 1, 82, "more than 40 lists and mappings in each other"),
        ("a = " + "9" * 5000, "E103", 1, 5, "'999999999999999999999999999...' is not a number that can be used here"),
        ("a = 0x" + "f" * 5000, "E103", 1, 5, "'0xfffffffffffffffffffffffff...' is not a number that can be used here"),
    ],
)  # fmt: skip
def test_findings(text: str, code: str, line: int, column: int, message: str) -> None:
    (problem,) = read(text.encode(), "x.toml").problems
    assert (problem.code, problem.place.line, problem.place.column) == (code, line, column)
    assert problem.message == message


def test_arrays_of_tables_may_repeat_a_sub_table() -> None:
    found = read(b"[[a]]\n[a.b]\nx = 1\n[[a]]\n[a.b]\nx = 2\n", "x.toml")
    assert found.problems == ()
    assert plain(found.root) == {"a": [{"b": {"x": 1}}, {"b": {"x": 2}}]}
    assert walk(found.root, "a", 1, "b", "x").place.line == 6
