"""A store moves to another database, whole, and is shut where it was."""

import os
import signal
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy import insert, select, text, update
from sqlalchemy.exc import DBAPIError

from nurture.engine.health import readiness
from nurture.store import moving, moving_rows
from nurture.store.database import Database, connect
from nurture.store.installation import MOVING, AwayError, declare, declared, read_mark
from nurture.store.moving import Moved, MoveError, Progress, move, room_for, size_of
from nurture.store.moving_rows import all_tables, numbers_of
from nurture.store.open import open_store
from nurture.store.tables import EVENT, PERSON
from tests import worlds as w
from tests.ninety_days import NinetyDays
from tests.postgres_server import Server

NOW = w.utc("2027-06-01 12:00")


@pytest.fixture(scope="module")
def lived(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The store of a shop in which everything happened that can."""
    story = NinetyDays(tmp_path_factory.mktemp("lived"), seed=7, people=5, days=15)
    story.live().close()
    return story.folder / "nurture.db"


@pytest.fixture(autouse=True)
def _small_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(moving_rows, "AT_A_TIME", 50)
    monkeypatch.setattr(moving_rows, "AT_A_TIME_LARGE", 7)


def copied(lived: Path, folder: Path) -> Database:
    source = folder / "here.db"
    source.write_bytes(lived.read_bytes())
    return connect(f"sqlite:///{source}")


def rows_of(database: Database) -> dict[str, list[Any]]:
    """Everything that is in it, but what is said of the move itself."""
    with database.reading() as connection:
        found: dict[str, list[Any]] = {
            table.name: sorted(map(tuple, connection.execute(select(table))), key=repr) for table in all_tables()
        }
        found["numbers"] = sorted(numbers_of(connection).items())
    found["declaration"] = [row for row in found["declaration"] if row[0] not in ("moved", "queue")]
    return found


def test_there_and_back_again_every_row_is_the_same(lived: Path, tmp_path: Path, postgres: Server) -> None:
    here, there = copied(lived, tmp_path), connect(postgres.new_database())
    before, told, at_work = rows_of(here), [0], open_store(here.engine.url.render_as_string())
    assert min(len(before[name]) for name in ("event", "message", "decision", "enrolment", "content")) > 10
    done = move(here, there, NOW, told.append)
    assert done.rows == size_of_rows(before)
    assert told[-1] == 2 * done.rows
    with pytest.raises(AwayError, match="this store was moved to"):
        readiness(at_work, NOW)
    at_work.close()
    assert rows_of(there) == before
    back = connect(f"sqlite:///{tmp_path / 'back.db'}")
    move(there, back, NOW)
    assert rows_of(back) == before
    for gone, words in ((here, there), (there, back)):
        with pytest.raises(AwayError, match=f"moved to .*{words.engine.url.database}.* on 2027-06-01 12:00 UTC"):
            open_store(gone.engine.url.render_as_string(hide_password=False))
        for statement in (insert(EVENT).values(id="e", person="p"), update(PERSON).values(zone=""), PERSON.delete()):
            with pytest.raises(DBAPIError, match="this store was moved to"), gone.writing() as connection:
                connection.execute(statement)
    store = open_store(f"sqlite:///{tmp_path / 'back.db'}")
    assert store.halted == ""
    store.close()
    for one in (here, there, back):
        one.engine.dispose()


def size_of_rows(rows: dict[str, list[Any]]) -> int:
    return sum(len(found) for name, found in rows.items() if name != "numbers")


def killed_at(step: int) -> Callable[[int], None]:
    calls = iter(range(10**9))

    def tell(_rows: int) -> None:
        if next(calls) == step:
            os.kill(os.getpid(), signal.SIGKILL)

    return tell


def moved_by_a_child(source: str, target: str, step: int) -> int:
    """In a process of its own, killed at a page; the signal that ended it."""
    child = os.fork()
    if child == 0:
        try:
            move(connect(source), connect(target), NOW, killed_at(step))
        finally:
            os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_killed_anywhere_it_goes_on_and_brings_what_was_changed_meanwhile(
    lived: Path, tmp_path: Path, postgres: Server, kind: str
) -> None:
    here = copied(lived, tmp_path)
    source = here.engine.url.render_as_string(hide_password=False)
    target = postgres.new_database() if kind == "postgresql" else f"sqlite:///{tmp_path / 'there.db'}"
    pages = pages_told(lived, tmp_path)
    for step in (3, pages // 3, pages // 2, pages * 2 // 3):
        assert moved_by_a_child(source, target, step) == -signal.SIGKILL
        store = open_store(source)  # the old store works
        store.close()
        with pytest.raises(AwayError, match="not all here yet"):
            open_store(target)
        with here.writing() as connection:
            connection.execute(update(PERSON).values(tags=f'["after {step}"]'))
            connection.execute(text("DELETE FROM reason WHERE id IN (SELECT min(id) FROM reason)"))
    before = rows_of(here)
    there = connect(target)
    assert move(here, there, NOW).found > 0
    assert rows_of(there) == before
    assert move(here, there, NOW) == Moved({}, before=True)
    with here.reading() as old, there.reading() as new:
        assert read_mark(old) == read_mark(new)
    there.engine.dispose()
    here.engine.dispose()


def pages_told(lived: Path, folder: Path) -> int:
    """How often a move tells how far it is."""
    told: list[int] = []
    folder = folder / "counting"
    folder.mkdir()
    source, target = copied(lived, folder), connect(f"sqlite:///{folder / 'there.db'}")
    move(source, target, NOW, told.append)
    source.engine.dispose()
    target.engine.dispose()
    return len(told)


def test_killed_between_shutting_and_opening_it_is_only_opened(lived: Path, tmp_path: Path, postgres: Server) -> None:
    here, url = copied(lived, tmp_path), postgres.new_database()
    there = connect(url)
    move(here, there, NOW)
    with there.writing() as connection:
        declare(connection, MOVING, Progress(read_mark(connection).store, proved=True).text(), 0)
    with pytest.raises(AwayError):
        open_store(url)
    move(here, there, NOW)
    open_store(url).close()
    there.engine.dispose()
    here.engine.dispose()


def test_a_place_that_is_taken_or_no_store_is_refused_and_nothing_changes(
    lived: Path, tmp_path: Path, postgres: Server
) -> None:
    here = copied(lived, tmp_path)
    before = rows_of(here)

    def refused(target: Database, words: str) -> None:
        with pytest.raises(MoveError, match=words):
            move(here, target, NOW)
        target.engine.dispose()
        assert rows_of(here) == before

    (tmp_path / "other").mkdir()
    refused(copied(lived, tmp_path / "other"), "holds this very shop, as it once was; name an empty database")
    other = NinetyDays(tmp_path / "other", seed=8, people=2, days=1)
    other.live().close()
    refused(connect(f"sqlite:///{other.folder / 'nurture.db'}"), "holds another shop")
    strange = connect(postgres.new_database())
    with strange.writing() as connection:
        connection.execute(text("CREATE TABLE invoices (id int)"))
    refused(strange, "holds something else .invoices.")
    refused(connect("postgresql://nobody@/none?host=/nonexistent"), "nothing is lost: the old store works as before")
    old = connect(f"sqlite:///{tmp_path / 'old.db'}")
    with old.writing() as connection:
        connection.execute(text("CREATE TABLE installation (store text, counter int)"))
        connection.execute(text("CREATE TABLE alembic_version (version_num text)"))
        connection.execute(text("INSERT INTO alembic_version VALUES ('0004')"))
    with pytest.raises(MoveError, match=r"older nurture .tables 0004, .*run `nurture upgrade`"):
        size_of(old)
    old.engine.dispose()
    with pytest.raises(MoveError, match="there is no store in"):
        size_of(none := connect(f"sqlite:///{tmp_path / 'none.db'}"))
    none.engine.dispose()
    with here.writing() as connection:
        connection.execute(update(PERSON).values(tags="a\0b"))
    before = rows_of(here)
    with pytest.raises(ValueError, match=r"person id '.*' has the character NUL in tags"):
        move(here, nul := connect(postgres.new_database()), NOW)
    nul.engine.dispose()
    assert rows_of(here) == before
    here.engine.dispose()


def test_an_empty_store_that_a_command_made_already_is_no_hindrance(
    lived: Path, tmp_path: Path, postgres: Server
) -> None:
    url = postgres.new_database()
    made = open_store(url)
    made.secret("links", NOW)
    with made.database.writing() as connection:
        declare(connection, "queue", "3.9", 0)
    made.close()
    here, there = copied(lived, tmp_path), connect(url)
    before = rows_of(here)
    with here.writing() as connection:
        declare(connection, "queue", "of no use there", 0)
    move(here, there, NOW)
    assert rows_of(there) == before
    with there.reading() as connection:
        assert declared(connection, "queue") is None
    there.engine.dispose()
    here.engine.dispose()


def test_a_target_that_vanishes_halfway_leaves_the_old_store_at_work(
    lived: Path, tmp_path: Path, postgres: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    here, there = copied(lived, tmp_path), connect(postgres.new_database())
    before = rows_of(here)
    told: list[int] = []

    def vanish(rows: int) -> None:
        told.append(rows)
        if len(told) == 9:
            with postgres.connect() as connection:
                connection.execute(f'DROP DATABASE "{there.engine.url.database}" WITH (FORCE)')

    with pytest.raises(MoveError, match=r"; nothing is lost: the old store works as before"):
        move(here, there, NOW, vanish)
    there.engine.dispose()
    assert len(told) == 9
    assert rows_of(here) == before
    open_store(here.engine.url.render_as_string(hide_password=False)).close()
    monkeypatch.setattr(moving, "disk_usage", lambda _folder: SimpleNamespace(free=10_000))
    full = connect(f"sqlite:///{tmp_path / 'there.db'}")
    with pytest.raises(MoveError, match=r"there is no room for .*there\.db: it wants \d+ MB, and 0 are free"):
        room_for(here, full)
    here.engine.dispose()
