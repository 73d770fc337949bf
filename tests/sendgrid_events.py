"""SendGrid's Event Webhook from the other side: what it tells of accepted mails, signed, and as badly as it may come.

`EventWebhook(url).send(events)` posts to a project as SendGrid does; `key` is what goes into sendgrid.events_key.
Events are made of the accepted lines of tests/sendgrid_server.py by `told`. `twice`, `in_any_order`, `in_many_posts`
and an `at` of yesterday are what SendGrid really does; `forged` is what others do.
"""

import json
from base64 import b64encode, urlsafe_b64encode
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random  # noqa: TID251  (tests may draw: the seed is given)
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, SECP256R1, EllipticCurvePrivateKey, generate_private_key
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

Event = dict[str, Any]
Post = tuple[bytes, Mapping[str, str]]
BOUND = 60.0  # seconds for an answer
PATH = "/in/sendgrid/events"
SIGNATURE, TIMESTAMP = "X-Twilio-Email-Event-Webhook-Signature", "X-Twilio-Email-Event-Webhook-Timestamp"
THEIRS = {"Content-Type": "application/json", "User-Agent": "SendGrid Event API"}
LATER = {name: timedelta(seconds=second) for second, name in enumerate(
    ("processed", "dropped", "deferred", "delivered", "bounce", "open", "click", "spamreport", "unsubscribe")
)}  # fmt: skip
MORE: Mapping[str, Event] = {
    "delivered": {"response": "250 OK"},
    "deferred": {"response": "451 4.7.1 try again later", "attempt": "1"},
    "bounce": {"type": "bounce", "reason": "550 5.1.1 no such user", "status": "5.1.1",
               "bounce_classification": "Invalid Address"},
    "dropped": {"reason": "Bounced Address", "status": "5.0.0"},
    "open": {"useragent": "Mozilla/5.0", "ip": "192.0.2.7", "sg_machine_open": False},
    "click": {"useragent": "Mozilla/5.0", "ip": "192.0.2.7", "url": "https://shop.example/beans?x=1"},
}  # fmt: skip


def told(line: Mapping[str, Any], *what: str, at: datetime) -> Iterator[Event]:
    """What SendGrid tells of one accepted mail: these events, the first at `at` and each a little later than before."""
    for name in what:
        happened = at + LATER[name]
        number = f"{name}-18487912-{line['id']}-{line['key'][:12]}"
        yield {
            "email": line["to"],
            "timestamp": int(happened.timestamp()),
            "event": name,
            "sg_event_id": urlsafe_b64encode(number.encode()).decode().rstrip("="),
            "sg_message_id": f"{line['id']}.recvd-5f54-1-6A21-0.0",
            "smtp-id": f"<{line['id']}@geopod-ismtpd-1>",
            "category": ["welcome"],
            "nv_send": line["key"],
            **MORE.get(name, {}),
        }


def twice(events: Sequence[Event]) -> list[Event]:
    """Every event two times, which is less than SendGrid was seen to do."""
    return [*events, *events]


def in_any_order(events: Sequence[Event], random: Random) -> list[Event]:
    """As they may arrive."""
    return random.sample(list(events), len(events))


def body_of(events: Iterable[Event]) -> bytes:
    """A post's body, with the line ends that SendGrid puts in, and signs."""
    return b"[" + b",\r\n".join(json.dumps(one).encode() for one in events) + b"\r\n]\r\n"


@dataclass(frozen=True)
class EventWebhook:
    """Posts to `url`/in/sendgrid/events, signed with a key of its own."""

    url: str
    private: EllipticCurvePrivateKey = field(default_factory=lambda: generate_private_key(SECP256R1()), repr=False)

    @property
    def key(self) -> str:
        """The public key as SendGrid shows it, for sendgrid.events_key."""
        public = self.private.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        return b64encode(public).decode()

    def signed(self, body: bytes, at: datetime) -> dict[str, str]:
        """The two headers that go with a body posted at an instant."""
        timestamp = str(int(at.timestamp()))
        made = self.private.sign(timestamp.encode() + body, ECDSA(SHA256()))
        return {SIGNATURE: b64encode(made).decode(), TIMESTAMP: timestamp}

    def send(self, events: Iterable[Event], at: datetime) -> int:
        """Post events, signed; the status that came back."""
        body = body_of(events)
        return self.post(body, self.signed(body, at))

    def in_many_posts(self, events: Sequence[Event], at: datetime, each: int = 7) -> set[int]:
        """So many events in a post; the statuses that came back."""
        return {self.send(events[first : first + each], at) for first in range(0, len(events), each)}

    def forgeries(self, events: Iterable[Event], at: datetime) -> list[Post]:
        """Posts that SendGrid never made: another's key, a changed body, a moved timestamp, no signature, nonsense."""
        body = body_of(events)
        genuine = self.signed(body, at)
        return [
            (body, EventWebhook(self.url).signed(body, at)),
            (body.replace(b'"event"', b'"event" ', 1), genuine),
            (body, genuine | {TIMESTAMP: str(int(at.timestamp()) + 1)}),
            (body, {TIMESTAMP: genuine[TIMESTAMP]}),
            (body, genuine | {SIGNATURE: "not base64!"}),
            (body, {}),
        ]

    def forged(self, events: Iterable[Event], at: datetime) -> set[int]:
        """The statuses that come back to forgeries."""
        return {self.post(body, headers) for body, headers in self.forgeries(events, at)}

    def post(self, body: bytes, headers: Mapping[str, str]) -> int:
        """Post these bytes; the status that came back."""
        import urllib.error
        import urllib.request

        whole = {**THEIRS, **headers}
        request = urllib.request.Request(f"{self.url}{PATH}", data=body, headers=whole)  # noqa: S310
        try:
            with urllib.request.urlopen(request, timeout=BOUND) as answer:  # noqa: S310  (loopback)
                return int(answer.status)
        except urllib.error.HTTPError as refusal:
            return refusal.code
