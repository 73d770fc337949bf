import json
from datetime import timedelta

from nurture.wiring import now


def people(project) -> None:
    """Two contacts with consent and a birthday that comes round in a few days, one of them without an address."""
    birthday = (now() + timedelta(days=9)).date().replace(year=1992)  # a leap year, so that every day is in it
    project.table(
        "people.csv",
        ["id", "email", "first_name", "zone", "birthday"],
        [("ann", "ann@shop.example", "Ann", "Europe/London", birthday), ("ben", "", "Ben", "Europe/London", birthday)],
    )
    project.table("orders.csv", ["id", "at", "total"], [("ann", "2026-09-01", "9"), ("ben", "2026-09-01", "9")])
    project.ok("import", "contacts", "people.csv", "--consent", "celebrations", "--basis", "ticked")
    project.ok("import", "orders", "orders.csv")


def test_the_next_days_and_what_is_dropped_in_them(project):
    people(project)
    answer = project.ok("simulate", "--days", "40", "--no-events")
    assert "2 messages · " in answer.out
    assert any(" ann " in line and "happy_birthday" in line and "09:00" in line for line in answer.lines)
    assert any(" ben " in line and "happy_birthday" in line and "address" in line for line in answer.lines)
    assert "Timers only" in answer.out
    assert max(map(len, answer.lines)) <= 100
    assert project.mails == []


def test_only_the_people_asked_for(project):
    people(project)
    found = json.loads(project.ok("simulate", "--days", "40", "--people", "ann", "--json").out)
    assert [(mail["person"], mail["mail"]) for mail in found["mails"]] == [
        ("ann", "happy_birthday"),
        ("ann", "birthday_reminder"),
    ]
    assert found["dropped"] == []
    assert project.run("simulate", "--people", "nobody").code == 64
    assert project.run("simulate", "--from", "2020-01-01").code == 64


def test_the_working_tree_is_simulated_and_the_applied_book_runs(project):
    people(project)
    project.ok("apply")
    path = project.root / "sequences" / "birthday.yaml"
    path.write_text(path.read_text(encoding="utf-8").replace("at: 09:00", "at: 14:00"), encoding="utf-8")
    assert "14:00" in project.ok("simulate", "--days", "40").out
    assert "09:00" in project.ok("show", "ann").out


def test_a_backtest_says_how_many_only_lacked_an_address_or_a_consent(project):
    project.table("orders.csv", ["id", "at", "total"], [("ida", "2026-01-05", "24.50")])
    project.ok("import", "orders", "orders.csv")
    span = ("--from", "2026-01-01", "--to", "2026-06-30", "--out", "then.csv")
    lines = project.ok("backtest", *span).lines
    lacking = sum(int(line.split()[-1]) for line in lines if "no_address" in line)
    assert lacking > 0
    assert lines[-2].startswith(f"{lacking} for want of an address or a consent at the time; --assume reachable")
    assert "for want of" not in project.ok("backtest", *span, "--assume", "reachable").out
    assert project.run("backtest", *span[:-1], "nowhere/then.csv").code == 64


def test_the_files_stand_beside_what_is_live_and_the_calendar_is_a_page_too(project):
    people(project)
    project.ok("apply")
    path = project.root / "sequences" / "birthday.yaml"
    path.write_text(path.read_text(encoding="utf-8").replace("status: live", "status: closed"), encoding="utf-8")
    answer = project.ok("simulate", "--days", "40", "--compare", "applied", "--html", "calendar.html", "--no-events")
    assert ["birthday", "2", "0", "-2"] in [line.split() for line in answer.lines]
    assert "<caption>" not in (project.root / "calendar.html").read_text()  # nothing is sent, so there is no month
    found = json.loads(project.ok("simulate", "--days", "40", "--compare", "applied", "--no-events", "--json").out)
    assert (found["messages"], found["applied"]) == (0, {"birthday": 2})
    assert project.run("simulate", "--days", "2", "--down", "3d").code == 64
