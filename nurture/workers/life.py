"""A worker in its project: from taking its seat beside the others to the end."""

import asyncio
import os
import signal
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

from nurture import __version__, observe
from nurture.engine.faults import StateError
from nurture.engine.workshop import Workshop
from nurture.store.codec import micros
from nurture.store.queue import Jobs, make
from nurture.store.seats import Taken
from nurture.wiring import configuration, now, refuse_stranger, seat_of, workshop
from nurture.workers.clocks import wrong_clock
from nurture.workers.lanes import schema
from nurture.workers.worker import Shops, Web, Worker

CACHE = 8  # megabytes, of SQLite alone
DAEMON_AT_WORK = (
    "a daemon (`nurture run`) is at work on this store: it does everything by itself, and workers share it. "
    "Stop it, then start the workers."
)


async def serve(root: Path, web: Web | None, join: bool = False) -> bool:
    """A worker's life in a project; whether it ended in good order. StateError where it may not work.

    `web` opens the web part beside it. With `join` a person says that this installation works on the store too.
    """
    asked: list[str] = []
    found: list[Worker] = []

    def heard(name: str) -> None:
        asked.append(name)
        for one in found:
            one.stop(name)

    for one in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        asyncio.get_running_loop().add_signal_handler(one, heard, one.name)
    config = configuration(root)
    refuse_stranger(config, join)
    with ExitStack() as stack:
        seat = seat_of(config, alone=False, own=True)
        stack.callback(seat.release)
        if not seat.take():
            raise StateError(DAEMON_AT_WORK)
        shops = [replace(stack.enter_context(workshop(root, CACHE)), owner=seat.name) for _ in range(4)]
        if wrong := wrong_clock(shops[0].store.database, now):
            raise StateError(wrong)
        prepare(shops[0])
        found.append(Worker(Shops(*shops), seat, os.getpid(), now))
        say_started(shops[0])
        if asked:
            found[0].stop(asked[0])
        return await found[0].live_on(web)


def prepare(shop: Workshop) -> None:
    """The queue's tables, made by the first worker; StateError where others use those of another version."""
    words, version = schema()
    known = Jobs(shop.store.database).version()
    if known == version:
        return
    if known is not None and Taken(shop.store.database).workers > 1:
        raise StateError(
            f"other workers are at work whose queue is of version {known}, and this one's is {version}. "
            "Stop all workers, then start them again with one version: nothing is lost."
        )
    make(shop.store.database, words, version, micros(now()))


def say_started(shop: Workshop) -> None:
    """The first line of a worker's log."""
    every, provider, mode = f"{shop.config.tick_every.total_seconds():g}s", shop.config.provider, shop.config.mode
    observe.note(
        observe.WORKER_STARTED, process=os.getpid(), version=__version__, provider=provider, mode=mode, every=every,
        beside=Taken(shop.store.database).workers - 1,
    )  # fmt: skip
