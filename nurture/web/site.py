"""What every address of the web part shares: the store behind it, bounds, pages, and answers to what is not ours."""

import asyncio
import logging
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from hashlib import sha256
from http import HTTPStatus
from typing import TypeVar

from aiohttp import web

from nurture import observe
from nurture.engine.answering import Answering, Choice
from nurture.engine.applying import LiveBook
from nurture.engine.run import Run
from nurture.engine.workshop import Workshop
from nurture.links import PURPOSES, UNSUBSCRIBE, Token, verify
from nurture.render.images import FOLDER, Picture, by_digest
from nurture.render.pages import Kind, View, accepted, html, spoken, style_source
from nurture.web.body import posted
from nurture.web.headers import headers, policy
from nurture.web.keeping import Keeper
from nurture.web.limits import Limit

T = TypeVar("T")
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
PATIENCE = 25.0  # seconds for the store to answer; sooner than most proxies give up
RETRY_AFTER = {"Retry-After": "60"}
HEALTH_PATIENCE = 5.0
AT_ONCE = 8  # POSTs of one link; of more, those before them do what they ask, and no other reader waits for them
A_YEAR = "public, max-age=31536000, immutable"


class Site:
    """What each address answers."""

    def __init__(
        self,
        shop: Workshop,
        live: Callable[[], LiveBook | None],
        clock: Callable[[], datetime],
        run: Run,
        arrived: Callable[[], None],
    ) -> None:
        self.shop = shop
        self.live = live
        self.clock = clock
        self.run = run
        self.arrived = arrived
        self.answering = Answering(shop, live, clock)
        self.secrets: tuple[bytes, ...] = ()
        self.headers = headers(secure=shop.config.web_url.lower().startswith("https://"))
        self.strangers = Limit(60, per_second=1)
        self.readers = Limit(120, per_second=1)
        self.learning = Limit(2, per_second=1)  # how often a link that is not believed has the secrets read anew
        self.in_hand: Counter[str] = Counter()
        self.keeper = Keeper(lambda: shop.store.received, run, clock)

    async def begin(self, _app: web.Application) -> None:
        """Before the first request: what links are believed by, and who speaks on the pages."""
        self.secrets = await self.run(self.answering.begin)

    async def finish(self, _request: web.Request, response: web.StreamResponse) -> None:
        """Every answer's headers; a banner with versions helps nobody but attackers."""
        for name, value in self.headers.items():
            response.headers.setdefault(name, value)
        response.headers.popall("Server", None)

    async def show(self, request: web.Request) -> web.Response:
        """A page; nothing is changed, whoever asks and however often."""
        token = await self.token(request)
        if token is None:
            return self.stranger(request)
        if not self.readers.allows(sha256(request.match_info["token"].encode()).hexdigest(), self.clock()):
            return self.said(request, View(Kind.busy), HTTPStatus.TOO_MANY_REQUESTS)
        return self.answered(request, await self.work(self.answering.read, token))

    @contextmanager
    def holding(self, path: str) -> Iterator[None]:
        """One more request of a link is in hand; how many may be is asked first."""
        self.in_hand[path] += 1
        try:
            yield
        finally:
            self.in_hand[path] -= 1
            self.in_hand += Counter()  # only those above nothing are kept

    async def act(self, request: web.Request) -> web.Response:
        """What the reader, or on /u/ their mail program, wants done: without a cookie, at once, as often as sent.

        On /u/ every body leaves the topic unless it is a form of the page: mail programs differ.
        """
        token = await self.token(request)
        if token is None:
            return self.stranger(request)
        form = await posted(request)
        one_click = token.purpose == UNSUBSCRIBE and "List-Unsubscribe" in form
        choice = Choice() if one_click else Choice(form.get("do", ""), form.get("theme", ""), form.get("of", ""))
        if self.in_hand[request.path] >= AT_ONCE:
            return self.said(request, View(Kind.busy), HTTPStatus.SERVICE_UNAVAILABLE)
        with self.holding(request.path):
            view, recorded = await self.work(self.answering.act, token, choice)
        if recorded:
            self.arrived()
        if "do" in form and not one_click:
            return self.answered(request, view)
        if view is None:
            return self.said(request, View(Kind.lost), HTTPStatus.NOT_FOUND)
        return web.Response(text=spoken(view, self.answering.house) + "\n")

    async def picture(self, request: web.Request) -> web.Response:
        """A picture that was ever applied, by the digest of its bytes: it never changes."""
        found = await self.work(self.find_picture, request.match_info["first"] + request.match_info["rest"])
        if found is None:
            return self.stranger(request)
        kept = {"Cache-Control": A_YEAR, "Cross-Origin-Resource-Policy": "cross-origin"}
        return web.Response(body=found.data, content_type=found.media_type, headers=kept)

    def find_picture(self, digest: str) -> Picture | None:
        """The picture, also one that a later apply changed or took away: mails that went still name it."""
        live = self.live()
        found = by_digest(live.templates, digest) if live else None
        return found or by_digest(self.shop.store.ever_applied(digest, FOLDER), digest)

    async def health(self, _request: web.Request) -> web.Response:
        """200 when the store answers."""
        async with asyncio.timeout(HEALTH_PATIENCE):
            await self.run(lambda: self.shop.store.watermark)
        return web.Response(text="ok\n")

    async def robots(self, _request: web.Request) -> web.Response:
        """No search engine has anything to look for here."""
        return web.Response(text="User-agent: *\nDisallow: /\n")

    async def trap(self, _request: web.Request) -> web.Response:
        """Where only machines come. Nothing is kept of it: that it was followed is told by whoever counts clicks."""
        return web.Response(text="There is nothing to read here.\n")

    @web.middleware
    async def guarded(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """No error leaves but as an answer: our own faults as 503, so that a mail program tries again."""
        try:
            return await handler(request)
        except web.HTTPNotFound:
            return self.stranger(request)
        except web.HTTPException as refusal:
            allow = {"Allow": refusal.headers["Allow"]} if "Allow" in refusal.headers else {}
            return web.Response(status=refusal.status, text=f"{refusal.reason}\n", headers=allow)
        except Exception as fault:  # noqa: BLE001  (whatever it is, it is ours, and must be said as such)
            observe.note(observe.WEB_FAILED, level=logging.WARNING, **observe.fault_fields(fault))
            return self.said(request, View(Kind.busy), HTTPStatus.SERVICE_UNAVAILABLE)

    async def keep(self, source: str, body: bytes, headers: Mapping[str, str]) -> bool:
        """Keep a post, raw and durably, and have it read soon; False when it was kept before. See `Keeper.keep`."""
        async with asyncio.timeout(PATIENCE):
            new = await self.keeper.keep(source, body, headers)
        if new:
            self.arrived()
        return new

    async def work(self, function: Callable[..., T], *arguments: object) -> T:
        """Do it in the store, or give up in time to say so; what was given up on may still come to be, once."""
        async with asyncio.timeout(PATIENCE):
            return await self.run(function, *arguments)

    async def token(self, request: web.Request) -> Token | None:
        """The genuine token of an address; one signed with a secret that was drawn since we last looked is genuine."""
        text, purpose = request.match_info["token"], PURPOSES[request.match_info["page"]]
        found = verify(text, self.secrets, purpose)
        if found is None and self.learning.allows("secrets", self.clock()):
            self.secrets = await self.work(self.answering.begin)
            found = verify(text, self.secrets, purpose)
        return found

    def answered(self, request: web.Request, view: View | None) -> web.Response:
        """A page; of a person who is not there, the same as of a link that is not ours."""
        if view is None:
            return self.said(request, View(Kind.lost), HTTPStatus.NOT_FOUND)
        return self.said(request, view)

    def stranger(self, request: web.Request) -> web.Response:
        """What is not ours: one and the same page, whatever is wrong with it."""
        if not self.strangers.allows(request.remote or "", self.clock()):
            return self.said(request, View(Kind.busy), HTTPStatus.TOO_MANY_REQUESTS)
        return self.said(request, View(Kind.lost), HTTPStatus.NOT_FOUND)

    def said(self, request: web.Request, view: View, status: HTTPStatus = HTTPStatus.OK) -> web.Response:
        """A view as a page, in the reader's language, else in one their browser asks for."""
        if not view.locales:
            view = replace(view, locales=accepted(request.headers.get("Accept-Language", "")))
        house = self.answering.house
        said = {"Content-Security-Policy": policy(style_source(house.templates))}
        said |= RETRY_AFTER if view.kind is Kind.busy else {}
        return web.Response(status=status, text=html(view, house), content_type="text/html", headers=said)
