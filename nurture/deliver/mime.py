"""A raw mail of a stranger taken apart: headers, text, HTML, how many attachments. Bounded in time, raises nothing.

The standard library reads it, but only so much of it as a letter needs: nesting, header lines and parts without end
would cost it minutes, and hostile parameters make it stumble.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import field
from email.errors import HeaderParseError
from email.header import decode_header
from email.message import Message
from email.parser import BytesParser
from email.policy import default

from nurture.deliver.form import text_of
from nurture.model.values import dataclass

LONGEST_HEAD = 64 * 1024  # bytes of all headers
LONGEST_PART = 128 * 1024  # bytes that are read of one part of a large mail
LONGEST_BODY = 1024 * 1024
MOST_PARTS = 50  # of a large mail, at its first level
MOST_MARKS = 1_000  # lines that could end a part
MOST_NESTED = 30  # multiparts and mails inside
LONGEST_VALUE = 8_000  # characters of one header
_BLANK = re.compile(rb"\r?\n\r?\n|\r\r")
_BOUNDARY = re.compile(rb'boundary\s*=\s*(?:"([^"\r\n]{1,200})"|([^\s;"]{1,200}))', re.IGNORECASE)
_NESTED = re.compile(rb"content-type:\s{0,20}(?:multipart|message)/", re.IGNORECASE)
_ATTACHED = re.compile(rb"content-disposition:\s{0,20}attachment", re.IGNORECASE)
_WORD = r"=\?[^?\s]{1,75}\?[bq]\?[^?]{0,1000}\?="
_WORDS = re.compile(rf"{_WORD}(?:\s{{1,20}}{_WORD})*", re.IGNORECASE)
_POLICY = default.clone(header_factory=lambda _name, value: value)  # its own way with values can be made to take hours


@dataclass(frozen=True, slots=True)
class Mime:
    """What a raw mail holds. Headers by name in lower case, every value on one line with encoded words decoded."""

    headers: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    text: str = ""
    html: str = ""
    attachments: int = 0

    def header(self, name: str) -> str:
        """The first of that name; empty when there is none."""
        return next(iter(self.headers.get(name, ())), "")


def read_mime(raw: bytes) -> Mime:
    """A raw mail as its parts; whatever it is, there is an answer."""
    lean = lean_of(raw)
    try:
        message: Message = BytesParser(policy=_POLICY).parsebytes(lean)
        texts, htmls, attached = _bodies(message)
    except Exception:  # noqa: BLE001  (the library stumbles over hostile parameters in more ways than can be named)
        head, body = _split(lean)
        return Mime(headers_of(text_of(head)), text_of(body), "", 0)
    attached = max(attached, len(_ATTACHED.findall(raw))) if len(raw) > len(lean) else attached
    return Mime(headers_of(text_of(_split(lean)[0])), "\n".join(texts), "\n".join(htmls), attached)


def headers_of(text: str) -> dict[str, tuple[str, ...]]:
    """Header lines by name in lower case, unfolded and decoded; what is no header line is left out."""
    found: dict[str, list[str]] = {}
    lines = re.sub(r"(\r\n|\r|\n)[ \t]+", " ", text[:LONGEST_HEAD])
    for line in re.split(r"[\r\n]+", lines):
        name, colon, value = line.partition(":")
        if colon and name and name.isascii() and " " not in name:
            found.setdefault(name.lower(), []).append(decoded(value.strip()[:LONGEST_VALUE]))
    return {name: tuple(values) for name, values in found.items()}


def decoded(value: str) -> str:
    """A header's value with its encoded words (RFC 2047) as text; one that cannot be decoded stays as it is."""
    return _WORDS.sub(lambda found: _word(found[0]), value)


def _word(run: str) -> str:
    try:
        found = decode_header(run)
    except (HeaderParseError, ValueError):
        return run
    return "".join(one if isinstance(one, str) else text_of(one, charset or "") for one, charset in found)


def lean_of(raw: bytes) -> bytes:
    """So much of a mail as is read of it: every limit above is held."""
    head, body = _split(raw.replace(b"\0", b""))
    boundary = _BOUNDARY.search(head)
    if len(body) > LONGEST_BODY and boundary is not None:
        mark = b"--" + (boundary[1] or boundary[2])
        body = mark.join(_shortened(part) for part in body.split(mark, MOST_PARTS)[:MOST_PARTS])
    body = body[:LONGEST_BODY]
    for pattern, most in ((re.compile(rb"[\r\n]--"), MOST_MARKS), (_NESTED, MOST_NESTED)):
        found = [one.start() for one in pattern.finditer(body)]
        body = body[: found[most]] if len(found) > most else body
    return head[:LONGEST_HEAD] + b"\r\n\r\n" + body


def _shortened(part: bytes) -> bytes:
    """A part that is not too long; a mark that ends one stands at the beginning of a line."""
    return part if len(part) <= LONGEST_PART else part[:LONGEST_PART] + b"\r\n"


def _split(raw: bytes) -> tuple[bytes, bytes]:
    """Headers and body."""
    end = _BLANK.search(raw)
    return (raw[: end.start()], raw[end.end() :]) if end else (raw, b"")


def _bodies(message: Message) -> tuple[list[str], list[str], int]:
    """The texts, the HTML and how many parts are attachments; a mail inside a mail is one."""
    texts: list[str] = []
    htmls: list[str] = []
    attached = 0
    for part in _leaves(message):
        kind = part.get_content_type()
        if part.get_content_disposition() == "attachment" or part.get_filename() or kind == "message/rfc822":
            attached += 1
        elif kind in ("text/plain", "text/html"):
            payload = part.get_payload(decode=True)
            data = payload if isinstance(payload, bytes) else b""
            charset = part.get_param("charset", "")
            (texts if kind == "text/plain" else htmls).append(
                text_of(data, charset if isinstance(charset, str) else "")
            )
    return texts, htmls, attached


def _leaves(message: Message) -> Iterator[Message]:
    """The parts that hold something, without those of mails inside."""
    waiting = [message]
    while waiting:
        part = waiting.pop(0)
        inside = part.get_payload()
        if part.is_multipart() and isinstance(inside, list) and part.get_content_maintype() == "multipart":
            waiting[:0] = [one for one in inside if isinstance(one, Message)]
        else:
            yield part
