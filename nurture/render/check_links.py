"""Findings in what readers would tap, in what mail programs do not let a mail do, and in what stays characters."""

import re
from collections.abc import Iterator
from html import unescape
from urllib.parse import unquote

from nurture.model.place import Problem
from nurture.render import markdown
from nurture.render.protect import Attribute, Element, elements
from nurture.render.restore import PICTURE
from nurture.render.source import Piece
from nurture.render.tokens import Hidden, hide

CURE = "https://…, mailto:… or {{ answer('…') }}"
DISTRUSTED = "mail programs drop or distrust it"
ACTIVE = frozenset("script base object embed iframe form applet frame frameset".split())
FROM_ELSEWHERE = {
    "mj-accordion": "an image in its place, or all of the text",
    "mj-carousel": "one <mj-image> after the other",
}
_TAPPED = frozenset("a area mj-button mj-image mj-navbar-link mj-social-element mj-carousel-image".split())
_LEADS = re.compile(r"https?://[^\s/?#]|(?:mailto|tel|sms):.|#.|\{\{", re.IGNORECASE | re.DOTALL)
_NO_ADDRESS = re.compile(r"[\x00-\x20]|\{#.*?#\}", re.DOTALL)  # browsers leave these out of an address
_RUNS = re.compile(r"(?:java|vb)script:", re.IGNORECASE)
_RUNS_IN_MARKDOWN = re.compile(r"\]\(\s*<?((?:java|vb)script:)", re.IGNORECASE)
_TAGS = (
    "a abbr b big blockquote br button center code del div em font footer h1 h2 h3 h4 h5 h6 header hr i img ins li"
    " main mark ol p pre s section small span strike strong style sub sup table tbody td tfoot th thead tr tt u ul"
    " script iframe form input video audio svg"
)
_TAG = re.compile(rf"(<!--|</?(?:{_TAGS.replace(' ', '|')})(?=[\s/>]))", re.IGNORECASE)
_TABLE_RULE = re.compile(r"\|.*\n[ \t]*(\|?[ \t]*:?-+:?[ \t]*(?:\|[ \t]*:?-+:?[ \t]*)*\|?)[ \t]*(?:\n|$)")
CURES = {
    "tag": "**bold**, *slanted*, [a link](https://…), or write the mail as .html or .mjml",
    "table": "a list, or write the mail as .html or .mjml",
}


def check_links(piece: Piece, html: bool) -> Iterator[Problem]:
    """E223 for a link that leads nowhere from a mail, and for what runs or loads something there (docs/mail.md)."""
    if not html:
        yield from _in_markdown(piece)
        return
    whole = False  # the links of a navigation bar continue its own address
    for element in elements(piece.text):
        if element.tag == "mj-navbar":
            base = element.get("base-url")
            whole = base is not None and leads(base.value)
        yield from _active(piece, element)
        target = element.get("href")
        continues = whole and element.tag == "mj-navbar-link"
        if element.tag in _TAPPED and target and not _runs(target) and not leads(target.value) and not continues:
            yield _nowhere(piece, target.value, target.offset)


def leads(address: str) -> bool:
    """Whether an address as it is written leads anywhere from a mail, which stands on no page of its own."""
    plain = _NO_ADDRESS.sub("", unescape(address))
    return bool(_LEADS.match(plain) or PICTURE.fullmatch(plain))


def _active(piece: Piece, element: Element) -> Iterator[Problem]:
    """Elements, attributes and addresses that run or load something in a mail."""
    refresh = element.get("http-equiv") if element.tag == "meta" else None
    if element.tag in ACTIVE or (refresh is not None and refresh.value.strip().lower() == "refresh"):
        message = f"<{element.tag}> does nothing good in a mail: {DISTRUSTED}"
        yield Problem("E223", piece.place(element.offset, len(element.tag) + 1), message, "leave it out, or link to it")
    if element.tag in FROM_ELSEWHERE:
        message = f"<{element.tag}> takes its pictures from a site that is not yours, and few mail programs open it"
        cure = FROM_ELSEWHERE[element.tag]
        yield Problem("E223", piece.place(element.offset, len(element.tag) + 1), message, cure)
    for one in element.attributes:
        if re.fullmatch(r"on[a-z]+", one.name):
            yield Problem("E223", piece.place(one.offset), f"'{one.name}' runs a script: {DISTRUSTED}", "leave it out")
        elif _runs(one):
            yield Problem(
                "E223", piece.place(one.offset, len(one.value)), f"a script is no address: {DISTRUSTED}", CURE
            )


def _runs(attribute: Attribute) -> bool:
    return _RUNS.match(_NO_ADDRESS.sub("", unescape(attribute.value))) is not None


def _nowhere(piece: Piece, address: str, offset: int) -> Problem:
    said = f"'{address}' leads nowhere from a mail" if address.strip() else "this link has no address"
    return Problem("E223", piece.place(offset, len(address)), said, CURE)


def _in_markdown(piece: Piece) -> Iterator[Problem]:
    hidden = hide(piece.text)
    begin = 0
    for mark in markdown.parse(hidden.text):
        for child in mark.children or ():
            if child.type == "link_open":
                address = str(child.attrGet("href") or "")
                if not hidden.mark.match(address) and not leads(address):
                    written, at = _written(piece, hidden, address, begin)
                    begin = at + 1
                    yield _nowhere(piece, written, at)
            elif child.type == "text" and (runs := _RUNS_IN_MARKDOWN.search(child.content)):
                at = max(0, piece.text.find(runs[1]))
                yield Problem("E223", piece.place(at, len(runs[1])), f"a script is no address: {DISTRUSTED}", CURE)


def _written(piece: Piece, hidden: Hidden, address: str, begin: int) -> tuple[str, int]:
    """An address of Markdown as its author wrote it, up to the first value in it, and where; next from `begin`."""
    start = hidden.mark.split(address)[0]
    for said in (start, unquote(start)):
        sought = re.compile(rf"\](?:\(|:)\s*<?()(?={re.escape(said)})" if said else r"\](?:\(|:)\s*<?()>?\s*\)")
        found = sought.search(piece.text, begin) or sought.search(piece.text)
        if found is not None:
            return said, found.end(1)
    return start, max(0, piece.text.find(start))


def check_characters(piece: Piece) -> Iterator[Problem]:
    """W315 for the first HTML tag and the first table in Markdown: readers get their characters (docs/mail.md)."""
    said: set[str] = set()
    for mark in markdown.parse(hide(piece.text).text):
        if mark.type != "inline":
            continue
        words = "".join(child.content for child in mark.children or () if child.type == "text")
        for kind, found in (("tag", _TAG.finditer(words)), ("table", _TABLE_RULE.finditer(mark.content))):
            places = ((one[1], _as_written(piece, one[1])) for one in found)
            first = next(((text, at) for text, at in places if at >= 0), None)
            if first is not None and kind not in said:
                said.add(kind)
                message = f"Markdown shows this {kind} to readers as characters"
                yield Problem("W315", piece.place(first[1], len(first[0])), message, CURES[kind])


def _as_written(piece: Piece, words: str) -> int:
    """Where a tag or a line stands that its author has not escaped or shown as code; -1 for nowhere."""
    end = r"(?!\w)" if words[-1].isalnum() else ""
    found = re.search(rf"(?<![\\`]){re.escape(words)}{end}", piece.text)
    return found.start() if found is not None else -1
