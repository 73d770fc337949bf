"""YAML by the 1.2 core schema, and the places of everything in it."""

import pytest

from nurture.language.source import ListNode, MappingNode, Node, ScalarNode, Source, place_in, read
from nurture.model.place import Place


def source(text: str, file: str = "sequences/x.yaml") -> Source:
    return read(text.encode(), file)


def mapping(text: str) -> MappingNode:
    found = source(text)
    assert found.problems == ()
    assert isinstance(found.root, MappingNode)
    return found.root


def scalar(text: str) -> ScalarNode:
    node = mapping(f"key: {text}\n").get("key")
    assert isinstance(node, ScalarNode)
    return node


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("NO", "NO"), ("on", "on"), ("yes", "yes"), ("y", "y"), ("off", "off"),
        ("10:30", "10:30"), ("21:00", "21:00"), ("2027-03-02", "2027-03-02"), ("2027-03-02 10:00", "2027-03-02 10:00"),
        ("1_000", "1_000"), ("0b11", "0b11"), ("1,5", "1,5"), ("<<x", "<<x"), ("=", "="), ("3 days", "3 days"),
        ("true", True), ("True", True), ("FALSE", False), ("tRUE", "tRUE"),
        ("~", None), ("null", None), ("", None), ("nULL", "nULL"),
        ("12", 12), ("-3", -3), ("+3", 3), ("010", 10), ("0o17", 15), ("0x1F", 31), ("0o8", "0o8"),
        ("1.5", 1.5), ("1.", 1.0), (".5", 0.5), ("-1e3", -1000.0), ("1e", "1e"), (".", "."),
        ("'12'", "12"), ('"true"', "true"), ("'it''s'", "it's"), ('"a\\tb\\u00e9"', "a\tbé"),
    ],
)  # fmt: skip
def test_values_are_those_of_yaml_1_2(text: str, value: object) -> None:
    found = scalar(text)
    assert found.value == value
    assert type(found.value) is type(value)


def test_a_scalar_knows_its_spelling_and_whether_it_was_quoted() -> None:
    assert (scalar("010").text, scalar("010").quoted) == ("010", False)
    assert (scalar("1.50").text, scalar("").text) == ("1.50", "")
    assert (scalar("'x y'").text, scalar("'x y'").quoted) == ("x y", True)


def test_keys_are_text_whatever_they_look_like() -> None:
    keys = [key.value for key, _ in mapping("on: a\nno: b\n1: c\ntrue: d\nnull: e\n2027-03-02: f\n")]
    assert keys == ["on", "no", "1", "true", "null", "2027-03-02"]


def test_a_mapping_answers_by_key() -> None:
    root = mapping("title: Hello\nsteps:\n  - send: x\n")
    assert root.keys == ("title", "steps")
    assert "title" in root
    assert "class" not in root
    assert root.get("class") is None
    assert root.key("class") is None
    key = root.key("steps")
    assert key is not None
    assert key.place == Place("sequences/x.yaml", 2, 1, 5)
    steps = root.get("steps")
    assert isinstance(steps, ListNode)
    assert [type(node) for node in steps] == [MappingNode]


def test_columns_count_characters_not_bytes() -> None:
    root = mapping("título: é, أهلا\nx: {ключ: 'да'}\n")
    inner = root.get("x")
    assert isinstance(inner, MappingNode)
    value = inner.get("ключ")
    assert value is not None
    assert value.place == Place("sequences/x.yaml", 2, 11, 4)


@pytest.mark.parametrize("text", ["a: 1\r\nb: x\r\n", "\ufeffa: 1\nb: x\n", "a: 1\rb: x", "---\na: 1\nb: x\n...\n"])
def test_line_ends_of_every_system_and_a_byte_order_mark_are_let_pass(text: str) -> None:
    value = mapping(text).get("b")
    assert isinstance(value, ScalarNode)
    assert value.value == "x"
    assert value.place.column == 4
    assert source(text).lines[value.place.line - 1] == "b: x"


@pytest.mark.parametrize("text", ["", "\n", "# only this\n", "---\n"])
def test_nothing_is_an_empty_mapping_as_in_toml(text: str) -> None:
    assert mapping(text).items == ()
    empty = read(b"", "x.toml").root
    assert isinstance(empty, MappingNode)
    assert empty.items == ()


def test_block_texts_and_comments() -> None:
    root = mapping("a: |\n  one\n  # no comment\nb: >-\n  two\n  three\nc: x # a comment\n")
    values = [node.value for _, node in root if isinstance(node, ScalarNode)]
    assert values == ["one\n# no comment\n", "two three", "x"]


