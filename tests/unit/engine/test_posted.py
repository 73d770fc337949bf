"""Rows posted as JSON mean what rows of a CSV file mean, and each has its own verdict."""

import csv
import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from nurture.config import Config
from nurture.deliver.folder import Folder
from nurture.engine.applying import apply
from nurture.engine.check import check
from nurture.engine.intake import Wanted
from nurture.engine.posted import take_rows
from nurture.engine.project import read_files
from nurture.engine.starter import make_project
from nurture.engine.take_in import take_in
from nurture.engine.workshop import Workshop
from nurture.model.book import Book
from nurture.model.event import CONSENT_GIVEN, CONSENT_REFUSED, Event, Line, Money
from nurture.store.open import open_store
from nurture.wiring import mint
from tests.new_stores import NewStores

NOW = datetime(2027, 3, 9, 10, 30, tzinfo=UTC)
EVERY = ("contacts", "events", "things", "numbers", "consents")
LINES = [{"product": "sampler", "quantity": 2, "price": "18.00"}, {"product": "mug"}]


class World:
    """A shop of its own, and what is in it."""

    def __init__(self, root: Path, book: Book, url: str) -> None:
        store = open_store(url)
        config = Config(url, root / "outbox", root / "installation.json")
        self.root, self.book = root, book
        self.shop = Workshop(root, config, store, Folder(root / "outbox"), mint=mint)
        self.now = NOW

    def post(self, kind: str, *rows: object, scopes: Sequence[str] = EVERY) -> list[tuple[str, str]]:
        found = take_rows(self.shop, self.book, kind, rows, self.now, "till", scopes)
        assert [one.row for one in found] == list(range(len(rows)))
        self.now += timedelta(microseconds=1)
        return [(one.status, one.reason) for one in found]

    def history(self, who: str) -> tuple[Event, ...]:
        person = self.shop.store.find(who)
        assert person, who
        return self.shop.store.histories([person])[person]

    def people(self) -> list[tuple[object, ...]]:
        """Everything that matters of everybody: what was said of them, without when we heard of it."""
        ids = sorted(id_ for page in self.shop.store.everybody() for id_ in page)
        labels = self.shop.store.labels(ids)
        return sorted(
            (labels[id_], sorted((e.name, str(e.happened_at), str(sorted(e.fields.items()))) for e in events))
            for id_, events in self.shop.store.histories(ids).items()
        )


@pytest.fixture(scope="session")
def book(tmp_path_factory: pytest.TempPathFactory) -> Book:
    root = tmp_path_factory.mktemp("posted")
    make_project(root)
    found = check(read_files(root)).book
    assert found is not None
    return found


@pytest.fixture
def world(tmp_path: Path, book: Book, store_url: str) -> Iterator[World]:
    made = World(tmp_path, book, store_url)
    yield made
    made.shop.store.close()


ORDER: dict[str, object] = {
    "id": "c1", "email": "salma@mail.example", "event": "order.placed", "at": "2027-03-09T10:00:00Z",
    "outside_id": "1001", "order_id": "1001", "total": "54.00", "lines": LINES,
}  # fmt: skip


def test_an_event_is_typed_by_the_catalogue_and_came_live(world: World) -> None:
    assert world.post("events", ORDER) == [("taken", "")]
    (event,) = [one for one in world.history("c1") if one.name == "order.placed"]
    assert event.origin.value == "live"
    assert event.happened_at == datetime(2027, 3, 9, 10, tzinfo=UTC)
    assert event.fields == {
        "order_id": "1001",
        "total": Money(event.fields["total"].amount, "EUR"),  # type: ignore[attr-defined]
        "lines": (Line("sampler", 2.0, Money(event.fields["lines"][0].price.amount, "EUR")), Line("mug", 1.0, None)),  # type: ignore[index]
    }
    assert str(event.fields["total"].amount) == "54.00"  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("value", "amount", "currency"),
    [("24.50", "24.50", "EUR"), (24.5, "24.5", "EUR"), ("24.50 TRY", "24.50", "TRY"),
     ({"amount": "24.50", "currency": "TRY"}, "24.50", "TRY"), (24, "24", "EUR")],
)  # fmt: skip
def test_an_amount_may_be_written_as_people_write_them(world: World, value: object, amount: str, currency: str) -> None:
    assert world.post("events", ORDER | {"total": value}) == [("taken", "")]
    (event,) = [one for one in world.history("c1") if one.name == "order.placed"]
    total = event.fields["total"]
    assert isinstance(total, Money)
    assert (str(total.amount), total.currency) == (amount, currency)


