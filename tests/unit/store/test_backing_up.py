"""A backup is one whole, checked file; a restore changes places in one step and starts halted."""

import os
import resource
import shutil
import signal
import sqlite3
import stat
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import insert

from nurture.store import backing_up
from nurture.store.backing_up import BackupError, back_up, file_name, look_into, older_of
from nurture.store.database import Database, connect
from nurture.store.installation import Mark, count_on
from nurture.store.migrate import migrations_folder
from nurture.store.open import Store, open_store
from nurture.store.restoring import readable, restore, store_of
from nurture.store.rows import ContactRow
from nurture.store.scrubbing import put_aside
from nurture.store.tables import ZONE_GROUP
from tests import worlds as w
from tests.postgres_server import Server

NOW = w.utc("2027-06-01 12:00")


@pytest.fixture(params=["sqlite", "postgresql"])
def store_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A database of its own: what is put aside stays in it."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'store.db'}"
    server: Server = request.getfixturevalue("postgres")
    return server.new_database()


def opened(url: str, folder: Path) -> Store:
    return open_store(url, folder / "installation.json")


def filled(url: str, folder: Path, people: int = 300) -> Store:
    store = opened(url, folder)
    rows = [ContactRow(outside_id=f"p{n}", address=f"p{n}@shop.example", at=NOW) for n in range(people)]
    store.importing(NOW).take(rows, lambda _, why: pytest.fail(why))
    return store


def test_a_backup_is_put_back_and_starts_halted_and_what_was_there_is_kept(store_url: str, tmp_path: Path) -> None:
    store = filled(store_url, tmp_path)
    file = tmp_path / "safe" / file_name(NOW)
    assert file.name == "nurture-20270601T120000Z.db"
    told: list[int] = []
    inside = back_up(store.database, file, told.append)
    assert told[-1] == (file.stat().st_size if "sqlite" in store_url else told[-1])
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert [one.name for one in file.parent.iterdir()] == [file.name]
    store.importing(NOW).take([ContactRow(outside_id="later", address="later@shop.example", at=NOW)], print)
    with pytest.raises(BackupError, match="is there already"):
        back_up(store.database, file)
    store.close()
    database = connect(store_url)
    assert store_of(database) == (inside.mark.store, True)
    kept = restore(database, file, readable(file, inside.mark.store), NOW, tmp_path)
    again = opened(store_url, tmp_path)
    assert "restored from a backup, nurture-20270601T120000Z.db" in again.halted
    assert again.find("p299") is not None
    assert again.find("later") is None
    again.accept()
    again.close()
    once_more = opened(store_url, tmp_path)
    assert once_more.halted == ""
    once_more.close()
    assert "before" in kept
    assert put_aside(database) == ([kept] if "postgresql" in store_url else [])
    if "sqlite" in store_url:
        aside = open_store(f"sqlite:///{kept}")
        assert aside.find("later") is not None
        aside.close()
    else:
        with database.reading() as connection:
            name = f"{kept.removeprefix('schema ')}.outside_id"
            found = connection.exec_driver_sql(f"SELECT count(*) FROM {name} WHERE value = 'later'").scalar()  # noqa: S608
        assert found == 1
    database.engine.dispose()


def test_while_others_write_the_backup_is_of_one_moment_and_does_not_begin_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(backing_up, "STEP", 3)
    store = filled(f"sqlite:///{tmp_path / 'store.db'}", tmp_path)
    done: list[int] = []

    def beside(bytes_: int) -> None:
        done.append(bytes_)
        with store.database.writing() as connection:
            connection.execute(insert(ZONE_GROUP), {"zone": f"Zone/{len(done)}"})
            count_on(connection)

    inside = back_up(store.database, tmp_path / "copy.db", beside)
    store.close()
    assert len(done) > 20
    assert done == sorted(set(done))
    with closing(sqlite3.connect(tmp_path / "copy.db")) as copy:
        assert copy.execute("SELECT count(*) FROM zone_group WHERE zone LIKE 'Zone/%'").fetchone() == (0,)
        assert copy.execute("SELECT counter FROM installation").fetchone() == (inside.mark.counter,)


