"""A shop that goes on: ticks and hand-overs at fixed moments, so that two stores of one shop can be compared."""

from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import select

from nurture.config import Config
from nurture.deliver.folder import Folder
from nurture.engine.applying import live_book
from nurture.engine.hand_over import hand_over_all
from nurture.engine.tick import tick
from nurture.engine.workshop import Workshop
from nurture.model.mail import Fate
from nurture.store.moving_rows import all_tables
from nurture.store.open import Store

DAYS, EVERY = 21, 36  # how long it goes on, and the hours between two rounds


def goes_on(store: Store, folder: Path, now: datetime, each: Callable[[int], None] = lambda _round: None) -> int:
    """Three weeks more, everything decided and handed over into a folder; how many mails went."""
    codes, sent = iter(range(10**6)), 0
    shop = Workshop(
        folder,
        Config("", folder / "outbox", folder / "installation.json"),
        store,
        Folder(folder / "outbox"),
        "us",
        mint=lambda places: f"{next(codes):0{places}}",
    )
    for number, hours in enumerate(range(12, DAYS * 24, EVERY)):
        each(number)
        moment = now + timedelta(hours=hours)
        live = live_book(store)
        assert live is not None
        tick(store, live.book, moment)
        sent += hand_over_all(shop, live, moment).fates.get(Fate.accepted, 0)
    return sent


def rows_of(store: Store) -> dict[str, list[Any]]:
    """Everything in it but what it says of itself."""
    with store.database.reading() as connection:
        return {
            table.name: sorted(map(tuple, connection.execute(select(table))), key=repr)
            for table in all_tables()
            if table.name != "declaration"
        }


def mails_in(folder: Path) -> dict[str, bytes]:
    """The mails that went into a folder, by their names."""
    return {file.name: file.read_bytes() for file in (folder / "outbox").iterdir()}
