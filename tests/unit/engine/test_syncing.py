"""The provider's lists, read page by page from a server on loopback: nothing is lifted, nothing is new twice."""

import asyncio
import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from aiohttp import web

from nurture.deliver.sendgrid_suppressions import LISTS, PAGE, NotToldError, listed
from nurture.engine.hand_over import directly
from nurture.engine.syncing import OVERLAP, can_sync, last_sync, sync
from nurture.model.event import ADDRESS_STATE, CONSENT_REFUSED
from nurture.store.tables import MAIL_DAY
from tests.sending_worlds import NOW, Shop, open_shop, planned

CREATED = int(NOW.timestamp()) - 3600


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    opened = open_shop(tmp_path)
    planned(opened.store, news=4)
    yield opened
    opened.store.close()


class Lists:
    """SendGrid's lists; `fails` answers one of them with a status, `body` all of them with it.

    `slowly` gives each answer in pieces, and `stuck` the first page whatever is asked for.
    """

    def __init__(
        self,
        rows: dict[str, list],
        fails: dict[str, int] | None = None,
        body: bytes | None = None,
        slowly: bool = False,
        stuck: bool = False,
    ) -> None:
        self.rows, self.fails, self.asked = rows, fails or {}, []
        self.body, self.slowly, self.stuck = body, slowly, stuck

    async def answer(self, request: web.Request) -> web.StreamResponse:
        name = request.path.rpartition("/")[2]
        self.asked.append((name, dict(request.query)))
        if request.headers["Authorization"] != "Bearer k" or name in self.fails:
            return web.Response(status=self.fails.get(name, 401), text="<html>")
        if self.body is not None:
            return web.Response(body=self.body, content_type="text/html")
        offset, limit = int(request.query["offset"]) * (not self.stuck), int(request.query["limit"])
        rows = self.rows.get(name, [])[offset : offset + limit]
        return await in_pieces(request, json.dumps(rows).encode()) if self.slowly else web.json_response(rows)


async def in_pieces(request: web.Request, body: bytes) -> web.StreamResponse:
    answer = web.StreamResponse()
    await answer.prepare(request)
    for start in range(0, len(body), 10_000):
        await answer.write(body[start : start + 10_000])
        await asyncio.sleep(0)
    await answer.write_eof()
    return answer


def run(shop: Shop, lists: Lists, now=NOW, whole: bool = False):
    async def story():
        app = web.Application()
        app.router.add_get("/v3/suppression/{name}", lists.answer)
        runner = web.AppRunner(app)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        url = f"http://127.0.0.1:{runner.addresses[0][1]}"
        config = replace(shop.workshop.config, provider="sendgrid", sendgrid_url=url, sendgrid_key="k")
        try:
            return await sync(replace(shop.workshop, config=config), now, directly, whole)
        finally:
            await runner.cleanup()

    return asyncio.run(story())


def row(who: str, **more) -> dict:
    return {"created": CREATED, "email": f"{who}@shop.example", **more}


def said(shop: Shop, who: str, name: str) -> list:
    person = shop.store.find(who)
    return [event.fields for event in shop.store.histories([person])[person] if event.name == name]


def test_whoever_is_on_a_list_is_treated_as_the_event_would_have_it(shop: Shop):
    lists = Lists({
        "bounces": [row("n0", status="5.1.1", reason="550 gone")], "blocks": [row("n1", reason="550 reputation")],
        "spam_reports": [row("n2", ip="10.0.0.1")], "unsubscribes": [row("n3")],
    })  # fmt: skip
    assert run(shop, lists) == {"bounces": 1, "invalid_emails": 0, "blocks": 1, "spam_reports": 1, "unsubscribes": 1}
    assert [one["state"] for one in said(shop, "n0", ADDRESS_STATE)] == ["hard"]
    assert said(shop, "n1", ADDRESS_STATE) == []
    assert [one["topics"] for one in said(shop, "n2", CONSENT_REFUSED)] == [()]
    assert [one["topics"] for one in said(shop, "n3", CONSENT_REFUSED)] == [()]
    assert last_sync(shop.store) == NOW
    with shop.store.database.reading() as connection:
        assert connection.execute(MAIL_DAY.select()).all() == [], "lists count for no day's rates"


