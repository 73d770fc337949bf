"""An Email as a message in Internet form (RFC 5322, MIME): text, HTML, and the pictures inside it.

Written by hand and not by EmailMessage, which takes 1.8 ms a mail and puts long addresses in headers into encoded
words that no mail program takes for addresses.
"""

import re
from collections.abc import Iterator
from email.errors import MessageError
from email.utils import format_datetime
from functools import lru_cache

from nurture.deliver.encoded_words import encoded_words
from nurture.deliver.plain import CannotBeSaid, address, one_line
from nurture.deliver.prepared import END, Encoded, base64_lines, encoded_woven, woven_of
from nurture.model.mail import Email, Image

LONGEST_LINE = 998  # characters, RFC 5322 2.1.1
KEY_IN_BOUNDARY = 40
SAFE_KEY = re.compile(r"[A-Za-z0-9_-]{1,128}")
_FIELD_NAME = re.compile(r"[!-9;-~]+")  # RFC 5322 2.2
_SIMPLE = re.compile(r"[A-Za-z0-9][A-Za-z0-9 !#$%&'*+,./:;?^_|~-]{0,59}")  # as it stands, on one line
_ATOMS = re.compile(r"[A-Za-z0-9]+( [A-Za-z0-9]+)*")
_TYPE = re.compile(r"image/[a-z0-9.+-]+")
_TOKEN = re.compile(r"[A-Za-z0-9._@+-]{1,200}")
_NOT_IN_A_TOKEN = re.compile(r"[^A-Za-z0-9._@+-]")
LONGEST_NAME = 60
HEADERS_KEPT = 512  # subjects and names that readers share take 30 µs each otherwise

__all__ = ["CannotBeSaid", "as_bytes"]


def as_bytes(mail: Email) -> bytes:
    """The whole message with CRLF line ends, the same bytes for the same mail.

    Raises CannotBeSaid; never writes a header that it was not given.
    """
    return with_dots(mail)[0]


def with_dots(mail: Email) -> tuple[bytes, bool]:
    """The same, and whether a line of it may begin with a dot, which SMTP has to know. Raises CannotBeSaid."""
    if not SAFE_KEY.fullmatch(mail.key):
        raise CannotBeSaid(f"the send key '{mail.key}' is no word of letters, digits, - and _")
    try:
        head = "\r\n".join(headers(mail)).encode("ascii")
        text, html = map(encoded_woven, woven_of(mail))
        dots = text.dots or html.dots or b"\n." in head
        return END.join((head, *alternatives(mail, text, html), b"")), dots
    except (ValueError, MessageError) as fault:  # a UnicodeEncodeError is a ValueError
        raise CannotBeSaid(str(fault)) from fault


def headers(mail: Email) -> Iterator[str]:
    """The header lines of the whole mail, in their usual order."""
    yield named("From", mail.from_name, mail.from_address, "the sender")
    yield named("To", mail.to_name, mail.to_address, "the reader")
    if mail.reply_to:
        yield named("Reply-To", "", mail.reply_to, "the reply address")
    yield f"Subject: {unstructured('Subject', one_line(mail.subject, 'the subject'))}"
    yield f"Date: {format_datetime(mail.date)}"
    for name, value in mail.headers:
        yield f"{field_name(name)}: {ascii_line(value, name)}"
    yield f"Content-Language: {ascii_line(mail.locale, 'the language')}"
    yield "MIME-Version: 1.0"


def alternatives(mail: Email, text: Encoded, html: Encoded) -> Iterator[bytes]:
    """Text first, then HTML, which a mail program that shows HTML prefers (RFC 2046 5.1.4)."""
    boundary = f"=_{mail.key[:KEY_IN_BOUNDARY]}_="  # `=_` occurs in no quoted-printable and no base64
    yield from opening("alternative", boundary)
    yield from text_part("plain", text)
    yield f"--{boundary}".encode()
    if mail.images:
        yield from related(mail, html)
    else:
        yield from text_part("html", html)
    yield f"--{boundary}--".encode()


