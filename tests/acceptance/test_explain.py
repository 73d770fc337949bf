"""Silences: what `explain` says of somebody whom a sequence never considered."""

import json
import shlex
from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest

from nurture.wiring import now
from tests.projects import Project

COLUMNS = ["id", "email", "locale", "country", "birthday"]


@pytest.fixture
def two(project) -> Project:
    """Ida bought 60 days ago, before anything was live; o'neil never did. Both have a birthday in 40 days."""
    project.ok("apply")
    soon = (now() + timedelta(days=40)).strftime("--%m-%d")
    people = [("ida", "ida@shop.example", "en", "FR", soon), ("o'neil", "sean.o'neil@shop.example", "en", "IE", soon)]
    project.table("contacts.csv", COLUMNS, people)
    project.table("orders.csv", ["id", "at", "total"], [("ida", (now() - timedelta(days=60)).date(), "24.50")])
    project.ok("import", "contacts", "contacts.csv")
    project.ok("import", "orders", "orders.csv")
    return project


def test_a_silence_that_is_not_long_enough_says_when_it_will_be(two):
    complete = (now() + timedelta(days=15)).date()
    told = two.ok("explain", "ida", "--sequence", "gone_quiet").out
    assert f"silence after order.placed   complete on {complete.day} {complete:%b %Y}   not yet" in told
    assert "the event order.placed   never came   no" in two.ok("explain", "o'neil", "--sequence", "gone_quiet").out


def test_a_day_to_come_says_when_it_comes_and_what_else_is_asked(two):
    day = (now() + timedelta(days=40)).date()
    told = two.ok("explain", "sean.o'neil@shop.example", "--mail", "happy_birthday").out
    assert f"person.birthday            next on {day.day} {day:%b %Y}   not yet" in told
    assert "person.orders.count >= 1   0 >= 1" in told
    assert "Is in stage looking; this sequence is for buying" in told


def test_a_draft_says_that_it_is_one(two):
    path = two.root / "sequences" / "gone_quiet.yaml"
    path.write_text(path.read_text(encoding="utf-8").replace("status: live", "status: draft"), encoding="utf-8")
    two.ok("apply")
    assert "it is a draft, and a draft starts nobody" in two.ok("explain", "ida", "--sequence", "gone_quiet").out


def test_a_start_that_settles_says_when_it_is_looked_at(two):
    two.table("new.csv", ["id", "event", "at", "ticket"], [("ida", "complaint.opened", now().isoformat(), "T1")])
    two.ok("import", "events", "new.csv")
    two.ok("run", "--once")
    two.table("more.csv", ["id", "event", "at", "order_id"], [("o'neil", "order.delivered", now().isoformat(), "A1")])
    two.ok("import", "events", "more.csv")
    two.ok("run", "--once")
    assert (
        "order.delivered came; who may start is asked " in two.ok("explain", "o'neil", "--sequence", "first_order").out
    )


def test_everything_said_of_a_person_is_one_document_too(two):
    shown = json.loads(two.ok("show", "o'neil", "--json").out)
    assert shown["facts"]["country"] == "IE"
    assert json.loads(two.ok("explain", "ida", "--on", "2026-11-21", "--json").out)["reasons"] == []
    nobody = two.run("show", "nobody", "--json")
    assert (nobody.code, json.loads(nobody.out)["code"]) == (64, 64)
    assert "nobody is called 'nobody'" in nobody.err


def test_the_next_command_can_be_copied_whatever_the_name(two):
    command = two.ok("show", "o'neil").lines[-1].removeprefix("Next: ").partition("   ·   ")[0]
    assert shlex.split(command) == ["nurture", "explain", "o'neil"]


def test_a_day_can_be_named_and_is_one_on_their_own_clock(two):
    today = now().astimezone(ZoneInfo("Europe/Paris")).date()
    monday = today - timedelta(days=today.weekday())
    for typed, day in (("mon", monday), ("Yesterday", today - timedelta(days=1)), ("today", today)):
        assert f"On {day:%a %d %b}:" in two.ok("explain", "ida", "--on", typed).lines
    refused = two.run("explain", "ida", "--on", "tomorrow")
    assert (refused.code, "write 2027-03-08, mon, today or yesterday" in refused.err) == (64, True)


def test_why_nobody_counts_what_became_of_everybody_and_what_keeps_the_others_out(two):
    two.table("new.csv", ["id", "event", "at", "ticket"], [("ida", "complaint.opened", now().isoformat(), "T1")])
    two.ok("import", "events", "new.csv")
    two.ok("run", "--once")
    complaints = two.ok("explain", "--why-nobody", "complaint_care", "--last", "7 days").lines
    assert "1 of 2 people were considered" in complaints
    assert "       1  started: complaint.opened" in complaints
    assert "       1  the event complaint.opened: never came" in complaints
    lapses = json.loads(two.ok("explain", "--why-nobody", "gone_quiet", "--json").out)
    assert (lapses["people"], lapses["considered"], lapses["looked_at"]) == (2, 0, 2)
    unknown = two.run("explain", "--why-nobody", "gone_quite")
    assert (unknown.code, "there is no sequence 'gone_quite'" in unknown.err) == (64, True)
    assert two.run("explain").code == 64
    of_a_day = two.run("explain", "--why-nobody", "gone_quiet", "--on", "mon")
    assert (of_a_day.code, "--why-nobody is of everybody and counts" in of_a_day.err) == (64, True)
