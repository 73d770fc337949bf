"""What `nurture new sequence` writes is a draft without findings, with a test that passes."""

import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from nurture.cli.checking import KINDS
from nurture.engine.book_tests_project import chosen, opened, results_of
from nurture.engine.check import check, readable_book
from nurture.engine.project import read_files
from nurture.engine.starter import EDITOR, PIECES, SCHEMAS, aim_of, marked, new_sequence, starter, write_schemas
from nurture.model.step import Send


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


@pytest.mark.parametrize("piece", sorted(PIECES))
def test_a_piece_comes_with_one_test_that_passes(shop: Path, piece: str) -> None:
    written = new_sequence(shop, "my_own", piece, readable_book(shop))
    path = shop / "sequences" / "tests" / "my_own.test.yaml"
    assert written[-1] == path
    project = opened(shop)
    (own,) = chosen(project.cases, ["my_own"], "")
    (result,) = results_of(project.book, project.files, [own], lambda _: None)
    assert result.passed
    assert result.case.expect, "it was recorded, and some mail comes"


@pytest.mark.parametrize("piece", sorted(PIECES))
def test_what_an_author_chooses_is_marked_and_every_mail_comes_with_the_piece(shop: Path, piece: str) -> None:
    shutil.rmtree(shop / "templates")
    written = new_sequence(shop, "my_own", piece, readable_book(shop))
    assert marked(written[0]) == (2 if piece in ("complaint", "renewal") else 3), "service has no topic"
    (sequence,) = [one for one in readable_book(shop).sequences.values() if one.name == "my_own"]
    sent = {node.step.mail for node in sequence.nodes.values() if isinstance(node.step, Send)}
    assert sent == {path.name for path in (shop / "templates").iterdir()}


def test_where_the_test_of_a_piece_cannot_run_there_is_none(shop: Path) -> None:
    path = shop / "sequences" / "house" / "stages.yaml"
    path.write_text("stages: [", encoding="utf-8")
    new_sequence(shop, "my_own", "lapse", readable_book(shop))
    assert not (shop / "sequences" / "tests" / "my_own.test.yaml").exists()
