"""The API: keys, scopes, bounds, verdicts row by row, and an OpenAPI document of the catalogue."""

import asyncio
import json
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from io import BytesIO
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from sqlalchemy.exc import OperationalError

from nurture.engine.api_keys import new_key, revoke
from nurture.wiring import mint

from .site import NOW, Client, Shop, served

ORDER = {"id": "c1", "event": "order.placed", "at": "2027-03-09T09:00:00Z", "outside_id": "1001", "total": "24.50"}
ALL = ("contacts", "events", "things", "numbers", "consents")


@pytest.fixture
def key(shop: Shop) -> str:
    shop.shop = replace(shop.shop, mint=mint)
    return new_key(shop.shop, "till", ALL, "lena", NOW)


def bearer(key: str, **more: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {key}", **more}


async def told(client: Client, key: str, kind: str, rows: object, **how: Any) -> tuple[int, Any, Any]:
    headers = bearer(key, **{"Content-Type": "application/json"})
    status, text, answered = await client.post(f"/api/v1/{kind}", json.dumps(rows), headers=headers, **how)
    return status, json.loads(text), answered


def trying(shop: Shop, act: Callable[[Client], Any]) -> Any:
    async def run() -> Any:
        async with served(shop) as client:
            return await act(client)

    return asyncio.run(run())


def test_rows_are_taken_and_each_has_its_verdict(shop: Shop, key: str) -> None:
    async def act(client: Client) -> None:
        rows = [ORDER, ORDER | {"total": "much"}, ORDER | {"outside_id": "1002"}]
        status, answer, headers = await told(client, key, "events", rows)
        assert status == 200
        assert answer["rows"][0] == {"row": 0, "status": "taken"}
        assert answer["rows"][1]["status"] == "refused"
        assert "'much' is not an amount" in answer["rows"][1]["reason"]
        assert (answer["taken"], answer["known"], answer["refused"]) == (2, 0, 1)
        assert headers["Cache-Control"] == "no-store"
        status, answer, _ = await told(client, key, "events", {"rows": rows})
        assert (status, answer["taken"], answer["known"], answer["refused"]) == (200, 0, 2, 1)

    trying(shop, act)
    assert shop.arrivals == [NOW]  # once: the second batch said nothing new
    person = shop.shop.store.find("c1")
    assert person
    assert shop.said(person) == ["order.placed", "order.placed"]


@pytest.mark.parametrize("header", [None, "", "Bearer", "Bearer nvk_", "Bearer nvk_wrong", "Basic nvk_x", "REVOKED"])
def test_whoever_has_no_key_that_is_believed_gets_one_answer(shop: Shop, key: str, header: str | None) -> None:
    if header == "REVOKED":
        header = f"Bearer {key}"
        revoke(shop.shop, "till", NOW)

    async def act(client: Client) -> tuple[int, str, Any]:
        return await client.post("/api/v1/events", "[]", headers={"Authorization": header} if header else {})

    status, text, headers = trying(shop, act)
    assert (status, headers["Content-Type"]) == (401, "application/problem+json; charset=utf-8")
    assert headers["WWW-Authenticate"] == "Bearer"
    assert json.loads(text)["detail"] == "No key, or none that is believed: the answer is the same for each."


def test_a_key_tells_only_what_its_scopes_say(shop: Shop, key: str) -> None:
    few = new_key(shop.shop, "few", ["numbers"], "lena", NOW)

    async def act(client: Client) -> None:
        status, answer, _ = await told(client, few, "events", [ORDER])
        assert (status, answer["title"]) == (403, "Forbidden")
        assert (await told(client, key, "events", [ORDER]))[0] == 200

    trying(shop, act)


@pytest.mark.parametrize(
    ("body", "more", "status"),
    [
        ("[]", {"Content-Type": "text/csv"}, 415),
        ("[]", {"Content-Type": "application/json", "Content-Encoding": "gzip"}, 415),
        ("", {}, 422),
        ("{", {}, 422),
        ("\xff", {}, 422),
        ("[NaN]", {}, 422),
        ("[" * 100_000, {}, 422),
        ("[1" + "0" * 5_000 + "]", {}, 422),
        ('{"rows": 1}', {}, 422),
        ('{"rows": [], "more": 1}', {}, 422),
        ("3", {}, 422),
        (json.dumps([{}] * 1_001), {}, 413),
        (" " * (5 * 1024 * 1024 + 1), {}, 413),
        ("[]", {}, 200),
        ("[1e999, null, [], true]", {}, 200),
    ],
)
def test_a_body_that_cannot_be_is_a_problem_and_never_a_fault(
    shop: Shop, key: str, body: str, more: dict[str, str], status: int
) -> None:
    async def act(client: Client) -> tuple[int, str, Any]:
        headers = bearer(key, **({"Content-Type": "application/json"} | more))
        return await client.post("/api/v1/events", BytesIO(body.encode("latin-1")), headers=headers)

    found, text, headers = trying(shop, act)
    assert found == status, text[:200]
    if status != 200:
        assert headers["Content-Type"].startswith("application/problem+json")
        assert json.loads(text)["status"] == status


@pytest.mark.parametrize(("method", "path", "status"), [
    ("GET", "/api/v1/events", 405), ("PUT", "/api/v1/events", 405), ("POST", "/api/v1/openapi.json", 405),
    ("POST", "/api/v1/people", 404), ("GET", "/api/v1/", 404),
])  # fmt: skip
def test_other_addresses_and_methods(shop: Shop, key: str, method: str, path: str, status: int) -> None:
    async def act(client: Client) -> tuple[int, str, Any]:
        return await client.ask(method, path, headers=bearer(key))

    found, _, headers = trying(shop, act)
    assert found == status
    assert ("Allow" in headers) == (status == 405)


def test_too_many_wrong_keys_and_too_many_batches_are_asked_to_wait(shop: Shop, key: str) -> None:
    async def act(client: Client) -> None:
        for _ in range(30):
            assert (await client.post("/api/v1/events", "[]"))[0] == 401
        status, _, headers = await client.post("/api/v1/events", "[]")
        assert (status, headers["Retry-After"]) == (429, "2")
        statuses = [(await told(client, key, "events", []))[0] for _ in range(61)]
        assert statuses == [200] * 60 + [429]  # a key is none of the strangers
        shop.now += timedelta(seconds=1)
        assert (await told(client, key, "events", []))[0] == 200

    trying(shop, act)


def test_a_busy_store_and_a_project_without_a_live_book_say_come_again(shop: Shop, key: str) -> None:
    class Busy(Shop):
        async def run(self, function: Callable[..., Any], *arguments: object) -> Any:
            if getattr(function, "__name__", "") == "_take":
                raise OperationalError("BEGIN IMMEDIATE", {}, Exception("database is locked"))
            return await super().run(function, *arguments)

    for busy in (Busy(shop.shop, shop.links, shop.live), Shop(shop.shop, shop.links, None)):
        status, answer, headers = trying(busy, lambda client: told(client, key, "events", [ORDER]))
        assert (status, answer["status"]) == (503, 503)
        assert int(headers["Retry-After"]) >= 1
        assert "locked" not in str(answer)


def test_the_document_describes_what_is_taken(shop: Shop, key: str) -> None:
    async def act(client: Client) -> None:
        assert (await client.get("/api/v1/openapi.json"))[0] == 401
        status, text, _ = await client.get("/api/v1/openapi.json", headers=bearer(key))
        assert status == 200
        found = json.loads(text)
        schemas = found["components"]["schemas"]
        assert found["openapi"] == "3.1.0"
        assert set(found["paths"]) == {f"/api/v1/{kind}" for kind in (*ALL, "openapi.json")}
        event = Draft202012Validator(schemas["EventRow"])
        assert event.is_valid(ORDER)
        assert not event.is_valid(ORDER | {"event": "order.plced"})
        assert not event.is_valid(ORDER | {"stars": 3})
        contact = schemas["ContactRow"]["properties"]
        assert contact["brew_method"] == {"enum": ["espresso", "filter", "moka"]}
        assert contact["first_name"]["examples"] == ["Salma"]
        assert contact["observes"]["description"].startswith("Sensitive")
        _, answer, _ = await told(client, key, "events", [ORDER])
        assert Draft202012Validator(schemas["Verdicts"]).is_valid(answer)

    trying(shop, act)
