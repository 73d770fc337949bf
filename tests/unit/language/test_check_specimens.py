"""Every finding of the checker, to the letter: a folder of tests/specimens/check for each code.

A folder holds what it changes of `base`, which is a project without findings, and `expected.txt`.
"""

import re
from pathlib import Path

import pytest

from nurture.language import project, report

SPECIMENS = Path(__file__).parents[2] / "specimens" / "check"
CASES = sorted(folder.name for folder in SPECIMENS.iterdir())
LANGUAGE = Path(project.__file__).parent


def files_of(case: str) -> dict[str, bytes]:
    folder = SPECIMENS / case
    found = (path for path in folder.rglob("*") if path.is_file() and path.name != "expected.txt")
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in found}


@pytest.mark.parametrize("case", CASES)
def test_findings_are_as_written_down(case: str) -> None:
    reading = project.read_project(files_of("base") | files_of(case))
    found = report.as_text(reading.problems, reading.sources)
    assert found == (SPECIMENS / case / "expected.txt").read_text()
    assert (reading.book is None) == (" error " in found)


@pytest.mark.parametrize("case", [case for case in CASES if re.match(r"[EW]\d", case)])
def test_a_folder_shows_its_own_code(case: str) -> None:
    assert f" {case[:4]}: " in (SPECIMENS / case / "expected.txt").read_text()


def test_every_code_of_the_checker_has_a_folder() -> None:
    told_elsewhere = {"E100", "E101", "E102", "E103", "E104", "E105"}  # tests/specimens/source
    text = "".join(path.read_text() for path in LANGUAGE.glob("*.py"))
    codes = set(re.findall(r'"([EW]\d{3})"', text)) - told_elsewhere
    assert codes == {case[:4] for case in CASES if re.match(r"[EW]\d", case)}


def test_the_sample_of_the_specification() -> None:
    """Lines of language.md 9.2, as they stand there."""
    found = (SPECIMENS / "sample" / "expected.txt").read_text()
    assert "sequences/spring_push.yaml:20:11: error E114: 'wait: 3 dayz' is not understood\n" in found
    assert (
        "sequences/spring_push.yaml:18:11: error E204: there is no mail 'next_bag_offr' (templates/next_bag_offr/)\n"
        "   18 |   - send: next_bag_offr\n"
        "      |           ^ did you mean 'next_bag_offer'?\n"
    ) in found
