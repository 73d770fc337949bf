"""Where a request to SendGrid can be cut: certainly not gone before a connection stands, in doubt from then on."""

import asyncio
import socket
import threading
from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from nurture.deliver.sendgrid import SendGrid
from nurture.model.mail import Email, Fate, Handover
from tests.sockets import listening, read_http, reset

from .test_message import MAIL

NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
ACCEPTED = b"HTTP/1.1 202 Accepted\r\nX-Message-Id: abc\r\nContent-Length: 0\r\n\r\n"


def handed(port: int, *mails: Email, between: Callable[[], None] = lambda: None, **options: float) -> list[Handover]:
    """The mails one after the other through one provider."""

    async def all_of_them() -> list[Handover]:
        provider = SendGrid(f"http://127.0.0.1:{port}", "SG.secret", lambda: NOW, 2, **options)
        found = []
        for mail in mails:
            (request,) = provider.build([mail])
            found += provider.read(request, await provider.post(request))
            await asyncio.to_thread(between)
        await provider.close()
        return found

    return asyncio.run(all_of_them())


def before_reading(connection: socket.socket) -> None:
    connection.recv(1)


def after_reading(connection: socket.socket) -> None:
    read_http(connection)


def half_a_status_line(connection: socket.socket) -> None:
    read_http(connection)
    connection.sendall(b"HTTP/1.1 20")


def half_the_headers(connection: socket.socket) -> None:
    read_http(connection)
    connection.sendall(b"HTTP/1.1 202 Accepted\r\nX-Messa")


def no_http(connection: socket.socket) -> None:
    read_http(connection)
    connection.sendall(b"220 mail.example ESMTP\r\n")


def reset_at_once(connection: socket.socket) -> None:
    connection.recv(1)
    reset(connection)


def reset_after_reading(connection: socket.socket) -> None:
    read_http(connection)
    reset(connection)


def late(connection: socket.socket) -> None:
    read_http(connection)
    connection.recv(1)  # until the client gives up


def continued_and_closed(connection: socket.socket) -> None:
    read_http(connection)
    connection.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")


CUTS = [
    before_reading, after_reading, half_a_status_line, half_the_headers, no_http, reset_at_once, reset_after_reading,
    late, continued_and_closed,
]  # fmt: skip


@pytest.mark.parametrize("cut", CUTS, ids=lambda cut: cut.__name__)
def test_a_cut_once_bytes_may_have_left_is_in_doubt(cut: Callable[[socket.socket], None]) -> None:
    with listening(cut) as port:
        (handover,) = handed(port, MAIL, answer_within=0.3)
    assert (handover.key, handover.fate, handover.halts) == (MAIL.key, Fate.in_doubt, False)
    assert "no answer came" in handover.detail
    assert "<" not in handover.detail, "words for a person, and no object of a library"


def test_a_closed_door_is_certainly_not_gone() -> None:
    with listening(after_reading) as port:
        pass
    (handover,) = handed(port, MAIL)
    assert (handover.fate, handover.halts) == (Fate.planned, False)
    assert "not reached" in handover.detail


def test_a_door_where_nobody_opens_is_certainly_not_gone() -> None:
    with socket.create_server(("127.0.0.1", 0), backlog=0) as full:
        address = full.getsockname()
        waiting = [socket.socket() for _ in range(3)]
        for one in waiting:
            one.setblocking(False)
            one.connect_ex(address)
        (handover,) = handed(address[1], MAIL, connect_within=0.3)
        for one in waiting:
            one.close()
    assert handover.fate is Fate.planned
    assert "timeout" in handover.detail.lower()


@pytest.mark.parametrize("url", ["http://nobody.invalid", "https://127.0.0.1:1", "ftp://127.0.0.1", "nonsense", ""])
def test_an_address_that_is_none_is_certainly_not_gone(url: str) -> None:
    async def post() -> list[Handover]:
        provider = SendGrid(url, "SG.secret", lambda: NOW)
        (request,) = provider.build([MAIL])
        found = list(provider.read(request, await provider.post(request)))
        await provider.close()
        return found

    (handover,) = asyncio.run(post())
    assert handover.fate is Fate.planned


def test_tls_that_does_not_come_about_is_certainly_not_gone() -> None:
    with listening(before_reading) as port:

        async def post() -> list[Handover]:
            provider = SendGrid(f"https://127.0.0.1:{port}", "SG.secret", lambda: NOW)
            (request,) = provider.build([MAIL])
            found = list(provider.read(request, await provider.post(request)))
            await provider.close()
            return found

        (handover,) = asyncio.run(post())
    assert handover.fate is Fate.planned


