"""Handing over everything that waits, in one call: for `run --once`, the demo and tests."""

import asyncio
from collections.abc import Callable
from datetime import datetime
from typing import TypeVar

from nurture.engine.applying import LiveBook
from nurture.engine.handed import Handed
from nurture.engine.sending import Sending
from nurture.engine.tick import Tell, silent
from nurture.engine.workshop import Workshop

__all__ = ["Handed", "hand_over_all"]

T = TypeVar("T")


async def directly(function: Callable[..., T], *arguments: object) -> T:
    """Run work here and now: where nothing else waits, it needs no thread."""
    return function(*arguments)


def hand_over_all(
    shop: Workshop,
    live: LiveBook,
    now: datetime,
    tell: Tell = silent,
    clock: Callable[[], datetime] | None = None,
) -> Handed:
    """Hand over everything that may go. StateError while the store is halted.

    A long run takes the instant of each lease and last look from `clock`; without one it is `now`.
    """

    def moment() -> datetime:
        return max(now, clock()) if clock else now

    async def whole() -> Handed:
        try:
            sending = Sending(shop, lambda: live, moment, directly, tell)
            done = await sending.round()
            await sending.looking_up.finish()
            return done
        finally:
            await shop.provider.close()

    return asyncio.run(whole())
