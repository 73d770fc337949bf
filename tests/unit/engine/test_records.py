"""Imports of things, numbers and used codes: what they tell, what they tell again, and what cannot be."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from sqlalchemy import insert

from nurture.config import Config
from nurture.engine.check import book_of
from nurture.engine.codes_used import take_in_codes
from nurture.engine.faults import MisuseError
from nurture.engine.intake import Wanted
from nurture.engine.take_in import Done, take_in
from nurture.engine.tick import tick
from nurture.engine.workshop import Workshop
from nurture.model.book import Book
from nurture.model.event import GIFT_USED, NUMBERS_TOLD, THING_CHANGED, THING_REMOVED, Money
from nurture.model.person import Person
from nurture.store.codec import micros
from nurture.store.open import Store, open_store
from nurture.store.rows import ContactRow
from nurture.store.tables import CODE
from tests.sending_worlds import NOW, Scripted, refuse

RULES = """
project: kestrel
zone: Europe/Paris
locales: [en]
sender: {name: Kestrel, address: hello@kestrel.example}
postal_address: 4 rue du Four, Nantes
currency: EUR
"""
CATALOGUE = """
person:
  first_name: {type: text}
orders: {from: order.placed, id: order_id}
events:
  order.placed: {order_id: text}
things:
  subscription:
    key: number
    fields: {number: text, renews_on: day, price: money}
numbers:
  cups: {over: week, fields: {brewed: number}}
