"""A shop is backed up, restored and taken to PostgreSQL and back, by the commands that docs/deploy shows."""

import json
import re
import shutil
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from nurture.cli.edge import run
from nurture.engine import forgetting
from nurture.store.database import connect
from nurture.store.seats import Seat
from nurture.wiring import DAEMON, RunLock, now
from tests.postgres_server import Server
from tests.projects import Answer, Project

DEPLOY = Path(__file__).parents[3] / "docs" / "deploy"


@dataclass(frozen=True)
class Here(Project):
    """A project whose commands are run in this process, which has loaded all they need."""

    said: pytest.CaptureFixture[str]

    def run(self, *arguments: str) -> Answer:
        self.said.readouterr()
        code = run(arguments)
        found = self.said.readouterr()
        return Answer(code, found.out, found.err)


Make = Callable[[int], Here]


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Make:
    """An applied project with so many contacts, each of whom has just complained: one mail each is due at once."""

    def make(people: int) -> Here:
        project = Here(tmp_path / "shop", capsys)
        assert run(["init", str(project.root)]) == 0
        monkeypatch.chdir(project.root)
        project.ok("apply")
        contacts = [(f"c{n}", f"c{n}@shop.example", "en", where_it_is_noon()) for n in range(people)]
        project.table("contacts.csv", ["id", "email", "locale", "zone"], contacts)
        project.ok("import", "contacts", "contacts.csv")
        complain(project, people, "first")
        return project

    return make


def where_it_is_noon() -> str:
    """A zone of so many hours: what had to wait goes at no reader's night."""
    return f"Etc/GMT{now().hour - 12:+}"


def as_written(page: str, begins: str, instead: dict[str, str]) -> list[str]:
    """What is given to nurture in the one line of a page that begins so, with other names for files."""
    text = (DEPLOY / page).read_text(encoding="utf-8")
    (line,) = set(re.findall(rf"^nurture ({begins}.*)$", text, flags=re.MULTILINE))
    for old, new in instead.items():
        line = line.replace(old, new)
    return line.split()


def words(answer: Answer) -> str:
    """What was said, on one line: a path is as long as it is."""
    return " ".join((answer.out + answer.err).split())


def test_a_restored_shop_waits_for_a_person_and_sends_nothing_twice(shop: Make) -> None:
    project = shop(4)
    safe = project.root / "safe"
    made = project.ok(*as_written("one-machine.md", "backup", {"/var/backups/nurture": str(safe)}))
    (backup,) = safe.glob("nurture-*.db")
    assert str(backup) in words(made)
    assert "taken and checked in" in words(made)
    complain(project, 2, "after the backup")
    project.ok("run", "--once")
    assert len(project.mails) == 6
    project.ok("forget", "c3", "--yes")
    lock = RunLock(project.root)
    assert lock.take(DAEMON) is None
    refused = project.run("restore", str(backup))
    assert (refused.code, "is at work here. Stop it first." in words(refused)) == (4, True)
    lock.release()
    (project.root / "torn.db").write_bytes(backup.read_bytes()[:9000])
    torn = project.run("restore", "torn.db")
    assert (torn.code, "torn.db is" in words(torn), "damaged" in words(torn)) == (4, True, True)
    there = {"/var/backups/nurture/nurture-20261122T030000Z.db": str(backup)}
    done = project.ok(*as_written("one-machine.md", "restore", there))
    assert "1 who had been forgotten were known still" in words(done)
    (kept,) = project.root.glob("nurture.db.before-restore-*")
    assert f"What was there before is kept: {kept}." in words(done)
    assert "import them again, with the dates on which they came and happened" in words(done)
    halted = project.run("run", "--once")
    assert (halted.code, "was restored from a backup" in words(halted)) == (4, True)
    accepted = json.loads(project.ok(*as_written("one-machine.md", "run", {}), "--json").out)
    assert accepted["in_doubt_before"] == 3  # all but who was forgotten
    assert len(project.mails) == 6
    project.ok("import", "events", "more.csv")  # only now: what happened before the restore
    assert "2 held by a restore, before which it may have gone" in words(project.ok("run", "--once"))
    assert len(project.mails) == 6
    complain(project, 1, "since then")
    project.ok("run", "--once")
    assert len(project.mails) == 7
    project.ok("release", "--all")
    assert "2 written to" in words(project.ok("run", "--once"))  # of the same keys, so perhaps over the same files


