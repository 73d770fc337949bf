"""Findings in every form they are told in (language.md 9.2)."""

import json
from pathlib import Path
from xml.etree.ElementTree import fromstring

import pytest

from nurture.language.report import as_github, as_json, as_junit, as_sarif, as_text, silenced, summary
from nurture.language.source import read
from nurture.model.place import Place, Problem

SPECIMENS = Path(__file__).parents[2] / "specimens" / "report"


def problem(code: str, line: int, column: int, message: str, hint: str = "", file: str = "a.yaml") -> Problem:
    return Problem(code, Place(file, line, column, 3), message, hint)


def test_the_samples_of_the_specification_to_the_letter() -> None:
    findings = json.loads((SPECIMENS / "findings.json").read_text("utf-8"))
    quoted = (SPECIMENS / "expected.txt").read_text("utf-8")
    problems = [
        Problem(one["code"], Place(one["file"], one["line"], one["column"]), one["message"], one["hint"])
        for one in findings
    ]
    sources: dict[str, tuple[str, ...]] = {}
    for one in findings:
        blank = sources.get(one["file"], ("",) * 30)
        sources[one["file"]] = (*blank[: one["line"] - 1], one["quoted"], *blank[one["line"] :])
    assert as_text(problems, sources) == quoted
    assert len(findings) == 16


@pytest.mark.parametrize(
    ("line", "column", "shown"),
    [
        ("title: x", 8, "    1 | title: x\n      |        ^ hint"),
        ("\ttitle: x", 9, "    1 | \ttitle: x\n      | \t       ^ hint"),
        ("日本: x", 5, "    1 | 日本: x\n      |       ^ hint"),
        ("e\u0301: x", 5, "    1 | e\u0301: x\n      |    ^ hint"),
        ("שלום: x", 7, "    1 | \u2066שלום: x\u2069\n      |       ^ hint"),
        ("a\x1b[31m\u202eb", 1, "    1 | a␛[31m\ufffdb\n      | ^ hint"),
        ("", 1, "    1 |\n      | ^ hint"),
        ("x", 9, "    1 | x\n      |         ^ hint"),
    ],
)
def test_the_caret_stands_under_what_it_means(line: str, column: int, shown: str) -> None:
    text = as_text([problem("E100", 1, column, "words", "hint")], {"a.yaml": (line,)})
    assert text == f"a.yaml:1:{column}: error E100: words\n{shown}\n"


def test_a_long_line_is_cut_round_the_caret() -> None:
    line = "a" * 500 + "X" + "b" * 500
    head, quoted, caret = as_text([problem("E100", 1, 501, "words")], {"a.yaml": (line,)}).splitlines()
    assert head == "a.yaml:1:501: error E100: words"
    assert quoted[caret.index("^")] == "X"
    assert len(quoted) == len("    1 | ") + 162


def test_a_place_outside_the_known_lines_has_no_quotation() -> None:
    assert as_text([problem("E100", 7, 1, "words")], {}) == "a.yaml:7:1: error E100: words\n"
    assert as_text([problem("W100", 7, 1, "words", "cure")], {"a.yaml": ("x",)}) == (
        "a.yaml:7:1: warning W100: words\n      | cure\n"
    )


def test_nothing_in_a_message_can_start_a_line_of_its_own() -> None:
    text = as_text([problem("I340", 1, 1, "a\nb\rc\x1b", "d\ne")], {"a.yaml": ("x",)})
    assert text == "a.yaml:1:1: remark I340: a␊b␍c␛\n    1 | x\n      | ^ d␊e\n"


def test_findings_are_sorted_by_file_line_column_and_code_and_told_once() -> None:
    one = problem("E110", 2, 1, "x")
    order = [problem("W301", 10, 1, "x", file="a.yaml"), problem("E110", 2, 5, "x"), problem("E111", 2, 1, "x"), one]
    found = json.loads(as_json([problem("E100", 1, 1, "x", file="b.yaml"), *order, one]))["findings"]
    assert [(finding["file"], finding["line"], finding["column"], finding["code"]) for finding in found] == [
        ("a.yaml", 2, 1, "E110"), ("a.yaml", 2, 1, "E111"), ("a.yaml", 2, 5, "E110"), ("a.yaml", 10, 1, "W301"),
        ("b.yaml", 1, 1, "E100"),
    ]  # fmt: skip


