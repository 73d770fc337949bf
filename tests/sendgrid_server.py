"""A server in SendGrid's shape on loopback: takes mails as it does, and fails in the ways that it can.

Each personalization is a mail of its own in `accepted` and in the log, after substitution as SendGrid does it.

In a test: `with sendgrid() as server`, then `server.url`, `server.accepted`, `server.fail("503", "late:0.2")`.
As a program: `python -m tests.sendgrid_server --port 0 --log FILE`, which prints its port. While it runs, POST /control
takes {"faults": ["lost_answer", …], "always": "503"}: each request uses up one fault, then `always` holds;
"forget": true drops the faults that were left. "unwanted": [address, …] are refused by their place in a request or,
with "vague": true, without a word on whose fault it was; "largest" is the size of a body, in bytes, from which on
nginx says 413. GET /control counts. Every mail it accepts is a line of the log, on the disk before the answer leaves.

The faults, and lies, are told in tests/sendgrid_faults.py. With --events URL it tells a project there what became of
the mails (tests/sendgrid_teller.py); beside the log lie the notes: mails that it said it took and did not, and those
whose events somebody took.
"""

import argparse
import asyncio
import os
import signal
import ssl
import threading
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

import orjson
from aiohttp import web

from tests.sendgrid_faults import UNTAKEN, accepts, answered, error, failed, html
from tests.sendgrid_rules import Fault, against_the_document, against_the_pages, published
from tests.sockets import all_accepted

if TYPE_CHECKING:
    from tests.sendgrid_teller import Teller

KEY = "SG.loopback"
LARGEST = 30_000_000
NESTED = 4  # levels of tags in values, as SendGrid has it
Line = dict[str, Any]


def now() -> datetime:
    """This server stands for another company's: it has a clock of its own."""
    return datetime.now(UTC)  # noqa: TID251


class Log:
    """Lines on the disk; many that arrive at once share one flush."""

    def __init__(self, file: BinaryIO | None) -> None:
        self.file = file
        self.waiting: list[tuple[bytes, asyncio.Future[None]]] = []
        self.task: asyncio.Task[None] | None = None

    async def add(self, lines: list[Line]) -> None:
        """Returns when the lines are on the disk."""
        if self.file is None:
            return
        written = asyncio.get_running_loop().create_future()
        self.waiting.append((b"".join(orjson.dumps(line) + b"\n" for line in lines), written))
        if self.task is None or self.task.done():
            self.task = asyncio.create_task(self._flush())
        await written

    async def _flush(self) -> None:
        while self.waiting:
            now_written, self.waiting = self.waiting, []
            await asyncio.to_thread(self._write, b"".join(data for data, _ in now_written))
            for _, written in now_written:
                if not written.done():  # its request may be gone
                    written.set_result(None)

    def _write(self, data: bytes) -> None:
        assert self.file is not None
        self.file.write(data)
        self.file.flush()
        os.fsync(self.file.fileno())


CONFIG = """
[provider]
name = "sendgrid"
[sendgrid]
url = "{url}"
key_env = "SENDGRID_KEY"
[web]
url = "https://mail.shop.example"
"""
"""The config.toml of a shop that sends through it."""


