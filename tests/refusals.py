"""Refusals and everything that might undo them: small histories over a real store, told again in plain Python.

A history is a list of moves. `Lived.wrong` holds every mail that was handed over although its reader, or whoever had
its address, had refused it by then: it must stay empty. What counts as refused is kept here; nothing of nurture's is
asked for it.
"""

import asyncio
import shutil
import sqlite3
from collections import Counter
from collections.abc import Iterable
from contextlib import closing
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from alembic import command
from alembic.config import Config

from nurture.engine.tick import tick
from nurture.model.mail import Email, Fate, Handover
from nurture.store import migrate
from nurture.store.database import connect
from nurture.store.rows import AnyRow, ConsentRow, ContactRow, EventRow, SuppressionRow
from tests.sending_worlds import NOW, Answer, Clock, Scripted, Shop, open_shop

PEOPLE = ("salma", "aram", "noa")
TOPIC = ("tips",)
MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)
COMPLAINED, JOINED = "complaint.opened", "subscriber.joined"
MOVES = (
    "joins", "complains", "refuses", "refuses everything", "spam report", "provider sync", "csv again",
    "csv with another basis", "csv of yesterday", "shop says they agreed", "shop id changes", "address changes",
    "address goes to another", "sends", "backup", "restore",
)  # fmt: skip
IN_FILES = ("backup", "restore", "upgrade")  # moves of a store in a file
OFTEN = ("joins", "joins", "complains", "sends", "sends", "refuses", "csv again", "address changes", "restore")
BEFORE = "0003"  # the version of the store that the last release left
Move = tuple[str, int]


@dataclass
class Lived:
    """One history as it came out. `news` and `everything`: people and addresses that refused."""

    folder: Path
    url: str = ""  # where the store lies, if not in a file of the folder; then nothing is put aside or upgraded
    clock: Clock = field(default_factory=lambda: Clock(NOW))
    address: dict[str, str] = field(default_factory=lambda: {name: f"{name}@shop.example" for name in PEOPLE})
    id: dict[str, str] = field(default_factory=lambda: {name: name for name in PEOPLE})
    news: set[str] = field(default_factory=set)
    everything: set[str] = field(default_factory=set)
    said_since_backup: list[AnyRow] = field(default_factory=list)
    went: Counter[str] = field(default_factory=Counter)
    wrong: list[tuple[str, str]] = field(default_factory=list)
    number: int = 0

    def __post_init__(self) -> None:
        self.open()
        if not self.url:
            self.backup()

    def open(self) -> None:
        self.shop: Shop = open_shop(self.url or self.folder, Scripted(self.answer))
        self.shop.clock = self.clock

    def answer(self, mail: Email, _nth: int) -> Answer:
        """The provider takes everything; what it should never have been given is kept as wrong."""
        whose = {mail.to_address, *(name for name, address in self.address.items() if address == mail.to_address)}
        kind = "service" if "sorry" in mail.categories else "news"
        if whose & self.everything or (kind == "news" and whose & self.news):
            self.wrong.append((mail.to_address, kind))
        self.went[kind] += 1
        return Handover(mail.key, Fate.accepted, "taken")

    def go(self, moves: Iterable[Move]) -> "Lived":
        """All moves, and all that is due after them."""
        for name in PEOPLE:
            self.take(self.contact(name, basis="a form"))
        for what, number in moves:
            self.clock.now += MINUTE
            getattr(self, what.replace(" ", "_"))(PEOPLE[number % len(PEOPLE)])
        for name in PEOPLE:
            self.joins(name)
        self.sends("")
        self.shop.store.close()
        return self

    # What may happen

    def joins(self, name: str) -> None:
        self.happens(name, JOINED)

    def complains(self, name: str) -> None:
        self.happens(name, COMPLAINED)

    def happens(self, name: str, event: str) -> None:
        self.number += 1
        at = self.clock.now
        self.take(EventRow(outside_id=self.id[name], name=event, at=at, id=f"{event}{self.number}"), kept=False)

    def refuses(self, name: str, topics: tuple[str, ...] = TOPIC) -> None:
        at = self.clock.now
        self.take(ConsentRow(outside_id=self.id[name], address=self.address[name], topics=topics, given=False, at=at))
        self.news |= {name, self.address[name]}

    def refuses_everything(self, name: str) -> None:
        self.refuses(name, ())

    def spam_report(self, name: str) -> None:
        self.provider_sync(name, "spam report")

    def provider_sync(self, name: str, because: str = "listed by the provider") -> None:
        """The provider's list names an address, and nobody."""
        self.take(SuppressionRow(address=self.address[name].upper(), because=because, at=self.clock.now))
        self.everything |= {name, self.address[name]}

    def csv_again(self, name: str) -> None:
        """The list of the first day once more, to which everybody on it had agreed."""
        self.take(self.contact(name, basis="a form"))

    def csv_with_another_basis(self, name: str) -> None:
        self.number += 1
        self.take(self.contact(name, basis=f"list {self.number}"))

    def csv_of_yesterday(self, name: str) -> None:
        self.take(ContactRow(outside_id=self.id[name], address=self.address[name], facts={"locale": "en"},
                             topics=TOPIC, basis="old", at=self.clock.now - DAY))  # fmt: skip

    def shop_says_they_agreed(self, name: str) -> None:
        """What a shop's sync says of somebody is not their own word, however new it is."""
        self.take(ConsentRow(outside_id=self.id[name], topics=TOPIC, basis="sync", given=True, at=self.clock.now))

    def shop_id_changes(self, name: str) -> None:
        """The shop deletes somebody and makes them anew: another id, the same address."""
        self.number += 1
        self.id[name] = f"{name}-{self.number}"
        self.csv_again(name)

    def address_changes(self, name: str) -> None:
        self.number += 1
        self.address[name] = f"{name}{self.number}@shop.example"
        for refused in (self.news, self.everything):
            refused.update({self.address[name]} if name in refused else ())
        self.csv_again(name)

    def address_goes_to_another(self, name: str) -> None:
        """Somebody gives up an address, and the next one comes with it."""
        old = self.address[name]
        self.address_changes(name)
        other = PEOPLE[(PEOPLE.index(name) + 1) % len(PEOPLE)]
        self.address[other] = old
        self.csv_again(other)

    def sends(self, _name: str) -> None:
        """A turn of the daemon."""
        tick(self.shop.store, self.shop.live.book, self.clock.now)
        asyncio.run(self.shop.sending().round())

    def backup(self, _name: str = "") -> None:
        """The store's file is put aside, as it is when nobody is at it."""
        self.shop.store.close()
        shutil.copy(self.folder / "store.db", self.folder / "backup.db")
        self.open()
        self.said_since_backup = []

    def restore(self, _name: str) -> None:
        """The file comes back, and what people said since is taken in again before anything else, as is told."""
        self.shop.store.close()
        for left in self.folder.glob("store.db*"):
            left.unlink()
        shutil.copy(self.folder / "backup.db", self.folder / "store.db")
        self.open()
        again, self.said_since_backup = self.said_since_backup, []
        for row in again:
            self.take(row)

    def upgrade(self, _name: str) -> None:
        """The store is as the version before left it, with all that was said; this version opens it."""
        self.shop.store.close()
        as_before(self.folder / "store.db")
        self.open()
        assert self.shop.store.backup is not None, "nothing was migrated"

    # Taking in

    def contact(self, name: str, basis: str) -> ContactRow:
        return ContactRow(outside_id=self.id[name], address=self.address[name], facts={"locale": "en"}, topics=TOPIC,
                          basis=basis)  # fmt: skip

    def take(self, row: AnyRow, kept: bool = True) -> None:
        """Take a row in; one that is refused, such as an address that somebody else has, changes nothing."""
        self.shop.store.importing(self.clock.now).take([row], lambda *_: None)
        if kept:
            self.said_since_backup.append(row)


