"""What a letter in HTML says, as text: quoted parts with `>` before them. Linear in its length, raises nothing."""

import re
from html import unescape

LONGEST = 256 * 1024  # characters that are read
QUOTED_BELOW = "-----Original Message-----"
_TAG = re.compile(r"<(/?)([a-zA-Z][a-zA-Z0-9:]{0,20})([^<>]{0,2000})>|<!--|<![^<>]{0,200}>")
_SPACE = re.compile(r"\s+")
_GAPS = frozenset(("br", "p", "blockquote"))
_LINES = frozenset(
    "br p div tr li ul ol table blockquote h1 h2 h3 h4 h5 h6 hr pre section article header footer".split()
)
_SILENT = frozenset(("style", "script", "head", "title", "template"))
_BELOW = re.compile(r"divRplyFwdMsg|appendonsend|yahoo_quoted|isForwardContent|mail-editor-reference-message", re.I)


def text_of_html(html: str) -> str:
    """The text of it; what stands in `<blockquote>` is marked as quoted, and so are other ways to quote."""
    pieces: list[str] = ["\n"]
    quoted = silent = place = 0
    html = html[:LONGEST]
    while (tag := _TAG.search(html, place)) is not None:
        if not silent:
            _add(pieces, html[place : tag.start()], quoted)
        place = tag.end()
        name, closes = (tag[2] or "").lower(), bool(tag[1])
        if tag[0] == "<!--":
            end = html.find("-->", place)
            place = end + 3 if end >= 0 else len(html)
        elif name in _SILENT:
            silent = max(0, silent + (-1 if closes else 1))
        elif name:
            quoted = _turn(pieces, name, closes, tag[3], quoted)
    if not silent:
        _add(pieces, html[place:], quoted)
    return "".join(pieces)[1:]


def _turn(pieces: list[str], name: str, closes: bool, attributes: str, quoted: int) -> int:
    """What a tag does to the lines; how deep the quoting is after it."""
    if name == "blockquote":
        quoted = max(0, quoted + (-1 if closes else 1))
    if name in _GAPS or (name in _LINES and not pieces[-1].endswith("\n")):  # one line's end is the next one's start
        pieces.append("\n")
    if not closes and _BELOW.search(attributes):
        pieces.append(f"\n{QUOTED_BELOW}\n\n")
    return quoted


def _add(pieces: list[str], text: str, quoted: int) -> None:
    words = _SPACE.sub(" ", unescape(text))
    if pieces[-1].endswith("\n"):
        words = words.lstrip()
        words = f"> {words}" if quoted and words else words
    if words:
        pieces.append(words)
