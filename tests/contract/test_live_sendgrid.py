"""SendGrid itself, in its sandbox: it checks every kind of request and sends nothing to anybody.

NURTURE_LIVE_SENDGRID_KEY is a key that may send mail, NURTURE_LIVE_SENDGRID_ADDRESS a verified sender, who is every
reader too. Without the key this file is not collected (`conftest.py`). What only SendGrid can say is asked here.
"""

import asyncio
import os
from dataclasses import replace

import orjson
import pytest

from nurture.deliver.sendgrid import Post, SendGrid
from nurture.model.mail import Fate, Handover
from nurture.wiring import now

from .test_prism import GOOD, KINDS

SANDBOX = {"mail_settings": {"sandbox_mode": {"enable": True}}}


def address() -> str:
    return os.environ["NURTURE_LIVE_SENDGRID_ADDRESS"]


def way() -> SendGrid:
    return SendGrid("https://api.sendgrid.com", os.environ["NURTURE_LIVE_SENDGRID_KEY"], now, each_request=1000)


def in_sandbox(request: Post) -> Post:
    return replace(request, body=orjson.dumps(orjson.loads(request.body) | SANDBOX))


def answers(*requests: Post) -> list[Handover]:
    async def whole() -> list[Handover]:
        provider = way()
        try:
            return [one for request in requests for one in provider.read(request, await provider.post(request))]
        finally:
            await provider.close()

    return asyncio.run(whole())


def tagged(number: int) -> str:
    """An address of its own at the same mailbox."""
    name, _, domain = address().partition("@")
    return f"{name}+{number}@{domain}"


@pytest.mark.parametrize("kind", KINDS)
def test_sendgrid_takes_every_kind_of_request(kind: str) -> None:
    mails = [
        replace(mail, from_address=address(), to_address=tagged(number), reply_to="")
        for number, mail in enumerate(KINDS[kind])
    ]
    made = [in_sandbox(one) for one in way().build(mails) if isinstance(one, Post)]
    found = answers(*made)
    assert len(found) == len(mails)
    assert {(one.fate, "sandbox" in one.detail) for one in found} == {(Fate.accepted, True)}, found[0]


def test_sendgrid_names_a_bad_address_by_its_place() -> None:
    body = {**GOOD, **SANDBOX, "from": {"email": address()}}
    body["personalizations"] = [dict(one, to=[{"email": tagged(n)}]) for n, one in enumerate(GOOD["personalizations"])]
    body["personalizations"][1]["to"] = [{"email": "nobody at all"}]
    mails = tuple(replace(KINDS["one"][0], key=f"key{number}") for number in range(3))
    found = answers(Post(mails, orjson.dumps(body)))
    assert [(one.fate, one.blameless) for one in found] == [
        (Fate.planned, True), (Fate.refused, False), (Fate.planned, True),
    ]  # fmt: skip
