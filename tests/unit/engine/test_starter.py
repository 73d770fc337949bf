"""What `nurture new sequence` writes is a draft without findings."""

import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from nurture.engine.check import check, readable_book
from nurture.engine.project import read_files
from nurture.engine.starter import aim_of, new_sequence, starter


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
