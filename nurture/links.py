"""Signed tokens for the addresses that readers follow: made here, believed only when the signature fits.

A token never expires: a reader must be able to leave for as long as the mail exists (email.md 4.3). It names
the person by nurture's own opaque id; no address and no name stands in a link. What it says is masked besides, so
that nobody who sees an address can tell two links of one person, or what they are about (docs/decisions/0037).
"""

import base64
import hmac
import json
import re
from binascii import b2a_base64, unhexlify
from collections.abc import Mapping, Sequence
from dataclasses import field
from functools import lru_cache
from hashlib import blake2b, sha256
from typing import Any, NamedTuple
from urllib.parse import quote

from nurture.model.values import dataclass

UNSUBSCRIBE = "unsubscribe"
ANSWER = "answer"
SPARE = "spare"
PREFERENCES = "preferences"
CONFIRM = "confirm"
NEW_ADDRESS = "new address"
DISOWN = "disown"
TRAP = "/h/not-for-readers"  # where only a machine goes that follows every link of a mail (domain.md 5.5)
PURPOSES = {
    "u": UNSUBSCRIBE, "a": ANSWER, "s": SPARE, "c": CONFIRM, "p": PREFERENCES, "n": NEW_ADDRESS, "d": DISOWN,
}  # fmt: skip
"""What a link is for, by the first part of its path."""
STORED_AS = "links"  # under this name the store keeps what they are signed with
SIGNATURE_BYTES = 16
LONGEST = 4_096  # characters; a web server takes 8,190 in all of an address
_VERSION = 1
_PACKED = b"\x02"  # a token in few bytes begins so; one as JSON, such as lie in inboxes, with `[`
_PATHS = {purpose: path.encode() for path, purpose in PURPOSES.items()}
_HEXADECIMAL = 128  # in a length: what follows are the bytes of so many pairs of digits
_LENGTHS_SAID = [bytes((length,)) for length in range(_HEXADECIMAL)]
_MARKED = [bytes((length | _HEXADECIMAL,)) for length in range(_HEXADECIMAL)]
_PLAIN = re.compile(r"https?://[A-Za-z0-9.:/_-]+")
UNSAID = ""  # the project, in a token that does not name it
_NOTHING = b"\0"  # an empty word
_DOMAIN = b"nurture link 2\0"  # sets these signatures apart from those of links that were not masked
_BLOCK = 64  # bytes of mask at a time
_LENGTHS = (6, 7)  # without and with fields
_SAY = json.JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode


@dataclass(frozen=True, slots=True)
class Token:
    """What a link says: who wants what. `key` is the send key of the mail it stood in.

    `subject` is the topic to leave, the event to record (with its `fields`), the theme to be spared, or the wish that
    is confirmed or disowned.
    """

    purpose: str
    project: str
    person: str
    subject: str
    key: str
    fields: Mapping[str, str | int | float | bool] = field(default_factory=dict)


def make(token: Token, secret: bytes) -> str:
    """A token as text that is safe in an address.

    Raises ValueError without a secret, for a number that is none, and for more than a link can say.
    """
    text = _text(_sealed(_said(token), secret))
    if len(text) > LONGEST:
        raise ValueError(f"a link cannot say so much: its token has {len(text):,} characters, the most is {LONGEST:,}")
    return text


def verify(text: object, secrets: bytes | Sequence[bytes], purpose: str, project: str = "") -> Token | None:
    """The token, or None when it was not made with one of these secrets and for this purpose. Raises nothing.

    A secret that was replaced is believed for ever: mails signed with it lie in inboxes. Without a `project` any is
    good: the secret is the store's own, and a reader can still leave after the shop renamed its project. So is a token
    that names none.
    """
    believed = [secrets] if isinstance(secrets, bytes) else list(secrets)
    if isinstance(text, str) and "." in text:
        said, genuine = _read_plain(text, believed)
    else:
        said, genuine = _read_sealed(text, believed)
    token = _token(said) if genuine else None
    if token is None or token.purpose != purpose or (project and token.project not in (UNSAID, project)):
        return None
    return token


def _sealed(said: bytes, secret: bytes) -> bytes:
    """What is said under a mask that follows from its signature: the same words give the same link (SIV, RFC 5297)."""
    signature = _signature(_DOMAIN + said, secret)
    return signature + _masked(said, signature, secret)


def _read_sealed(text: object, secrets: Sequence[bytes]) -> tuple[bytes, bool]:
    """What a masked token says, and whether one of these secrets signed it; all are tried, whichever fits."""
    try:
        sealed = _bytes(text) if isinstance(text, str) and len(text) <= LONGEST else b""
    except ValueError:
        sealed = b""  # as much work as for a wrong signature
    signature, masked = sealed[:SIGNATURE_BYTES], sealed[SIGNATURE_BYTES:]
    tried = [_masked(masked, signature, secret) for secret in secrets]
    genuine = [
        hmac.compare_digest(_signature(_DOMAIN + said, secret), signature)
        for said, secret in zip(tried, secrets, strict=True)
    ]
    return (tried[genuine.index(True)], True) if True in genuine else (b"", False)


