"""A very small shop with six people inside, to plan and apply over: fixtures and words for the tests of editing."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from nurture.engine.applying import AppliedChange, live_book, make_live
from nurture.engine.check import check
from nurture.engine.choosing import choice_of
from nurture.engine.plan import Plan, plan
from nurture.engine.plan_words import plan_lines
from nurture.engine.project import read_files
from nurture.engine.tick import tick
from nurture.model.person import Enrolment, Person
from nurture.store.open import Store, open_store
from nurture.store.rows import AnyRow, ContactRow, EventRow
from tests.small_project import write

START = datetime(2027, 3, 1, 9, tzinfo=UTC)
NOW = START + timedelta(days=5)
DAY = timedelta(days=1)
NAMES = tuple(f"p{number}" for number in range(6))


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """In a folder of one name: a project is called like its folder, and whose turn comes when hangs on that."""
    folder = tmp_path / "small"
    folder.mkdir()
    write(folder)
    return folder


@pytest.fixture
def store(root: Path, store_url: str) -> Iterator[Store]:
    """Six people wait for the first mail, due on 7 March at 10:00; it is 6 March."""
    opened = open_store(store_url)
    applied(opened, root, START)
    for name in NAMES:
        agreed = {"topics": ("care",), "basis": "a test", "facts": {"locale": "en"}}
        take(opened, ContactRow(outside_id=name, address=f"{name}@small.example", **agreed), now=START)
        order = {"order_id": f"o-{name}"}
        take(opened, EventRow(outside_id=name, name="order.delivered", at=START, fields=order), now=START)
    run(opened, START)
    run(opened, NOW)
    yield opened
    opened.close()


def take(store: Store, *rows: AnyRow, now: datetime) -> None:
    store.importing(now).take(rows, lambda row, why: pytest.fail(f"{row}: {why}"))


def run(store: Store, now: datetime) -> int:
    live = live_book(store)
    assert live is not None
    return tick(store, live.book, now).intents


def planned(store: Store, root: Path, now: datetime = NOW, due_now: str = "", drop: str = "", **more: bool) -> Plan:
    files = read_files(root)
    checked = check(files)
    assert checked.book is not None, [f"{one.place}: {one.message}" for one in checked.problems]
    return plan(store, checked.book, files, now, choice_of(due_now, [drop] if drop else []), **more)


def applied(store: Store, root: Path, now: datetime = NOW, due_now: str = "", drop: str = "") -> AppliedChange:
    return make_live(store, planned(store, root, now, due_now, drop), read_files(root), now, "lena", "3fa91c2")


def said(found: Plan) -> str:
    """The plan with its white space made one."""
    return " ".join(" ".join(plan_lines(found)).split())


def person(store: Store, name: str = "p0", now: datetime = NOW) -> Person:
    id_ = store.find(name)
    assert id_ is not None
    return store.people([id_], now)[0][0]


def enrolment(store: Store, name: str = "p0") -> Enrolment:
    return person(store, name).enrolments[-1]


def missing(found: Plan) -> list[str]:
    return [one.key for one in found.missing]
