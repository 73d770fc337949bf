"""What is known of one person: all of it, as data and as a page, and nothing of anybody else."""

import json
import re
from dataclasses import replace
from datetime import timedelta
from io import BytesIO
from pathlib import Path
from zipfile import ZipFile

import pytest

from nurture.config import Config
from nurture.engine.applying import LiveBook
from nurture.engine.exporting import Export, export
from nurture.engine.faults import MisuseError
from nurture.engine.tick import tick
from nurture.engine.workshop import Workshop
from nurture.model.book import Mail
from nurture.model.rules import Topic
from nurture.render.dossier import all_words
from nurture.store.open import open_store
from nurture.store.rows import ConsentRow, ContactRow, EventRow
from tests import worlds as w
from tests.sending_worlds import NOW, RULES, Scripted, refuse

TIPS = (("en", "Coffee tips"), ("ar", "نصائح القهوة"))
BOOK = replace(
    w.book(w.sequence("hello", w.JOINED, [w.send("hello")]), rules=RULES),
    mails={"hello": Mail("hello", frozenset({"en", "ar"}))},
    topics={
        "tips": Topic("tips", (("en", "Coffee tips"), ("ar", "نصائح القهوة"))),
        "care": Topic("care", (), "customer"),
    },
)
TEXT = "---\nsubject: {} {{{{ person.first_name | or_else('you') }}}}\n---\nHi.\n"
TEMPLATES = {
    f"templates/hello/{locale}.md": TEXT.format(hello).encode() for locale, hello in (("en", "Hello"), ("ar", "أهلًا"))
}


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
    done = export(shop, LiveBook(BOOK, TEMPLATES), "salma", NOW + timedelta(hours=2))
    archive = ZipFile(BytesIO(done.data))
    data, page = (archive.read(f"everything.{kind}").decode() for kind in ("json", "html"))
    for text in (data, page):
        assert all(word in text for word in ("salma@x.example", "Salma", "salma likes it", "Hello Salma"))
        assert "ben" not in text.casefold()
    assert json.loads(data)["consent"][0]["wording"] == "<b>Yes</b>, says salma"
    assert json.loads(data)["message"][0]["mail"] == "hello"
    assert "&lt;b&gt;Yes&lt;/b&gt;, says salma" in page
    assert "<b>Yes" not in page
    assert done.rows["message"] == 1
    assert any("for_her.zip" in line for line in done.lines("for_her.zip"))


def test_nobody_of_that_name_is_said(shop: Workshop) -> None:
    with pytest.raises(MisuseError):
        export(shop, LiveBook(BOOK, TEMPLATES), "nur", NOW)


RIGHTS = ("who", "why", "source", "others", "kept", "rights")


@pytest.mark.parametrize("locale", ["en", "tr", "ar", "he", "hy", "fr"])
def test_the_page_answers_what_article_15_asks_in_the_readers_language(shop: Workshop, locale: str) -> None:
    shop.store.importing(NOW).take([ContactRow(outside_id="salma", facts={"locale": locale})], refuse)
    shop.store.importing(NOW).take([ContactRow(outside_id="salma", address="salma2@x.example")], refuse)
    refused = ConsentRow(outside_id="salma", at=NOW + timedelta(hours=1), topics=("care",), given=False)
    shop.store.importing(NOW).take([refused], refuse)
    spoken = locale if locale in all_words() else "en"
    config = replace(shop.config, provider="sendgrid")
    page = read(export(replace(shop, config=config), LiveBook(BOOK, TEMPLATES), "salma", NOW + timedelta(hours=2)))
    direction = "rtl" if spoken in ("ar", "he") else "ltr"
    assert f'<html lang="{spoken}" dir="{direction}">' in page
    words = all_words()[spoken]
    assert all(f"<h2>{words[one]}</h2>" in page for one in RIGHTS)
    assert words["sendgrid"] in page
    assert "<bdi>hello@kestrel.example</bdi>" in page
    assert ("نصائح القهوة" if spoken == "ar" else "Coffee tips") in page
    assert "salma@x.example" in page
    assert "salma2@x.example" in page
    assert re.findall(r"\{(?:what|day|house|words|who|names|ids|host)\}", page) == []


def test_the_words_say_the_same_in_every_language() -> None:
    english = all_words()["en"]
    for locale, words in all_words().items():
        for name, text in english.items():
            assert set(re.findall(r"\{\w+\}", words[name])) == set(re.findall(r"\{\w+\}", text)), (locale, name)


def test_a_mail_that_cannot_be_written_again_has_its_name(shop: Workshop) -> None:
    page = read(export(shop, LiveBook(BOOK, {}), "salma", NOW + timedelta(hours=2)))
    assert "<bdi>hello</bdi>" in page


def read(done: Export) -> str:
    return ZipFile(BytesIO(done.data)).read("everything.html").decode()