def as_before(new: Path) -> None:
    """Put a store of the version before, with all that it can hold of what is in this one, in its place."""
    old = new.with_name("old.db")
    migrated(old, BEFORE)
    with closing(sqlite3.connect(old, isolation_level=None)) as store:
        store.execute("ATTACH ? AS new", (str(new),))
        tables = [name for (name,) in store.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        for table in sorted(set(tables) - {"alembic_version"}):
            if table.startswith("sqlite_"):
                continue
            both = [set(columns(store, one, table)) for one in ("main", "new")]
            names = ", ".join(f'"{name}"' for name in sorted(both[0] & both[1]))
            store.execute(f'INSERT INTO "{table}" ({names}) SELECT {names} FROM new."{table}"')  # noqa: S608
    for left in new.parent.glob(f"{new.name}*"):
        left.unlink()
    old.rename(new)


def migrated(file: Path, revision: str) -> None:
    """A new store of an earlier version."""
    database, config = connect(f"sqlite:///{file}"), Config()
    config.set_main_option("script_location", str(migrate.migrations_folder()))
    with database.writing() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, revision)
    database.engine.dispose()


def columns(store: sqlite3.Connection, where: str, table: str) -> list[str]:
    """The names of a table's columns."""
    return [row[1] for row in store.execute(f'PRAGMA {where}.table_info("{table}")')]


@cache
def new_store() -> bytes:
    """The bytes of a store in which nothing is yet; making one takes longer than a whole history."""
    with TemporaryDirectory() as folder:
        open_shop(Path(folder)).store.close()
        return (Path(folder) / "store.db").read_bytes()


def lived(moves: Iterable[Move], url: str = "") -> Lived:
    """A history from its beginning to its end, in a file or at the URL of an empty store."""
    with TemporaryDirectory() as folder:
        if not url:
            (Path(folder) / "store.db").write_bytes(new_store())
        return Lived(Path(folder), url).go(moves)
