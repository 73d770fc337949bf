"""Who may be at work on a store on PostgreSQL, whatever the folder: one daemon alone, or workers beside each other."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from nurture.daemon import stand_by
from nurture.engine.faults import RefusedError, StateError
from nurture.engine.threads import WATCH, watched
from nurture.store.database import connect
from nurture.store.open import open_store
from nurture.store.runner import Runner
from nurture.store.seats import Seat, Taken
from nurture.wiring import DAEMON, ONCE, WORKER, RunLock, configuration, gone, refuse_stranger, seat_of
from tests.postgres_server import Server

NOW = datetime(2027, 3, 2, 10, tzinfo=UTC)


@pytest.fixture
def machine(postgres: Server, tmp_path: Path) -> Callable[[str], Path]:
    """A project's folder on one of several machines, all on one store."""
    url = postgres.new_database()
    open_store(url).close()

    def make(name: str) -> Path:
        root = tmp_path / name
        (root / "sequences").mkdir(parents=True)
        (root / "config.toml").write_text(f'[store]\nurl = "{url}"\n', encoding="utf-8")
        return root

    return make


def worker(root: Path) -> Seat:
    return seat_of(configuration(root), alone=False, own=True)


def test_one_daemon_a_store_whatever_the_machine(machine, tmp_path):
    here, there = RunLock(machine("here")), RunLock(machine("there"))
    assert here.take(DAEMON) is None
    holder = there.take(DAEMON)
    assert holder is not None
    assert here.held()
    said = Runner("its owner as it was drawn anew", 7, "1", NOW, NOW)
    assert not gone(tmp_path / "there")(said)
    here.release()
    assert gone(tmp_path / "there")(said)
    assert there.take(DAEMON) is None
    there.release()


def test_a_daemon_and_workers_exclude_one_another_and_say_so(machine):
    root = machine("here")
    first, second = worker(root), worker(root)
    assert first.take()
    assert second.take()
    daemon = RunLock(machine("there"))
    with pytest.raises(StateError, match="Stop them all, then start the daemon"):
        asyncio.run(stand_by(daemon, asyncio.Event()))
    holder = daemon.take(ONCE)
    assert holder is not None
    assert holder.kind == WORKER
    first.release()
    second.release()
    assert daemon.take(DAEMON) is None
    assert not first.take()
    daemon.release()


def test_whoever_is_killed_is_known_to_be_gone_at_once(machine):
    root = machine("here")
    one = worker(root)
    assert one.take()
    runner = Runner(one.name, 7, "1", NOW, NOW, kind="worker")
    assert not gone(root)(runner)
    assert Taken(one.database).workers == 1
    one.release()  # as the system does with a killed process' connection
    assert gone(root)(runner)
    assert Taken(one.database).workers == 0
    one.release()


def test_a_seat_whose_connection_was_cut_is_taken_again_unless_another_was_quicker(machine):
    here, there = worker(machine("here")), RunLock(machine("there"))
    assert here.take()
    cut(here)
    assert here.held()
    cut(here)
    assert there.take(DAEMON) is None
    assert not here.held()
    there.release()


def cut(seat: Seat) -> None:
    """The server ends the connections of everybody else."""
    database = connect(seat.database.engine.url.render_as_string(hide_password=False))
    with database.writing() as connection:
        others = "pid <> pg_backend_pid() AND datname = current_database()"
        connection.exec_driver_sql(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE {others}")  # noqa: S608
    database.engine.dispose()


def test_what_is_watched_and_lost_is_told_and_an_outage_once(monkeypatch, caplog):
    caplog.set_level("INFO")
    assert WATCH >= 1
    monkeypatch.setattr("nurture.engine.threads.WATCH", 0.01)
    answers = iter((True, OSError("away"), OSError("away"), True, False))

    def held() -> bool:
        answer = next(answers)
        if isinstance(answer, OSError):
            raise answer
        return answer

    async def life() -> None:
        lost = asyncio.Event()
        async with watched(held, lost.set):
            await asyncio.wait_for(lost.wait(), 20)

    asyncio.run(life())
    assert [line.split()[0] for line in caplog.messages] == ["queue.lost", "queue.back"]


def test_a_store_that_has_worked_elsewhere_is_joined_by_a_persons_word_alone(machine):
    first, second = configuration(machine("first")), configuration(machine("second"))
    refuse_stranger(first, join=False)  # new: nobody has worked on it
    store = open_store(first.store_url, first.installation)
    store.declare("suppressions", "none", NOW)
    store.close()
    with pytest.raises(RefusedError, match="--join"):
        refuse_stranger(second, join=False)
    refuse_stranger(second, join=True)
    refuse_stranger(second, join=False)
    store = open_store(second.store_url, second.installation)
    assert store.halted == ""
    store.close()
