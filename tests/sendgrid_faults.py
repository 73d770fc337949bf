"""How the SendGrid-shaped server fails, and lies: tests/sendgrid_server.py asks here what a fault's answer is.

| fault | accepted | what the client sees |
|---|---|---|
| late:S | yes | the answer after S seconds |
| lost_answer | yes | the connection ends without an answer |
| half | yes | half a status line, then the end |
| 500_after_accept, and any other status so | yes | that status in SendGrid's form; 502 is a page of nginx |
| wrong_body, html_after_accept | yes | 202 with a body that says otherwise, or a web page; and no X-Message-Id |
| close_before, close_after, reset | no | the end before, or after, the body was read; a reset |
| 400, 401, 403, 500, 503, 302 | no | that status in SendGrid's form |
| 413_html, 502_html | no | nginx's page |
| 429_epoch:S, 429_seconds:S, 429_retry_after:S | no | 429, with X-RateLimit-Reset in both forms, or Retry-After |
| sandbox, 202_untaken | no | 200; 202 with an X-Message-Id |
| 200_html | no | 200, a web page |

A 4xx or 429 after accepting is a lie that nobody can see through: what is refused goes in pieces, what shall wait goes
again. All others leave a mail accepted once, or in doubt, or (202_untaken, sandbox) believed to have gone.
"""

import asyncio
import re
import socket
import struct
from datetime import datetime
from typing import Any

from aiohttp import web

from tests.sendgrid_rules import Fault

WORDS = {
    400: "Bad Request",
    401: "The provided authorization grant is invalid, expired, or revoked",
    403: "The from address does not match a verified Sender Identity.",
    429: "too many requests",
}
PAGES = {
    200: "Welcome to nginx!",
    202: "Welcome to nginx!",
    413: "413 Request Entity Too Large",
    502: "502 Bad Gateway",
}
NGINX = "<html>\r\n<head><title>{0}</title></head>\r\n<body><h1>{0}</h1>nginx</body>\r\n</html>\r\n"
UNTAKEN = frozenset({"sandbox", "202_untaken"})
"""What says that a mail went, which did not."""
AFTER_ACCEPTING = frozenset({"late", "lost_answer", "half", "wrong_body"})


def accepts(name: str) -> bool:
    """Whether a request with this fault is taken all the same."""
    return not name or name in AFTER_ACCEPTING or name.endswith("_after_accept")


async def failed(request: web.BaseRequest, name: str, value: float, now: datetime) -> web.Response:
    """The answer to a request that is not accepted."""
    if name != "close_before":
        await request.read()
    if name in ("close_before", "close_after", "reset"):
        if name == "reset":
            end_with_a_reset(request)
        transport_of(request).abort()
        return web.Response()
    if name in UNTAKEN:
        number = {"X-Message-Id": f"untaken{now.timestamp():.6f}"} if name != "sandbox" else {}
        return web.Response(status=200 if name == "sandbox" else 202, headers=number)
    if name == "302":
        return web.Response(status=302, headers={"Location": "/elsewhere"})
    if page := re.fullmatch(r"(\d+)_html", name):
        return html(int(page[1]))
    if name.startswith("429"):
        reset = {"429_epoch": now.timestamp() + value, "429_seconds": value, "429_retry_after": value}[name]
        header = "Retry-After" if name == "429_retry_after" else "X-RateLimit-Reset"
        return error(429, headers={header: f"{reset:.0f}"})
    return error(int(name))


async def answered(request: web.BaseRequest, name: str, value: float, answer: web.Response) -> web.Response:
    """What is said of a request that was accepted, where this fault is due."""
    if name == "late":
        await asyncio.sleep(value)
    elif name == "half":
        transport_of(request).write(b"HTTP/1.1 20")
        transport_of(request).close()
    elif name == "lost_answer":
        transport_of(request).close()
    elif name == "wrong_body":
        return web.Response(status=202, text='{"errors": [{"message": "no", "field": "personalizations.0"}', headers={})
    elif name == "html_after_accept":
        return html(202)
    elif name.endswith("_after_accept"):
        status = int(name.partition("_")[0])
        return html(status) if status in PAGES else error(status)
    return answer


def html(status: int) -> web.Response:
    """A page of a web server that stands between."""
    return web.Response(status=status, text=NGINX.format(PAGES[status]), content_type="text/html")


def error(status: int, faults: list[Fault] | None = None, headers: dict[str, str] | None = None) -> web.Response:
    """SendGrid's form of a refusal."""
    told = faults or [(WORDS.get(status, f"status {status}"), None)]
    document: dict[str, Any] = {"errors": [{"message": message, "field": field, "help": {}} for message, field in told]}
    return web.json_response(document, status=status, headers=headers)


def transport_of(request: web.BaseRequest) -> asyncio.Transport:
    """The connection."""
    assert isinstance(request.transport, asyncio.Transport)
    return request.transport


def end_with_a_reset(request: web.BaseRequest) -> None:
    """The connection, when closed, ends with RST and not with FIN."""
    transport_of(request).get_extra_info("socket").setsockopt(
        socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0)
    )
