"""Letters that are posted: kept before they are answered, never refused with 4xx where they may be genuine."""

import asyncio
import base64
from collections.abc import Iterator
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from nurture.engine.faults import StateError
from nurture.engine.taking import take_received
from nurture.store.desk import desk
from nurture.web.hooks import SIGNATURE, TIMESTAMP
from nurture.web.letters import LARGEST
from tests.unit.web.site import NOW, Shop, opened, served

KEY = ec.generate_private_key(ec.SECP256R1())
PUBLIC = KEY.public_key().public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
WORD = "a-long-word-that-nobody-guesses"
LETTER = (
    b"From: Salma <c1@shop.example>\r\nSubject: Re: Welcome\r\nMessage-ID: <1@shop.example>\r\n\r\nWhere is it?\r\n"
)


def form(**fields: bytes) -> tuple[bytes, dict[str, str]]:
    parts = [
        b'--X\r\nContent-Disposition: form-data; name="%s"\r\n\r\n%s\r\n' % (n.encode(), v) for n, v in fields.items()
    ]
    return b"".join(parts) + b"--X--\r\n", {"Content-Type": "multipart/form-data; boundary=X"}


def signed(body: bytes, at: str = "1804586400") -> dict[str, str]:
    made = KEY.sign(at.encode() + body, ec.ECDSA(hashes.SHA256()))
    return {SIGNATURE: base64.b64encode(made).decode(), TIMESTAMP: at}


@pytest.fixture
def shop(root: Path) -> Iterator[Shop]:
    with opened(root) as found:
        config = replace(
            found.shop.config,
            sendgrid_inbound_key=base64.b64encode(PUBLIC).decode(),
            sendgrid_inbound_secret=WORD,
        )
        found.shop = replace(found.shop, config=config)
        yield found


def kept(shop: Shop) -> int:
    return sum(shop.shop.store.received.how_many())


def test_a_letter_that_is_signed_or_knows_the_secret_is_kept_and_read(shop: Shop) -> None:
    async def go() -> None:
        person = shop.contact()
        body, headers = form(email=LETTER)
        other, _ = form(email=LETTER.replace(b"Where", b"When").replace(b"<1@", b"<2@"))
        async with served(shop) as client:
            assert (await client.post("/in/sendgrid/mail", body, headers=headers | signed(body)))[0] == 204
            assert (await client.post(f"/in/sendgrid/mail/{WORD}", other, headers=headers))[0] == 204
            assert (await client.post(f"/in/sendgrid/mail/{WORD}", other, headers=headers))[0] == 204  # once more
        assert kept(shop) == 2
        assert len(shop.arrivals) == 2
        assert shop.live is not None
        assert take_received(shop.shop, shop.live, NOW)["taken"] == 2
        assert [(one.kind, one.person) for one in desk(shop.shop.store).replies.newest(9)] == [("question", person)] * 2

    asyncio.run(go())


def test_a_letter_without_its_signature_or_with_another_word_is_not_lost(
    shop: Shop, caplog: pytest.LogCaptureFixture
) -> None:
    """The policy that signs may not be attached yet, or the word be mistyped: SendGrid comes again for three days."""

    async def go() -> None:
        caplog.set_level("INFO", logger="nurture")
        body, headers = form(email=LETTER)
        async with served(shop) as client:
            for path in ("/in/sendgrid/mail", f"/in/sendgrid/mail/{WORD}x", "/in/sendgrid/mail/guess"):
                status, _, said = await client.post(path, body, headers=headers)
                assert (status, said["Retry-After"]) == (503, "60")
        assert not kept(shop)
        assert [one.getMessage() for one in caplog.records if "hook.refused" in one.getMessage()] == [
            "hook.refused source=sendgrid.mail"
        ]

    asyncio.run(go())


def test_a_stranger_meets_what_strangers_meet(shop: Shop) -> None:
    async def go() -> None:
        body, headers = b"email=hello", {"Content-Type": "application/x-www-form-urlencoded"}
        async with served(shop) as client:
            nowhere = await client.post("/in/elsewhere", body, headers=headers)
            for path in ("/in/sendgrid/mail", "/in/sendgrid/mail/guess", "/in/sendgrid/mail/%FF%00"):
                status, text, _ = await client.post(path, body, headers=headers)
                assert (status, text) == nowhere[:2]
                assert status == 404
        assert not kept(shop)

    asyncio.run(go())


