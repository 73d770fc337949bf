"""Editing while people are inside, by the installed command: diff, plan and apply as language.md 11.6 and 11.7 show."""

import json
import re
import subprocess
from datetime import timedelta
from pathlib import Path

import pytest

from nurture.wiring import now
from tests.projects import COMMAND, Answer, Project
from tests.small_project import SEQUENCE, edit, rename_the_mail, write

NAMES = tuple(f"a{number}" for number in range(5))


@pytest.fixture
def shop(tmp_path: Path) -> Project:
    """Five people to whom something was delivered five days ago wait for the first mail."""
    write(tmp_path)
    project = Project(tmp_path)
    project.ok("apply")
    at = (now() - timedelta(days=5)).isoformat()
    project.table("people.csv", ("id", "email", "consent"), [(name, f"{name}@small.example", "care") for name in NAMES])
    project.ok("import", "contacts", "people.csv", "--basis", "a test")
    rows = [(name, "order.delivered", at, f"o-{name}") for name in NAMES]
    project.table("events.csv", ("id", "event", "at", "order_id"), rows)
    project.ok("import", "events", "events.csv", "--fresh", "30 days")
    project.ok("run", "--once")
    assert "before_how_are_you" in project.ok("show", "a0").out
    return project


def said(answer: Answer) -> str:
    """What was printed, with its white space made one."""
    return " ".join(answer.out.split())


def typed(project: Project, words: str, *arguments: str) -> Answer:
    """The command with something typed into it."""
    done = subprocess.run(
        [COMMAND, *arguments], input=words, cwd=project.root, env=project.environment(), capture_output=True,
        text=True, check=False,
    )  # fmt: skip
    return Answer(done.returncode, done.stdout, done.stderr)


def test_the_commit_is_told_as_it_is(shop: Project) -> None:
    git = ["git", "-c", "user.name=lena", "-c", "user.email=lena@small.example", "-C", str(shop.root)]
    for words in (["init", "-q"], ["add", "sequences", "templates"], ["commit", "-q", "-m", "all"]):
        subprocess.run([*git, *words], check=True)
    head = subprocess.check_output([*git, "rev-parse", "--short", "HEAD"], text=True).strip()
    edit(shop.root, SEQUENCE, "until_day: 6", "until_day: 7")
    assert f"5 people moved, nobody left. Commit {head} and edits since." in said(shop.ok("apply"))
    subprocess.run([*git, "commit", "-q", "-a", "-m", "a day later"], check=True)
    edit(shop.root, SEQUENCE, "until_day: 7", "until_day: 8")
    subprocess.run([*git, "commit", "-q", "-a", "-m", "and another"], check=True)
    head = subprocess.check_output([*git, "rev-parse", "--short", "HEAD"], text=True).strip()
    done = said(shop.ok("apply"))
    assert f"nobody left. Commit {head}." in done
    (undo,) = re.findall(r'--version-of "([^"]+)"', done)
    back = said(shop.ok("apply", "--due-now", "old-day", "--version-of", undo))
    assert "5 people moved, nobody left." in back
    assert "Commit" not in back  # those files are in no commit that could be named


def test_a_rename_and_a_shorter_wait_from_diff_to_undo(shop: Project) -> None:
    rename_the_mail(shop.root)
    told = said(shop.ok("diff", "check_in"))
    assert "check_in: your file against version 1" in told
    assert "> how_are_you is now how_is_it" in told
    assert "mail how_are_you is now how_is_it: en.md; subject en changed, tr NOT changed" in told
    assert "What a reader would notice: how_is_it comes 2 days earlier" in told

    readme = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")
    (shown,) = re.findall(r"```\n(check_in   version 1 -> 2\n.*?)```", readme, flags=re.DOTALL)
    printed = shop.run("plan").out
    assert all(part.strip("\n") in printed for part in shown.split("\n\n"))

    plan = shop.run("plan", "--json")
    assert plan.code == 3
    assert json.loads(plan.out)["missing"][0]["key"] == "due_now check_in"
    refused = shop.run("apply")
    assert (refused.code, "Nothing was changed." in refused.out) == (3, True)
    assert 'Add --due-now send | "spread 3 days" | old-day' in said(refused)

    asked = typed(shop, "", "apply", "--due-now", "send")
    assert asked.code == 3
    assert "The most that can go out in the next hour because of this: 5 messages." in asked.out
    assert "nurture apply --yes-send 5" in asked.out
    assert shop.run("apply", "--due-now", "send", "--yes-send", "4").code == 3
    shop.ok("run", "--once")
    assert shop.mails == []

    assert shop.run("plan", "--due-now", "send", "--out", "plan.json").code == 2
    applied = shop.ok("apply", "--due-now", "send", "--plan", "plan.json", "--yes-send", "5")
    assert "5 people moved, nobody left." in applied.out
    shop.ok("run", "--once")
    assert len(shop.mails) == 5
    late = shop.run("apply", "--due-now", "send", "--plan", "plan.json")
    assert (late.code, "plan again" in late.err) == (1, True)
    explained = said(shop.ok("explain", "a0", "--sequence", "check_in"))
    assert "moved from version 1 to 2: stands at before_how_is_it" in explained

    undo = re.search(r'--version-of "(.*)"', applied.out)
    assert undo is not None
    assert "> how_is_it is now how_are_you" in said(shop.ok("apply", "--version-of", undo.group(1)))
    shop.ok("run", "--once")
    assert len(shop.mails) == 5


