"""`nurture fmt`: one layout for a YAML file, with every comment where it stood (language.md 2).

Kept are the author's order, words, comments, single blank lines, and the choice between a mapping on one line and
on several. Made one are indentation (two blanks), blanks in braces, quotes, and what does not fit into 120 columns.
"""

from collections.abc import Iterable, Iterator

import yaml
from yaml.nodes import CollectionNode, MappingNode, Node, ScalarNode, SequenceNode

from nurture.language.letters import comments
from nurture.language.page import Page, open_page
from nurture.language.source import read
from nurture.language.spelling import in_quotes, spelt
from nurture.language.stretches import Stretches
from nurture.language.tree import ListNode, Source
from nurture.language.tree import MappingNode as Mapping
from nurture.language.tree import Node as Tree
from nurture.language.yaml_source import read_yaml

WIDTH = 120


class NotTheSame(RuntimeError):
    """The layout of a file would change what it says. Leave the file as it is, and report it."""


def laid_out(data: bytes, file: str, *, quote: bool = False) -> bytes | None:
    """The file in the one layout; None for a file that has findings of reading, or is TOML. `quote` is for YAML 1.1.

    Raises NotTheSame when the tree or a comment would change, which is a fault of ours.
    """
    source = read(data, file)
    if source.root is None or source.problems or file.endswith(".toml"):
        return None
    page, _ = open_page(data, file)
    text = _Layout(page, quote=quote).text()
    again = read(text.encode(), file)
    if bare(again.root) != bare(source.root) or _remarks(again) != _remarks(source):
        raise NotTheSame(file)
    return text.encode()


def bare(node: Tree | None) -> object:
    """What a tree says, without where it says it."""
    if isinstance(node, Mapping):
        return {key.text: bare(value) for key, value in node}
    if isinstance(node, ListNode):
        return [bare(item) for item in node]
    return None if node is None else (type(node.value), node.value)


def _remarks(source: Source) -> list[str]:
    page = Page(source.file, "\n".join(source.lines) + "\n")
    return sorted(words for _, words in _comments(page))


def _comments(page: Page) -> Iterator[tuple[int, str]]:
    """The comments of a page with the index at which each begins."""
    found = read_yaml(page, page.text)
    for one in comments(page, Stretches([s for s in found.stretches if s.style != "#"], found.reach)):
        yield one.start, page.text[one.start : one.end].rstrip()


