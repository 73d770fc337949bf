"""What `nurture new sequence` writes is a draft without findings."""

import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from nurture.cli.checking import KINDS
from nurture.engine.check import check, readable_book
from nurture.engine.project import read_files
from nurture.engine.starter import EDITOR, SCHEMAS, aim_of, new_sequence, starter, write_schemas


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    for folder in ("sequences", "templates"):
        shutil.copytree(starter() / folder, tmp_path / folder)
    return tmp_path


def test_a_small_draft_has_no_findings_but_the_translations_that_wait(shop: Path) -> None:
    new_sequence(shop, "spring_push", "", readable_book(shop))
    problems = [p for p in check(read_files(shop)).problems if "spring_push" in p.place.file]
    assert {(p.code, p.hint.partition(" and ")[0].rpartition("/")[0]) for p in problems} <= {
        ("W311", "translate templates/spring_push_hello")
    }
    text = (shop / "sequences/spring_push.yaml").read_text(encoding="utf-8")
    (line,) = [line for line in text.splitlines() if line.startswith("aims_at")]
    assert line.startswith("aims_at: buying ")
    assert "# choose: " in line


def test_without_stages_there_is_nothing_to_aim_at(shop: Path) -> None:
    assert aim_of(replace(readable_book(shop), stages=())) == ""


def test_every_kind_of_file_gets_its_schema_and_the_editor_is_told_of_it(shop: Path) -> None:
    written = write_schemas(shop, readable_book(shop))
    assert [path.name for path in written] == [f"{kind}.schema.json" for kind in KINDS]
    assert tuple(SCHEMAS) == KINDS
    for settings in (".vscode/settings.json", ".taplo.toml"):
        assert all(f".nurture/{kind}.schema.json" in EDITOR[settings] for kind in KINDS)