def test_the_number_of_mails_is_typed_and_a_sequence_is_given_up(shop: Project) -> None:
    rename_the_mail(shop.root)
    done = typed(shop, "5\n", "apply", "--due-now", "send")
    assert (done.code, done.err) == (0, "")
    assert shop.run("plan").code == 0
    (shop.root / SEQUENCE).unlink()
    gone = shop.run("plan")
    assert gone.code == 3
    assert "check_in: 5 inside, and its file is gone; put it back with status: closed" in said(gone)
    assert shop.run("apply", "--drop", "other=stop").code == 64
    shop.ok("apply", "--drop", "check_in=stop")
    shop.ok("run", "--once")
    assert "removed by version 3" in shop.ok("explain", "a0").out
    assert shop.mails == []


def test_a_removed_step_waits_for_a_decision_and_a_file_with_a_mistake_is_not_planned(shop: Project) -> None:
    edit(shop.root, SEQUENCE, "  - wait: {until_day: 6, at: 10:00}\n  - {send: how_are_you}\n", "")
    plan = shop.run("plan", "--comment")
    assert (plan.code, plan.lines[0]) == (3, "### nurture plan: not ready")
    assert "check_in: add to sequences/check_in.yaml removed: [{step: before_how_are_you, people_there: next}]" in said(
        plan
    )
    edit(shop.root, SEQUENCE, "start:", "removed: [{step: before_how_are_you, people_there: stop}]\nstart:")
    assert shop.run("plan").code == 2
    shop.ok("apply")
    shop.ok("run", "--once")
    assert "removed by version 2" in shop.ok("explain", "a0").out
    edit(shop.root, SEQUENCE, "steps:", "stepz:")
    assert [shop.run(verb).code for verb in ("plan", "apply", "diff")] == [1, 1, 1]


def test_a_broadcast_whose_hour_has_passed_for_some_is_asked_about(shop: Project) -> None:
    """At whatever hour this runs, it is past in Kiritimati and to come in Niue, 25 hours behind."""
    people = [
        ("east", "east@small.example", "tips", "Pacific/Kiritimati"),
        ("west", "west@small.example", "tips", "Pacific/Niue"),
    ]
    shop.table("zones.csv", ("id", "email", "consent", "zone"), people)
    edit(
        shop.root,
        "sequences/house/catalogue.yaml",
        "  locale: ",
        "  zone: {type: text, format: zone, example: UTC}\n  locale: ",
    )
    shop.ok("apply")
    shop.ok("import", "contacts", "zones.csv", "--basis", "a test")
    shop.ok("run", "--once")
    text = (shop.root / SEQUENCE).read_text(encoding="utf-8")
    start = text[text.index("start:") : text.index("again:")]
    hour = f"start:\n  once: {now():%Y-%m-%d %H:%M}\n"
    news = text.replace(start, hour).replace("check_in", "news").replace("{per: event.order_id}", "never\nat_most: 100")
    (shop.root / "sequences/news.yaml").write_text(news, encoding="utf-8")
    refused = shop.run("apply", "--json")
    assert refused.code == 3
    assert [one["key"] for one in json.loads(refused.out)["missing"]] == ["past_hour news"]
    nobody_there = shop.run("apply")
    assert (nobody_there.code, "--past-hour send | skip" in said(nobody_there)) == (3, True)
    assert "Nothing was changed." in nobody_there.out
    assert "passed already" in said(typed(shop, "perhaps\n", "apply"))
    assert shop.run("plan").code == 3
    assert shop.run("plan", "--past-hour", "skip").code == 2
    assert typed(shop, "skip\n", "apply").code == 0