class _Layout:
    """Writes one page anew, line by line, from PyYAML's nodes; lines count from 0 as PyYAML's do."""

    def __init__(self, page: Page, *, quote: bool) -> None:
        self.page = page
        self.quote = quote
        self.lines: list[str] = []
        self.alone: dict[int, str] = {}  # comments on a line of their own
        self.behind: dict[int, tuple[int, str]] = {}  # comments behind something, with the column they had
        for start, words in _comments(page):
            line = page.line_of(start) - 1
            column = page.place(start).column - 1
            if page.lines[line][:column].strip():
                self.behind[line] = (column, words)
            else:
                self.alone[line] = words

    def text(self) -> str:
        root = yaml.compose(self.page.text, Loader=yaml.BaseLoader)
        if root is not None:
            self._node(root, 0)
        self._before(len(self.page.lines), 0)
        return "\n".join(self.lines).strip("\n") + "\n"

    # what stands between things

    def _before(self, line: int, indent: int) -> None:
        """Comments of their own that stand above a line of the source, and one blank line where there were some."""
        for number in sorted(number for number in self.alone if number < line):
            self._blank(number)
            self.lines.append(" " * indent + self.alone.pop(number))
        self._blank(line)

    def _blank(self, line: int) -> None:
        empty = 0 < line <= len(self.page.lines) and not self.page.lines[line - 1].strip()
        if empty and self.lines and self.lines[-1]:
            self.lines.append("")

    def _put(self, text: str, *lines: int) -> None:
        """One line, with the comments that stood behind the lines of the source it was made of."""
        said = [self.behind.pop(line) for line in dict.fromkeys(lines) if line in self.behind]
        if said:
            column = max(len(text) + 2, said[0][0])  # comments that were in line with each other stay so
            text = f"{text:<{column}}{' '.join(words for _, words in said)}"
        self.lines.append(text)

    # nodes

    def _node(self, node: Node, indent: int) -> None:
        if isinstance(node, MappingNode):
            self._mapping(node, indent, "")
        elif isinstance(node, SequenceNode):
            self._list(node, indent, "")
        else:
            self._put(" " * indent + self._scalar(node, flow=False), node.start_mark.line)

    def _mapping(self, node: MappingNode, indent: int, lead: str) -> None:
        """A mapping in lines; `lead` are the dashes in front of its first key."""
        for number, (key, value) in enumerate(node.value):
            first = lead if number == 0 else ""
            if not first:
                self._before(key.start_mark.line, indent)
            self._value(" " * (indent - len(first)) + first + self._key(key), key, value, indent)

    def _key(self, key: Node) -> str:
        return f"{self._scalar(key, flow=False)}:"

    def _value(self, head: str, key: Node, value: Node, indent: int) -> None:
        line = key.start_mark.line
        if isinstance(value, ScalarNode):
            self._leaf(head, value, line, indent)
            return
        inline = self._inline(value)
        if inline is not None and len(head) + 1 + len(inline) <= WIDTH and not self._torn(value):
            self._put(f"{head} {inline}", *range(line, value.end_mark.line + 1))
            return
        self._put(head, *(() if _is_flow(value) else (line,)))
        if isinstance(value, MappingNode):
            self._mapping(value, indent + 2, "")
        elif isinstance(value, SequenceNode):
            self._list(value, indent + 2, "")

    def _list(self, node: SequenceNode, indent: int, lead: str) -> None:
        for number, item in enumerate(node.value):
            dash = (lead if number == 0 else "") + "- "
            if number or not lead:
                self._before(item.start_mark.line, indent)
            head = " " * (indent - len(dash) + 2) + dash
            inline = self._inline(item)
            if isinstance(item, ScalarNode):
                self._leaf(head.rstrip(), item, item.start_mark.line, indent)
            elif inline is not None and len(head) + len(inline) <= WIDTH and not self._torn(item):
                self._put(head + inline, *range(item.start_mark.line, item.end_mark.line + 1))
            elif isinstance(item, MappingNode):
                self._mapping(item, indent + 2, dash)
            elif isinstance(item, SequenceNode):
                self._list(item, indent + 2, dash)

    def _leaf(self, head: str, node: ScalarNode, line: int, indent: int) -> None:
        if node.style in ("|", ">"):
            self._block(head, node, indent)
            return
        text = self._scalar(node, flow=False)
        self._put(f"{head} {text}" if text else head, *range(line, node.end_mark.line + 1))

    def _block(self, head: str, node: ScalarNode, indent: int) -> None:
        """A text of several lines: its own lines, moved to where it stands now."""
        start, end = node.start_mark.line, node.end_mark.line
        header = self.page.lines[start][node.start_mark.column :].split(" #")[0].rstrip()
        self._put(f"{head} {header.rstrip('123456789')}", start)
        body = list(self.page.lines[start + 1 : end])
        while body and not body[-1].strip():
            body.pop()
        deep = min((len(line) - len(line.lstrip()) for line in body if line.strip()), default=0)
        self.lines += [" " * (indent + 2) + line[deep:] if line.strip() else "" for line in body]

    def _torn(self, node: Node) -> bool:
        """Whether a comment stands inside something on several lines, which one line would not hold."""
        inside = range(node.start_mark.line, node.end_mark.line)
        return any(line in self.behind or line in self.alone for line in inside)

    # on one line

    def _inline(self, node: Node) -> str | None:
        """The node on one line, where the author wrote it so; None when it stands on several."""
        if isinstance(node, ScalarNode):
            return None if node.style in ("|", ">") else self._scalar(node, flow=True)
        if not _is_flow(node):
            return None
        if isinstance(node, SequenceNode):
            return _joined("[", (self._inline(item) for item in node.value), "]")
        pairs = ((self._scalar(key, flow=True), self._inline(value)) for key, value in node.value)
        return _joined("{", (None if value is None else f"{key}: {value}" for key, value in pairs), "}")

    def _scalar(self, node: Node, *, flow: bool) -> str:
        text = str(node.value)
        if isinstance(node, ScalarNode) and node.style in ("'", '"'):
            return in_quotes(text)
        if text == "":
            return "~" if flow else ""
        if _plain_already(self.page, node):
            twisted = self.quote and spelt(text, flow=flow, quote=True) != spelt(text, flow=flow)
            return in_quotes(text) if twisted else text
        return spelt(text, flow=flow, quote=self.quote)


def _plain_already(page: Page, node: Node) -> bool:
    """Whether a value stands unquoted on one line in the source: then it may stand so again."""
    return page.text[node.start_mark.index : node.end_mark.index] == str(node.value)


def _is_flow(node: Node) -> bool:
    return isinstance(node, CollectionNode) and bool(node.flow_style)


def _joined(opening: str, parts: Iterable[str | None], closing: str) -> str | None:
    found = list(parts)
    known = [part for part in found if part is not None]
    return None if len(known) < len(found) else f"{opening}{', '.join(known)}{closing}"
