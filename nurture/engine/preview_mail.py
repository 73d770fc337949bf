"""What can be seen of a written mail without sending it or asking any server: sizes, links, pictures, direction.

A link to the web is not called: whether its page is there is not checked. Of our own links the signature is, which
fails when anything between the template and the mail has changed a letter of them.
"""

import base64
import re
from collections.abc import Mapping, Sequence
from dataclasses import field
from html.parser import HTMLParser
from urllib.parse import urlsplit

from nurture.links import PURPOSES, Links, verify
from nurture.model.mail import Email, Image
from nurture.model.values import dataclass
from nurture.render.check_mail import LONGEST_SUBJECT
from nurture.render.images import pictures

Templates = Mapping[str, bytes]
Pictures = tuple[tuple[str, str], ...]  # what a mail calls a picture, and a data: address that holds it

INVISIBLE = re.compile("[\u200b-\u200f\u202a-\u202e\u2066-\u2069\u00ad\u034f\ufeff]")
UNSEEN_TAGS = frozenset({"head", "style", "script", "title"})
VOID = frozenset({"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"})
INLINE = frozenset({"a", "b", "bdi", "bdo", "em", "i", "small", "span", "strong", "u", "wbr"})


@dataclass(slots=True)
class Page(HTMLParser):
    """The links, pictures and first words of a mail's HTML."""

    links: list[str] = field(default_factory=list)
    pictures: list[tuple[str, str | None]] = field(default_factory=list)
    isolated: int = 0
    first: str = ""
    _open: list[str] = field(default_factory=list)
    _done: bool = False

    def __post_init__(self) -> None:
        HTMLParser.__init__(self)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Take in what an element says."""
        said = dict(attrs)
        if tag == "a" and said.get("href"):
            self.links.append(str(said["href"]))
        if tag == "img" and said.get("src"):
            self.pictures.append((str(said["src"]), said.get("alt")))
        self.isolated += tag == "bdi"
        self._block(tag)
        if tag not in VOID:
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        """Leave an element, and those in it that were never closed."""
        self._block(tag)
        if tag in self._open:
            while self._open.pop() != tag:
                pass

    def handle_data(self, data: str) -> None:
        """The first words that a mail program shows in its list: hidden or not, they are the body's first text."""
        if not self._done and not UNSEEN_TAGS.intersection(self._open):
            self.first += data

    def _block(self, tag: str) -> None:
        self._done = self._done or (bool(words(self.first)) and tag not in INLINE)


@dataclass(frozen=True, slots=True)
class Link:
    """One address a mail leads to. `kind` is ours, web, letter or other; `fault` says what is wrong with it."""

    address: str
    kind: str
    fault: str = ""


@dataclass(frozen=True, slots=True)
class Seen:
    """What one mail looks like from outside. Sizes are bytes of UTF-8."""

    subject_length: int
    longest_subject: int
    preheader: str
    right_to_left: bool
    isolated: int
    leaving: str
    html_bytes: int
    text_bytes: int
    picture_bytes: int
    links: tuple[Link, ...]
    pictures: int
    pictures_inside: int
    pictures_without_words: int

    @property
    def direction(self) -> str:
        """In words."""
        return "right to left" if self.right_to_left else "left to right"

    @property
    def isolation(self) -> str:
        """How many names, codes and addresses keep their own direction."""
        if not self.isolated:
            return ""
        said = "1 name or code is" if self.isolated == 1 else f"{self.isolated} names or codes are"
        return f"; {said} isolated"

    @property
    def sizes(self) -> str:
        """`18 kB html, 1 kB text`."""
        pictures = f", {kilobytes(self.picture_bytes)} pictures" if self.picture_bytes else ""
        return f"{kilobytes(self.html_bytes)} html, {kilobytes(self.text_bytes)} text{pictures}"

    @property
    def links_words(self) -> str:
        """How many there are of each kind, and what was checked of them."""
        kinds = [
            (self.count("ours"), "ours, signature checked"),
            (self.count("web"), "to the web, not called"),
            (self.count("letter"), "by letter"),
            (self.count("other"), "nobody can follow"),
        ]
        said = "; ".join(f"{count} {word}" for count, word in kinds if count)
        return f"{len(self.links)}" + (f": {said}" if said else "")

    @property
    def link_faults(self) -> tuple[str, ...]:
        """Links that lead nowhere."""
        return tuple(f"{link.address}: {link.fault}" for link in self.links if link.fault)

    @property
    def images_words(self) -> str:
        """How many pictures, where they come from, and whether each has words."""
        if not self.pictures:
            return "none"
        outside = self.pictures - self.pictures_inside
        parts = [
            f"{count} {words}"
            for count, words in (
                (self.pictures_inside, "inside the mail"),
                (outside, "from the web"),
                (self.pictures_without_words, "without words for those who do not see"),
            )
            if count
        ]
        return f"{self.pictures}: {', '.join(parts)}"

    def count(self, kind: str) -> int:
        """How many links of a kind."""
        return sum(link.kind == kind for link in self.links)


