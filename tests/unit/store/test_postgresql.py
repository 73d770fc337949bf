"""PostgreSQL by nurture's rules: who writes has it alone, what cannot be kept, what stands in the way and its cure."""

import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from random import Random  # noqa: TID251  (the seed is given)
from threading import Barrier
from typing import Any

import psycopg
import pytest
from sqlalchemy import Connection, event, insert, make_url, select, text
from sqlalchemy.exc import ArgumentError, DBAPIError, IntegrityError, OperationalError

from nurture.cli.edge import TROUBLE, explain_fault
from nurture.decide.entry import LONGEST_SUBJECT
from nurture.engine.tick import tick
from nurture.model.event import Origin
from nurture.model.switch import Switch, Word
from nurture.model.trigger import Again, EventTrigger
from nurture.store import postgresql, world_faults
from nurture.store.database import ask, connect, insert_many
from nurture.store.open import Store, open_store
from nurture.store.postgresql import UnfitServerError, limits
from nurture.store.probe import Reach, probe
from nurture.store.rows import ContactRow, EventRow
from nurture.store.tables import SUPPRESSION
from nurture.store.world_faults import in_words, said_by
from tests import worlds as w
from tests.postgres_server import Server, postgres_server

NOW = datetime(2027, 3, 2, 10, tzinfo=UTC)
NUL, HALF = "a\0b", "a\ud800b"


@pytest.fixture
def store(postgres: Server) -> Iterator[Store]:
    with postgres.new_store() as url:
        opened = open_store(url)
        yield opened
        opened.close()


def barred(*keys: str) -> list[dict[str, object]]:
    return [{"key": key, "because": "", "since": 1} for key in keys]


def many(first: str) -> list[dict[str, object]]:
    """Enough of them to go by COPY."""
    return barred(first, *(f"k{number:02}" for number in range(20)))


@pytest.mark.parametrize("rows", [barred, many], ids=["one", "many"])
def test_what_postgresql_cannot_keep_is_replaced_and_stops_nobody(store: Store, rows: object) -> None:
    with store.database.writing() as connection:
        for word in (NUL, HALF):
            connection.execute(SUPPRESSION.delete())
            insert_many(connection, SUPPRESSION, rows(word))  # type: ignore[operator]
    with store.database.reading() as connection:
        assert connection.execute(select(SUPPRESSION.c.key).limit(1)).scalar_one() in ("a?b", "k00")
        assert connection.execute(select(SUPPRESSION.c.key).where(SUPPRESSION.c.key == NUL)).first() is None


def test_rows_that_no_database_keeps_are_refused_and_the_others_come(store: Store) -> None:
    refused: list[str] = []
    rows = [
        ContactRow(outside_id=NUL),
        ContactRow(outside_id=HALF),
        ContactRow(outside_id="x" * 501),
        EventRow(outside_id="b", name="order.placed", at=NOW, fields={"order_id": NUL}),
        EventRow(outside_id="b", name="thing.changed", at=NOW, fields={"key": "k" * 501}),
        ContactRow(outside_id="a", facts={"first_name": NUL}),
        EventRow(outside_id="c", name="order.placed", at=NOW, id=random_text(9_000)),
        ContactRow(outside_id=random_text(500)),
    ]
    store.importing(NOW).take(rows, lambda _, why: refused.append(why))
    assert refused == [HIDDEN, HIDDEN, LONG, HIDDEN, LONG]
    assert store.find("a")
    assert store.find("c")
    assert store.counts().people == 3


HIDDEN = "it holds a character that cannot be kept (NUL, or half of one)"
LONG = "its id has more than 500 characters"


def random_text(length: int) -> str:
    """What no server can compress: an index has to take it as it is."""
    chance = Random(length)  # noqa: S311 - not a secret
    return "".join(chance.choice("abcdefghijklmnopqrstuvwxyzäöü☕") for _ in range(length))


