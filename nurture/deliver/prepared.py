"""Texts of mails in quoted-printable or base64, of which what readers share is encoded once (architecture.md 4).

Quoted-printable breaks lines from left to right and begins anew at every line end, so a line of the text in which no
value stands comes out the same in every mail. Only lines with values are encoded for each reader. Base64 has no such
places; it is for text that is mostly beyond ASCII, and encoded whole.
"""

import re
from base64 import encodebytes
from binascii import a2b_qp, b2a_qp
from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import NamedTuple

from nurture.model.mail import Email, Woven

PATTERNS_KEPT = 128  # 40 KB each, so 5 MB
END = b"\r\n"
SOFT, CERTAIN = b"=\r\n", 20  # a line break that is none of the text, and how far from its end it is the same always
_HIGH = bytes(range(128, 256))
_BLANKS = (b"=20", b"=09")  # at a line's end, where binascii does not count them: up to 78 characters, and 76 may be
_TOO_LONG = re.compile(rb"^(.{74,75})(=20|=09)$", re.MULTILINE)
_HOLE = "\ufdd0"  # no character (Unicode 23.7): it stands for a value while a pattern is taken apart


class Encoded(NamedTuple):
    """A text as it travels, and its Content-Transfer-Encoding. `dots`: whether a line may begin with a dot."""

    encoding: bytes
    data: bytes
    dots: bool


class Prepared(NamedTuple):
    """A pattern, encoded where no value stands: bytes as they are, and lines as their raw pieces between values.

    `size` and `high`: its bytes before encoding, and how many of them are beyond ASCII. `dots`: whether one of the
    bytes as they are may begin a line with a dot.
    """

    size: int
    high: int
    parts: tuple[bytes | tuple[bytes, ...], ...]
    dots: bool


def woven_of(mail: Email) -> tuple[Woven, Woven]:
    """Text and HTML as they are woven; as one piece each where that is not known, or would say something else."""
    if mail.woven is not None and mail.is_sewn:
        return mail.woven
    if mail.woven is not None and (str(mail.woven[0]), str(mail.woven[1])) == (mail.text, mail.html):
        return mail.woven
    return Woven((mail.text,), ()), Woven((mail.html,), ())


def encoded_woven(text: Woven) -> Encoded:
    """The same as `encoded_whole` makes of the whole text, with what its pattern shares made once."""
    if not text.values:
        return encoded_whole(str(text))
    prepared = _KNOWN.get(text.pattern, _UNKNOWN)
    if prepared is _UNKNOWN:
        prepared = _new(text)
    if prepared is None or _foreign(text.values):
        return encoded_whole(str(text))
    values = [value.encode() for value in text.values]
    size = prepared.size + sum(map(len, values))
    high = prepared.high + sum(map(_beyond_ascii, values))
    if is_dense(high, size):
        return encoded_whole(str(text))
    own = list(_own_lines(prepared, iter(values)))
    made = iter(own)
    data = b"".join([part if isinstance(part, bytes) else next(made) for part in prepared.parts])
    return Encoded(b"quoted-printable", data, prepared.dots or any(map(_has_dots, own)))


def encoded_whole(text: str) -> Encoded:
    """Text in UTF-8, quoted-printable or base64, whichever is shorter; both keep every line short."""
    data = text.replace("\r\n", "\n").replace("\r", "\n").encode()
    if is_dense(_beyond_ascii(data), len(data)):
        return Encoded(b"base64", base64_lines(data.replace(b"\n", END)), dots=False)
    made = quoted_printable(data)
    return Encoded(b"quoted-printable", made, _has_dots(made))


def is_dense(high: int, size: int) -> bool:
    """Whether so much of a text is beyond ASCII that base64 is shorter."""
    return high * 6 > size


def quoted_printable(data: bytes) -> bytes:
    """Lines that end in a line feed alone, with what is not safe written as `=C3` and long lines broken by `=`."""
    made = b2a_qp(data, istext=True)
    if made.endswith(_BLANKS) or any(blank + b"\n" in made for blank in _BLANKS):
        made = _TOO_LONG.sub(rb"\1=\n\2", made)
    return made.replace(b"\n", END)


def base64_lines(data: bytes) -> bytes:
    """Base64 in lines of 76, without the last line's end."""
    return encodebytes(data).rstrip(b"\n").replace(b"\n", END)


def begun_line(before: bytes) -> tuple[bytes, bytes]:
    """What stands before the first value of a line: as far as it comes out the same whatever follows; and the rest.

    That is as far as a line break that quoted-printable put in, for there it begins anew. Where it puts one follows
    from what is before it, and from whether anything comes after: so one that is near the end does not count.
    """
    made = quoted_printable(before)
    at = made.rfind(SOFT, 0, -CERTAIN)
    if at < 0:
        return b"", before
    begun = made[: at + len(SOFT)]
    return begun, before[len(a2b_qp(begun.replace(END, b"\n"))) :]


def _own_lines(prepared: Prepared, values: Iterator[bytes]) -> Iterator[bytes]:
    """The lines of one mail's text that hold values, in their order."""
    for part in prepared.parts:
        if not isinstance(part, bytes):
            line = [part[0]]
            for piece in part[1:]:
                line += (next(values), piece)
            yield quoted_printable(b"".join(line))


def _has_dots(part: bytes) -> bool:
    """Whether a line of a part may begin with a dot; the part may begin a line itself."""
    return part.startswith(b".") or b"\n." in part


def _foreign(pieces: Sequence[str]) -> bool:
    """Whether line ends of other systems may be in it, which can be two characters in two pieces."""
    return any("\r" in piece for piece in pieces)


def _beyond_ascii(data: bytes) -> int:
    return 0 if data.isascii() else len(data) - len(data.translate(None, _HIGH))


_KNOWN: dict[tuple[str, ...], Prepared | None] = {}
_UNKNOWN = Prepared(0, 0, (), dots=False)


def _new(text: Woven) -> Prepared | None:
    """A pattern that is met for the first time; None when it cannot be taken apart."""
    made = None if _foreign(text.pattern) or _HOLE in "".join(text.pattern) else _prepared(text.pattern)
    if len(_KNOWN) >= PATTERNS_KEPT:
        _KNOWN.clear()
    _KNOWN[text.pattern] = made
    return made


def _prepared(pattern: Sequence[str]) -> Prepared:
    """Taken apart by lines; a line with values in it stays raw."""
    whole = "".join(pattern).encode()
    *lines, last = _HOLE.join(pattern).split("\n")
    parts: list[bytes | tuple[bytes, ...]] = []
    for own, group in groupby([*(f"{line}\n" for line in lines), last], key=lambda line: _HOLE in line):
        text = "".join(group)
        if own:
            before, *behind = map(str.encode, text.split(_HOLE))
            begun, left = begun_line(before)
            parts += [begun] if begun else []
            parts.append((left, *behind))
        else:
            parts.append(quoted_printable(text.encode()))
    dots = any(_has_dots(part) for part in parts if isinstance(part, bytes))
    return Prepared(len(whole), _beyond_ascii(whole), tuple(parts), dots)