"""


@dataclass
class World:
    store: Store
    shop: Workshop
    folder: Path
    book: Book

    def file(self, *lines: str) -> Path:
        path = self.folder / "rows.csv"
        path.write_text("\n".join(lines) + "\n")
        return path

    def take(self, kind: str, about: str, *lines: str, now: datetime = NOW, **columns: str) -> Done:
        return take_in(self.shop, self.file(*lines), Wanted(kind, columns, about=about), now, lambda _: None)

    def events(self, *names: str) -> list[dict[str, object]]:
        id_ = self.store.find("salma")
        assert id_ is not None
        return [dict(event.fields) for event in self.store.histories([id_])[id_] if event.name in names]

    def salma(self, now: datetime = NOW) -> Person:
        tick(self.store, self.book, now)
        id_ = self.store.find("salma")
        assert id_ is not None
        ((person, _),) = self.store.people([id_], now)
        return person


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    """A project that nothing was applied of yet, and one contact."""
    house = tmp_path / "sequences" / "house"
    house.mkdir(parents=True)
    for name, text in (("rules", RULES), ("catalogue", CATALOGUE)):
        (house / f"{name}.yaml").write_text(text)
    store = open_store(f"sqlite:///{tmp_path / 'nurture.db'}", tmp_path / "installation")
    store.importing(NOW).take([ContactRow(outside_id="salma", address="salma@shop.example")], refuse)
    shop = Workshop(tmp_path, Config("", tmp_path / "outbox", tmp_path / "installation"), store, Scripted(), "us")
    yield World(store, shop, tmp_path, book_of(tmp_path))
    store.close()


HEAD = "id,number,renews_on,price"


def test_a_thing_is_kept_with_its_fields(world: World) -> None:
    done = world.take("things", "subscription", HEAD, "salma,S-1,2027-04-02,24.50", "salma,S-2,2027-05-02,")
    assert dict(done.events) == {THING_CHANGED: 2}
    things = world.salma().things["subscription"]
    assert things["S-1"] == {"number": "S-1", "renews_on": date(2027, 4, 2), "price": Money(Decimal("24.50"), "EUR")}
    assert things["S-2"] == {"number": "S-2", "renews_on": date(2027, 5, 2)}


def test_told_again_it_changes_nothing_and_changed_back_it_does(world: World) -> None:
    first, other = "salma,S-1,2027-04-02,24.50", "salma,S-1,2027-05-02,"
    world.take("things", "subscription", HEAD, first)
    again = world.take("things", "subscription", HEAD, first, first, now=NOW + timedelta(days=1))
    assert (dict(again.events), again.known_already) == ({}, 2)
    world.take("things", "subscription", HEAD, other, now=NOW + timedelta(days=2))
    back = world.take("things", "subscription", HEAD, first, now=NOW + timedelta(days=3))
    assert dict(back.events) == {THING_CHANGED: 1}
    assert world.salma(NOW + timedelta(days=3)).things["subscription"]["S-1"]["renews_on"] == date(2027, 4, 2)


def test_what_one_file_says_twice_is_told_once_and_its_last_word_counts(world: World) -> None:
    done = world.take(
        "things", "subscription", HEAD, "salma,S-1,2027-04-02,", "salma,S-1,2027-04-02,", "salma,S-1,2027-06-02,",
        "new@shop.example,S-9,2027-04-02,", id="id",
    )  # fmt: skip
    assert dict(done.events)[THING_CHANGED] == 3
    assert done.known_already == 1
    assert world.salma().things["subscription"]["S-1"]["renews_on"] == date(2027, 6, 2)


def test_a_thing_that_is_gone(world: World) -> None:
    head = f"{HEAD},removed"
    world.take("things", "subscription", head, "salma,S-1,2027-04-02,,no")
    gone = world.take("things", "subscription", head, "salma,S-1,,,yes", now=NOW + timedelta(days=1))
    assert dict(gone.events) == {THING_REMOVED: 1}
    assert world.take("things", "subscription", head, "salma,S-1,,,yes", now=NOW + timedelta(days=2)).known_already == 1
    assert not world.salma(NOW + timedelta(days=2)).things.get("subscription")


def test_rows_that_cannot_be_are_put_aside_with_the_reason(world: World) -> None:
    done = world.take(
        "things", "subscription", f"{HEAD},removed", "salma,,2027-04-02,,", "salma,S-1,soon,,", "salma,S-2,,,perhaps"
    )
    assert done.rejected == 3
    rejects = Path(done.rejects_file).read_text()
    assert "2,no key: which subscription is it?" in rejects
    assert "3,\"renews_on: 'soon' is not a day" in rejects
    assert "4,'perhaps' is neither true nor false" in rejects


def test_the_key_may_stand_in_a_column_of_any_name(world: World) -> None:
    world.take("things", "subscription", "id,sub,renews_on", "salma,S-1,2027-04-02", sub="key")
    assert list(world.salma().things["subscription"]) == ["S-1"]
    with pytest.raises(MisuseError, match="no column says 'key'"):
        world.take("things", "subscription", "id,sub", "salma,S-1")


def test_numbers_are_told_at_their_moment_and_once(world: World) -> None:
    rows = ("id,at,brewed", "salma,2027-03-01,12", "salma,2027-02-22,9")
    done = world.take("numbers", "cups", *rows)
    assert dict(done.events) == {NUMBERS_TOLD: 2}
    assert world.events(NUMBERS_TOLD) == [
        {"numbers": "cups", "fields": {"brewed": 12}}, {"numbers": "cups", "fields": {"brewed": 9}},
    ]  # fmt: skip
    again = world.take("numbers", "cups", *rows, now=NOW + timedelta(days=1))
    assert (dict(again.events), again.known_already) == ({}, 2)
    told_at, values = world.salma().numbers["cups"]
    assert (told_at.date(), values) == (date(2027, 3, 1), {"brewed": 12})


def test_numbers_without_a_date_or_without_numbers(world: World) -> None:
    done = world.take("numbers", "cups", "id,at,brewed", "salma,,3", "salma,2027-03-01,")
    rejects = Path(done.rejects_file).read_text()
    assert "2,no date" in rejects
    assert "3,no numbers" in rejects
    with pytest.raises(MisuseError, match="no column says 'at'"):
        world.take("numbers", "cups", "id,brewed", "salma,3")


@pytest.mark.parametrize(("kind", "option"), [("things", "--thing"), ("numbers", "--numbers")])
def test_what_the_catalogue_does_not_have_is_said(world: World, kind: str, option: str) -> None:
    with pytest.raises(MisuseError, match=f"{option} yacht: the catalogue knows: "):
        world.take(kind, "yacht", "id", "salma")


def given(store: Store, gift: str, code: str, person: str, at: datetime | None = NOW) -> None:
    row = {"gift": gift, "code": code, "made": False, "mail": "m", "person": person, "bucket": 0, "worth": "",
           "reservation": f"{gift}{code}{person}", "given_at": micros(at) if at else None}  # fmt: skip
    with store.database.writing() as connection:
        connection.execute(insert(CODE), row)


def test_used_codes_are_told_to_those_who_were_given_them(world: World) -> None:
    salma = world.store.find("salma") or ""
    given(world.store, "bag", "AAA", salma)
    given(world.store, "bag", "BBB", salma, at=None)
    given(world.store, "bag", "CCC", salma)
    given(world.store, "tea", "CCC", "another")
    file = world.file(
        "Code,day",
        "AAA,2027-03-01",
        "BBB,2027-03-01",
        "CCC,2027-03-01",
        "ZZZ,2027-03-01",
        ",2027-03-01",
        "AAA,2028-01-01",
        "AAA,2027-03-02 09:00",
    )
    columns = {"Code": "code", "day": "at"}
    done = take_in_codes(world.shop, file, columns, "UTC", NOW, lambda _: None)
    assert (done.used, done.known_already, done.rejected) == (1, 1, 5)
    rejects = Path(done.rejects_file).read_text().splitlines()
    assert [line.split(",")[:2] for line in rejects[1:]] == [
        ["6", "no code"], ["7", "'2028-01-01' lies in the future"], ["3", "nobody was given this code"],
        ["4", "\"several people have this code"], ["5", "nobody was given this code"],
    ]  # fmt: skip
    assert world.events(GIFT_USED) == [{"code": "AAA"}]
    again = take_in_codes(world.shop, file, columns, "UTC", NOW + timedelta(days=1), lambda _: None)
    assert (again.used, again.known_already) == (0, 2)


def test_a_file_without_codes(world: World) -> None:
    with pytest.raises(MisuseError, match="no column says 'code'"):
        take_in_codes(world.shop, world.file("id,at", "a,b"), {}, "UTC", NOW, lambda _: None)
    with pytest.raises(MisuseError, match="no column 'kode'"):
        take_in_codes(world.shop, world.file("id,at", "a,b"), {"kode": "code"}, "UTC", NOW, lambda _: None)