def test_without_key_or_secret_there_is_no_such_address(root: Path) -> None:
    async def go() -> None:
        body, headers = form(email=LETTER)
        with opened(root) as shop:
            async with served(shop) as client:
                assert (await client.post("/in/sendgrid/mail", body, headers=headers | signed(body)))[0] == 404
                assert (await client.post("/in/sendgrid/mail/", body, headers=headers))[0] == 404
                assert (await client.post(f"/in/sendgrid/mail/{WORD}", body, headers=headers))[0] == 404
            assert not kept(shop)

    asyncio.run(go())


def test_a_signature_that_does_not_fit_is_asked_to_come_again(shop: Shop, caplog: pytest.LogCaptureFixture) -> None:
    """The key here may be the wrong one: with 4xx SendGrid would throw every letter away and tell nobody."""

    async def go() -> None:
        caplog.set_level("INFO", logger="nurture")
        body, headers = form(email=LETTER)
        async with served(shop) as client:
            for bad in (signed(body + b" "), signed(body) | {TIMESTAMP: "1"}, signed(body) | {SIGNATURE: "nonsense"}):
                status, _, said = await client.post("/in/sendgrid/mail", body, headers=headers | bad)
                assert (status, said["Retry-After"]) == (503, "60")
        assert not kept(shop)
        refused = [record.getMessage() for record in caplog.records if "hook.refused" in record.getMessage()]
        assert refused == ["hook.refused source=sendgrid.mail"]  # once a minute at the most

    asyncio.run(go())


@pytest.mark.parametrize("body", [b"", b"\0" * 5000, b"--X\r\n", b"not a form at all \xff\xfe", b"--X--"])
def test_whatever_is_inside_a_genuine_letter_is_kept_and_taken(shop: Shop, body: bytes) -> None:
    async def go() -> None:
        async with served(shop) as client:
            for headers in ({}, {"Content-Type": "multipart/form-data; boundary=X"}, {"Content-Type": "x" * 900}):
                assert (await client.post(f"/in/sendgrid/mail/{WORD}", body, headers=headers))[0] == 204
        assert shop.live is not None
        assert take_received(shop.shop, shop.live, NOW).keys() == {"taken"}

    asyncio.run(go())


def test_a_letter_of_thirty_megabytes_is_kept_and_a_larger_one_never_answered_with_4xx(shop: Shop) -> None:
    async def go() -> None:
        attached = (
            b"Content-Type: multipart/mixed; boundary=B\r\n\r\n--B\r\n\r\nstop\r\n--B\r\n\r\n" + b"A" * 30_000_000
        )
        body, headers = form(email=LETTER[:60] + attached)
        async with served(shop) as client:
            assert (await client.post(f"/in/sendgrid/mail/{WORD}", BytesIO(body), headers=headers))[0] == 204
            assert await too_large(client, f"/in/sendgrid/mail/{WORD}", headers) in (503, None)
        assert kept(shop) == 1

    asyncio.run(go())


async def too_large(client: Any, path: str, headers: dict[str, str]) -> int | None:
    """The status, or None where the answer came before all was sent and the connection was closed over it."""
    try:
        found: int = (await client.post(path, BytesIO(b"x" * (LARGEST + 1)), headers=headers))[0]
    except aiohttp.ClientError:
        return None
    return found


def test_a_letter_that_cannot_be_stored_comes_again(shop: Shop) -> None:
    async def go() -> None:
        body, headers = form(email=LETTER)
        shop.shop.store.close()
        with shop.shop.store.database.writing() as connection:
            connection.exec_driver_sql("DROP TABLE received")
        async with served(shop) as client:
            assert (await client.post(f"/in/sendgrid/mail/{WORD}", body, headers=headers))[0] == 503
            assert (await client.post("/in/sendgrid/mail", body, headers=headers | signed(body)))[0] == 503

    asyncio.run(go())


def test_a_key_that_is_none_stops_the_start_and_names_its_line(shop: Shop) -> None:
    async def go() -> None:
        shop.shop = replace(shop.shop, config=replace(shop.shop.config, sendgrid_inbound_key="nonsense"))
        with pytest.raises(StateError, match="inbound_key"):
            async with served(shop):
                pass

    asyncio.run(go())
