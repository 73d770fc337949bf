"""The installed command over PostgreSQL: the same mails, reasons and words as over SQLite."""

import re
import shutil
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from email import message_from_bytes
from pathlib import Path

import pytest

from nurture.wiring import now
from tests.daemons import daemon, until
from tests.postgres_server import Server, postgres_server
from tests.projects import Project

STEPS = (
    ("check",),
    ("import", "events", "events.csv"),
    ("apply",),
    ("run", "--once"),
    ("explain", "c0"),
    ("status",),
    ("doctor", "--offline"),
    ("replay",),
    ("forget", "c1", "--yes"),
    ("export-person", "c0"),
)
# What two shops never have in common: the moment, the ids that their stores give, their folders and the file's disk.
OWN = re.compile(r"\d\d:\d\d|\b[0-9TZ]+-(?=[0-9a-f]{64})|\bp?[0-9a-f]{16,64}\b|, \d+ fine")
DISK = re.compile(r"^ok +disk.*\n", re.MULTILINE)
LINK = re.compile(r"https?://[^\s\"<>)]+")


def lived(project: Project, at: str) -> list[str]:
    """What every step of a short life prints."""
    rows = [(f"c{n}", f"c{n}@shop.example", "en", "Europe/Paris", "complaint.opened", at, f"T{n}") for n in range(3)]
    project.table("events.csv", ["id", "email", "locale", "zone", "event", "at", "ticket"], rows)
    answers = [project.run(*step) for step in STEPS]
    said = [f"{step}: {one.code}\n{one.out}{one.err}" for step, one in zip(STEPS, answers, strict=True)]
    return [OWN.sub("_", DISK.sub("", words.replace(str(project.root), "HERE"))) for words in said]


def told(mail: Path) -> tuple[str, ...]:
    """To whom a mail goes and what it says, without what is signed for one reader of one store."""
    message = message_from_bytes(mail.read_bytes())
    parts = [part.get_payload(decode=True) for part in message.walk() if part.get_content_maintype() == "text"]
    texts = [part.decode() for part in parts if isinstance(part, bytes)]
    return (str(message["To"]), str(message["Subject"]), *(LINK.sub("LINK", text) for text in texts))


def test_a_shop_says_and_sends_the_same_over_either_database(
    starter: Path, tmp_path: Path, postgres: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    at = (now() - timedelta(minutes=5)).isoformat(timespec="seconds")
    shops = [Project(tmp_path / name) for name in ("file", "server")]
    for one in shops:
        shutil.copytree(starter, one.root)
    settings = shops[1].root / "config.toml"
    by_variable = settings.read_text().replace('url = "sqlite:///nurture.db"', 'url_env = "SHOP_STORE"', 1)
    settings.write_text(by_variable)
    monkeypatch.setenv("SHOP_STORE", postgres.new_database())
    with ThreadPoolExecutor(2) as pool:
        ours, theirs = pool.map(lived, shops, (at, at))
    for one, other in zip(ours, theirs, strict=True):
        assert other == one
    assert all(words.split("\n")[0].endswith(": 0") for words in ours), ours
    assert not (shops[1].root / "nurture.db").exists()
    sent = [sorted(map(told, one.mails)) for one in shops]
    assert sent[1] == sent[0]
    assert len(sent[0]) == 3


def test_a_daemon_lives_on_when_the_server_goes_down_and_comes_back(project: Project) -> None:
    """While it is away the log says why; what came as it was back is mailed, without anybody's hand."""
    with postgres_server() as server:
        settings = project.root / "config.toml"
        text = settings.read_text().replace("sqlite:///nurture.db", server.new_database(), 1)
        settings.write_text(text.replace('every = "5 seconds"', 'every = "1 second"', 1))
        project.ok("apply")
        with daemon(project) as running:
            running.until_said("daemon.started")
            server.end()
            until(lambda: "no PostgreSQL answers there" in running.log, lambda: running.log)
            server.begin()
            row = ("c1", "c1@shop.example", "complaint.opened", now().isoformat(), "T1")
            project.table("events.csv", ["id", "email", "event", "at", "ticket"], [row])
            project.ok("import", "events", "events.csv")
            until(lambda: project.mails, lambda: running.log)
            assert running.stop() == 0
