"""The step table: complete, described, and the one source of checker, schema and reference."""

from pathlib import Path

import jsonschema
import pytest

from nurture.language.grammar import FAMILIES, SEQUENCE
from nurture.language.house_grammar import HOUSE
from nurture.language.project import read_project
from nurture.language.reference import CHAPTERS, reference
from nurture.language.schema import TABLES, schema
from nurture.language.shapes import Table
from nurture.language.source import read
from nurture.model.book import Book

ROOT = Path(__file__).parents[3]
ALL = [table for _, tables in CHAPTERS for table in tables]


def project_files() -> dict[str, bytes]:
    paths = (path for folder in ("sequences", "templates") for path in (ROOT / folder).rglob("*") if path.is_file())
    return {path.relative_to(ROOT).as_posix(): path.read_bytes() for path in paths}


@pytest.fixture(scope="module")
def starter() -> Book:
    reading = read_project(project_files())
    assert reading.book is not None, reading.problems
    return reading.book


def test_every_table_stands_in_the_reference() -> None:
    reached = {table.name for family in FAMILIES.values() for table in family.tables}
    reached |= {table.name for table in (SEQUENCE, *HOUSE.values())}
    assert reached <= {table.name for table in ALL}


def test_the_reference_is_up_to_date() -> None:
    written = (ROOT / "docs" / "reference.md").read_text()
    assert written == reference(), "python -m nurture.language.reference > docs/reference.md"


@pytest.mark.parametrize("table", ALL, ids=lambda table: table.name)
def test_every_key_is_described_and_says_what_counts_without_it(table: Table) -> None:
    for key in table.keys:
        assert key.about.endswith(".")
        assert not (key.required and key.default)


@pytest.mark.parametrize("kind", TABLES)
def test_every_key_of_the_schema_has_a_description(kind: str, starter: Book) -> None:
    made = schema(kind, starter)
    jsonschema.Draft7Validator.check_schema(made)
    assert isinstance(made["definitions"], dict)
    for definition in [made, *made["definitions"].values()]:
        for name, described in definition.get("properties", {}).items():
            assert described["description"], name


def test_the_starter_book_fits_its_own_schemas(starter: Book) -> None:
    for path, data in project_files().items():
        if not path.startswith("sequences/"):
            continue
        kind = "calendar" if "/calendars/" in path else Path(path).stem if "/house/" in path else "sequence"
        if "/tests/" in path:
            continue
        validator = jsonschema.Draft7Validator(schema(kind, starter))
        assert [error.message for error in validator.iter_errors(plain(read(data, path).root))] == [], path


def plain(node: object) -> object:
    """A tree as the JSON an editor's validator sees."""
    from nurture.language.tree import ListNode, MappingNode, ScalarNode

    match node:
        case MappingNode():
            return {key.text: plain(value) for key, value in node}
        case ListNode():
            return [plain(value) for value in node]
        case ScalarNode():
            return node.value
        case _:
            raise TypeError(node)
