"""Calls of other systems over real connections: what is sent, and every way in which an answer can fail to come."""

import asyncio
import json
import socket
import threading
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from nurture.deliver.webhook import MOST_READ, Answer, Call, ForbiddenError, Target, build, post, read, refuse, value_of
from nurture.model.event import Line, Money, MonthDay
from tests.sockets import Talk, listening, read_http, reset

NOW = datetime(2027, 3, 2, 10, tzinfo=UTC)
KEY = "s3cret-of-erp"


def answering(*parts: bytes, seen: list[bytes] | None = None) -> Talk:
    """Read one request, then say this and close."""

    def talk(connection: socket.socket) -> None:
        request = read_http(connection)
        if seen is not None and request:
            seen.append(request)
        for part in parts:
            connection.sendall(part)

    return talk


def ok(body: bytes, head: bytes = b"") -> bytes:
    return b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n%s\r\n%s" % (len(body), head, body)


def call_to(port: int, timeout: float = 5, host: str = "127.0.0.1", **body: object) -> Call:
    made = build(Target(f"http://{host}:{port}/flag?t=1", KEY, private=True), "key-1", body or {"a": 1}, timeout)
    assert isinstance(made, Call)
    return made


def answer_of(talk: Talk, **more: object) -> Answer:
    with listening(talk) as port:
        return asyncio.run(post(call_to(port, **more)))  # type: ignore[arg-type]


def test_what_is_sent_is_one_post_of_json_with_its_key() -> None:
    seen: list[bytes] = []
    body = {
        "who": "Zoë", "since": date(2027, 3, 2), "total": Money(Decimal("24.50"), "EUR"), "tags": frozenset({"b", "a"}),
        "birthday": MonthDay(5, 14), "lines": (Line("sampler", 2),), "nobody": None, "at": NOW, "yes": True,
    }  # fmt: skip
    answer = answer_of(answering(ok(b'"flagged"'), seen=seen), **body)
    assert read(answer, NOW).value == "flagged"
    head, _, sent = seen[0].partition(b"\r\n\r\n")
    lines = head.decode().lower().split("\r\n")
    assert lines[0] == "post /flag?t=1 http/1.1"
    assert f"authorization: bearer {KEY}" in lines
    assert "idempotency-key: key-1" in lines
    assert "content-type: application/json" in lines
    assert json.loads(sent) == {
        "who": "Zoë", "since": "2027-03-02", "total": {"amount": "24.50", "currency": "EUR"}, "tags": ["a", "b"],
        "birthday": "--05-14", "lines": [{"product": "sampler", "quantity": 2, "price": None}], "nobody": None,
        "at": "2027-03-02T10:00:00+00:00", "yes": True,
    }  # fmt: skip


def cut_at_once(connection: socket.socket) -> None:
    reset(connection)


def cut_in_the_request(connection: socket.socket) -> None:
    connection.recv(10)
    reset(connection)


def cut_after_the_request(connection: socket.socket) -> None:
    read_http(connection)
    reset(connection)


@pytest.mark.parametrize(
    "talk",
    [
        cut_at_once,
        cut_in_the_request,
        cut_after_the_request,
        answering(),
        answering(b"HTTP/1.1 20"),
        answering(b"HTTP/1.1 200 OK\r\nContent-Le"),
        answering(b"\x00\xff nonsense\r\n\r\n"),
        answering(b"HTTP/1.1 999999 what\r\n\r\n"),
    ],
)
def test_a_connection_cut_before_the_status_is_tried_again(talk: Talk) -> None:
    meaning = read(answer_of(talk), NOW)
    assert (meaning.ok, meaning.again) == (False, True)
    assert KEY not in meaning.words
    assert "127.0.0.1" not in meaning.words


def test_a_status_stands_though_its_body_is_cut() -> None:
    cut = answering(b'HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{"fl')
    meaning = read(answer_of(cut), NOW)
    assert meaning.ok


def test_nobody_listens() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    meaning = read(asyncio.run(post(call_to(port))), NOW)
    assert (meaning.ok, meaning.again) == (False, True)


