"""Once a night, what SendGrid's own lists say of addresses: events that were lost on the way are made good by it.

Nothing is ever lifted by it: who is on none of these lists is not therefore written to again.
"""

import asyncio
import logging
from collections import Counter
from collections.abc import Callable, Coroutine
from contextlib import suppress
from datetime import UTC, datetime, timedelta

from nurture import observe
from nurture.deliver.sendgrid_suppressions import LISTS, NotToldError, Suppressions
from nurture.engine.run import Run
from nurture.engine.workshop import Workshop
from nurture.store.open import Store

DECLARED = "suppressions synced"  # under this name the store keeps when it was done last
EVERY, AFTER_FAILURE = timedelta(hours=24), timedelta(hours=1)
OVERLAP = timedelta(days=2)  # asked again each time: lists are filled late
LOOK = 60.0  # seconds between two looks whether it is time


def can_sync(shop: Workshop) -> bool:
    """Whether there is a provider with lists, and a key to read them."""
    return shop.config.provider == "sendgrid" and bool(shop.config.sendgrid_key)


def last_sync(store: Store) -> datetime | None:
    """When the lists were read to their end the last time (UTC)."""
    said = store.declared(DECLARED)
    return datetime.fromisoformat(said).astimezone(UTC) if said else None


async def sync(shop: Workshop, now: datetime, run: Run, whole: bool = False) -> Counter[str]:
    """Read every list since the last time, or `whole`; of each how many rows were new. NotToldError: try later.

    A list that is not told keeps none of the others from being read. What was read is kept, and read again next time.
    """
    last = await run(last_sync, shop.store)
    since = None if whole or last is None else last - OVERLAP
    reader = Suppressions(shop.config.sendgrid_url, shop.config.sendgrid_key)
    found: Counter[str] = Counter(dict.fromkeys(LISTS, 0))
    untold: dict[str, list[str]] = {}
    for name in LISTS:
        try:
            async for page in reader.pages(name, since):
                taken = await run(shop.store.happenings.take, page, now, False)
                found[name] += taken.new.total()
        except NotToldError as fault:
            untold.setdefault(fault.why, []).extend(fault.lists)
    if untold:
        *others, (why, lists) = untold.items()
        raise NotToldError("; ".join([*(f"{one} ({', '.join(of)})" for one, of in others), why]), *lists)
    await run(shop.store.declare, DECLARED, now.isoformat(), now)
    observe.note(observe.SYNCED, **found)
    return found


async def keep_in_step(
    shop: Workshop, clock: Callable[[], datetime], run: Run, stopping: asyncio.Event, arrived: Callable[[], None]
) -> None:
    """Read the lists once a day until `stopping`; a failure is said, and tried again after an hour."""
    next_at: datetime | None = None
    while can_sync(shop) and not stopping.is_set():
        now = clock()
        try:
            last = await run(last_sync, shop.store) if next_at is None else None
            next_at = next_at or (last + EVERY if last else now)
            if now >= next_at and not shop.store.halted:
                next_at = now + AFTER_FAILURE
                found = await cut_short(sync(shop, now, run), stopping)
                if found is not None and found.total():
                    arrived()
                next_at = now + EVERY
        except Exception as fault:  # noqa: BLE001  (whatever it was, it must not end the daemon, and is tried again)
            say_failed(fault)
            next_at = now + AFTER_FAILURE
        waiting = asyncio.create_task(stopping.wait())
        await asyncio.wait([waiting], timeout=LOOK)
        waiting.cancel()


def say_failed(fault: Exception) -> None:
    """Into the log, in words where the provider did not tell."""
    fields = observe.fault_fields(fault, words=isinstance(fault, NotToldError))
    observe.note(observe.SYNC_FAILED, level=logging.WARNING, **fields)


async def cut_short(reading: Coroutine[object, object, Counter[str]], stopping: asyncio.Event) -> Counter[str] | None:
    """What is found, or None where the daemon stops first: a server that is slow to answer keeps nobody waiting."""
    asked, stopped = asyncio.create_task(reading), asyncio.create_task(stopping.wait())
    await asyncio.wait([asked, stopped], return_when=asyncio.FIRST_COMPLETED)
    stopped.cancel()
    if asked.done():
        return asked.result()
    asked.cancel()
    with suppress(asyncio.CancelledError):
        await asked
    return None