def test_on_postgresql_others_write_and_count_on_meanwhile(tmp_path: Path, postgres: Server) -> None:
    url = postgres.new_database()
    store, done = filled(url, tmp_path, 20), [0]
    with store.database.writing() as connection:
        connection.exec_driver_sql("SELECT nextval(pg_get_serial_sequence('secret', 'id'))")  # of one that was cut

    def beside(_rows: int) -> None:
        done.append(len(done))
        row = ContactRow(outside_id=f"later{len(done)}", address=f"later{len(done)}@shop.example", at=NOW)
        store.importing(NOW).take([row], lambda _, why: pytest.fail(why))

    inside = back_up(store.database, tmp_path / "copy.db", beside)
    store.close()
    assert len(done) > 5
    with closing(sqlite3.connect(tmp_path / "copy.db")) as copy:
        assert copy.execute("SELECT count(*) FROM person").fetchone() == (20,)
        assert copy.execute("SELECT counter FROM installation").fetchone() == (inside.mark.counter,)


def test_a_backup_by_the_first_tables_of_all_is_put_back_with_ours(tmp_path: Path) -> None:
    old, config = connect(f"sqlite:///{tmp_path / 'old.db'}"), Config()
    config.set_main_option("script_location", str(migrations_folder()))
    with old.writing() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0001")
        connection.exec_driver_sql("INSERT INTO installation VALUES ('that shop', 7)")
    old.engine.dispose()
    inside = readable(tmp_path / "old.db", None)
    assert (inside.version, inside.mark) == ("0001", Mark("that shop", 7))
    database = connect(f"sqlite:///{tmp_path / 'store.db'}")
    assert restore(database, tmp_path / "old.db", inside, NOW, tmp_path) == ""
    again = opened(f"sqlite:///{tmp_path / 'store.db'}", tmp_path)
    assert (again.id, "restored from a backup, old.db" in again.halted, again.backup) == ("that shop", True, None)
    again.close()
    assert look_into(tmp_path / "old.db").version == "0001"


def killed_in_a_child(work: Callable[[Callable[[int], None]], object]) -> None:
    """Killed at the first word about how far it is."""
    child = os.fork()
    if child == 0:
        try:
            work(lambda _done: os.kill(os.getpid(), signal.SIGKILL))
        finally:
            os._exit(0)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == -signal.SIGKILL


def test_killed_there_is_no_half_backup_and_the_old_store_works(store_url: str, tmp_path: Path) -> None:
    filled(store_url, tmp_path).close()
    safe = tmp_path / "safe"

    def back_up_again(tell: Callable[[int], None] = lambda _done: None) -> None:
        database = connect(store_url)
        back_up(database, safe / "a.db", tell)
        database.engine.dispose()

    killed_in_a_child(back_up_again)
    assert [one.name.endswith(".half") for one in safe.iterdir()] != []
    assert not (safe / "a.db").exists()
    back_up_again()
    assert [one.name for one in safe.iterdir()] == ["a.db"]
    inside = readable(safe / "a.db", None)
    killed_in_a_child(lambda tell: restore(connect(store_url), safe / "a.db", inside, NOW, tmp_path, tell))
    store = opened(store_url, tmp_path)
    assert (store.halted, store.find("p7") is None) == ("", False)
    store.close()
    database = connect(store_url)
    restore(database, safe / "a.db", inside, NOW, tmp_path)
    database.engine.dispose()
    store = opened(store_url, tmp_path)
    assert "restored" in store.halted
    store.close()


