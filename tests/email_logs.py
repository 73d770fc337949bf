"""SendGrid's Email Logs on loopback, in the form of its published document: a search, and one mail by its id."""

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from aiohttp import web
from aiohttp.test_utils import TestServer


@dataclass
class Logs:
    """The Email Logs as the published document has them; `left_out` is a field that its mails lack."""

    mails: dict[str, tuple[str, str]] = field(default_factory=dict)  # id -> address, our key
    status: int = 200
    left_out: str = ""
    asked: list[str] = field(default_factory=list)

    async def search(self, request: web.Request) -> web.Response:
        asked = (await request.json())["query"]
        self.asked.append(asked)
        assert request.headers["Authorization"] == "Bearer SG.key"
        if self.status != 200:
            return web.Response(status=self.status, text="<html>no</html>")
        address = re.match(r'to_email = "([^"]+)" AND', asked)
        assert address is not None
        found = [
            {
                "sg_message_id": id_,
                "to_email": to,
                "sg_message_id_created_at": "2027-03-02T10:00:01Z",
                "from_email": "hello@shop.example",
                "subject": "Hello",
                "status": "delivered",
            }
            for id_, (to, _) in self.mails.items()
            if to == address[1]
        ]
        told = [{name: value for name, value in one.items() if name != self.left_out} for one in found]
        return web.json_response({"messages": told})

    async def whole(self, request: web.Request) -> web.Response:
        id_ = request.match_info["id"]
        if id_ not in self.mails:
            return web.json_response({"errors": []}, status=404)
        to, key = self.mails[id_]
        return web.json_response(
            {
                "sg_message_id": id_,
                "to_email": to,
                "from_email": "hello@shop.example",
                "subject": "Hello",
                "status": "delivered",
                "custom_args": {"nv_send": key},
                "events": [],
            }
        )

    @asynccontextmanager
    async def served(self) -> AsyncIterator[str]:
        app = web.Application()
        app.add_routes([web.post("/v3/logs", self.search), web.get("/v3/logs/{id}", self.whole)])
        async with TestServer(app) as running:
            yield str(running.make_url("/"))