def test_who_never_answers_has_so_many_seconds() -> None:
    let_go = threading.Event()

    def silent(connection: socket.socket) -> None:
        read_http(connection)
        let_go.wait(10)

    with listening(silent) as port:
        answer = asyncio.run(post(call_to(port, timeout=0.2)))
        let_go.set()
    assert answer.fault == "no answer in 0.2 seconds"
    assert read(answer, NOW).again


def test_who_answers_drop_by_drop_has_no_more_seconds() -> None:
    let_go = threading.Event()

    def dripping(connection: socket.socket) -> None:
        read_http(connection)
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n")
        while not let_go.wait(0.05):
            connection.sendall(b".")

    with listening(dripping) as port:
        answer = asyncio.run(post(call_to(port, timeout=0.3)))
        let_go.set()
    assert read(answer, NOW).again


def test_a_flood_is_read_only_in_part() -> None:
    flood = ok(b"x" * 10_000_000)
    answer = answer_of(answering(flood))
    assert len(answer.body) == MOST_READ
    assert len(str(read(answer, NOW).value)) == 1_000


def test_what_is_packed_is_not_unpacked() -> None:
    seen: list[bytes] = []
    answer = answer_of(answering(ok(b"\x1f\x8b\x08", b"Content-Encoding: gzip\r\n"), seen=seen))
    assert read(answer, NOW).ok
    assert b"accept-encoding: identity" in seen[0].lower()


def test_a_redirect_is_not_followed() -> None:
    elsewhere: list[bytes] = []
    with listening(answering(ok(b""), seen=elsewhere)) as other:
        away = b"HTTP/1.1 307 Away\r\nLocation: http://127.0.0.1:%d/\r\nContent-Length: 0\r\n\r\n" % other
        meaning = read(answer_of(answering(away)), NOW)
    assert (meaning.ok, meaning.again) == (False, False)
    assert meaning.words == "answered 307; a redirect is not followed"
    assert elsewhere == []


def test_a_proxy_of_the_environment_is_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[bytes] = []
    with listening(answering(ok(b""), seen=asked)) as proxy:
        monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{proxy}")
        assert read(answer_of(answering(ok(b"1"))), NOW).value == 1
    assert asked == []


@pytest.mark.parametrize(
    ("status", "again"),
    [(s, False) for s in (400, 401, 404, 409, 422)] + [(s, True) for s in (408, 429, 500, 503)],
)
def test_which_refusals_are_tried_again(status: int, again: bool) -> None:
    said = b"HTTP/1.1 %d No\r\nContent-Length: 36\r\n\r\nzoe@shop.example %s no!\n" % (status, KEY.encode())
    meaning = read(answer_of(answering(said)), NOW, (KEY,))
    assert (meaning.ok, meaning.again) == (False, again)
    assert meaning.words == f"answered {status}: (address) (secret) no!"


def test_how_long_to_wait_is_the_other_sides_word() -> None:
    assert read(Answer(429, retry_after="90"), NOW).wait == timedelta(seconds=90)
    assert read(Answer(503, retry_after="Tue, 02 Mar 2027 10:02:00 GMT"), NOW).wait == timedelta(minutes=2)
    assert read(Answer(503, retry_after="Tue, 02 Mar 2021 10:02:00 GMT"), NOW).wait == timedelta()
    assert read(Answer(503, retry_after="soon"), NOW).wait is None
    assert read(Answer(503, retry_after="9" * 400), NOW).wait is None


@pytest.mark.parametrize(
    ("body", "value"),
    [
        (b"", None), (b"null", None), (b"true", True), (b"7", 7), (b"7.5", 7.5), (b'"gold"', "gold"),
        (b"gold\n", "gold"),
        (b'{"a": 1}', '{"a": 1}'), (b"[1, 2]", "[1, 2]"), (b"NaN", "NaN"), (b"1e999", "1e999"), (b"9" * 30, "9" * 30),
        (b"\xff\xfe", "��"), (rb'"a\ud800"', "a���"), (rb'"a\u0000b"', "a�b"), (b"a\0", "a�"),
        (b"[" * 40_000, "[" * 1_000),
    ],
)  # fmt: skip
def test_what_a_success_answers_is_one_value(body: bytes, value: object) -> None:
    assert value_of(body) == value


