"""Requests that are made to be misread, clients that are slow on purpose, and keys that are tried out."""

import asyncio
import json
import logging
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from nurture.engine.api_keys import SCOPES, new_key, revoke
from nurture.links import Links

from .site import NOW, TOPIC, Client, Shop, opened, served

POST = b"POST /u/x HTTP/1.1\r\nHost: x\r\n"
NEXT = b"0\r\n\r\nGET /health HTTP/1.1\r\nHost: x\r\n\r\n"
MISREAD = {
    "both lengths": POST + b"Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n" + NEXT,
    "two lengths": POST + b"Content-Length: 4\r\nContent-Length: 5\r\n\r\nabcd" + NEXT,
    "a signed length": POST + b"Content-Length: +4\r\n\r\nabcd",
    "a negative length": POST + b"Content-Length: -1\r\n\r\nabcd",
    "another coding": POST + b"Transfer-Encoding: xchunked\r\n\r\n" + NEXT,
    "two codings": POST + b"Transfer-Encoding: chunked, identity\r\n\r\n" + NEXT,
    "a coding behind a tab": POST + b"Transfer-Encoding:\x0bchunked\r\n\r\n" + NEXT,
    "a space before the colon": POST + b"Transfer-Encoding : chunked\r\n\r\n" + NEXT,
    "chunks in HTTP/1.0": POST.replace(b"1.1", b"1.0") + b"Transfer-Encoding: chunked\r\n\r\n" + NEXT,
    "a negative chunk": POST + b"Transfer-Encoding: chunked\r\n\r\n-1\r\nabc\r\n" + NEXT,
    "a folded header": b"GET /health HTTP/1.1\r\nHost: x\r\nX-A: b\r\n c: d\r\n\r\n",
    "bare line feeds": POST.replace(b"\r\n", b"\n") + b"Content-Length: 4\n\nabcd",
    "five thousand headers": b"GET /health HTTP/1.1\r\nHost: x\r\n" + b"X-A: b\r\n" * 5_000 + b"\r\n",
    "endless trailers": POST + b"Transfer-Encoding: chunked\r\n\r\n0\r\n" + b"X-A: b\r\n" * 20_000 + b"\r\n",
    "HTTP/2 without asking": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
}


async def said(base: str, data: bytes, then: bytes = b"", every: float = 0.0, most: int = 100) -> bytes:
    """All that is answered to these bytes, until the other side closes; `then` is sent again and again meanwhile."""
    host, port = base.removeprefix("http://").split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    answer = asyncio.create_task(reader.read())
    try:
        writer.write(data)
        for _ in range(most if then else 0):
            await asyncio.wait([answer], timeout=every)
            if answer.done():
                break
            writer.write(then)
        return await asyncio.wait_for(answer, 10)
    except ConnectionError:
        return b""
    finally:
        writer.close()


def test_what_two_servers_could_read_in_two_ways_is_no_request(shop: Shop) -> None:
    async def story() -> dict[str, bytes]:
        async with served(shop) as client:
            return {how: await said(client.base, data) for how, data in MISREAD.items()}

    for how, answer in asyncio.run(story()).items():
        assert answer.startswith((b"HTTP/1.0 400", b"HTTP/1.1 400")), how
        assert answer.count(b"HTTP/1.") == 1, how  # what hides behind it is not answered
        assert b"\r\nX-Content-Type-Options: nosniff\r\n" in answer, how


PATHS = (
    "/i/../../nurture.db", f"/i/{'0' * 32}/{'0' * 32}/..%2f..%2fnurture.db", "/%2e%2e/nurture.db", "/nurture.db",
    "/templates/base.html", "/.git/config", "/u/%00", "/u/..", "//evil.example/", "/api/v1/../../health",
)  # fmt: skip


def test_no_address_leads_to_a_file(shop: Shop) -> None:
    async def story() -> dict[str, bytes]:
        async with served(shop) as client:
            heads = {path: f"GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n" for path in PATHS}
            return {path: await said(client.base, head.encode()) for path, head in heads.items()}

    for path, answer in asyncio.run(story()).items():
        assert answer.startswith((b"HTTP/1.1 404", b"HTTP/1.1 401")), path
        assert b"SQLite" not in answer, path