def test_whoever_sends_a_novel_as_the_number_of_an_order_starts_once_and_stops_nobody(store: Store) -> None:
    """An index takes some 2,700 bytes: a subject is shortened, and stays one of its own."""
    ordered = EventTrigger(place=w.HERE, event="order.placed")
    book = w.book(w.sequence("thanks", ordered, [w.send("one")], again=Again(per="event.order_id")))
    novel = {"order_id": random_text(9_000)}
    rows = [EventRow(outside_id="a", name="order.placed", at=NOW, id=one, fields=novel) for one in "12"]
    store.importing(NOW, origin=Origin.live).take(rows, lambda _, why: pytest.fail(why))
    assert tick(store, book, NOW + timedelta(hours=1)).people == 1
    ((person, _),) = store.people([store.find("a") or ""], NOW + timedelta(hours=1))
    assert [len(one.subject) for one in person.enrolments] == [LONGEST_SUBJECT + 65]


def test_many_rows_that_double_are_refused_as_few_are(store: Store) -> None:
    for rows in (barred("a", "a"), [*many("a"), *barred("a")]):
        with pytest.raises(IntegrityError) as raised, store.database.writing() as connection:
            insert_many(connection, SUPPRESSION, rows)
        assert "(a)" not in said_by(raised.value), "no row is quoted"
    with store.database.reading() as connection:
        assert connection.execute(select(SUPPRESSION)).all() == []


def test_texts_are_in_the_order_of_python(store: Store) -> None:
    keys = ["Zed", "ada", "Émile", "éa", "z", "_", "Ada", "ß", "a-b", "ab", "\U0001f600", "\uff5e"]
    with store.database.writing() as connection:
        insert_many(connection, SUPPRESSION, barred(*keys))
    with store.database.reading() as connection:
        found = connection.execute(select(SUPPRESSION.c.key).order_by(SUPPRESSION.c.key)).scalars().all()
        assert found == sorted(keys)
        after = select(SUPPRESSION.c.key).where(SUPPRESSION.c.key > "a").order_by(SUPPRESSION.c.key)
        assert connection.execute(after).scalars().all() == [key for key in sorted(keys) if key > "a"]


def test_who_says_beside_writes_beside_its_like_and_never_beside_one_that_has_the_store(store: Store) -> None:
    """Two that say so are inside at once; one that does not waits until both are out."""
    inside, left = Barrier(3, timeout=20), []

    def beside(number: int) -> None:
        with store.database.writing(beside=True) as connection:
            inside.wait()
            insert_many(connection, SUPPRESSION, barred(f"b{number}"))
            connection.execute(text("SELECT pg_sleep(0.2)"))
        left.append(number)

    def alone() -> int:
        inside.wait()
        with store.database.writing() as connection:
            return len(connection.execute(select(SUPPRESSION)).all())

    with ThreadPoolExecutor(3) as pool:
        those = [pool.submit(beside, number) for number in range(2)]
        assert pool.submit(alone).result() == 2
        for one in those:
            one.result()


def test_a_lock_that_is_held_for_too_long_is_said(store: Store) -> None:
    with store.database.writing():
        other = connect(store.database.engine.url.render_as_string(hide_password=False))
        event.listen(other.engine, "connect", impatient)
        with pytest.raises(OperationalError) as raised, other.writing():
            pytest.fail("nobody else may write")
        other.engine.dispose()
    assert in_words(raised.value) == world_faults.LOCKED


def impatient(connection: object, _record: object) -> None:
    connection.execute("SET lock_timeout = '50ms'")  # type: ignore[attr-defined]
    connection.commit()  # type: ignore[attr-defined]


def fault_at(url: str) -> BaseException:
    """What a look at a store raises."""
    database = connect(url)
    with pytest.raises((DBAPIError, UnfitServerError)) as raised, database.reading():
        pytest.fail("nobody gets in")
    database.engine.dispose()
    return raised.value


