"""Halt, pause and stop in the store: what holds, since when, and who is woken by it."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path

import pytest
from sqlalchemy import insert, select

from nurture.decide.advance import advance
from nurture.model.switch import Switch, Word
from nurture.model.trigger import EventTrigger
from nurture.store.open import Store, open_store
from nurture.store.peek import peek, peek_applied
from nurture.store.rows import EventRow
from nurture.store.tables import AGENDA, ENROLMENT
from tests import worlds as w
from tests.new_stores import NewStores
from tests.query_plans import plan_of

NOW = datetime(2027, 3, 2, 10, tzinfo=UTC)
LATER = NOW + timedelta(hours=1)
BOOK = w.book(
    w.sequence("welcome", EventTrigger(place=w.HERE, event="subscriber.joined"), [w.wait("3 days"), w.send("a")])
)


@pytest.fixture
def store(store_url: str, tmp_path: Path) -> Iterator[Store]:
    opened = open_store(store_url, tmp_path / "installation.json")
    yield opened
    opened.close()


def stop(who: str = "lena", because: str = "", since: datetime = NOW) -> Switch:
    return Switch(Word.stop, since, who, "welcome", because)


def halt(who: str, because: str = "", keep: bool = False, since: datetime = NOW) -> Switch:
    return Switch(Word.halt, since, who, "", because, keep)


def join(store: Store, *names: str) -> None:
    """They join, and are inside `welcome` after it."""
    rows = [EventRow(address=f"{name}@example.net", name="subscriber.joined", at=NOW) for name in names]
    store.importing(NOW).take(rows, lambda _, why: pytest.fail(why))
    ids = [store.find(f"{name}@example.net") or "" for name in names]
    moment = NOW + timedelta(minutes=30)
    decided = [advance(BOOK, person, moment, new) for person, new in store.people(ids, moment)]
    store.commit(decided, moment, lambda _: "UTC", BOOK)


def agenda(store: Store, kind: str = "switch") -> list[tuple[str, datetime]]:
    with store.database.reading() as connection:
        rows = connection.execute(select(AGENDA.c.person, AGENDA.c.due_at).where(AGENDA.c.kind == kind))
        return [(person, datetime.fromtimestamp(due / 1_000_000, UTC)) for person, due in rows]


def test_nothing_holds_in_a_new_store(store: Store) -> None:
    assert store.switches() == ()


def test_what_was_set_holds_until_it_is_lifted_also_after_opening_again(
    store: Store, store_url: str, tmp_path: Path
) -> None:
    store.set_switch(stop(because="wrong price"), NOW)
    store.set_switch(halt("omar", keep=True), NOW)
    store.close()
    again = open_store(store_url, tmp_path / "installation.json")
    assert again.switches() == (halt("omar", keep=True), stop(because="wrong price")), "halt first"
    assert again.lift_switch(Word.stop, "welcome", LATER) == stop(because="wrong price")
    assert again.lift_switch(Word.stop, "welcome", LATER) is None
    assert again.switches() == (halt("omar", keep=True),)
    again.close()


def test_said_again_it_keeps_since_when_it_holds_and_takes_the_newest_words(store: Store) -> None:
    store.set_switch(stop("lena", "wrong price"), NOW)
    holds = store.set_switch(stop("omar", "also the picture", LATER), LATER)
    assert holds == stop("omar", "also the picture", NOW)
    assert store.switches() == (holds,)


def test_a_halt_of_our_own_tightens_a_persons_halt_and_leaves_their_name(store: Store) -> None:
    store.set_switch(halt("lena", "audit", keep=True), NOW)
    ours = halt("nurture", "the key is refused", since=LATER)
    store.set_switch(ours, LATER)
    assert store.set_switch(ours, LATER) == halt("lena", "audit; the key is refused", keep=False)


def test_a_person_takes_over_a_halt_of_our_own(store: Store) -> None:
    store.set_switch(halt("nurture", "the key is refused"), NOW)
    assert store.set_switch(halt("lena", "looking into it"), LATER) == halt("lena", "looking into it")


def test_stop_wakes_all_inside_and_nobody_else(store: Store) -> None:
    join(store, "a", "b")
    store.set_switch(Switch(Word.stop, NOW, "lena", "other"), LATER)
    assert agenda(store) == []
    store.set_switch(stop(), LATER)
    assert sorted(agenda(store)) == sorted((store.find(f"{name}@example.net") or "", LATER) for name in "ab")


def test_to_lift_a_pause_wakes_those_inside_and_twice_at_one_moment_is_no_fault(store: Store) -> None:
    join(store, "a")
    pause = Switch(Word.pause, NOW, "lena", "welcome")
    store.set_switch(pause, LATER)
    store.lift_switch(Word.pause, "welcome", LATER)
    assert [at for _, at in agenda(store)] == [LATER]


def test_who_is_being_decided_on_while_it_is_said_is_looked_at_again(store: Store) -> None:
    join(store, "a")
    (id_,) = [store.find("a@example.net") or ""]
    before = NOW + timedelta(minutes=40)
    ((person, new),) = store.people([id_], before)
    decided = advance(BOOK, person, before, new)
    store.set_switch(stop(), LATER)
    store.commit([decided], before, lambda _: "UTC", BOOK)
    assert agenda(store) == [(id_, LATER)]


def test_a_backup_from_before_a_stop_or_a_resume_is_behind(new_stores: NewStores, tmp_path: Path) -> None:
    url, file = new_stores(), tmp_path / "installation.json"
    open_store(url, file).close()
    for said in (lambda s: s.set_switch(stop(), NOW), lambda s: s.lift_switch(Word.stop, "x", NOW)):
        backup = new_stores.copy_of(url)
        store = open_store(url, file)
        said(store)
        store.close()
        restored = open_store(backup, file)
        assert "1 commits behind" in restored.halted
        restored.close()


def test_a_peek_sees_what_holds_and_makes_nothing(store: Store, store_url: str, tmp_path: Path) -> None:
    assert peek(f"sqlite:///{tmp_path / 'nowhere' / 'store.db'}") == ()
    assert not (tmp_path / "nowhere").exists()
    (tmp_path / "empty.db").touch()
    assert peek(f"sqlite:///{tmp_path / 'empty.db'}") == ()
    assert peek("postgresql://user:secret@far.example/db") == ()
    store.set_switch(stop(because="wrong price"), NOW)
    store.set_switch(halt("omar", keep=True), NOW)
    assert peek(store_url) == (store.switches() if store.database.file else ()), "a database elsewhere is not asked"


def test_a_peek_sees_the_files_of_the_newest_apply(store: Store, store_url: str, tmp_path: Path) -> None:
    assert peek_applied(f"sqlite:///{tmp_path / 'nowhere.db'}") == peek_applied(store_url) == {}
    store.applications.save_files({"sequences/a.yaml": b"one", "sequences/b.yaml": b"two"}, {}, (), NOW)
    store.applications.save_files({"sequences/a.yaml": b"three"}, {}, (), NOW)
    newest = {"sequences/a.yaml": sha256(b"three").hexdigest()}
    assert peek_applied(store_url) == (newest if store.database.file else {}), "a database elsewhere is not asked"


def test_those_inside_are_found_by_an_index(store: Store) -> None:
    """A stop of a sequence with few inside must not walk a million enrolments."""
    with store.database.writing() as connection:
        row = {"person": "p", "subject": "1", "bucket": 0, "ordinal": 1, "version": 1, "started_at": 0, "ending": ""}
        connection.execute(insert(ENROLMENT), [row | {"sequence": f"s{number}"} for number in range(50)])
        asked = select(ENROLMENT.c.person).where(ENROLMENT.c.sequence == "s1", ENROLMENT.c.ended_at.is_(None))
    steps = plan_of(store.database, asked)
    assert not any(step.walks for step in steps), steps
    assert any("enrolment_by_" in step.words for step in steps), steps


def test_said_again_without_a_why_the_old_one_stays(store: Store) -> None:
    store.set_switch(halt("lena", "wrong price"), NOW)
    assert store.set_switch(halt("omar", keep=True), LATER) == halt("omar", "wrong price", keep=True)
    store.set_switch(stop(because="audit"), NOW)
    store.set_switch(stop(), LATER)
    assert [one.because for one in store.switches()] == ["wrong price", "audit"]


def test_words_of_several_lines_are_kept_in_one(store: Store) -> None:
    kept = store.set_switch(halt("lena\nb", "wrong price,\n\n  in every\tmail "), NOW)
    assert (kept.who, kept.because) == ("lena b", "wrong price, in every mail")
    assert store.switches() == (kept,)
