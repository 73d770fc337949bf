"""A posted form taken apart, as bytes and at the speed of a search: letters of 30 MB come in one (email.md 1.7)."""

import re
from collections.abc import Iterator, Mapping
from urllib.parse import parse_qsl

MOST = 200  # fields; a letter with attachments has one for each
LONGEST_HEAD = 8_192  # bytes of a field's own header
_BOUNDARY = re.compile(r'boundary\s*=\s*(?:"([^"\r\n]{1,200})"|([^\s;"]{1,200}))', re.IGNORECASE)
_NAME = re.compile(rb'[;\s]name\s*=\s*(?:"([^"\r\n]{0,200})"|([^\s;"]{1,200}))', re.IGNORECASE)
_FILE = re.compile(rb"[;\s]filename\*?\s*=", re.IGNORECASE)


def parts(content_type: str, body: bytes) -> dict[str, bytes]:
    """The fields of a form by name, of a name said twice the first; files are left out. Raises nothing.

    Empty for what is no form.
    """
    found: dict[str, bytes] = {}
    for name, value in _fields(content_type, body):
        found.setdefault(name, value)
    return found


def _fields(content_type: str, body: bytes) -> Iterator[tuple[str, bytes]]:
    if content_type.partition(";")[0].strip().lower() == "application/x-www-form-urlencoded":
        yield from _urlencoded(body)
        return
    boundary = _BOUNDARY.search(content_type)
    if boundary is None:
        return
    mark = b"--" + (boundary[1] or boundary[2]).encode("latin-1", "replace")
    for part in (b"\r\n" + body).split(b"\r\n" + mark, MOST + 1)[1 : MOST + 1]:
        head, _, value = part.partition(b"\r\n\r\n")
        head = head[:LONGEST_HEAD]
        name = _NAME.search(head)
        if name is not None and not _FILE.search(head):
            yield (name[1] or name[2] or b"").decode("utf-8", "replace"), value


def _urlencoded(body: bytes) -> Iterator[tuple[str, bytes]]:
    try:
        pairs = parse_qsl(body, keep_blank_values=True, max_num_fields=MOST)
    except ValueError:  # more fields than any letter has
        return
    for name, value in pairs:
        yield name.decode("utf-8", "replace"), value


def text_of(data: bytes, charset: str = "") -> str:
    """Bytes as text in the charset that they are said to be in, else in UTF-8, else as Latin-1. Raises nothing.

    A charset is believed only when it is one of the world's: some of Python's codecs are no charsets at all.
    """
    for name in (charset.strip().lower(), "utf-8"):
        if not _CHARSET.fullmatch(name):
            continue
        try:
            return _clean(data.decode(name, "strict" if name == "utf-8" else "replace"))
        except (LookupError, UnicodeError):  # a name that Python does not know; bytes that are not in it
            continue
    return _clean(data.decode("latin-1"))


def _clean(text: str) -> str:
    """Without NULs and halves of characters, which no store and no terminal takes."""
    return text.replace("\0", "").encode("utf-8", "replace").decode("utf-8")


_CHARSET = re.compile(
    r"utf-?(7|8|16|16le|16be|32)|us-ascii|ascii|latin-?1|iso-?(8859|2022)-[a-z0-9-]{1,12}|iso8859-?\d{1,2}"
    r"|(windows|cp|ibm)-?\d{3,4}|koi8-[rut]|gb(k|2312|18030)|big5(-?hkscs)?|euc-?(jp|kr|tw|cn)|shift[-_]?jis|sjis"
    r"|mac-?(roman|cyrillic|greek|turkish)|tis-?620|viscii|armscii-8"
)

Fields = Mapping[str, bytes]
