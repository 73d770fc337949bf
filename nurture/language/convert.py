"""`nurture convert`: a file from YAML to TOML and back; the tree is the same, comments are lost (language.md 5.5)."""

from collections.abc import Iterator
from pathlib import PurePosixPath

import tomli_w

from nurture.language.layout import bare, laid_out
from nurture.language.source import read
from nurture.language.spelling import spelt
from nurture.language.tree import ListNode, MappingNode, Node, ScalarNode
from nurture.model.values import dataclass

WIDTH = 100
_HEADS = ("# yaml-language-server:", "#:schema")


class NotTheSame(RuntimeError):
    """The converted file would say something else. Keep the one you have, and report it."""


@dataclass(frozen=True, slots=True)
class Converted:
    """The other file: its path, its bytes, and how many comments did not come along."""

    path: str
    data: bytes
    comments: int


def converted(data: bytes, file: str) -> Converted | None:
    """A file in the other of the two spellings; None when it has findings of reading.

    The line that tells an editor the schema comes along. Raises NotTheSame when the trees differ, a fault of ours.
    """
    source = read(data, file)
    if source.root is None or source.problems:
        return None
    to_toml = not file.endswith(".toml")
    path = str(PurePosixPath(file).with_suffix(".toml" if to_toml else ".yaml"))
    text = tomli_w.dumps(_plain(source.root)) if to_toml else "\n".join(_lines(source.root, 0)) + "\n"
    head = next((line.split("schema", 1)[1].lstrip("= ") for line in source.lines if line.startswith(_HEADS)), "")
    if head:
        text = (f"#:schema {head}\n" if to_toml else f"# yaml-language-server: $schema={head}\n") + text
    made = text.encode()
    again = read(made, path)
    if again.problems or _said(again.root) != _said(source.root):
        raise NotTheSame(file)
    lost = sum(1 for line in source.lines if "#" in line and not line.startswith(_HEADS) and _is_comment(line))
    return Converted(path, made if to_toml else (laid_out(made, path) or made), lost)


def _is_comment(line: str) -> bool:
    return line.lstrip().startswith("#") or " #" in line


def _plain(node: Node) -> dict[str, object]:
    found = _value(node)
    return found if isinstance(found, dict) else {}


def _value(node: Node) -> object:
    """A tree as tomli-w wants it; what is nothing at all is left out, since TOML has no word for it."""
    if isinstance(node, MappingNode):
        return {key.text: _value(value) for key, value in node if not _is_nothing(value)}
    if isinstance(node, ListNode):
        return [_value(item) for item in node]
    return node.value


def _is_nothing(node: Node) -> bool:
    return isinstance(node, ScalarNode) and node.value is None


def _said(node: Node | None) -> object:
    """A tree without places and without keys that say nothing, and its mappings without their order."""
    return _without_nothing(bare(node))


def _without_nothing(value: object) -> object:
    if isinstance(value, dict):
        return {key: _without_nothing(item) for key, item in value.items() if item != (type(None), None)}
    return [_without_nothing(item) for item in value] if isinstance(value, list) else value


def _scalar(node: ScalarNode, *, flow: bool = False) -> str:
    """Without the quotes that TOML wants and YAML does not."""
    return spelt(node.text, flow=flow) if isinstance(node.value, str) else node.text or "~"


def _lines(node: Node, indent: int) -> Iterator[str]:
    """YAML: what is small and has nothing nested but lists of words stands on one line."""
    blank = " " * indent
    if isinstance(node, MappingNode):
        for key, value in node:
            yield from _headed(f"{blank}{_scalar(key)}:", value, indent)
    elif isinstance(node, ListNode):
        for item in node:
            inline = _inline(item)
            if inline is not None and len(blank) + 2 + len(inline) <= WIDTH and not _is_single(item):
                yield f"{blank}- {inline}"
                continue
            first, *others = _lines(item, indent + 2)
            yield f"{blank}- {first.lstrip()}"
            yield from others
    else:
        yield blank + _scalar(node)


def _is_single(node: Node) -> bool:
    return isinstance(node, MappingNode) and len(node.items) == 1


def _headed(head: str, value: Node, indent: int) -> Iterator[str]:
    if isinstance(value, ScalarNode):
        yield f"{head} {_scalar(value)}"
        return
    inline = _inline(value)
    if inline is not None and len(head) + 1 + len(inline) <= WIDTH:
        yield f"{head} {inline}"
        return
    yield head
    yield from _lines(value, indent + 2)


def _inline(node: Node, *, nested: bool = False) -> str | None:
    """A leaf on one line; None for what holds mappings, or lists of lists."""
    if isinstance(node, ScalarNode):
        return _scalar(node, flow=True)
    if isinstance(node, ListNode):
        if not all(isinstance(item, ScalarNode) for item in node):
            return None
        return f"[{', '.join(_inline(item) or '' for item in node)}]"
    parts = [(key, _inline(value, nested=True)) for key, value in node]
    if nested or any(part is None for _, part in parts):
        return None
    return f"{{{', '.join(f'{_scalar(key, flow=True)}: {part}' for key, part in parts)}}}"
