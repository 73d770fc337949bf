"""The books that come with nurture are clean by the strictest check, and do what their own tests say."""

import shutil
from pathlib import Path

import pytest

from tests.projects import Project

ROOT = Path(__file__).parents[2]
BOOKS = {"starter": ROOT, "subscription_software": ROOT / "docs" / "examples" / "subscription_software"}


@pytest.fixture(params=sorted(BOOKS))
def book(request: pytest.FixtureRequest, tmp_path: Path) -> Project:
    """A copy of one of them."""
    for folder in ("sequences", "templates"):
        shutil.copytree(BOOKS[request.param] / folder, tmp_path / folder)
    return Project(tmp_path)


def test_it_is_clean_by_the_strictest_check(book: Project) -> None:
    assert "0 errors, 0 warnings" in book.ok("check", "--strict").out


def test_its_own_tests_pass_and_there_are_some_for_each_sequence(book: Project) -> None:
    assert "0 failed" in book.ok("test").out
    sequences = {path.stem for path in (book.root / "sequences").glob("*.*")}
    tests = {path.name.removesuffix(".test.yaml") for path in (book.root / "sequences" / "tests").glob("*.yaml")}
    assert tests == sequences


def test_every_step_of_it_is_reached_by_some_case(book: Project) -> None:
    (line,) = [line for line in book.ok("test", "--cover").lines if " steps are reached by some case" in line]
    reached, _, all_of_them, *_ = line.split()
    assert reached == all_of_them


def test_no_word_of_coffee_is_in_the_other_book() -> None:
    texts = [path.read_text(encoding="utf-8") for path in BOOKS["subscription_software"].rglob("*.*") if path.is_file()]
    assert len(texts) > 30
    assert not [text for text in texts if "coffee" in text.lower() or "kestrel" in text.lower()]
