"""All findings at once, and none that a mistake elsewhere only makes look like one."""

from pathlib import Path

import pytest

from nurture.engine.check import check
from nurture.engine.faults import RefusedError
from nurture.engine.project import read_files
from nurture.model.place import Severity

STARTER = read_files(Path(__file__).parents[3])
MAIL = "templates/happy_birthday/en.md"
SEQUENCE = "sequences/birthday.yaml"


def codes(*changes: tuple[str, str, str]) -> set[tuple[str, str]]:
    """The errors of the starter book with some texts changed: (file, what stands there, what then does)."""
    files = dict(STARTER)
    for file, old, new in changes:
        text = files[file].decode()
        assert old in text
        files[file] = text.replace(old, new, 1).encode()
    checked = check(files)
    return {(p.place.file, p.code) for p in checked.problems if p.severity.value == "error"}


def test_a_mail_is_judged_by_the_sequences_without_mistakes() -> None:
    unknown = (MAIL, "\n---\n", "\n---\n{{ nothing_of_the_kind }}\n")
    assert codes(unknown) == {(MAIL, "E220")}
    assert codes(unknown, ("sequences/welcome.yaml", "priority: 40", "priorty: 40")) == {
        (MAIL, "E220"),
        ("sequences/welcome.yaml", "E110"),
    }


def test_nothing_is_said_of_names_that_a_half_read_sequence_may_give() -> None:
    named = (MAIL, "\n---\n", "\n---\n{{ wish }}\n")
    half = (SEQUENCE, "with: {code: ", "with: {wish: person.frst_name, code: ")
    assert codes(named, half) == {(SEQUENCE, "E201")}


def test_a_finding_about_what_was_read_leaves_the_sequence_to_judge_by() -> None:
    named = (MAIL, "\n---\n", "\n---\n{{ wish }}\n")
    kept = {SEQUENCE, "sequences/keep_in_touch.yaml"}  # the second is named by the house
    alone = {file for file in STARTER if file.startswith("sequences/") and "house" not in file} - kept
    changed = {file: data for file, data in STARTER.items() if file not in alone}
    changed[MAIL] = changed[MAIL].replace(b"\n---\n", b"\n---\n{{ wish }}\n", 1)
    found = {(p.place.file, p.code) for p in check(changed).problems if p.severity.value == "error"}
    assert named[0] == MAIL
    assert found == {("sequences/house/catalogue.yaml", "E348"), (MAIL, "E220")}


@pytest.mark.parametrize("broken", [b"person: [", b"person:\n  first_name: {type: txt}\n"])
def test_without_a_catalogue_nothing_is_said_of_names(broken: bytes) -> None:
    files = STARTER | {"sequences/house/catalogue.yaml": broken}
    found = {(p.place.file.split("/")[-2], p.code) for p in check(files).problems if p.severity is Severity.error}
    assert "house" in {folder for folder, _ in found}
    assert "please_confirm" not in {folder for folder, _ in found}
    assert ("tests", "E201") not in found


def test_working_days_without_the_holidays_package_are_said_to_be_weekends_only(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    text = (
        STARTER[SEQUENCE]
        .decode()
        .replace("- send: happy_birthday\n", "- wait: 2 working days\n  - send: happy_birthday\n")
    )
    files = STARTER | {SEQUENCE: text.encode()}
    assert "W355" not in {p.code for p in check(files).problems}
    monkeypatch.setattr("nurture.engine.check.find_spec", lambda _: None)  # as where the extra is not installed
    found = [p for p in check(files).problems if p.code == "W355"]
    assert (SEQUENCE, "pip install 'nurture[calendars]'") in [(p.place.file, p.hint) for p in found]


def test_feasts_that_move_are_said_to_start_nobody_without_their_calendar(monkeypatch: pytest.MonkeyPatch) -> None:
    feasts = "sequences/festive_days.yaml"
    assert "W355" not in {p.code for p in check(STARTER).problems}
    monkeypatch.setattr("nurture.engine.check.find_spec", lambda _: None)  # as where the extra is not installed
    (found,) = [p for p in check(STARTER).problems if p.code == "W355" and p.place.file == feasts]
    assert "hanukkah" in found.message
    assert "eid_al_fitr" not in found.message, "the calendar of the house has it"
    assert "christmas," not in found.message, "it is on one day every year"
    named = found.message.partition(" cannot be dated")[0].split(", ")
    calendar = "days:\n" + "".join(f"  {name}: {{'2027': 2027-03-09}}\n" for name in named)
    dated = STARTER | {"sequences/house/calendars/ours.yaml": calendar.encode()}
    assert not [p for p in check(dated).problems if p.code == "W355" and p.place.file == feasts]


@pytest.mark.parametrize(
    ("file", "cure"),
    [("Tips.YAML", "call it Tips.yaml"), ("tips.yml", "call it tips.yaml"), ("t.TOML", "call it t.toml")],
)
def test_a_file_that_is_not_read_for_its_ending_is_named(file: str, cure: str) -> None:
    problems = check(STARTER | {f"sequences/{file}": b"sequence: tips"}).problems
    assert [(p.place.file, p.code, p.hint) for p in problems] == [(f"sequences/{file}", "E121", cure)]


def test_a_link_to_nothing_is_refused_by_its_name_unless_an_editor_left_it(tmp_path: Path) -> None:
    folder = tmp_path / "sequences"
    folder.mkdir()
    (folder / ".#tips.yaml").symlink_to("somebody@somewhere:1")
    (folder / "there.yaml").write_bytes(b"x")
    (folder / "alive.yaml").symlink_to("there.yaml")
    assert sorted(read_files(tmp_path)) == ["sequences/alive.yaml", "sequences/there.yaml"]
    (folder / "tips.yaml").symlink_to("elsewhere.yaml")
    with pytest.raises(RefusedError, match=r"sequences/tips\.yaml is a link to a file that is not there"):
        read_files(tmp_path)
