"""Replay of small stores: who is left out, which decisions are counted, and how a difference is told."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from sqlalchemy import text

from nurture.decide.index import index
from nurture.engine.applying import apply
from nurture.engine.faults import MisuseError
from nurture.engine.live import live_book
from nurture.engine.rebuilding import rebuild
from nurture.engine.replaying import ERASED, NO_BOOK, NOT_WHOLE, replay
from nurture.engine.switches import pause
from nurture.engine.tick import silent, tick
from nurture.language.project import read_project
from nurture.model import event as names
from nurture.store import save
from nurture.store.enrolled import LISTED, PACKED, listed
from nurture.store.open import Store, open_store
from nurture.store.rows import ConsentRow, ContactRow, EventRow
from nurture.store.said import Said
from nurture.store.state_codec import state_text
from tests import worlds as w
from tests.edits_of_files import first_files

NOW = w.utc("2027-03-02 10:00")
DAY = timedelta(days=1)


@pytest.fixture
def store(store_url: str) -> Iterator[Store]:
    """Two people of the little shop ordered something, and three days went by."""
    opened = open_store(store_url)
    files = first_files()
    apply(opened, book_of(files), files, NOW - DAY, "lena")
    take(opened, "salma", "ben")
    days(opened, 0, 3)
    yield opened
    opened.close()


def book_of(files: dict[str, bytes]):  # type: ignore[no-untyped-def]
    return read_project(files).book


def take(store: Store, *who: str) -> None:
    def refuse(row: object, why: str) -> None:
        raise AssertionError(f"{row}: {why}")

    for name in who:
        rows = (
            ContactRow(outside_id=name, address=f"{name}@shop.example", at=NOW),
            ConsentRow(outside_id=name, topics=("care", "tips"), given=True, at=NOW),
            EventRow(outside_id=name, name="order.placed", at=NOW, id=f"o-{name}", fields={"order_id": f"o-{name}"}),
        )
        store.importing(NOW).take(rows, refuse)


def days(store: Store, first: int, last: int) -> None:
    for day in range(first, last):
        live = live_book(store)
        assert live is not None
        tick(store, live.book, NOW + day * DAY)


def last_line(store: Store, *who: str) -> str:
    return list(replay(store, who, None).lines())[-1]


def sql(store: Store, words: str, **values: object) -> None:
    with store.database.writing() as connection:
        connection.execute(text(words), values)


def test_all_are_equal_and_only_what_changed_something_is_counted(store: Store) -> None:
    found = replay(store, (), None)
    assert (found.people, found.equal, found.left_out.total()) == (2, True, 0)
    days(store, 3, 4)
    assert replay(store, (), None).decisions == found.decisions
    assert replay(store, ("salma",), None).people == 1
    with pytest.raises(MisuseError, match="nobody is called olga"):
        replay(store, ("olga",), None)


def test_only_the_last_days_are_counted_and_only_people_of_those_days(store: Store) -> None:
    assert replay(store, (), NOW + 4 * DAY).people == 0
    store.record(Said(str(store.find("ben")), names.THEME_SPARED, ("1",), {"theme": "mothers_day"}), NOW + 5 * DAY)
    days(store, 5, 6)
    found = replay(store, (), NOW + 4 * DAY)
    assert (found.people, found.decisions, found.equal) == (1, 1, True)


def test_who_was_erased_is_left_out(store: Store) -> None:
    store.record(Said(str(store.find("ben")), names.ERASED, ("1",)), NOW + 3 * DAY)
    days(store, 3, 4)
    assert last_line(store) == f"Left out: 1 {ERASED}."


def test_who_was_mended_by_rebuild_is_left_out(store: Store) -> None:
    sql(store, 'UPDATE person SET facts = \'{"size":"small"}\' WHERE id = (SELECT min(id) FROM person)')
    differs = replay(store, (), None)
    assert not differs.equal
    assert "was written  facts: {'size': 'small'}" in "\n".join(differs.lines())
    live = live_book(store)
    assert live is not None
    assert rebuild(store, live.book, NOW + 3 * DAY, silent).mended == 1
    assert last_line(store) == f"Left out: 1 {NOT_WHOLE}."


def test_who_was_decided_on_by_files_that_were_never_applied_is_left_out(store: Store) -> None:
    take(store, "olga")
    tick(store, book_of(first_files()), NOW + 4 * DAY)
    assert replay(store, (), None).left_out[NO_BOOK] == 1
    assert replay(store, ("salma",), None).equal


def test_a_decision_that_was_changed_by_hand_is_named(store: Store) -> None:
    sql(store, "UPDATE decision SET digest = :other WHERE number = (SELECT max(number) FROM decision)", other=b"\0")
    sql(store, "UPDATE reason SET words = 'changed' WHERE why = 'started'")
    found = replay(store, (), None)
    (one,) = found.differences
    assert one.person in ("ben", "salma")
    assert one.at <= NOW + 2 * DAY
    said = "\n".join(found.lines())
    assert "was written  started after_order changed" in said
    assert "comes out    started after_order order.placed" in said
    assert said.endswith("1 person differs.")


def test_the_book_of_a_decision_is_under_the_switches_of_then(store: Store) -> None:
    live = live_book(store)
    assert live is not None
    pause(store, live.book, ["after_order"], "lena", "wrong price", NOW + 3 * DAY)
    days(store, 3, 12)
    with store.database.reading() as connection:
        waits = "SELECT count(*) FROM reason WHERE words LIKE '%paused by lena: wrong price%'"
        assert connection.execute(text(waits)).scalar_one() > 0
    assert replay(store, (), None).equal


def test_processes_answer_what_one_does(store: Store) -> None:
    assert list(replay(store, (), None, 2).lines()) == list(replay(store, (), None).lines())


def test_an_index_of_a_book_of_then_is_its_own(store: Store) -> None:
    """The book that runs is not touched by having another one read."""
    live = live_book(store)
    assert live is not None
    before = index(live.book)
    replay(store, (), None)
    assert index(live.book) is before


def test_what_was_decided_while_each_enrolment_stood_in_a_list_of_its_own_comes_out_again(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Former versions wrote states so; what is decided of such a person later is in few words."""
    with monkeypatch.context() as former:
        former.setattr(save, "state_text", lambda person, known: listed(state_text(person, known)))
        take(store, "olga", "ines")
        days(store, 3, 4)
    then = states(store, "olga", "ines")
    assert all(LISTED in state and PACKED not in state for state in then)
    assert replay(store, ("olga", "ines"), None).equal
    days(store, 4, 30)
    assert all(PACKED in state and LISTED not in state for state in states(store, "olga", "ines"))
    assert replay(store, (), None).equal
    sql(store, "UPDATE person SET state = replace(state, '@shop', '@shap') WHERE id = :id", id=store.find("olga"))
    assert not replay(store, ("olga",), None).equal


def states(store: Store, *who: str) -> list[str]:
    with store.database.reading() as connection:
        asked = text("SELECT state FROM person WHERE id = :id")
        return [str(connection.execute(asked, {"id": store.find(name)}).scalar_one()) for name in who]
