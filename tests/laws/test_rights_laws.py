"""What holds of who was forgotten and who was merged, whatever came before and in whatever order; each law bites.

Forgetting leaves nothing and brings nobody back, over imports, merges and a restored backup. Merging mails nobody
what either had, and loses no refusal.
"""

import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from nurture.config import Config
from nurture.decide import arbiter, merging
from nurture.decide.merging import RENAMED
from nurture.engine import merging as merging_engine
from nurture.engine.merging import merge, pair
from nurture.engine.rebuilding import rebuild
from nurture.engine.tick import tick
from nurture.engine.workshop import Workshop
from nurture.model.decision import Intent
from nurture.model.event import CONSENT_LIFTED
from nurture.model.mail import Fate, Handover
from nurture.model.person import Person
from nurture.model.step import WaitUntil
from nurture.model.trigger import Again
from nurture.store import forgetting, identity
from nurture.store import merging as rows_merged
from nurture.store.forgetting import Forgetting
from nurture.store.open import Store, open_store
from nurture.store.rows import AnyRow, ConsentRow, ContactRow, EventRow, SuppressionRow
from nurture.store.said import Said
from tests import worlds as w
from tests.drawing import Dice, between, drawn, one_of
from tests.hunting import hunt
from tests.new_stores import kept_in
from tests.postgres_server import Server
from tests.sending_worlds import NOW, RULES, Scripted

DAY, HOUR = timedelta(days=1), timedelta(hours=1)
LAWFUL = settings(max_examples=20, deadline=None, suppress_health_check=list(HealthCheck))
TRIES = 40
DATE = WaitUntil(id="date", place=w.HERE, path=("person", "vip_since"))
STEPS = [w.send("one"), DATE, w.send("two"), w.wait("2 days"), w.send("three")]
BOOK = w.book(w.sequence("hello", w.JOINED, STEPS, again=Again(per="person")), rules=RULES)
IDS = ("a", "b")


@dataclass
class Story:
    """A store on disk, and what is done to it."""

    folder: Path
    url: str = ""
    copy_of: Callable[[str], str] = str
    now: datetime = NOW
    sent: list[Intent] = field(default_factory=list)
    dates: dict[str, date] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.store = self.opened()

    def opened(self) -> Store:
        url = self.url or f"sqlite:///{self.folder / 'nurture.db'}"
        store = open_store(url, self.folder / "installation")
        self.door = Forgetting(store.database, store.outbox.remember, self.folder / "installation")
        return store

    def take(self, *rows: AnyRow) -> None:
        self.store.importing(self.now).take(rows, lambda _row, _why: None)

    def live(self, days: int) -> None:
        """A round every twelve hours; what is decided is handed over at once."""
        until = self.now + days * DAY
        while self.now < until:
            self.now += 12 * HOUR
            tick(self.store, BOOK, self.now)
            self.hand_over()

    def hand_over(self) -> None:
        while (batch := self.store.claim(100, self.now, "us")) is not None:
            self.store.hand(batch, self.now)
            self.sent += batch.intents
            done = [Handover(intent.key, Fate.accepted) for intent in batch.intents]
            self.store.settle(batch, done, self.now, BOOK)

    def merge(self, person: str, other: str) -> None:
        config = Config("", self.folder / "outbox", self.folder / "installation")
        shop = Workshop(self.folder, config, self.store, Scripted(), "us")
        merge(shop, BOOK, pair(shop, person, other, self.now), "lena", self.now)

    def contact(self, one: str) -> ContactRow:
        return ContactRow(
            outside_id=f"shop-{one}", address=f"{one}.reader@x.example", topics=("tips",), basis="x",
            facts={"first_name": f"Name{one}", "vip_since": self.dates.get(one, NOW.date())},
        )  # fmt: skip

    def restore(self, backup: bytes | str) -> None:
        """Yesterday's store in the place of today's; whoever opens the project forgets once more."""
        self.store.close()
        if isinstance(backup, str):
            self.url = backup
        else:
            for file in self.folder.glob("nurture.db*"):
                file.unlink()
            (self.folder / "nurture.db").write_bytes(backup)
        self.store = self.opened()
        self.door.again(self.store.id)
        if self.store.halted:
            self.store.accept()

    def backup(self) -> bytes | str:
        """The bytes of the file as it is now, or where a copy lies."""
        self.store.close()
        data = self.copy_of(self.url) if self.url else (self.folder / "nurture.db").read_bytes()
        self.store = self.opened()
        return data


