"""Arguments that mean to be more than words: SQL, patterns, paths, control characters; in verbs that take names."""

import sqlite3
from pathlib import Path

import pytest

from nurture.cli.edge import run

SQL = "' OR '1'='1'; DROP TABLE person; --"
ASKED = {
    "show": ["show", "{}"],
    "explain": ["explain", "{}", "--sequence", "welcome"],
    "explain a sequence": ["explain", "c1", "--sequence", "{}"],
    "forget": ["forget", "{}", "--yes"],
    "merge": ["merge", "{}", "c1", "--yes"],
    "export-person": ["export-person", "{}", "--output", "out.zip"],
    "enrol": ["enrol", "{}", "--yes"],
    "outbox": ["outbox", "drop", "{}"],
    "keys": ["keys", "revoke", "{}"],
    "tasks": ["tasks", "done", "{}"],
    "drafts": ["drafts", "approve", "{}"],
    "webhooks": ["webhooks", "again", "{}"],
    "codes": ["codes", "{}"],
    "ways": ["ways", "{}"],
    "pause": ["pause", "{}"],
    "stop": ["stop", "{}", "--yes"],
    "preview": ["preview", "{}"],
    "simulate": ["simulate", "--days", "1", "--people", "{}"],
    "new": ["new", "sequence", "{}"],
    "fmt": ["fmt", "{}"],
    "convert": ["convert", "{}"],
    "import": ["import", "contacts", "{}"],
}
WORDS = (SQL, "%", "../../../etc/passwd", "c1\x1b[2J\r\n{{ 7 * 7 }}")
WRONGLY_ASKED = ("No such option", "Missing", "unexpected extra")  # then this test would try nothing


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A live project with two people in it."""
    root = tmp_path_factory.mktemp("hostile")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(root)
        assert run(["init"]) == 0
        assert run(["apply"]) == 0
        (root / "people.csv").write_text("id,email,locale\nc1,c1@shop.example,en\nc2,c2@shop.example,en\n")
        assert run(["import", "contacts", "people.csv"]) == 0
    return root


@pytest.fixture
def inside(shop: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(shop)
    return shop


def kept(shop: Path) -> list[object]:
    """What nobody may change by a name: tables, people, events, keys."""
    with sqlite3.connect(shop / "nurture.db") as store:
        counts = [store.execute(f"SELECT count(*) FROM {one}").fetchone() for one in ("person", "event", "address")]  # noqa: S608
        return [*counts, store.execute("SELECT name FROM sqlite_master ORDER BY name").fetchall()]


@pytest.mark.parametrize("verb", ASKED)
def test_no_argument_is_more_than_a_word(inside: Path, verb: str, capsys: pytest.CaptureFixture[str]) -> None:
    before, files = kept(inside), sorted(inside.parent.rglob("*"))
    for word in WORDS:
        code = run([one.format(word) if one == "{}" else one for one in ASKED[verb]])
        said = capsys.readouterr()
        assert "should not have happened" not in said.err, word
        assert not [one for one in WRONGLY_ASKED if one in said.err], said.err
        assert code != 0 or verb in ("codes", "ways"), (word, said.out)
        assert "\x1b[2J" not in said.out + said.err
        assert "49" not in said.out
        assert "root:x:0:0:root:/root" not in said.out
    assert kept(inside) == before
    assert sorted(inside.parent.rglob("*")) == files
