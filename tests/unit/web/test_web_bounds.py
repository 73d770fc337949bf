"""The bounds of the web part: bodies, methods, clients that are slow or no clients, headers, our own faults."""

import asyncio
import logging
from dataclasses import replace
from datetime import timedelta
from hashlib import sha256

import pytest

from nurture.engine.faults import StateError
from nurture.model.event import CONSENT_REFUSED
from nurture.web.app import application, serving
from nurture.web.body import LARGEST

from .site import NOW, ONE_CLICK, Shop, served


def go(coroutine):
    return asyncio.run(coroutine)


def test_who_asks_for_too_much_that_is_not_ours_waits_but_nobody_who_stops(shop: Shop):
    person = shop.contact()

    async def story():
        async with served(shop) as client:
            statuses = [(await client.get(f"/u/forged{number}"))[0] for number in range(70)]
            assert statuses == [404] * 60 + [429] * 10
            assert (await client.get(shop.leave(person)))[0] == 200
            looks = [(await client.get(shop.leave(person)))[0] for _ in range(130)]
            assert looks.count(429) == 11
            assert (await client.get(shop.leave(person)))[2]["Retry-After"] == "60"
            assert (await client.post(shop.leave(person), ONE_CLICK))[0] == 200
            shop.now += timedelta(minutes=1)
            assert (await client.get("/u/forged"))[0] == 404
            assert (await client.get(shop.leave(person)))[0] == 200

    go(story())
    assert shop.said(person) == [CONSENT_REFUSED]


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "PROPFIND"])
def test_other_methods_are_none(shop: Shop, method: str):
    person = shop.contact()

    async def story():
        async with served(shop) as client:
            return await client.ask(method, shop.leave(person))

    status, _, headers = go(story())
    assert status == 405
    assert set(headers["Allow"].split(",")) == {"GET", "HEAD", "POST"}
    assert shop.said(person) == []


def test_a_body_has_an_end(shop: Shop):
    person = shop.contact()

    async def endless():
        for _ in range(64):
            yield b"x" * 1024

    async def story():
        async with served(shop) as client:
            assert (await client.post(shop.leave(person), b"x" * LARGEST))[0] == 200
            for data in (b"x" * (LARGEST + 1), endless()):
                status, text, _ = await client.post(shop.leave(person, "offers"), data)
                assert (status, "Entity Too Large" in text) == (413, True)

    go(story())
    assert shop.said(person) == [CONSENT_REFUSED]


async def raw(client, data: bytes, done: bool = False) -> bytes:
    """What the server says to bytes that need not be HTTP; with `done` nothing more will come, and it is told so."""
    host, port = client.base.removeprefix("http://").split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    writer.write(data)
    await writer.drain()
    if done:
        writer.write_eof()
    async with asyncio.timeout(10):
        answer = await reader.read()
    writer.close()
    await writer.wait_closed()
    return answer


@pytest.mark.parametrize(
    "data",
    [
        b"\x16\x03\x01\x02\x00 not http \r\n\r\n",
        b"GET /u/" + b"a" * 20_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\nBad Header\r\n\r\n",
        b"GET / HTTP/1.1\r\nX: " + b"a" * 20_000 + b"\r\n\r\n",
    ],
)
def test_what_is_no_http_is_answered_without_a_word_about_us_or_it(shop: Shop, data: bytes, caplog):
    async def story():
        async with served(shop) as client:
            return await raw(client, data)

    with caplog.at_level(logging.DEBUG):
        answer = go(story())
    assert answer.startswith((b"HTTP/1.1 400", b"HTTP/1.0 400"))
    assert b"aiohttp" not in answer
    assert b"Python" not in answer
    assert b"aaaa" not in answer
    assert [record for record in caplog.records if record.name != "asyncio"] == []