class Once:
    """Answers one request on each connection, then closes it at a chosen moment."""

    def __init__(self, at: str) -> None:
        self.at = at
        self.requests: list[bytes] = []
        self.closed = threading.Event()

    def __call__(self, connection: socket.socket) -> None:
        self.requests.append(read_http(connection))
        connection.sendall(ACCEPTED)
        if self.at == "at the next request":
            connection.recv(1)
            reset(connection)
        connection.close()
        self.closed.set()


def test_a_kept_connection_that_was_closed_meanwhile_is_not_used() -> None:
    server = Once("between")
    with listening(server) as port:
        first, second = handed(port, MAIL, MAIL, between=lambda: server.closed.wait(10))
    assert (first.fate, second.fate) == (Fate.accepted, Fate.accepted)
    assert len(server.requests) == 2


def test_a_kept_connection_that_dies_under_a_request_is_in_doubt_and_posted_once() -> None:
    server = Once("at the next request")
    with listening(server) as port:
        first, second = handed(port, MAIL, MAIL)
    assert (first.fate, second.fate) == (Fate.accepted, Fate.in_doubt)
    assert len(server.requests) == 1  # the second was begun on the same connection, and on no other


def test_words_that_break_off_do_not_change_what_the_status_says() -> None:
    def refusing(connection: socket.socket) -> None:
        read_http(connection)
        connection.sendall(b'HTTP/1.1 400 Bad Request\r\nContent-Length: 5000\r\n\r\n{"errors": [')

    with listening(refusing) as port:
        (handover,) = handed(port, MAIL)
    assert (handover.fate, handover.detail) == (Fate.refused, "SendGrid refuses this mail (400)")


def test_an_answer_without_end_is_not_read_to_its_end() -> None:
    def flooding(connection: socket.socket) -> None:
        read_http(connection)
        connection.sendall(b"HTTP/1.1 413 Too Large\r\nTransfer-Encoding: chunked\r\n\r\n")
        while True:  # until the client has had enough
            connection.sendall(b"1000\r\n" + b"<" * 4096 + b"\r\n")

    with listening(flooding) as port:
        (handover,) = handed(port, MAIL)
    assert handover.fate is Fate.refused


def test_accepted_is_known_before_a_body_ends() -> None:
    def slow(connection: socket.socket) -> None:
        read_http(connection)
        connection.sendall(b"HTTP/1.1 202 Accepted\r\nX-Message-Id: abc\r\nContent-Length: 9\r\n\r\n")
        connection.recv(1)

    with listening(slow) as port:
        (handover,) = handed(port, MAIL)
    assert (handover.fate, handover.detail) == (Fate.accepted, "abc")


def test_a_redirect_is_not_followed() -> None:
    seen: list[bytes] = []

    def redirecting(connection: socket.socket) -> None:
        seen.append(read_http(connection))
        connection.sendall(b"HTTP/1.1 307 Go\r\nLocation: /elsewhere\r\nContent-Length: 0\r\n\r\n")

    with listening(redirecting) as port:
        (handover,) = handed(port, MAIL)
    assert (handover.fate, handover.halts, len(seen)) == (Fate.planned, True, 1)
    assert "sendgrid.url" in handover.detail


def test_a_proxy_of_the_environment_is_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    with listening(lambda connection: connection.sendall(ACCEPTED)) as proxy, listening(after_reading) as port:
        monkeypatch.setenv("HTTP_PROXY", f"http://127.0.0.1:{proxy}")
        (handover,) = handed(port, MAIL)
    assert handover.fate is Fate.in_doubt


@pytest.mark.parametrize("key", ["SG.secret\n", "SG.sécret", "SG.\x00"])
def test_a_key_that_cannot_be_said_sends_nothing_and_leaves_no_doubt(key: str) -> None:
    async def post(port: int) -> list[Handover]:
        provider = SendGrid(f"http://127.0.0.1:{port}", key, lambda: NOW)
        (request,) = provider.build([MAIL])
        found = list(provider.read(request, await provider.post(request)))
        await provider.close()
        return found

    with listening(after_reading) as port:
        (handover,) = asyncio.run(post(port))
    assert handover.fate is Fate.planned
    assert "the key holds signs that no key has" in handover.detail
