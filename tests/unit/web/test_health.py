"""Readiness and metrics: what machines ask, and what they are never told."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import aiohttp
import pytest
from aiohttp import web

from nurture.cli.running import doors
from nurture.engine.faults import StateError
from nurture.engine.health import metrics
from nurture.model.happening import Happened, Happening
from nurture.model.switch import Switch, Word
from nurture.store.mail_days import count
from nurture.store.runner import Runner
from nurture.web.health import meters
from nurture.web.remembered import Remembered
from nurture.web.serving import serving
from tests.daemons import free_port

from .site import NOW, Shop, served


def ready(shop: Shop):
    async def story():
        async with served(shop) as client:
            return await client.get("/ready")

    return asyncio.run(story())


def beat(shop: Shop, ago: int = 10, state: str = "at work") -> None:
    shop.shop.store.beat(Runner("us", 1, "1", NOW, NOW - timedelta(seconds=ago), None, state))


def test_it_is_ready_while_a_daemon_lives_and_the_store_takes_writing(shop: Shop):
    assert ready(shop)[:2] == (503, '{"store": "ok", "tick": "no daemon", "sending": "ok", "posts": "ok"}')
    beat(shop)
    assert ready(shop)[0] == 200
    beat(shop, ago=121)
    assert ready(shop)[0] == 503
    beat(shop, state="holds: the clock")
    assert (ready(shop)[0], "holds" in ready(shop)[1], "clock" in ready(shop)[1]) == (503, True, False)


def test_it_is_not_ready_while_all_sending_is_halted(shop: Shop):
    beat(shop)
    store = shop.shop.store
    store.set_switch(Switch(Word.halt, NOW, "lena", because="the words that Salma complained about"), NOW)
    status, text, _ = ready(shop)
    assert (status, '"sending": "halted"' in text, "Salma" in text) == (503, True, False)
    assert "nurture_halted 1\n" in metrics(store, NOW)
    store.lift_switch(Word.halt, "", NOW)
    assert ready(shop)[0] == 200
    assert "nurture_halted 0\n" in metrics(store, NOW)


def test_a_copied_store_is_not_ready(shop: Shop):
    beat(shop)
    shop.shop.store.halted = "it is a copy"
    status, text, _ = ready(shop)
    assert (status, "halted: a person has to look" in text) == (503, True)


def test_a_store_that_takes_no_writing_is_not_ready(shop: Shop, monkeypatch):
    beat(shop)
    monkeypatch.setattr("nurture.web.remembered.PATIENCE", 0.3)

    async def story():
        async with served(shop) as client:
            with shop.shop.store.database.writing():  # let go before the loop ends, which waits for its threads
                return await client.get("/ready")

    status, text, _ = asyncio.run(story())
    assert (status, "does not answer" in text) == (503, True)


def test_two_hundred_who_ask_at_once_are_one_question_to_the_store(shop: Shop):
    """A storm of scrapes must neither say that a store is down which is well, nor keep readers waiting."""
    asked, passed = [], [0.0]

    async def run(function, *arguments):
        asked.append(function)
        return await shop.run(function, *arguments)

    async def scrape(session, url):
        async with session.get(url) as answer:
            return await answer.text()

    async def story():
        app = meters(shop.shop, lambda: None, lambda: NOW, run, lambda: passed[0])
        async with serving(app, "127.0.0.1", 0) as (host, port), aiohttp.ClientSession() as session:
            url = f"http://{host}:{port}/metrics"
            texts = await asyncio.gather(*(scrape(session, url) for _ in range(200)))
            before = len(asked)
            passed[0] = 1.5
            await scrape(session, url)
            return texts, before

    texts, before = asyncio.run(story())
    assert {"nurture_up 1\n" in text for text in texts} == {True}
    assert (before, len(asked)) == (1, 2)


@pytest.mark.parametrize("faulty", [False, True])
def test_a_store_that_does_not_answer_is_down_and_asked_no_more_meanwhile(shop: Shop, monkeypatch, faulty: bool):
    monkeypatch.setattr("nurture.web.remembered.PATIENCE", 0.05)
    asked, lets_go = [], asyncio.Event()

    async def run(function, *arguments):
        asked.append(function)
        if faulty:
            raise OSError
        await lets_go.wait()
        return await shop.run(function, *arguments)

    async def story():
        app, passed = web.Application(), [0.0]
        page = Remembered(lambda: "up", "down", run, lambda: passed[0], 1.0, app)
        said = [await page.get(), await page.get()]
        lets_go.set()
        passed[0] = 2.0
        return [*said, await page.get()], len(asked)

    assert asyncio.run(story()) == (["down", "down", "down" if faulty else "up"], 2 if faulty else 1)


def test_metrics_need_no_web_part_and_name_their_own_key_where_they_cannot_listen(shop: Shop):
    place = ("127.0.0.1", free_port())
    shop.shop = replace(shop.shop, config=replace(shop.shop.config, web_listen=None, metrics_listen=place))

    async def story():
        opened = doors(shop.shop.config)
        assert opened is not None
        async with opened(shop.shop, lambda: None, lambda: NOW, shop.run, lambda: None):
            async with aiohttp.ClientSession() as session, session.get(f"http://127.0.0.1:{place[1]}/metrics") as one:
                assert "nurture_up 1\n" in await one.text()
            with pytest.raises(StateError, match=r"Set web\.metrics in config.toml to another"):
                async with opened(shop.shop, lambda: None, lambda: NOW, shop.run, lambda: None):
                    pytest.fail("two listen at one place")

    asyncio.run(story())
    assert doors(replace(shop.shop.config, metrics_listen=None)) is None


def test_a_counter_only_grows(shop: Shop):
    """A click is a person's until a second one at the same instant says that it was a scanner."""
    told = [Happening("t:1", Happened.delivered, NOW, "sendgrid", "k", "ada@gmail.com")]
    shop.shop.store.happenings.take(told, NOW)
    with shop.shop.store.database.writing() as connection:
        count(connection, NOW.date(), "sendgrid", {("gmail", "clicked"): 2, ("gmail", "service"): 1})
    before = metrics(shop.shop.store, NOW)
    with shop.shop.store.database.writing() as connection:
        count(connection, NOW.date(), "sendgrid", {("gmail", "clicked"): -1})
    after = metrics(shop.shop.store, NOW)
    assert 'nurture_mail_clicks{provider="sendgrid",family="gmail"} 2\n' in before
    assert 'nurture_mail_clicks{provider="sendgrid",family="gmail"} 1\n' in after
    assert 'nurture_service_mails_total{provider="sendgrid",family="gmail"} 1\n' in after
    counters = [[line for line in text.splitlines() if "_total{" in line] for text in (before, after)]
    assert counters[0] == counters[1]
    assert "click" not in "".join(counters[0])


def test_metrics_are_numbers_that_name_nobody_and_not_in_the_public_web(shop: Shop):
    one = Happening("t:1", Happened.delivered, NOW, "sendgrid", "k", "ada@adas-own-domain.example")
    gmail = Happening("t:2", Happened.delivered, NOW, "sendgrid", "k2", "ada@gmail.com")
    shop.shop.store.happenings.take([one, gmail], NOW)
    shop.shop.store.received.keep("sendgrid.events", b"[]", {}, NOW)

    async def story():
        async with served(shop) as client:
            public = await client.get("/metrics")
        app = meters(shop.shop, lambda: None, lambda: NOW, shop.run, lambda: 0.0)
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