def test_the_next_time_only_what_is_new_is_asked_for_and_nothing_is_lifted(shop: Shop):
    run(shop, Lists({"bounces": [row("n0")]}))
    later, lists = NOW + timedelta(days=1), Lists({})
    assert sum(run(shop, lists, later).values()) == 0
    assert {query["start_time"] for _, query in lists.asked} == {str(int((NOW - OVERLAP).timestamp()))}
    assert [one["state"] for one in said(shop, "n0", ADDRESS_STATE)] == ["hard"]
    lists = Lists({"bounces": [row("n0")]})
    assert sum(run(shop, lists, later, whole=True).values()) == 0
    assert not any("start_time" in query for _, query in lists.asked)


def test_long_lists_are_read_to_their_end(shop: Shop):
    lists = Lists({"bounces": [row(f"x{number}") for number in range(2 * PAGE + 3)]})
    assert run(shop, lists)["bounces"] == 2 * PAGE + 3
    assert [query["offset"] for name, query in lists.asked if name == "bounces"] == ["0", "500", "1000"]


@pytest.mark.parametrize("status", [401, 403, 429, 500, 302])
def test_a_list_that_cannot_be_read_is_said_and_what_came_before_is_kept(shop: Shop, status: int):
    with pytest.raises(NotToldError, match=str(status)):
        run(shop, Lists({"bounces": [row("n0")]}, {"spam_reports": status}))
    assert [one["state"] for one in said(shop, "n0", ADDRESS_STATE)] == ["hard"]
    assert last_sync(shop.store) is None


@pytest.mark.parametrize("name", LISTS)
@pytest.mark.parametrize("status", [401, 404, 429, 500])
def test_one_list_that_cannot_be_read_keeps_no_other_from_being_read(shop: Shop, name: str, status: int):
    lists = Lists({one: [row(f"n{place % 4}")] for place, one in enumerate(LISTS)}, {name: status})
    with pytest.raises(NotToldError, match=rf"{status}.* \({name}\)$"):
        run(shop, lists)
    assert {one for one, _ in lists.asked} == {*LISTS}
    assert last_sync(shop.store) is None


@pytest.mark.parametrize(
    "body", [b"<html>We are down</html>", b"", b"[1, 2", b'{"errors": []}', b"\xff\xfe", b"[" * 9_000]
)
def test_an_answer_that_is_no_list_is_said_and_lifts_nothing(shop: Shop, body: bytes):
    run(shop, Lists({"bounces": [row("n0")]}))
    with pytest.raises(NotToldError, match=rf"no (JSON|list) \({', '.join(LISTS)}\)$"):
        run(shop, Lists({}, body=body), NOW + timedelta(days=1))
    assert [one["state"] for one in said(shop, "n0", ADDRESS_STATE)] == ["hard"]
    assert last_sync(shop.store) == NOW


def test_a_page_is_read_to_its_end_however_it_comes(shop: Shop):
    rows = [row(f"long{number}", reason="x" * 400) for number in range(PAGE - 1)]
    assert run(shop, Lists({"bounces": rows}, slowly=True))["bounces"] == PAGE - 1


def test_a_server_that_gives_one_page_for_ever_is_left(shop: Shop):
    lists = Lists({"bounces": [row(f"x{number}") for number in range(PAGE)]}, stuck=True)
    with pytest.raises(NotToldError, match=r"one page again and again \(bounces\)"):
        run(shop, lists)
    assert sum(name == "bounces" for name, _ in lists.asked) == 2


@pytest.mark.parametrize(
    "bad", [None, 3, {}, {"email": "x"}, {"email": "a@b.c"}, {"email": "a@b.c", "created": "1"},
            {"email": "a@b.c\r\n", "created": CREATED}, {"email": "a@b.c", "created": 1e300}]
)  # fmt: skip
@pytest.mark.parametrize("name", LISTS)
def test_a_row_that_says_nothing_is_left_out(name: str, bad: object):
    assert listed(name, bad) is None


def test_without_a_key_there_is_nothing_to_read(shop: Shop):
    assert not can_sync(shop.workshop)
