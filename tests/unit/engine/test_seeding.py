"""A broadcast that goes live is seen by the seeds before its readers (language.md 3, `seeds`)."""

from dataclasses import replace
from pathlib import Path

import pytest

from nurture.config import Config
from nurture.deliver.folder import Folder
from nurture.engine.faults import RefusedError
from nurture.engine.project import read_files
from nurture.engine.seeding import copies_for_seeds
from nurture.language.project import read_project
from tests import worlds as w
from tests.small_project import edit, write

NOW = w.utc("2027-03-01 12:00")
HARVEST = """\
sequence: harvest
title: The harvest
stage: any
class: care
topic: care
status: {status}
at_most: 100
start: {{once: 2027-03-02 10:00}}
again: never
steps:
  - {{send: how_are_you}}
  - wait: 2 days
  - {{send: one_question}}
"""


@pytest.fixture
def root(tmp_path: Path) -> Path:
    write(tmp_path)
    edit(tmp_path, "sequences/house/rules.yaml", "currency: EUR", "currency: EUR\nseeds: [lena@small.example]")
    return tmp_path


def copies(root: Path, status: str = "live", way_out: object = None, applied: tuple[str, ...] = ("harvest",)):  # type: ignore[no-untyped-def]
    (root / "sequences/harvest.yaml").write_text(HARVEST.format(status=status), encoding="utf-8")
    files = read_files(root)
    book = read_project(files).book
    assert book is not None
    config = replace(Config("sqlite:///x", root / "outbox", root), web_url="https://mail.small.example")
    return list(copies_for_seeds(config, way_out or folder, book, files, applied, NOW))  # type: ignore[arg-type]


def folder(config: Config) -> Folder:
    return Folder(config.folder)


def test_the_seeds_get_a_copy_of_each_mail(root: Path) -> None:
    assert copies(root) == [
        "how_are_you: a copy went to lena@small.example", "one_question: a copy went to lena@small.example",
    ]  # fmt: skip
    mails = [file.read_text(encoding="utf-8") for file in (root / "outbox").rglob("*.eml")]
    assert len(mails) == 2
    assert all("lena@small.example" in mail for mail in mails)


def test_only_a_live_broadcast_that_was_applied_just_now(root: Path) -> None:
    assert copies(root, status="draft") == []
    assert copies(root, applied=("check_in",)) == []


def test_what_keeps_them_from_going_is_said(root: Path) -> None:
    def no_way(_: Config) -> Folder:
        raise RefusedError("nothing can be sent like this")

    assert copies(root, way_out=no_way)[0] == (
        "how_are_you: no copy for lena@small.example: nothing can be sent like this"
    )
