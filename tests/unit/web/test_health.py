"""Readiness and metrics: what machines ask, and what they are never told."""

import asyncio
from datetime import timedelta

import aiohttp

from nurture.model.happening import Happened, Happening
from nurture.store.runner import Runner
from nurture.web.health import meters
from nurture.web.serving import serving

from .site import NOW, Shop, served


def ready(shop: Shop):
    async def story():
        async with served(shop) as client:
            return await client.get("/ready")

    return asyncio.run(story())


def beat(shop: Shop, ago: int = 10, state: str = "at work") -> None:
    shop.shop.store.beat(Runner("us", 1, "1", NOW, NOW - timedelta(seconds=ago), None, state))


def test_it_is_ready_while_a_daemon_lives_and_the_store_takes_writing(shop: Shop):
    assert ready(shop)[:2] == (503, '{"store": "ok", "tick": "no daemon", "posts": "ok"}')
    beat(shop)
    assert ready(shop)[0] == 200
    beat(shop, ago=121)
    assert ready(shop)[0] == 503
    beat(shop, state="holds: the clock")
    assert (ready(shop)[0], "holds" in ready(shop)[1], "clock" in ready(shop)[1]) == (503, True, False)


def test_a_store_that_takes_no_writing_is_not_ready(shop: Shop, monkeypatch):
    beat(shop)
    monkeypatch.setattr("nurture.web.health.PATIENCE", 0.3)
    with shop.shop.store.database.writing():
        status, text, _ = ready(shop)
    assert (status, "does not answer" in text) == (503, True)


def test_metrics_are_numbers_that_name_nobody_and_not_in_the_public_web(shop: Shop):
    one = Happening("t:1", Happened.delivered, NOW, "sendgrid", "k", "ada@adas-own-domain.example")
    gmail = Happening("t:2", Happened.delivered, NOW, "sendgrid", "k2", "ada@gmail.com")
    shop.shop.store.happenings.take([one, gmail], NOW)
    shop.shop.store.received.keep("sendgrid.events", b"[]", {}, NOW)

    async def story():
        async with served(shop) as client:
            public = await client.get("/metrics")
        app = meters(shop.shop, lambda: shop.now, shop.run)
        async with serving(app, "127.0.0.1", 0) as (host, port), aiohttp.ClientSession() as session:
            answer = await session.get(f"http://{host}:{port}/metrics")
            return public, answer.status, await answer.text(), answer.headers["Content-Type"]

    public, status, text, media_type = asyncio.run(story())
    assert public[0] == 404
    assert (status, media_type) == (200, "text/plain; version=0.0.4; charset=utf-8")
    assert "nurture_up 1\n" in text
    assert 'nurture_mails_total{provider="sendgrid",family="gmail",what="delivered"} 1\n' in text
    assert 'nurture_mails_total{provider="sendgrid",family="other",what="delivered"} 1\n' in text
    assert 'nurture_received_posts{state="unread"} 1\n' in text
    assert "ada@" not in text
    assert "adas-own" not in text
