"""Bounces that come back as mails (RFC 3464), believed only of a mail that we sent, to the address they name."""

from collections.abc import Iterator
from datetime import datetime
from hashlib import sha256

from nurture.deliver.delivery_status import Reported, reported
from nurture.deliver.form import parts
from nurture.engine.workshop import Workshop
from nurture.model.happening import Happening
from nurture.store.outbox_rows import intents
from nurture.store.received import Received

POSTED = "sendgrid.mail"
REPORT = "multipart/report"


def take_report(shop: Workshop, raw: Received, now: datetime) -> int:
    """Keep what a report says of our mails; how many it is about. A second time nothing changes."""
    told = list(happenings(shop, reported(mail_of(raw)), raw.at))
    if told:
        shop.store.happenings.take(told, now)
    return len(told)


def mail_of(raw: Received) -> bytes:
    """The raw mail of a post; empty where it was posted already taken apart."""
    if raw.source != POSTED:
        return raw.body
    return parts(raw.headers.get("Content-Type", ""), raw.body).get("email", b"")


def happenings(shop: Workshop, told: tuple[Reported, ...], at: datetime) -> Iterator[Happening]:
    """What is believed of it.

    A send key is known only to its reader and the servers on its way: a report without one, or of another address than
    the mail went to, proves nothing.
    """
    keys = {one.message.partition("@")[0] for one in told}
    with shop.store.database.reading() as connection:
        known = intents(connection, sorted(keys)) if keys else {}
    for one in told:
        mail = known.get(one.message.partition("@")[0])
        if mail is None or mail.address.casefold() != one.address:
            continue
        words = sha256(one.words.encode()).hexdigest()[:16]
        yield Happening(
            f"report:{mail.key}:{one.what.value}:{words}", one.what, at, shop.provider.name, mail.key, mail.address,
            bounce=one.bounce, detail=one.words,
        )  # fmt: skip
