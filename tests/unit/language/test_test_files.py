"""Every finding in test files, to the letter: a folder of tests/specimens/test_files each; and their schema."""

import json
from datetime import date, time
from decimal import Decimal
from pathlib import Path

import jsonschema
import pytest

from nurture.engine.check import check
from nurture.language.report import as_text
from nurture.language.schema import schema
from nurture.language.source import read
from nurture.language.test_files import Moment, When
from nurture.language.test_files_values import moment_of, when_of
from nurture.language.tree import ListNode, MappingNode, Node
from nurture.model.event import Line, Money, MonthDay
from tests.little_shop import SEQUENCES, book_of, files, read_in

SPECIMENS = Path(__file__).parents[2] / "specimens" / "test_files"
CASES = sorted(folder.name for folder in SPECIMENS.iterdir())
OLD = {"sequences/tests/before/after_order.yaml": SEQUENCES["after_order"].encode()}
STRUCTURE = ("right", "values", "nothing", "in_toml")


def project_of(case: str) -> dict[str, bytes]:
    found = (path for path in (SPECIMENS / case).iterdir() if path.name != "expected.txt")
    return files() | OLD | {f"sequences/tests/{path.name}": path.read_bytes() for path in found}


@pytest.mark.parametrize("case", CASES)
def test_findings_are_as_written_down(case: str) -> None:
    project = project_of(case)
    found = read_in(project)
    lines = {path: data.decode().splitlines() for path, data in project.items()}
    assert as_text(found.problems, lines) == (SPECIMENS / case / "expected.txt").read_text()


def test_check_says_them_and_counts_them() -> None:
    project = project_of("names")
    checked = check(project)
    assert checked.book is None
    assert {"sequences/tests/after_order.test.yaml"} == {
        one.place.file for one in checked.problems if one.code[0] == "E"
    }
    assert check(project_of("right")).book is not None


def test_of_names_in_files_with_errors_nothing_is_said() -> None:
    project = project_of("right") | {"sequences/house/topics.yaml": b"topics: {"}
    assert read_in(project).problems, "without knowing of the error the topics are strangers"
    checked = check(project)
    assert not [one for one in checked.problems if one.place.file.startswith("sequences/tests/")]


def test_values_are_typed_by_the_catalogue() -> None:
    (file,) = read_in(project_of("right")).files
    (case,) = file.cases
    order, tagged = case.given.events
    assert case.given.facts["birthday"] == MonthDay(5, 14)
    assert order.fields["total"] == Money(Decimal(24), "TRY")
    assert order.fields["lines"] == (Line("sampler"), Line("bag", 2.0, Money(Decimal("9.50"), "EUR")))
    assert tagged.fields == {"tags": ("reviewer",)}


def test_moments() -> None:
    assert moment_of("2027-02-30 10:00") is None
    assert moment_of("2027-03-25") == Moment(date(2027, 3, 25), time(23, 59, 59)), "a day is meant to its end"
    assert moment_of("2027-03-25", time(0)) == Moment(date(2027, 3, 25), time(0))
    assert when_of("day -3 10:00") == When(time(10), None, -3)
    assert str(when_of("day -3 10:00")) == "day -3 10:00"


def plain(node: Node) -> object:
    """A tree as JSON has it."""
    if isinstance(node, MappingNode):
        return {name.text: plain(child) for name, child in node}
    return [plain(item) for item in node] if isinstance(node, ListNode) else node.value


def test_the_schema_of_the_editor_knows_the_names_of_the_project() -> None:
    made = schema("test", book_of(files()))
    jsonschema.Draft7Validator.check_schema(made)
    text = json.dumps(made)
    for name in ("how_was_it", "order.placed", "after_order", "first_name", "mothers_day", "subscription", "capped"):
        assert f'"{name}"' in text, name


@pytest.mark.parametrize("case", STRUCTURE)
def test_the_schema_and_the_checker_agree(case: str) -> None:
    project = project_of(case)
    validator = jsonschema.Draft7Validator(schema("test", book_of(files())))
    for path, data in project.items():
        if ".test." in path:
            root = read(data, path).root
            assert root is not None
            assert validator.is_valid(plain(root)) == (not read_in(project).problems), path
