"""A shop that was moved to PostgreSQL and back goes on as if it had stayed: the same mails, reasons and numbers."""

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import select

from nurture.config import Config
from nurture.deliver.folder import Folder
from nurture.engine.applying import live_book
from nurture.engine.hand_over import hand_over_all
from nurture.engine.replaying import replay
from nurture.engine.tick import tick
from nurture.engine.workshop import Workshop
from nurture.model.mail import Fate
from nurture.store.database import connect
from nurture.store.moving import move
from nurture.store.moving_rows import all_tables
from nurture.store.open import Store, open_store
from tests.ninety_days import NinetyDays
from tests.postgres_server import Server


def goes_on(folder: Path, url: str, now: datetime) -> tuple[Store, dict[str, list[Any]], int]:
    """Three weeks more, everything decided and handed over; what is in the store then, and how many mails went."""
    store, sent = open_store(url), 0
    codes = iter(range(10**6))
    shop = Workshop(
        folder,
        Config("", folder / "outbox", folder / "installation.json"),
        store,
        Folder(folder / "outbox"),
        "us",
        mint=lambda places: f"{next(codes):0{places}}",
    )
    for hours in range(12, 21 * 24, 36):
        moment = now + timedelta(hours=hours)
        live = live_book(store)
        assert live is not None
        tick(store, live.book, moment)
        sent += hand_over_all(shop, live, moment).fates.get(Fate.accepted, 0)
    return store, rows_of(store), sent


def rows_of(store: Store) -> dict[str, list[Any]]:
    with store.database.reading() as connection:
        return {
            table.name: sorted(map(tuple, connection.execute(select(table))), key=repr)
            for table in all_tables()
            if table.name != "declaration"
        }


def test_the_moved_shop_goes_on_as_the_old_one_would_have(tmp_path: Path, postgres: Server) -> None:
    story = NinetyDays(tmp_path / "lived", seed=11, people=6, days=25)
    story.live().close()
    here, stayed = story.folder / "nurture.db", tmp_path / "stayed.db"
    stayed.write_bytes(here.read_bytes())
    there, back = postgres.new_database(), f"sqlite:///{tmp_path / 'back.db'}"
    moved(f"sqlite:///{here}", there, story.now)
    one, expected, sent = goes_on(tmp_path / "one", f"sqlite:///{stayed}", story.now)
    other, found, sent_there = goes_on(tmp_path / "other", there, story.now)
    assert sent == sent_there > 3
    assert mails_in(tmp_path / "other") == mails_in(tmp_path / "one")
    assert found == expected
    for store in (one, other):
        proved = replay(store, (), None)
        assert proved.equal
        assert proved.decisions > 50
        store.close()
    moved(there, back, story.now)
    last = open_store(back)
    assert rows_of(last) == expected
    assert replay(last, (), None).equal
    last.close()


def moved(source: str, target: str, now: datetime) -> None:
    databases = connect(source), connect(target)
    move(*databases, now)
    for one in databases:
        one.engine.dispose()


def mails_in(folder: Path) -> dict[str, bytes]:
    return {file.name: file.read_bytes() for file in (folder / "outbox").iterdir()}
