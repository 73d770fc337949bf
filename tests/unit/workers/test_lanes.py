"""A lane of the queue: begun anew when the database was away, and ended when asked, also while it is away."""

import asyncio
from typing import Any

from procrastinate.exceptions import ConnectorException

from nurture.workers.lanes import keep


class Away:
    """A lane whose database goes away as it is asked to end; what the queue's library says then hides the wish."""

    queue = "tick"

    def __init__(self, *faults: Exception) -> None:
        self.faults, self.begun, self.runs = list(faults), asyncio.Event(), 0

    async def run(self) -> None:
        self.runs += 1
        if self.faults:
            raise self.faults.pop()
        self.begun.set()
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            raise ConnectorException from None


def test_a_lane_begins_anew_and_ends_though_the_wish_to_end_was_lost() -> None:
    async def whole() -> tuple[int, list[str]]:
        stopping, said = asyncio.Event(), list[str]()
        lane: Any = Away(ConnectorException(), ConnectorException())

        async def failed(queue: str, fault: BaseException | None) -> bool:
            said.append(f"{queue} {type(fault).__name__}")
            return not stopping.is_set()

        kept = asyncio.create_task(keep(lane, failed))
        await lane.begun.wait()
        stopping.set()
        kept.cancel()
        await asyncio.wait_for(kept, 10)
        return lane.runs, said

    runs, said = asyncio.run(whole())
    assert (runs, said) == (3, ["tick ConnectorException"] * 3)
