"""Sending: several batches on their way at once, through one provider, at its pace (architecture.md 2.3)."""

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Protocol, TypeVar

from nurture.engine.applying import LiveBook
from nurture.engine.hand_over import Handed, hand_over_all
from nurture.engine.workshop import Workshop

T = TypeVar("T")


class Run(Protocol):
    """Executes work of the store or of rendering: directly, or in the one thread that may touch the store."""

    def __call__(self, function: Callable[..., T], *arguments: object) -> Awaitable[T]: ...


class Sending:
    """Hands over what may go. One for a process; only one `round` runs at a time.

    `live` is called in `run`, so it may ask the store; `clock` gives the instant in UTC.
    """

    def __init__(self, shop: Workshop, live: Callable[[], LiveBook], clock: Callable[[], datetime], run: Run) -> None:
        self.shop = shop
        self.live = live
        self.clock = clock
        self.run = run
        self.next_at: datetime | None = None
        self._stopped = False

    async def round(self) -> Handed:
        """Hand over all that may go now; returns when nothing more can go for now, or after `stop`.

        StateError while the store is halted as a copy or a restore.
        """
        return Handed() if self._stopped else await self.run(self._all)

    def stop(self) -> None:
        """Claim nothing more; what is on its way is settled, and `round` returns."""
        self._stopped = True

    def _all(self) -> Handed:
        return hand_over_all(self.shop, self.live(), self.clock())
