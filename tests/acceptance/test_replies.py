"""Letters by the installed command: raw mails are read, a stop refuses, the rest waits for a person."""

import json
import re
from pathlib import Path

import pytest

from nurture.wiring import now
from tests.daemons import ask, daemon, free_port, until
from tests.projects import Project

from .test_daemon import configure

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
    assert (letter["kind"], letter["about"], letter["to"]) == ("question", "salma", "lena")
    assert "it asks something" in project.ok("replies", "show", str(letter["number"])).out
    assert "done by lena" in project.ok("replies", "done", str(letter["number"]), "--by", "lena").out
    assert project.ok("replies").lines[0] == "No letter waits for an answer."
    assert project.run("replies", "done", str(letter["number"])).code == 1
    assert project.run("replies", "show", "99").code == 64
    assert project.run("replies", "show", "x").code == 64
    assert project.run("replies", "done").code == 64


def test_a_complaint_by_inbound_parse_starts_what_puts_it_right_and_keeps_the_rest_waiting(project: Project) -> None:
    port, secret = free_port(), "word" * 8
    configure(
        project,
        f'[web]\nurl = "http://127.0.0.1:{port}"\nlisten = "127.0.0.1:{port}"\n',
        '[sendgrid]\ninbound_secret_env = "INBOUND_SECRET"\n',
    )
    project.table("more.csv", ["id", "email"], [["ben", "ben@shop.example"]])
    project.ok("import", "contacts", "more.csv", "--consent", "coffee_tips", "--basis", "asked at the counter")
    broken = LETTER.format("Re: Your beans", 1, "The bag arrived broken.")
    away = LETTER.format("Re: Your beans", 2, "I am away. The bag arrived broken. Stop.").replace("salma", "ben")
    with daemon(project, INBOUND_SECRET=secret) as running:
        running.until_said("web.listens")
        for letter in (broken, f"Auto-Submitted: auto-replied\r\n{away}", broken):
            assert ask(f"http://127.0.0.1:{port}/in/sendgrid/mail/{secret}", posted(letter), TYPE)[0] == 204
        until(lambda: running.said("letter.taken") == 2 and len(project.mails) == 1, lambda: running.log)
        assert running.stop() == 0
    assert "We got your message" in project.mails[0].read_text(encoding="utf-8", errors="replace")
    (task,) = json.loads(project.ok("tasks", "--json").out)["tasks"]
    assert (task["about"], task["to"]) == ("salma", "lena")
    kinds = {one["about"]: one["kind"] for one in json.loads(project.ok("replies", "--all", "--json").out)["letters"]}
    assert kinds == {"salma": "complaint", "ben": "automatic"}
    joined = [[who, "subscriber.joined", now().isoformat(timespec="seconds"), "web"] for who in ("salma", "ben")]
    project.ok("import", "events", str(project.table("joined.csv", ["id", "event", "at", "source"], joined)))
    coming = project.ok("simulate", "--days", "3", "--no-events").out
    assert re.search(r"salma +welcome_hello +muted by open_complaint", coming)
    assert re.search(r"ben +welcome_hello +welcome", coming)
    said = " ".join(project.ok("tasks", "done", task["key"], "--by", "lena").out.split())
    assert "complaint.resolved is recorded" in said
    project.ok("run", "--once")
    told = project.ok("explain", "salma", "--sequence", "complaint_care").out
    assert "answered by complaint.resolved" in told
    assert "waits at before_amends" in told


TYPE = {"Content-Type": "multipart/form-data; boundary=X"}


def posted(letter: str) -> bytes:
    """A letter as Inbound Parse posts it, whole."""
    return f'--X\r\nContent-Disposition: form-data; name="email"\r\n\r\n{letter}\r\n--X--\r\n'.encode()
