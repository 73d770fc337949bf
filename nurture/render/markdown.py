"""Markdown to simple HTML, which the layout dresses, and to plain text, both from one reading (docs/mail.md)."""

from collections.abc import Collection, Iterator, Sequence
from functools import lru_cache

from markdown_it import MarkdownIt
from markdown_it.token import Token as Mark

_TABLE = 'role="presentation" cellpadding="0" cellspacing="0" border="0"><tbody><tr><td>'
_WIDE = 'role="presentation" width="100%" cellpadding="0" cellspacing="0" border="0"><tbody><tr><td>'
_END = "</td></tr></tbody></table>"
BLOCKS = {
    "blockquote_open": f'<table class="card" {_WIDE}\n',
    "blockquote_close": f"{_END}\n",
    "hr": f'<table class="divider" {_WIDE}{_END}\n',
}
BUTTON = f'<table class="button" {_TABLE}', _END
DRESSES = {"image": "picture", "code_inline": "code"}
BLANK = ("softbreak", "hardbreak")
KEPT = 16  # texts


@lru_cache(maxsize=1)
def _reader() -> MarkdownIt:
    """CommonMark without raw HTML: an author's `<` is text, and there are no tables."""
    return MarkdownIt("commonmark", {"html": False})


@lru_cache(maxsize=KEPT)
def parse(text: str) -> tuple[Mark, ...]:
    """The Markdown as a flat list of marks; a text is looked at several times in a row."""
    return tuple(_reader().parse(text))


def to_html(marks: Sequence[Mark], bare: Collection[str] = ()) -> str:
    """HTML as docs/mail.md promises it; a paragraph that is nothing but a word of `bare` loses its `<p>`."""
    dressed: list[Mark] = []
    at = 0
    while at < len(marks):
        mark = marks[at]
        paragraph = mark.type == "paragraph_open" and not mark.hidden
        written = _instead(marks[at + 1], bare) if paragraph else BLOCKS.get(mark.type, "")
        if mark.type == "inline":
            _sizes(mark.children or [])
        dressed.append(_as_it_is(written) if written else mark)
        at += 3 if written and paragraph else 1
    return _rendered(dressed)


def _instead(inline: Mark, bare: Collection[str]) -> str:
    """What a paragraph is instead of one: buttons, a picture, a code, or a statement between paragraphs."""
    children = inline.children or []
    word = inline.content.strip()
    if word in bare:
        return f"{word}\n"
    buttons = [f"{BUTTON[0]}{_words(link)}{BUTTON[1]}" for link in _buttons(children)]
    if buttons:
        return f"{buttons[0]}\n" if len(buttons) == 1 else f'<div class="buttons">{"".join(buttons)}</div>\n'
    dress = DRESSES.get(children[0].type, "") if len(children) == 1 else ""
    return f'<p class="{dress}">{_words(children)}</p>\n' if dress else ""


def _as_it_is(html: str) -> Mark:
    return Mark("html_block", "", 0, content=html)


def _buttons(children: Sequence[Mark]) -> Iterator[Sequence[Mark]]:
    """The links of a paragraph that is nothing but bold links; none when it is anything else."""
    links: list[Sequence[Mark]] = []
    rest = [child for child in children if child.type not in BLANK and (child.type != "text" or child.content.strip())]
    while rest:
        kinds = [mark.type for mark in rest]
        if kinds[:2] != ["strong_open", "link_open"] or "link_close" not in kinds:
            return
        end = kinds.index("link_close")
        if kinds[end + 1 : end + 2] != ["strong_close"]:
            return
        links.append(rest[1 : end + 1])
        rest = rest[end + 2 :]
    yield from links


def _words(children: Sequence[Mark]) -> str:
    _sizes(children)
    return _rendered([Mark("inline", "", 0, children=list(children))])


def _sizes(children: Sequence[Mark]) -> None:
    """The title of a picture that is a number is its width in pixels."""
    for child in children:
        title = str(child.attrGet("title") or "")
        if child.type == "image" and title.isdecimal():
            child.attrs.pop("title", None)
            child.attrSet("width", title)


def _rendered(marks: Sequence[Mark]) -> str:
    reader = _reader()
    return str(reader.renderer.render(marks, reader.options, {}))


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
        elif child.type in BLANK:
            out.append("\n")
        elif child.content:
            out.append(child.content)
    return "".join(out)