@pytest.mark.parametrize(
    ("line", "column"),
    [
        ("if: person.vip", 5 + 7), ("if: 'person.vip'", 6 + 7), ('if: "person.vip"', 6 + 7),
        ("if: 'person.vip ''x'''", 5), ('if: "person.vip\\n"', 5), ("if: person\n  vip", 5),
        ("if: >-\n  person.vip", 5),
        ('if: "person\n  .vip"', 5),
    ],
)  # fmt: skip
def test_a_place_inside_a_text(line: str, column: int) -> None:
    node = mapping(line).get("if")
    assert isinstance(node, ScalarNode)
    found = place_in(node, 7, 3)
    assert (found.line, found.column) == (1, column)
    assert found.length == (3 if column > 6 else 1)


def test_all_findings_come_at_once_and_the_tree_is_still_there() -> None:
    found = source("a: &x 1\na: 2\nb:\t3\nif: 'x' == y\nc: [1, *x]\n")
    assert [(one.code, one.place.line, one.place.column) for one in found.problems] == [
        ("E102", 1, 4), ("E101", 2, 1), ("E104", 3, 3), ("E103", 4, 5), ("E102", 5, 8),
    ]  # fmt: skip
    assert isinstance(found.root, MappingNode)
    assert found.root.keys == ("a", "b", "if", "c")


@pytest.mark.parametrize(
    "text",
    [
        "if: person.stage == 'vip'   # why\n", "- {if: person.count > 1, send: x}\n",
        "if: person.country in ['FR', 'BE']\n",
        "a: 'x'  # y\n", "'a': 1\n\"b\": 2\n", "{'a': 1, \"b\":2}\n", "a: it's fine\n",
        "about: |-  # a comment\n  x\n", "a: x#y\n", "title: http://example.org/a?b\n", "- - x\n- [a, [b]]\n",
        "? a\n: b\n",
        "at: {between: [09:00, 11:00]}\n", "if: lower(person.name) == 'x'\n",
    ],
)  # fmt: skip
def test_what_needs_no_quotes_is_let_pass(text: str) -> None:
    assert source(text).problems == ()


def test_depth_is_bounded() -> None:
    def depth(node: Node | None) -> int:
        return 1 + depth(node.items[0]) if isinstance(node, ListNode) and node.items else 1

    assert depth(source("[" * 40 + "]" * 40).root) == 40
    for text in ("[" * 41 + "]" * 41, "[" * 5000, "- " * 5000, "{a: " * 5000):
        found = source(text)
        assert found.root is None
        assert [one.message for one in found.problems] == ["more than 40 lists and mappings in each other"]


def test_size_is_bounded() -> None:
    found = source("#" * 100_001)
    assert (found.root, found.lines) == (None, ("",))
    assert found.problems[0].message == "this file has 100,001 bytes; more than 100,000 is not read"
    assert source("#" * 100_000).problems == ()


def test_a_file_full_of_mistakes_is_cut_short() -> None:
    problems = source("a: &x 1\n" * 300).problems
    assert len(problems) == 101
    assert problems[-1].message == "more findings from here on are not shown"


@pytest.mark.parametrize(("data", "column"), [(b"a: \xff", 4), ("é: ".encode() + b"\xe9\n", 4), (b"a: \xc3", 4)])
def test_what_is_not_utf_8_is_told_at_its_byte(data: bytes, column: int) -> None:
    (problem,) = read(data, "x.yaml").problems
    assert (problem.code, problem.place.line, problem.place.column) == ("E100", 1, column)


def test_utf_16_is_named() -> None:
    (problem,) = read("a: 1".encode("utf-16"), "x.yaml").problems
    assert (problem.message, problem.hint) == ("this file is in UTF-16", "save it as UTF-8")


def test_allowances_count_for_their_line_or_the_next() -> None:
    found = source(
        "a: 1  # nurture: allow W308 because spring sale, agreed with Lena\n"
        "# nurture: allow W301, I340 because of May\n"
        "\n"
        "# another word\n"
        "b: '# nurture: allow W302 because in quotes'\n"
    )
    assert found.problems == ()
    assert [(one.code, one.reason, one.line, one.place.line) for one in found.allowed] == [
        ("W308", "spring sale, agreed with Lena", 1, 1),
        ("W301", "of May", 5, 2),
        ("I340", "of May", 5, 2),
    ]
