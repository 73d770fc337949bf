"""The page of a reader's choices: GET /p/{token} shows them and changes nothing, POST does what the form says."""

from dataclasses import replace
from hashlib import sha256
from http import HTTPStatus

from aiohttp import web

from nurture.engine.preferring import Preferring, wish_of
from nurture.links import PREFERENCES, Token
from nurture.render.choices import Choices, Message, choices_html
from nurture.render.pages import Kind, View, accepted, style_source
from nurture.web.body import posted
from nurture.web.headers import policy
from nurture.web.site import AT_ONCE, Site

FIELDS = 400  # a box for each topic and theme, and what goes with them
WRONG = {Message.bad_address: HTTPStatus.UNPROCESSABLE_ENTITY, Message.too_often: HTTPStatus.TOO_MANY_REQUESTS}


def add(app: web.Application, site: Site) -> None:
    """Add the routes. A token that is not ours is answered as on every other page."""
    pages = Pages(site, Preferring(site.answering))
    app.router.add_get("/{page:p}/{token}", pages.show)
    app.router.add_post("/{page:p}/{token}", pages.act)


class Pages:
    """What the address of somebody's choices answers."""

    def __init__(self, site: Site, preferring: Preferring) -> None:
        self.site = site
        self.preferring = preferring

    async def show(self, request: web.Request) -> web.Response:
        """The page; nothing is changed, whoever asks and however often."""
        site, token = self.site, await self.token(request)
        if token is None:
            return site.stranger(request)
        if not site.readers.allows(sha256(request.match_info["token"].encode()).hexdigest(), site.clock()):
            return site.said(request, View(Kind.busy), HTTPStatus.TOO_MANY_REQUESTS)
        return self.answered(request, await site.work(self.preferring.read, token))

    async def act(self, request: web.Request) -> web.Response:
        """What the reader chose, without a cookie and as often as sent; what is no form of the page changes nothing."""
        site, token = self.site, await self.token(request)
        if token is None:
            return site.stranger(request)
        wish = wish_of(await posted(request, FIELDS))
        if site.in_hand[request.path] >= AT_ONCE:
            return site.said(request, View(Kind.busy), HTTPStatus.SERVICE_UNAVAILABLE)
        with site.holding(request.path):
            choices, recorded = await site.work(self.preferring.act, token, wish)
        if recorded:
            site.arrived()
        return self.answered(request, choices)

    async def token(self, request: web.Request) -> Token | None:
        """The genuine token of an address."""
        found = await self.site.token(request)
        return found if found is not None and found.purpose == PREFERENCES else None

    def answered(self, request: web.Request, choices: Choices | None) -> web.Response:
        """The page; of a person who is not there, the same as of a link that is not ours."""
        site = self.site
        if choices is None:
            return site.said(request, View(Kind.lost), HTTPStatus.NOT_FOUND)
        if not choices.locales:
            choices = replace(choices, locales=accepted(request.headers.get("Accept-Language", "")))
        house = site.answering.house
        said = {"Content-Security-Policy": policy(style_source(house.templates))}
        status = WRONG.get(choices.message, HTTPStatus.OK)
        return web.Response(status=status, text=choices_html(choices, house), content_type="text/html", headers=said)
