"""What shops tell: POST /in/shopify, /in/woocommerce and /in/stripe, signed, and kept as it came before the answer."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import NamedTuple

from aiohttp import web

from nurture.deliver import shopify, stripe, woocommerce
from nurture.web.body import whole
from nurture.web.refusals import Refusals
from nurture.web.site import Site

LARGEST = 4 * 1024 * 1024  # bytes; an order with hundreds of lines has one
Genuine = Callable[[str, bytes, Mapping[str, str], datetime], bool]


class Shop(NamedTuple):
    """One shop system: how its posts are checked, and which headers reading them, or knowing them again, needs."""

    source: str
    genuine: Genuine
    headers: Mapping[str, str]
    pings: Callable[[bytes], bool] = lambda _body: False


SHOPS = (
    Shop("shopify", shopify.genuine, {"topic": shopify.TOPIC, "delivery": shopify.DELIVERY}),
    Shop(
        "woocommerce", woocommerce.genuine, {"topic": woocommerce.TOPIC, "delivery": woocommerce.DELIVERY},
        woocommerce.ping,
    ),
    Shop("stripe", stripe.genuine, {}),
)  # fmt: skip


def add(app: web.Application, site: Site) -> None:
    """Add the routes whose secret is configured; without one there is no such address."""
    config = site.shop.config
    secrets = {
        "shopify": config.shopify_secret,
        "woocommerce": config.woocommerce_secret,
        "stripe": config.stripe_secret,
    }
    for shop in SHOPS:
        if secrets[shop.source]:
            app.router.add_post(f"/in/{shop.source}", Hook(site, shop, secrets[shop.source]).take)


class Hook:
    """The webhook of one shop. Whatever is wrong with a post, it is answered alike, and changes nothing."""

    def __init__(self, site: Site, shop: Shop, secret: str) -> None:
        self.site = site
        self.shop = shop
        self.secret = secret
        self.refusals = Refusals(shop.source, site.clock)

    async def take(self, request: web.Request) -> web.Response:
        """200 once it is kept, or was before; 403 for what is not signed, so that a wrong secret here loses nothing.

        All three try again for hours or days whatever is not answered with 2xx.
        """
        body = await whole(request, LARGEST)
        if self.shop.pings(body):
            return web.Response(text="ok\n")
        if not self.shop.genuine(self.secret, body, request.headers, self.site.clock()):
            self.refusals.note()
            raise web.HTTPForbidden
        named = {name: plain(request.headers.get(header, "")) for name, header in self.shop.headers.items()}
        await self.site.keep(self.shop.source, body, {name: value for name, value in named.items() if value})
        return web.Response(text="ok\n")


def plain(header: str) -> str:
    """The beginning of a header; it is not signed, so it may hold bytes that are no letters, which no store keeps."""
    return header[:200].encode("ascii", "replace").decode()