@pytest.mark.parametrize("body", [b"zz\r\nnot a chunk", b"5\r\nList-\r\n"])
def test_a_torn_body_changes_nothing_and_is_no_fault_of_ours(shop: Shop, body: bytes, caplog):
    person = shop.contact()
    head = f"POST {shop.leave(person)} HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n".encode()

    async def story():
        async with served(shop) as client:
            return await raw(client, head + body, done=True)

    with caplog.at_level(logging.INFO, "nurture"):
        answer = go(story())
    assert answer == b"" or answer.startswith(b"HTTP/1.1 400")
    assert shop.said(person) == []
    assert [record.getMessage() for record in caplog.records if "web.failed" in record.getMessage()] == []


def test_a_client_that_never_says_all_it_wants_is_let_go(shop: Shop, monkeypatch):
    monkeypatch.setattr("nurture.web.serving.IDLE", 0.2)

    async def story():
        async with served(shop) as client:
            return await raw(client, b"GET /u/abc HTTP/1.1\r\nHo")

    assert go(story()) == b""


def test_a_client_that_never_sends_its_body_is_let_go(shop: Shop, monkeypatch):
    person = shop.contact()
    monkeypatch.setattr("nurture.web.body.SECONDS", 0.2)
    head = f"POST {shop.leave(person)} HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nList-".encode()

    async def story():
        async with served(shop) as client:
            return await raw(client, head)

    assert go(story()).startswith(b"HTTP/1.1 408")
    assert shop.said(person) == []


@pytest.mark.parametrize("base", ["https://letters.example", "http://127.0.0.1:8080"])
def test_every_answer_has_its_headers(shop: Shop, base: str):
    person = shop.contact()
    shop.shop = replace(shop.shop, config=replace(shop.shop.config, web_url=base))

    async def story():
        async with served(shop) as client:
            asked = [await client.get(path) for path in (shop.leave(person), "/u/x", "/health", "/robots.txt")]
            asked.append(await client.ask("PUT", "/u/x"))
            asked.append(await client.post(shop.leave(person), b"x" * (LARGEST + 1)))
            return [headers for _, _, headers in asked]

    for headers in go(story()):
        policy = headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy
        assert "frame-ancestors 'none'" in policy
        assert "script" not in policy
        assert "unsafe" not in policy
        assert headers["Content-Type"].endswith("; charset=utf-8")
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Referrer-Policy"] == "no-referrer"
        assert headers["X-Frame-Options"] == "DENY"
        assert headers["Cache-Control"] == "no-store"
        assert "Server" not in headers
        assert ("Strict-Transport-Security" in headers) == base.startswith("https")


def test_health_robots_and_our_own_faults(shop: Shop, caplog):
    person = shop.contact()

    async def story():
        async with served(shop) as client:
            assert (await client.get("/health"))[:2] == (200, "ok\n")
            assert (await client.get("/robots.txt"))[:2] == (200, "User-agent: *\nDisallow: /\n")
            shop.shop.store.database.engine.dispose()
            (shop.shop.root / "nurture.db").rename(shop.shop.root / "away.db")
            (shop.shop.root / "nurture.db").mkdir()
            for answer in (
                await client.post(shop.leave(person), ONE_CLICK),
                await client.get(shop.leave(person)),
                await client.get("/health"),
            ):
                status, text, headers = answer
                assert (status, headers["Retry-After"]) == (503, "60")
                assert "Please try again in a minute" in text
            (shop.shop.root / "nurture.db").rmdir()
            (shop.shop.root / "away.db").rename(shop.shop.root / "nurture.db")
            assert (await client.post(shop.leave(person), ONE_CLICK))[0] == 200

    with caplog.at_level(logging.INFO, "nurture"):
        go(story())
    assert shop.said(person) == [CONSENT_REFUSED]
    assert any(record.getMessage().startswith("web.failed error=OperationalError at=") for record in caplog.records)
    everything = "\n".join(record.getMessage() for record in caplog.records)
    assert person not in everything
    assert shop.leave(person).removeprefix("/u/") not in everything
    assert "shop.example" not in everything


