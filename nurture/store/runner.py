"""What a daemon says of itself while it works, and how it notices that something else is to run."""

from datetime import datetime

from sqlalchemy import Connection, delete, func, insert, select

from nurture.model.values import dataclass
from nurture.store.beside import Turn, in_turn
from nurture.store.codec import instant, maybe_micros, micros
from nurture.store.tables import APPLICATION, RUNNER, SWITCH

ENDED = "ended"


@dataclass(frozen=True, slots=True)
class Runner:
    """A daemon as it last wrote of itself; all instants are UTC.

    `name` is the owner under which its installation claims mails. `state` says in words what it is about:
    `at work`, `holds: …` with the reason, or `ended` when it left in good order. `next_at` is when it means to
    look again; one that was seen last long after that is gone or stuck. `kind` is daemon or worker.
    """

    name: str
    process: int
    version: str
    started_at: datetime
    seen_at: datetime
    next_at: datetime | None = None
    state: str = ""
    kind: str = "daemon"

    @property
    def ended(self) -> bool:
        """Whether it said goodbye."""
        return self.state == ENDED


def beat(connection: Connection, runner: Runner) -> None:
    """Write that it lives; its installation's earlier word is replaced."""
    in_turn(connection, Turn.beating)
    connection.execute(delete(RUNNER).where(RUNNER.c.name == runner.name))
    row = {"name": runner.name, "process": runner.process, "version": runner.version, "state": runner.state}
    row["kind"] = runner.kind
    instants = {"started_at": micros(runner.started_at), "seen_at": micros(runner.seen_at)}
    connection.execute(insert(RUNNER), row | instants | {"next_at": maybe_micros(runner.next_at)})


def leave(connection: Connection, name: str) -> None:
    """Nothing is said any more of a worker that ended or is gone: the next one has another name."""
    in_turn(connection, Turn.beating)
    connection.execute(delete(RUNNER).where(RUNNER.c.name == name))


def runners(connection: Connection) -> tuple[Runner, ...]:
    """Every daemon that ever worked on this store and every worker that does, the last seen first."""
    asked = select(
        RUNNER.c.name, RUNNER.c.process, RUNNER.c.version,
        RUNNER.c.started_at, RUNNER.c.seen_at, RUNNER.c.next_at, RUNNER.c.state, RUNNER.c.kind,
    ).order_by(RUNNER.c.seen_at.desc(), RUNNER.c.name)  # fmt: skip
    return tuple(
        Runner(name, process, version, instant(began), instant(seen), None if at is None else instant(at), *said)
        for name, process, version, began, seen, at, *said in connection.execute(asked)
    )


def edition(connection: Connection) -> tuple[object, ...]:
    """A mark of the applied book and of the switches over it, quick to ask for: another mark, another live book."""
    newest = connection.execute(select(func.max(APPLICATION.c.id))).scalar()
    switches = select(
        SWITCH.c.word, SWITCH.c.sequence, SWITCH.c.since, SWITCH.c.keep_service, SWITCH.c.because, SWITCH.c.who
    )
    return newest, *(tuple(row) for row in connection.execute(switches.order_by(SWITCH.c.word, SWITCH.c.sequence)))
