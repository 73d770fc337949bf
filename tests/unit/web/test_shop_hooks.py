"""The addresses of shops: signatures over raw bytes, kept before the answer, and one answer to whatever is wrong."""

import asyncio
import base64
import hmac
import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any

import pytest

from nurture.deliver import shopify, stripe, woocommerce
from nurture.engine.taking import take_received
from tests.shop_posts import TOPICS, payload

from .site import NOW, Client, Shop, served

SECRETS = {"shopify_secret": "shpss_x", "woocommerce_secret": "woo-x", "stripe_secret": "whsec_x"}


@pytest.fixture
def shops(shop: Shop) -> Shop:
    shop.shop = replace(shop.shop, config=replace(shop.shop.config, **SECRETS))  # type: ignore[arg-type]
    return shop


def based(secret: str, body: bytes) -> str:
    return base64.b64encode(hmac.digest(secret.encode(), body, sha256)).decode()


def striped(secret: str, body: bytes, at: datetime) -> str:
    said = int(at.timestamp())
    return f"t={said},v0=00,v1={hmac.digest(secret.encode(), f'{said}.'.encode() + body, sha256).hex()}"


def signed(name: str, body: bytes, at: datetime = NOW) -> tuple[str, dict[str, str]]:
    """The path of a post and the headers that the shop would send with it."""
    source = name.partition("_")[0]
    if source == "shopify":
        said = {shopify.SIGNATURE: based("shpss_x", body), shopify.DELIVERY: "d1"} | {shopify.TOPIC: TOPICS[name]}
    elif source == "woocommerce":
        said = {woocommerce.SIGNATURE: based("woo-x", body), woocommerce.TOPIC: TOPICS[name]}
    else:
        said = {stripe.SIGNATURE: striped("whsec_x", body, at)}
    return f"/in/{source}", said


def trying(shop: Shop, act: Callable[[Client], Any]) -> Any:
    async def run() -> Any:
        async with served(shop) as client:
            return await act(client)

    return asyncio.run(run())


ONE_OF_EACH = ("shopify_orders_create", "woocommerce_order_created", "stripe_checkout_session_completed")


def test_a_signed_post_is_kept_once_before_it_is_answered_and_then_read(shops: Shop) -> None:
    async def act(client: Client) -> None:
        for name in ONE_OF_EACH:
            body = json.dumps(payload(name)).encode()
            path, headers = signed(name, body)
            for _ in range(2):
                assert (await client.post(path, body, headers=headers))[0] == 200

    trying(shops, act)
    assert shops.shop.store.received.how_many() == (3, 0)
    assert len(shops.arrivals) == 3
    assert shops.live is not None
    assert dict(take_received(shops.shop, shops.live, NOW)) == {"taken": 3}
    for label in ("salma@shop.example", "ben@shop.example", "ani@shop.example"):
        person = shops.shop.store.find(label)
        assert person
        assert "order.placed" in shops.said(person)


def forged(headers: Mapping[str, str], change: Callable[[str], str]) -> dict[str, str]:
    return {name: change(value) if "ignature" in name or "Hmac" in name else value for name, value in headers.items()}


@pytest.mark.parametrize("name", ONE_OF_EACH)
@pytest.mark.parametrize("change", [
    lambda _: "", lambda said: said[:-3] + "AAA", lambda said: said.lower() + "=", lambda _: "t=,v1=",
    lambda _: "t=99999999999999999999,v1=0", lambda _: "v1=0", lambda _: "t=1,t=2", lambda _: "é",
])  # fmt: skip
def test_what_is_not_signed_is_answered_alike_and_changes_nothing(
    shops: Shop, name: str, change: Callable[[str], str]
) -> None:
    body = json.dumps(payload(name)).encode()
    path, headers = signed(name, body)

    async def act(client: Client) -> set[tuple[int, str]]:
        wrong = [
            await client.post(path, body, headers=forged(headers, change)),
            await client.post(path, body + b" ", headers=headers),
            await client.post(path, body),
        ]
        return {(status, text) for status, text, _ in wrong}

    assert trying(shops, act) == {(403, "Forbidden\n")}
    assert shops.shop.store.received.how_many() == (0, 0)


def test_an_address_without_its_secret_is_no_address(shop: Shop) -> None:
    async def act(client: Client) -> list[int]:
        return [(await client.post(f"/in/{source}", b"{}"))[0] for source in ("shopify", "woocommerce", "stripe")]

    assert trying(shop, act) == [404] * 3


def test_woocommerce_is_answered_when_a_webhook_is_saved(shops: Shop) -> None:
    async def act(client: Client) -> list[int]:
        return [(await client.post("/in/woocommerce", body))[0] for body in (b"webhook_id=17", b"webhook_id=17&x=1")]

    assert trying(shops, act) == [200, 403]
    assert shops.shop.store.received.how_many() == (0, 0)


def test_the_same_body_under_another_topic_is_another_post(shops: Shop) -> None:
    body = json.dumps(payload("shopify_orders_create")).encode()

    async def act(client: Client) -> None:
        for name in ("shopify_orders_create", "shopify_orders_fulfilled"):
            path, headers = signed(name, body)
            assert (await client.post(path, body, headers=headers))[0] == 200

    trying(shops, act)
    assert shops.shop.store.received.how_many() == (2, 0)


@pytest.mark.parametrize(("age", "believed"), [(0, True), (299, True), (301, False), (-299, True), (-301, False)])
def test_stripes_time_may_be_five_minutes_off_and_each_try_has_its_own(age: int, believed: bool) -> None:
    now, body = datetime(2027, 3, 9, tzinfo=UTC), b'{"id": "evt_1"}'
    headers = {stripe.SIGNATURE: striped("whsec_x", body, now - timedelta(seconds=age))}
    assert stripe.genuine("whsec_x", body, headers, now) is believed


def test_while_a_secret_of_stripe_is_rolled_either_signature_will_do() -> None:
    now, body = datetime(2027, 3, 9, tzinfo=UTC), b"{}"
    old, new = (striped(secret, body, now) for secret in ("whsec_old", "whsec_x"))
    both = f"{old},{new.partition(',')[2]}"
    assert stripe.genuine("whsec_x", body, {stripe.SIGNATURE: both}, now)
    assert not stripe.genuine("whsec_other", body, {stripe.SIGNATURE: both}, now)
