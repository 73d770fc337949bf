"""Taking people in by hand: one by one, and all who fulfil a start already, at once or spread."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from nurture.config import Config
from nurture.engine.enrolling import enrol_fulfilling, enrol_people, fulfilling
from nurture.engine.faults import MisuseError, RefusedError
from nurture.engine.tick import tick
from nurture.engine.workshop import Workshop
from nurture.model.book import Book
from nurture.model.sequence import Status
from nurture.model.trigger import ManualTrigger
from nurture.store.open import Store, open_store
from nurture.store.rows import ConsentRow, ContactRow, EventRow
from tests import worlds as w
from tests.sending_worlds import NOW, RULES, Scripted, refuse

QUIET = w.sequence("quiet", w.LAPSE, [w.send("hello")], again=w.Again(never=True))
COURSE = w.sequence("course", ManualTrigger(place=w.HERE), [w.send("hello")], again=w.Again(never=True))
BOOK = w.book(QUIET, COURSE, rules=RULES)
PEOPLE = 40


@dataclass
class World:
    store: Store
    shop: Workshop

    def inside(self, now: datetime, book: Book = BOOK) -> int:
        return tick(self.store, book, now).intents


@pytest.fixture
def world(tmp_path: Path, store_url: str) -> Iterator[World]:
    """Forty people who bought long ago, and one who bought yesterday; the sequence was not there then."""
    store = open_store(store_url, tmp_path / "installation")
    rows: list[ContactRow | ConsentRow | EventRow] = []
    for number in range(PEOPLE + 1):
        id_, days = f"p{number}", 1 if number == PEOPLE else 200
        rows.append(ContactRow(outside_id=id_, address=f"{id_}@shop.example"))
        rows.append(ConsentRow(outside_id=id_, topics=("tips",), given=True, at=NOW))
        rows.append(
            EventRow(outside_id=id_, name="order.placed", at=NOW - timedelta(days=days), fields={"order_id": id_})
        )
    store.importing(NOW).take(rows, refuse)
    assert tick(store, BOOK, NOW).intents == 0
    shop = Workshop(tmp_path, Config("", tmp_path / "outbox", tmp_path / "installation"), store, Scripted(), "us")
    yield World(store, shop)
    store.close()


def test_people_who_are_named_start_at_the_next_round(world: World) -> None:
    found = enrol_people(world.shop, BOOK, "course", ["p1", "p2@shop.example", "p1"], NOW)
    assert [(one.person, one.starts, one.why) for one in found] == [("p1", True, "started"), ("p2", True, "started")]
    assert world.inside(NOW) == 2
    again = enrol_people(world.shop, BOOK, "course", ["p1"], NOW + timedelta(hours=1))
    assert [(one.starts, one.why) for one in again] == [(False, "once only")]
    assert world.inside(NOW + timedelta(hours=1)) == 0


def test_nobody_is_taken_in_when_one_name_is_wrong(world: World) -> None:
    with pytest.raises(MisuseError, match="nobody is called 'nemo'"):
        enrol_people(world.shop, BOOK, "course", ["p1", "nemo"], NOW)
    with pytest.raises(MisuseError, match="did you mean 'course'"):
        enrol_people(world.shop, BOOK, "coarse", ["p1"], NOW)
    assert world.inside(NOW) == 0


def test_in_a_draft_nobody_starts(world: World) -> None:
    book = w.book(replace(COURSE, status=Status.draft), rules=RULES)
    with pytest.raises(RefusedError, match="a draft"):
        enrol_people(world.shop, book, "course", ["p1"], NOW)


def test_all_who_fulfil_it_already_are_counted_and_taken_in_once(world: World) -> None:
    found = fulfilling(world.shop, BOOK, "quiet", NOW)
    assert len(found.people) == PEOPLE
    assert list(found.lines()) == ["40 fulfil quiet already and would start."]
    assert enrol_fulfilling(world.shop, BOOK, found, None, NOW) == PEOPLE
    assert enrol_fulfilling(world.shop, BOOK, found, None, NOW) == 0
    assert world.inside(NOW) == PEOPLE
    assert fulfilling(world.shop, BOOK, "quiet", NOW).people == ()


def test_spread_they_start_at_their_turn_and_are_not_taken_in_twice(world: World) -> None:
    found = fulfilling(world.shop, BOOK, "quiet", NOW)
    enrol_fulfilling(world.shop, BOOK, found, w.length("14 days"), NOW)
    by_day = [world.inside(NOW + timedelta(days=day)) for day in range(15)]
    assert sum(by_day) == PEOPLE
    assert max(by_day) < PEOPLE / 4
    assert sum(count > 0 for count in by_day) > 8


def test_amid_a_spread_those_to_come_are_left_out(world: World) -> None:
    found = fulfilling(world.shop, BOOK, "quiet", NOW)
    enrol_fulfilling(world.shop, BOOK, found, w.length("14 days"), NOW)
    later = NOW + timedelta(days=5)
    world.inside(later)
    again = fulfilling(world.shop, BOOK, "quiet", later)
    assert again.people == ()
    assert again.awaited > 10


def test_who_would_be_refused_is_counted_by_the_engines_word(world: World) -> None:
    enrol_people(world.shop, BOOK, "quiet", ["p0"], NOW)
    assert world.inside(NOW) == 1
    at = NOW + timedelta(hours=1)
    world.store.importing(at).take([EventRow(outside_id="p0", name="order.placed", at=at)], refuse)
    found = fulfilling(world.shop, BOOK, "quiet", NOW + timedelta(days=70))
    assert len(found.people) == PEOPLE - 1
    assert found.refused == {"once only": 1}
    assert list(found.lines())[1] == "1 fulfil it and would not start: once only"


def test_a_sequence_that_events_start_cannot_be_fulfilled(world: World) -> None:
    with pytest.raises(MisuseError, match="nobody can fulfil course already"):
        fulfilling(world.shop, BOOK, "course", NOW)