def test_without_room_it_is_said_and_nothing_is_left(tmp_path: Path) -> None:
    store = filled(f"sqlite:///{tmp_path / 'store.db'}", tmp_path)
    good = tmp_path / "good.db"
    inside = back_up(store.database, good)
    store.close()
    child = os.fork()
    if child == 0:
        code = 1
        try:
            resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, 50_000))
            with pytest.raises(BackupError, match=r"small\.db cannot be written: the disk"):
                back_up(store.database, tmp_path / "small.db")
            with pytest.raises(BackupError, match="cannot be put back, and the old store is as it was: the disk"):
                restore(store.database, good, inside, NOW, tmp_path)
            code = 0
        finally:
            os._exit(code)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert sorted(one.name for one in tmp_path.iterdir() if "small" in one.name or "rest" in one.name) == []
    again = opened(f"sqlite:///{tmp_path / 'store.db'}", tmp_path)
    assert (again.halted, again.find("p7") is None) == ("", False)
    again.close()


def test_what_is_no_sound_backup_of_this_shop_is_said_in_a_sentence(tmp_path: Path) -> None:
    store = filled(f"sqlite:///{tmp_path / 'store.db'}", tmp_path, 50)
    good = tmp_path / "good.db"
    back_up(store.database, good)

    def spoiled(name: str, *statements: str) -> Path:
        path = tmp_path / f"{name}.db"
        shutil.copy(good, path)
        with closing(sqlite3.connect(path)) as file, file:
            for statement in statements:
                file.execute(statement)
        return path

    def refused(path: Path, words: str, whose: str | None = store.id) -> None:
        with pytest.raises(BackupError, match=words):
            readable(path, whose)

    refused(tmp_path / "none.db", "there is no file")
    refused(good, "is of another shop than this project's", "somebody else")
    refused(spoiled("newer", "UPDATE alembic_version SET version_num = '9999'"), "made by a newer nurture .tables 9999")
    refused(spoiled("no", "DROP TABLE person"), "a database, but no backup of nurture")
    refused(spoiled("empty", "DELETE FROM installation"), "in which nothing ever happened")
    refused(spoiled("gone", "INSERT INTO declaration VALUES ('moved', 0, 'to x')"), "not to be put back: to x")
    rubbish = tmp_path / "rubbish.db"
    rubbish.write_bytes(b"From: me" * 999)
    refused(rubbish, "is no backup, or damaged")
    torn = tmp_path / "torn.db"
    torn.write_bytes(good.read_bytes()[: good.stat().st_size // 2])
    refused(torn, "damaged")
    holed = bytearray(good.read_bytes())
    holed[len(holed) // 2 :] = bytes(len(holed) - len(holed) // 2)
    (tmp_path / "holed.db").write_bytes(holed)
    refused(tmp_path / "holed.db", "damaged")
    assert look_into(good).mark.store == store.id
    store.close()


def test_who_has_the_store_open_keeps_it_and_a_damaged_one_makes_way(tmp_path: Path) -> None:
    store = filled(f"sqlite:///{tmp_path / 'store.db'}", tmp_path, 50)
    good = tmp_path / "good.db"
    inside = back_up(store.database, good)
    raw = sqlite3.connect(tmp_path / "store.db", isolation_level=None)
    raw.execute("BEGIN IMMEDIATE")
    database = Database(store.database.engine)
    with pytest.raises(BackupError, match="somebody has the store open"):
        restore(database, good, inside, NOW, tmp_path)
    raw.execute("ROLLBACK")
    raw.close()
    assert store.find("p7") is not None
    store.close()
    (tmp_path / "store.db").write_bytes(b"nothing that anybody can read" * 500)
    (tmp_path / "store.db-wal").write_bytes(b"left over")
    kept = restore(database, good, inside, NOW, tmp_path)
    assert Path(kept).read_bytes().startswith(b"nothing that")
    assert not (tmp_path / "store.db-wal").exists()
    again = opened(f"sqlite:///{tmp_path / 'store.db'}", tmp_path)
    assert again.find("p7") is not None
    again.close()


def test_only_the_newest_of_our_own_are_kept(tmp_path: Path) -> None:
    names = [f"nurture-2027060{day}T030000Z.db" for day in range(1, 6)]
    for name in [*names, "holiday.db", "nurture-notes.db"]:
        (tmp_path / name).touch()
    assert [one.name for one in older_of(tmp_path, 2)] == names[:3]
    assert older_of(tmp_path, 9) == []
