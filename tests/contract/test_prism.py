"""SendGrid's own OpenAPI document is the judge: of every kind of request we make, and of our server in its shape.

Two documents: the one that Twilio publishes, and that one with its slips mended (`tests/data/README.md`), which is
stricter. Prism serves both; before our own server it reads along in both directions.
"""

import asyncio
import json
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest

from nurture.deliver.sendgrid import Post, SendGrid
from nurture.model.mail import Email, Fate, Woven
from tests.prism_server import PATCHED, PUBLISHED, prism
from tests.sendgrid_server import KEY, SendGridServer, sendgrid
from tests.sending_worlds import open_shop, planned

from .test_providers import MAIL, PICTURES, SCRIPTS
from .ways import NOW

HOSTILE = [
    "",
    " ",
    "-",
    "%name%",
    "{{ name }}",
    "<b>&amp;</b>",
    "\u2068سلمى\u2069",
    "❤️🏽👩‍👩‍👧",
    "Robert'); DROP",
    "\t\\u0041",
]


@pytest.fixture(scope="module")
def documents() -> Iterator[list[str]]:
    """Where Prism serves the mended document, and where the published one."""
    with prism(PATCHED) as patched, prism(PUBLISHED) as published:
        yield [patched, published]


def many(count: int, own: Callable[[int], str] = str, **change: Any) -> list[Email]:
    """So many mails of one pattern."""
    found = []
    for number in range(count):
        text = Woven(("Dear ", ", hello.\n"), (own(number),))
        html = Woven(("<p>Dear ", ", hello.</p>"), (own(number),))
        mail = replace(
            MAIL, key=f"key{number}", to_address=f"r{number}@shop.example", subject=f"Hello {number}",
            text=str(text), html=str(html), woven=(text, html), headers=(("Message-ID", f"<key{number}@a.example>"),),
        )  # fmt: skip
        found.append(replace(mail, **change))
    return found


def in_five_languages() -> list[Email]:
    return [
        replace(MAIL, key=f"in{place}", to_name=name, subject=subject, text=f"{name}\n{subject}", html=f"<p>{name}</p>")
        for place, (name, subject) in enumerate(SCRIPTS.values())
    ]


KINDS: dict[str, list[Email]] = {
    "one": [MAIL],
    "bare": [replace(MAIL, to_name="", from_name="", reply_to="", headers=(), categories=())],
    "pictures": [replace(MAIL, images=PICTURES)],
    "tracked": [replace(MAIL, tracked=True)],
    "five languages": in_five_languages(),
    "many": many(100),
    "many with pictures": many(5, images=PICTURES),
    "many tracked": many(5, tracked=True),
    "many of a sender with commas": many(3, from_name="Kestrel Coffee, Roasters", reply_to="lena@kestrel.example"),
    "many without a name": many(3, to_name=""),
    "hostile values": many(len(HOSTILE), lambda number: HOSTILE[number]),
    "hostile subjects": [replace(one, subject=f"{HOSTILE[n]}!") for n, one in enumerate(many(9))],
    "much of their own": many(4, lambda number: str(number) * 4_000),
    "too much of their own": many(4, lambda number: str(number) * 11_000),
    "ten categories": many(2, categories=tuple("abcdefghij")),
    "a thousand": many(1000),
    "the same address": [replace(one, to_address="a@shop.example") for one in many(3)],
}


def post(url: str, body: Any) -> tuple[int, str]:
    """The status, and what Prism has against it."""
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    headers = {"Authorization": f"Bearer {KEY}", "Content-Type": "application/json"}
    request = urllib.request.Request(f"{url}/v3/mail/send", data, headers, method="POST")  # noqa: S310  (loopback)
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:  # noqa: S310
            return answer.status, answer.headers.get("sl-violations", "")
    except urllib.error.HTTPError as refused:
        with refused:
            return refused.code, refused.headers.get("sl-violations", "")


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_request_is_taken(documents: list[str], kind: str) -> None:
    provider = SendGrid("http://nowhere.example", KEY, lambda: NOW, each_request=1000)
    made = list(provider.build(KINDS[kind]))
    assert all(isinstance(one, Post) for one in made), made
    assert sum(len(provider.keys(one)) for one in made if isinstance(one, Post)) == len(KINDS[kind])
    told = [post(url, one.body) for url in documents for one in made if isinstance(one, Post)]
    assert set(told) == {(202, "")}


