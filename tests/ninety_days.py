"""A random shop lived through by the daemon's own parts: the files are edited, people are late, ticks miss days.

One seed is one story. Everything that a shop and its people can do to a store happens in it: events that come late,
orders undone, two ids of one contact, facts and things that change, tasks, drafts, calls, codes, clicks, mails taken
back, sequences paused and stopped, files applied, renamed and undone.
"""

import random  # noqa: TID251 - which days a story has: the tests' choice, not nurture's
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import count
from pathlib import Path

from sqlalchemy import update

from nurture.config import Config
from nurture.deliver.folder import Folder
from nurture.engine.applying import make_live
from nurture.engine.drafts import approve, drop
from nurture.engine.faults import RefusedError
from nurture.engine.hand_over import hand_over_all
from nurture.engine.live import Choice, LiveBook, live_book
from nurture.engine.plan import plan
from nurture.engine.switches import let_out, pause, resume, stop
from nurture.engine.tick import tick
from nurture.engine.workshop import Workshop
from nurture.language.project import read_project
from nurture.model import event as names
from nurture.model.event import Line, Money
from nurture.model.mail import Fate
from nurture.model.switch import Switch, Word
from nurture.store.desk import desk
from nurture.store.open import Store, open_store
from nurture.store.outbox_by_hand import Act
from nurture.store.rows import AnyRow, ConsentRow, ContactRow, EventRow, SuppressionRow
from nurture.store.said import Said
from nurture.store.tables import INSTALLATION
from nurture.store.webhooks import FAILED, OK, Result
from tests import worlds as w
from tests.edits_of_files import EDITS, Files, first_files

BEGIN = w.utc("2027-02-20 07:00")
ZONES = ("Europe/Paris", "America/New_York", "Asia/Kolkata", "Africa/Cairo", "Pacific/Auckland")
WHO = "lena"
MOST = 1_000