def test_json_is_one_document() -> None:
    assert json.loads(as_json([problem("W308", 4, 8, "é", "cure")])) == {
        "findings": [
            {
                "file": "a.yaml", "line": 4, "column": 8, "code": "W308", "severity": "warning", "message": "é",
                "hint": "cure",
            }
        ]
    }  # fmt: skip
    assert json.loads(as_json([])) == {"findings": []}
    assert as_json([problem("E100", 1, 1, "\ud800")]).encode()


def test_github_commands_are_escaped() -> None:
    text = as_github(
        [
            problem("E100", 1, 2, "50 % off:\nnow, really", "buy"),
            problem("W301", 2, 1, "x", file="a,b:c%.yaml"),
            problem("I340", 3, 1, "x"),
        ]
    )
    assert text == (
        "::warning file=a%2Cb%3Ac%25.yaml,line=2,col=1,endColumn=4,title=W301::x\n"
        "::error file=a.yaml,line=1,col=2,endColumn=5,title=E100::50 %25 off:%0Anow, really (buy)\n"
        "::notice file=a.yaml,line=3,col=1,endColumn=4,title=I340::x\n"
    )


def test_sarif() -> None:
    file = "sequences/a b.yaml"
    found = [problem("E100", 1, 2, "x", "y", file), problem("W301", 3, 1, "z"), problem("I340", 1, 1, "v")]
    document = json.loads(as_sarif(found))
    assert document["version"] == "2.1.0"
    (run,) = document["runs"]
    assert run["columnKind"] == "unicodeCodePoints"
    assert run["tool"]["driver"]["name"] == "nurture"
    rules = [rule["id"] for rule in run["tool"]["driver"]["rules"]]
    assert rules == ["E100", "I340", "W301"]
    for result in run["results"]:
        assert rules[result["ruleIndex"]] == result["ruleId"]
    assert [(result["ruleId"], result["level"]) for result in run["results"]] == [
        ("I340", "note"), ("W301", "warning"), ("E100", "error"),
    ]  # fmt: skip
    assert run["results"][2]["message"] == {"text": "x (y)"}
    assert run["results"][2]["locations"] == [
        {
            "physicalLocation": {
                "artifactLocation": {"uri": "sequences/a%20b.yaml"},
                "region": {"startLine": 1, "startColumn": 2, "endColumn": 5},
            }
        }
    ]


def test_an_allowance_silences_its_code_on_its_line_and_never_an_error() -> None:
    source = read(b"class: offer  # nurture: allow W308 because spring sale\nsteps: []\n", "a.yaml")
    kept = [
        problem("W308", 2, 1, "another line"),
        problem("W301", 1, 1, "another code"),
        problem("W308", 1, 1, "another file", file="b.yaml"),
        problem("E110", 1, 1, "an error"),
    ]
    assert silenced([problem("W308", 1, 8, "sells"), *kept], [source]) == tuple(kept)
    assert silenced(kept, []) == tuple(kept)


def test_the_last_line_counts_what_was_found() -> None:
    assert summary([], 13) == "13 files, 0 errors, 0 warnings"
    found = [problem("E100", 1, 1, "x"), problem("W301", 1, 1, "x"), problem("W302", 1, 1, "x")]
    assert summary(found, 1) == "1 file, 1 error, 2 warnings"
    assert summary([problem("I340", 1, 1, "x")], 2) == "2 files, 0 errors, 0 warnings, 1 remark"


def test_junit_has_a_suite_for_each_file_and_an_error_is_a_failed_case() -> None:
    found = [
        problem("E100", 1, 2, "half a \ud800 letter\x1b & <more>", "cure", "b.yaml"),
        problem("W301", 3, 1, "z"),
        problem("I340", 1, 1, "v"),
    ]
    for strict, failures in ((False, ["E100 1:2"]), (True, ["W301 3:1", "E100 1:2"])):
        root = fromstring(as_junit(found, strict).encode())  # noqa: S314 - what is read is our own
        assert [(suite.get("name"), suite.get("tests")) for suite in root] == [("a.yaml", "2"), ("b.yaml", "1")]
        assert sum(int(suite.get("failures", "")) for suite in root) == len(failures)
        failed = [case for case in root.iter("testcase") if case.find("failure") is not None]
        assert [" ".join(case.get("name", "").split()[:2]) for case in failed] == failures
        assert failed[-1].findtext("failure") == "half a \ufffd letter\u241b & <more> (cure)"
        assert (failed[-1].get("file"), failed[-1].get("line")) == ("b.yaml", "1")
    (suite,) = fromstring(as_junit([]).encode())  # noqa: S314 - what is read is our own
    assert (suite.get("tests"), suite.get("failures"), len(suite.findall("testcase"))) == ("1", "0", 1)
