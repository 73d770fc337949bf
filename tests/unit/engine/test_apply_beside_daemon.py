"""An apply beside a daemon at work: a page that was decided under the book of before loses and doubles nobody."""

import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import pytest
from sqlalchemy import func, select

from nurture.engine.applying import live_book, make_live
from nurture.engine.check import check
from nurture.engine.choosing import choice_of
from nurture.engine.faults import RefusedError
from nurture.engine.plan import plan
from nurture.engine.project import read_files
from nurture.engine.tick import decide, decide_page, tick, zone_of
from nurture.store.applications import Superseded
from nurture.store.open import Store, open_store
from nurture.store.rows import ContactRow, EventRow
from nurture.store.tables import ENROLMENT, MESSAGE
from tests.small_project import SEQUENCE, write

START = datetime(2027, 3, 1, 9, tzinfo=UTC)
NOW = START + timedelta(days=6, hours=2)
NAMES = tuple(f"p{number}" for number in range(60))


@pytest.fixture
def root(tmp_path: Path) -> Path:
    write(tmp_path)
    return tmp_path


@pytest.fixture
def store(root: Path) -> Iterator[Store]:
    """Sixty people inside, whose first mail is due."""
    opened = of(root)
    go_live(opened, root, START)
    rows: list[ContactRow | EventRow] = []
    for name in NAMES:
        order = {"order_id": f"o-{name}"}
        rows.append(ContactRow(outside_id=name, address=f"{name}@small.example", topics=("care",), basis="a test"))
        rows.append(EventRow(outside_id=name, name="order.delivered", at=START, fields=order))
    opened.importing(START).take(rows, lambda row, why: pytest.fail(f"{row}: {why}"))
    run(opened, START)
    yield opened
    opened.close()


def of(root: Path) -> Store:
    return open_store(f"sqlite:///{root / 'store.db'}")


def go_live(store: Store, root: Path, now: datetime, due_now: str = "send") -> None:
    files = read_files(root)
    book = check(files).book
    assert book is not None
    make_live(store, plan(store, book, files, now, choice_of(due_now, [])), files, now, "lena")


def run(store: Store, now: datetime) -> None:
    live = live_book(store)
    assert live is not None
    tick(store, live.book, now)


def rename(root: Path, old: str, new: str) -> None:
    path = root / f"sequences/{old}.yaml"
    text = path.read_text(encoding="utf-8").replace(f"sequence: {old}\n", f"sequence: {new}\nwas: {old}\n")
    lines = [line for line in text.splitlines() if not (line.startswith("was: ") and line != f"was: {old}")]
    path.rename(root / f"sequences/{new}.yaml").write_text("\n".join(lines) + "\n", encoding="utf-8")


def test_what_was_decided_under_the_book_of_before_is_decided_again_by_the_newest(store: Store, root: Path) -> None:
    live = live_book(store)
    assert live is not None
    page = [id_ for some in store.everybody() for id_ in some]
    decided = list(decide(store, live.book, page, NOW))
    assert sum(len(one.intents) for one in decided) == len(NAMES)
    rename(root, "check_in", "after_sale")
    other = of(root)
    go_live(other, root, NOW)
    with pytest.raises(Superseded):
        store.commit(decided, NOW, zone_of(live.book), live.book)
    again = decide_page(store, live.book, page, NOW)
    assert {intent.sequence for one in again for intent in one.intents} == {"after_sale"}
    assert all_accounted(store) == {"after_sale": len(NAMES)}
    other.close()


def all_accounted(store: Store) -> dict[str, int]:
    """How many enrolments there are by sequence; every mail has a key of its own, by the table."""
    with store.database.reading() as connection:
        asked = select(ENROLMENT.c.sequence, func.count()).group_by(ENROLMENT.c.sequence)
        return {name: int(number) for name, number in connection.execute(asked)}


def test_ticks_and_applies_at_the_same_time_lose_and_double_nobody(store: Store, root: Path) -> None:
    stop, faults = threading.Event(), list[BaseException]()

    def daemon() -> None:
        mine = of(root)
        try:
            moment = NOW
            while not stop.is_set():
                run(mine, moment)
                moment += timedelta(hours=1)
        except BaseException as fault:  # noqa: BLE001 - told to the test's own thread
            faults.append(fault)
        finally:
            mine.close()

    ticking = threading.Thread(target=daemon)
    ticking.start()
    names = ["check_in", "after_sale", "check_in_again", "how_is_it", "after_all"]
    moment = NOW
    for old, new in pairwise(names):
        moment += timedelta(minutes=1)
        rename(root, old, new)
        for _ in range(10):
            try:
                go_live(store, root, moment)
                break
            except RefusedError:  # somebody came to another step between plan and apply: plan again
                continue
    stop.set()
    ticking.join()
    assert faults == []
    for day in range(41):
        run(store, NOW + timedelta(days=day))
    assert all_accounted(store) == {"after_all": len(NAMES)}
    with store.database.reading() as connection:
        sent = connection.execute(select(func.count()).select_from(MESSAGE)).scalar_one()
        keys = connection.execute(select(func.count(func.distinct(MESSAGE.c.key)))).scalar_one()
        inside = connection.execute(
            select(func.count()).select_from(ENROLMENT).where(ENROLMENT.c.ended_at.is_(None))
        ).scalar_one()
    assert (sent, keys, inside) == (2 * len(NAMES), 2 * len(NAMES), 0)
    for page in store.everybody():
        for person, _ in store.people(page, NOW + timedelta(days=40)):
            assert [one.sequence for one in person.enrolments] == ["after_all"]
            assert {message.mail for message in person.messages} == {"how_are_you", "one_question"}
    assert SEQUENCE not in store.load_files().files