def _masked(data: bytes, signature: bytes, secret: bytes) -> bytes:
    """Put the mask on, or take it off: it is as long as the data, and different for every signature."""
    key = _mask_key(secret)
    blocks = range(-(-len(data) // _BLOCK))
    mask = b"".join(blake2b(signature + block.to_bytes(4), key=key).digest() for block in blocks)
    return (int.from_bytes(data) ^ int.from_bytes(mask[: len(data)])).to_bytes(len(data))


@lru_cache(maxsize=16)
def _mask_key(secret: bytes) -> bytes:
    return hmac.digest(secret, _DOMAIN, "sha256")


def _read_plain(text: str, secrets: Sequence[bytes]) -> tuple[bytes, bool]:
    """What a token of the first form says, which lies in inboxes, and whether one of these secrets signed it."""
    said, signature = _parts(text)
    genuine = [hmac.compare_digest(_signature(said, secret), signature) for secret in secrets]
    return said, any(genuine)


def _parts(text: str) -> tuple[bytes, bytes]:
    """What is said and its signature; of text that is no token, a signature that fits nothing."""
    if len(text) > LONGEST:
        return b"", b""
    said, _, signature = text.partition(".")
    try:
        return _bytes(said), _bytes(signature)
    except ValueError:
        return text.encode(errors="replace"), b""  # as much work as for a wrong signature


def _said(token: Token) -> bytes:
    """A token in few bytes, for it stands in a mail several times: its parts, and fields as JSON behind them.

    All as JSON where a part is too long for that.
    """
    words = (token.project, token.person, token.subject, token.key)
    fields = _SAY(dict(token.fields)).encode() if token.fields else b""
    try:
        return b"".join((_PACKED, _PATHS[token.purpose], *map(_part, words), fields))
    except (KeyError, IndexError):
        return _SAY([_VERSION, token.purpose, *words, *([dict(token.fields)] if fields else [])]).encode()


def _part(word: str) -> bytes:
    """A word behind its length; one that is hexadecimal, as keys are, in half the bytes and with a mark.

    IndexError for one that is too long.
    """
    try:
        data = unhexlify(word)
    except ValueError:
        data = b""
    if data and data.hex() == word:  # digits in small letters, and not spelt in another way
        return _MARKED[len(data)] + data
    data = word.encode()
    return _LENGTHS_SAID[len(data)] + data


def _unpacked(said: bytes) -> list[Any]:
    """The opposite of `_said` in its short form, as the list that its long form is; ValueError, IndexError."""
    words, at = list[str](), 2
    for _ in range(4):
        marked, at = said[at], at + 1
        end = at + (marked & ~_HEXADECIMAL)
        if end > len(said):
            raise ValueError("the end is missing")
        words.append(said[at:end].hex() if marked & _HEXADECIMAL else said[at:end].decode())
        at = end
    fields = [json.loads(said[at:])] if said[at:] else []
    return [_VERSION, PURPOSES.get(chr(said[1])), *words, *fields]


def _token(said: bytes) -> Token | None:
    """What was signed by us as a token; None for any other shape, which another version may have written."""
    try:
        found = _unpacked(said) if said.startswith(_PACKED) else json.loads(said)
    except (ValueError, IndexError, RecursionError):
        return None
    if not isinstance(found, list) or len(found) not in _LENGTHS or type(found[0]) is not int or found[0] != _VERSION:
        return None
    words, fields = found[1:6], found[6] if len(found) > _LENGTHS[0] else {}
    if not all(isinstance(word, str) for word in words) or not isinstance(fields, dict):
        return None
    if not all(type(value) in (str, int, float, bool) for value in fields.values()):
        return None
    purpose, project, person, subject, key = words
    return Token(purpose, project, person, subject, key, fields)


def _signature(said: bytes, secret: bytes) -> bytes:
    if not secret:
        raise ValueError("links cannot be signed without a secret")
    return hmac.digest(secret, said, "sha256")[:SIGNATURE_BYTES]


def _text(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode("ascii")


def _bytes(text: str) -> bytes:
    """The opposite of `_text`; ValueError for another spelling of the same bytes, and for what is none."""
    data = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    if _text(data) != text:
        raise ValueError("not the one spelling of these bytes")
    return data


class _Maker:
    """Makes the tokens of one store with one secret, as `make` does: what they have in common is worked out once."""

    def __init__(self, secret: bytes) -> None:
        if not secret:
            raise ValueError("links cannot be signed without a secret")
        key = (sha256(secret).digest() if len(secret) > _BLOCK else secret).ljust(_BLOCK, b"\0")  # RFC 2104
        self._inner = sha256(bytes(byte ^ 0x36 for byte in key) + _DOMAIN)
        self._outer = sha256(bytes(byte ^ 0x5C for byte in key))
        self._mask = blake2b(key=_mask_key(secret))
        self._begun = {path: b"".join((_PACKED, path, _NOTHING)) for path in _PATHS.values()}

    def text(self, path: bytes, person: bytes, subject: bytes, key: bytes, fields: bytes = b"") -> str:
        """A token of parts as `_part` makes them; ValueError for more than a link can say."""
        said = b"".join((self._begun[path], person, subject, key, fields))
        inner, outer = self._inner.copy(), self._outer.copy()
        inner.update(said)
        outer.update(inner.digest())
        signature = outer.digest()[:SIGNATURE_BYTES]
        length, mask = len(said), b""
        for number in range(-(-length // _BLOCK)):
            block = self._mask.copy()
            block.update(signature + number.to_bytes(4))
            mask += block.digest()
        masked = (int.from_bytes(said) ^ int.from_bytes(mask[:length])).to_bytes(length)
        text = b2a_base64(signature + masked, newline=False).translate(_URL_SAFE, b"=").decode("ascii")
        if len(text) > LONGEST:
            raise ValueError("a link cannot say so much")
        return text


_URL_SAFE = bytes.maketrans(b"+/", b"-_")


@lru_cache(maxsize=16)
def _maker(secret: bytes) -> _Maker:
    return _Maker(secret)


@lru_cache(maxsize=1024)
def in_a_token(subject: str) -> bytes:
    """A topic's or an event's name, which all readers of a mail share; IndexError for one that is too long."""
    return _part(subject)


def fields_in_a_token(fields: Mapping[str, str | int | float | bool]) -> bytes:
    """What an answer says beside its name, the same in all mails that ask so."""
    return _SAY(dict(fields)).encode() if fields else b""


class OfMail(NamedTuple):
    """Makes the addresses of one mail, as `Links` does, for a third of the work."""

    maker: _Maker
    base: str
    person: bytes
    key: bytes

    def unsubscribe(self, topic: str) -> str:
        """Where its reader leaves a topic."""
        return f"{self.base}/u/{self.maker.text(b'u', self.person, in_a_token(topic), self.key)}"

    def preferences(self) -> str:
        """Where they see what they have decided."""
        return f"{self.base}/p/{self.maker.text(b'p', self.person, _NOTHING, self.key)}"

    def answer(self, event: bytes, fields: bytes) -> str:
        """Where they answer: an event as `in_a_token` has it, and `fields_in_a_token`."""
        return f"{self.base}/a/{self.maker.text(b'a', self.person, event, self.key, fields)}"


@dataclass(frozen=True, slots=True)
class Links:
    """Makes the addresses in mails. `base` is the web address of this installation, with https.

    They do not name the `project`: the secret is its store's own and says as much (docs/decisions/0037).
    """

    base: str
    secret: bytes
    project: str

    def unsubscribe(self, person: str, topic: str, key: str) -> str:
        """Where one reader leaves one topic; a GET shows, a POST does it (RFC 8058)."""
        return self._address("u", Token(UNSUBSCRIBE, UNSAID, person, topic, key))

    def of_mail(self, person: str, key: str) -> "OfMail":
        """The addresses of one mail; ValueError or IndexError where its ids are too long for the short form."""
        return OfMail(_maker(self.secret), self.base.rstrip("/"), _part(person), _part(key))

    @property
    def is_plain(self) -> bool:
        """Whether its addresses are the same in a text, in HTML and in a header."""
        return _PLAIN.fullmatch(self.base) is not None

    def answer(self, person: str, event: str, fields: Mapping[str, str | int | float | bool], key: str) -> str:
        """Where a reader answers: a GET shows what it would record, a POST records the event (language.md 3)."""
        return self._address("a", Token(ANSWER, UNSAID, person, event, key, fields))

    def spare(self, person: str, theme: str, key: str) -> str:
        """Where a reader asks to be spared a theme; a GET shows, a POST does it."""
        return self._address("s", Token(SPARE, UNSAID, person, theme, key))

    def preferences(self, person: str, key: str) -> str:
        """Where a reader sees and changes what they have decided; a GET shows, a POST does it."""
        return self._address("p", Token(PREFERENCES, UNSAID, person, "", key))

    def confirm(self, person: str, topic: str, key: str) -> str:
        """Where a reader confirms a topic that was asked for in their name; a GET shows, a POST does it."""
        return self._address("c", Token(CONFIRM, UNSAID, person, topic, key))

    def new_address(self, person: str, asked: str, key: str) -> str:
        """Where the reader of a new address says that it is theirs; `asked` is the id of the wish."""
        return self._address("n", Token(NEW_ADDRESS, UNSAID, person, asked, key))

    def disown(self, person: str, asked: str, key: str) -> str:
        """Where the reader of the old address says that it was not they who asked for another."""
        return self._address("d", Token(DISOWN, UNSAID, person, asked, key))

    @property
    def trap(self) -> str:
        """A link that no reader sees; the same in all mails, so it says nothing of anybody."""
        return self.base.rstrip("/") + TRAP

    def image(self, digest: str, name: str) -> str:
        """Where a picture of the applied templates is served; `digest` is the SHA-256 of its bytes.

        It stands in two pieces: spam filters take 45 letters and digits in a row for a web bug.
        """
        half = len(digest) // 2
        return f"{self.base.rstrip('/')}/i/{digest[:half]}/{digest[half:]}/{quote(name)}"

    def _address(self, page: str, token: Token) -> str:
        return f"{self.base.rstrip('/')}/{page}/{make(token, self.secret)}"
