"""Markdown to simple HTML with inline styles, and to plain text, both from one reading."""

from collections.abc import Sequence
from functools import lru_cache

from markdown_it import MarkdownIt
from markdown_it.token import Token as Mark

STYLES = {
    "paragraph_open": "margin:0 0 18px",
    "heading_open": "margin:28px 0 12px;line-height:1.3;font-weight:600",
    "bullet_list_open": "margin:0 0 18px;padding-inline-start:24px",
    "ordered_list_open": "margin:0 0 18px;padding-inline-start:24px",
    "list_item_open": "margin:0 0 6px",
    "blockquote_open": "margin:0 0 18px;padding-inline-start:16px;border-inline-start:3px solid #c8793a",
    "hr": "border:0;border-top:1px solid #e4dacd;margin:26px 0",
    "link_open": "color:#a4551e;text-decoration:underline",
    "image": "max-width:100%;height:auto;border:0",
    "code_inline": "font-family:Menlo,Consolas,monospace;background:#f3ece2;padding:1px 5px;border-radius:4px",
}
BUTTON = (
    "display:inline-block;background:#a4551e;color:#ffffff;text-decoration:none;font-weight:600;"
    "padding:12px 24px;border-radius:8px"
)


@lru_cache(maxsize=1)
def _reader() -> MarkdownIt:
    """CommonMark without raw HTML: an author's `<` is text, and there are no tables."""
    return MarkdownIt("commonmark", {"html": False})


def parse(text: str) -> list[Mark]:
    """The Markdown as a flat list of marks."""
    return _reader().parse(text)


def to_html(marks: Sequence[Mark]) -> str:
    """Simple HTML; a paragraph that is nothing but a link becomes a button."""
    for mark in marks:
        _dress(mark)
        for child in mark.children or ():
            _dress(child)
        if mark.type == "inline" and _only_a_link(mark):
            assert mark.children  # noqa: S101  (for the type checker: _only_a_link looked)
            mark.children[0].attrSet("style", BUTTON)
    reader = _reader()
    return str(reader.renderer.render(marks, reader.options, {}))


def _dress(mark: Mark) -> None:
    if mark.type in STYLES:
        mark.attrSet("style", STYLES[mark.type])


def _only_a_link(inline: Mark) -> bool:
    children = inline.children or []
    kinds = [child.type for child in children]
    return bool(kinds) and kinds[0] == "link_open" and kinds.index("link_close") == len(kinds) - 1


def to_text(marks: Sequence[Mark]) -> str:
    """Plain text: paragraphs apart by an empty line, `- ` before items, addresses behind their words."""
    blocks: list[str] = []
    lists: list[int] = []  # the number of the next item; 0 in a list without numbers
    prefix = ""
    quotes = 0
    for mark in marks:
        if mark.type in ("bullet_list_open", "ordered_list_open"):
            lists.append(int(mark.attrGet("start") or 1) if mark.type == "ordered_list_open" else 0)
        elif mark.type in ("bullet_list_close", "ordered_list_close"):
            lists.pop()
            prefix = "  " * len(lists)
        elif mark.type == "list_item_open":
            prefix = "  " * (len(lists) - 1) + (f"{lists[-1]}. " if lists[-1] else "- ")
            lists[-1] += 1 if lists[-1] else 0
        elif mark.type in ("blockquote_open", "blockquote_close"):
            quotes += 1 if mark.type == "blockquote_open" else -1
        elif mark.type in ("inline", "code_block", "fence", "hr"):
            text = "* * *" if mark.type == "hr" else _inline(mark) if mark.children else mark.content.rstrip("\n")
            lines = (prefix + text).split("\n")
            blocks.append("\n".join("> " * quotes + line for line in lines))
            tight = bool(lists) and mark.type == "inline"
            blocks.append("\n" if tight else "\n\n")
            prefix = "  " * len(lists)
        if mark.type.endswith("_list_close") and not lists:
            blocks.append("\n")
    return "".join(blocks).strip("\n") + "\n"


def _inline(inline: Mark) -> str:
    """The words of a paragraph; `[words](address)` becomes `words: address`."""
    out: list[str] = []
    links: list[tuple[int, str]] = []
    for child in inline.children or ():
        if child.type == "link_open":
            links.append((len(out), str(child.attrGet("href") or "")))
        elif child.type == "link_close":
            start, href = links.pop()
            words = "".join(out[start:])
            if words != href and f"mailto:{words}" != href:
                out.append(f": {href}")
        elif child.type in ("softbreak", "hardbreak"):
            out.append("\n")
        elif child.content:
            out.append(child.content)
    return "".join(out)
