"""Letters by the installed command: raw mails are read, a stop refuses, the rest waits for a person."""

import json
from pathlib import Path

import pytest

from tests.projects import Project

LETTER = "From: Salma <salma@shop.example>\r\nSubject: {}\r\nMessage-ID: <{}@shop.example>\r\n\r\n{}\r\n"


@pytest.fixture
def project(tmp_path: Path) -> Project:
    Project(tmp_path).ok("init", "shop")
    shop = Project(tmp_path / "shop")
    shop.ok("apply")
    contacts = shop.table("people.csv", ["id", "email"], [["salma", "salma@shop.example"]])
    shop.ok("import", "contacts", str(contacts), "--consent", "coffee_tips", "--basis", "asked at the counter")
    return shop


def test_from_a_folder_of_letters_to_the_answer(project: Project) -> None:
    folder = project.root / "letters"
    folder.mkdir()
    for number, (subject, words) in enumerate((("unsubscribe coffee_tips", ""), ("Re: Hi", "Where is my grinder?")), 1):
        (folder / f"{number}.eml").write_text(LETTER.format(subject, number, words), encoding="utf-8")
    assert "2 new letters: 1 question, 1 stop" in project.ok("replies", "read", "letters").out
    assert "2 were known already" in project.ok("replies", "read", "letters").out
    shown = project.ok("show", "salma").out
    assert "refused coffee_tips" in shown
    assert "question 2: Re: Hi, waits for an answer" in shown
    (letter,) = json.loads(project.ok("replies", "--json").out)["letters"]
    assert (letter["kind"], letter["about"], letter["to"]) == ("question", "salma", "owner")
    assert "it asks something" in project.ok("replies", "show", str(letter["number"])).out
    assert "done by lena" in project.ok("replies", "done", str(letter["number"]), "--by", "lena").out
    assert project.ok("replies").lines[0] == "No letter waits for an answer."
    assert project.run("replies", "done", str(letter["number"])).code == 1
    assert project.run("replies", "show", "99").code == 64
    assert project.run("replies", "show", "x").code == 64
    assert project.run("replies", "done").code == 64