def test_on_a_new_machine_who_was_forgotten_since_the_backup_is_forgotten_again(
    shop: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    project, safe = shop(3), tmp_path / "safe"
    project.ok("backup", str(safe / "first.db"))
    project.ok("run", "--once")
    project.ok("forget", "c2", "--yes")
    project.ok("backup", str(safe / "second.db"))
    listed = (safe / "erasures").read_text()
    new = tmp_path / "new machine"
    for name in ("sequences", "templates"):
        shutil.copytree(project.root / name, new / name)
    shutil.copy(project.root / "config.toml", new)
    there = replace(project, root=new)
    monkeypatch.chdir(new)
    there.ok("status")  # somebody looked first, and so made a store in which nothing is
    there.ok("backup", str(safe / "nothing.db"))
    assert (safe / "erasures").read_text() == listed
    assert "1 who had been forgotten were known still" in words(there.ok("restore", str(safe / "first.db")))
    accepted = json.loads(there.ok("run", "--once", "--accept", "--json").out)
    assert (accepted["in_doubt_before"], (new / "outbox").exists()) == (2, False)
    there.table("c2.csv", ["id", "email", "locale"], [("c2", "c2@shop.example", "en")])
    there.ok("import", "contacts", "c2.csv")
    assert "asked to be forgotten" in words(there.ok("show", "c2"))
    other = tmp_path / "other"
    assert run(["init", str(other)]) == 0
    monkeypatch.chdir(other)
    there = replace(project, root=other)
    there.ok("apply")
    refused = there.run("restore", str(safe / "first.db"))
    assert (refused.code, "is of another shop than this project's" in words(refused)) == (4, True)
    there.ok("backup", str(safe / "of another.db"))
    assert (safe / "erasures").read_text() == listed


def test_a_shop_goes_to_postgresql_and_back_and_sends_what_it_would_have_sent(
    shop: Make, postgres: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SHOP_STORE", url := postgres.new_database())
    project = shop(4)
    project.ok("run", "--once")
    complain(project, 2, "again")
    early = Seat(connect(url), "a worker that was started too early", alone=False)
    assert early.take()
    refused = project.run("move-store", "sqlite:///nurture.db", "env:SHOP_STORE")
    assert (refused.code, "somebody is at work with the store. Stop that first." in words(refused)) == (4, True)
    early.release()
    config = project.root / "config.toml"
    before = config.read_text()
    done = project.ok(*as_written("many-machines.md", "move-store sqlite", {}))
    assert "and proved equal" in words(done)
    assert done.lines[-4:-2] == ["[store]", 'url_env = "SHOP_STORE"']
    refused = project.run("run", "--once")
    assert (refused.code, "this store was moved to postgresql://nurture@/" in words(refused)) == (4, True)
    assert len(project.mails) == 4
    config.write_text('[store]\nurl_env = "SHOP_STORE"\n')
    assert "moved already" in words(project.ok("move-store", "sqlite:///nurture.db", "env:SHOP_STORE"))
    project.ok("run", "--once")
    assert len(project.mails) == 6
    assert "all equal" in project.ok("replay").out
    backup = json.loads(project.ok("backup", "--json").out)
    assert (project.root / "backups" / ".gitignore").read_text() == "*\n"
    complain(project, 1, "once more")
    monkeypatch.setattr(forgetting, "LARGEST", 10)  # bytes: a store of a real shop is not looked into
    told = project.ok("forget", "c3", "--yes").out
    assert [one for one in ("  nurture.db\n", f"  backups/{Path(backup['file']).name}\n") if one not in told] == []
    (project.root / ".nurture" / "erasures").unlink()  # as when it was said on another machine
    restored = project.ok("restore", backup["file"])
    assert "1 who had been forgotten were known still" in words(restored)
    assert "What was there before is kept: schema before_restore_" in words(restored)
    project.ok("run", "--once", "--accept")
    taken = project.run("move-store", "env:SHOP_STORE", "sqlite:///nurture.db")
    assert (taken.code, "holds this very shop, as it once was" in words(taken)) == (4, True)
    project.ok(*as_written("many-machines.md", "move-store env", {}))
    config.write_text(before.replace("nurture.db", "home.db"))
    complain(project, 3, "at home")
    project.ok("run", "--once")
    assert len(project.mails) == 9


def complain(project: Here, people: int, ticket: str) -> None:
    """So many of them have a complaint more, and so one mail each that is due at once."""
    at = now().isoformat()
    rows = [(f"c{n}", "complaint.opened", at, ticket) for n in range(people)]
    project.ok("import", "events", str(project.table("more.csv", ["id", "event", "at", "ticket"], rows)))


def test_what_cannot_be_moved_is_said_and_changes_nothing(shop: Make, tmp_path: Path) -> None:
    project = shop(1)
    for arguments, code, said in (
        (("sqlite:///nurture.db", "sqlite:///nurture.db"), 64, "FROM and TO are the same."),
        (("sqlite:///a.db", "sqlite:///b.db"), 64, "neither FROM nor TO is the store of this project"),
        (("sqlite:///nurture.db", "postgresql://x@127.0.0.1:1/none"), 4, "nothing was changed"),
        (("sqlite:///nurture.db", "sqlite://"), 64, "a store in memory is gone"),
        (("sqlite:///nurture.db", "sqlite:///config.toml"), 4, "config.toml: its file is damaged"),
        (("sqlite:///nowhere.db", "sqlite:///nurture.db"), 4, "there is no store in"),
    ):
        refused = project.run("move-store", *arguments)
        assert (refused.code, said in words(refused)) == (code, True), refused
    project.ok("run", "--once")
    assert len(project.mails) == 1
