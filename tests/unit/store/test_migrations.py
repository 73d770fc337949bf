"""The migrations add up to the tables, and an old store is copied before it is changed."""

import re
import sqlite3
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from pathlib import Path
from threading import Barrier

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import select, text, update

from nurture.store import migrate
from nurture.store.database import Database, connect
from nurture.store.migrate import SchemaError
from nurture.store.open import open_store
from nurture.store.probe import Reach, probe
from nurture.store.tables import DECLARATION, HEAD, METADATA, SILENCE
from tests.new_stores import NewStores
from tests.postgres_server import Server


def migrated(url: str) -> Database:
    database = connect(url)
    migrate.upgrade(database)
    return database


def schema(file: Path) -> dict[str, str]:
    """Every table and index as SQLite itself tells it, without what is only layout."""
    with sqlite3.connect(file) as connection:
        rows = connection.execute("SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL").fetchall()
    connection.close()
    return {name: "".join(sql.replace('"', "").split()) for name, sql in rows if name != "alembic_version"}


_COLUMNS = """SELECT table_name, column_name, data_type, is_nullable, column_default, collation_name
    FROM information_schema.columns WHERE table_schema = 'public' AND table_name <> 'alembic_version'"""
_INDEXES = "SELECT tablename, indexdef FROM pg_indexes WHERE schemaname = 'public' AND tablename <> 'alembic_version'"
_LAYOUT = re.compile(r"::(?:character varying|text)(?:\[\])?|[()\s]|(?<=_pkey)\d|nextval\('[^']*'::regclass\)")


def told(database: Database) -> set[str]:
    """Every column and index as PostgreSQL itself tells it, without what is only layout."""
    with database.reading() as connection:
        return {
            _LAYOUT.sub("", str(row)) for asked in (_COLUMNS, _INDEXES) for row in connection.exec_driver_sql(asked)
        }


def test_migrations_add_up_to_the_tables(new_stores: NewStores) -> None:
    database = migrated(new_stores.empty())
    with database.reading() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, METADATA) == []
    database.engine.dispose()


def test_a_new_store_is_the_same_as_a_migrated_one(new_stores: NewStores) -> None:
    old, new = migrated(new_stores.empty()), open_store(new_stores.empty()).database
    if old.file and new.file:
        assert schema(new.file) == schema(old.file)
    else:
        assert told(new) == told(old)
    for database in (old, new):
        database.engine.dispose()


def test_every_text_is_compared_by_code_point_whatever_the_language_of_the_database(postgres: Server) -> None:
    database = migrated(postgres.new_database())
    with database.reading() as connection:
        rows = connection.exec_driver_sql(_COLUMNS).all()
    database.engine.dispose()
    texts = [(row[0], row[5]) for row in rows if row[2] in ("text", "character varying")]
    assert {collation for _, collation in texts} == {"C"}
    assert len(texts) > 100


def test_several_that_open_a_new_store_at_once_make_it_once(new_stores: NewStores) -> None:
    url, together = new_stores.empty(), Barrier(4)

    def opened(_number: int) -> str:
        together.wait()
        store = open_store(url)
        store.close()
        return store.id

    with ThreadPoolExecutor(4) as pool:
        assert len(set(pool.map(opened, range(4)))) == 1


def test_many_that_open_new_files_at_once_wait_for_each_other(tmp_path: Path) -> None:
    together = Barrier(6)

    def written(url: str) -> int:
        database = connect(url)
        together.wait()
        with database.writing() as connection:
            found = connection.exec_driver_sql("PRAGMA journal_mode").scalar()
        database.engine.dispose()
        return int(found == "wal")

    with ThreadPoolExecutor(6) as pool:
        for number in range(20):
            assert sum(pool.map(written, [f"sqlite:///{tmp_path / str(number)}.db"] * 6)) == 6


def stands_at(url: str, version: str, beside: str = HEAD) -> None:
    """As if another nurture had made or upgraded it."""
    store = open_store(url)
    with store.database.writing() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = :version"), {"version": version})
        connection.execute(update(DECLARATION).values(words=beside))
    store.close()


def test_a_store_of_a_newer_nurture_is_left_alone(new_stores: NewStores) -> None:
    url = new_stores.empty()
    stands_at(url, "9999", beside="9998")
    with pytest.raises(SchemaError, match=r"a newer nurture .tables 9999, this one knows"):
        open_store(url)
    assert probe(url).reach is Reach.ahead


def test_whoever_is_of_the_tables_just_before_may_go_on_beside_the_newest(new_stores: NewStores) -> None:
    url = new_stores.empty()
    stands_at(url, "9999")
    open_store(url).close()
    assert probe(url).reach is Reach.ready


def test_on_postgresql_a_person_says_when_the_tables_are_upgraded(postgres: Server) -> None:
    url = postgres.new_database()
    database = connect(url)
    at_version(database, "0004")
    with pytest.raises(SchemaError, match=r"of an older nurture .tables 0004.*run `nurture upgrade`; nothing was"):
        open_store(url)
    assert (probe(url).reach, probe(url).cure) == (Reach.behind, "make a backup, then run nurture upgrade")
    migrate.upgrade(database)
    database.engine.dispose()
    open_store(url).close()


def at_version(database: Database, version: str) -> None:
    config = Config()
    config.set_main_option("script_location", str(migrate.migrations_folder()))
    with database.writing() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, version)


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


def test_opening_twice_migrates_nothing(store_url: str, tmp_path: Path) -> None:
    for _ in range(2):
        store = open_store(store_url)
        assert store.backup is None
        store.close()
    assert [one.name for one in tmp_path.iterdir() if "before" in one.name] == []


def test_whom_no_mail_reached_yet_was_last_heard_from_when_they_first_agreed(new_stores: NewStores) -> None:
    """The rule of silence finds them by that day; it is 0 o'clock of the next day in their zone."""
    database = connect(new_stores.empty())
    at_version(database, "0002")
    with database.writing() as connection:
        for number, consents in (("p0", '{"tips":[true,1795388400000000,"t"],"care":[false,1,"t"]}'), ("p1", "{}")):
            row = {"id": number, "bucket": 0, "created_at": 0, "decided_until": 0, "decided_number": 0, "stage": ""}
            row |= {"zone": "Europe/Paris", "facts": "{}", "tags": "[]", "orders_count": 0, "orders_total": 0}
            row |= {"state": f'{{"consents":{consents}}}'}
            names = ", ".join(row)
            values = ", ".join(f":{name}" for name in row)
            connection.execute(text(f"INSERT INTO person ({names}) VALUES ({values})"), row)  # noqa: S608
    migrate.upgrade(database)
    with database.reading() as connection:
        heard = connection.execute(select(SILENCE.c.person, SILENCE.c.event, SILENCE.c.last_day)).all()
    database.engine.dispose()
    assert heard == [("p0", "person.heard", date(2026, 11, 23).toordinal())]
