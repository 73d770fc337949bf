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
    text = "".join(path.read_text() for path in LANGUAGE.glob("*.py") if path.name != "known_codes.py")
    codes = set(re.findall(r'"([EW]\d{3})"', text)) - told_elsewhere
    assert codes == {case[:4] for case in CASES if re.match(r"[EW]\d", case)}


# Every code of language.md 9.4 and 15. Those that are not shown by a folder here are shown elsewhere.
THE_CATALOGUE = (
    *(f"E{number}" for number in (*range(100, 105), *range(110, 116), 120, *range(201, 209), 210, 211)),
    *(f"E{number}" for number in (220, 221, 222, 223, 230, 231, 310, 312, 331, 348, 349)),
    *(f"W{number}" for number in (*range(301, 310), 311, 313, 314, 315, 316, 317, 318, 320, 325, 330)),
    *(f"W{number}" for number in (*range(342, 348), 350, 351)),
    "E311", "I340", "I341",
)  # fmt: skip
ELSEWHERE = {
    "unit/language/test_source_specimens.py": {"E100", "E101", "E102", "E103", "E104"},
    "unit/render": {"E220", "E221", "E222", "E223", "E311", "W315", "W325"},
    "unit/engine/test_check_live.py": {"W314", "W318", "W320", "W330", "I341"},
    "unit/engine/test_plan_names.py": {"I340"},
}


def test_every_code_of_the_specification_is_shown() -> None:
    shown = {case[:4] for case in CASES} | {code for codes in ELSEWHERE.values() for code in codes}
    assert set(THE_CATALOGUE) - shown == set()
    for file, codes in ELSEWHERE.items():
        at = SPECIMENS.parents[1] / file
        text = "".join(path.read_text() for path in (at.glob("*.py") if at.is_dir() else [at]))
        assert {code for code in codes if code not in text} == set(), file


SPECIFIED = """\
sequences/anchors.yaml:2:8: error E102: anchors (& and *) are not used here
    2 | title: &t Hello
      |        ^
sequences/dup.yaml:3:1: error E101: 'title' is here twice; only one would count
    3 | title: Once more
      | ^
sequences/just_bought.yaml:4:8: warning W308: every mail in this sequence sells something
    4 | class: offer
      |        ^ put something useful before the first offer, or ask yourself why they should open it
sequences/just_bought.yaml:11:5: error E312: 'next_bag_offer' (offer) would go out on day 4, inside the 'just_bought' window (offer muted to day 10 after order.placed)
   11 |   - {send: next_bag_offer, valid_for: 6 hours}
      |     ^ wait until day 11 or later
sequences/just_bought.yaml:11:12: warning W311: templates/next_bag_offer has no he version; readers of it get en
   11 |   - {send: next_bag_offer, valid_for: 6 hours}
      |            ^ nurture new mail next_bag_offer --locale he
sequences/spring_push.yaml:7:1: error E110: 'prioritty' is not a part of a sequence
    7 | prioritty: 30
      | ^ did you mean 'priority'?
sequences/spring_push.yaml:10:10: error E202: there is no event 'order.plced'
   10 |   event: order.plced
      |          ^ did you mean 'order.placed'?
sequences/spring_push.yaml:11:31: error E201: I don't know '&&'
   11 |   if: person.ordrs.count == 1 && person.country == 'FR'
      |                               ^ write 'and'
sequences/spring_push.yaml:18:11: error E204: there is no mail 'next_bag_offr' (templates/next_bag_offr/)
   18 |   - send: next_bag_offr
      |           ^ did you mean 'next_bag_offer'?
sequences/spring_push.yaml:19:28: error E113: 'vaild_for' does not belong to a 'send' step
   19 |   - {send: next_bag_offer, vaild_for: 2 days}
      |                            ^ did you mean 'valid_for'?
sequences/spring_push.yaml:20:11: error E114: 'wait: 3 dayz' is not understood
   20 |   - wait: 3 dayz
      |           ^ did you mean '3 days'?
sequences/spring_push.yaml:26:5: error E111: 'sned' is not something a step can do
   26 |   - sned: brew_guide_promise
      |     ^ did you mean 'send'?
sequences/spring_push.yaml:28:5: warning W301: nobody can reach this step: the one before it always stops
   28 |   - {send: one_recipe}
      |     ^
"""  # noqa: E501 - as it stands there


def test_the_sample_of_the_specification_to_the_letter() -> None:
    """language.md 9.2 in the order of files and lines; a misspelt unit is given its cure as well (decision 34)."""
    assert (SPECIMENS / "sample" / "expected.txt").read_text() == SPECIFIED
