"""A word a day to the shop's own people: who is told what, when not, and that it is no customer's mail."""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest

from nurture.config import Config
from nurture.decide.advance import advance
from nurture.engine.applying import LiveBook
from nurture.engine.hand_over import directly
from nurture.engine.notices import Notices
from nurture.engine.tasks import do
from nurture.engine.tick import tick, zone_of
from nurture.engine.workshop import Workshop
from nurture.model.decision import Decision, TaskIntent
from nurture.model.mail import Email, Fate, Handover
from nurture.model.person import Enrolment
from nurture.model.switch import Switch, Word
from nurture.store.open import Store, open_store
from nurture.store.rows import ConsentRow, ContactRow, EventRow
from nurture.store.switches import ITSELF
from tests import worlds as w
from tests.sending_worlds import JOINED, NOW, RULES, TEMPLATES, Scripted, refuse

PEOPLE = (("owner", "lena@shop.example"), ("lena", "lena@shop.example"), ("omar", "omar@shop.example"))
RULES_HERE = replace(RULES, people=PEOPLE, seeds=("omar@shop.example",))
STEP = w.send("hello", approve="omar", valid_for=w.length("2 days"))
BOOK = w.book(w.sequence("welcome", JOINED, [STEP]), rules=RULES_HERE)
DUE_TODAY, LATE, TOMORROW = "aa" * 32, "bb" * 32, "cc" * 32


@dataclass
class World:
    store: Store
    shop: Workshop
    sent: list[Email]

    def tell(self, now: datetime = NOW) -> list[Email]:
        before = len(self.sent)
        asyncio.run(Notices(self.shop).send(LiveBook(BOOK, TEMPLATES), now, directly))
        return self.sent[before:]


@pytest.fixture
def world(tmp_path: Path, store_url: str) -> Iterator[World]:
    """Salma, about whom there are two tasks for Lena and one for Omar tomorrow, and a draft for Omar."""
    store = open_store(store_url, tmp_path / "installation")
    salma = ContactRow(outside_id="salma", address="salma@shop.example")
    joined = EventRow(outside_id="salma", name="subscriber.joined", at=NOW)
    store.importing(NOW).take(
        [salma, ConsentRow(outside_id="salma", topics=("tips",), given=True, at=NOW), joined], refuse
    )
    assert tick(store, BOOK, NOW).intents == 1
    for key, text, to, due in (
        (DUE_TODAY, "Ring <Salma>", "lena", date(2027, 3, 2)),
        (LATE, "A card", "owner", date(2027, 2, 26)),
        (TOMORROW, "A parcel", "omar", date(2027, 3, 3)),
    ):
        with_task(store, key, text, to, due)
    sent: list[Email] = []
    provider = Scripted(name="smtp", before=sent.append)
    config = Config("", tmp_path / "outbox", tmp_path / "installation")
    yield World(store, Workshop(tmp_path, config, store, provider, "us"), sent)
    store.close()


def with_task(store: Store, key: str, text: str, to: str, due: date) -> None:
    person = store.find("salma") or ""
    ((known, arrived),) = store.people([person], NOW)
    known = advance(BOOK, known, NOW, arrived).person
    enrolment = Enrolment("vip", key[:4], 1, 0, NOW, NOW.date(), step="card")
    task = TaskIntent(key, person, "vip", 0, key[:4], "card", text, to, NOW, due)
    after = replace(known, enrolments=(*known.enrolments, enrolment))
    store.commit([Decision(after, tasks=(task,))], NOW, zone_of(BOOK), BOOK)


def test_each_address_is_told_once_a_day_what_is_due_and_late_and_waits(world: World) -> None:
    lena, omar = world.tell()
    assert (lena.to_address, lena.subject) == ("lena@shop.example", "2 tasks are waiting for you")
    assert lena.text.splitlines()[:2] == [
        "Fri 26 Feb, 4 days late: A card (salma)",
        "    nurture tasks done bbbbbbbbbbbb",
    ]
    assert "Tue 2 Mar, today: Ring <Salma> (salma)" in lena.text
    assert "Ring &lt;Salma&gt;" in lena.html
    assert (omar.to_address, omar.subject) == ("omar@shop.example", "1 draft is waiting for you")
    assert "hello to salma waits for you since 2027-03-02" in omar.text
    assert "salma@" not in lena.text + omar.text
    assert world.tell(NOW + timedelta(hours=3)) == []
    lena, omar = world.tell(NOW + timedelta(days=1))
    assert omar.subject == "1 task and 1 draft are waiting for you"
    assert lena.key != world.sent[0].key


def test_it_is_in_no_outbox_and_no_customers_history(world: World) -> None:
    before = world.store.counts()
    assert len(world.tell()) == 2
    after = world.store.counts()
    assert (before.messages, before.planned) == (after.messages, after.planned)


def test_what_another_took_or_did_is_not_told(world: World) -> None:
    do(world.shop, BOOK, "take", LATE[:8], "omar", "", NOW)
    do(world.shop, BOOK, "done", DUE_TODAY[:8], "lena", "", NOW)
    told = {mail.to_address: mail.subject for mail in world.tell()}
    assert told == {"omar@shop.example": "1 task and 1 draft are waiting for you"}


def test_before_eight_in_the_shop_nobody_is_told(world: World) -> None:
    assert world.tell(datetime.fromisoformat("2027-03-03T06:59:00+00:00")) == []  # 07:59 in Paris
    assert len(world.tell(datetime.fromisoformat("2027-03-03T07:00:00+00:00"))) == 2


def test_while_a_person_has_halted_all_mail_the_shops_own_people_are_told_still(world: World) -> None:
    world.store.set_switch(Switch(Word.halt, NOW, "lena"), NOW)
    assert len(world.tell()) == 2


def test_refused_copied_or_with_the_folder_nobody_is_told(world: World) -> None:
    world.store.set_switch(Switch(Word.halt, NOW, ITSELF), NOW)
    assert world.tell() == []
    world.store.lift_switch(Word.halt, "", NOW)
    world.store.halted = "a copy"
    assert world.tell() == []
    world.store.halted = ""
    world.shop.provider.name = "folder"  # type: ignore[misc]
    assert world.tell() == []


@pytest.mark.parametrize("config", [{"mode": "test"}, {"only_to": ("Omar@shop.example",)}])
def test_where_only_some_have_mail_only_they_are_told(world: World, config: dict[str, object]) -> None:
    world.shop = replace(world.shop, config=replace(world.shop.config, **config))  # type: ignore[arg-type]
    assert [mail.to_address for mail in world.tell()] == ["omar@shop.example"]


def test_what_the_provider_did_not_take_is_not_sent_twice(world: World, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO", logger="nurture")
    world.shop.provider.script = lambda mail, _nth: Handover(mail.key, Fate.in_doubt, "cut")  # type: ignore[attr-defined]
    assert len(world.tell()) == 2
    assert world.tell() == []
    assert "notice.sent fate=in_doubt" in caplog.text
    assert "shop.example" not in caplog.text
