"""Forgetting before a person: what it says, that the provider is told until it took it, and the files left to them."""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from nurture.config import Config
from nurture.deliver.sendgrid_erasure import PATH
from nurture.engine.applying import LiveBook
from nurture.engine.faults import MisuseError
from nurture.engine.forgetting import AGAIN, Telling, foretold, forget, forgetting
from nurture.engine.people import consent_words
from nurture.engine.preparing import ready, reason_of
from nurture.engine.rebuilding import rebuild
from nurture.engine.tick import tick
from nurture.engine.workshop import Workshop
from nurture.model.decision import Why
from nurture.model.mail import Fate, Handover
from nurture.store.database import Conflict
from nurture.store.open import Store, open_store
from nurture.store.rows import ContactRow, EventRow
from tests import worlds as w
from tests.new_stores import kept_in
from tests.sending_worlds import NOW, RULES, Scripted, refuse

ADDRESS = "salma@shop.example"
BOOK = w.book(w.sequence("hello", w.JOINED, [w.send("hello"), w.wait("3 days"), w.send("again")]), rules=RULES)


@dataclass
class World:
    store: Store
    shop: Workshop

    def through_sendgrid(self, url: str) -> "Workshop":
        config = replace(self.shop.config, provider="sendgrid", sendgrid_url=url, sendgrid_key="SG.key")
        return replace(self.shop, config=config)


@pytest.fixture
def world(tmp_path: Path, store_url: str) -> Iterator[World]:
    store = open_store(store_url, tmp_path / ".nurture" / "installation")
    rows = [
        ContactRow(outside_id="salma", address=ADDRESS, topics=("tips",), basis="x"),
        EventRow(outside_id="salma", name="subscriber.joined", at=NOW, fresh=True),
    ]
    store.importing(NOW).take(rows, refuse)
    tick(store, BOOK, NOW + timedelta(hours=1))
    config = Config("", tmp_path / "outbox", tmp_path / ".nurture" / "installation")
    yield World(store, Workshop(tmp_path, config, store, Scripted(), "us"))
    store.close()


def test_it_says_first_what_it_will_do_and_writes_nothing(world: World) -> None:
    (world.shop.root / "people.csv").write_text(f"id,email\nsalma,{ADDRESS.upper()}\n", encoding="utf-8")
    copy = "store.db.before-0004-from-0003"
    (world.shop.root / copy).write_text("a copy", encoding="utf-8")
    (world.shop.root / "other.csv").write_text("id,email\nben,ben@shop.example\n", encoding="utf-8")
    before = world.store.counts()
    said = foretold(world.shop, "salma")
    assert (said.rows["event"], said.rows["message"], said.rows["enrolment"]) == (3, 1, 1)
    assert said.files == (("people.csv", copy) if world.store.database.file else ("people.csv",))
    text = "\n".join(said.lines())
    assert "salma will be forgotten, for good" in text
    assert "3 events, 1 mail, 1 enrolment" in text
    assert "people.csv" in text
    assert "SendGrid" not in text
    assert world.store.counts() == before


def test_nobody_of_that_name_is_no_fault_of_the_store(world: World) -> None:
    with pytest.raises(MisuseError, match="nobody is called"):
        foretold(world.shop, "ben")


def test_what_waited_does_not_go_and_what_follows_from_the_events_still_does(world: World) -> None:
    person = world.store.find("salma")
    assert world.store.counts().planned == 1
    done = asyncio.run(forget(world.shop, "salma", "lena", NOW + timedelta(hours=2)))
    assert done.rows["message"] == 1
    assert world.store.counts().planned == 0
    assert sum(world.store.counts().inside.values()) == 0
    assert rebuild(world.store, BOOK, NOW + timedelta(days=1), lambda _: None).equal
    assert tick(world.store, BOOK, NOW + timedelta(days=30)).intents == 0
    ((known, _),) = world.store.people([person or ""], NOW + timedelta(days=30))
    assert consent_words(known, NOW) == "never written to: erased"
    assert asyncio.run(forget(world.shop, person or "", "lena", NOW + timedelta(days=2))).before


def test_sendgrid_is_told_at_once_and_the_address_is_gone(world: World) -> None:
    told: list[object] = []

    async def taken(request: web.Request) -> web.Response:
        told.append(await request.json())
        return web.json_response({"job_id": "1"}, status=202)

    async def whole() -> list[str]:
        app = web.Application()
        app.router.add_post(PATH, taken)
        async with TestServer(app) as server:
            shop = world.through_sendgrid(str(server.make_url("")))
            done = await forget(shop, "salma", "lena", NOW + timedelta(hours=2))
            await Telling(shop).send(NOW + timedelta(hours=3))
            return list(done.lines())

    said = asyncio.run(whole())
    assert told == [{"email_addresses": [ADDRESS]}]
    assert "SendGrid was told." in said
    assert forgetting(world.shop).untold(9) == {}
    assert ADDRESS.encode() not in kept_in(world.store.database)


def test_while_sendgrid_is_away_it_is_tried_again_and_again(world: World) -> None:
    shop = world.through_sendgrid("http://127.0.0.1:9")
    done = asyncio.run(forget(shop, "salma", "lena", NOW))
    assert any("SendGrid was not told yet" in line for line in done.lines())
    assert [*forgetting(shop).untold(9).values()] == [(ADDRESS,)]
    telling = Telling(shop)
    assert asyncio.run(telling.send(NOW))
    assert asyncio.run(telling.send(NOW + AGAIN / 2)) == ""  # not so soon
    assert asyncio.run(telling.send(NOW + AGAIN))


def test_a_mail_that_is_on_its_way_leaves_no_word_of_them_behind(world: World) -> None:
    """Claimed, it does not leave; handed over already, the provider's answer is kept without what names them."""
    now = NOW + timedelta(hours=2)
    batch = world.store.claim(9, now, "us")
    assert batch is not None
    assert [one.address for one in batch.intents] == [ADDRESS]
    forgetting(world.shop).forget(world.store.find("salma") or "", "lena", now)
    with pytest.raises(Conflict):
        world.store.hand(batch, now)


@pytest.mark.parametrize("fate", [Fate.accepted, Fate.refused, Fate.planned, Fate.in_doubt])
def test_what_is_answered_after_they_were_forgotten_names_nobody(world: World, fate: Fate) -> None:
    now = NOW + timedelta(hours=2)
    batch = world.store.claim(9, now, "us")
    assert batch is not None
    world.store.hand(batch, now)
    forgetting(world.shop).forget(world.store.find("salma") or "", "lena", now)
    batch = replace(batch, intents=tuple(replace(one, subject="O-4711-salma") for one in batch.intents))
    (intent,) = batch.intents
    said = Handover(intent.key, fate, f"550 {ADDRESS} is unknown")
    why = [(intent.person, reason_of(intent, said, Why.broken, now))]
    world.store.settle(batch, [said], now, BOOK, why)
    world.store.settle(batch, [said], now, BOOK, why)  # late, as by an answer after the lease
    data = kept_in(world.store.database)
    assert ADDRESS.encode() not in data
    assert b"O-4711" not in data
    while (again := world.store.claim(9, now, "us")) is not None:
        made = ready(world.shop, LiveBook(BOOK, {}), again, now)
        assert made.requests == ()
        world.store.settle(again, [one.handover for one in made.kept], now, BOOK)