class SendGridServer:
    """The state of one server: what it accepted, and how it will fail.

    `validate`: every how many requests are held against the published document (376 µs each); the limits of
    SendGrid's pages are checked on all. 0 is never.
    """

    def __init__(
        self,
        log: Log,
        key: str = KEY,
        validate: int = 1,
        bodies: bool = False,
        latency: float = 0.0,
        tls: ssl.SSLContext | None = None,
        teller: "Teller | None" = None,
    ) -> None:
        self.log, self.key, self.validate, self.bodies, self.latency = log, key, validate, bodies, latency
        self.tls, self.teller = tls, teller
        self.validator = published()
        self.faults: deque[str] = deque()
        self.always = ""
        self.accepted: list[Line] = []
        self.requests = 0
        self.refused: list[Fault] = []
        self.unwanted: set[str] = set()
        self.vague = False
        self.largest = LARGEST
        self.bytes = 0
        self.url = ""
        self.host = "127.0.0.1"

    def fail(self, *faults: str) -> None:
        """The next requests fail so, one each."""
        self.faults.extend(faults)

    async def handle(self, request: web.BaseRequest) -> web.StreamResponse:
        """One request, with its fault when one is due."""
        if request.path == "/control":
            return await self.control(request)
        if request.method == "GET":  # its lists, of which it has none: faults are for mails
            return await self.taken(request)
        self.requests += 1
        name, _, value = (self.faults.popleft() if self.faults else self.always).partition(":")
        if self.latency:
            await asyncio.sleep(self.latency)
        if not accepts(name):
            await self.not_taken(request, name)
            return await failed(request, name, float(value or 0), now())
        return await answered(request, name, float(value or 0), await self.taken(request))

    async def not_taken(self, request: web.BaseRequest, name: str) -> None:
        """Note whom a lie was told about before it is told, and let a forger know of mails that nobody took."""
        if self.teller is None or name == "close_before":
            return
        lines = self.lines(orjson.loads(await request.read()))
        self.teller.took_not(lines)
        if name in UNTAKEN:
            self.teller.note(untaken=lines)

    def took_before(self, log: Path) -> None:
        """What an earlier server wrote into its log is told of again, and its numbers are not given twice."""
        lines = [orjson.loads(line) for line in log.read_bytes().splitlines()]
        self.requests = len(lines)
        if self.teller is not None:
            self.teller.took(lines)

    async def control(self, request: web.BaseRequest) -> web.Response:
        """What a test in another process asks for."""
        if request.method == "POST":
            wanted = orjson.loads(await request.read())
            if wanted.get("forget"):
                self.faults.clear()
            self.fail(*wanted.get("faults", []))
            self.always = wanted.get("always", self.always)
            self.unwanted |= set(wanted.get("unwanted", []))
            self.vague = wanted.get("vague", self.vague)
            self.largest = wanted.get("largest", self.largest)
        counts: Line = {"requests": self.requests, "accepted": len(self.accepted), "bytes": self.bytes}
        counts |= {"refused": self.refused[:10], **(self.teller.counts() if self.teller else {})}
        return web.json_response({**counts, "faults": list(self.faults), "always": self.always})

    async def taken(self, request: web.BaseRequest) -> web.Response:
        """A request as SendGrid takes it: 202 and on the disk, or the reason."""
        if request.headers.get("Authorization") != f"Bearer {self.key}":
            return error(401)
        if request.path != "/v3/mail/send" or request.method != "POST":
            return error(404 if request.path != "/v3/mail/send" else 405)
        data = await request.read()
        if len(data) >= self.largest:
            return html(413)
        body, faults = self.judged(request, data)
        if faults:
            self.refused += faults
            return error(400, faults)
        if unwanted := self.disliked(body):
            return error(400, unwanted)
        self.bytes += len(data)
        lines = self.lines(body)
        self.accepted += lines
        await self.log.add(lines)
        if self.teller is not None:
            self.teller.took(lines)
        return web.Response(status=202, headers={"X-Message-Id": lines[0]["id"]})

    def lines(self, body: Any) -> list[Line]:
        """A line for each mail of a request."""
        return [self.line(f"loopback{self.requests:014}", body, one) for one in body["personalizations"]]

    def disliked(self, body: Any) -> list[Fault]:
        """Addresses that this server will not have: each by its place, or vaguely."""
        places = [n for n, one in enumerate(body["personalizations"]) if one["to"][0]["email"] in self.unwanted]
        if self.vague and places:
            return [("Bad Request", None)]
        return [("Does not contain a valid address.", f"personalizations.{place}.to.0.email") for place in places]

    def judged(self, request: web.BaseRequest, data: bytes) -> tuple[Any, list[Fault]]:
        """The body, and what is wrong with it."""
        try:
            body = orjson.loads(data)
        except orjson.JSONDecodeError:
            return None, [("Bad Request", None)]
        if request.headers.get("Content-Type", "").partition(";")[0] != "application/json":
            return None, [("Content-Type should be application/json.", None)]
        faults: list[Fault] = []
        if self.validate and (self.requests - 1) % self.validate == 0:
            faults += against_the_document(self.validator, body)
        try:
            return body, faults or list(against_the_pages(body, now()))
        except (KeyError, TypeError, AttributeError):  # not the document's shape, and not its turn to be held to it
            return body, list(against_the_document(self.validator, body))

    def line(self, number: str, body: Any, person: Any) -> Line:
        """What is kept of an accepted mail; where bodies are kept, with its own: as if it had been posted alone."""
        own = person.get("substitutions", {})
        headers = {**body.get("headers", {}), **person.get("headers", {})}
        subject = substituted(person.get("subject") or body.get("subject", ""), own)
        kept = {
            "id": number,
            "at": now().isoformat(),
            "key": person.get("custom_args", {}).get("nv_send", ""),
            "to": person["to"][0]["email"],
            "subject": subject,
            "message_id": headers.get("Message-ID", ""),
        }
        if not self.bodies:
            return kept
        content = [{**part, "value": substituted(part["value"], own)} for part in body.get("content", [])]
        alone = {"personalizations": [person], "subject": subject, "content": content}
        return {**kept, "body": {**body, **alone, **({"headers": headers} if headers else {})}}


