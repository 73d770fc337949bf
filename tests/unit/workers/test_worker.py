"""What a worker does when the queue says so: a round is shared, service goes amid it, jobs follow from decisions."""

import asyncio
import logging
import socket
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from nurture.engine import rounds
from nurture.engine.applying import apply
from nurture.engine.check import check
from nurture.engine.project import read_files
from nurture.engine.starter import make_project
from nurture.model.event import Origin
from nurture.store.codec import micros
from nurture.store.database import connect
from nurture.store.outbox_rows import LEASE
from nurture.store.queue import Job, Jobs, enqueue, make
from nurture.store.rows import ContactRow, EventRow
from nurture.wiring import configuration, now, seat_of, workshop
from nurture.workers.clocks import wrong_clock
from nurture.workers.lanes import connector, cron, schema
from nurture.workers.life import prepare
from nurture.workers.worker import Shops, Worker
from tests.postgres_server import Server
from tests.sendgrid_server import CONFIG, KEY, sendgrid

NOW = datetime(2027, 3, 2, 10, tzinfo=UTC)
SECOND = timedelta(seconds=1)


@pytest.fixture
def root(postgres: Server, tmp_path: Path) -> Path:
    """An applied project on PostgreSQL, with the queue's tables."""
    make_project(tmp_path)
    (tmp_path / "config.toml").write_text(f'[store]\nurl = "{postgres.new_database()}"\n', encoding="utf-8")
    files = read_files(tmp_path)
    book = check(files).book
    assert book is not None
    with workshop(tmp_path) as shop:
        apply(shop.store, book, files, NOW - timedelta(days=1), "a test")
        prepare(shop)
        prepare(shop)  # the second worker finds them
    return tmp_path


class Bench:
    """A worker whose jobs the test does itself, at an instant that it sets."""

    def __init__(self, root: Path, stack: ExitStack) -> None:
        seat = seat_of(configuration(root), alone=False, own=True)
        assert seat.take()
        stack.callback(seat.release)
        shops = [replace(stack.enter_context(workshop(root)), owner=seat.name) for _ in range(4)]
        self.now, self.store = NOW, shops[0].store
        self.worker = Worker(Shops(*shops), seat, 1, lambda: self.now)

    def complain(self, *people: str) -> None:
        taken = self.store.importing(self.now, origin=Origin.live)
        fields = {"ticket": "t"}
        taken.take([ContactRow(outside_id=one, address=f"{one}@shop.example") for one in people], pytest.fail)
        happened = [EventRow(outside_id=one, name="complaint.opened", at=self.now, fields=fields) for one in people]
        taken.take(happened, pytest.fail)

    def waiting(self) -> list[tuple[str, dict[str, int]]]:
        """The jobs that wait, which are taken out of the queue."""
        with self.store.database.writing() as connection:
            rows = connection.execute(text("DELETE FROM procrastinate_jobs RETURNING id, task_name, args")).all()
        return [(name, arguments) for _, name, arguments in sorted(rows, key=lambda row: row[0])]

    def planned(self) -> int:
        return sum(self.store.figures.waiting_by_lane().values())


@pytest.fixture
def bench(root: Path) -> Iterator[Bench]:
    with ExitStack() as stack:

        async def made() -> Bench:
            return Bench(root, stack)

        loop = asyncio.new_event_loop()
        yield loop.run_until_complete(made())
        loop.close()


def test_a_round_is_shared_and_service_goes_amid_it(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rounds, "FEW", 0)
    bench.worker.turns.turn(bench.now)
    bench.now += SECOND
    bench.complain(*(f"c{number}" for number in range(20)))
    bench.now += SECOND
    bench.worker._turn()
    parts = [arguments for name, arguments in bench.waiting() if name == "evaluate"]
    assert len(parts) == 4
    assert bench.planned() == 0
    began = bench.now
    bench.now += SECOND
    bench.complain("zoe")
    bench.now += SECOND
    bench.worker._turn()
    assert bench.planned() == 1, "who comes amid a round is decided at once"
    assert {name for name, _ in bench.waiting()} == {"evaluate", "hand over"}
    for one in reversed(parts):
        bench.worker._part(one["number"], one["first"], Job("evaluate", "evaluate", "key"))
    bench.worker._part(parts[0]["number"], parts[0]["first"], Job("evaluate", "evaluate", "key"))  # a second time
    assert bench.planned() == 21
    assert bench.store.watermark == began
    assert bench.store.rounds.open() is None


def test_a_part_that_is_left_is_given_back(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rounds, "FEW", 0)
    bench.worker.turns.turn(bench.now)
    bench.complain(*(f"c{number}" for number in range(20)))
    bench.now += SECOND
    bench.worker._turn()
    parts = [one for one in bench.waiting() if one[0] == "evaluate"]
    bench.worker.stopping.set()
    for _, one in parts:
        bench.worker._part(one["number"], one["first"], Job("evaluate", "evaluate", str(one)))
    assert len([name for name, _ in bench.waiting() if name == "evaluate"]) == 4
    assert len(bench.store.rounds.left()) == 4


def test_jobs_come_with_the_transaction_or_not_at_all(bench: Bench) -> None:
    job = Job("hand over", "hand over", "hand over 0", arguments={"slot": 0})

    def cut() -> None:
        with bench.store.database.writing(beside=True) as connection:
            assert enqueue(connection, [job]) == 1
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        cut()
    assert bench.waiting() == []
    jobs = Jobs(bench.store.database)
    jobs.put([job, job])
    jobs.put([job])
    assert bench.waiting() == [("hand over", {"slot": 0})]


