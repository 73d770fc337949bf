"""The page on security says what is so: every test that it names exists, and every row says how it stands."""

import ast
import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "security.md"
NAMED = re.compile(r"`(tests/[\w/]+\.py)::(test_\w+)`")
ROW = re.compile(r"^\| (V\d[^|]*)\|([^|]*)\|([^|]*)\|([^|]*)\|$", re.MULTILINE)
SHELLS = {"os.system", "os.popen", "eval", "exec", "compile", "pickle.loads", "pickle.load", "marshal.loads"}


def functions(file: Path) -> set[str]:
    """The names of a module's own functions."""
    tree = ast.parse(file.read_text(encoding="utf-8"))
    return {one.name for one in tree.body if isinstance(one, ast.FunctionDef | ast.AsyncFunctionDef)}


def test_every_named_test_exists() -> None:
    named = NAMED.findall(PAGE.read_text(encoding="utf-8"))
    missing = [
        f"{file}::{test}" for file, test in named if not (ROOT / file).is_file() or test not in functions(ROOT / file)
    ]
    assert missing == []
    assert len(named) > 60


def test_every_row_has_a_test_or_says_that_it_is_open() -> None:
    rows = ROW.findall(PAGE.read_text(encoding="utf-8"))
    assert len(rows) > 45
    assert [row[0] for row in rows if not NAMED.search(row[3]) and "**open**" not in row[2]] == []


def test_the_product_starts_no_shell_and_evaluates_nothing() -> None:
    found = []
    for file in sorted((ROOT / "nurture").rglob("*.py")):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call):
                name = ast.unparse(node.func)
                shell = any(word.arg == "shell" for word in node.keywords)
                if name in SHELLS or shell or name.startswith(("subprocess.", "os.exec", "os.spawn")):
                    found.append(f"{file.relative_to(ROOT)}: {name}")
    assert found == ["nurture/cli/applying.py: subprocess.run"]  # git, by a list of words, for the commit of an apply
    assert "shell=" not in (ROOT / "nurture/cli/applying.py").read_text(encoding="utf-8")


def test_the_search_for_shells_finds_one() -> None:
    tree = ast.parse("eval('1')\n")
    assert [ast.unparse(node.func) for node in ast.walk(tree) if isinstance(node, ast.Call)] == ["eval"]
    assert "eval" in SHELLS
