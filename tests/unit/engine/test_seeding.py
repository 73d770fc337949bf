"""A broadcast that goes live is seen by the seeds before its readers (language.md 3, `seeds`)."""

import shutil
from collections.abc import Collection
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from nurture.config import Config
from nurture.deliver.folder import Folder
from nurture.engine.applying import make_live
from nurture.engine.faults import RefusedError
from nurture.engine.plan import Plan, plan
from nurture.engine.project import read_files
from nurture.engine.seeding import copies_for_seeds, fresh_mails
from nurture.language.project import read_project
from nurture.store.open import Store, open_store
from tests import worlds as w
from tests.small_project import SEQUENCE, edit, write

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


def copies(root: Path, status: str = "live", way_out: object = None, edit: object = None):  # type: ignore[no-untyped-def]
    """What an apply hands to the seeds, in words, after another that knew nothing of the harvest."""
    with closing(open_store("sqlite://")) as store:
        apply_now(store, root)
        if status:
            (root / "sequences/harvest.yaml").write_text(HARVEST.format(status=status), encoding="utf-8")
        if edit is not None:
            edit(root)  # type: ignore[operator]
        found, files, versions = apply_now(store, root)
    book = found.tree.book
    config = replace(Config("sqlite:///x", root / "outbox", root), web_url="https://mail.small.example")
    return list(copies_for_seeds(config, way_out or folder, book, files, fresh_mails(found, versions), NOW))  # type: ignore[arg-type]


def apply_now(store: Store, root: Path) -> tuple[Plan, dict[str, bytes], Collection[str]]:
    files = read_files(root)
    book = read_project(files).book
    assert book is not None
    found = plan(store, book, files, NOW)
    return found, files, make_live(store, found, files, NOW, "a test").versions


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
    (root / "sequences/harvest.yaml").unlink()
    assert copies(root, status="") == []


def test_the_seeds_get_what_is_new_in_a_sequence_and_a_sequence_that_is_new(root: Path) -> None:
    def new_mail(root: Path) -> None:
        shutil.copytree(root / "templates/how_are_you", root / "templates/new_tip")
        edit(root, SEQUENCE, "- wait: 5 days", "- {send: new_tip}\n  - wait: 5 days")

    assert copies(root, status="", edit=new_mail) == ["new_tip: a copy went to lena@small.example"]

    def other_words(root: Path) -> None:
        edit(root, "templates/new_tip/en.md", "How is it?", "How was it?")
        edit(root, SEQUENCE, "5 days", "6 days")

    assert copies(root, status="", edit=other_words) == []

    def new_sequence(root: Path) -> None:
        text = (
            (root / SEQUENCE)
            .read_text(encoding="utf-8")
            .replace("check_in", "later")
            .replace("  settle: 0 minutes\n", "")
        )
        (root / "sequences/later.yaml").write_text(text, encoding="utf-8")

    assert [one.partition(":")[0] for one in copies(root, status="", edit=new_sequence)] == [
        "how_are_you", "new_tip", "one_question",
    ]  # fmt: skip

    def renamed(root: Path) -> None:
        text = (root / "sequences/later.yaml").read_text(encoding="utf-8")
        (root / "sequences/later.yaml").unlink()
        text = text.replace("sequence: later", "sequence: much_later\nwas: later")
        (root / "sequences/much_later.yaml").write_text(text, encoding="utf-8")

    assert copies(root, status="", edit=renamed) == []


def test_the_first_apply_of_a_project_floods_no_seed(root: Path) -> None:
    with closing(open_store("sqlite://")) as store:
        found, _, versions = apply_now(store, root)
    assert fresh_mails(found, versions) == {}


def test_what_keeps_them_from_going_is_said(root: Path) -> None:
    def no_way(_: Config) -> Folder:
        raise RefusedError("nothing can be sent like this")

    assert copies(root, way_out=no_way)[0] == (
        "how_are_you: no copy for lena@small.example: nothing can be sent like this"
    )
