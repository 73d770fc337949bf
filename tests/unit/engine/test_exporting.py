"""What is known of one person: all of it, as data and as a page, and nothing of anybody else."""

import json
from datetime import timedelta
from io import BytesIO
from pathlib import Path
from zipfile import ZipFile

import pytest

from nurture.config import Config
from nurture.engine.exporting import export
from nurture.engine.faults import MisuseError
from nurture.engine.tick import tick
from nurture.engine.workshop import Workshop
from nurture.store.open import open_store
from nurture.store.rows import ConsentRow, ContactRow, EventRow
from tests import worlds as w
from tests.sending_worlds import NOW, RULES, Scripted, refuse

BOOK = w.book(w.sequence("hello", w.JOINED, [w.send("hello")]), rules=RULES)


@pytest.fixture
def shop(tmp_path: Path):
    store = open_store(f"sqlite:///{tmp_path / 'nurture.db'}", tmp_path / "installation")
    for who in ("salma", "ben"):
        said = ConsentRow(
            outside_id=who, at=NOW, topics=("tips",), given=True, basis="form", wording=f"<b>Yes</b>, says {who}"
        )
        rows = [
            ContactRow(outside_id=who, address=f"{who}@x.example", facts={"first_name": who.title()}),
            EventRow(outside_id=who, name="review.posted", at=NOW, fields={"stars": 4, "words": f"{who} likes it"}),
            EventRow(outside_id=who, name="subscriber.joined", at=NOW, fresh=True),
            said,
        ]
        store.importing(NOW).take(rows, refuse)
    tick(store, BOOK, NOW + timedelta(hours=1))
    config = Config("", tmp_path / "outbox", tmp_path / "installation")
    yield Workshop(tmp_path, config, store, Scripted(), "us")
    store.close()


def test_all_of_theirs_is_in_it_and_nothing_of_others(shop: Workshop) -> None:
    done = export(shop, BOOK, "salma", NOW + timedelta(hours=2))
    archive = ZipFile(BytesIO(done.data))
    data, page = (archive.read(f"everything.{kind}").decode() for kind in ("json", "html"))
    for text in (data, page):
        assert all(word in text for word in ("salma@x.example", "Salma", "salma likes it", "hello"))
        assert "ben" not in text.casefold()
    assert json.loads(data)["consent"][0]["wording"] == "<b>Yes</b>, says salma"
    assert json.loads(data)["message"][0]["mail"] == "hello"
    assert "&lt;b&gt;Yes&lt;/b&gt;, says salma" in page
    assert "<b>Yes" not in page
    assert done.rows["message"] == 1
    assert any("for_her.zip" in line for line in done.lines("for_her.zip"))


def test_nobody_of_that_name_is_said(shop: Workshop) -> None:
    with pytest.raises(MisuseError):
        export(shop, BOOK, "nur", NOW)
