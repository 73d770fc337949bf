"""The first test of a new sequence: the first case of its library piece, recorded with this project's own book."""

import re
from pathlib import Path

from nurture.engine.book_tests import run_files
from nurture.engine.book_tests_project import old_versions
from nurture.engine.book_tests_recording import record
from nurture.engine.book_tests_world import Worlds
from nurture.engine.project import read_files
from nurture.language.project import read_project
from nurture.language.test_files_reader import read_test_files

KEPT = ("name", "given", "from", "until")  # of a case; what is expected is recorded anew
CASE = re.compile(r"^  - ", flags=re.MULTILINE)
HEAD = "# yaml-language-server: $schema=../../.nurture/test.schema.json\n"


def first_test(root: Path, name: str, piece: Path) -> Path | None:
    """Write `sequences/tests/NAME.test.yaml` from the test file of a piece; None where this project cannot run it.

    The case lives in a world of the new sequence alone. A project whose catalogue lacks what the case tells, or whose
    files have errors, gets none: nothing that was right before is wrong after.
    """
    path = root / "sequences" / "tests" / f"{name}.test.yaml"
    if path.exists() or not piece.is_file():
        return None
    path.parent.mkdir(exist_ok=True)
    path.write_text(small(piece.read_text(encoding="utf-8"), name), encoding="utf-8")
    if not recorded(root, path):
        path.unlink()
        return None
    return path


def small(text: str, name: str) -> str:
    """The people and the first case of a test file, without what it expects, under another name."""
    head, _, rest = text.partition("\ncases:\n")
    people = re.split(r"(?m)^people:.*\n", head)[1:]
    first = CASE.split(rest)[1]
    blocks = re.split(r"(?m)^    (?=\w)", first)
    kept = [block for block in blocks if block.split(":")[0] in KEPT]
    case = "  - " + "    ".join(kept)
    who = f"people:\n{people[0].rstrip()}\n" if people else ""
    return f"{HEAD}tests: {name}\nwith: [{name}]\n{who}cases:\n{case.rstrip()}\n"


def recorded(root: Path, path: Path) -> bool:
    """Record the new file; false where the project or the file has errors."""
    files = read_files(root)
    reading = read_project(files)
    if reading.book is None:
        return False
    own = {file: data for file, data in files.items() if file == path.relative_to(root).as_posix()}
    tests = read_test_files(own, reading.book)
    if any(problem.code.startswith("E") for problem in tests.problems):
        return False
    results = run_files(Worlds(reading.book, old_versions(files, tests.files)), tests.files, lambda _: None)
    record(root, tests.files, results)
    return True
