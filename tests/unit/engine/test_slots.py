"""Service is let in before all else, and a place is never lost."""

import asyncio

from nurture.engine.slots import Slots


def test_service_comes_first_whoever_waited_before() -> None:
    order: list[str] = []

    async def go() -> None:
        slots = Slots(1)

        async def one(name: str, service: bool) -> None:
            async with slots.one(service):
                order.append(name)
                await asyncio.sleep(0)

        await asyncio.gather(one("a", False), one("b", False), one("c", False), one("s", True))

    asyncio.run(go())
    assert order == ["a", "s", "b", "c"]


def test_who_is_cancelled_while_waiting_or_just_let_in_takes_no_place_along() -> None:
    async def go() -> None:
        slots = Slots(1)

        async def one() -> None:
            async with slots.one(False):
                await asyncio.sleep(0)

        tasks = [asyncio.create_task(one()) for _ in range(6)]
        await asyncio.sleep(0)
        for number in (1, 2, 4):
            tasks[number].cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await asyncio.wait_for(one(), 1)

    asyncio.run(go())
