"""Tasks before the shop's people: what is due, whose it is, and that one who is quicker has it."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest

from nurture.config import Config
from nurture.decide.advance import advance
from nurture.engine.faults import MisuseError, RefusedError
from nurture.engine.status import status
from nurture.engine.tasks import Listing, do, listing
from nurture.engine.tick import zone_of
from nurture.engine.workshop import Workshop
from nurture.model.decision import Decision, TaskIntent
from nurture.model.event import TASK_DONE
from nurture.model.person import Enrolment
from nurture.store.desk import desk
from nurture.store.open import Store, open_store
from nurture.store.rows import ContactRow
from tests import worlds as w
from tests.sending_worlds import NOW, RULES, Scripted, refuse

PEOPLE = (("owner", "lena@shop.example"), ("lena", "lena@shop.example"), ("omar", "omar@shop.example"))
BOOK = w.book(w.sequence("vip", w.JOINED, [w.send("hello")]), rules=replace(RULES, people=PEOPLE))
CARD, RING, LATER = "aa" * 32, "ab" * 32, "cc" * 32


@dataclass
class World:
    store: Store
    shop: Workshop
    person: str

    def task(self, key: str, text: str, to: str, due: date, held: datetime | None = None, ended: str = "") -> None:
        ((known, _),) = self.store.people([self.person], NOW)
        enrolment = Enrolment("vip", key[:4], 1, 0, NOW, NOW.date(), step="card", waits_for=key if held else "")
        if ended:
            enrolment = replace(enrolment, ended_at=NOW, ending=ended)
        task = TaskIntent(key, self.person, "vip", 0, key[:4], "card", text, to, NOW, due, held)
        after = replace(known, enrolments=(*known.enrolments, enrolment), asof=NOW)
        self.store.commit([Decision(after, tasks=(task,))], NOW, zone_of(BOOK), BOOK)

    def listed(self, mine: str = "", done: bool = False, now: datetime = NOW) -> Listing:
        return listing(self.shop, BOOK.rules, now, 100, mine, done)

    def texts(self, mine: str = "", done: bool = False) -> list[str]:
        return [one.text for one in self.listed(mine, done).tasks]


@pytest.fixture
def world(tmp_path: Path, store_url: str) -> Iterator[World]:
    store = open_store(store_url, tmp_path / "installation")
    store.importing(NOW).take([ContactRow(outside_id="salma", address="salma@shop.example")], refuse)
    person = store.find("salma")
    assert person is not None
    ((known, arrived),) = store.people([person], NOW)
    store.commit([advance(BOOK, known, NOW, arrived)], NOW, zone_of(BOOK), BOOK)
    shop = Workshop(tmp_path, Config("", tmp_path / "outbox", tmp_path / "installation"), store, Scripted(), "us")
    made = World(store, shop, person)
    made.task(LATER, "Call Salma", "omar", date(2027, 3, 4), NOW + timedelta(days=2))
    made.task(CARD, "A card for Salma", "owner", date(2027, 2, 26))
    made.task(RING, "Ring Salma", "lena", date(2027, 3, 2), ended="goal")
    yield made
    store.close()


def test_overdue_tasks_come_first_and_each_says_what_is_to_know(world: World) -> None:
    found = world.listed()
    assert found.overdue == 1
    first, second, third = (list(one.lines()) for one in found.tasks)
    assert first == ["  aaaaaaaaaaaa  Fri 26 Feb, 4 days late  for owner       salma             A card for Salma"]
    assert "Tue 2 Mar, today" in second[0]
    assert "vip has ended: goal" in second[1]
    assert "Thu 4 Mar " in third[0]
    assert "vip waits for it until 2027-03-04 10:00 UTC" in third[1]
    assert next(found.lines()) == "3 tasks, 1 late"


def test_the_day_is_the_shops(world: World) -> None:
    just_before, just_after = (
        datetime.fromisoformat("2027-03-02T22:59:00+00:00"),
        datetime.fromisoformat("2027-03-02T23:00:00+00:00"),
    )
    assert [one.late for one in world.listed(now=just_before).tasks] == [4, 0, -2]
    assert [one.late for one in world.listed(now=just_after).tasks] == [5, 1, -1]


def test_what_is_mine_is_what_goes_to_my_address_or_what_i_took(world: World) -> None:
    assert world.texts("lena") == ["A card for Salma", "Ring Salma"]
    assert world.texts("omar") == ["Call Salma"]
    do(world.shop, BOOK, "take", CARD[:4], "omar", "", NOW)
    assert world.texts("omar") == ["A card for Salma", "Call Salma"]
    with pytest.raises(MisuseError, match="did you mean 'omar'"):
        world.listed("omer")


def test_who_is_quicker_has_it(world: World) -> None:
    assert do(world.shop, BOOK, "take", CARD[:4], "lena", "", NOW) == "taken by lena: A card for Salma"
    assert do(world.shop, BOOK, "take", CARD[:4], "lena", "", NOW)
    with pytest.raises(RefusedError, match="taken by lena already"):
        do(world.shop, BOOK, "take", CARD[:4], "omar", "", NOW)
    do(world.shop, BOOK, "done", CARD[:4], "omar", "sent", NOW)
    for act in ("take", "done"):
        with pytest.raises(RefusedError, match="done by omar already"):
            do(world.shop, BOOK, act, CARD[:4], "lena", "", NOW)


def test_what_is_done_is_told_once_to_whoever_waits(world: World) -> None:
    said = do(world.shop, BOOK, "done", LATER[:4], "omar", "she likes it", NOW)
    assert said == "done by omar: Call Salma; vip goes on with the next round"
    events = [one for one in world.store.histories([world.person])[world.person] if one.name == TASK_DONE]
    assert [dict(one.fields) for one in events] == [{"key": LATER, "by": "omar", "words": "she likes it"}]
    assert world.texts() == ["A card for Salma", "Ring Salma"]
    assert world.texts(done=True) == ["A card for Salma", "Ring Salma", "Call Salma"]
    assert world.store.fell_due(NOW - timedelta(seconds=1), NOW, 10) == [world.person]


def test_a_key_is_meant_by_its_beginning_as_long_as_it_is_clear(world: World) -> None:
    with pytest.raises(MisuseError, match="several keys begin with 'a'"):
        do(world.shop, BOOK, "done", "a", "lena", "", NOW)
    with pytest.raises(MisuseError, match="no task has a key that begins with 'ff'"):
        do(world.shop, BOOK, "done", "ff", "lena", "", NOW)


def test_status_says_how_much_waits_on_the_desk(world: World) -> None:
    (line,) = [line for line in status(world.shop, NOW).lines() if line.startswith("Desk")]
    assert line == "Desk        3 tasks, 1 late (nurture tasks)"
    (later,) = [line for line in status(world.shop, NOW + timedelta(days=1)).lines() if line.startswith("Desk")]
    assert later == "Desk        3 tasks, 2 late (nurture tasks)"


def test_the_tasks_about_one_person(world: World) -> None:
    assert [one.text for one in desk(world.store).tasks.of_person(world.person)] == [
        "A card for Salma",
        "Ring Salma",
        "Call Salma",
    ]
    assert desk(world.store).tasks.of_person("nobody") == []
