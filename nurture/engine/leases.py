"""Leases of batches on their way: while one holds, no other process takes what is in it for left behind."""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import datetime

from nurture import observe
from nurture.engine.flight import Flight
from nurture.engine.run import Run
from nurture.engine.workshop import Workshop
from nurture.store.outbox_rows import LEASE

RENEW = 60.0  # seconds between two leases of one batch


class Leases:
    """Renews the leases of what is on its way; `clock` gives the instant in UTC."""

    def __init__(self, shop: Workshop, run: Run, clock: Callable[[], datetime]) -> None:
        self.shop, self.run, self.clock = shop, run, clock

    @asynccontextmanager
    async def held(self, flight: Flight) -> AsyncIterator[None]:
        """Renew the lease again and again for as long as the block lasts."""

        async def renewing() -> None:
            while not flight.lost:
                await asyncio.sleep(RENEW)
                await self._renew(flight)

        keeper = asyncio.create_task(renewing())
        try:
            yield
        finally:
            keeper.cancel()
            await asyncio.gather(keeper, return_exceptions=True)

    async def _renew(self, flight: Flight) -> None:
        """A new lease; without one, also since the store cannot be written, no more of the batch is begun."""
        now = self.clock()
        try:
            renewed = await self.run(self.shop.store.outbox.renew, flight.batch, now)
        except Exception as fault:  # noqa: BLE001  (what is on its way goes on; what was not begun goes back)
            observe.note(observe.LEASE_LOST, level=logging.WARNING, **observe.fault_fields(fault))
            renewed = False
        if renewed:
            flight.lease_until = now + LEASE
        else:
            flight.lost = True
