"""A bounce that comes back as a mail: a delivery status notification (RFC 3464), read as what became of one mail.

Anybody can write one. So it says which of our mails it is about, by the Message-ID of what it returns: whoever believes
it asks whether we sent that mail, and to that address. Pure, bounded, raises nothing.
"""

import re
from collections.abc import Iterator
from email.message import Message
from email.parser import BytesParser
from email.policy import compat32

from nurture.deliver.plain import LONGEST_WORDS
from nurture.model.happening import Bounce, Happened
from nurture.model.refusing_us import address_gone, against_us
from nurture.model.values import dataclass

LONGEST = 256 * 1024  # bytes of a report that are read; what it returns of our mail comes last
MOST_PARTS, MOST_READERS = 20, 100
WHAT = {"failed": Happened.bounced, "delayed": Happened.deferred, "delivered": Happened.delivered}
_ID = re.compile(r"(?im)^message-id:\s*<([^<>\s]{1,300})>")
_ADDRESS = re.compile(r"[^@\s<>,;\"()]{1,64}@[^@\s<>,;\"()]{1,190}")
_STATUS = re.compile(r"[245]\.\d{1,3}\.\d{1,3}")


@dataclass(frozen=True, slots=True)
class Reported:
    """What a report says of one reader of one mail: `message` is our id of it, `words` are the server's."""

    address: str
    what: Happened
    words: str
    message: str
    bounce: Bounce | None = None


def reported(raw: bytes) -> tuple[Reported, ...]:
    """What a mail reports, for each of its readers; nothing when it is no report, or does not say of which mail."""
    try:
        return tuple(_reported(BytesParser(policy=compat32).parsebytes(raw[:LONGEST])))
    except Exception:  # noqa: BLE001  (the library stumbles over hostile mails in more ways than can be named)
        return ()


def _reported(mail: Message) -> Iterator[Reported]:
    if mail.get_content_type() != "multipart/report" or not mail.is_multipart():
        return
    parts = [part for part in mail.get_payload() if isinstance(part, Message)][:MOST_PARTS]
    status = next((part for part in parts if part.get_content_type() == "message/delivery-status"), None)
    message = next(filter(None, map(_returned, parts)), "")
    if status is None or not status.is_multipart() or not message:
        return
    groups = [one for one in status.get_payload() if isinstance(one, Message)]
    for group in groups[:MOST_READERS]:
        if (found := _of_reader(group, message)) is not None:
            yield found


def _returned(part: Message) -> str:
    """The Message-ID of our mail, from what is returned of it: the whole of it, or its headers."""
    kind = part.get_content_type()
    if kind == "message/rfc822" and part.is_multipart():
        text = "".join(f"Message-ID: {inner.get('Message-ID', '')}\n" for inner in part.walk() if inner is not part)
    elif kind in ("text/rfc822-headers", "message/global-headers"):
        body = part.get_payload(decode=True)
        text = body.decode("utf-8", "replace") if isinstance(body, bytes) else ""
    else:
        return ""
    found = _ID.search(text)
    return found[1] if found else ""


def _of_reader(group: Message, message: str) -> Reported | None:
    """One group of fields; None for the first, which is about the report, and for an action that says nothing."""
    what = WHAT.get(str(group.get("Action", "")).strip().casefold())
    named = group.get("Original-Recipient") or group.get("Final-Recipient")
    address = _ADDRESS.search(str(named or "").partition(";")[2] or str(named or ""))
    if what is None or address is None:
        return None
    status = _STATUS.search(str(group.get("Status", "")))
    said = " ".join(f"{status[0] if status else ''} {group.get('Diagnostic-Code', '')}".split())[:LONGEST_WORDS]
    if what is not Happened.bounced:
        return Reported(address[0].casefold(), what, said, message)
    if against_us(said) is not None:
        return Reported(address[0].casefold(), Happened.blocked, said, message, Bounce.refused_us)
    bounce = Bounce.hard if address_gone(said) else Bounce.soft
    return Reported(address[0].casefold(), what, said, message, bounce)
