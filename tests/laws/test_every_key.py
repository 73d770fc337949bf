"""Law: no key of the language is without its line in the reference, its finding, and its engine test.

The engine test of a key is a witness: one change to one file of the little project in tests/specimens/keys, by which
the life of one of its test people comes out otherwise. Keys that no life can show say what else shows them.
`python -m tests.keys_witnessed` looks for witnesses anew, in minutes, and writes them down.
"""

import ast
import re
from functools import cache
from pathlib import Path

import pytest

from nurture.language.names import Names
from nurture.language.reader import Reader
from nurture.language.reference import CHAPTERS
from nurture.language.shapes import Anything, Formula, Many, PlainOr, Question, Shape, Table, Words
from nurture.language.tree import MappingNode, ScalarNode
from nurture.model.place import Place
from tests.keys_shown_elsewhere import ELSEWHERE
from tests.keys_witnessed import KEYS_PROJECT, Witness, life_of, witnesses
from tests.written_keys import every_key, leads_to

ROOT = Path(__file__).parents[2]
ALL_TABLES = [table for _, tables in CHAPTERS for table in tables]
KEYS = every_key()
COMMON = ("id", "if", "was")  # of every step, read in one place whatever its verb


@pytest.mark.parametrize("table", ALL_TABLES, ids=lambda table: table.name)
def test_every_key_has_its_line_in_the_reference(table: Table) -> None:
    text = (ROOT / "docs" / "reference.md").read_text()
    chapter = re.split(r"^##", text.split(f"### {table.name}\n", 1)[1], maxsplit=1, flags=re.MULTILINE)[0]
    for key in (*table.keys, *filter(None, [table.others])):
        assert f"\n| `{key.name}` | {key.about} | " in chapter


@pytest.mark.parametrize("table", ALL_TABLES, ids=lambda table: table.name)
def test_every_key_has_its_finding_at_its_place(table: Table) -> None:
    for key in table.keys:
        for text in ("", *(() if _any_text(key.shape) else ("?!",))):
            there = Place("x.yaml", 3, 8)
            value = ScalarNode(there, text or None, text)
            node = MappingNode(Place("x.yaml", 2, 1), ((ScalarNode(Place("x.yaml", 3, 1), key.name, key.name), value),))
            reader = Reader(Names())
            reader.fields(node, table, "file")
            said = [problem for problem in reader.problems if problem.place == there]
            assert said, (key.name, text)
            assert f"'{key.name}" in said[0].message or "there is no" in said[0].message


def _any_text(shape: Shape) -> bool:
    if isinstance(shape, Many):
        return shape.alone and _any_text(shape.each)
    return (isinstance(shape, PlainOr) and _any_text(shape.plain)) or isinstance(
        shape, Words | Question | Formula | Anything
    )


@pytest.mark.parametrize("witness", witnesses(), ids=lambda witness: f"{witness.table}-{witness.key}")
def test_without_the_key_or_with_another_value_a_life_comes_out_otherwise(witness: Witness) -> None:
    assert witness.spot() == (witness.table, witness.key)
    assert life_of(witness.changed(), witness.file, witness.case) != usual(witness.file, witness.case)


@cache
def usual(file: str, case: str) -> str:
    return life_of(KEYS_PROJECT, file, case)


def test_no_key_is_without_an_engine_test() -> None:
    witnessed = {(witness.table, witness.key) for witness in witnesses()}
    shown = with_those_that_hold_them({key for key in KEYS if is_shown(*key, witnessed | set(ELSEWHERE))})
    assert [f"{table} > {key}" for table, key in KEYS if (table, key) not in shown] == []
    assert [one for one in ELSEWHERE if one in witnessed] == [], "they have a witness now"
    assert set(ELSEWHERE) <= set(KEYS)


def is_shown(table: str, key: str, shown: set[tuple[str, str]]) -> bool:
    """By itself, or by its fellow of another verb that is read in the same place."""
    if (table, key) in shown or key == "note":
        return True
    if table.endswith(" step") and key in COMMON:
        return any((f"{verb} step", key) in shown for verb in ("send", "wait"))
    return table == "ladder step" and ("send step", key) in shown


def with_those_that_hold_them(shown: set[tuple[str, str]]) -> set[tuple[str, str]]:
    """A key that holds a table is shown by the keys in it."""
    tables = {table for table, _ in shown}
    more = {key for key in KEYS if leads_to(*key) & tables}
    return shown if more <= shown else with_those_that_hold_them(shown | more)


@pytest.mark.parametrize("where", sorted({where for where in ELSEWHERE.values() if where.startswith("tests/")}))
def test_what_is_shown_elsewhere_is_there(where: str) -> None:
    file, _, name = where.partition("::")
    found = {one.name for one in ast.walk(ast.parse((ROOT / file).read_text())) if isinstance(one, ast.FunctionDef)}
    assert name in found