def substituted(text: str, values: dict[str, str]) -> str:
    """A text after substitution, one value after the other, and again while what was put in holds tags itself."""
    for _ in range(NESTED):
        before = text
        for tag, value in values.items():
            text = text.replace(tag, value)
        if text == before:
            break
    return text


async def serve(server: SendGridServer, port: int, ready: Callable[[int], None], until: asyncio.Event) -> None:
    """Serve, on loopback where nothing else is said, until told to stop."""
    loop = asyncio.get_running_loop()

    def request(message: Any, payload: Any, protocol: Any, writer: Any, task: Any) -> web.BaseRequest:
        return web.BaseRequest(message, payload, protocol, writer, task, loop, client_max_size=2 * LARGEST)

    front = web.Server(server.handle, request_factory=request, access_log=None)
    runner = web.ServerRunner(front, shutdown_timeout=1)
    await runner.setup()
    site = web.TCPSite(runner, server.host, port, backlog=1024, ssl_context=server.tls)
    await site.start()
    server.url = f"http{'s' if server.tls else ''}://{server.host}:{runner.addresses[0][1]}"
    telling = asyncio.create_task(server.teller.tell()) if server.teller else None
    ready(runner.addresses[0][1])
    await until.wait()
    if telling is not None:
        telling.cancel()
    await all_accepted()
    await runner.cleanup()


@contextmanager
def sendgrid(kind: Callable[..., SendGridServer] = SendGridServer, **options: Any) -> Iterator[SendGridServer]:
    """A server in a thread of this process, that keeps whole bodies and no log."""
    server = kind(Log(None), **{"bodies": True, **options})
    up = threading.Event()
    loop = asyncio.new_event_loop()
    until = asyncio.Event()

    def run() -> None:
        with asyncio.Runner(loop_factory=lambda: loop) as runner:
            runner.run(serve(server, 0, lambda _: up.set(), until))

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    assert up.wait(10), "the SendGrid-shaped server did not come up"
    try:
        yield server
    finally:
        loop.call_soon_threadsafe(until.set)
        thread.join(10)


def main() -> None:
    """The program."""
    parser = argparse.ArgumentParser(description="a server in SendGrid's shape, on loopback")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--log", type=Path, help="a line of JSON for each accepted mail")
    parser.add_argument("--key", default=KEY)
    parser.add_argument("--validate", type=int, default=1, help="hold every Nth body against the document; 0: none")
    parser.add_argument("--bodies", action="store_true", help="keep whole bodies")
    parser.add_argument("--latency", type=float, default=0.0, help="seconds before each answer")
    parser.add_argument("--events", default="", help="the project's web part, to be told what became of the mails")
    parser.add_argument("--host", default="127.0.0.1", help="of a network of the tests' own (tests/hosts.py)")
    parser.add_argument("--certificate", type=Path, help="and its key in one file: it speaks https")
    asked = parser.parse_args()
    file = asked.log.open("ab") if asked.log else None
    server = SendGridServer(Log(file), asked.key, asked.validate, asked.bodies, asked.latency)
    server.host = asked.host
    if asked.certificate:
        server.tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        server.tls.load_cert_chain(asked.certificate)
    if asked.events:
        from tests.sendgrid_teller import Teller

        server.teller = Teller(asked.events, asked.log.with_suffix(".notes").open("ab"))
        server.took_before(asked.log)

    async def run() -> None:
        until = asyncio.Event()
        for name in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(name, until.set)
        await serve(server, asked.port, lambda port: print(port, flush=True), until)

    with suppress(KeyboardInterrupt):
        asyncio.run(run())


if __name__ == "__main__":
    main()
