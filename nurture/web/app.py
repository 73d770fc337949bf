"""The web part as an application: a GET shows a page and changes nothing, a POST does it (RFC 8058, RFC 9110 9.2.1)."""

from collections.abc import Callable
from datetime import datetime

from aiohttp import web

from nurture.engine.applying import LiveBook
from nurture.engine.run import Run
from nurture.engine.workshop import Workshop
from nurture.links import TRAP
from nurture.web import api, health, hooks, letters, preferences, shops
from nurture.web.body import ALL_AT_ONCE, LARGEST, ROOM, Room
from nurture.web.measured import measured
from nurture.web.serving import serving
from nurture.web.site import Site

__all__ = ["application", "serving"]


def application(
    shop: Workshop,
    live: Callable[[], LiveBook | None],
    clock: Callable[[], datetime],
    run: Run,
    arrived: Callable[[], None],
) -> web.Application:
    """The application, to be served by `serving`. `live` is called in `run`; `arrived` after something was recorded."""
    site = Site(shop, live, clock, run, arrived)
    app = web.Application(middlewares=[measured, site.guarded], client_max_size=LARGEST)
    app[ROOM] = Room(ALL_AT_ONCE)
    app.on_startup.append(site.begin)
    app.on_response_prepare.append(site.finish)
    app.router.add_get("/{page:[uascnd]}/{token}", site.show)
    app.router.add_post("/{page:[uascnd]}/{token}", site.act)
    app.router.add_get("/i/{first:[0-9a-f]{32}}/{rest:[0-9a-f]{32}}/{name}", site.picture)
    app.router.add_get("/health", site.health)
    app.router.add_get("/robots.txt", site.robots)
    app.router.add_get(TRAP, site.trap)
    hooks.add(app, site)
    health.add(app, site)
    preferences.add(app, site)
    api.add(app, site)
    shops.add(app, site)
    letters.add(app, site)
    return app
