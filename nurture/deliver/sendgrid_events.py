"""What SendGrid's Event Webhook posts, as happenings: every kind of event, and nothing that it holds can break us.

Pure. Which fields there are and which may be missing: email.md 1.6; what each word means: docs/events.md.
"""

import json
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from hashlib import blake2b
from typing import Any
from urllib.parse import urlsplit

import orjson

from nurture.deliver.sendgrid_body import OUR_KEY
from nurture.deliver.sendgrid_bounces import bounce_of, dropped_because
from nurture.model.happening import By, Happened, Happening
from nurture.model.values import dataclass

PROVIDER = "sendgrid"
WORDS: Mapping[str, Happened] = {
    "processed": Happened.processed,
    "delivered": Happened.delivered,
    "deferred": Happened.deferred,
    "dropped": Happened.dropped,
    "bounce": Happened.bounced,
    "blocked": Happened.blocked,
    "open": Happened.opened,
    "click": Happened.clicked,
    "spamreport": Happened.complained,
    "unsubscribe": Happened.unsubscribed,
    "group_unsubscribe": Happened.unsubscribed,
}
NOT_OF_A_MAIL = frozenset({"group_resubscribe", "account_status_change"})
"""Known, and without effect: only a reader takes a refusal back, and an account's state is for its owner."""
OF_AN_ADDRESS = frozenset({Happened.bounced, Happened.dropped, Happened.complained, Happened.unsubscribed})
"""What counts although it is not of a mail of ours: it says something of the address, or a late bounce lost our key."""
EARLIEST, LATEST = 946_684_800, 4_102_444_800  # 2000 and 2100: seconds that are believed
ID, LINE, WORDY = 200, 320, 1_000  # characters that are kept of an id, of an address or a key, of words
_MOST_EVENTS = 20_000  # of one post; SendGrid's 768 KB hold about 2,000


@dataclass(frozen=True, slots=True)
class Unread:
    """An event that says nothing we understand: its place in the post, from 1, and why. It names nobody."""

    number: int
    because: str


@dataclass(frozen=True, slots=True)
class Told:
    """What one post told: what became of mails, what was not understood, and how many events mean nothing to us."""

    happenings: tuple[Happening, ...] = ()
    unread: tuple[Unread, ...] = ()
    ignored: int = 0


def read_events(body: bytes) -> Told:
    """Every event of a post; raises nothing, whatever the post holds."""
    try:
        events = _json(body)
    except (ValueError, RecursionError):
        return Told(unread=(Unread(0, "the post is no JSON"),))
    if isinstance(events, dict):
        events = [events]
    if not isinstance(events, list):
        return Told(unread=(Unread(0, "the post is no list of events"),))
    read = [_event(number, event) for number, event in enumerate(events[:_MOST_EVENTS], 1)]
    unread = [one for one in read if isinstance(one, Unread)]
    if len(events) > _MOST_EVENTS:
        unread.append(Unread(_MOST_EVENTS + 1, f"more than {_MOST_EVENTS:,} events in one post"))
    found = tuple(one for one in read if isinstance(one, Happening))
    return Told(found, tuple(unread), sum(one is None for one in read))


def _json(body: bytes) -> Any:
    """JSON as SendGrid writes it, quickly; and slowly where a single value of it holds half a character."""
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError:
        return json.loads(body.decode("utf-8", "replace"))


def _event(number: int, event: object) -> Happening | Unread | None:
    """One event; None for what means nothing to us."""
    if not isinstance(event, dict):
        return Unread(number, "an event that is no object")
    kind = _text(event, "event", LINE)
    what = WORDS.get(kind)
    if kind in NOT_OF_A_MAIL:
        return None
    if what is None:
        return Unread(
            number, f"an event of a kind that is not known: {kind[:40]!r}" if kind else "an event without a kind"
        )
    if what is Happened.bounced and _text(event, "type", LINE) == "blocked":
        what = Happened.blocked
    key = _text(event, OUR_KEY, LINE)
    if not key and what not in OF_AN_ADDRESS:
        return None
    at = _instant(event.get("timestamp"))
    if at is None:
        return Unread(number, f"{kind} without a time")
    address = _text(event, "email", LINE)
    if not key and "@" not in address:
        return Unread(number, f"{kind} that names neither a mail nor an address")
    return _happening(event, kind, what, at, key, address)


def _happening(
    event: Mapping[str, object], kind: str, what: Happened, at: datetime, key: str, address: str
) -> Happening:
    because = _because(event, what)
    dropped = dropped_because(because) if what is Happened.dropped else None
    return Happening(
        id=f"{PROVIDER}:{kind}:{_id(event)}",
        what=what,
        at=at,
        provider=PROVIDER,
        key=key,
        address=address,
        message=_text(event, "sg_message_id", LINE),
        bounce=dropped.bounce if dropped else bounce_of(what, because, _text(event, "bounce_classification", LINE)),
        detail=because,
        link=without_query(_text(event, "url", 4 * WORDY)),
        by=By.machine if event.get("sg_machine_open") is True else By.unknown,
        known=dropped.known if dropped else None,
    )


def _because(event: Mapping[str, object], what: Happened) -> str:
    """The provider's words: why, with the status in front that the words may lack; of a click, who followed it."""
    if what in (Happened.opened, Happened.clicked):
        return _text(event, "useragent", WORDY)
    words = _text(event, "reason", WORDY) or _text(event, "response", WORDY)
    status = _text(event, "status", 20)
    return f"{status} {words}".strip() if status and status not in words else words


def _text(event: Mapping[str, object], name: str, most: int) -> str:
    """A field as one line of text that every database takes; empty for one that is missing or no text."""
    value = event.get(name)
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value) if abs(value) < 10**15 else ""
    if not isinstance(value, str):
        return ""
    clean = value[: 2 * most]
    if not clean.isprintable():
        clean = clean.encode("utf-8", "replace").decode("utf-8", "replace")
        clean = "".join(sign if sign.isprintable() else " " for sign in clean)
    return " ".join(clean.split())[:most]


def _instant(value: object) -> datetime | None:
    """Seconds since 1970, also as text or with a fraction, as an instant."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        seconds = float(value)
    except (ValueError, OverflowError):
        return None
    return datetime.fromtimestamp(seconds, UTC) if EARLIEST <= seconds <= LATEST else None


def _id(event: Mapping[str, object]) -> str:
    """SendGrid's own id of an event, which a repeated post repeats; without one, what it says is its id."""
    told = event.get("sg_event_id")
    if isinstance(told, str) and 0 < len(told) <= ID and told.isascii() and told.isprintable():
        return told
    said = json.dumps(event, sort_keys=True, default=str)
    return "said-" + blake2b(said.encode("utf-8", "replace"), digest_size=16).hexdigest()


def without_query(link: str) -> str:
    """An address without what may name its reader: query, fragment, name and password; empty when it is none."""
    try:
        parts = urlsplit(link)
        host = parts.hostname or ""
    except ValueError:
        return ""
    return f"{parts.scheme}://{host}{parts.path}"[:WORDY] if host and parts.scheme in ("http", "https") else ""


def counted(unread: tuple[Unread, ...]) -> Iterator[str]:
    """What was not understood in words, each reason once with its count."""
    reasons = [one.because for one in unread]
    for because in dict.fromkeys(reasons):
        yield f"{because} ({reasons.count(because):,})"
