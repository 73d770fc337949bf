"""The pictures of templates/_images/: by name for mails, by digest for whoever serves them."""

import hashlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import field
from functools import lru_cache
from pathlib import PurePosixPath

from nurture.model.mail import Image
from nurture.model.values import dataclass
from nurture.render.weaving import PATTERNS_KEPT, Part

FOLDER = "templates/_images/"
MEDIA_TYPES = {
    ".gif": "image/gif",
    ".jpeg": "image/jpeg",
    ".jpg": "image/jpeg",
    ".png": "image/png",
    ".webp": "image/webp",
}
_HEADERS = {
    "image/gif": re.compile(rb"GIF8[79]a"),
    "image/jpeg": re.compile(rb"\xff\xd8\xff"),
    "image/png": re.compile(rb"\x89PNG\r\n\x1a\n"),
    "image/webp": re.compile(rb"RIFF....WEBP", re.DOTALL),
}
PICTURES_KEPT = 512
ID_LETTERS = 16


@dataclass(frozen=True, slots=True)
class Picture:
    """One file of templates/_images/; `digest` is the SHA-256 of its bytes, in hexadecimal."""

    name: str
    media_type: str
    digest: str
    data: bytes = field(repr=False)


def is_what_it_says(name: str, data: bytes) -> bool:
    """Whether a picture's first bytes fit its ending, as mail programs ask before they show it."""
    header = _HEADERS.get(MEDIA_TYPES.get(PurePosixPath(name).suffix.lower(), ""))
    return header is not None and header.match(data) is not None


def picture(templates: Mapping[str, bytes], name: str) -> Picture | None:
    """A picture by its name; None when there is none, or it is of a kind that mail programs do not show."""
    data = templates.get(FOLDER + name)
    return None if data is None else _picture(name, data)


@lru_cache(maxsize=PICTURES_KEPT)
def _picture(name: str, data: bytes) -> Picture | None:
    media_type = MEDIA_TYPES.get(PurePosixPath(name).suffix.lower())
    return Picture(name, media_type, hashlib.sha256(data).hexdigest(), data) if media_type else None


def pictures(templates: Mapping[str, bytes]) -> Iterator[Picture]:
    """Every picture of the templates (path to bytes), by name."""
    for file in sorted(templates):
        if file.startswith(FOLDER):
            found = picture(templates, file.removeprefix(FOLDER))
            if found is not None:
                yield found


def by_digest(templates: Mapping[str, bytes], digest: str) -> Picture | None:
    """The picture whose bytes have this SHA-256: what `Links.image` points to. None when it is not there any more."""
    return next((found for found in pictures(templates) if found.digest == digest), None)


def content_id(found: Picture) -> str:
    """What a mail that carries the picture calls it (RFC 2392); the same picture has the same in every mail."""
    return f"{found.digest[:ID_LETTERS]}@images"


@lru_cache(maxsize=PATTERNS_KEPT)
def _names_some(pattern: tuple[str, ...]) -> bool:
    return any("cid:" in piece for piece in pattern)


def carried(templates: Mapping[str, bytes], page: Part) -> tuple[Image, ...]:
    """The pictures that a page names as `cid:`, each once. Most of a page is looked through once for all readers."""
    woven = page.woven
    if woven is not None and not _names_some(woven.pattern) and "cid:" not in "".join(woven.values):
        return ()
    html = page.whole
    return tuple(
        Image(found.name, content_id(found), found.media_type, found.data)
        for found in pictures(templates)
        if f"cid:{content_id(found)}" in html
    )
