"""A store is brought to a newer nurture's tables while an older nurture works with it; twice, and cut."""

import json
import os
import shutil
import signal
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import text

from nurture.cli.edge import run
from nurture.engine.faults import StateError
from nurture.engine.upgrading import Upgraded, done_lines, plan_lines, upgrade_store
from nurture.store import migrate, upgrading
from nurture.store.codec import micros
from nurture.store.database import connect
from nurture.store.installation import owner_of
from nurture.store.migrate import SchemaError
from nurture.store.moving import move
from nurture.store.open import open_store
from nurture.store.runner import Runner
from nurture.store.seats import Seat
from nurture.store.tables import HEAD
from nurture.store.upgrading import pending
from nurture.wiring import DAEMON, RunLock, now, workshop
from tests import worlds as w
from tests.going_on import goes_on, mails_in, rows_of
from tests.ninety_days import NinetyDays
from tests.postgres_server import Server

NOW = w.utc("2027-06-01 12:00")
NEXT = f"{int(HEAD) + 1:04}"
DIES = "NURTURE_TEST_DIES"
MIGRATION = f'''"""Something that is still to come

Revision: {NEXT}
"""

import os, signal
import sqlalchemy as sa
from alembic import op

revision, down_revision, branch_labels, depends_on = "{NEXT}", "{HEAD}", None, None


def upgrade():
    op.add_column("person", sa.Column("later", sa.String(), server_default="", nullable=False))
    if "{DIES}" in os.environ:
        os.kill(os.getpid(), signal.SIGKILL)
    op.create_index("person_later", "person", ["later"])
'''


def next_nurture(monkeypatch: pytest.MonkeyPatch, folder: Path, beside: str) -> None:
    """From now on this process is of a nurture to come, whose tables have one column more."""
    shutil.copytree(migrate.migrations_folder(), folder / "migrations", ignore=shutil.ignore_patterns("__pycache__"))
    (folder / "migrations" / "versions" / f"{NEXT}_to_come.py").write_text(MIGRATION)
    monkeypatch.setattr(migrate, "migrations_folder", lambda: folder / "migrations")
    for module in (migrate, upgrading):
        monkeypatch.setattr(module, "HEAD", NEXT)
        monkeypatch.setattr(module, "BESIDE", beside)


def in_a_child(work: Callable[[], None]) -> int:
    """The process in which it is done; it ends with 0 when all went well."""
    child = os.fork()
    if child == 0:
        code = 1
        try:
            work()
            code = 0
        finally:
            os._exit(code)
    return child


def ended(child: int) -> int:
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def upgraded(url: str, pause: Callable[[float], object] = lambda _seconds: None) -> Upgraded:
    database = connect(url)
    try:
        return upgrade_store(database, NOW, pause)
    finally:
        database.engine.dispose()


def stands_at(url: str, revision: str) -> None:
    """A store in which nothing is yet, of an earlier version."""
    database, config = connect(url), Config()
    config.set_main_option("script_location", str(migrate.migrations_folder()))
    with database.writing() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, revision)
    database.engine.dispose()


def version(url: str) -> str | None:
    database = connect(url)
    with database.reading() as connection:
        found = migrate.version_of(connection)
    database.engine.dispose()
    return found


