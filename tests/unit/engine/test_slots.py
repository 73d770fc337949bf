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
    let_in: list[int] = []

    async def go() -> None:
        slots = Slots(1)

        async def one(number: int) -> None:
            async with slots.one(False):
                let_in.append(number)
                await asyncio.sleep(0)

        tasks = [asyncio.create_task(one(number)) for number in range(6)]
        await asyncio.sleep(0)  # 0 is in, the others wait
        tasks[2].cancel()
        tasks[4].cancel()
        await asyncio.sleep(0)  # 0 has left: the place is 1's, who has not run yet
        tasks[1].cancel()
        async with asyncio.timeout(1):
            await asyncio.gather(*tasks, return_exceptions=True)
            await one(6)

    asyncio.run(go())
    assert let_in == [0, 3, 5, 6]
