"""One apply in one transaction: whole or not at all, with what follows a rename, and whom to look at."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import insert, select

from nurture.model.book import Move
from nurture.model.length import Length, Unit
from nurture.store.applications import Applying, Outdated, Superseded, refuse_superseded
from nurture.store.open import Store, open_store
from nurture.store.tables import AGENDA, CONSENT, ENROLMENT, MOVE, RENAMED, SWITCH, VERSION
from tests import worlds as w

NOW = datetime(2027, 3, 2, 10, tzinfo=UTC)
DAY = timedelta(days=1)
FILE = "sequences/welcome.yaml"


@pytest.fixture
def store(store_url: str) -> Iterator[Store]:
    opened = open_store(store_url)
    opened.applications.apply(applying(b"one", after=0))
    with opened.database.writing() as connection:
        for person in ("p1", "p2"):
            connection.execute(insert(ENROLMENT), enrolment(person))
    yield opened
    opened.close()


def applying(text: bytes, after: int, **more: object) -> Applying:
    given: dict[str, object] = {"files": {FILE: text}, "sequences": {"welcome": FILE}, "live": {"welcome"}, "now": NOW}
    return Applying(**(given | {"after": after, "everybody": False} | more))  # type: ignore[arg-type]


def enrolment(person: str, step: str = "hello") -> dict[str, object]:
    return {
        "person": person, "sequence": "welcome", "subject": "1", "bucket": 1, "ordinal": 1, "version": 1,
        "started_at": 0, "step": step, "ending": "",
    }  # fmt: skip


def rows(store: Store, table: object, *columns: str) -> list[tuple[object, ...]]:
    with store.database.reading() as connection:
        asked = select(*(table.c[name] for name in columns))  # type: ignore[attr-defined]
        return sorted(tuple(row) for row in connection.execute(asked))


def test_a_move_is_kept_and_everybody_inside_is_looked_at(store: Store) -> None:
    three = Length(3, Unit.day)
    move = Move(2, NOW, "spread", three)
    change = store.applications.apply(applying(b"two", 1, moves={"welcome": move}, lineages={"welcome": {"b": "a"}}))
    assert change.versions["welcome"].version == 2
    assert rows(store, AGENDA, "person", "kind") == [("p1", "switch"), ("p2", "switch")]
    files = store.load_files()
    assert files.moves == {"welcome": (move,)}
    assert files.lineages == {("welcome", 2): {"b": "a"}}
    assert {key: (one.path, one.data, one.application) for key, one in files.older.items()} == {
        ("welcome", 1): (FILE, b"one", 1)
    }
    assert store.applications.files_of(1) == {FILE: b"one"}
    assert store.applications.standing() == {("welcome", 1): {"hello": 2}}


def test_what_means_the_same_gets_no_new_version_and_its_newest_words(store: Store) -> None:
    change = store.applications.apply(applying(b"one # a remark", 1, same={"welcome"}))
    assert change.versions == {}
    assert store.load_files().applied["welcome"].version == 1
    assert store.load_files().older == {}


@pytest.mark.parametrize("more", [{"after": 0}, {"after": 2}, {"after": 1, "empty": [("welcome", 1, "hello")]}])
def test_a_plan_that_no_longer_holds_writes_nothing(store: Store, more: dict[str, object]) -> None:
    before = {table.name: rows(store, table, *table.c.keys()) for table in (VERSION, MOVE, RENAMED, ENROLMENT)}
    with pytest.raises(Outdated):
        store.applications.apply(
            applying(b"two", moves={"welcome": Move(2, NOW)}, renames=[("sequence", "welcome", "hi")], **more)
        )
    assert {table.name: rows(store, table, *table.c.keys()) for table in (VERSION, MOVE, RENAMED, ENROLMENT)} == before


def test_a_rename_carries_every_table_and_every_former_name_leads_to_today(store: Store) -> None:
    with store.database.writing() as connection:
        switch = {
            "word": "pause",
            "sequence": "welcome",
            "since": 0,
            "who": "lena",
            "because": "",
            "keep_service": False,
        }
        connection.execute(insert(SWITCH), switch)
    for number, (old, new) in enumerate([("welcome", "hi"), ("hi", "hello"), ("hello", "welcome")], 1):
        store.applications.apply(
            applying(f"{new}".encode(), number, sequences={new: FILE}, live={new}, renames=[("sequence", old, new)])
        )
        assert {row[0] for row in rows(store, ENROLMENT, "sequence")} == {new}
        assert rows(store, SWITCH, "sequence") == [(new,)]
        assert {row[0] for row in rows(store, VERSION, "sequence")} == {new}
    assert store.load_files().renamed == {"sequence": {"hi": "welcome", "hello": "welcome"}}
    assert store.load_files().applied["welcome"].version == 4


def test_a_refusal_under_a_former_name_stands_whatever_was_said_under_the_new_one(store: Store) -> None:
    said = [
        ("p1", "tips", False),
        ("p1", "advice", True),
        ("p2", "tips", True),
        ("p3", "advice", False),
        ("p3", "tips", True),
    ]
    with store.database.writing() as connection:
        for person, topic, given in said:
            row = {
                "person": person,
                "address": "",
                "topic": topic,
                "bucket": 1,
                "given": given,
                "basis": "",
                "wording": "",
            }
            connection.execute(insert(CONSENT), row | {"since": 0})
    assert store.applications.refusals(["tips"]) == 1
    store.applications.apply(applying(b"one", 1, renames=[("topic", "tips", "advice")]))
    assert rows(store, CONSENT, "person", "topic", "given") == [
        ("p1", "advice", False), ("p2", "advice", True), ("p3", "advice", False),
    ]  # fmt: skip


def test_the_apply_of_a_moment_and_a_book_that_was_superseded(store: Store) -> None:
    store.applications.apply(applying(b"two", 1, now=NOW + DAY))
    assert store.applications.at(NOW - DAY) is None
    assert store.applications.at(NOW + timedelta(hours=1)) == (1, NOW)
    assert store.applications.at(NOW + 2 * DAY) == (2, NOW + DAY)
    old, newest = (replace(w.book(), application=number) for number in (1, 2))
    with store.database.reading() as connection:
        refuse_superseded(connection, newest)
        refuse_superseded(connection, w.book())
        with pytest.raises(Superseded):
            refuse_superseded(connection, old)