def related(mail: Email, html: Encoded) -> Iterator[bytes]:
    """The HTML and the pictures that it names as `cid:` (RFC 2387)."""
    boundary = f"=_{mail.key[:KEY_IN_BOUNDARY]}_pictures_="
    yield from opening("related", boundary, '; type="text/html"')
    yield from text_part("html", html)
    for image in mail.images:
        yield f"--{boundary}".encode()
        yield from picture(image)
    yield f"--{boundary}--".encode()
    yield b""


def opening(kind: str, boundary: str, more: str = "") -> Iterator[bytes]:
    """The header of a part with parts, and the line before its first."""
    yield f'Content-Type: multipart/{kind}; boundary="{boundary}"{more}'.encode()
    yield b""
    yield f"--{boundary}".encode()


def text_part(kind: str, text: Encoded) -> Iterator[bytes]:
    """One of the two texts, in UTF-8."""
    yield f'Content-Type: text/{kind}; charset="utf-8"'.encode()
    yield b"Content-Transfer-Encoding: " + text.encoding
    yield b""
    yield text.data


def picture(image: Image) -> Iterator[bytes]:
    """One picture that travels inside."""
    name = picture_name(image)
    yield f'Content-Type: {image.media_type}; name="{name}"'.encode()
    yield b"Content-Transfer-Encoding: base64"
    yield f"Content-ID: <{image.content_id}>".encode()
    yield f'Content-Disposition: inline; filename="{name}"'.encode()
    yield b""
    yield base64_lines(image.data)


def picture_name(image: Image) -> str:
    """What the picture's file is called in the mail: its name in ASCII, for others arrive garbled.

    Nobody reads it; the HTML finds the picture by its content id. CannotBeSaid when that, or the type, cannot stand
    in a header.
    """
    if not _TYPE.fullmatch(image.media_type):
        raise CannotBeSaid(f"the picture '{image.name}' has no picture's type: '{image.media_type}'")
    if not _TOKEN.fullmatch(image.content_id):
        raise CannotBeSaid(f"the picture '{image.name}' has a content id beyond ASCII letters, digits and . _ + - @")
    return _NOT_IN_A_TOKEN.sub("_", image.name.rpartition("/")[2])[-LONGEST_NAME:] or "picture"


def named(field: str, name: str, where: str, whose: str) -> str:
    """A header of one address with the name before it."""
    one_line(name, f"{whose}'s name")
    spec = address(where, whose)
    if not name:
        return f"{field}: {spec}"
    if name.isascii():
        phrase = name if _ATOMS.fullmatch(name) else '"' + re.sub(r'(["\\])', r"\\\1", name) + '"'
        if len(phrase) + len(field) < 75:
            return f"{field}: {phrase}\r\n <{spec}>" if len(phrase) + len(spec) > 70 else f"{field}: {phrase} <{spec}>"
    return f"{field}: {encoded(field, name)}\r\n <{spec}>"


def unstructured(field: str, text: str) -> str:
    """A header's text as it stands when every program reads it so, in encoded words (RFC 2047) otherwise."""
    return text if not text or (_SIMPLE.fullmatch(text) and not text.endswith(" ")) else encoded(field, text)


@lru_cache(HEADERS_KEPT)
def encoded(field: str, text: str) -> str:
    """Encoded words, folded; never torn inside a character."""
    return encoded_words(field, text)


def field_name(name: str) -> str:
    """The name; CannotBeSaid when no header can be called so."""
    if not _FIELD_NAME.fullmatch(name):
        raise CannotBeSaid(f"'{name}' cannot be the name of a header")
    return name


def ascii_line(text: str, what: str) -> str:
    """A header's value that programs read: ASCII and one line, however long an address in it is."""
    if not text.isascii() or len(text) > LONGEST_LINE - len(what) - 2:
        raise CannotBeSaid(f"{what} is not ASCII, or too long for a line")
    return one_line(text, what)
