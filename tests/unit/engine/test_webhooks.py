"""Calls of other systems from the store's side: claimed, made again after a cut, given up, and told to the flow."""

import asyncio
import json
import socket
import threading
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path

import pytest

from nurture.config import Config
from nurture.engine.applying import LiveBook
from nurture.engine.faults import MisuseError, RefusedError
from nurture.engine.hand_over import directly
from nurture.engine.tick import zone_of
from nurture.engine.webhooks import Called, Calling, back_off, do, listing
from nurture.engine.workshop import Workshop
from nurture.language.project import read_project
from nurture.model.book import Book
from nurture.model.decision import Decision, WebhookIntent
from nurture.model.event import ERASED, WEBHOOK_ANSWERED
from nurture.model.person import Enrolment
from nurture.model.rules import Endpoint
from nurture.model.switch import Switch, Word
from nurture.store.desk import desk
from nurture.store.open import Store, open_store
from nurture.store.rows import ContactRow
from nurture.store.said import Said
from nurture.store.webhooks import Result
from tests import worlds as w
from tests.sending_worlds import NOW, RULES, Clock, Scripted, refuse
from tests.sockets import listening, read_http, reset

KEY = "a1" * 32
OTHER = "b2" * 32


@dataclass
class Erp:
    """Another system: it answers by its script, and then always that all is well. None cuts the connection."""

    script: deque[bytes | None] = field(default_factory=deque)
    got: list[bytes] = field(default_factory=list)

    def __call__(self, connection: socket.socket) -> None:
        self.got.append(read_http(connection))
        said = self.script.popleft() if self.script else status(200, b'"gold"')
        if said is None:
            reset(connection)
        else:
            connection.sendall(said)


def status(number: int, body: bytes = b"") -> bytes:
    return b"HTTP/1.1 %d x\r\nContent-Length: %d\r\n\r\n%s" % (number, len(body), body)


@dataclass
class World:
    store: Store
    shop: Workshop
    book: Book
    clock: Clock
    erp: Erp
    person: str

    def round(self) -> Called:
        live = LiveBook(self.book, {})
        return asyncio.run(Calling(self.shop, lambda: live, self.clock, directly).round())

    def later(self, **span: float) -> None:
        self.clock.now += timedelta(**span)

    def answers(self) -> list[dict[str, object]]:
        events = self.store.histories([self.person])[self.person]
        return [dict(event.fields) for event in events if event.name == WEBHOOK_ANSWERED]

    def state(self, key: str = KEY) -> str:
        one = desk(self.store).webhooks.one(key)
        assert one is not None
        return one.state


def decided(store: Store, book: Book, person: str, key: str, retry: int, waits: str | None = None) -> None:
    """Their enrolment has come to a webhook and waits for it."""
    ((known, _),) = store.people([person], NOW)
    enrolment = Enrolment(
        "vip", key[:4], 1, 0, NOW, NOW.date(), step="flag", done_at=NOW, due_at=NOW + timedelta(days=3),
        waits_for=key if waits is None else waits,
    )  # fmt: skip
    intent = WebhookIntent(key, person, "vip", 0, key[:4], "flag", "erp", {"level": 3, "on": NOW.date()}, retry, 5, NOW)
    after = replace(known, enrolments=(*known.enrolments, enrolment), asof=NOW)
    store.commit([Decision(after, webhooks=(intent,))], NOW, zone_of(book), book)


@pytest.fixture
def world(tmp_path: Path, store_url: str) -> Iterator[World]:
    yield from made(tmp_path, store_url)


def made(tmp_path: Path, url: str, retry: int = 3, **config: object) -> Iterator[World]:
    endpoint = Endpoint("erp", "ERP_URL", "ERP_KEY", private=True)
    book = w.book(w.sequence("vip", w.JOINED, [w.send("hello")]), rules=replace(RULES, endpoints=(endpoint,)))
    store = open_store(url, tmp_path / "installation")
    store.importing(NOW).take([ContactRow(outside_id="salma", address="salma@shop.example")], refuse)
    person = store.find("salma")
    assert person is not None
    ((known, arrived),) = store.people([person], NOW)
    from nurture.decide.advance import advance

    store.commit([advance(book, known, NOW, arrived)], NOW, zone_of(book), book)
    decided(store, book, person, KEY, retry)
    erp = Erp()
    with listening(erp) as port:
        environment = {"ERP_URL": f"http://127.0.0.1:{port}/flag", "ERP_KEY": "s3cret"}
        settings = Config("", tmp_path / "outbox", tmp_path / "installation", **config)  # type: ignore[arg-type]
        shop = Workshop(tmp_path, settings, store, Scripted(), "us", None, lambda name: environment.get(name, ""))
        yield World(store, shop, book, Clock(), erp, person)
    store.close()


def test_a_call_is_made_once_and_the_flow_hears_of_it(world: World) -> None:
    assert world.round().states == {"ok": 1}
    assert world.round().states == {}
    (request,) = world.erp.got
    assert f"Idempotency-Key: {KEY}".encode() in request
    assert json.loads(request.partition(b"\r\n\r\n")[2]) == {"level": 3, "on": "2027-03-02"}
    assert world.answers() == [{"key": KEY, "ok": True, "words": "answered 200", "value": "gold"}]