def test_who_sends_a_header_drop_by_drop_is_let_go(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("nurture.web.serving.IDLE", 0.3)

    async def story() -> tuple[bytes, int]:
        async with served(shop) as client:
            slow = [said(client.base, b"GET /health HTTP/1.1\r\n", b"X-A: b\r\n", every=0.05) for _ in range(20)]
            task = asyncio.gather(*slow)
            status = (await client.get("/health"))[0]  # meanwhile
            return b"".join(await task), status

    assert asyncio.run(story()) == (b"", 200)


def test_who_sends_a_batch_drop_by_drop_is_let_go(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("nurture.web.body.whole.__defaults__", (0.3,))
    key = new_key(shop.shop, "till", SCOPES, "lena", NOW)
    head = (
        f"POST /api/v1/events HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {key}\r\n"
        "Content-Type: application/json\r\nContent-Length: 9000\r\n\r\n"
    )

    async def story() -> bytes:
        async with served(shop) as client:
            return await said(client.base, head.encode(), b" ", every=0.05)

    assert asyncio.run(story()).startswith(b"HTTP/1.1 408")


def test_keys_that_are_tried_out_are_logged_once_a_minute_and_never_the_key(
    shop: Shop, caplog: pytest.LogCaptureFixture
) -> None:
    few = new_key(shop.shop, "few", ["numbers"], "lena", NOW)

    async def story() -> None:
        async with served(shop) as client:
            for key in ("nvk_guessed1", "nvk_guessed2", few):
                headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
                assert (await client.post("/api/v1/events", b"[]", headers=headers))[0] in (401, 403)

    with caplog.at_level(logging.INFO, "nurture"):
        asyncio.run(story())
    assert [one.getMessage() for one in caplog.records] == ["hook.refused source=api"]


def test_a_key_that_was_revoked_is_refused_at_the_very_next_request(shop: Shop) -> None:
    key = new_key(shop.shop, "till", SCOPES, "lena", NOW)
    headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}

    async def story() -> list[int]:
        async with served(shop) as client:
            before = (await client.post("/api/v1/events", b"[]", headers=headers))[0]
            revoke(shop.shop, "till", NOW)
            after = (await client.post("/api/v1/events", b"[]", headers=headers))[0]
            other = new_key(shop.shop, "till-2", SCOPES, "lena", NOW)  # so a key is rotated: the new one first
            headers["Authorization"] = f"Bearer {other}"
            return [before, after, (await client.post("/api/v1/events", b"[]", headers=headers))[0]]

    assert asyncio.run(story()) == [200, 401, 200]


def test_the_same_batch_told_by_many_at_once_is_taken_once(shop: Shop, root: Path) -> None:
    """Also where two processes answer: each has its own connections to the store."""
    key = new_key(shop.shop, "till", SCOPES, "lena", NOW)
    headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
    rows = [
        {"id": f"c{number % 7}", "email": f"c{number % 7}@shop.example", "event": "order.placed", "total": "54.00",
         "at": "2027-03-09T09:00:00Z", "outside_id": f"o{number}", "order_id": f"o{number}"}
        for number in range(40)
    ]  # fmt: skip

    async def story() -> list[tuple[int, str, Any]]:
        with opened(root) as beside:
            async with served(shop) as client, served(beside) as other:
                body = json.dumps(rows).encode()
                asked = [one.post("/api/v1/events", body, headers=headers) for one in (client, other) * 3]
                return await asyncio.gather(*asked)

    answers = asyncio.run(story())
    assert [status for status, _, _ in answers] == [200] * 6
    counts = [json.loads(text) for _, text, _ in answers]
    assert sum(one["taken"] for one in counts) == 40
    assert sum(one["known"] for one in counts) == 200
    for number in range(40):
        assert sorted(one["rows"][number]["status"] for one in counts) == ["known"] * 5 + ["taken"]
    people = [shop.shop.store.find(f"c{number}") for number in range(7)]
    assert sum(shop.said(person).count("order.placed") for person in people if person) == 40


def test_every_answer_of_the_api_is_a_file_and_no_page(shop: Shop) -> None:
    key = new_key(shop.shop, "till", SCOPES, "lena", NOW)
    headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}

    async def story() -> list[Any]:
        async with served(shop) as client:
            return [
                (await client.get("/api/v1/openapi.json", headers=headers))[2],
                (await client.post("/api/v1/events", b"[]", headers=headers))[2],
                (await client.post("/api/v1/events", b"[]"))[2],
            ]

    assert [one["Content-Disposition"] for one in asyncio.run(story())] == ['attachment; filename="api.json"'] * 3


