"""What the log says of an import and of a round: counts and moments, nothing that tells who somebody is."""

import logging
from datetime import UTC, datetime
from pathlib import Path

import pytest

from nurture import observe
from nurture.engine.applying import apply, live_book
from nurture.engine.check import check
from nurture.engine.hand_over import hand_over_all
from nurture.engine.intake import Wanted
from nurture.engine.project import read_files
from nurture.engine.starter import make_project
from nurture.engine.take_in import take_in
from nurture.engine.tick import tick
from nurture.wiring import workshop

NOW = datetime(2027, 3, 9, 10, tzinfo=UTC)
CONTACTS = "id,email,first_name,locale\nc-salma,salma@shop.example,Salma,en\nc-omar,no address,Omar,klingon\n"
EVENTS = f"id,event,at,ticket\nc-salma,complaint.opened,{NOW.isoformat()},T-4711\n"
PERSONAL = ("salma", "omar", "@", "shop.example", "t-4711", "no address", "klingon")


def test_the_log_of_an_import_and_a_round_names_nobody(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    make_project(tmp_path)
    files = read_files(tmp_path)
    book = check(files).book
    assert book is not None
    caplog.set_level(logging.INFO)
    with workshop(tmp_path) as shop:
        apply(shop.store, book, files, NOW, "a test")
        for kind, text in (("contacts", CONTACTS), ("events", EVENTS)):
            file = tmp_path / f"{kind}.csv"
            file.write_text(text, encoding="utf-8")
            take_in(shop, file, Wanted(kind), NOW, lambda _: None)
        live = live_book(shop.store)
        assert live is not None
        assert tick(shop.store, live.book, NOW).intents == 1
        hand_over_all(shop, live, NOW)
    lines = [record.getMessage() for record in caplog.records]
    assert {line.split()[0] for line in lines} >= {observe.IMPORTED, observe.TICK_DONE, observe.HAND_OVER_DONE}
    assert [(line, word) for line in lines for word in PERSONAL if word in line.lower()] == []
