"""Two contacts that are one: history, refusals and send keys of both, nothing twice, links that go on working."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from nurture.config import Config
from nurture.engine.faults import MisuseError, RefusedError
from nurture.engine.forgetting import forgetting
from nurture.engine.merging import merge, pair
from nurture.engine.preparing import reason_of
from nurture.engine.rebuilding import rebuild
from nurture.engine.tick import tick
from nurture.engine.workshop import Workshop
from nurture.model.decision import Why
from nurture.model.event import CONSENT_REFUSED
from nurture.model.mail import Fate, Handover
from nurture.model.person import Person
from nurture.model.trigger import Again
from nurture.store.open import Store, open_store
from nurture.store.rows import AnyRow, ConsentRow, ContactRow, EventRow, SuppressionRow
from nurture.store.said import Said
from nurture.store.tables import METADATA
from tests import worlds as w
from tests.new_stores import kept_in
from tests.sending_worlds import NOW, RULES, Scripted, refuse

DAY = timedelta(days=1)
HOUR = timedelta(hours=1)
STEPS = [w.send("one"), w.wait("3 days"), w.send("two"), w.wait("3 days"), w.send("three")]
BOOK = w.book(w.sequence("hello", w.JOINED, STEPS, again=Again(per="person")), rules=RULES)


@dataclass
class World:
    store: Store
    shop: Workshop

    def take(self, now: datetime, *rows: AnyRow) -> None:
        self.store.importing(now).take(rows, refuse)

    def joins(self, who: str, at: datetime) -> None:
        joined = EventRow(outside_id=who, name="subscriber.joined", at=at, fresh=True)
        self.take(at, ContactRow(outside_id=who, address=f"{who}@x.example", topics=("tips",), basis="x"), joined)
        self.live(at, at + HOUR)

    def live(self, since: datetime, until: datetime) -> None:
        """A round every six hours, as a daemon would."""
        looked = self.store.watermark
        at = since if looked is None else max(since, looked)
        while at < until:
            at = min(at + HOUR * 6, until)
            tick(self.store, BOOK, at)

    def person(self, who: str) -> Person:
        id_ = self.store.find(who)
        assert id_ is not None
        ((found, _),) = self.store.people([id_], NOW + 300 * DAY)
        return found

    def one(self, now: datetime, person: str = "a", other: str = "b") -> str:
        two = pair(self.shop, person, other, now)
        merge(self.shop, BOOK, two, "lena", now)
        return two.old

    def mails(self, until: datetime) -> list[str]:
        self.live(until - 60 * DAY, until)
        return [one.mail for one in self.person("a").messages if not one.cancelled]


@pytest.fixture
def world(tmp_path: Path, store_url: str) -> Iterator[World]:
    store = open_store(store_url, tmp_path / "installation")
    config = Config("", tmp_path / "outbox", tmp_path / "installation")
    yield World(store, Workshop(tmp_path, config, store, Scripted(), "us"))
    store.close()


@pytest.mark.parametrize(("first", "second"), [("a", "b"), ("b", "a")])
def test_nobody_gets_again_what_the_other_had_and_the_older_goes_on(world: World, first: str, second: str) -> None:
    world.joins(first, NOW)
    world.joins(second, NOW + 2 * DAY)
    world.live(NOW, NOW + 4 * DAY)
    world.one(NOW + 4 * DAY)
    assert sorted(one.ending for one in world.person("a").enrolments) == ["", "merged"]
    assert sorted(world.mails(NOW + 60 * DAY)) == ["one", "three", "two"]
    assert rebuild(world.store, BOOK, NOW + 61 * DAY, lambda _: None).equal


def test_the_slower_of_two_skips_what_the_quicker_had(world: World) -> None:
    """The older waits longer, so the younger has had more: what it had is not sent once more."""
    world.joins("a", NOW)
    world.joins("b", NOW + HOUR)
    world.live(NOW, NOW + 3 * DAY + 2 * HOUR)
    before = world.person("a").messages + world.person("b").messages
    assert [one.mail for one in before].count("two") == 2
    world.one(NOW + 3 * DAY + 3 * HOUR)
    assert sorted(world.mails(NOW + 60 * DAY)).count("three") == 1


@pytest.mark.parametrize("who", ["a", "b"])
def test_a_refusal_of_either_is_one_though_the_other_agreed_later(world: World, who: str) -> None:
    other = "b" if who == "a" else "a"
    for one in "ab":
        world.take(NOW, ContactRow(outside_id=one, address=f"{one}@x.example"))
    world.take(NOW + DAY, ConsentRow(outside_id=who, at=NOW + DAY, topics=("tips",), given=False))
    world.take(NOW + 2 * DAY, ConsentRow(outside_id=other, at=NOW + 2 * DAY, topics=("tips",), given=True, basis="x"))
    world.one(NOW + 3 * DAY)
    assert not world.person("a").consents["tips"].given
    assert rebuild(world.store, BOOK, NOW + 4 * DAY, lambda _: None).equal


@pytest.mark.parametrize("who", ["a", "b"])
def test_whom_nobody_writes_to_stays_so(world: World, who: str) -> None:
    for one in "ab":
        world.take(NOW, ContactRow(outside_id=one, address=f"{one}@x.example"))
    world.take(NOW, SuppressionRow(outside_id=who, address=f"{who}@x.example", because="complained", at=NOW))
    world.one(NOW + DAY)
    assert world.person("a").suppressed == "complained"


def test_facts_tags_orders_ids_and_addresses_are_of_both(world: World) -> None:
    for number, one in enumerate("ab"):
        at = NOW + number * DAY
        row = ContactRow(outside_id=one, address=f"{one}@x.example", tags=frozenset({one}), facts={f"fact_{one}": one})
        world.take(at, row, EventRow(outside_id=one, name="order.placed", at=at, fields={"order_id": one}))
    old = world.one(NOW + 3 * DAY)
    found = world.person("a")
    assert (found.tags, found.orders.count, found.address) == (frozenset("ab"), 2, "a@x.example")
    assert found.facts == {"fact_a": "a", "fact_b": "b"}
    assert found.formerly == (old,)
    assert {world.store.find(name) for name in ("b", "a", "b@x.example", "a@x.example", old)} == {found.id}
    assert world.store.counts().people == 1


def test_an_import_of_both_again_makes_nobody_and_changes_nothing(world: World) -> None:
    rows = [ContactRow(outside_id=one, address=f"{one}@x.example", topics=("tips",), basis="x") for one in "ab"]
    world.take(NOW, *rows)
    world.one(NOW + DAY)
    world.take(NOW + 2 * DAY, *rows)
    assert world.store.counts().people == 1
    assert world.person("a").address == "a@x.example"


def test_a_link_of_the_old_contact_refuses_for_the_one(world: World) -> None:
    world.joins("b", NOW)
    world.joins("a", NOW)
    old = world.one(NOW + DAY)
    said = Said(old, CONSENT_REFUSED, ("leave",), {"topics": ("tips",), "by": "reader"})
    assert world.store.record(said, NOW + DAY)
    tick(world.store, BOOK, NOW + 2 * DAY)
    assert not world.person("a").consents["tips"].given


def test_a_mail_of_both_that_waits_goes_once(world: World) -> None:
    world.joins("a", NOW)
    world.joins("b", NOW + HOUR)
    assert world.store.counts().planned == 2
    two = pair(world.shop, "a", "b", NOW + 2 * HOUR)
    assert merge(world.shop, BOOK, two, "lena", NOW + 2 * HOUR).taken_back == 1
    assert world.store.counts().planned == 1


def test_a_merge_starts_nothing(world: World) -> None:
    for one in "ab":
        world.take(NOW, ContactRow(outside_id=one, address=f"{one}@x.example", topics=("tips",), basis="x"))
    world.one(NOW + DAY)
    assert tick(world.store, BOOK, NOW + 30 * DAY).intents == 0
    assert not world.person("a").enrolments


@pytest.mark.parametrize("fate", [Fate.accepted, Fate.refused, Fate.in_doubt, Fate.planned])
def test_a_mail_that_is_on_its_way_stays_theirs(world: World, fate: Fate) -> None:
    """What is said of it later is said of whom they are then, so that nobody who is forgotten leaves a word behind."""
    for who in "ab":
        world.joins(who, NOW)
    now = NOW + 2 * HOUR
    batch = world.store.claim(9, now, "us")
    assert batch is not None
    world.store.hand(batch, now)
    old = world.store.find("b")
    world.one(now)
    answers = [Handover(one.key, fate, "550 5.1.1 nobody here") for one in batch.intents]
    reasons = [(one.person, reason_of(one, answers[0], Why.broken, now)) for one in batch.intents]
    world.store.settle(batch, answers, now, BOOK, reasons)
    with world.store.database.reading() as connection:
        for table in METADATA.tables.values():
            if "person" in table.c and table.name != "merged":
                assert connection.execute(table.select().where(table.c.person == old)).first() is None, table.name
    assert len(world.store.reasons(world.store.find("a") or "")) > 2
    assert rebuild(world.store, BOOK, now + DAY, lambda _: None).equal


def test_three_in_a_ring_are_one_and_two_at_once_merge_once(world: World) -> None:
    for who in "abc":
        world.joins(who, NOW)
    both_ways = pair(world.shop, "a", "b", NOW + HOUR), pair(world.shop, "b", "a", NOW + HOUR)
    around = [pair(world.shop, *two, NOW + HOUR) for two in ("bc", "ca")]
    merge(world.shop, BOOK, both_ways[0], "lena", NOW + 2 * HOUR)
    with pytest.raises(MisuseError, match="one contact already"):
        merge(world.shop, BOOK, both_ways[1], "lena", NOW + 2 * HOUR)
    merge(world.shop, BOOK, around[0], "lena", NOW + 3 * HOUR)
    with pytest.raises(MisuseError, match="one contact already"):
        merge(world.shop, BOOK, around[1], "lena", NOW + 3 * HOUR)
    assert len({world.store.find(who) for who in "abc"}) == 1
    assert world.store.counts().people == 1
    assert rebuild(world.store, BOOK, NOW + DAY, lambda _: None).equal


def test_a_chain_of_merges_leads_to_the_last(world: World) -> None:
    for number, one in enumerate("abc"):
        world.joins(one, NOW + number * HOUR)
    first = world.one(NOW + DAY, "b", "c")
    second = world.one(NOW + 2 * DAY, "a", "b")
    assert world.store.find(first) == world.store.find(second) == world.store.find("a")
    assert world.person("a").formerly == (first, second)
    assert world.mails(NOW + 60 * DAY).count("three") == 1


def test_whoever_is_one_already_or_was_forgotten_is_refused(world: World) -> None:
    world.joins("a", NOW)
    world.joins("b", NOW)
    with pytest.raises(MisuseError, match="one contact already"):
        pair(world.shop, "a", "a@x.example", NOW)
    b = world.store.find("b")
    forgetting(world.shop).forget(b or "", "lena", NOW)
    with pytest.raises(RefusedError, match="was forgotten"):
        pair(world.shop, "a", b or "", NOW)


def test_forgetting_the_one_forgets_both(world: World) -> None:
    world.joins("a", NOW)
    world.joins("b", NOW)
    world.one(NOW + DAY)
    forgetting(world.shop).forget(world.store.find("a") or "", "lena", NOW + 2 * DAY)
    data = kept_in(world.store.database)
    assert b"a@x.example" not in data
    assert b"b@x.example" not in data
    world.take(NOW + 3 * DAY, ContactRow(outside_id="new", address="b@x.example"))
    tick(world.store, BOOK, NOW + 4 * DAY)
    assert world.person("new").suppressed == "asked to be forgotten"
