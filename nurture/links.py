"""Signed tokens for the addresses that readers follow: made here, believed only when the signature fits.

A token never expires: a reader must be able to leave for as long as the mail exists (email.md 4.3). It names
the person by nurture's own opaque id; no address and no name stands in a link.
"""

import base64
import binascii
import hashlib
import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import quote

UNSUBSCRIBE = "unsubscribe"
ANSWER = "answer"
SPARE = "spare"
SIGNATURE_BYTES = 16
_VERSION = 1


@dataclass(frozen=True, slots=True)
class Token:
    """What a link says: who wants what. `key` is the send key of the mail it stood in.

    `subject` is the topic to leave, the event to record (with its `fields`) or the theme to be spared.
    """

    purpose: str
    project: str
    person: str
    subject: str
    key: str
    fields: Mapping[str, str | int | float | bool] = field(default_factory=dict)


def make(token: Token, secret: bytes) -> str:
    """A token as text that is safe in an address. Raises ValueError without a secret."""
    said = json.dumps(
        [_VERSION, token.purpose, token.project, token.person, token.subject, token.key]
        + ([dict(token.fields)] if token.fields else []),
        ensure_ascii=False,
        separators=(",", ":"),
    ).encode()
    return f"{_text(said)}.{_text(_signature(said, secret))}"


def verify(text: str, secret: bytes, purpose: str, project: str) -> Token | None:
    """The token, or None when it was not made by us, for this purpose and this project."""
    said_text, _, signature_text = text.partition(".")
    try:
        said, signature = _bytes(said_text), _bytes(signature_text)
    except (binascii.Error, ValueError):
        return None
    if not hmac.compare_digest(_signature(said, secret), signature):
        return None
    version, *rest = json.loads(said)
    token = Token(*rest) if version == _VERSION else None
    return token if token and (token.purpose, token.project) == (purpose, project) else None


def _signature(said: bytes, secret: bytes) -> bytes:
    if not secret:
        raise ValueError("links cannot be signed without a secret")
    return hmac.new(secret, said, hashlib.sha256).digest()[:SIGNATURE_BYTES]


def _text(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode("ascii")


def _bytes(text: str) -> bytes:
    """The opposite of `_text`; other spellings of the same bytes are refused."""
    data = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    if _text(data) != text:
        raise ValueError("not the one spelling of these bytes")
    return data


@dataclass(frozen=True, slots=True)
class Links:
    """Makes the addresses in mails. `base` is the web address of this installation, with https."""

    base: str
    secret: bytes
    project: str

    def unsubscribe(self, person: str, topic: str, key: str) -> str:
        """Where one reader leaves one topic; a GET shows, a POST does it (RFC 8058)."""
        return self._address("u", Token(UNSUBSCRIBE, self.project, person, topic, key))

    def answer(self, person: str, event: str, fields: Mapping[str, str | int | float | bool], key: str) -> str:
        """Where a reader answers: a GET shows what it would record, a POST records the event (language.md 3)."""
        return self._address("a", Token(ANSWER, self.project, person, event, key, fields))

    def spare(self, person: str, theme: str, key: str) -> str:
        """Where a reader asks to be spared a theme; a GET shows, a POST does it."""
        return self._address("s", Token(SPARE, self.project, person, theme, key))

    def image(self, digest: str, name: str) -> str:
        """Where a picture of the applied templates is served; `digest` is the SHA-256 of its bytes."""
        return f"{self.base.rstrip('/')}/i/{digest}/{quote(name)}"

    def _address(self, page: str, token: Token) -> str:
        return f"{self.base.rstrip('/')}/{page}/{make(token, self.secret)}"
