"""halt, pause, stop and resume, status and doctor, by the installed command."""

import json
import sqlite3
import subprocess
from datetime import timedelta
from pathlib import Path

import pytest

from nurture.wiring import now
from tests.projects import COMMAND, Project


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A starter project, applied, with two people in the care for complaints whose mail waits for the first round."""
    root = tmp_path_factory.mktemp("shop")
    project = Project(root)
    project.ok("init", ".")
    project.ok("apply")
    opened = (now() - timedelta(minutes=30)).isoformat()
    complain(project, opened, "ana", "ben")
    return project


def complain(project: Project, at: str, *names: str) -> None:
    """They complained at that moment, and it is news."""
    rows = "".join(f"{name},{name}@example.net,complaint.opened,{at},t{name}\n" for name in names)
    (project.root / "complaints.csv").write_text(f"id,email,event,at,ticket\n{rows}")
    project.ok("import", "events", "complaints.csv", "--fresh", "1 day")


def said(project: Project, *arguments: str) -> dict[str, object]:
    found = json.loads(project.ok(*arguments, "--json").out)
    assert isinstance(found, dict)
    return found


def mails(project: Project) -> list[Path]:
    return sorted((project.root / "outbox").rglob("*.eml"))


def test_a_halt_holds_all_mail_and_is_shown_everywhere_until_it_is_lifted(shop: Project) -> None:
    said_at_once = shop.ok("halt", "--by", "lena", "--because", "audit").lines[0]
    assert said_at_once.startswith("All sending is halted by lena since ")
    shop.ok("run", "--once")
    assert mails(shop) == []
    for verb in ("status", "apply", "check", "doctor"):
        assert "All sending is halted by lena" in shop.run(verb).out, verb
    assert [one["who"] for one in said(shop, "unhalt")["switches"]] == ["lena"]  # type: ignore[attr-defined]
    shop.ok("run", "--once")
    assert len(mails(shop)) == 2


def test_a_pause_holds_the_mail_of_one_sequence_over_an_apply(shop: Project) -> None:
    shop.ok("pause", "complaint_care", "--by", "omar", "--because", "wrong words")
    complain(shop, now().isoformat(), "cem")
    assert "complaint_care is paused by omar" in shop.ok("apply").out
    before = len(mails(shop))
    shop.ok("run", "--once")
    assert len(mails(shop)) == before
    shop.ok("resume", "complaint_care")
    assert "paused" not in shop.ok("status").out


def test_stop_asks_for_the_number_and_changes_nothing_without_it(shop: Project) -> None:
    def typed(words: str) -> subprocess.CompletedProcess[str]:
        command = [COMMAND, "stop", "complaint_care", "--by", "lena"]
        return subprocess.run(
            command, input=words, cwd=shop.root, env=shop.environment(), capture_output=True, text=True, check=False
        )

    for words in ("", "no\n", "99\n"):
        refused = typed(words)
        assert refused.returncode == 3, refused.stderr
        assert "Nothing was changed." in refused.stdout
    inside = {one["name"]: one["inside"] for one in said(shop, "status")["sequences"]}["complaint_care"]  # type: ignore[attr-defined]
    assert inside >= 2
    assert f"{inside} are inside complaint_care" in refused.stdout
    done = typed(f"{inside}\n")
    assert done.returncode == 0, done.stderr
    assert f"{inside} enrolments ended: stopped by lena." in done.stdout
    after = {one["name"]: one["inside"] for one in said(shop, "status")["sequences"]}  # type: ignore[attr-defined]
    assert after["complaint_care"] == 0
    told = shop.ok("explain", "ana", "--sequence", "complaint_care").out
    assert "ended: stopped by lena" in told
    shop.ok("resume", "complaint_care")


def test_a_misspelt_name_and_json_without_yes_are_misuse(shop: Project) -> None:
    wrong = shop.run("pause", "complaint_car")
    assert (wrong.code, "did you mean 'complaint_care'" in wrong.err) == (64, True)
    assert shop.run("stop", "complaint_care", "--json").code == 64


def test_doctor_answers_in_words_and_as_a_document_and_fails_when_something_is_wrong(shop: Project) -> None:
    whole = said(shop, "doctor", "--offline")
    assert whole["healthy"] is True
    assert {"config", "store", "book", "clock", "zone data"} <= {one["about"] for one in whole["findings"]}  # type: ignore[attr-defined]
    (shop.root / "config.toml").write_text('mode = "tset"\n')
    try:
        sick = shop.run("doctor")
        assert sick.code == 1
        assert "wrong  config" in sick.out
    finally:
        (shop.root / "config.toml").unlink()


def test_prune_says_what_would_go_and_lets_it_go_by_the_live_house(shop: Project) -> None:
    with sqlite3.connect(shop.root / "nurture.db") as store:
        row = ("p", 1, 0, "stage", "", 0, "", "", "", "", "[]", "", 1)
        names = "person, bucket, at, why, sequence, version, subject, step, mail, words, looks, place, basis"
        store.executemany(f"INSERT INTO reason ({names}) VALUES ({', '.join('?' * len(row))})", [row] * 3)  # noqa: S608
    assert next(line for line in shop.ok("prune", "--dry-run").lines if " reasons " in line).split()[0] == "3"
    assert shop.ok("prune", "--dry-run").lines[-1].endswith("nurture prune")
    kinds = said(shop, "prune")["kinds"]
    assert {one["kind"]: one["rows"] for one in kinds} == {  # type: ignore[attr-defined]
        "reasons": 3, "journal": 0, "posts": 0, "letters": 0, "news": 0, "bodies": 0,
    }  # fmt: skip
    assert "Reasons are kept from " in shop.ok("explain", "ana").out
