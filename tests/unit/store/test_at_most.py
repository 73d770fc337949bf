"""Above `at_most` people a day, mails wait until somebody was asked (language.md 4.1, 5.13)."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime, time, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.event import listen, remove

from nurture.engine.tick import decide_all, decide_page
from nurture.model.book import Book
from nurture.model.event import Origin
from nurture.model.mail import Fate
from nurture.model.trigger import Again, OnceTrigger
from nurture.store.database import pages
from nurture.store.installation import first_mark
from nurture.store.open import Store, open_store
from nurture.store.outbox_by_hand import Wanted
from nurture.store.rows import ConsentRow, ContactRow
from nurture.store.tables import HELD, MESSAGE
from tests import worlds as w

BEGIN = w.utc("2027-03-01 12:00")
TEN = w.utc("2027-03-02 09:00")  # 10:00 in Paris
EASY = replace(w.RULES, limits=(), min_gap=None, quiet_hours=None)
STEPS = [w.send("harvest"), w.wait("2 days"), w.send("once_more")]


def broadcast(at_most: int | None, **more: object) -> Book:
    once = OnceTrigger(place=w.HERE, day=date(2027, 3, 2), at=time(10))
    return w.book(w.sequence("harvest", once, STEPS, again=Again(never=True), at_most=at_most, **more), rules=EASY)


@pytest.fixture
def store(store_url: str) -> Iterator[Store]:
    """Five people in Paris, known since yesterday."""
    opened = open_store(store_url)
    meet(opened, range(5))
    decide_all(opened, broadcast(None), BEGIN)
    yield opened
    opened.close()


def meet(store: Store, numbers: range) -> None:
    """So many people in Paris who want tips."""
    rows: list[ContactRow | ConsentRow] = []
    for number in numbers:
        address = f"c{number}@example.net"
        rows.append(ContactRow(outside_id=f"c{number}", address=address, facts={"zone": "Europe/Paris"}))
        rows.append(ConsentRow(outside_id=f"c{number}", address=address, topics=("tips",), given=True, at=BEGIN))
    store.importing(BEGIN, origin=Origin.live).take(rows, print)


def waiting(store: Store) -> tuple[int, int]:
    """How many mails are in the queue, and how many are held."""
    counts = store.outbox.how_many()
    return counts[Fate.planned], counts[Fate.held]


def live(store: Store, book: Book, until: datetime) -> None:
    now = store.watermark or BEGIN
    while now < until:
        now = min(until, now + timedelta(hours=3))
        decide_all(store, book, now)


def test_all_go_where_they_are_no_more_than_that(store: Store) -> None:
    live(store, broadcast(5), TEN)
    assert waiting(store) == (5, 0)


def test_those_above_are_held_and_let_go(store: Store) -> None:
    live(store, broadcast(3), TEN)
    assert waiting(store) == (3, 2)
    assert store.figures.held_up_to() == {"at_most of harvest": 2}
    assert store.outbox.release(Wanted(sequence="harvest")) == 2
    assert waiting(store) == (5, 0)


def test_the_later_mails_of_those_above_wait_too_until_they_were_let_go(store: Store) -> None:
    live(store, broadcast(3), TEN + timedelta(days=3))
    assert waiting(store) == (6, 4)


def test_what_was_let_go_is_not_held_anew(store: Store) -> None:
    live(store, broadcast(3), TEN)
    store.outbox.release(Wanted())
    live(store, broadcast(3), TEN + timedelta(days=3))
    assert waiting(store) == (10, 0)


def test_a_few_let_go_are_no_word_about_the_others(store: Store) -> None:
    live(store, broadcast(3), TEN)
    assert store.outbox.release(Wanted(limit=1)) == 1
    live(store, broadcast(3), TEN + timedelta(days=3))
    assert waiting(store) == (7, 3)


def test_every_day_begins_anew(store: Store) -> None:
    """About half of them have their turn before midnight in Paris: of forty it is never all, of five it may be."""
    meet(store, range(5, 40))
    book = broadcast(1, spread=w.length("28 hours"))
    live(store, book, TEN + timedelta(hours=28))
    days = {date(2027, 3, 2), date(2027, 3, 3)}
    assert waiting(store) == (2, 38)
    people = store.people([one for page in store.everybody() for one in page], TEN + timedelta(hours=28))
    started = {enrolment.started_at.date() for person, _ in people for enrolment in person.enrolments}
    assert started == days


@pytest.mark.parametrize("in_turns", [False, True])
def test_a_page_is_added_to_the_pages_before_it_and_walks_none_of_them_again(store: Store, in_turns: bool) -> None:
    """Whose mails are held is by the order of starts, in whichever order the pages come; few steps find it."""
    meet(store, range(5, 24))
    book = broadcast(5)
    decide_all(store, book, BEGIN + timedelta(minutes=1))
    everybody = sorted(one for page in store.everybody() for one in page)
    everybody = everybody[1::2] + everybody[::2] if in_turns else everybody
    walks: list[int] = []

    def looked(_connection: object, _cursor: object, statement: str, given: object, *_: object) -> None:
        if "OFFSET" in statement and "enrolment" in statement:
            values = given.values() if isinstance(given, dict) else given
            walks.append(max(one for one in values if isinstance(one, int) and one < 1_000))  # type: ignore[attr-defined]

    listen(store.database.engine, "before_cursor_execute", looked)
    started: list[str] = []
    expected: set[str] = set()
    for page in pages(everybody, 3):
        decide_page(store, book, page, TEN)
        started = sorted([*started, *page])
        expected |= {one for one in page if len(started) > 5 and one >= started[5]}
    remove(store.database.engine, "before_cursor_execute", looked)
    with store.database.reading() as connection:
        held = select(MESSAGE.c.person).join_from(MESSAGE, HELD, HELD.c.key == MESSAGE.c.key)
        assert set(connection.execute(held).scalars()) == expected
    assert len(expected) >= 1
    assert sum(walk >= 5 for walk in walks) <= 3, walks  # before anything is known, and when there are more than five


def test_what_another_commits_meanwhile_is_counted(store: Store) -> None:
    """Two that have the store open and decide by turns: neither believes what it had counted before the other."""
    meet(store, range(5, 24))
    book = broadcast(5)
    decide_all(store, book, BEGIN + timedelta(minutes=1))
    everybody = sorted(one for page in store.everybody() for one in page)
    other = Store(store.database, first_mark(store.database), None, "", None)
    for number, page in enumerate(pages(everybody, 2)):
        decide_page(other if number % 2 else store, book, page, TEN)
    assert waiting(store) == (5, 19)
