"""One thread for each open store, since a store is not shared between threads."""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from contextvars import copy_context
from functools import partial
from typing import TypeVar

from nurture import observe

T = TypeVar("T")


WATCH = 2.0  # seconds


@asynccontextmanager
async def watched(held: Callable[[], bool], lost: Callable[[], None]) -> AsyncIterator[None]:
    """While it lasts, see every two seconds that something is `held` still; what cannot be asked now is asked again.

    That the database is away is said once, and that it is back.
    """

    async def watching() -> None:
        seconds, since = asyncio.get_running_loop().time, None
        while True:
            await asyncio.sleep(WATCH)
            try:
                if not await asyncio.to_thread(held):
                    return lost()
            except Exception as error:  # noqa: BLE001  (the database is away: nobody else can have it either)
                if since is None:
                    since = seconds()
                    observe.note(observe.QUEUE_LOST, level=logging.WARNING, lane="seat", **observe.fault_fields(error))
            else:
                if since is not None:
                    observe.note(observe.QUEUE_BACK, seconds=round(seconds() - since))
                since = None

    task = asyncio.create_task(watching())
    try:
        yield
    finally:
        task.cancel()


class Thread:
    """One thread, which alone touches one store."""

    def __init__(self, name: str) -> None:
        self._pool = ThreadPoolExecutor(1, thread_name_prefix=name)

    async def run(self, function: Callable[..., T], *arguments: object) -> T:
        """Execute it there, as part of what is followed here (`spans.following`)."""
        work = partial(copy_context().run, function, *arguments)
        return await asyncio.get_running_loop().run_in_executor(self._pool, work)

    def close(self) -> None:
        """Let it end when it has done what it is doing."""
        self._pool.shutdown(wait=False)