def test_a_link_opens_its_own_page_and_no_other_and_no_piece_of_it_opens_any(shop: Shop) -> None:
    """Every purpose on every page; cut and doubled at each end; of another shop; of an address that is one's own."""
    person, other = shop.contact(), shop.contact("c2")
    made = {
        "u": shop.links.unsubscribe(person, TOPIC, "k1"),
        "a": shop.links.answer(person, "feedback.given", {"score": 9}, "k1"),
        "s": shop.links.spare(person, "deals", "k1"),
        "p": shop.links.preferences(person, "k1"),
        "c": shop.links.confirm(person, TOPIC, "k1"),
    }
    tokens = {page: url.rpartition("/")[2] for page, url in made.items()}
    strange = Links(shop.links.base, b"another shop's secret, of 32 bytes", "kestrel_coffee")
    forged = [tokens["u"][:-1], tokens["u"][1:], tokens["u"] + "A", tokens["u"] * 2, tokens["u"][:16], person, other,
              shop.path(strange.unsubscribe(person, TOPIC, "k1"))[3:], "%00", "A" * 3_000]  # fmt: skip

    async def story() -> dict[str, set[tuple[int, int]]]:
        found: dict[str, set[tuple[int, int]]] = {"own": set(), "others": set(), "forged": set()}

        async def ask(kind: str, path: str) -> None:
            shop.now += timedelta(minutes=2)  # no limit is reached
            get, post = await client.get(path), await client.post(path, {"do": "everything"})
            found[kind].add((get[0], post[0]))

        async with served(shop) as client:
            for page in tokens:
                for of, token in tokens.items():
                    if of != page:
                        await ask("others", f"/{page}/{token}")
                for token in forged:
                    await ask("forged", f"/{page}/{token}")
            nothing = shop.said(person), shop.said(other)
            assert nothing == ([], [])
            for page, token in tokens.items():
                shop.now += timedelta(minutes=2)
                found["own"].add(((await client.get(f"/{page}/{token}"))[0], 0))
        return found

    assert asyncio.run(story()) == {"own": {(200, 0)}, "others": {(404, 404)}, "forged": {(404, 404)}}
    assert (shop.said(person), shop.said(other)) == ([], [])


@pytest.mark.parametrize("path", ["/api/v1/events", "/in/stripe"])
def test_bodies_of_strangers_fill_only_so_much_memory_and_then_it_is_free_again(
    shop: Shop, path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A body is read before its signature can be: many at once, each as large as one may be, must not fill it all."""
    monkeypatch.setattr("nurture.web.app.ALL_AT_ONCE", 100_000)
    shop.shop = replace(shop.shop, config=replace(shop.shop.config, stripe_secret="whsec_x"))  # noqa: S106
    key = new_key(shop.shop, "till", SCOPES, "lena", NOW)
    headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
    head = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    slow = f"POST {path} HTTP/1.1\r\nHost: x\r\n{head}Content-Length: 90010\r\n\r\n{' ' * 90_000}".encode()

    async def told(client: Client) -> int:
        shop.now += timedelta(seconds=1)  # no limit of the key is reached
        return (await client.post(path, b" " * 20_000, headers=headers))[0]

    async def story() -> list[int]:
        async with served(shop) as client:
            host, port = client.base.removeprefix("http://").split(":")
            _reader, writer = await asyncio.open_connection(host, int(port))
            writer.write(slow)
            await writer.drain()
            statuses: list[int] = []
            while not statuses or (statuses[-1] != 503 and len(statuses) < 200):  # until those bytes have arrived
                statuses.append(await told(client))
            assert (await client.get("/health"))[0] == 200
            writer.write(b" " * 10)
            await writer.drain()
            while statuses[-1] == 503 and len(statuses) < 400:  # until they were judged
                statuses.append(await told(client))
            writer.close()
            return statuses

    statuses = asyncio.run(story())
    assert 503 in statuses
    assert statuses[-1] == (422 if path.startswith("/api") else 403)
