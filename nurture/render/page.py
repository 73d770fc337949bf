"""A whole page, made once for each version of mail and layout: MJML and styles worked out, then Jinja put back.

The order matters: what makes HTML must not see Jinja, and one template renders the whole page for a reader
(email.md 5.3). A reader's values come in last, so nothing here depends on who reads.
"""

import re
from collections.abc import Mapping
from functools import lru_cache

import mrml
from css_inline import CSSInliner, InlineError

from nurture.model.values import dataclass
from nurture.render import markdown
from nurture.render.layout import Layout, dress, own_names
from nurture.render.plain import text_of
from nurture.render.protect import elements, hide_html
from nurture.render.restore import Part, Restoring
from nurture.render.settled import facts
from nurture.render.source import Written
from nurture.render.tokens import Hidden, hide, mark_of

ADDED = 90_000  # the number of the first mark of what is added here
_FILLER = "\u200c\u00a0" * 60  # keeps the first words of the mail out of the list of mails
PREHEADER = (
    "{% if _page_preheader %}"
    '<div style="display:none;font-size:1px;line-height:1px;max-height:0;max-width:0;opacity:0;overflow:hidden;'
    'mso-hide:all">'
    f"{{{{ _page_preheader }}}}{_FILLER}</div>"
    "{% endif %}"
)
TRAP = (  # no reader sees it, and no screen reader says it: whoever follows it follows every link (domain.md 5.5)
    '{% if _page_trap %}<a href="{{ _page_trap }}" style="display:none" tabindex="-1" aria-hidden="true"></a>'
    "{% endif %}"
)
TITLE = "<title>{{ _page_subject }}</title>"
SCHEMES = ("color-scheme", "supported-color-schemes")
SECTIONS = frozenset({"mj-section", "mj-wrapper", "mj-hero", "mj-raw"})
_INLINER = CSSInliner(
    keep_style_tags=True, remove_inlined_selectors=True, keep_at_rules=True, load_remote_stylesheets=False
)
_OURS = "<style data-ours>"
_LEFT = re.compile(r'<style data-ours="">.*?</style>', re.DOTALL)
_EMPTY = re.compile(r"<style\b[^>]*>\s*</style>")
_FOREIGN = re.compile(r"@import[^;]*;?|@font-face\s*\{[^}]*\}")
_STYLE = re.compile(r"(<style\b[^>]*>)(.*?)(</style>)", re.DOTALL)
_TABLE = re.compile(r"<table(?![^>]*\srole=)([^>]*)>(?!(?:(?!</table>).)*<th\b)", re.DOTALL)
_RIGHT_TO_LEFT = (
    '<mj-attributes><mj-section direction="rtl" /><mj-wrapper direction="rtl" /><mj-column direction="rtl" />'
    '<mj-text align="right" /></mj-attributes>'
)
_MJML_TITLE = re.compile(r"<mj-title\b[^>]*>(.*?)</mj-title>", re.DOTALL)
_MJML_FONTS = mrml.RenderOptions(fonts={})


@dataclass(frozen=True, slots=True)
class Body:
    """What the author wrote below the front matter, its Jinja hidden; `html` is it as HTML or MJML."""

    hidden: Hidden
    html: str
    text: str
    whole: bool = False
    mjml: bool = False
    dressed: bool = False  # in nurture's own rules, as Markdown is


class Unreadable(Exception):
    """The whole page cannot be made, and no token is to blame; the message says why, `hint` what helps.

    `words` are those that could not be read, where that is known.
    """

    def __init__(self, message: str, hint: str = "", words: str = "") -> None:
        super().__init__(message)
        self.hint = hint
        self.words = words


def body_of(written: Written, letters: str, locale: str) -> Body:
    """The body of a mail in any format. Raises Misplaced where its Jinja cannot be kept."""
    if written.ending == ".md":
        hidden = hide(written.body.text, letters)
        marks = markdown.parse(hidden.text)
        text = markdown.to_text(marks)
        bare = [mark_of(letters, number) for number, token in enumerate(hidden.tokens) if token.statement]
        return Body(hidden, f'<div class="words">\n{markdown.to_html(marks, bare)}</div>', text, dressed=True)
    source = written.body.text
    mjml = written.ending == ".mjml"
    whole = is_whole(written)
    hidden = hide_html(source, letters, mjml=mjml, locale=locale if whole else "")
    return Body(hidden, hidden.text, text_of(hidden.text), whole, mjml)


def is_whole(written: Written) -> bool:
    """Whether a mail is a document of its own and not a part for the layout."""
    if written.ending == ".md":
        return False
    source = written.body.text
    first = next((element.tag for element in elements(source)), "")
    return first in ("mjml", "html") or source.lstrip()[:9].lower() == "<!doctype"