def test_it_is_tried_again_with_the_same_key_later_and_later(world: World) -> None:
    world.erp.script.extend([status(503), None, status(500)])
    waits = [back_off(number) for number in range(3)]
    assert waits == [timedelta(seconds=30), timedelta(minutes=2), timedelta(minutes=8)]
    for wait in waits:
        assert world.round().states == {"planned": 1}
        assert desk(world.store).webhooks.next_at() == world.clock.now + wait
        world.clock.now += wait - timedelta(seconds=1)
        assert world.round().states == {}
        world.later(seconds=1)
    assert world.round().states == {"ok": 1}
    assert len(world.erp.got) == 4
    assert all(KEY.encode() in request for request in world.erp.got)
    assert len(world.answers()) == 1


def test_when_all_tries_failed_the_flow_hears_that_it_failed(world: World) -> None:
    world.erp.script.extend([status(503)] * 9)
    for _ in range(9):
        world.round()
        world.later(hours=6)
    assert len(world.erp.got) == 4
    assert world.answers() == [{"key": KEY, "ok": False, "words": "answered 503", "value": None}]


def test_what_is_refused_for_good_is_not_tried_again(world: World) -> None:
    world.erp.script.append(status(422, b"no such customer"))
    assert world.round().states == {"failed": 1}
    assert [answer["words"] for answer in world.answers()] == ["answered 422: no such customer"]


def test_the_other_side_says_when(world: World) -> None:
    world.erp.script.append(b"HTTP/1.1 429 x\r\nRetry-After: 3600\r\nContent-Length: 0\r\n\r\n")
    world.round()
    assert desk(world.store).webhooks.next_at() == world.clock.now + timedelta(hours=1)


def test_after_a_crash_it_is_made_again_and_that_try_is_not_counted(world: World) -> None:
    doors = desk(world.store).webhooks
    (claimed,) = doors.claim(8, world.clock.now)  # and the process is gone
    assert world.state() == "handed"
    assert world.round().states == {}
    world.later(seconds=claimed.timeout + 11)
    assert world.round().states == {"ok": 1}
    assert desk(world.store).webhooks.one(KEY).tries == 1  # type: ignore[union-attr]


def test_an_answer_that_comes_twice_is_told_once(world: World) -> None:
    doors = desk(world.store).webhooks
    doors.claim(8, world.clock.now)
    world.later(minutes=1)
    assert world.round().states == {"ok": 1}
    assert not doors.settle(Result(KEY, "failed", "late"), world.clock.now)
    assert [answer["ok"] for answer in world.answers()] == [True]


def test_two_processes_do_not_make_one_call_both(world: World) -> None:
    doors = desk(world.store).webhooks
    assert len(doors.claim(8, world.clock.now)) == 1
    assert doors.claim(8, world.clock.now) == []


def test_nobody_waits_any_more_and_nothing_is_called(world: World) -> None:
    decided(world.store, world.book, world.person, OTHER, 3, waits="")
    world.round()
    assert world.state(OTHER) == "cancelled"
    assert len(world.erp.got) == 1


def test_who_is_erased_is_told_to_nobody(world: World) -> None:
    world.store.record(Said(world.person, ERASED, ("once",)), world.clock.now)
    assert world.round().states == {"cancelled": 1}
    assert world.erp.got == []


@pytest.mark.parametrize(("key_env", "shown"), [(", key_env: ERP_KEY", True), ("", False)])
def test_the_key_that_the_rules_name_goes_with_the_call(world: World, key_env: str, shown: bool) -> None:
    rules = f"endpoints: {{erp: {{url_env: ERP_URL, private: true{key_env}}}}}\n"
    read = read_project({"sequences/house/rules.yaml": rules.encode()}).partial.rules
    world.book = replace(world.book, rules=replace(world.book.rules, endpoints=read.endpoints))
    assert world.round().states == {"ok": 1}
    assert (b"Authorization: Bearer s3cret" in world.erp.got[0]) is shown


def test_while_a_variable_is_not_set_it_waits_and_no_try_is_counted(world: World) -> None:
    world.shop = replace(world.shop, variable=lambda _name: "")
    assert world.round().states == {"planned": 1}
    (line,) = [one.line() for one in listing(world.shop, 20).calls]
    assert "0 tries, next 2027-03-02 10:05 UTC  the environment variable ERP_URL is not set" in line
    world.later(days=4)
    assert world.round().states == {"failed": 1}
    assert "given up after 3 days" in str(world.answers()[0]["words"])


def test_an_address_that_is_not_private_is_not_called_in_the_clear(world: World) -> None:
    public = Endpoint("erp", "ERP_URL", "ERP_KEY")
    world.book = replace(world.book, rules=replace(world.book.rules, endpoints=(public,)))
    assert world.round().states == {"planned": 1}
    assert world.erp.got == []


