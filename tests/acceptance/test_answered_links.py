"""The installed command answers the links of its mails: leaving, answering, and what strangers are told."""

import re
from pathlib import Path

from nurture.links import Links
from nurture.wiring import workshop
from tests.daemons import ask, daemon, free_port, until
from tests.projects import Project

from .test_daemon import configure

TOPIC = "coffee_tips"


def links_of(project: Project, outside_id: str) -> tuple[Links, str]:
    """What makes the links of this project's mails, and our id of a person."""
    with workshop(project.root) as shop:
        person = shop.store.find(outside_id)
        assert shop.links is not None
        assert person is not None
        return shop.links, person


def test_readers_leave_and_answer_while_the_daemon_runs(project: Project):
    port = free_port()
    configure(project, f'[web]\nurl = "http://127.0.0.1:{port}"\nlisten = "127.0.0.1:{port}"\n')
    project.ok("apply")
    project.table("people.csv", ["id", "email", "locale"], [("c1", "c1@shop.example", "en")])
    project.ok("import", "contacts", "people.csv", "--consent", TOPIC, "--basis", "a form")
    links, person = links_of(project, "c1")
    leave = links.unsubscribe(person, TOPIC, "k1")
    answer = links.answer(person, "complaint.opened", {"ticket": "parcel-77", "about": "cold"}, "k1")
    with daemon(project) as running:
        running.until_said("web.listens")
        for url in (leave, answer):
            status, page = ask(url)
            assert status == 200
            assert "Kestrel Coffee" in page
        assert running.said("link.taken") == 0
        assert ask(leave, b"List-Unsubscribe=One-Click") == (200, "You are unsubscribed\n")
        assert ask(answer, b"")[0] == 200
        until(lambda: len(project.mails) == 1, lambda: running.log)
        assert ask(leave[:-1] + ("A" if leave[-1] != "A" else "B"), b"")[0] == 404
        assert running.stop() == 0
    assert f"refused {TOPIC}" in project.ok("show", "c1").out
    assert said_to(project.mails[0]) == "c1@shop.example"
    assert running.said("link.taken") == 2
    for secret in ("c1@", person, leave.rpartition("/")[2], "parcel-77"):
        assert secret not in running.log


def said_to(mail: Path) -> str:
    """Whom a mail is for."""
    found = re.search(
        r"^To: .*?([\w.]+@[\w.]+)", mail.read_text(encoding="utf-8", errors="replace"), flags=re.MULTILINE
    )
    assert found
    return found[1]
