"""Raw posts without somebody who is forgotten: rewritten, or blanked where they are theirs alone."""

import json
import zlib
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import quote

from sqlalchemy import Connection, select, update

from nurture.model.values import dataclass
from nurture.store.tables import RECEIVED, REPLY

TOGETHER = 200  # posts that are counted off at a time
LARGEST = 64 * 1024 * 1024  # bytes that a post may unpack to
_NAMING = frozenset({"customer", "customer_id", "customerid", "user_id", "userid", "person", "contact", "contact_id"})
_BLANK = zlib.compress(b"")


@dataclass(frozen=True, slots=True)
class Names:
    """What somebody is called: addresses in normal form, small letters; ids of shops; our own id."""

    addresses: frozenset[str]
    outside: frozenset[str]
    person: str

    def in_text(self, text: str) -> bool:
        """Whether an address of theirs stands in a text, also as an address of the web or a folded mail writes it."""
        small = text.replace("=\r\n", "").replace("=\n", "").casefold()
        spelled = (word for one in self.addresses for word in (one, quote(one).casefold(), one.replace("@", "\\u0040")))
        return any(word in small for word in spelled) or self.person in small

    def in_document(self, document: Any) -> bool:
        """Whether a shop's id of theirs stands where a document names whom it is about."""
        if isinstance(document, Mapping):
            return any(self._named(key, value) or self.in_document(value) for key, value in document.items())
        return isinstance(document, list) and any(map(self.in_document, document))

    def _named(self, key: str, value: Any) -> bool:
        if isinstance(value, Mapping):
            value = value.get("id") if key.casefold() in _NAMING else None
        return key.casefold() in _NAMING and isinstance(value, str | int) and str(value) in self.outside


def without(names: Names, body: bytes, theirs: bool) -> bytes | None:
    """A body without somebody: None where nothing of them is in it, empty where nothing of others is."""
    text = body.decode("utf-8", "replace")
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        return b"" if theirs or names.in_text(text) else None
    if isinstance(document, list):
        kept = [one for one in document if not _about(names, one)]
        if len(kept) < len(document):
            return json.dumps(kept, ensure_ascii=False).encode() if kept else b""
    return b"" if theirs or _about(names, document) else None


def _about(names: Names, document: Any) -> bool:
    return names.in_document(document) or names.in_text(json.dumps(document, ensure_ascii=False))


def forget(connection: Connection, names: Names, at: int) -> int:
    """Take somebody out of every raw post that was kept; how many were changed. `at` in microseconds."""
    replies = select(REPLY.c.received).where((REPLY.c.person == names.person) | REPLY.c.address.in_(names.addresses))
    theirs = set(connection.execute(replies).scalars())
    changed = 0
    for row in _rows(connection):
        number, headers, body, problem, done_at = row
        kept = without(names, zlib.decompressobj().decompress(body, LARGEST), number in theirs)
        if kept is None and not names.in_text(headers + problem):
            continue
        changed += 1
        values: dict[str, Any] = {"problem": "" if names.in_text(problem) else problem}
        if kept is not None:
            values["body"] = zlib.compress(kept) if kept else _BLANK
        if not kept or names.in_text(headers):
            values["headers"] = "{}"
        if kept == b"" and done_at is None:
            values |= {"done_at": at, "problem": ""}  # there is nothing left to read
        connection.execute(update(RECEIVED).where(RECEIVED.c.number == number).values(**values))
    return changed


def _rows(connection: Connection) -> Iterator[Any]:
    """Each post in its turn, one in memory at a time; those of which only a digest is left say nothing of anybody."""
    last = 0
    columns = (RECEIVED.c.number, RECEIVED.c.headers, RECEIVED.c.body, RECEIVED.c.problem, RECEIVED.c.done_at)
    while True:
        asked = select(RECEIVED.c.number).where(RECEIVED.c.number > last, RECEIVED.c.headers != "")
        page = connection.execute(asked.order_by(RECEIVED.c.number).limit(TOGETHER)).scalars().all()
        if not page:
            return
        for number in page:
            yield from connection.execute(select(*columns).where(RECEIVED.c.number == number))
        last = page[-1]
