"""The journal: one row for each decision that changed something, with the digest of the very bytes it wrote.

With the events and the applied files it is enough to take every decision again (`nurture replay`). What is not an
event and flows into a person between two decisions is in the row: from when on they were decided, which events
could be seen, and which of their mails had never left.
"""

from collections.abc import Iterable, Sequence
from hashlib import blake2b
from operator import attrgetter, itemgetter
from typing import Any

from nurture.model.decision import Decision
from nurture.model.person import Message
from nurture.store.codec import maybe_micros, micros
from nurture.store.database import bucket
from nurture.store.load import Loaded
from nurture.store.page import Rows

Row = dict[str, Any]
DIGEST = 16  # bytes: two texts that are not the same meet once in 10**19
NO_DIGEST = b""
PARTS = (
    "events", "reasons", "messages", "planned", "drafts", "tasks", "webhooks", "started", "moved", "consents",
    "cancelled", "clicked", "addresses",
)  # fmt: skip
"""What a decision writes beside the person, in the order of the digest; the lists of `page.Rows`."""
parts_of = attrgetter(*PARTS)
_OF_PERSON = itemgetter(
    "state", "facts", "tags", "zone", "stage", "orders_count", "orders_first_at", "orders_last_at", "orders_total"
)
_REASONS = PARTS.index("reasons")
_NOTHING: list[Any] = []


def reach(rows: Rows) -> tuple[int, ...]:
    """How far a page's lists have come, to find later what one decision added."""
    return tuple(map(len, parts_of(rows)))


def journal(rows: Rows, before: tuple[int, ...], decision: Decision, old: Loaded, basis: int) -> None:
    """Add the row of the decision whose rows are the last of the page; none when it found all as it was."""
    written = [
        part[start:] if len(part) > start else _NOTHING for part, start in zip(parts_of(rows), before, strict=True)
    ]
    person = rows.people[-1]
    if not (old.arrived or any(written) or _moved(person, old)):
        return
    digest = digest_of(person, maybe_micros(decision.agenda), written)
    rows.journal.append(_row(old, micros(decision.person.asof), basis, digest))


def not_decided(old: Loaded) -> Row:
    """The row of what was written over a person by no decision, as `rebuild` mends them: it ends what can be replayed.

    `old` is as they stood before.
    """
    return _row(old, micros(old.person.asof), 0, NO_DIGEST)


def _row(old: Loaded, at: int, basis: int, digest: bytes) -> Row:
    return {
        "person": old.person.id,
        "bucket": bucket(old.person.id),
        "at": at,
        "since": micros(old.person.asof),
        "upto": old.horizon,
        "mails": len(old.person.messages),
        "gone": gone_text(old.person.messages),
        "basis": basis,
        "digest": digest,
    }


def _moved(person: Row, old: Loaded) -> bool:
    return bool(
        person["state"] != old.state
        or person["facts"] != old.facts
        or person["tags"] != old.tags
        or person["zone"] != old.zone
    )


def digest_of(person: Row, agenda: int | None, written: Sequence[Sequence[Any]]) -> bytes:
    """The digest of everything that a decision writes, but for the number of its basis."""
    said = [[[*row.values()] if type(row) is dict else row for row in part] if part else _NOTHING for part in written]
    said[_REASONS] = [reason[:-1] for reason in written[_REASONS]]
    return blake2b(repr((_OF_PERSON(person), agenda, said)).encode(), digest_size=DIGEST).digest()


def gone_text(messages: Iterable[Message]) -> str:
    """Which of a person's mails never left, by their place among all, as text: `0 3`."""
    return " ".join([str(place) for place, one in enumerate(messages) if one.cancelled])
