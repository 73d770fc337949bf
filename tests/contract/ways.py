"""The three ways out before the same tests: how to reach each, what arrived there, and how to make it fail."""

import asyncio
import base64
import email
import email.policy
import email.utils
import threading
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.header import decode_header, make_header
from pathlib import Path
from typing import Any

from aiosmtpd.smtp import SMTP

from nurture.deliver.folder import Folder
from nurture.deliver.sendgrid import SendGrid
from nurture.deliver.smtp import Smtp
from tests.sendgrid_server import KEY, SendGridServer, sendgrid
from tests.sockets import all_accepted

NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)


@dataclass(frozen=True)
class Got:
    """A mail as it arrived."""

    to: tuple[str, str]
    sender: tuple[str, str]
    reply_to: str
    subject: str
    text: str
    html: str
    headers: dict[str, str]
    images: tuple[tuple[str, str, str, bytes], ...]


@dataclass
class Way:
    """One way out: new providers for it, what arrived, and a fault for the next mail."""

    name: str
    provider: Callable[[], Any]
    got: Callable[[], list[Got]]
    fail: Callable[[str], None]
    secret: str = ""
    mend: Callable[[], None] = field(default=lambda: None)


def one_way(name: str, tmp_path: Path) -> Any:
    """A context manager that has the way."""
    return {"folder": folder_way, "smtp": smtp_way, "sendgrid": sendgrid_way}[name](tmp_path)


@contextmanager
def folder_way(tmp_path: Path) -> Iterator[Way]:
    """A folder, which can only be in the way of itself."""
    box = tmp_path / "box"

    def got() -> list[Got]:
        return [read_message(file.read_bytes()) for file in sorted(box.iterdir())] if box.is_dir() else []

    def fail(name: str) -> None:
        assert name == "a file in the way"
        box.write_text("in the way")

    yield Way("folder", lambda: Folder(box), got, fail, mend=box.unlink)


@contextmanager
def sendgrid_way(tmp_path: Path) -> Iterator[Way]:
    """The project's own server in SendGrid's shape."""
    with sendgrid() as server:

        def provider() -> SendGrid:
            return SendGrid(server.url, KEY, lambda: NOW, 5, answer_within=1)

        def got() -> list[Got]:
            assert server.refused == []
            return [read_body(line["body"]) for line in server.accepted]

        yield Way("sendgrid", provider, got, server.fail, KEY)


@contextmanager
def smtp_way(tmp_path: Path) -> Iterator[Way]:
    """A real SMTP server on loopback."""
    with mail_server() as (port, inbox):

        def provider() -> Smtp:
            return Smtp("127.0.0.1", port, "none", "", "", lambda: NOW, 3, 2.0)

        yield Way("smtp", provider, lambda: [read_message(data) for data in inbox.mails], inbox.fail)


class Inbox:
    """What an SMTP server took; `faults` are answers to the next mails: "VERB answer", "cut" and "cut unheard"."""

    def __init__(self) -> None:
        self.mails: list[bytes] = []
        self.faults: deque[str] = deque()
        self.secured: list[bool] = []

    def fail(self, fault: str) -> None:
        self.faults.append(fault)

    def answer(self, verb: str) -> str:
        """The fault that is due for this verb, or nothing."""
        if self.faults and self.faults[0].partition(" ")[0] == verb:
            return self.faults.popleft().partition(" ")[2]
        return ""

    async def handle_MAIL(self, server: SMTP, session: Any, envelope: Any, address: str, options: Any) -> str:  # noqa: ARG002, N802
        envelope.mail_from = address
        return self.answer("MAIL") or "250 OK"

    async def handle_RCPT(self, server: SMTP, session: Any, envelope: Any, address: str, options: Any) -> str:  # noqa: ARG002, N802
        refused = self.answer("RCPT")
        if not refused:
            envelope.rcpt_tos.append(address)
        return refused or "250 OK"

    async def handle_DATA(self, server: SMTP, session: Any, envelope: Any) -> str:  # noqa: N802
        refused = self.answer("DATA")
        if refused:
            return refused
        cut = self.answer("cut")
        if cut != "unheard":
            self.mails.append(envelope.content)
            self.secured.append(session.ssl is not None or server.transport.get_extra_info("sslcontext") is not None)
        if cut:
            server.transport.abort()
        return "250 2.0.0 queued"


