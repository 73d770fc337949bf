"""Telling SendGrid whom to forget: what it is asked, in how many requests, and what a refusal means."""

import asyncio
import json

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from nurture.deliver.sendgrid_erasure import MOST, MOST_BYTES, PATH, erase, in_requests

ADDRESSES = [f"reader{number}@example.net" for number in range(MOST + 1)]


class Listening:
    """A server that answers with these statuses, in turn, and keeps what it was told."""

    def __init__(self, *statuses: int) -> None:
        self.statuses = list(statuses)
        self.told: list[list[str]] = []
        self.keys: set[str] = set()

    async def answer(self, request: web.Request) -> web.Response:
        assert request.path == PATH
        self.keys.add(request.headers["Authorization"])
        self.told.append((await request.json())["email_addresses"])
        return web.json_response({"job_id": "1"}, status=self.statuses.pop(0))


async def asked(server: Listening, addresses: list[str]):
    app = web.Application(client_max_size=MOST_BYTES)
    app.router.add_post(PATH, server.answer)
    async with TestServer(app) as running:
        return await erase(str(running.make_url("/")), "SG.key", addresses)


def test_all_are_told_with_the_key_and_no_request_is_too_long():
    server = Listening(202, 202)
    said = asyncio.run(asked(server, ADDRESSES))
    assert (said.taken, said.problem) == (tuple(ADDRESSES), "")
    assert [len(page) for page in server.told] == [MOST, 1]
    assert server.keys == {"Bearer SG.key"}


def test_long_addresses_go_in_more_requests():
    long = [f"{'x' * 50}{number}@{'y' * 60}.{'z' * 60}.example" for number in range(3_000)]
    pages = list(in_requests(long))
    assert [address for page in pages for address in page] == long
    assert all(len(json.dumps({"email_addresses": page})) <= MOST_BYTES for page in pages)
    assert len(pages) > 1


@pytest.mark.parametrize("status", [400, 401, 403, 429, 500, 302])
def test_what_was_refused_is_told_again_later(status):
    server = Listening(202, status)
    said = asyncio.run(asked(server, ADDRESSES))
    assert said.taken == tuple(ADDRESSES[:MOST])
    assert said.problem == f"SendGrid answered {status}"


def test_a_server_that_is_not_there_is_no_fault_and_names_nobody():
    said = asyncio.run(erase("http://127.0.0.1:9", "SG.key", ["salma@example.net"]))
    assert said.taken == ()
    assert said.problem.startswith("SendGrid could not be reached")
    assert "salma" not in said.problem
