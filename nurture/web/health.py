"""Signs of life for machines: /health and /ready for whoever asks, /metrics only where it listens by itself."""

from collections.abc import Callable
from datetime import datetime
from http import HTTPStatus
from typing import TYPE_CHECKING

from aiohttp import web

from nurture import spans
from nurture.engine.counting import Counting
from nurture.engine.health import Readiness, metrics, readiness
from nurture.engine.live import LiveBook
from nurture.engine.run import Run
from nurture.engine.workshop import Workshop
from nurture.web.headers import headers
from nurture.web.remembered import Remembered

if TYPE_CHECKING:
    from nurture.web.site import Site

READY_FOR, SCRAPED_FOR = 5.0, 1.0  # seconds in which whoever asks again is told the same
UNREADY = Readiness("does not answer, or takes no writing", "unknown", "unknown", "unknown")
DOWN = "# TYPE nurture_up gauge\nnurture_up 0\n"
TEXT = "text/plain; version=0.0.4; charset=utf-8"


def add(app: web.Application, site: "Site") -> None:
    """Add /ready: 200 when the store answers and takes writing and a daemon is at work, else 503 and what is wrong."""

    def look() -> Readiness:
        return readiness(site.shop.store, site.clock())

    found = Remembered(look, UNREADY, site.run, lambda: site.clock().timestamp(), READY_FOR, app)

    async def answer(_request: web.Request) -> web.Response:
        """In words of ours as JSON."""
        ready = await found.get()
        return web.json_response(
            ready.document(), status=HTTPStatus.OK if ready.well else HTTPStatus.SERVICE_UNAVAILABLE
        )

    app.router.add_get("/ready", answer)


def meters(
    shop: Workshop,
    live: Callable[[], LiveBook | None],
    clock: Callable[[], datetime],
    run: Run,
    elapsed: Callable[[], float],
) -> web.Application:
    """An application of its own for /metrics: it listens apart from the public web, so that no proxy can show it.

    From now on this process counts what it does; `elapsed` gives the seconds of a clock that only goes forwards.
    """
    counting = Counting(elapsed, shop.provider.name)
    unwatch = spans.watch(counting)

    def text_now() -> str:
        book = live()
        return metrics(shop.store, clock(), book.book if book else None, counting)

    async def end(_app: web.Application) -> None:
        unwatch()

    async def answer(_request: web.Request) -> web.Response:
        text = await page.get()
        return web.Response(body=text.encode(), headers={"Content-Type": TEXT, **headers(secure=False)})

    app = web.Application()
    page = Remembered(text_now, DOWN, run, elapsed, SCRAPED_FOR, app)
    app.on_cleanup.append(end)
    app.router.add_get("/metrics", answer)
    return app