@contextmanager
def story(url: str = "", copy_of: Callable[[str], str] = str) -> Iterator[Story]:
    with tempfile.TemporaryDirectory() as folder:
        told = Story(Path(folder), url, copy_of)
        try:
            yield told
        finally:
            told.store.close()


def before(told: Story, dice: Dice) -> set[str]:
    """Two contacts with a past of some days; the ids of those who refused."""
    told.dates = {one: NOW.date() + between(dice, 1, 9) * DAY for one in IDS}
    told.take(*(told.contact(one) for one in IDS))
    for _ in range(between(dice, 2, 6)):
        who = one_of(dice, *IDS)
        told.now += between(dice, 1, 40) * HOUR
        match one_of(dice, 0, 1, 2, 2, 3):
            case 0 | 1:
                told.take(EventRow(outside_id=f"shop-{who}", name="subscriber.joined", at=told.now, fresh=True))
            case 2:
                told.take(ConsentRow(outside_id=f"shop-{who}", at=told.now, topics=("tips",), given=bool(dice(1))))
            case 3:
                id_ = known(told, f"shop-{who}").id
                fields = {"topics": ("tips",), "by": "reader"}
                told.store.record(Said(id_, CONSENT_LIFTED, (str(told.now),), fields), told.now)
        if dice(1):
            told.live(between(dice, 1, 3))
    told.live(1)
    if dice(1):  # what is decided last waits still
        told.now += HOUR
        rows = (EventRow(outside_id=f"shop-{one}", name="subscriber.joined", at=told.now, fresh=True) for one in IDS)
        told.take(*rows)
        told.now += HOUR
        tick(told.store, BOOK, told.now)
    return {who for who in IDS if not known(told, f"shop-{who}").consents["tips"].given}


def known(told: Story, name: str) -> Person:
    id_ = told.store.find(name)
    assert id_ is not None, name
    tick(told.store, BOOK, told.now)
    ((person, _),) = told.store.people([id_], told.now)
    return person


# Merging


def merged_lawfully(dice: Dice, url: str = "") -> bool:
    """Nobody gets what either had; a refusal of either holds; what follows from the events is what is kept."""
    with story(url) as told:
        refused = before(told, dice)
        first, second = IDS if dice(1) else IDS[::-1]
        had = [(one.subject, one.mail) for one in told.sent]
        told.merge(f"shop-{first}", f"shop-{second}")
        told.take(*(told.contact(one) for one in IDS))
        told.live(14)
        after = [(one.subject.partition(RENAMED)[0], one.mail) for one in told.sent[len(had) :]]
        person = known(told, f"shop-{first}")
        return (
            not set(had).intersection(after)
            and len(after) == len(set(after))
            and (not refused or not person.consents["tips"].given)
            and (not refused or not after)
            and told.store.counts().people == 1
            and rebuild(told.store, BOOK, told.now, lambda _: None).equal
        )


# Forgetting


