"""Keeping what is posted before it is answered: many posts that come at once share one commit to the disk."""

import asyncio
from collections.abc import Callable, Mapping
from datetime import datetime

from aiohttp import web

from nurture.engine.run import Run
from nurture.store.received import Post, Posts

TOGETHER = 200  # posts in one transaction
WAITING = 64 * 1024 * 1024  # bytes that may wait for the disk; of more, the senders are asked to come again


class Keeper:
    """Keeps posts in the order in which they came. `run` does it where the store may be touched."""

    def __init__(self, posts: Callable[[], Posts], run: Run, clock: Callable[[], datetime]) -> None:
        self.posts = posts
        self.run = run
        self.clock = clock
        self._waiting: list[tuple[Post, asyncio.Future[bool]]] = []
        self._bytes = 0
        self._task: asyncio.Task[None] | None = None

    async def keep(self, source: str, body: bytes, headers: Mapping[str, str]) -> bool:
        """Keep a post, safe from a power cut when this returns; False when it was kept before.

        HTTPServiceUnavailable when too much waits for the disk; whatever the store raises, for all who share a commit.
        """
        if self._bytes + len(body) > WAITING:
            raise web.HTTPServiceUnavailable
        answer: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self._waiting.append((Post(source, body, headers), answer))
        self._bytes += len(body)
        if self._task is None:
            self._task = asyncio.create_task(self._work())
        try:
            return await asyncio.shield(answer)
        finally:
            answer.cancel()  # nobody listens any more; without effect once there is an answer

    async def _work(self) -> None:
        """Commit after commit while there is anything to keep: what comes meanwhile waits for the next."""
        try:
            while self._waiting:
                now, self._waiting = self._waiting[:TOGETHER], self._waiting[TOGETHER:]
                try:
                    new = await self.run(self.posts().keep_all, [post for post, _ in now], self.clock())
                except Exception as fault:  # noqa: BLE001  (each who waits is told, and answers for themselves)
                    for _, answer in now:
                        if not answer.done():
                            answer.set_exception(fault)
                else:
                    for (_, answer), is_new in zip(now, new, strict=True):
                        if not answer.done():
                            answer.set_result(is_new)
                finally:
                    self._bytes -= sum(len(post.body) for post, _ in now)
        finally:
            self._task = None
