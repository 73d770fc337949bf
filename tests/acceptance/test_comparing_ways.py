"""`nurture ways`: people go the ways of a split, some do what is measured, and the command says what can be told."""

import json
from typing import Any

from nurture.wiring import now
from tests.projects import Project

SEQUENCE = """\
sequence: two_tones
title: Which tone?
about: Half are greeted warmly, half briskly.
stage: any
class: care
status: live
start: {event: subscriber.joined, settle: 0 minutes}
again: never
stop_when:
  - {event: order.placed}
  - {event: complaint.opened}
steps:
  - id: tone
    split:
      - way: warm
        then:
          - wait: 20 days
      - way: brisk
        then:
          - wait: 30 days
    measure: {event: order.placed}
"""
PEOPLE = 12


def test_the_ways_of_a_split_are_counted(project: Project) -> None:
    (project.root / "sequences" / "two_tones.yaml").write_text(SEQUENCE, encoding="utf-8")
    project.ok("apply")
    contacts = [(f"c{n}", f"c{n}@shop.example", "Europe/Paris") for n in range(PEOPLE)]
    project.table("contacts.csv", ["id", "email", "zone"], contacts)
    project.ok("import", "contacts", "contacts.csv")
    happen(project, "subscriber.joined", range(PEOPLE))
    before = json.loads(project.ok("ways", "two_tones", "--json").out)[0]
    assert sum(way["people"] for way in before["ways"]) == PEOPLE
    assert not any(way["over"] for way in before["ways"])
    happen(project, "order.placed", range(0, PEOPLE, 2), "order_id")
    happen(project, "complaint.opened", range(1, PEOPLE, 2), "ticket")
    after = json.loads(project.ok("ways", "two_tones", "--json").out)[0]
    assert [way["way"] for way in after["ways"]] == ["warm", "brisk"]
    assert sum(way["over"] for way in after["ways"]) == PEOPLE
    assert sum(way["did"] for way in after["ways"]) == PEOPLE // 2
    told = project.ok("ways", "two_tones").out
    assert "tone: order.placed while inside" in told
    assert verdict_of(after) in told


def verdict_of(split: dict[str, Any]) -> str:
    """What must be said of what was counted: who goes which way is drawn anew in each project, so it is not known."""
    if not split["beside"]:
        return "Cannot tell yet: of fewer than two ways anybody's time is over."
    (other,) = split["beside"]
    assert other["low"] <= other["ahead"] <= other["high"]
    assert {split["best"], other["way"]} == {"warm", "brisk"}
    if other["low"] <= 0:
        return f"{split['best']} or {other['way']}: cannot tell yet ("
    return f"{split['best']} is ahead of {other['way']}: "


def test_what_cannot_be_compared_is_said(project: Project) -> None:
    project.ok("apply")
    missing = project.run("ways", "welcme")
    assert (missing.code, "did you mean 'welcome'?" in missing.err) == (64, True)
    nothing = project.run("ways", "birthday")
    assert nothing.code == 64
    assert "no split of birthday says by what its ways are compared" in nothing.err


def happen(project: Project, name: str, people: range, field: str = "") -> None:
    """Something happens to these people now, and is decided."""
    columns = ["id", "event", "at", *([field] if field else [])]
    at = now().isoformat()
    project.table("events.csv", columns, [(f"c{n}", name, at, *([f"X{n}"] if field else [])) for n in people])
    project.ok("import", "events", "events.csv")
    project.ok("run", "--once")
