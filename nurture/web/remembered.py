"""What machines ask again and again is found once for all who ask meanwhile, and remembered: nobody keeps us busy."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from typing import Generic, TypeVar

from aiohttp import web

from nurture.engine.run import Run

PATIENCE = 5.0  # seconds
REST = 10  # times as long as it took to find, what was found is told: finding takes a tenth of our time at the most
LONGEST = 60.0  # seconds

T = TypeVar("T")


class Remembered(Generic[T]):
    """The answer of a question to the store, which is never asked twice at the same time.

    `failed` is told while the store does not answer. `seconds` is any clock; one that goes back forgets what was
    found. What was found is told for `least` seconds, and longer where it took long.
    """

    def __init__(
        self,
        find: Callable[[], T],
        failed: T,
        run: Run,
        seconds: Callable[[], float],
        least: float,
        app: web.Application,
    ) -> None:
        self._find, self._failed, self._run, self._seconds, self._least = find, failed, run, seconds, least
        self._found: tuple[float, float, T] | None = None
        self._finding: asyncio.Task[T] | None = None
        app.on_cleanup.append(self._end)

    async def get(self) -> T:
        """What was found just now, or what is found now; within `PATIENCE` whatever the store does."""
        if self._found is not None and self._found[0] <= self._seconds() < self._found[1]:
            return self._found[2]
        if self._finding is None:
            self._finding = asyncio.create_task(self._look())
        try:
            async with asyncio.timeout(PATIENCE):
                return await asyncio.shield(self._finding)
        except TimeoutError:
            return self._kept(self._failed, self._seconds())

    async def _look(self) -> T:
        begun = self._seconds()
        try:
            found = await self._run(self._find)
        except Exception:  # noqa: BLE001  (whatever it is, the store is what does not answer)
            found = self._failed
        finally:
            self._finding = None
        return self._kept(found, begun)

    def _kept(self, found: T, begun: float) -> T:
        ended = self._seconds()
        self._found = ended, ended + min(LONGEST, max(self._least, REST * (ended - begun))), found
        return found

    async def _end(self, _app: web.Application) -> None:
        """Nobody asks any more."""
        if (finding := self._finding) is not None:
            finding.cancel()
            with suppress(asyncio.CancelledError):
                await finding
