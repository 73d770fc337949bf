"""SendGrid's Event Webhook over real HTTP: signed posts are kept before they are answered, others change nothing."""

import asyncio
import gc
import json
from base64 import b64encode
from dataclasses import replace
from io import BytesIO

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, SECP256R1, generate_private_key
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from nurture.engine.faults import StateError
from nurture.engine.taking import take_received
from nurture.web.hooks import EVENTS, LARGEST_EVENTS, SIGNATURE, TIMESTAMP

from .site import NOW, Shop, served

KEY = generate_private_key(SECP256R1())
PUBLIC = b64encode(KEY.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).decode()
BODY = b'[{"event":"processed","timestamp":1740300320,"nv_send":"k","sg_event_id":"1"}\r\n]\r\n'
PATH = "/in/sendgrid/events"


def signed(body: bytes = BODY, timestamp: str = "1740300320") -> dict[str, str]:
    return {SIGNATURE: b64encode(KEY.sign(timestamp.encode() + body, ECDSA(SHA256()))).decode(), TIMESTAMP: timestamp}


def with_key(shop: Shop, key: str = PUBLIC) -> Shop:
    shop.shop = replace(shop.shop, config=replace(shop.shop.config, sendgrid_events_key=key))
    return shop


def posts(shop: Shop, *wanted) -> list:
    async def story():
        async with served(shop) as client:
            return [await client.post(PATH, BytesIO(body), headers=headers) for body, headers in wanted]

    return asyncio.run(story())


def test_what_is_signed_is_kept_once_as_it_came_and_answered_alike_again(shop: Shop):
    answers = posts(with_key(shop), (BODY, signed()), (BODY, signed(timestamp="1740300399")))
    assert [(status, text) for status, text, _ in answers] == [(204, ""), (204, "")]
    (kept,) = shop.shop.store.received.to_do(10)
    assert (kept.source, kept.body, kept.at) == (EVENTS, BODY, NOW)
    assert len(shop.arrivals) == 1


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {SIGNATURE: signed()[SIGNATURE]},
        {TIMESTAMP: "1740300320"},
        {**signed(), SIGNATURE: "no base64!"},
        {**signed(), TIMESTAMP: "1740300321"},
        signed(BODY + b"x"),
        {**signed(), SIGNATURE: b64encode(b"0" * 70).decode()},
    ],
)
def test_what_is_not_signed_changes_nothing_and_learns_nothing(shop: Shop, headers):
    (answer,), (plain,) = posts(with_key(shop), (BODY, headers)), posts(shop, (BODY, {}))
    assert answer[:2] == plain[:2] == (403, "Forbidden\n")
    assert shop.shop.store.received.any_to_do() is False
    assert shop.arrivals == []


def test_without_a_key_the_address_is_a_stranger(shop: Shop):
    async def story():
        async with served(shop) as client:
            ours = await client.post(PATH, BODY, headers=signed())
            return ours, await client.post("/in/nothing/here", BODY)

    ours, other = asyncio.run(story())
    assert ours[0] == other[0] == 404
    assert ours[1] == other[1]


def test_a_key_that_is_none_stops_the_start_in_words(shop: Shop):
    with pytest.raises(StateError, match=r"key 1 of sendgrid.events_key"):
        posts(with_key(shop, "nonsense"), (BODY, {}))


def test_a_body_beyond_the_bound_is_refused_and_one_of_the_largest_size_is_kept(shop: Shop):
    large = b"[" + b" " * (LARGEST_EVENTS - 2) + b"]"
    answers = posts(with_key(shop), (large, signed(large)), (large + b" ", signed(large + b" ")))
    assert [status for status, _, _ in answers] == [204, 413]
    (kept,) = shop.shop.store.received.to_do(10)
    assert kept.body == large


def test_posts_that_come_at_once_share_commits_and_each_has_its_answer(shop: Shop):
    bodies = [json.dumps([{"n": number % 40}]).encode() for number in range(80)]

    async def story():
        async with served(with_key(shop)) as client:
            return await asyncio.gather(*(client.post(PATH, body, headers=signed(body)) for body in bodies))

    before = shop.shop.store.counter
    answers = asyncio.run(story())
    assert {status for status, _, _ in answers} == {204}
    assert len(list(shop.shop.store.received.to_do(100))) == 40
    assert shop.shop.store.counter - before < 40
    gc.collect()  # a future whose fault nobody heard would be told of here


def test_a_store_that_cannot_keep_asks_to_come_again(shop: Shop, monkeypatch):
    monkeypatch.setattr("nurture.web.site.PATIENCE", 0.3)

    async def story():
        async with served(with_key(shop)) as client:
            with shop.shop.store.database.writing():  # somebody's long transaction
                return await client.post(PATH, BODY, headers=signed())

    status, _, headers = asyncio.run(story())
    assert (status, headers["Retry-After"]) == (503, "60")


def test_what_was_kept_is_taken_in_and_what_cannot_be_read_waits_with_its_reason(shop: Shop):
    posts(with_key(shop), (BODY, signed()), (b"<html>", signed(b"<html>")))
    found = take_received(shop.shop, shop.live, NOW)
    assert dict(found) == {"taken": 1, "unreadable": 1}
    assert take_received(shop.shop, shop.live, NOW).total() == 0
    (bad,) = shop.shop.store.received.problems(10)
    assert (bad.number, bad.problem) == (2, "the post is no JSON (1)")
    assert shop.shop.store.received.again() == 1
    assert dict(take_received(shop.shop, shop.live, NOW)) == {"unreadable": 1}
    assert len(shop.shop.store.happenings.of_mails(["k"])["k"]) == 1