def seen(email: Email, links: Links | None) -> Seen:
    """Look at a mail; `links` is by what its own links were made."""
    page = Page()
    page.feed(email.html)
    page.close()
    return Seen(
        subject_length=len(INVISIBLE.sub("", email.subject)),
        longest_subject=LONGEST_SUBJECT,
        preheader=words(page.first),
        right_to_left=email.direction == "rtl",
        isolated=page.isolated,
        leaving=leaving_words(email),
        html_bytes=len(email.html.encode()),
        text_bytes=len(email.text.encode()),
        picture_bytes=sum(len(image.data) for image in email.images),
        links=tuple(judged(address, links) for address in dict.fromkeys(page.links)),
        pictures=len(page.pictures),
        pictures_inside=sum(source.startswith("cid:") for source, _ in page.pictures),
        pictures_without_words=sum(alt is None for _, alt in page.pictures),
    )


def words(text: str) -> str:
    """Text as a list of mails shows it: one line, nothing invisible."""
    return " ".join(INVISIBLE.sub("", text).split())


def leaving_words(email: Email) -> str:
    """How a mail program lets the reader leave (RFC 2369, RFC 8058)."""
    headers = dict(email.headers)
    if "List-Unsubscribe" not in headers:
        return "none, it is service"
    return "yes, one click" if "List-Unsubscribe-Post" in headers else "yes, by a letter (there is no web.url)"


def judged(address: str, links: Links | None) -> Link:
    """What one link is, and what can be known to be wrong with it."""
    base = links.base.rstrip("/") + "/" if links else ""
    if links and address.startswith(base):
        page, _, token = address.removeprefix(base).partition("/")
        if page in PURPOSES:
            good = verify(token, links.secret, PURPOSES[page], links.project)
            return Link(address, "ours", "" if good else "its signature does not hold")
    scheme = urlsplit(address).scheme.lower()
    if scheme in ("http", "https") and urlsplit(address).netloc:
        return Link(address, "web", "" if scheme == "https" else "not https: some mail programs warn of it")
    if scheme in ("mailto", "tel", "sms"):
        return Link(address, "letter")
    return Link(address, "other", "" if address.startswith("#") else "no address that a mail program can open")


def kilobytes(size: int) -> str:
    """`18 kB`; 1 kB is 1,000 bytes, and what is smaller is said in bytes."""
    return f"{size / 1000:,.0f} kB" if size >= 1000 else f"{size} bytes"


def shown_pictures(html: str, carried: Sequence[Image], links: Links | None, templates: Templates) -> Pictures:
    """What a mail calls each of its own pictures, with a data: address that holds it.

    A picture travels in the mail and is called by its content id, or it is fetched from our own web part, which a
    preview does not ask. The longest names come first, since one may begin another.
    """
    named = [(f"cid:{image.content_id}", data_address(image.media_type, image.data)) for image in carried]
    if links is not None:
        for one in pictures(templates):
            if (address := links.image(one.digest, one.name)) in html:
                named.append((address, data_address(one.media_type, one.data)))
    return tuple(sorted(named, key=lambda one: len(one[0]), reverse=True))


def data_address(media_type: str, data: bytes) -> str:
    """A picture as an address that holds it."""
    return f"data:{media_type};base64,{base64.b64encode(data).decode('ascii')}"


def for_a_browser(html: str, named: Pictures) -> str:
    """The HTML part with its own pictures put into it, so that a browser shows it as it is, without a network."""
    for name, address in named:
        html = html.replace(name, address)
    return html
