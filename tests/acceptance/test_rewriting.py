"""fmt and convert, by the installed command."""

from pathlib import Path

import pytest

from tests.projects import Project


@pytest.fixture
def project(tmp_path: Path) -> Project:
    Project(tmp_path).ok("init", "shop")
    return Project(tmp_path / "shop")


def test_fmt_lays_out_what_is_crooked_and_leaves_what_is_broken(project: Project) -> None:
    crooked = project.root / "sequences" / "welcome.yaml"
    crooked.write_text(crooked.read_text().replace("stage: looking", "stage:   [ looking ]"))
    broken = project.root / "sequences" / "birthday.yaml"
    broken.write_text("a: [1\n")
    told = project.run("fmt", "--check", "welcome", "birthday")
    assert told.code == 1
    assert "would change  sequences/welcome.yaml" in told.lines
    assert "stage:   [ looking ]" in crooked.read_text()
    done = project.run("fmt", "welcome", "birthday")
    assert done.code == 1
    assert "left alone  sequences/birthday.yaml: it has mistakes" in done.lines
    assert "stage: [looking]" in crooked.read_text()
    assert broken.read_text() == "a: [1\n"


def test_convert_goes_there_and_back(project: Project) -> None:
    before = project.ok("check").out
    said = project.ok("convert", "welcome")
    assert said.lines[0] == "Written: sequences/welcome.toml; sequences/welcome.yaml is gone."
    assert not (project.root / "sequences" / "welcome.yaml").exists()
    assert project.ok("check").lines[-2:] == before.splitlines()[-2:]
    project.ok("convert", "sequences/welcome.toml")
    assert project.ok("check").lines[-2:] == before.splitlines()[-2:]
    again = project.run("convert", "no_such")
    assert (again.code, again.err.splitlines()[0]) == (64, "nurture: there is no file no_such in sequences/.")