def test_an_older_nurture_decides_and_sends_on_while_the_tables_change_beneath_it(
    tmp_path: Path, postgres: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    story = NinetyDays(tmp_path / "lived", seed=11, people=4, days=15)
    story.live().close()
    here, url = connect(f"sqlite:///{story.folder / 'nurture.db'}"), postgres.new_database()
    (tmp_path / "stayed.db").write_bytes((story.folder / "nurture.db").read_bytes())
    there = connect(url)
    move(here, there, story.now)
    here.engine.dispose()
    there.engine.dispose()
    stayed = open_store(f"sqlite:///{tmp_path / 'stayed.db'}")
    expected = goes_on(stayed, tmp_path / "one", story.now)
    round_begun, go_on = os.pipe(), os.pipe()

    def older() -> None:
        def each(number: int) -> None:
            os.write(round_begun[1], bytes([number]))
            if number == 4:
                os.read(go_on[0], 1)  # now the tables are others

        store = open_store(url)
        sent = goes_on(store, tmp_path / "other", story.now, each)
        (tmp_path / "older.json").write_text(json.dumps(sent))
        store.close()

    child = in_a_child(older)
    while os.read(round_begun[0], 1) != bytes([2]):
        continue
    next_nurture(monkeypatch, tmp_path, HEAD)
    assert upgraded(url).plan.beside  # while the older one is at work on its rounds 2 to 4
    os.write(go_on[1], b"!")
    assert ended(child) == 0
    assert version(url) == NEXT
    store = open_store(url)
    assert json.loads((tmp_path / "older.json").read_text()) == expected > 3
    assert mails_in(tmp_path / "other") == mails_in(tmp_path / "one")
    assert rows_of(store) == rows_of(stayed)
    for one in (store, stayed):
        one.close()


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_whoever_could_not_go_on_must_be_stopped_first_and_is_told_so_afterwards(
    kind: str, tmp_path: Path, postgres: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = postgres.new_database() if kind == "postgresql" else f"sqlite:///{tmp_path / 'store.db'}"
    store = open_store(url)
    store.beat(Runner("north 1", 7, "0", NOW, NOW - timedelta(minutes=1), None, "at work"))
    store.close()
    seat = Seat(connect(url), "north 1", alone=False)
    assert kind == "sqlite" or seat.take()
    with monkeypatch.context() as later:
        next_nurture(later, tmp_path, NEXT)
        database = connect(url)
        assert list(plan_lines(pending(database))) == [
            f"The store's tables are {HEAD}; this nurture's are {NEXT}. To be done:",
            f"  {NEXT}  Something that is still to come",
            "Daemons and workers of the older nurture must be stopped first: they cannot go on with these tables.",
        ]
        with pytest.raises(StateError, match="north 1 is at work with the store, and could not go on"):
            upgrade_store(database, NOW, print)
        assert version(url) == HEAD
        if kind == "postgresql":
            with pytest.raises(SchemaError, match="run `nurture upgrade`"):
                open_store(url)
            seat.release()
        upgrade_store(database, NOW if kind == "postgresql" else NOW + timedelta(minutes=6), print)
        assert list(done_lines(Upgraded(pending(database)), 0)) == [
            f"The store has the newest tables ({NEXT}); there is nothing to do."
        ]
        database.engine.dispose()
    with pytest.raises(SchemaError, match="upgrade nurture on this machine too"):
        open_store(url)


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_a_store_of_the_tables_before_is_shown_and_upgraded_by_the_command(
    kind: str,
    tmp_path: Path,
    postgres: Server,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    url = postgres.new_database() if kind == "postgresql" else f"sqlite:///{tmp_path / 'shop' / 'nurture.db'}"
    before = "0004" if kind == "postgresql" else "0001"  # in files there were stores from the beginning
    assert run(["init", str(tmp_path / "shop")]) == 0
    monkeypatch.chdir(tmp_path / "shop")
    Path("config.toml").write_text(f'[store]\nurl = "{url}"\n', encoding="utf-8")
    assert run(["upgrade"]) == 4
    assert "there is no store" in capsys.readouterr().err
    stands_at(url, before)
    assert run(["upgrade", "--dry-run"]) == 0
    shown = capsys.readouterr().out
    assert f"The store's tables are {before}; this nurture's are {HEAD}. To be done:" in shown
    assert "  0005  Many workers on one store, and what is kept for how long" in shown
    assert version(url) == before
    assert run(["upgrade"]) == 0
    done = capsys.readouterr().out
    assert f"The store's tables were {before} and are {HEAD}, in " in done
    assert ("The store from before is kept:" in done) == (kind == "sqlite")
    assert run(["upgrade"]) == 0
    assert "there is nothing to do" in capsys.readouterr().out
    open_store(url).close()


def test_no_command_takes_the_tables_away_beneath_an_older_nurture_at_work(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    root = tmp_path / "shop"
    url = f"sqlite:///{root / 'nurture.db'}"
    assert run(["init", str(root)]) == 0
    monkeypatch.chdir(root)
    stands_at(url, "0004")
    locked, done = os.pipe(), os.pipe()

    def older() -> None:
        held = RunLock(root)
        assert held.take(DAEMON) is None
        os.write(locked[1], b"!")
        os.read(done[0], 1)
        held.release()

    child = in_a_child(older)
    os.read(locked[0], 1)
    for command_line in (["status"], ["upgrade"], ["run", "--dry-run"]):
        assert run(command_line) == 4
        said = capsys.readouterr().err
        assert f"a daemon (process {child}, since " in said
        assert f"whose tables (0004) are older than this nurture's ({HEAD}); nothing was changed." in said
        assert version(url) == "0004"
    os.write(done[1], b"!")
    assert ended(child) == 0
    elsewhere(url, "north 1", state="at work")
    assert run(["status"]) == 4
    assert "north 1, seen within 5 minutes, is at work with the store" in capsys.readouterr().err
    elsewhere(url, "north 1", state="ended")
    ours = owner_of(root / ".nurture" / "installation.json")
    elsewhere(url, f"another {ours.split()[-1]}", state="at work")  # a container that was killed, under another name
    lock = RunLock(root)
    assert lock.take(DAEMON) is None
    with workshop(root) as shop:  # as a daemon does, that has the lock itself
        assert shop.store.backup is not None
    lock.release()
    assert version(url) == HEAD


def elsewhere(url: str, name: str, state: str) -> None:
    """A daemon of another folder on the same file, as it said of itself just now."""
    seen = micros(now())
    row = {"name": name, "process": 7, "version": "0", "state": state, "started_at": seen, "seen_at": seen}
    with connect(url).writing() as connection:
        connection.execute(text("DELETE FROM runner"))
        connection.execute(
            text(f"INSERT INTO runner ({', '.join(row)}) VALUES ({', '.join(f':{one}' for one in row)})"),  # noqa: S608
            row,
        )


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_killed_in_the_middle_nothing_is_done_and_two_at_once_do_it_once(
    kind: str, tmp_path: Path, postgres: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = postgres.new_database() if kind == "postgresql" else f"sqlite:///{tmp_path / 'store.db'}"
    open_store(url).close()
    next_nurture(monkeypatch, tmp_path, HEAD)
    monkeypatch.setenv(DIES, "1")
    assert ended(in_a_child(lambda: (upgraded(url), None)[1])) == -signal.SIGKILL
    assert version(url) == HEAD
    monkeypatch.delenv(DIES)
    children = [in_a_child(lambda: (upgraded(url), None)[1]) for _ in range(2)]
    assert [ended(child) for child in children] == [0, 0]
    assert version(url) == NEXT
    if kind == "sqlite":
        assert len(list(tmp_path.glob(f"store.db.before-{NEXT}-from-{HEAD}*"))) == 1


def test_a_reader_that_holds_a_table_is_let_through_and_it_is_tried_again(
    tmp_path: Path, postgres: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = postgres.new_database()
    store = open_store(url)
    next_nurture(monkeypatch, tmp_path, HEAD)
    monkeypatch.setattr(migrate, "PATIENCE", "50ms")
    pauses: list[float] = []
    reader = store.database.engine.connect().execution_options(nurture_mode="read")
    reader.execute(text("SELECT count(*) FROM person"))

    def pause(seconds: float) -> None:
        pauses.append(seconds)
        assert version(url) == HEAD
        reader.rollback()

    upgraded(url, pause)
    assert pauses == [upgrading.PAUSE]
    assert version(url) == NEXT
    reader.execute(text("SELECT count(*) FROM person"))
    reader.close()
    store.close()