PUBLIC = ["8.8.8.8", "1.1.1.1", "2606:4700:4700::1111", "::ffff:8.8.8.8", "64:ff9b::808:808"]
PRIVATE = [
    "127.0.0.1", "127.8.9.10", "10.0.0.1", "172.16.0.1", "192.168.1.1", "100.64.0.1", "192.0.0.8", "198.18.0.1",
    "240.0.0.1", "255.255.255.255", "::1", "fd12::1", "fc00::1", "fec0::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1",
    "64:ff9b::7f00:1", "64:ff9b:1::1", "2002:7f00:1::", "::7f00:1", "2001:0:4136:e378:8000:63bf:f5ff:fffe",
]  # fmt: skip
NOWHERE = [
    "169.254.169.254", "::ffff:169.254.169.254", "fe80::1", "fe80::1%eth0", "::", "224.0.0.1", "ff02::1",
    "168.63.129.16", "192.0.0.192", "100.100.100.200", "fd00:ec2::254", "no address",
]  # fmt: skip


@pytest.mark.parametrize("address", PUBLIC)
def test_public_addresses_may_be_called(address: str) -> None:
    refuse(address, private=False)


@pytest.mark.parametrize("address", PRIVATE)
def test_private_addresses_only_where_the_endpoint_says_so(address: str) -> None:
    refuse(address, private=True)
    with pytest.raises(ForbiddenError, match="private"):
        refuse(address, private=False)


@pytest.mark.parametrize("address", NOWHERE)
@pytest.mark.parametrize("private", [True, False])
def test_some_addresses_never(address: str, private: bool) -> None:
    with pytest.raises(ForbiddenError):
        refuse(address, private)


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "localhost", "127.1", "2130706433", "0x7f.1", "[::1]", "[::ffff:127.0.0.1]"]
)
def test_however_loopback_is_written_it_is_not_called(host: str) -> None:
    made = build(Target(f"https://{host}:1/"), "k", {}, 5)
    assert isinstance(made, Call)
    answer = asyncio.run(post(made))
    assert "private network" in answer.fault


def test_a_name_is_looked_up_once_and_that_very_address_is_called() -> None:
    asked: list[str] = []

    async def look_up(host: str, _port: int) -> Sequence[str]:
        asked.append(host)
        return ["127.0.0.1"] if len(asked) == 1 else ["192.0.2.1"]

    with listening(answering(ok(b"1"))) as port:
        answer = asyncio.run(post(call_to(port, host="erp.shop.example"), look_up))
    assert answer.status == 200
    assert asked == ["erp.shop.example"]


def test_one_private_address_among_public_ones_is_enough_to_refuse() -> None:
    async def look_up(_host: str, _port: int) -> Sequence[str]:
        return ["8.8.8.8", "10.0.0.1"]

    made = build(Target("https://erp.shop.example/"), "k", {}, 5)
    assert isinstance(made, Call)
    assert "private network" in asyncio.run(post(made, look_up)).fault


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("http://erp.shop.example/", "http://"), ("ftp://erp.shop.example/", "https://"), ("erp", "https://"), ("", "https://"),
        ("https://me:pw@erp.shop.example/", "password"), ("https://[::1/", "none"), ("https:///path", "https://"),
    ],
)  # fmt: skip
def test_an_address_that_cannot_be_called_is_said_without_repeating_it(url: str, words: str) -> None:
    made = build(Target(url), "k", {}, 5)
    assert isinstance(made, str)
    assert words in made
    assert "erp" not in made


def test_nothing_shows_the_key() -> None:
    made = build(Target("https://erp.shop.example/t0ken", KEY), "k", {"a": "b"}, 5)
    assert KEY not in repr(made)
    assert "t0ken" not in repr(made)