@pytest.mark.parametrize(
    ("kind", "row", "reason"),
    [
        ("events", 7, "a row is an object"),
        ("events", ORDER | {"event": "order.plced"}, "did you mean 'order.placed'"),
        ("events", ORDER | {"ordr_id": "1"}, "there is no field 'ordr_id' here; did you mean 'order_id'"),
        ("events", ORDER | {"stars": 4}, "no field 'stars'"),  # a field of another event
        ("events", ORDER | {"total": "much"}, "total: 'much' is not an amount"),
        ("events", ORDER | {"total": [1]}, "total: no field has a value of this form"),
        ("events", ORDER | {"lines": [{"quantity": 1}]}, "lines: not the lines of an order"),
        ("events", {k: v for k, v in ORDER.items() if k != "at"}, "no date"),
        ("events", ORDER | {"at": "2027-03-09T10:36:00Z"}, "lies in the future"),
        ("events", ORDER | {"at": "soon"}, "'soon' is not a date"),
        ("events", {k: v for k, v in ORDER.items() if k not in ("id", "email")}, "neither an id nor an address"),
        ("events", ORDER | {"email": "nobody"}, "is not an e-mail address"),
        ("events", ORDER | {"order_id": "a\0b"}, "character that cannot be kept"),
        ("events", ORDER | {"order_id": "\ud800"}, "character that cannot be kept"),
        ("events", ORDER | {"order_id": "x" * 10_001}, "longer than 10,000"),
        ("contacts", {"id": "c1", "birthday": "yesterday"}, "birthday: 'yesterday' is not a day"),
        ("contacts", {"id": "c1", "brew_method": "siphon"}, "brew_method: 'siphon' is none of"),
        ("contacts", {"id": "c1", "tags": ["two words"]}, "not one word"),
        ("contacts", {"id": "c1", "consent": ["news"], "at": "2027-03-01"}, "a consent needs 'basis'"),
        ("contacts", {"id": "c1", "consent": ["news"], "basis": "box"}, "a consent needs 'at'"),
        ("consents", {"id": "c1", "at": "2027-03-01", "basis": "box"}, "says nothing"),
        ("consents", {"id": "c1", "at": "2027-03-01", "basis": "box", "consent": ["nws"]}, "no topic 'nws'"),
        ("consents", {"at": "2027-03-01", "basis": "b", "refuses_everything": True}, "neither an id nor an address"),
        ("things", {"id": "c1", "key": "s1"}, "'thing' says which thing: subscription"),
        ("things", {"id": "c1", "thing": "car", "key": "s1"}, "no thing like that"),
        ("things", {"id": "c1", "thing": "subscription"}, "no key"),
        ("things", {"id": "c1", "thing": "subscription", "key": "s1", "bags": 1}, "no field 'bags'"),
        ("numbers", {"id": "c1", "numbers": "cups", "at": "2027-03-08", "brewed": "x"}, "brewed: 'x' is not a number"),
        ("numbers", {"id": "c1", "numbers": "cups", "at": "2027-03-08"}, "no numbers"),
    ],
)
def test_a_row_that_says_what_cannot_be_is_refused_with_its_reason_and_hinders_no_other(
    world: World, kind: str, row: object, reason: str
) -> None:
    good: dict[str, dict[str, object]] = {
        "events": ORDER,
        "contacts": {"id": "c2"},
        "consents": {"id": "c2", "at": "2027-03-01", "basis": "box", "consent": ["news"]},
        "things": {"id": "c2", "thing": "subscription", "key": "s9", "plan": "Filter"},
        "numbers": {"id": "c2", "numbers": "cups", "at": "2027-03-08", "brewed": 3},
    }
    (first, words), second = world.post(kind, row, good[kind])
    assert first == "refused"
    assert reason in words
    assert second == ("taken", "")


def test_a_clock_a_little_ahead_is_taken_for_now(world: World) -> None:
    assert world.post("events", ORDER | {"at": "2027-03-09T10:34:00Z"}) == [("taken", "")]
    assert {one.happened_at for one in world.history("c1") if one.name == "order.placed"} == {NOW}


