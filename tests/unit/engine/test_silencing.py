"""`# nurture: allow W308 because ..`: every warning and remark can be let stand, with a reason; no error can (9.4)."""

import re
from pathlib import Path

import pytest

import nurture
from nurture.engine.check import check
from nurture.engine.project import read_files
from nurture.language.allowances import allowed_in_template
from nurture.language.known_codes import MAY_STAND
from nurture.language.project import read_project
from nurture.model.place import Severity

SPECIMENS = Path(__file__).parents[2] / "specimens" / "check"
STARTER = read_files(Path(__file__).parents[3])
MAIL = "templates/happy_birthday/en.md"
CASES = sorted(folder.name for folder in SPECIMENS.iterdir() if folder.name.startswith("W"))


def files_of(case: str) -> dict[str, bytes]:
    folder = SPECIMENS / case
    found = (path for path in folder.rglob("*") if path.is_file() and path.name != "expected.txt")
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in found}


def test_the_list_of_what_may_stand_is_that_of_the_findings() -> None:
    root = Path(nurture.__file__).parent
    text = "".join(path.read_text() for path in root.rglob("*.py") if path.name != "known_codes.py")
    assert set(re.findall(r'"([WI]\d{3})"', text)) == MAY_STAND


@pytest.mark.parametrize("case", CASES)
def test_every_warning_is_silenced_where_it_stands(case: str) -> None:
    files = files_of("base") | files_of(case)
    found = [one for one in read_project(files).problems if one.severity is Severity.warning]
    wanted: dict[str, set[tuple[int, str]]] = {}
    for one in found:
        wanted.setdefault(one.place.file, set()).add((one.place.line, one.code))
    for file, marks in wanted.items():
        lines = files[file].decode().splitlines()
        for number, code in sorted(marks, reverse=True):
            lines.insert(number - 1, f"# nurture: allow {code} because a test says so")
        files[file] = ("\n".join(lines) + "\n").encode()
    assert found
    assert [one for one in read_project(files).problems if one.severity is Severity.warning] == []


@pytest.mark.parametrize(
    ("comment", "message"),
    [
        ("# nurture: allow W399 because it is mine", "there is no finding W399"),
        ("# nurture: allow E312 because it is mine", "E312 is an error, and no error can be allowed"),
        ("# nurture: allow W308", "this allows a finding without a reason"),
        ("# nurture: be quiet", "this word to nurture is not understood"),
    ],
)
def test_what_cannot_be_allowed_is_a_finding(comment: str, message: str) -> None:
    file = "sequences/welcome.yaml"
    found = check(STARTER | {file: STARTER[file] + comment.encode() + b"\n"}).problems
    assert [(one.place.file, one.code, one.message) for one in found] == [(file, "E105", message)]


LOUD = ("subject: ", "subject: BUY NOW AND HERE ")


def warnings(text: str) -> list[tuple[str, str]]:
    found = check(STARTER | {MAIL: text.encode()}).problems
    return [(one.code, one.message.split(":")[0]) for one in found if one.place.file == MAIL]


def test_a_mail_lets_its_findings_stand_too() -> None:
    text = STARTER[MAIL].decode()
    subject = next(line for line in text.splitlines() if line.startswith("subject:"))
    loud = text.replace(subject, "subject: BUY NOW AND BUY HERE", 1)
    ((code, _),) = warnings(loud)
    assert code == "W315"
    said = "# nurture: allow W315 because they know our voice\n"
    assert warnings(loud.replace("subject:", f"{said}subject:", 1)) == []
    assert [code for code, _ in warnings(loud.replace("subject:", f"{said.replace('W315', 'W325')}subject:", 1))] == [
        "W315"
    ]
    assert [code for code, _ in warnings(loud.replace("subject:", "# nurture: allow W315\nsubject:", 1))] == [
        "E105",
        "W315",
    ]


def test_a_comment_in_a_body_counts_for_its_line_or_the_next_and_headings_are_words() -> None:
    text = "---\nsubject: x\n---\nHi {# nurture: allow W315 because a #}\n"
    text += "{# nurture: allow W325 because b #}\n\nAge\n# Nurture: us\n"
    allowed, problems = allowed_in_template("templates/x/en.md", text)
    assert allowed == {("templates/x/en.md", 4, "W315"), ("templates/x/en.md", 7, "W325")}
    assert problems == []
