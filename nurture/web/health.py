"""Signs of life for machines: /health and /ready for whoever asks, /metrics only where it listens by itself."""

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import TYPE_CHECKING

from aiohttp import web

from nurture import spans
from nurture.engine.counting import Counting
from nurture.engine.health import Readiness, metrics, readiness
from nurture.engine.live import LiveBook
from nurture.engine.sending import Run
from nurture.engine.workshop import Workshop
from nurture.model.rules import CLASSES
from nurture.web.headers import headers

if TYPE_CHECKING:
    from nurture.web.site import Site

PATIENCE = 5.0  # seconds
REMEMBERED = timedelta(seconds=5)  # whoever asks more often is told what was found then
TEXT = "text/plain; version=0.0.4; charset=utf-8"


def add(app: web.Application, site: "Site") -> None:
    """Add /ready: 200 when the store answers and takes writing and a daemon is at work, else 503 and what is wrong."""
    app.router.add_get("/ready", Ready(site.shop, site.clock, site.run).answer)


class Ready:
    """Readiness, asked of the store once in a while at the most: nobody can keep it busy by asking."""

    def __init__(self, shop: Workshop, clock: Callable[[], datetime], run: Run) -> None:
        self.shop = shop
        self.clock = clock
        self.run = run
        self._found: tuple[datetime, Readiness] | None = None

    async def answer(self, _request: web.Request) -> web.Response:
        """In words of ours as JSON."""
        found = await self._look()
        status = HTTPStatus.OK if found.well else HTTPStatus.SERVICE_UNAVAILABLE
        return web.json_response(found.document(), status=status)

    async def _look(self) -> Readiness:
        now = self.clock()
        if self._found is not None and self._found[0] <= now < self._found[0] + REMEMBERED:
            return self._found[1]
        try:
            async with asyncio.timeout(PATIENCE):
                found = await self.run(readiness, self.shop.store, now)
        except Exception:  # noqa: BLE001  (whatever it is, the store is what does not answer)
            found = Readiness("does not answer, or takes no writing", "unknown", "unknown", "unknown")
        self._found = (now, found)
        return found


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
    counting = Counting(elapsed)
    unwatch = spans.watch(counting)

    def text_now() -> str:
        book = live()
        return metrics(shop.store, clock(), book.book.rules.classes if book else CLASSES, counting)

    async def end(_app: web.Application) -> None:
        unwatch()

    async def answer(_request: web.Request) -> web.Response:
        try:
            async with asyncio.timeout(PATIENCE):
                text = await run(text_now)
        except Exception:  # noqa: BLE001  (as above: what is scraped says that it is down)
            text = "# TYPE nurture_up gauge\nnurture_up 0\n"
        return web.Response(body=text.encode(), headers={"Content-Type": TEXT, **headers(secure=False)})

    app = web.Application()
    app.on_cleanup.append(end)
    app.router.add_get("/metrics", answer)
    return app
