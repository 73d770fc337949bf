"""`nurture check --state` by the installed command: what live data says of the files beside what the files say."""

import json
from pathlib import Path

from tests.projects import Project
from tests.small_project import SEQUENCE, edit, write


def codes(project: Project, *arguments: str) -> list[tuple[str, str]]:
    found = json.loads(project.run("check", *arguments, "--format", "json").out)["findings"]
    return [(one["code"], one["file"]) for one in found]


def test_check_asks_the_store_only_when_told_to(tmp_path: Path) -> None:
    write(tmp_path)
    project = Project(tmp_path)
    project.ok("apply")
    people = [(f"p{number}", f"p{number}@small.example", "care") for number in range(40)]
    project.table("people.csv", ("id", "email", "consent"), people)  # of nobody a country is known
    project.ok("import", "contacts", "people.csv", "--basis", "a test")
    project.ok("run", "--once")
    edit(tmp_path, SEQUENCE, "start:\n", "stop_when: [{event: review.posted, if: person.country == 'FR'}]\nstart:\n")
    plain, asked = codes(project), codes(project, "--state")
    assert ("W320", SEQUENCE) not in plain
    assert [one for one in asked if one not in plain] == [("W320", SEQUENCE)]
    told = project.ok("check", "--state").out
    assert "W320" in told
    assert "person.country" in told