def test_what_is_told_again_is_known(world: World) -> None:
    rows: dict[str, dict[str, Any]] = {
        "contacts": {"id": "c1", "email": "salma@mail.example", "first_name": "Salma", "tags": ["reviewer"],
                     "consent": ["news", "-offers"], "basis": "box", "at": "2027-03-01"},
        "events": ORDER,
        "things": {"id": "c1", "thing": "subscription", "subscription_id": "s1", "renews_on": "2027-04-01", "price": 9},
        "numbers": {"id": "c1", "numbers": "cups", "at": "2027-03-08", "brewed": 17},
        "consents": {"id": "c1", "consent": "coffee_tips", "basis": "box", "at": "2027-03-01T09:00:00+01:00"},
    }  # fmt: skip
    for kind, row in rows.items():
        assert world.post(kind, row, row) == [("taken", ""), ("known", "")], kind
    before = world.people()
    for kind, row in rows.items():
        assert world.post(kind, row) == [("known", "")], kind
    assert world.people() == before


def test_a_thing_is_removed_and_comes_back(world: World) -> None:
    row = {"id": "c1", "thing": "subscription", "key": "s1", "plan": "Filter"}
    for said, status in ((row, "taken"), (row, "known"), (row | {"removed": True}, "taken"),
                         (row | {"removed": True}, "known"), (row, "taken")):  # fmt: skip
        assert world.post("things", said) == [(status, "")]


def test_consents_keep_who_told_them_and_the_name_of_a_key_is_never_the_readers_own_word(world: World) -> None:
    row = {"id": "c1", "consent": ["news"], "basis": "box", "wording": "Yes, write me", "at": "2027-03-01"}
    take_rows(world.shop, world.book, "consents", [row], NOW, "reader", EVERY)
    world.post("consents", {"id": "c1", "refuses_everything": True, "basis": "asked by phone", "at": "2027-03-02"})
    given, refused = world.history("c1")
    assert (given.name, refused.name) == (CONSENT_GIVEN, CONSENT_REFUSED)
    assert given.fields == {"topics": ("news",), "basis": "box", "wording": "Yes, write me", "by": "the API key reader"}
    assert refused.fields["topics"] == ()


def test_a_key_for_events_alone_tells_no_facts(world: World) -> None:
    row = ORDER | {"first_name": "Salma"}
    ((status, reason),) = world.post("events", row, scopes=["events"])
    assert (status, "no field 'first_name'" in reason) == ("refused", True)
    assert world.post("events", row, scopes=["events", "contacts"]) == [("taken", "")]


def written(path: Path, rows: Sequence[Mapping[str, object]]) -> Path:
    """The same rows as a CSV file."""
    columns = list(dict.fromkeys(name for row in rows for name in row))
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(columns)
        for row in rows:
            writer.writerow([json.dumps(one) if isinstance(one, list) else one for one in map(row.get, columns)])
    return path


def test_the_same_rows_by_csv_are_the_same_events(
    world: World, book: Book, tmp_path: Path, new_stores: NewStores
) -> None:
    rows = [ORDER, ORDER | {"id": "c2", "email": "ben@mail.example", "outside_id": "1002", "order_id": "1002"}]
    (tmp_path / "csv").mkdir()
    other = World(tmp_path / "csv", book, new_stores())
    files = read_files_of_starter(tmp_path)
    apply(other.shop.store, book, files, NOW, "a test")
    take_in(other.shop, written(tmp_path / "orders.csv", rows), Wanted("events"), NOW, lambda _: None)
    world.post("events", *rows)
    assert world.people() == other.people()
    assert world.post("events", *rows) == [("known", "")] * 2
    before = other.people()
    assert [one.status for one in take_rows(other.shop, book, "events", rows, NOW, "till", EVERY)] == ["known"] * 2
    assert other.people() == before
    other.shop.store.close()


def read_files_of_starter(tmp_path: Path) -> dict[str, bytes]:
    make_project(tmp_path / "starter")
    return dict(read_files(tmp_path / "starter"))


def test_a_birthday_without_its_year_and_a_day(world: World) -> None:
    world.post("contacts", {"id": "c1", "birthday": "--05-14", "vip_since": "2027-01-02"})
    (event,) = world.history("c1")
    facts = event.fields["facts"]
    assert isinstance(facts, dict)
    assert facts["vip_since"] == date(2027, 1, 2)
    assert tuple(facts["birthday"]) == (5, 14)
