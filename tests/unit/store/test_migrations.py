"""The migrations add up to the tables, and an old store is copied before it is changed."""

import sqlite3
from datetime import date
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import select, text

from nurture.store import migrate
from nurture.store.database import Database, connect
from nurture.store.open import open_store
from nurture.store.tables import HEAD, METADATA, SILENCE


def migrated(folder: Path) -> Database:
    database = connect(f"sqlite:///{folder / 'migrated.db'}")
    migrate.upgrade(database)
    return database


def schema(file: Path) -> dict[str, str]:
    """Every table and index as the database itself tells it, without what is only layout."""
    with sqlite3.connect(file) as connection:
        rows = connection.execute("SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL").fetchall()
    connection.close()
    return {name: "".join(sql.replace('"', "").split()) for name, sql in rows if name != "alembic_version"}


def test_migrations_add_up_to_the_tables(tmp_path: Path) -> None:
    database = migrated(tmp_path)
    with database.reading() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, METADATA) == []
    database.engine.dispose()


def test_a_new_store_is_the_same_as_a_migrated_one(tmp_path: Path) -> None:
    migrated(tmp_path).engine.dispose()
    open_store(f"sqlite:///{tmp_path / 'new.db'}").close()
    assert schema(tmp_path / "new.db") == schema(tmp_path / "migrated.db")


def test_the_newest_migration_is_known() -> None:
    config = Config()
    config.set_main_option("script_location", str(migrate.migrations_folder()))
    assert ScriptDirectory.from_config(config).get_current_head() == HEAD


def test_a_pending_migration_is_run_after_a_copy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "store.db"
    with sqlite3.connect(file) as connection:
        connection.execute("CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL PRIMARY KEY)")
        connection.execute("CREATE TABLE left_over (word TEXT)")
        connection.execute("INSERT INTO left_over VALUES ('kept')")
        connection.execute("INSERT INTO alembic_version VALUES ('base')")
        connection.execute("DELETE FROM alembic_version")
    connection.close()
    monkeypatch.setattr(migrate, "version_of", older_once(migrate.version_of))
    store = open_store(f"sqlite:///{file}")
    backup = store.backup
    store.close()
    assert backup is not None
    with sqlite3.connect(backup) as connection:
        assert connection.execute("SELECT word FROM left_over").fetchall() == [("kept",)]
    connection.close()
    assert "person" in schema(file)
    assert "person" not in schema(backup)


def older_once(real: object) -> object:
    """The first look finds an older version, as it would after an update of nurture."""
    answers = iter(["0000"])
    return lambda connection: next(answers, None) or real(connection)  # type: ignore[operator]


def test_opening_twice_migrates_nothing(tmp_path: Path) -> None:
    for _ in range(2):
        store = open_store(f"sqlite:///{tmp_path / 'store.db'}")
        assert store.backup is None
        store.close()
    assert [one.name for one in tmp_path.iterdir() if "before" in one.name] == []


def test_whom_no_mail_reached_yet_was_last_heard_from_when_they_first_agreed(tmp_path: Path) -> None:
    """The rule of silence finds them by that day; it is 0 o'clock of the next day in their zone."""
    database = connect(f"sqlite:///{tmp_path / 'store.db'}")
    config = Config()
    config.set_main_option("script_location", str(migrate.migrations_folder()))
    with database.writing() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0002")
        for number, consents in (("p0", '{"tips":[true,1795388400000000,"t"],"care":[false,1,"t"]}'), ("p1", "{}")):
            row = {"id": number, "bucket": 0, "created_at": 0, "decided_until": 0, "decided_number": 0, "stage": ""}
            row |= {"zone": "Europe/Paris", "facts": "{}", "tags": "[]", "orders_count": 0, "orders_total": 0}
            row |= {"state": f'{{"consents":{consents}}}'}
            names = ", ".join(row)
            values = ", ".join(f":{name}" for name in row)
            connection.execute(text(f"INSERT INTO person ({names}) VALUES ({values})"), row)  # noqa: S608
    database.engine.dispose()
    store = open_store(f"sqlite:///{tmp_path / 'store.db'}")
    with store.database.reading() as connection:
        heard = connection.execute(select(SILENCE.c.person, SILENCE.c.event, SILENCE.c.last_day)).all()
    store.close()
    assert heard == [("p0", "person.heard", date(2026, 11, 23).toordinal())]