def page(body: Body, frame: Layout | None, locale: str) -> tuple[Part, ...]:
    """The parts of a page; `frame` is None for a mail that is a whole document.

    Raises Misplaced at a token that cannot be kept, Unreadable for a page that cannot be made.
    """
    html = _alone(body, locale) if frame is None else _framed(body, frame, locale)
    if body.dressed:
        html = _with_rules(html, dress(locale))
    html = _STYLE.sub(lambda style: style[1] + _FOREIGN.sub("", style[2]) + style[3], html)
    try:
        html = _INLINER.inline(html)
    except InlineError as fault:
        raise Unreadable(f"a style cannot be read: {fault}") from fault
    layout = Hidden("", (), body.hidden.letters) if frame is None else frame.hidden
    added: list[Hidden] = []
    html = _completed(html, body, frame, locale, added)
    return Restoring(body.hidden, layout, *added, renamed={layout.first: own_names} if frame else {}).run(html)


def _alone(body: Body, locale: str) -> str:
    return _from_mjml(body.html, locale) if body.mjml else body.html


def _framed(body: Body, frame: Layout, locale: str) -> str:
    """The mail in its frame, as HTML."""
    if body.mjml and (not frame.mjml or frame.parent not in ("mj-body", "mj-wrapper")):
        raise Unreadable(
            "sections of MJML need a frame of MJML, with {{ content }} in its mj-body",
            "write templates/_layout/base.mjml, or a whole document: <mjml><mj-body>…",
        )
    if not body.mjml:
        html = _from_mjml(frame.wrapped, locale) if frame.mjml else frame.hidden.text
        return html.replace(frame.place, body.html)
    return _from_mjml(frame.hidden.text.replace(frame.place, body.html), locale)


@lru_cache(maxsize=128)
def _from_mjml(text: str, locale: str) -> str:
    """MJML as HTML; a frame round many mails of one language is worked out once."""
    said = facts(locale)
    text = re.sub(r"<mjml\b([^>]*)>", lambda root: _root("mjml", root[1], said), text, count=1)
    if said["direction"] == "rtl":
        text = _turned(text)
    title = _MJML_TITLE.search(text)  # MJML would write it twice, and a token may stand once
    text = _MJML_TITLE.sub("", text)
    try:
        html = str(mrml.to_html(text, render_options=_MJML_FONTS).content)
    except OSError as fault:
        raise _unreadable(text, str(fault)) from fault
    return html.replace("<title></title>", f"<title>{title[1]}</title>", 1) if title else html


def _unreadable(text: str, message: str) -> Unreadable:
    """What MJML says, in the author's words: its place counts bytes of a text that the author never saw."""
    found = re.fullmatch(r"(.*?) in .* at position (\d+):(\d+)", message)
    if found is None:
        return Unreadable(f"this MJML cannot be read: {message}")
    words = text.encode()[int(found[2]) : int(found[3])].decode("utf-8", "replace").strip()
    return Unreadable(f"this MJML cannot be read: {found[1]} '{words}'", words=words)


def _with_rules(html: str, rules: str) -> str:
    """Our own style sheet before all others; what is left of it afterwards fits nothing and is taken out."""
    style = f"{_OURS}\n{rules}</style>"
    head = re.search(r"<head\b[^>]*>", html)
    return html[: head.end()] + style + html[head.end() :] if head else style + html


def _completed(html: str, body: Body, frame: Layout | None, locale: str, added: list[Hidden]) -> str:
    """What every page needs and an author may have left out: language, direction, schemes, title, preheader."""
    said = facts(locale)
    html = html if html[:9].lower() == "<!doctype" else f"<!DOCTYPE html>{html}"
    html = re.sub(r"<html\b([^>]*)>", lambda root: _root("html", root[1], said), html, count=1)
    html = _TABLE.sub(r'<table role="presentation"\1>', html)
    head, end, rest = html.partition("</head>")
    rest = _EMPTY.sub("", rest)
    head = _EMPTY.sub("", _LEFT.sub("", head)).replace("<title></title>", "")
    schemes = [name for name in SCHEMES if f'name="{name}"' not in head]
    head += "".join(f'<meta name="{name}" content="light dark">' for name in schemes)

    def add(snippet: str) -> str:
        added.append(hide_html(snippet, body.hidden.letters, ADDED + 100 * len(added)))
        return added[-1].text

    if "<title" not in head:
        head += add(TITLE)
    shown = "<mj-preview" in body.html if frame is None else frame.names("preheader")
    if not shown:
        rest = re.sub(r"<body\b[^>]*>", lambda start: start[0] + add(PREHEADER), rest, count=1)
    before, close, after = rest.rpartition("</body>")
    return head + end + (before + add(TRAP) + close + after if close else rest)


def _turned(text: str) -> str:
    """MJML whose parts run from right to left unless they say otherwise, since its own default is the other way."""
    head = re.search(r"<mj-head\b[^>]*>", text)
    if head is not None:
        return text[: head.end()] + _RIGHT_TO_LEFT + text[head.end() :]
    return text.replace("<mj-body", f"<mj-head>{_RIGHT_TO_LEFT}</mj-head><mj-body", 1)


def _root(tag: str, attributes: str, said: Mapping[str, str]) -> str:
    """The root element with the mail's language and direction, whatever it said before."""
    others = re.sub(r'\s(?:lang|dir)="[^"]*"', "", attributes)
    return f'<{tag} lang="{said["locale"]}" dir="{said["direction"]}"{others}>'