def test_a_port_that_is_taken_is_said_in_words(shop: Shop):
    async def story():
        async with served(shop) as client:
            port = int(client.base.rpartition(":")[2])
            second = application(shop.shop, lambda: shop.live, lambda: NOW, shop.run, lambda: None)
            with pytest.raises(StateError, match=f"the port {port} of 127.0.0.1 is in use by another program"):
                async with serving(second, "127.0.0.1", port):
                    pytest.fail("nobody can listen there")

    go(story())


def test_a_picture_is_served_by_the_digest_of_its_bytes_and_may_be_kept(shop: Shop):
    assert shop.live is not None
    data = b"\x89PNG\r\n\x1a\n a picture"
    shop.live = replace(shop.live, templates={**shop.live.templates, "templates/_images/beans.png": data})
    path = shop.path(shop.links.image(sha256(data).hexdigest(), "beans.png"))

    async def story():
        async with served(shop) as client:
            async with client.session.get(client.base + path) as answer:
                assert (answer.status, await answer.read()) == (200, data)
                headers = answer.headers
            shop.live = None
            return headers, (await client.get(path))[0]

    headers, without_a_book = go(story())
    assert headers["Content-Type"] == "image/png"
    assert headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert headers["Cross-Origin-Resource-Policy"] == "cross-origin"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert without_a_book == 404


def test_a_picture_of_an_earlier_apply_is_still_served_and_no_other_file_is(shop: Shop):
    before, after = b"PNG of last year", b"PNG of this year"
    picture, text = "templates/_images/season.png", "templates/hello/en.md"
    for number, data in enumerate((before, after)):
        given = {picture: data, text: b"Hello"}
        shop.shop.store.applications.save_files(given, {}, (), shop.now + timedelta(minutes=number), "a test")

    async def story():
        async with served(shop) as client:
            paths = [shop.path(shop.links.image(sha256(data).hexdigest(), "season.png")) for data in (before, b"Hello")]
            return [await client.get(path) for path in paths]

    (old, other) = go(story())
    assert old[0] == 200
    assert other[0] == 404


def test_while_the_store_is_busy_readers_are_asked_to_try_again_and_nothing_is_lost(shop: Shop, monkeypatch):
    person = shop.contact()

    async def story():
        async with served(shop) as client:
            with shop.shop.store.database.writing(), monkeypatch.context() as short:  # somebody's long transaction
                short.setattr("nurture.web.site.PATIENCE", 0.3)
                status, _, headers = await client.post(shop.leave(person), ONE_CLICK)
                assert (status, headers["Retry-After"]) == (503, "60")
                short.undo()
                assert (await client.get(shop.leave(person)))[0] == 200
            answers = [await client.post(shop.leave(person), ONE_CLICK) for _ in range(2)]
            assert [status for status, _, _ in answers] == [200, 200]

    go(story())
    assert shop.said(person) == [CONSENT_REFUSED]


def test_one_link_sent_many_times_at_once_keeps_nobody_else_waiting(shop: Shop):
    person, other = shop.contact(), shop.contact("c2")
    gate = asyncio.Event()
    run, held = shop.run, []

    async def gated(function, *arguments):
        if held:
            await gate.wait()
        return await run(function, *arguments)

    shop.run = gated

    async def story():
        async with served(shop) as client:
            held.append(True)
            flood = [asyncio.create_task(client.post(shop.leave(person), ONE_CLICK)) for _ in range(40)]
            done, _ = await asyncio.wait(flood, timeout=20, return_when=asyncio.FIRST_COMPLETED)
            while len(done) < 32:
                more, _ = await asyncio.wait([one for one in flood if one not in done], return_when="FIRST_COMPLETED")
                done |= more
            assert {one.result()[0] for one in done} == {503}
            theirs = asyncio.create_task(client.post(shop.leave(other), ONE_CLICK))
            gate.set()
            assert (await theirs)[0] == 200
            assert sorted([(await one)[0] for one in flood]) == [200] * 8 + [503] * 32
            assert (await client.post(shop.leave(person), ONE_CLICK))[0] == 200

    go(story())
    assert shop.said(person) == shop.said(other) == [CONSENT_REFUSED]
