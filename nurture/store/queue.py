"""Jobs for the workers, enqueued in the transaction of what they follow from, by the queue's own SQL.

The queue's tables stand beside ours, and hold no truth of their own: what is to be done follows from the store.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import field
from typing import Any

from sqlalchemy import BigInteger, Connection, bindparam, inspect, select, text
from sqlalchemy.exc import IntegrityError

from nurture.model.values import dataclass
from nurture.store.database import Database, ask
from nurture.store.installation import declare, declared
from nurture.store.outbox_rows import UNFINISHED
from nurture.store.tables import BATCH, PLANNED

VERSION = "queue"  # under this name the store keeps which version of the queue its tables are of


@dataclass(frozen=True, slots=True)
class Job:
    """Work for a worker. Of those with one `key` only one waits at a time, and with `lock` only one is being done.

    With `single` none is enqueued while one with its key is being done either.
    """

    task: str
    queue: str
    key: str
    lock: str | None = None
    arguments: Mapping[str, Any] = field(default_factory=dict)
    single: bool = False


def enqueue(connection: Connection, jobs: Sequence[Job]) -> int:
    """Have them done once this transaction is committed; how many were not waiting already."""
    found = connection.execute(_THERE, {"keys": [job.key for job in jobs]})
    there = {(key, status) for key, status in found}
    new = 0
    for job in jobs:
        if (job.key, "todo") in there or (job.single and (job.key, "doing") in there):
            continue
        row = {"queue": job.queue, "task": job.task, "key": job.key, "lock": job.lock}
        try:
            with connection.begin_nested():
                connection.execute(_DEFER, row | {"arguments": json.dumps(dict(job.arguments))})
        except IntegrityError:
            continue  # another transaction was quicker: one of that key waits
        new += 1
    return new


_THERE = text(
    "SELECT queueing_lock, CAST(status AS text) FROM procrastinate_jobs"
    " WHERE queueing_lock IN :keys AND status IN ('todo', 'doing')"
).bindparams(bindparam("keys", expanding=True))
_DEFER = text(
    "SELECT procrastinate_defer_jobs_v1(ARRAY[CAST(ROW(CAST(:queue AS varchar), CAST(:task AS varchar), 0,"
    " CAST(:lock AS text), CAST(:key AS text), CAST(:arguments AS jsonb), NULL) AS procrastinate_job_to_defer_v1)])"
)


def make(database: Database, words: str, version: str, now: int) -> None:
    """Make the queue's tables by the queue's own `words`, in place of those of another version: jobs follow anew."""
    with database.writing() as connection:
        if declared(connection, VERSION) == version:
            return  # another worker was quicker
        if inspect(connection).has_table("procrastinate_jobs"):
            connection.exec_driver_sql(_DROP)
        cursor = connection.connection.cursor()
        cursor.execute(words)  # many statements, without values: not by SQLAlchemy, which looks for places of values
        cursor.close()
        declare(connection, VERSION, version, now)


_DROP = """
DO $$ DECLARE one record; BEGIN
  DROP TABLE procrastinate_events, procrastinate_periodic_defers, procrastinate_jobs, procrastinate_workers CASCADE;
  FOR one IN SELECT CAST(oid AS regprocedure) AS name FROM pg_proc WHERE starts_with(proname, 'procrastinate_') LOOP
    EXECUTE 'DROP FUNCTION ' || one.name || ' CASCADE';
  END LOOP;
  DROP TYPE IF EXISTS procrastinate_job_to_defer_v1, procrastinate_job_status, procrastinate_job_event_type CASCADE;
END $$
"""


@dataclass(frozen=True, slots=True)
class Jobs:
    """The doors to the queue for whoever has no transaction of their own."""

    database: Database

    def put(self, jobs: Sequence[Job]) -> None:
        """Have them done, each unless one of its key waits already."""
        if jobs:
            with self.database.writing(beside=True) as connection:
                enqueue(connection, jobs)

    def mail_waits(self, now: int) -> bool:
        """Whether any mail may be handed over by then, by the queue of mails, or was left by somebody."""
        with self.database.reading() as connection:
            return bool(ask(connection, _WAITS, now=now) or ask(connection, _LEFT, now=now))

    def version(self) -> str | None:
        """Of which version the queue's tables are; None while there are none."""
        with self.database.reading() as connection:
            return declared(connection, VERSION)


_OVER = BATCH.c.lease_until <= bindparam("now", 0, BigInteger)
_LEFT = select(BATCH.c.id).where(BATCH.c.status.in_(UNFINISHED), _OVER).limit(1)
_WAITS = select(PLANNED.c.key).where(PLANNED.c.due_at <= bindparam("now")).limit(1)
