"""`nurture test` by the installed command: the three cases of first_order and five of birthday, and every option."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.little_shop import files
from tests.projects import Project

FIRST_ORDER = (
    "a happy answer earns a tasting card, once",
    "silence gets one small question, a week later",
    "after a complaint nothing is sold for as long as it is open, and 14 days more",
)
BIRTHDAY = (
    "born on 29 February, greeted on the 28th in a common year",
    "and on the day itself in a leap year",
    "no birthday known, no mail, no error",
    "never bought, not greeted",
    "fixed days keep their place; the invitation moves",
)
CASES = """\
tests: after_order
cases:
  - name: silence
    given: {events: [{at: 2027-03-01 14:20, event: order.placed, order_id: A1}]}
    until: 2027-03-20
    expect:
      - {at: 2027-03-07 10:00, send: how_was_it}        # kept
      - {at: 2027-03-15 10:00, send: small_question}
  - name: nothing yet
    given: {events: [{at: 2027-03-01 14:20, event: order.placed, order_id: A1}]}
    until: 2027-03-10
"""


@pytest.fixture
def little(tmp_path: Path) -> Project:
    """The little shop on disk, with one case that fails and one that expects nothing yet."""
    for name, data in files(after_order=CASES).items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    return Project(tmp_path)


def text_of(project: Project) -> str:
    return (project.root / "sequences" / "tests" / "after_order.test.yaml").read_text(encoding="utf-8")


def oks(lines: list[str]) -> Iterator[str]:
    return (line.removeprefix("  ok    ") for line in lines if line.startswith("  ok    "))


def test_the_cases_of_the_specification_pass_in_the_starter_book(project: Project) -> None:
    answer = project.ok("test", "first_order", "birthday")
    passed = list(oks(answer.lines))
    assert [name for name in (*FIRST_ORDER, *BIRTHDAY) if name not in passed] == []
    assert answer.lines[-2].endswith("passed, 0 failed")


def test_the_starter_book_is_tested_whole(project: Project) -> None:
    answer = project.ok("test", "--cover")
    reached, of = next(line for line in answer.lines if line.endswith("reached by some case")).split(" of ")
    assert reached == of.split()[0]
    assert answer.lines[-1] == "Next: nurture test --sweep   ·   nurture simulate --days 14"


def test_cover_of_a_named_sequence_is_of_that_one(project: Project) -> None:
    answer = project.ok("test", "keep_in_touch", "--cover")
    assert "1 of 1 steps are reached by some case" in answer.lines
    assert not any("no case starts it" in line for line in answer.lines)


def test_a_failure_says_what_came_and_why_and_is_exit_code_1(little: Project) -> None:
    answer = little.run("test")
    assert answer.code == 1
    assert answer.lines == [
        "sequences/tests/after_order.test.yaml",
        "  FAIL  silence     sequences/tests/after_order.test.yaml:3",
        "        Sun 14 Mar 10:00  small_question   <- wanted Mon 15 Mar 10:00",
        "        why: due Sun 14 Mar 10:00",
        "        sequences/after_order.yaml:32",
        "        wanted at sequences/tests/after_order.test.yaml:8",
        "  ok    nothing yet",
        "1 passed, 1 failed",
        "1 case expects nothing yet: nothing yet",
        "Next: mend it, then nurture test   ·   nurture test --accept  if what came is what you want",
    ]


def test_cases_are_chosen_by_name_and_words(little: Project) -> None:
    assert list(oks(little.ok("test", "after_order", "-k", "NOTHING").lines)) == ["nothing yet"]
    unknown = little.run("test", "after_ordr")
    assert (unknown.code, "did you mean 'after_order'?" in unknown.err) == (64, True)
    none = little.run("test", "-k", "noise")
    assert (none.code, "no case has 'noise' in its name" in none.err) == (64, True)


def test_a_recording_of_no_case_says_how_to_ask(little: Project) -> None:
    none = little.run("test", "--record", "noise")
    assert (
        none.code,
        "no case has 'noise' in its name; of all cases of a file: nurture test FILE --record" in none.err,
    ) == (64, True)


def test_a_recording_fills_in_and_touches_nothing_else(little: Project) -> None:
    answer = little.ok("test", "--record")
    assert answer.lines[:2] == ["  1 message    nothing yet", "Written: sequences/tests/after_order.test.yaml"]
    assert text_of(little) == CASES + "    expect:\n      - {at: 2027-03-07 10:00, send: how_was_it}\n"
    again = little.run("test", "--record")
    assert (again.code, "every case expects something already" in again.err) == (64, True)


def test_accept_takes_over_what_came(little: Project) -> None:
    little.ok("test", "--accept")
    assert text_of(little) == CASES.replace("2027-03-15", "2027-03-14")
    assert little.ok("test", "--accept").lines[0] == "Nothing changed: the files say it already."
    assert little.run("test", "--accept", "--record").code == 64


def test_accept_says_what_stays_to_be_mended_by_hand(little: Project) -> None:
    path = little.root / "sequences" / "tests" / "after_order.test.yaml"
    path.write_text(CASES.replace("  - name: nothing", "    never: [how_was_it]\n  - name: nothing"), encoding="utf-8")
    answer = little.ok("test", "--accept")
    assert "still to be mended by hand: how_was_it listed under never:" in answer.out
    assert little.run("test").code == 1


def test_machines_get_one_document_and_the_format_they_know(little: Project) -> None:
    answer = little.run("test", "--json", "--junit", "results.xml")
    document = json.loads(answer.out)
    assert (answer.code, document["passed"], document["failed"]) == (1, 1, 1)
    failed = document["cases"][0]
    assert (failed["name"], failed["line"], failed["passed"]) == ("silence", 3, False)
    assert failed["came"][1]["at"] == "2027-03-14T10:00:00"
    assert failed["differences"][0]["words"] == "wanted Mon 15 Mar 10:00"
    assert failed["why"][0] == "why: due Sun 14 Mar 10:00"
    results = (little.root / "results.xml").read_text(encoding="utf-8")
    assert 'tests="2" failures="1"' in results


def test_files_with_errors_are_not_tested(little: Project) -> None:
    path = little.root / "sequences" / "tests" / "after_order.test.yaml"
    path.write_text(CASES.replace("how_was_it", "how_was_id"), encoding="utf-8")
    answer = little.run("test")
    assert (answer.code, "the files have 1 error" in answer.err) == (1, True)
    checked = little.run("check")
    assert "sequences/tests/after_order.test.yaml:7:38: error E204: there is no mail 'how_was_id'" in checked.out


def test_a_project_without_tests_says_how_to_begin(little: Project) -> None:
    (little.root / "sequences" / "tests" / "after_order.test.yaml").unlink()
    answer = little.run("test")
    assert (answer.code, "write sequences/tests/NAME.test.yaml" in answer.err) == (64, True)


def test_the_sweep_holds_the_laws_and_says_how_many_lives(little: Project) -> None:
    for name in ("digest", "renewal", "cups", "by_hand"):
        (little.root / "sequences" / f"{name}.yaml").unlink()
    answer = little.ok("test", "--sweep", "--processes", "2")
    words = answer.lines[-2]
    assert " lives in 65 clocks over 2027 and 2028, " in words
    assert words.endswith(" messages: every law held")
