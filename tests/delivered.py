"""What SendGrid does after its 202, with real parts: a message, signed with DKIM, in a mailbox that is read by IMAP.

`as_message` makes of an accepted request (one personalization, after substitution) the message that it asks for, with
the standard library and nothing of nurture's. `Signer` signs it as a sender's domain does, and believes what it signed
through a DNS of its own. `mailbox` is mail-devel: SMTP and IMAP on loopback, in memory.
"""

import imaplib
import re
import smtplib
import socket
import subprocess
import sys
from base64 import b64decode, b64encode
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.headerregistry import Address
from email.message import EmailMessage
from typing import Any

import dkim
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from tests.daemons import BOUND, came_true, free_port

LONG_LINES = policy.SMTP.clone(max_line_length=998)  # headers on one line each: a token of a link is not torn
SIGNED = (
    "From", "To", "Reply-To", "Subject", "Date", "Message-ID", "List-Id", "List-Unsubscribe", "List-Unsubscribe-Post",
    "MIME-Version", "Content-Type",
)  # fmt: skip
WHO, PASSWORD = "test@example.org", "loopback"


def as_message(body: Mapping[str, Any], date: str) -> EmailMessage:
    """The message that an accepted request of one personalization asks for; `date` as RFC 5322 writes it."""
    (person,) = body["personalizations"]
    message = EmailMessage(policy=policy.SMTP)
    message["From"], message["To"] = party(body["from"]), party(person["to"][0])
    if "reply_to" in body:
        message["Reply-To"] = party(body["reply_to"])
    message["Subject"], message["Date"] = body["subject"], date
    for name, value in body.get("headers", {}).items():
        message[name] = value
    text, html = (part["value"] for part in body["content"])
    message.set_content(text, cte="quoted-printable")
    message.add_alternative(html, subtype="html", cte="quoted-printable")
    for one in body.get("attachments", ()):
        kind, _, subtype = one["type"].partition("/")
        page = message.get_payload()[1]
        page.add_related(
            b64decode(one["content"]), kind, subtype, cid=f"<{one['content_id']}>", filename=one["filename"]
        )
    return message


def party(one: Mapping[str, str]) -> Address:
    return Address(one.get("name", ""), addr_spec=one["email"])


@dataclass(frozen=True)
class Signer:
    """A domain with a key of its own and the DNS that tells it."""

    domain: str
    key: rsa.RSAPrivateKey = field(default_factory=lambda: rsa.generate_private_key(65537, 2048), repr=False)

    def signed(self, message: EmailMessage) -> bytes:
        """The message's bytes with a DKIM-Signature before them, over all that a mailbox provider looks at."""
        data = message.as_bytes(policy=LONG_LINES)
        there = [name.lower().encode() for name in SIGNED if name in message]
        pem = self.key.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption())
        return dkim.sign(data, b"s1", self.domain.encode(), pem, include_headers=there) + data

    def believed(self, data: bytes) -> bool:
        """Whether the signature of a received message fits it."""
        return bool(dkim.verify(data, dnsfunc=self.dns))

    def dns(self, name: bytes, **_: object) -> bytes:
        assert name == f"s1._domainkey.{self.domain}.".encode(), name
        public = self.key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        return b"v=DKIM1; k=rsa; p=" + b64encode(public)


def covered(message: EmailMessage) -> set[str]:
    """The headers that a message's signature covers: what stands in its h=."""
    found = re.search(r"\bh=([^;]+)", re.sub(r"\s+", "", str(message["DKIM-Signature"])))
    assert found, message["DKIM-Signature"]
    return set(found[1].lower().split(":"))


@dataclass(frozen=True)
class Mailbox:
    """mail-devel, at its two ports."""

    smtp: int
    imap: int

    def take(self, sender: str, reader: str, data: bytes) -> None:
        """Deliver one message by SMTP."""
        with smtplib.SMTP("127.0.0.1", self.smtp, timeout=BOUND) as way:
            assert way.sendmail(sender, [reader], data) == {}

    def raw(self) -> Sequence[bytes]:
        """Every message in it, as IMAP gives it out."""
        with imaplib.IMAP4("127.0.0.1", self.imap, timeout=BOUND) as box:
            box.login(WHO, PASSWORD)
            box.select(readonly=True)
            _, (numbers,) = box.search(None, "ALL")
            return [box.fetch(number.decode(), "(RFC822)")[1][0][1] for number in numbers.split()]


def read(data: bytes) -> EmailMessage:
    """A message as the standard library reads it."""
    message = message_from_bytes(data, policy=policy.default)
    assert isinstance(message, EmailMessage)
    return message


@contextmanager
def mailbox() -> Iterator[Mailbox]:
    """A mail server that takes whatever comes, and shows it by IMAP."""
    found, beside = Mailbox(free_port(), free_port()), free_port()
    ports = ["--smtp-port", found.smtp, "--imap-port", found.imap, "--smtps-port", beside]
    process = subprocess.Popen(
        [sys.executable, "-m", "mail_devel", "--host", "127.0.0.1", "--no-http", *map(str, ports),
         "--user", WHO, "--password", PASSWORD],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        up = came_true(lambda: process.poll() is not None or (listens(found.smtp) and listens(found.imap)), BOUND)
        assert up, "mail-devel did not come up"
        assert process.poll() is None, "mail-devel ended"
        yield found
    finally:
        process.terminate()
        process.wait(BOUND)


def listens(port: int) -> bool:
    with suppress(OSError), closing(socket.create_connection(("127.0.0.1", port), 1)):
        return True
    return False