def test_what_stands_in_the_way_has_words_and_a_cure(
    postgres: Server, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rules = postgres.folder / "data" / "pg_hba.conf"
    rules.write_text(f"local all locked scram-sha-256\nlocal all barred reject\n{rules.read_text()}")
    with postgres.connect() as connection:
        connection.execute("CREATE ROLE locked LOGIN PASSWORD 'open sesame'")
        connection.execute(
            "CREATE ROLE barred LOGIN; CREATE ROLE guest LOGIN; CREATE ROLE crowd LOGIN CONNECTION LIMIT 0"
        )
        connection.execute("CREATE DATABASE narrow TEMPLATE template0 ENCODING 'LATIN1' LOCALE 'C'")
        connection.execute("SELECT pg_reload_conf()")
    here = postgres.url("postgres")
    wrong = here.replace("nurture@", "locked:secret@")
    for url, cure in (
        (here.replace("socket", "nowhere"), world_faults.NO_ANSWER),
        ("postgresql://nurture@127.0.0.1:1/shop", world_faults.NO_ANSWER),
        ("postgresql://nurture@no-such-host.invalid/shop", world_faults.NO_HOST),
        (wrong, world_faults.LOCKED_OUT),
        (here.replace("nurture@", "locked@"), world_faults.LOCKED_OUT),
        (here.replace("nurture@", "stranger@"), world_faults.NO_ROLE),
        (here.replace("nurture@", "barred@"), world_faults.NOT_LET_IN),
        (here.replace("nurture@", "crowd@"), world_faults.TOO_MANY),
        (f"{here}&sslmod=require", world_faults.NO_OPTION),
        (postgres.url("not_there"), world_faults.NO_DATABASE),
    ):
        fault = fault_at(url)
        assert in_words(fault) == cure, said_by(fault)
        assert probe(url).cure == cure
        assert explain_fault(fault) == TROUBLE  # type: ignore[arg-type]
    said = capsys.readouterr().err
    assert said.count("nurture: the store cannot be used: ") == 10
    assert "secret" not in said
    assert "createdb -T template0 -E UTF8" in str(fault_at(postgres.url("narrow")))
    assert "LATIN1" in probe(postgres.url("narrow")).words
    with pytest.raises(DBAPIError) as raised:
        open_store(postgres.url("postgres").replace("nurture@", "guest@"))
    assert in_words(raised.value) == world_faults.NO_RIGHTS


def test_an_old_server_is_said() -> None:
    assert postgresql._unfit(180_001, "UTF8") == ""
    assert postgresql._unfit(140_000, "UTF8") == ""
    assert "is PostgreSQL 13, and nurture needs 14" in postgresql._unfit(130_022, "UTF8")


@pytest.mark.parametrize("scheme", ["mysql", "postgres", "postgresql+nonsense"])
def test_the_address_of_what_is_no_store_is_said(scheme: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(ArgumentError) as raised:
        connect(f"{scheme}://root:secret@127.0.0.1/shop")
    assert explain_fault(raised.value) == TROUBLE
    said = capsys.readouterr().err
    assert "is not understood" in said
    assert "secret" not in said


def test_without_the_driver_it_is_said_how_to_get_it(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "psycopg", None)
    with pytest.raises(ModuleNotFoundError) as raised:
        open_store("postgresql://nurture@127.0.0.1/shop")
    assert explain_fault(raised.value) == TROUBLE
    assert "pip install 'nurture[postgres]'" in capsys.readouterr().err


def test_a_connection_that_is_cut_amid_a_transaction_keeps_nothing_and_the_next_goes_on(store: Store) -> None:
    for then in (one_statement, by_copy, by_asking):
        with pytest.raises(DBAPIError) as raised:
            cut_amid(store, then)
        assert in_words(raised.value) == world_faults.LOST, said_by(raised.value)
        assert store.counter == 0
    with store.database.reading() as connection:
        assert connection.execute(select(SUPPRESSION)).all() == []


def cut_amid(store: Store, then: Callable[[Connection], object]) -> None:
    with store.database.writing() as connection:
        insert_many(connection, SUPPRESSION, barred("lost"))
        number = connection.execute(text("SELECT pg_backend_pid()")).scalar_one()
        with store.database.engine.connect() as other:
            other.execution_options(nurture_mode="read").execute(text(f"SELECT pg_terminate_backend({number}, 10000)"))
        then(connection)


def test_who_has_a_store_open_goes_on_with_it_when_the_server_went_down_and_came_back() -> None:
    """It goes down as a machine does: what had promised to survive that is there."""
    with postgres_server() as server:
        store = open_store(server.new_database())
        store.accept()
        store.set_switch(Switch(Word.halt, NOW, "lena"), NOW)
        server.end()
        assert probe(server.url("shop")).reach is Reach.unreachable
        with pytest.raises(OperationalError) as raised:
            store.counter  # noqa: B018  (asking is enough)
        assert in_words(raised.value) in (world_faults.LOST, world_faults.NO_ANSWER)
        server.begin()
        assert store.switches() == (Switch(Word.halt, NOW, "lena"),)
        store.accept()
        assert store.counter == 3
        store.close()


def test_a_connection_that_was_ended_while_nobody_used_it_is_made_anew(store: Store) -> None:
    for begun in (store.database.reading, partial(store.database.reading, once=True), store.database.writing):
        with store.database.reading() as connection:
            ended = connection.execute(text("SELECT pg_backend_pid()")).scalar_one()
        with psycopg.connect(**store.database.reached_by, autocommit=True) as other:
            other.execute("SELECT pg_terminate_backend(%s, 10000)", (ended,))
        with begun() as connection:
            assert connection.execute(text("SELECT pg_backend_pid()")).scalar_one() != ended


def test_a_connection_of_which_the_server_only_said_something_is_kept(store: Store) -> None:
    with store.database.reading() as connection:
        kept = connection.execute(text("SELECT pg_backend_pid()")).scalar_one()
        session: Any = connection.connection.driver_connection
    session.execute("LISTEN news")
    with psycopg.connect(**store.database.reached_by, autocommit=True) as other:
        other.execute("NOTIFY news")
    with store.database.reading() as connection:
        assert connection.execute(text("SELECT pg_backend_pid()")).scalar_one() == kept


def test_limits_of_a_server_that_are_meant_for_others_are_not_ours(postgres: Server) -> None:
    url = postgres.new_database()
    names = ("statement_timeout", "idle_session_timeout", "transaction_timeout")
    with postgres.connect() as connection:
        for name in names:
            connection.execute(f"ALTER DATABASE {make_url(url).database} SET {name} = '5s'")
    database = connect(url)
    with database.reading() as limited:
        said = [limited.execute(text(f"SELECT current_setting('{name}')")).scalar_one() for name in names]
    database.engine.dispose()
    assert said == ["0"] * len(names)
    assert not any("transaction_timeout = 0" in words for words in limits(160_004)), "it came with 17"


def test_what_somebody_ends_at_the_server_is_said_in_words(store: Store) -> None:
    with pytest.raises(DBAPIError) as raised, store.database.reading() as connection:
        connection.execute(text("SELECT pg_cancel_backend(pg_backend_pid())"))
    assert in_words(raised.value) == world_faults.GIVEN_UP


@pytest.mark.parametrize("durable", [False, True])
def test_who_writes_alone_writes_beside_nobody(store: Store, durable: bool) -> None:
    for one in (False, True):
        with store.database.writing(durable, beside=one) as connection:
            locks = "SELECT mode, current_setting('synchronous_commit') FROM pg_locks WHERE locktype = 'advisory'"
            (found,) = connection.execute(text(f"{locks} AND pid = pg_backend_pid()"))
            assert tuple(found) == ("ShareLock" if one else "ExclusiveLock", "on" if durable else "off")


def one_statement(connection: Connection) -> None:
    connection.execute(insert(SUPPRESSION), barred("x"))


def by_copy(connection: Connection) -> None:
    insert_many(connection, SUPPRESSION, many("x"))


def by_asking(connection: Connection) -> None:
    ask(connection, _ALL)


_ALL = select(SUPPRESSION.c.key)