@contextmanager
def mail_server(implicit_tls: Any = None, **options: Any) -> Iterator[tuple[int, Inbox]]:
    """A server of aiosmtpd in a thread: its port, and what it took."""
    inbox = Inbox()
    loop = asyncio.new_event_loop()
    until = asyncio.Event()
    ports: list[int] = []
    lines: list[tuple[Any, Any]] = []
    up = threading.Event()

    class Watched(SMTP):
        """aiosmtpd forgets connections that are not closed yet."""

        def connection_made(self, transport: Any) -> None:
            lines.append((transport, transport.get_extra_info("socket")))
            super().connection_made(transport)

    async def serve() -> None:
        server = await loop.create_server(
            lambda: Watched(inbox, hostname="mail.example", loop=loop, **options), "127.0.0.1", 0, ssl=implicit_tls
        )
        ports.append(server.sockets[0].getsockname()[1])
        up.set()
        await until.wait()
        await all_accepted()
        server.close()
        async with asyncio.timeout(10):
            while any(connection.fileno() >= 0 for _, connection in lines):
                for transport, _ in lines:
                    transport.abort()
                await asyncio.sleep(0.001)
        await server.wait_closed()

    def run() -> None:
        with asyncio.Runner(loop_factory=lambda: loop) as runner:
            runner.run(serve())

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    assert up.wait(10), "the mail server did not come up"
    try:
        yield ports[0], inbox
    finally:
        loop.call_soon_threadsafe(until.set)
        thread.join(10)


def read_message(data: bytes) -> Got:
    """A message in Internet form, as a mail program reads it."""
    message = email.message_from_bytes(data, policy=email.policy.default)
    plain = email.message_from_bytes(data)  # reads long names in encoded words rightly, which the newer one does not

    def person(name: str) -> tuple[str, str]:
        shown, address = email.utils.parseaddr(plain.get(name, ""))
        return str(make_header(decode_header(shown))), address

    parts = {part.get_content_type(): part for part in message.walk()}
    texts = {kind: parts[f"text/{kind}"].get_content().replace("\r\n", "\n") for kind in ("plain", "html")}
    images = tuple(
        (part["Content-ID"].strip("<>"), part.get_content_type(), part.get_filename(), part.get_content())
        for part in message.walk()
        if part.get_content_maintype() == "image"
    )
    subject = str(make_header(decode_header(plain["Subject"])))
    headers = {name.lower(): " ".join(value.split()) for name, value in plain.items()}
    return Got(
        person("To"), person("From"), person("Reply-To")[1], subject, texts["plain"], texts["html"], headers, images
    )


def read_body(body: dict[str, Any]) -> Got:
    """A request to SendGrid."""
    (one,) = body["personalizations"]
    (to,) = one["to"]
    content = {part["type"]: part["value"].replace("\r\n", "\n") for part in body["content"]}
    images = tuple(
        (part["content_id"], part["type"], part["filename"], base64.b64decode(part["content"]))
        for part in body.get("attachments", [])
    )
    return Got(
        (to.get("name", ""), to["email"]),
        (body["from"].get("name", ""), body["from"]["email"]),
        body.get("reply_to", {}).get("email", ""),
        body["subject"],
        content["text/plain"],
        content["text/html"],
        {name.lower(): value for name, value in body.get("headers", {}).items()},
        images,
    )


__all__ = ["NOW", "Got", "SendGridServer", "Way", "mail_server", "one_way"]