def forgotten_lawfully(dice: Dice, url: str = "", copy_of: Callable[[str], str] = str) -> bool:
    """No byte of them is left, and nobody whom they were comes back as one who may be written to."""
    with story(url, copy_of) as told:
        told.take(told.contact("c"))
        before(told, dice)
        backup = told.backup()
        both = bool(dice(1))
        if both:
            told.merge("shop-a", "shop-b")
        who = "ab" if both else one_of(dice, *IDS)
        told.now += DAY
        told.door.forget(known(told, f"shop-{who[0]}").id, "lena", told.now)
        if is_left(told, who):
            return False
        if dice(1):
            told.restore(backup)
            if is_left(told, who):
                return False
        sent = len(told.sent)
        told.take(*back(told, who, dice))
        told.live(5)
        return (
            all(is_barred(told, name) for one in who for name in (f"shop-{one}", f"{one}.reader@x.example"))
            and not {one.address for one in told.sent[sent:]}.intersection(f"{one}.reader@x.example" for one in who)
            and rebuild(told.store, BOOK, told.now, lambda _: None).equal
        )


def is_left(told: Story, who: str) -> bool:
    data = b"".join(file.read_bytes() for file in told.folder.iterdir())
    data += kept_in(told.store.database) if told.url else b""
    words = [word for one in who for word in (f"{one}.reader@x.example", f"shop-{one}", f"Name{one}")]
    return any(word.encode() in data for word in words)


def back(told: Story, who: str, dice: Dice) -> Iterator[AnyRow]:
    """The shop tells of them again, in one way or another; others have nothing to send."""
    for one in who:
        whole = told.contact(one)
        rows: list[AnyRow] = [
            whole,
            ContactRow(outside_id=whole.outside_id, topics=("tips",), basis="x"),
            ContactRow(address=whole.address.upper(), topics=("tips",), basis="x"),
            SuppressionRow(address=whole.address, because="bounced", at=told.now),
        ]
        yield rows[dice(3)]
        yield EventRow(outside_id=whole.outside_id, address="", name="subscriber.joined", at=told.now, fresh=True)


def is_barred(told: Story, name: str) -> bool:
    """Whether nobody is called so, or one who is never written to."""
    id_ = told.store.find(name)
    if id_ is None:
        return True
    person = known(told, name)
    return bool(person.suppressed or person.erased)


LAWS: dict[str, Callable[[Dice], bool]] = {"merged": merged_lawfully, "forgotten": forgotten_lawfully}


@pytest.mark.parametrize("law", LAWS)
def test_the_law_holds(law: str) -> None:
    @LAWFUL
    @given(st.data())
    def holds(data: st.DataObject) -> None:
        assert LAWS[law](drawn(data.draw))

    holds()


@settings(LAWFUL, max_examples=4)
@given(st.data())
def test_merging_is_lawful_over_postgresql(postgres: Server, data: st.DataObject) -> None:
    with postgres.new_store() as url:
        assert merged_lawfully(drawn(data.draw), url)


@settings(LAWFUL, max_examples=4)
@given(st.data())
def test_forgetting_is_lawful_over_postgresql(postgres: Server, data: st.DataObject) -> None:
    with postgres.new_store() as url:
        assert forgotten_lawfully(drawn(data.draw), url, postgres.copy_of)


def _unrefused(person: Person, old: Person) -> dict[str, object]:
    return {**REALLY(person, old), "refused": (), "everything": False}


REALLY = merging.standing
FAULTS = [
    ("merged", arbiter, "had_before", lambda *_: False),
    ("merged", rows_merged, "twice", lambda *_: []),
    ("merged", merging_engine, "standing", _unrefused),
    ("merged", merging_engine.Core, "unwanted", lambda *_: []),
    ("merged", rows_merged, "replace", lambda whole, **_: whole),
    ("forgotten", identity, "barred", lambda *_: set()),
    ("forgotten", forgetting, "scrub", lambda _database: ""),
    ("forgotten", Forgetting, "again", lambda *_: 0),
]


@pytest.mark.parametrize("number", range(len(FAULTS)))
def test_the_law_catches_a_planted_fault(number: int, monkeypatch: pytest.MonkeyPatch) -> None:
    law, owner, name, fault = FAULTS[number]
    monkeypatch.setattr(owner, name, fault)
    hunt(lambda dice: dice, lambda dice: not LAWS[law](dice), TRIES)
