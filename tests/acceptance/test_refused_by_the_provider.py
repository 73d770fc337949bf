"""What a person sees and does when SendGrid refuses us, and when an answer is lost: by the installed command."""

import json
from collections.abc import Callable

import pytest

from tests.projects import Project
from tests.sendgrid_server import CONFIG, KEY, SendGridServer


def test_a_refused_key_halts_until_a_person_looked_and_a_lost_answer_is_settled_by_hand(
    shop: Callable[[int], Project], server: SendGridServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SENDGRID_KEY", KEY)
    project = shop(3)
    (project.root / "config.toml").write_text(CONFIG.format(url=server.url), encoding="utf-8")
    server.fail("401")
    refused = project.run("run", "--once")
    assert refused.code == 4
    assert "sendgrid.key_env of config.toml" in " ".join(refused.out.split())
    assert project.run("run", "--once").code == 4, "whoever starts it by hand hears of it every time"
    told = " ".join(project.ok("status").out.split())
    assert "All sending is halted by nurture" in told
    assert "(nurture unhalt)" in told
    assert server.requests == 1
    assert KEY not in refused.out + told

    project.ok("unhalt")
    server.fail("close_after")
    assert "3 in doubt" in project.ok("run", "--once").out
    first, second, _ = json.loads(project.ok("outbox", "--in-doubt", "--json").out)["mails"]
    project.ok("outbox", "went", first["key"][:10], "--because", "their log has it")
    project.ok("outbox", "resend", second["key"][:10], "--because", "their log does not have it")
    assert "1 taken by sendgrid" in project.ok("run", "--once").out
    assert [line["key"] for line in server.accepted] == [second["key"]]