@dataclass
class NinetyDays:
    """One story: call `live`, then look at `shop.store`. `did` counts what really happened in it."""

    folder: Path
    seed: int
    people: int = 12
    days: int = 90
    did: dict[str, int] = field(default_factory=dict)
    url: str = ""

    def __post_init__(self) -> None:
        self.chance = random.Random(self.seed)  # noqa: S311 - not a secret
        self.numbers = count()
        self.store = self.of_its_own_name(self.url or f"sqlite:///{self.folder / 'nurture.db'}")
        config = Config("", Path("outbox"), Path("installation.json"))
        self.shop = Workshop(
            self.folder,
            config,
            self.store,
            Folder(self.folder / "outbox"),
            "us",
            mint=lambda n: f"{next(self.numbers):0{n}}",
        )
        self.files, self.before = first_files(), first_files()
        self.known: list[str] = []
        self.orders: list[tuple[str, str]] = []
        self.now = BEGIN

    def of_its_own_name(self, url: str) -> Store:
        """A new store; people's ids, and so who comes first and which way they take, follow from its own."""
        new = open_store(url)
        with new.database.writing() as connection:
            connection.execute(update(INSTALLATION).values(store=f"{self.seed:032x}"))
        new.close()
        return open_store(url)

    def did_it(self, what: str, times: int = 1) -> None:
        self.did[what] = self.did.get(what, 0) + times

    def live(self) -> Store:
        """Ninety days: the ticks are at random moments, and now and then none is for days."""
        self.apply_files(self.files, "began")
        for _ in range(self.people // 2):
            self.newcomer()
        end = BEGIN + timedelta(days=self.days)
        edit_at = BEGIN + timedelta(days=6)
        while self.now < end:
            dice = self.chance.random()
            hours = self.chance.uniform(60, 160) if dice < 0.04 else self.chance.uniform(0.1, 26)
            self.now += timedelta(seconds=int(hours * 3600), microseconds=self.chance.randrange(10**6))
            self.did_it("outage", int(dice < 0.04))
            self.what_happens(int(hours / 3) + 1)
            if self.now > edit_at:
                edit_at = self.now + timedelta(days=self.chance.uniform(3, 9))
                self.edit()
            self.round()
        return self.store

    def live_book(self) -> LiveBook:
        found = live_book(self.store)
        assert found is not None
        return found

    def round(self) -> None:
        """A tick, and what the daemon and the shop's people do around it."""
        chance = self.chance
        self.did_it("decided", tick(self.store, self.live_book().book, self.now).intents)
        if chance.random() < 0.8:
            handed = hand_over_all(self.shop, self.live_book(), self.now)
            self.did_it("handed over", handed.fates.get(Fate.accepted, 0))
        if chance.random() < 0.7:
            self.at_the_desk()
        if chance.random() < 0.1:
            self.switch()
        if chance.random() < 0.5:
            tick(self.store, self.live_book().book, self.now)  # two at one instant

    # What people do

    def newcomer(self) -> None:
        name = f"p{len(self.known)}"
        facts = {"first_name": name.title(), "zone": self.chance.choice(ZONES)}
        topics = ("tips", "care") if self.chance.random() < 0.8 else ("care",)
        self.known.append(name)
        self.take(
            ContactRow(outside_id=name, address=f"{name}@shop.example", facts=facts, at=self.now),
            ConsentRow(outside_id=name, topics=self.topics(topics), given=True, at=self.now, basis="ticked"),
        )

    def topics(self, asked: tuple[str, ...]) -> tuple[str, ...]:
        known = self.live_book().book.topics
        return tuple(one if one in known else "advice" for one in asked)

    def take(self, *rows: AnyRow) -> None:
        def refuse(row: AnyRow, why: str) -> None:
            raise AssertionError(f"{row}: {why}")

        self.store.importing(self.now).take(rows, refuse)

    def what_happens(self, times: int) -> None:
        for _ in range(times):
            if len(self.known) < self.people and self.chance.random() < 0.15:
                self.newcomer()
            who = self.chance.choice(self.known)
            self.chance.choice(self.DEEDS)(self, who)

    def late(self) -> datetime:
        """Known now; one in four happened days ago."""
        if self.chance.random() < 0.75:
            return self.now - timedelta(seconds=self.chance.randrange(0, 3600))
        self.did_it("late")
        return self.now - timedelta(hours=self.chance.uniform(6, 240))

    def happens(self, who: str, name: str, **fields: object) -> None:
        self.take(EventRow(outside_id=who, name=name, at=self.late(), id=f"e{next(self.numbers)}", fields=fields))

    def orders_something(self, who: str) -> None:
        order = f"o{next(self.numbers)}"
        self.orders.append((who, order))
        price = Money(Decimal(self.chance.randrange(9, 60)), "EUR")
        line = Line(self.chance.choice(["sampler", "grinder", "beans"]), 1.0, price)
        self.happens(who, "order.placed", order_id=order, total=price, lines=(line,))

    def undoes(self, _who: str) -> None:
        if self.orders:
            self.did_it("undone")
            who, order = self.orders.pop(self.chance.randrange(len(self.orders)))
            self.happens(who, "order.cancelled", order_id=order)

    def complains(self, who: str) -> None:
        self.happens(who, "complaint.opened", ticket="t1")

    def is_content(self, who: str) -> None:
        self.happens(who, "complaint.resolved", ticket="t1")

    def reviews(self, who: str) -> None:
        self.happens(who, "review.posted", stars=float(self.chance.randrange(1, 6)), words="so")

    def moves(self, who: str) -> None:
        self.take(
            ContactRow(outside_id=who, facts={"zone": self.chance.choice(ZONES), "size": "large"}, at=self.late())
        )

    def changes_address(self, who: str) -> None:
        self.take(ContactRow(outside_id=who, address=f"{who}.{next(self.numbers)}@shop.example", at=self.now))

    def has_two_names(self, who: str) -> None:
        """The shop and its till call one contact otherwise: both are one person from now on."""
        address = f"{who}.{next(self.numbers)}@shop.example"
        other = f"{who}-{next(self.numbers)}"
        self.take(ContactRow(outside_id=who, address=address, at=self.now))
        self.take(ContactRow(outside_id=other, address=address, facts={"country": "FR"}, at=self.now))
        self.happens(other, "review.posted", stars=5.0, words="also me")
        self.did_it("joined")

    def changes_mind(self, who: str) -> None:
        topics = self.topics(("tips",)) if self.chance.random() < 0.8 else ()
        given = bool(topics) and self.chance.random() < 0.7
        self.take(ConsentRow(outside_id=who, topics=topics, given=given, at=self.late(), basis="said so"))

    def speaks(self, who: str) -> None:
        """What the reader says themselves, by a link."""
        id_ = self.id_of(who)
        name = self.chance.choice([names.CONSENT_GIVEN, names.CONSENT_LIFTED, names.THEME_SPARED, names.THEME_WANTED])
        fields = {"topics": self.topics(("tips", "care")), "by": "reader", "theme": "mothers_day"}
        self.store.record(Said(id_, name, (str(next(self.numbers)),), fields), self.now)

    def clicks(self, who: str) -> None:
        id_ = self.id_of(who)
        ((person, _),) = self.store.people([id_], self.now)
        if person.messages:
            key = self.chance.choice(person.messages).key
            self.did_it(
                "clicked", int(bool(self.store.record(Said(id_, names.MAIL_CLICKED, (key,), {"key": key}), self.now)))
            )

    def has_things(self, who: str) -> None:
        day = (self.now + timedelta(days=self.chance.randrange(3, 40))).date()
        fields: dict[str, object] = {"thing": "subscription", "key": "s1", "fields": {"renews_on": day, "plan": "big"}}
        name = names.THING_CHANGED if self.chance.random() < 0.8 else names.THING_REMOVED
        self.store.record(Said(self.id_of(who), name, (str(next(self.numbers)),), fields, fresh=True), self.now)

    def brews(self, who: str) -> None:
        told = {"numbers": "cups", "fields": {"brewed": float(self.chance.randrange(0, 30))}}
        self.store.record(Said(self.id_of(who), names.NUMBERS_TOLD, (str(next(self.numbers)),), told), self.now)

    def is_suppressed(self, who: str) -> None:
        if self.chance.random() < 0.1:
            self.take(SuppressionRow(outside_id=who, at=self.now))

    def id_of(self, who: str) -> str:
        id_ = self.store.find(who)
        assert id_ is not None
        return id_

    DEEDS = (
        orders_something, orders_something, orders_something, undoes, complains, is_content, reviews, reviews, reviews,
        moves, changes_address, has_two_names, changes_mind, speaks, clicks, clicks, has_things, brews, is_suppressed,
    )  # fmt: skip

    # What the shop does

    def at_the_desk(self) -> None:
        """Calls are answered, tasks done, drafts settled, and a mail that waits is taken back."""
        chance, on_it, live = self.chance, desk(self.store), self.live_book()
        for call in on_it.webhooks.claim(MOST, self.now):
            answer = Result(call.key, OK if chance.random() < 0.8 else FAILED, "said the other side")
            self.did_it("answered", int(on_it.webhooks.settle(answer, self.now)))
        for task in on_it.tasks.open(MOST):
            if chance.random() < 0.4:
                self.did_it("done", int(on_it.tasks.finish(task.key, WHO, "", self.now)))
        for sheet in on_it.drafts.waiting(MOST):
            self.settle(sheet.intent.key, live)
        for one in self.store.outbox.lying(Fate.planned, MOST):
            if chance.random() < 0.3:
                act = Act(one.key, WHO, "a second thought", self.now)
                self.did_it("taken back", int(self.store.outbox.drop(act, live.book)[1]))

    def settle(self, key: str, live: LiveBook) -> None:
        try:
            if self.chance.random() < 0.4:
                approve(self.shop, live, key, WHO, self.now)
                self.did_it("approved")
            elif self.chance.random() < 0.5:
                drop(self.shop, live, key, WHO, "not now", self.now)
                self.did_it("dropped")
        except RefusedError:
            self.did_it("refused")

    def switch(self) -> None:
        """A sequence is paused or stopped, or goes on."""
        book = self.live_book().book
        name = self.chance.choice(sorted(book.sequences))
        dice = self.chance.random()
        if dice < 0.6:
            resume(self.store, book, sorted(book.sequences), self.now)
        elif dice < 0.85:
            pause(self.store, book, [name], WHO, "wrong price", self.now)
            self.did_it("paused")
        else:
            stop(self.store, Switch(Word.stop, self.now, WHO, name, "gone"), self.now)
            let_out(self.store, self.live_book().book, name, self.now)
            self.did_it("stopped")

    def edit(self) -> None:
        """Some files are changed and applied; now and then it is taken back."""
        if self.chance.random() < 0.15:
            self.apply_files(self.before, "undone")
            return
        files = dict(self.files)
        for change in self.chance.sample(EDITS, self.chance.randrange(1, 4)):
            change(files, self.chance)
        self.apply_files(files, "applied")

    def apply_files(self, files: Files, word: str) -> None:
        """Make them live, or leave them where a decision would be missing."""
        reading = read_project(files)
        if reading.book is None:
            self.did_it(f"not {word}: mistakes")
            return
        choice = Choice(self.chance.choice(["send", "old-day", "spread"]), w.length("3 days"))
        try:
            found = plan(self.store, reading.book, files, self.now, choice)
            make_live(self.store, found, files, self.now, WHO)
        except RefusedError as refused:
            self.did_it(f"not {word}: {str(refused)[:30]}")
            return
        self.files, self.before = files, self.files
        self.did_it(word)