def test_a_queue_of_another_version_is_made_anew(bench: Bench) -> None:
    words, version = schema()
    jobs = Jobs(bench.store.database)
    jobs.put([Job("tick", "tick", "tick")])
    make(bench.store.database, words, f"{version}.1", micros(NOW))
    assert jobs.version() == f"{version}.1"
    assert bench.waiting() == []


def test_what_a_dead_worker_had_claimed_is_put_back_by_the_others(bench: Bench) -> None:
    bench.complain("salma", "zoe")
    bench.now += SECOND
    bench.worker.turns.turn(bench.now)
    dead = "another machine"
    claimed, handed = (bench.store.claim(1, bench.now, dead) for _ in range(2))
    assert claimed is not None
    assert handed is not None
    bench.store.hand(handed, bench.now)
    bench.store.beat(runner(dead, bench.now))
    bench.worker._bury()
    assert bench.planned() == 1
    assert len(bench.store.in_doubt(9)) == 1
    assert bench.store.runners() == ()


def test_a_batch_that_a_living_worker_could_not_settle_is_looked_at_when_its_lease_is_over(bench: Bench) -> None:
    bench.complain("salma")
    bench.now += SECOND
    bench.worker._turn()
    batch = bench.store.claim(1, bench.now, bench.worker.seat.name)
    assert batch is not None
    bench.store.hand(batch, bench.now)
    bench.waiting()
    bench.now += LEASE
    bench.worker._turn()
    assert [name for name, _ in bench.waiting()] == ["hand over"], "no mail waits, and still somebody looks"


def runner(name: str, now: datetime):  # type: ignore[no-untyped-def]
    from nurture.store.runner import Runner

    return Runner(name, 7, "1", now, now, kind="worker")


@pytest.mark.parametrize(
    ("every", "said"),
    [(1, "* * * * * */1"), (5, "* * * * * */5"), (60, "*/1 * * * *"), (300, "*/5 * * * *"), (3600, "*/59 * * * *")],
)
def test_how_often_a_tick_is_due(every: int, said: str) -> None:
    assert cron(timedelta(seconds=every)) == said


def test_before_the_first_apply_it_waits_and_calls_nothing_a_fault(
    postgres: Server, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    make_project(tmp_path)
    (tmp_path / "config.toml").write_text(f'[store]\nurl = "{postgres.new_database()}"\n', encoding="utf-8")

    async def whole() -> None:
        with ExitStack() as stack:
            found = Bench(tmp_path, stack)
            await found.worker.hand_over(0)
            await found.worker.beside()

    asyncio.run(whole())
    assert [record.getMessage() for record in caplog.records if record.levelno > logging.INFO] == []


def test_clocks_must_agree_within_a_minute(root: Path) -> None:
    with workshop(root) as shop:
        database = shop.store.database
        assert wrong_clock(database, now) == ""
        assert "seconds ahead of the database's" in wrong_clock(database, lambda: now() + 90 * SECOND)
        assert "seconds behind the database's" in wrong_clock(database, lambda: now() - 90 * SECOND)


def test_the_queue_goes_where_the_store_goes_whatever_stands_in_its_address(postgres: Server) -> None:
    options = "&options=-c%20application_name%3Dthe%5C%20queue"
    database = connect(postgres.new_database() + options)
    asked = "SELECT current_setting('application_name') AS found, current_setting('idle_session_timeout') AS idle"
    with postgres.connect() as connection:
        connection.execute(f"ALTER DATABASE {database.engine.url.database} SET idle_session_timeout = '5s'")

    async def named() -> Any:
        to = connector(database.reached_by)
        await to.open_async()
        try:
            return await to.execute_query_one_async(asked)
        finally:
            await to.close_async()

    assert asyncio.run(named()) == {"found": "the queue", "idle": "0"}, "it listens, idle for as long as it is quiet"


def of_lists(root: Path, url: str, stop_after: float | None) -> None:
    """A worker's look at the lists of a provider, during which it may be asked to end."""
    (root / "config.toml").write_text((root / "config.toml").read_text() + CONFIG.format(url=url), encoding="utf-8")

    async def whole() -> None:
        with ExitStack() as stack:
            found = Bench(root, stack).worker
            if stop_after is not None:
                asyncio.get_running_loop().call_later(stop_after, found.stop, "a test")
            await asyncio.wait_for(found._beside(), 20)
            await found.shops.sending.provider.close()

    asyncio.run(whole())


def test_lists_that_are_not_told_are_said_in_words(root: Path, caplog, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SENDGRID_KEY", KEY)
    with sendgrid() as provider:
        of_lists(root, provider.url, stop_after=None)
    said = [(one.levelname, one.getMessage()) for one in caplog.records if one.levelno > logging.INFO]
    assert [(level, words.split()[0], "SendGrid answered 404" in words) for level, words in said] == [
        ("WARNING", "suppressions.failed", True)
    ]


def test_a_provider_that_does_not_answer_about_its_lists_holds_no_end_up(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SENDGRID_KEY", KEY)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        of_lists(root, f"http://127.0.0.1:{silent.getsockname()[1]}", stop_after=0.5)