GOOD = json.loads(next(one.body for one in SendGrid("", "", lambda: NOW).build(many(3)) if isinstance(one, Post)))


def with_people(change: Callable[[dict[str, Any]], dict[str, Any]], times: int = 1) -> dict[str, Any]:
    return {**GOOD, "personalizations": [change(one) for one in GOOD["personalizations"]] * times}


@pytest.mark.parametrize(
    ("body", "only_mended"),
    [
        (with_people(lambda one: {**one, "substitutions": {"-a-": 7}}), False),
        (with_people(dict, 334), False),
        ({**GOOD, "categories": list("abcdefghijk")}, False),
        (with_people(lambda one: {**one, "subject": ""}), False),
        (with_people(lambda one: {**one, "to": [{"email": "nobody"}]}), False),
        ({name: value for name, value in GOOD.items() if name != "from"}, False),
        (with_people(lambda one: {**one, "custom_args": {"nv_send": 7}}), True),
        ({**GOOD, "unheard_of": 1}, True),
        ({name: value for name, value in GOOD.items() if name != "content"}, True),
    ],
    ids=["value", "1002", "categories", "subject", "address", "sender", "custom_args", "unknown", "content"],
)
def test_prism_refuses_what_we_must_never_post(documents: list[str], body: dict[str, Any], only_mended: bool) -> None:
    for url in documents[: 1 if only_mended else 2]:
        status, words = post(url, body)
        assert (status, bool(words)) == (400, True)


# --- our own server behind Prism -----------------------------------------------------------------


@pytest.fixture(scope="module")
def server() -> Iterator[SendGridServer]:
    with sendgrid() as found:
        yield found


@pytest.fixture(scope="module")
def watched(server: SendGridServer) -> Iterator[str]:
    """Where Prism stands before our server."""
    with prism(PATCHED, server.url) as url:
        yield url


def test_a_whole_hand_over_through_prism_arrives_as_it_was_rendered(
    server: SendGridServer, watched: str, store_url: str
) -> None:
    shop = open_shop(store_url)
    shop.provider = SendGrid(watched, KEY, shop.clock, 3)  # type: ignore[assignment]
    shop.store.declare("suppressions", "none, says a test", shop.clock())
    planned(shop.store, service=5, news=60)
    before = len(server.accepted)

    async def whole() -> dict[Fate, int]:
        try:
            return (await shop.sending().round()).fates
        finally:
            await shop.provider.close()

    assert asyncio.run(whole()) == {Fate.accepted: 65}
    assert server.refused == []
    taken = server.accepted[before:]
    assert sorted(one["key"] for one in taken) == sorted(shop.send_keys())
    assert len({one["id"] for one in taken}) == 2, "service apart, and the others in one request"
    shop.store.close()


@pytest.mark.parametrize(
    ("fault", "status"), [("", 202), ("400", 400), ("401", 401), ("403", 403), ("429_seconds:30", 429), ("500", 500)]
)
def test_our_server_answers_in_the_documents_form(
    server: SendGridServer, watched: str, fault: str, status: int
) -> None:
    if fault:
        server.fail(fault)
    assert post(watched, GOOD) == (status, "")


def test_our_server_names_a_bad_address_in_the_documents_form(server: SendGridServer, watched: str) -> None:
    server.unwanted = {"r1@shop.example"}
    try:
        assert post(watched, GOOD) == (400, "")
    finally:
        server.unwanted = set()


def test_prism_catches_our_server_when_it_drifts(
    server: SendGridServer, watched: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tests.sendgrid_server.web.Response", lambda **_: _a_teapot())
    status, words = post(watched, GOOD)
    assert (status, bool(words)) == (500, True)


def _a_teapot() -> Any:
    from aiohttp.web_response import json_response

    return json_response({"errors": "none"}, status=400)
