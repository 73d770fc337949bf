"""YAML to the tree: the 1.2 core schema over PyYAML's parser, every finding with its place (language.md 9.1)."""

import math
import re
from collections.abc import Iterator

from yaml.error import MarkedYAMLError
from yaml.events import (
    DocumentStartEvent,
    Event,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
    StreamEndEvent,
)

from nurture.language.letters import comments
from nurture.language.page import Page
from nurture.language.stretches import (
    DEEPEST,
    LONGEST_NUMBER,
    Found,
    Stretch,
    Stretches,
    TooDeep,
    number_problem,
    too_deep,
)
from nurture.language.tree import ListNode, MappingNode, Node, ScalarNode, Value
from nurture.language.yaml_parser import YamlParser, span
from nurture.language.yaml_quick import QuickParser, Unusual
from nurture.language.yaml_words import in_plain_words
from nurture.model.place import Problem

_NOTHING = frozenset({"", "~", "null", "Null", "NULL"})
_YES_NO = {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}
_WHOLE = re.compile(r"[-+]?[0-9]+")
_OCTAL = re.compile(r"0o[0-7]+")
_HEXADECIMAL = re.compile(r"0x[0-9a-fA-F]+")
_DECIMAL = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_SPECIAL = re.compile(r"[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)")
_SURROGATE = re.compile("[\ud800-\udfff]")


def plain_value(text: str) -> Value:
    """The value of an unquoted word by the YAML 1.2 core schema; ValueError for a number nobody can count."""
    if text in _NOTHING:
        return None
    if text in _YES_NO:
        return _YES_NO[text]
    if _SPECIAL.fullmatch(text):
        raise ValueError(text)
    for pattern, base in ((_WHOLE, 10), (_OCTAL, 8), (_HEXADECIMAL, 16)):
        if pattern.fullmatch(text):
            if len(text) > LONGEST_NUMBER:
                raise ValueError(text)
            return int(text.removeprefix("0o").removeprefix("0x") if base != 10 else text, base)
    if _DECIMAL.fullmatch(text):
        number = float(text)
        if not math.isfinite(number):
            raise ValueError(text)
        return number
    return text


class _Tree:
    """Builds the nodes of one document from the parser's events."""

    def __init__(self, page: Page, parser: YamlParser | QuickParser) -> None:
        self.page = page
        self.parser = parser
        self.problems: list[Problem] = []
        self.scalars: list[Stretch] = []

    def root(self) -> Node | None:
        """The node of the first document; nothing at all is an empty mapping, as it is in TOML."""
        found: Node | None = None
        for event in self._events():
            if isinstance(event, DocumentStartEvent):
                if found is not None:
                    start = span(event)[0]
                    self._tell("E100", start, start + 3, "a second document starts here; one file holds one")
                    break
                found = self._node(self.parser.take(), 1)
        if found is None or (isinstance(found, ScalarNode) and found.value is None):
            return MappingNode(self.page.place(0))
        return found

    def _events(self) -> Iterator[Event]:
        while True:
            event = self.parser.take()
            if isinstance(event, StreamEndEvent):
                return
            yield event

    def _node(self, event: Event, depth: int) -> Node:
        if isinstance(event, ScalarEvent):
            return self._scalar(event)
        if depth > DEEPEST:
            raise TooDeep(span(event)[0])
        if isinstance(event, MappingStartEvent):
            return self._mapping(event, depth)
        assert isinstance(event, SequenceStartEvent), event  # noqa: S101 - the parser emits no other node
        return self._list(event, depth)

    def _list(self, start: SequenceStartEvent, depth: int) -> ListNode:
        items = []
        while not isinstance(event := self.parser.take(), SequenceEndEvent):
            items.append(self._node(event, depth + 1))
        return ListNode(self.page.place(span(start)[0]), tuple(items))

    def _mapping(self, start: MappingStartEvent, depth: int) -> MappingNode:
        items: dict[str, tuple[ScalarNode, Node]] = {}
        while not isinstance(event := self.parser.take(), MappingEndEvent):
            key = self._key(event, depth)
            node = self._node(self.parser.take(), depth + 1)
            if key is None:
                continue
            if key.text in items:
                message = f"'{key.text}' is here twice; only one would count"
                self.problems.append(Problem("E101", key.place, message))
            else:
                items[key.text] = (key, node)
        return MappingNode(self.page.place(span(start)[0]), tuple(items.values()))

    def _key(self, event: Event, depth: int) -> ScalarNode | None:
        """A key is always text, whatever it looks like; lists and mappings are none."""
        index = span(event)[0]
        if not isinstance(event, ScalarEvent):
            self._node(event, depth + 1)
            self._tell("E100", index, index + 1, "a list or a mapping cannot be a key")
            return None
        if event.implicit[0] and event.value == "<<":
            self._tell("E102", index, index + 2, "merging (<<) is not used here", "write the keys out")
            return None
        node = self._scalar(event, key=True)
        if node.text == "" and not node.quoted:
            self._tell("E100", index, index + 1, "a key is missing before this ':'")
            return None
        return node

    def _scalar(self, event: ScalarEvent, *, key: bool = False) -> ScalarNode:
        start, end = span(event)
        quote = event.style or ""
        quoted = quote != ""
        self.scalars.append(Stretch(start, end, quote))
        place = self.page.place(start, end)
        literal = self.page.text[start:end] == f"{quote}{event.value}{quote}" and "\n" not in event.value
        if _SURROGATE.search(event.value):
            self._tell("E100", start, end, "this text holds half a character (\\uD800 to \\uDFFF)")
            return ScalarNode(place, "", "", True, False)
        value: Value = event.value
        if not quoted and not key:
            value = self._plain(event.value, start, end)
        return ScalarNode(place, value, event.value, quoted, literal)

    def _plain(self, text: str, start: int, end: int) -> Value:
        try:
            return plain_value(text)
        except ValueError:
            self.problems.append(number_problem(self.page, start, end))
            return text

    def _tell(self, code: str, start: int, end: int, message: str, hint: str = "") -> None:
        self.problems.append(self.page.problem(code, start, end, message, hint))


def read_yaml(page: Page, text: str) -> Found:
    """Read a text that has the page's length and lines, but nothing in it that YAML cannot hold."""
    return quickly(page, text) or patiently(page, text)


def quickly(page: Page, text: str) -> Found | None:
    """What a file without a mistake says; None where there may be one."""
    try:
        tree = _Tree(page, QuickParser(text))
        root = tree.root()
    except (TooDeep, Unusual):
        return None
    if tree.problems:
        return None
    return Found(root, [], [*tree.scalars, *comments(page, Stretches(tree.scalars, len(text)))], len(text))


def patiently(page: Page, text: str) -> Found:
    """The same by a parser that tells every mistake and goes on."""
    parser = YamlParser(page, text)
    tree = _Tree(page, parser)
    root, reach = None, len(text)
    try:
        root = tree.root()
    except TooDeep as deep:
        reach = deep.index
        tree.problems.append(too_deep(page, deep))
    except MarkedYAMLError as error:
        reach = parser.index
        stuck = in_plain_words(page, error)
        tree.problems.append(stuck)
        parser.problems = [told for told in parser.problems if told.place.line < stuck.place.line]
    remarks = list(comments(page, Stretches(tree.scalars, reach)))
    return Found(root, parser.problems + tree.problems, tree.scalars + remarks, reach)
