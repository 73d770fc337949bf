import json
import re
from collections import Counter
from email import message_from_bytes, policy

import pytest


def keys(project) -> Counter[str]:
    """The send key of every mail in the folder, from its file's name."""
    return Counter(re.sub(r".*Z-|\.eml$", "", path.name) for path in project.mails)


def test_a_complaint_is_answered_once(shop):
    project = shop(3)
    answer = project.ok("run", "--once")
    assert "3 mails decided" in answer.out
    assert answer.lines[-1].startswith("Next: ")
    mail = message_from_bytes(project.mails[0].read_bytes(), policy=policy.default)
    assert mail["To"].addresses[0].domain == "shop.example"
    assert mail["Subject"]
    assert {part.get_content_type() for part in mail.walk()} >= {"text/plain", "text/html"}
    project.ok("run", "--once")
    project.ok("import", "events", "events.csv")
    project.ok("run", "--once")
    assert len(project.mails) == 3


def test_what_went_can_be_shown_and_explained(shop):
    project = shop(1)
    project.ok("run", "--once")
    shown = project.ok("show", "c0").out
    assert "we_got_your_message" in shown
    assert "complaint_care" in shown
    told = project.ok("explain", "c0@shop.example", "--mail", "we_got_your_message").out
    assert "sent" in told
    assert "sequences/complaint_care.yaml:" in told
    document = json.loads(project.ok("explain", "c0", "--sequence", "complaint_care", "--json").out)
    assert {reason["why"] for reason in document["reasons"]} >= {"started", "sent"}


def test_why_somebody_never_entered_is_worked_out(shop):
    project = shop(1)
    project.ok("run", "--once")
    told = project.ok("explain", "c0", "--sequence", "birthday").out
    assert "person.birthday" in told
    assert "unknown" in told
    day = project.ok("explain", "c0", "--on", "2020-01-01").out
    assert all(name in day for name in ("birthday", "welcome", "complaint_care"))
    assert project.run("explain", "nobody").code == 64
    assert "did you mean 'birthday'?" in project.run("explain", "c0", "--sequence", "birthdy").err


def test_a_dry_run_writes_and_sends_nothing(shop):
    project = shop(2)
    dry = project.ok("run", "--dry-run")
    assert "2 messages" in dry.out
    assert project.mails == []
    assert "2 mails decided" in project.ok("run", "--once").out


def test_at_goes_only_with_dry_run(project):
    project.ok("apply")
    assert project.run("run", "--once", "--at", "2030-01-01").code == 64
    assert project.run("run", "--once", "--dry-run").code == 64
    project.ok("run", "--dry-run", "--at", "2099-01-01")


def test_two_runs_at_a_time_double_nothing(shop):
    project = shop(400)
    runs = [project.start("run", "--once") for _ in range(2)]
    for run in runs:
        _, err = run.communicate(timeout=300)
        assert run.returncode == 0, err
    project.ok("run", "--once")
    found = keys(project)
    assert set(found.values()) == {1}
    assert len(found) == 400


def test_a_run_that_is_killed_doubles_nothing_and_loses_nothing(shop):
    project = shop(600)
    run = project.start("run", "--once")
    while len(project.mails) < 20 and run.poll() is None:
        pass
    run.kill()
    run.communicate()
    before = len(project.mails)
    assert 0 < before < 600
    document = json.loads(project.ok("run", "--once", "--json").out)
    found = keys(project)
    assert set(found.values()) == {1}
    assert len(found) >= 500
    assert document["in_doubt_before"] + len(found) >= 600
    assert document["in_doubt_before"] <= 100
    assert "0 mails decided" in project.ok("run", "--once").out
    assert keys(project) == found


def test_a_copy_of_the_store_does_not_mail_until_a_person_has_looked(shop):
    project = shop(2)
    (project.root / ".nurture" / "installation.json").write_text(
        '{"store": "another", "counter": 1}\n', encoding="utf-8"
    )
    answer = project.run("run", "--once")
    assert answer.code == 4
    assert "--accept" in answer.err
    assert project.mails == []
    assert project.run("run", "--once").code == 4
    accepted = project.ok("run", "--once", "--accept").out
    assert "2 of an earlier run are in doubt" in accepted
    assert "What may have gone before" in accepted
    assert "What may have gone before" not in project.ok("run", "--once", "--accept").out
    assert project.mails == []
    assert "in doubt: it may have gone" in project.ok("show", "c0").out
    assert "in doubt: it may have gone" in project.ok("explain", "c0").out


@pytest.mark.parametrize(
    ("settings", "count"),
    [('mode = "test"\n', 0), ('[deliver]\nonly_to = ["c1@shop.example"]\n', 1)],
)
def test_only_some_may_have_mail(shop, settings, count):
    project = shop(3)
    (project.root / "config.toml").write_text(settings, encoding="utf-8")
    assert "cancelled" in project.ok("run", "--once").out
    assert len(project.mails) == count


def test_people_inside_are_moved_by_an_apply(shop):
    project = shop(1)
    project.ok("run", "--once")
    path = project.root / "sequences" / "complaint_care.yaml"
    path.write_text(path.read_text(encoding="utf-8").replace("wait: 3 days", "wait: 9 days"), encoding="utf-8")
    applied = project.ok("apply").out
    assert "version 2" in applied
    assert "wait 3 days at 10:00 -> wait 9 days at 10:00" in " ".join(applied.split())
    assert "1 person moved, nobody left." in applied
    assert "complaint_care, version 2" in project.ok("show", "c0").out
    assert "Nothing changed" in project.ok("apply").out
    path.unlink()
    assert project.run("apply").code in (1, 3)


def test_rebuild_proves_everything_equal(shop):
    project = shop(20)
    project.ok("run", "--once")
    assert "all equal" in project.ok("rebuild").out
