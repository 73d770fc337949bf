"""The queue, as its library has it: what is done in which lane, how often, and what becomes of a dead worker's jobs.

A worker has four lanes, each with a thread and a store of its own: looking (one tick among all workers), deciding
a part of a round, handing over, and what is beside: calls of other systems and words to the shop's people.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from datetime import timedelta
from importlib.metadata import version
from typing import Any, Protocol

from procrastinate import App, PsycopgConnector
from procrastinate.exceptions import ConnectorException
from procrastinate.jobs import DeleteJobCondition, Status
from procrastinate.schema import SchemaManager

from nurture.model.values import dataclass
from nurture.store.postgresql import limits
from nurture.store.queue import Job

HEARTBEAT, STALLED = 3.0, 12.0  # seconds: how often a worker says that it lives, and after which it is given up
LOOKS_FOR_STALLED = 5  # seconds between two looks for jobs of workers that are gone
CONNECTIONS = 4  # of the queue itself; two more listen
TICK, EVALUATE, HAND_OVER, BESIDE, STALLED_JOBS = "tick", "evaluate", "hand over", "beside", "stalled"
LOOK_NOW = Job(TICK, TICK, TICK, lock=TICK)
CALL_NOW = Job(BESIDE, BESIDE, BESIDE, lock=BESIDE)
NEVER = DeleteJobCondition.ALWAYS  # what is done leaves no row: the store says what was done


def hand_over(slot: int) -> Job:
    """As many of these wait as there are workers: each hands over all that may go, beside the others."""
    return Job(HAND_OVER, HAND_OVER, f"{HAND_OVER} {slot}", arguments={"slot": slot})


def evaluate(number: int, first: int) -> Job:
    """A part of a round, by the round and its first bucket."""
    key = f"round {number} from {first}"
    return Job(EVALUATE, EVALUATE, key, lock=key, arguments={"number": number, "first": first}, single=True)


def schema() -> tuple[str, str]:
    """What makes the queue's tables, and the version they are of."""
    return SchemaManager.get_schema(), version("procrastinate")


class Work(Protocol):
    """What a worker does when the queue says so. None of it raises."""

    async def tick(self) -> None:
        """Look whether anything fell due."""

    async def evaluate(self, number: int, first: int) -> None:
        """Decide a part of a round."""

    async def hand_over(self, slot: int) -> None:
        """Hand over all that may go."""

    async def beside(self) -> None:
        """Call other systems, and tell the shop's people."""

    async def bury(self) -> None:
        """Put in order what workers that are gone left behind."""


@dataclass(frozen=True, slots=True)
class Lane:
    """One lane of a worker: so many jobs of it at a time, looked for every so many seconds or when told of."""

    app: App
    queue: str
    at_once: int
    every: float
    listens: bool

    async def run(self) -> None:
        """Do what comes, until cancelled; then what is being done is waited for."""
        await self.app.run_worker_async(
            queues=[self.queue], name=self.queue, concurrency=self.at_once, install_signal_handlers=False,
            fetch_job_polling_interval=self.every, listen_notify=self.listens, delete_jobs=NEVER.value,
            update_heartbeat_interval=HEARTBEAT, stalled_worker_timeout=STALLED,
        )  # fmt: skip


def connector(to: Mapping[str, Any]) -> PsycopgConnector:
    """The queue's own connections, to where the store's go (`Database.reached_by`); nothing is opened yet."""
    reached = {**to, "connect_timeout": 10}
    return PsycopgConnector(min_size=1, max_size=CONNECTIONS, kwargs=reached, configure=_unlimited)


async def _unlimited(connection: Any) -> None:
    """Limits that the server sets for idle or long sessions end none that listens."""
    await connection.execute("; ".join(limits(connection.info.server_version)), prepare=False)
    await connection.commit()


def lanes(to: PsycopgConnector, work: Work, every: timedelta) -> list[Lane]:
    """The lanes of a worker; a tick is due every so often among all workers."""
    looking, deciding, handing, calling = (App(connector=to) for _ in range(4))

    @looking.periodic(cron=cron(every))
    @looking.task(name=TICK, queue=TICK, lock=TICK, queueing_lock=TICK)
    async def tick(timestamp: int = 0) -> None:  # noqa: ARG001 - the queue says when it was due
        await work.tick()

    @looking.periodic(cron=cron(timedelta(seconds=LOOKS_FOR_STALLED)))
    @looking.task(name=STALLED_JOBS, queue=TICK, lock=STALLED_JOBS, queueing_lock=STALLED_JOBS)
    async def stalled(timestamp: int = 0) -> None:  # noqa: ARG001 - the queue says when it was due
        await take_over(looking)
        await work.bury()

    @looking.periodic(cron="* * * * *")
    @looking.task(name=BESIDE, queue=BESIDE, lock=BESIDE, queueing_lock=BESIDE)
    async def beside(timestamp: int = 0) -> None:  # noqa: ARG001 - the queue says when it was due
        await work.beside()

    calling.task(name=BESIDE, queue=BESIDE, lock=BESIDE, queueing_lock=BESIDE)(beside.func)

    @deciding.task(name=EVALUATE, queue=EVALUATE)
    async def part(number: int, first: int) -> None:
        await work.evaluate(number, first)

    @handing.task(name=HAND_OVER, queue=HAND_OVER)
    async def hands(slot: int) -> None:
        await work.hand_over(slot)

    return [
        Lane(looking, TICK, 2, 5.0, listens=True),
        Lane(deciding, EVALUATE, 1, 1.0, listens=False),
        Lane(handing, HAND_OVER, 1, 5.0, listens=True),
        Lane(calling, BESIDE, 1, 2.0, listens=False),
    ]


async def take_over(app: App) -> None:
    """Jobs of workers whose heart stopped are done by others (the queue's documented way).

    Where one with the same key waits already, that one is enough.
    """
    manager = app.job_manager
    for job in await manager.get_stalled_jobs(seconds_since_heartbeat=STALLED):
        try:
            await manager.retry_job(job)
        except ConnectorException:
            with suppress(ConnectorException):
                await manager.finish_job(job, Status.FAILED, delete_job=True)
    await manager.prune_stalled_workers(STALLED)


def cron(every: timedelta) -> str:
    """About every so often, as cron says it, with seconds in the sixth place."""
    seconds = max(1, round(every.total_seconds()))
    if seconds < 60:
        return f"* * * * * */{seconds}"
    minutes = min(59, seconds // 60)
    return f"*/{minutes} * * * *"


async def keep(lane: Lane, failed: Callable[[str, BaseException | None], Awaitable[bool]]) -> None:
    """A lane for as long as the worker lives: where the database was away, it begins anew.

    `failed` answers whether it still does: a queue that is asked to end while its database is away says that the
    database is away, and the wish to end is lost in it.
    """
    goes_on = True
    while goes_on:
        fault: BaseException | None = None
        try:
            await lane.run()
        except asyncio.CancelledError:
            raise
        except Exception as error:  # noqa: BLE001  (whatever it was, the queue is as it was, and is asked again)
            fault = error
        goes_on = await failed(lane.queue, fault)
