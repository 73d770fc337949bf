"""The plain text of a mail written in HTML or MJML: paragraphs apart by an empty line, addresses behind their words."""

import re
from html.parser import HTMLParser

BLOCKS = frozenset(
    "address article aside blockquote body center div dl footer form h1 h2 h3 h4 h5 h6 header li main nav ol p pre "
    "section table tbody tr ul mj-section mj-column mj-text mj-table mj-wrapper mj-hero mj-raw".split()
)
SILENT = frozenset("head style script title template mj-head mj-style mj-title mj-preview mj-attributes".split())
_BLANK = re.compile(r"[ \t\r\f\v\n]+")
_MANY = re.compile(r"\n{3,}")
_BESIDE = re.compile(r" *\n *")


class _Reader(HTMLParser):
    """Collects the words of a page; comments are marks of Jinja, which stay."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.out: list[str] = []
        self.silent = 0
        self.links: list[tuple[int, str]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attrs}
        if tag in SILENT:
            self.silent += 1
        elif self.silent:
            return
        elif tag in ("a", "mj-button"):
            if tag == "mj-button":
                self.out.append("\n\n")
            self.links.append((len(self.out), values.get("href", "")))
        elif tag in ("img", "mj-image"):
            self.out.append(f"\n\n{values.get('alt', '')}\n\n" if tag == "mj-image" else values.get("alt", ""))
        elif tag == "br":
            self.out.append("\n")
        elif tag in ("hr", "mj-divider"):
            self.out.append("\n\n* * *\n\n")
        elif tag in ("td", "th"):
            self.out.append(" ")
        elif tag in BLOCKS:
            self.out.append("\n- " if tag == "li" else "\n" if tag == "tr" else "\n\n")

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in ("img", "mj-image", "br", "hr", "mj-divider"):
            self.handle_endtag(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag in SILENT:
            self.silent = max(0, self.silent - 1)
        elif self.silent:
            return
        elif tag in ("a", "mj-button") and self.links:
            start, address = self.links.pop()
            words = "".join(self.out[start:]).strip()
            if address and words != address and f"mailto:{words}" != address:
                self.out.append(f": {address}" if words else address)
            if tag == "mj-button":
                self.out.append("\n\n")
        elif tag in BLOCKS and tag not in ("li", "tr"):
            self.out.append("\n\n")

    def handle_data(self, data: str) -> None:
        if not self.silent:
            self.out.append(_BLANK.sub(" ", data))

    def handle_comment(self, data: str) -> None:
        if not self.silent and not data.startswith("["):
            self.out.append(data)


def text_of(html: str) -> str:
    """The words of a fragment or page, whose Jinja is hidden in comments and words."""
    reader = _Reader()
    reader.feed(html)
    reader.close()
    return _MANY.sub("\n\n", _BESIDE.sub("\n", "".join(reader.out))).strip("\n ") + "\n"
