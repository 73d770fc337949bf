"""A mail as the standard library's email package writes it whole: what nurture's own writing is held against.

Its own are the tree of parts, all headers but those with an address, the folding and the line ends; the encodings are
`quopri` and `base64`. Headers with an address are ours: the package writes names in other words than mail programs
like best, so what those say is compared by reading them back.
"""

import base64
import quopri
from collections.abc import Iterator
from email.header import Header
from email.message import Message
from email.policy import compat32
from email.utils import format_datetime

from nurture.deliver.message import headers
from nurture.model.mail import Email, Image

AS_IT_TRAVELS = compat32.clone(linesep="\r\n", max_line_length=None)
ADDRESSES = ("From", "To", "Reply-To")
WIDEST = 76  # characters of a line (RFC 2045 6.7), which quopri passes where a line ends in a blank


def stock_message(mail: Email) -> bytes:
    """The whole mail, every text encoded anew."""
    root = _parts(f"=_{mail.key[:40]}_=", "alternative")
    page = _text("html", mail.html)
    if mail.images:
        related = _parts(f"=_{mail.key[:40]}_pictures_=", "related", type="text/html")
        for part in (page, *map(_picture, mail.images)):
            related.attach(part)
        page = related
    root.attach(_text("plain", mail.text))
    root.attach(page)
    kind = root["Content-Type"]
    del root["Content-Type"]
    for name, value in _head(mail):
        root[name] = value
    root["Content-Type"] = kind
    return root.as_bytes(policy=AS_IT_TRAVELS)


def _head(mail: Email) -> Iterator[tuple[str, str]]:
    ours = dict(line.split(": ", 1) for line in headers(mail))
    yield from ((name, ours[name]) for name in ADDRESSES if name in ours)
    plain = ours["Subject"] == mail.subject
    yield "Subject", mail.subject if plain else Header(mail.subject, "utf-8", header_name="Subject").encode()
    yield "Date", format_datetime(mail.date)
    yield from mail.headers
    yield "Content-Language", mail.locale
    yield "MIME-Version", "1.0"


def _parts(boundary: str, kind: str, **more: str) -> Message:
    made = Message()
    made.add_header("Content-Type", f"multipart/{kind}", boundary=boundary, **more)
    return made


def _text(kind: str, text: str) -> Message:
    data = text.replace("\r\n", "\n").replace("\r", "\n").encode()
    made = Message()
    made.add_header("Content-Type", f"text/{kind}", charset="utf-8")
    dense = sum(byte > 127 for byte in data) * 6 > len(data)
    made["Content-Transfer-Encoding"] = "base64" if dense else "quoted-printable"
    said = _base64(data.replace(b"\n", b"\r\n")) if dense else _narrow(quopri.encodestring(data))
    made.set_payload(said.decode("ascii"))
    return made


def _picture(image: Image) -> Message:
    made = Message()
    made.add_header("Content-Type", image.media_type, name=image.name)
    made["Content-Transfer-Encoding"] = "base64"
    made["Content-ID"] = f"<{image.content_id}>"
    made.add_header("Content-Disposition", "inline", filename=image.name)
    made.set_payload(_base64(image.data).decode("ascii"))
    return made


def _base64(data: bytes) -> bytes:
    return base64.encodebytes(data).rstrip(b"\n")


def _narrow(encoded: bytes) -> bytes:
    """With the last blank of a line on a line of its own where it is beyond the edge."""
    return b"\n".join(
        line if len(line) <= WIDEST else line[:-3] + b"=\n" + line[-3:] for line in encoded.split(b"\n")
    )  # fmt: skip