def test_while_all_is_halted_nothing_is_called(world: World) -> None:
    world.store.set_switch(Switch(Word.halt, NOW, "lena"), NOW)
    assert world.round().states == {}
    world.store.lift_switch(Word.halt, "", NOW)
    assert world.round().states == {"ok": 1}


def test_a_copied_store_calls_nobody(world: World) -> None:
    world.store.halted = "a copy"
    assert world.round().states == {}


@pytest.mark.parametrize("config", [{"mode": "test"}, {"only_to": ("lena@shop.example",)}])
def test_where_only_some_have_mail_only_they_are_told_of(
    tmp_path: Path, store_url: str, config: dict[str, object]
) -> None:
    for world in made(tmp_path, store_url, **config):
        assert world.round().states == {"ok": 1}
        assert world.erp.got == []
        assert world.answers()[0]["value"] is None


def test_a_person_has_it_called_now_or_gives_it_up(world: World) -> None:
    world.erp.script.append(status(503))
    world.round()
    assert "next round" in do(world.shop, "retry", KEY[:6], "lena", "", world.clock.now)
    assert world.round().states == {"ok": 1}
    with pytest.raises(RefusedError, match="neither waits nor failed"):
        do(world.shop, "retry", KEY[:6], "lena", "", world.clock.now)
    with pytest.raises(RefusedError, match="does not wait"):
        do(world.shop, "give-up", KEY[:6], "lena", "", world.clock.now)


def test_what_failed_is_called_again_by_hand_without_moving_anybody(world: World) -> None:
    world.erp.script.append(status(404))
    world.round()
    assert "hears nothing" in do(world.shop, "retry", KEY[:6], "lena", "", world.clock.now)
    assert world.round().states == {"ok": 1}
    assert [answer["ok"] for answer in world.answers()] == [False]


def test_given_up_by_a_person_is_a_failure_with_their_words(world: World) -> None:
    do(world.shop, "give-up", KEY[:6], "lena", "the ERP is gone", world.clock.now)
    assert world.answers() == [{"key": KEY, "ok": False, "words": "given up by lena: the ERP is gone", "value": None}]
    assert world.round().states == {}


def test_a_key_is_meant_by_its_beginning_as_long_as_it_is_clear(world: World) -> None:
    decided(world.store, world.book, world.person, KEY[:8] + OTHER[8:], 3)
    with pytest.raises(MisuseError, match="several keys begin with 'a1'"):
        do(world.shop, "retry", "a1", "lena", "", NOW)
    with pytest.raises(MisuseError, match="no webhook"):
        do(world.shop, "retry", "ff", "lena", "", NOW)
    with pytest.raises(MisuseError, match="no webhook"):
        do(world.shop, "retry", "", "lena", "", NOW)


def test_the_loop_goes_on_when_stirred_and_ends_when_asked(world: World) -> None:
    async def life() -> None:
        stopping, stirred = asyncio.Event(), asyncio.Event()
        live = LiveBook(world.book, {})
        told = asyncio.Event()
        calling = Calling(world.shop, lambda: live, world.clock, directly, told.set)
        going = asyncio.create_task(calling.keep_on(stopping, stirred, lambda: True))
        await asyncio.wait_for(told.wait(), 10)
        told.clear()
        decided(world.store, world.book, world.person, OTHER, 3)
        stirred.set()
        await asyncio.wait_for(told.wait(), 10)
        stopping.set()
        await asyncio.wait_for(going, 10)

    asyncio.run(life())
    assert (world.state(KEY), world.state(OTHER)) == ("ok", "ok")


def test_a_call_that_hangs_does_not_hold_the_end_and_is_made_again(world: World) -> None:
    asked, let_go = threading.Event(), threading.Event()

    def hanging(connection: socket.socket) -> None:
        read_http(connection)
        asked.set()
        let_go.wait(10)

    async def life() -> None:
        stopping = asyncio.Event()
        live = LiveBook(world.book, {})
        calling = Calling(shop, lambda: live, world.clock, directly, patience=0.1)
        going = asyncio.create_task(calling.keep_on(stopping, asyncio.Event(), lambda: True))
        assert await asyncio.to_thread(asked.wait, 10)
        stopping.set()
        await asyncio.wait_for(going, 3)

    with listening(hanging) as port:
        shop = replace(world.shop, variable=lambda name: f"http://127.0.0.1:{port}/" if name == "ERP_URL" else "key")
        asyncio.run(life())
        let_go.set()
    assert world.state() == "handed"
    world.later(minutes=1)
    assert world.round().states == {"ok": 1}


def test_a_fault_of_the_store_ends_no_loop(world: World, caplog: pytest.LogCaptureFixture) -> None:
    async def life() -> None:
        stopping = asyncio.Event()

        def broken() -> LiveBook:
            stopping.set()
            raise OSError("secret words")

        calling = Calling(world.shop, broken, world.clock, directly)
        await asyncio.wait_for(calling.keep_on(stopping, asyncio.Event(), lambda: True), 10)

    asyncio.run(life())
    assert "webhooks.failed error=OSError" in caplog.text
    assert "secret words" not in caplog.text
    assert world.round().states == {"ok": 1}
