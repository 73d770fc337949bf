"""The installed command as a daemon: what it sends, what it survives, and how it ends."""

import json
import re
import signal
import socket
import sqlite3
import urllib.request
from collections import Counter
from datetime import timedelta
from email import message_from_bytes, policy

import pytest

from nurture.wiring import now
from tests.daemons import BOUND, daemon, free_port, until
from tests.projects import Project
from tests.sendgrid_server import KEY, sendgrid

EVERY_SECOND = '[tick]\nevery = "1 second"\n'
PERSONAL = ("@", "shop.example", "ticket", "t-1")


def configure(project: Project, *parts: str) -> None:
    (project.root / "config.toml").write_text("".join([*parts, EVERY_SECOND]), encoding="utf-8")


def complain(project: Project, *tickets: str, people: int = 1, ago: int = 30) -> None:
    """One more complaint of each person and ticket, so many seconds ago."""
    at = (now() - timedelta(seconds=ago)).isoformat()
    rows = [(f"c{n}", "complaint.opened", at, ticket) for n in range(people) for ticket in tickets]
    project.table("more.csv", ["id", "event", "at", "ticket"], rows)
    project.ok("import", "events", "more.csv")


def keys(project: Project) -> Counter[str]:
    """The send key of every mail in the folder, from its file's name."""
    return Counter(re.sub(r".*Z-|\.eml$", "", path.name) for path in project.mails)


def test_it_sends_what_is_due_acts_on_what_arrives_and_ends_when_asked(shop):
    project = shop(3)
    configure(project)
    with daemon(project) as running:
        until(lambda: len(project.mails) == 3, lambda: running.log)
        project.table("new.csv", ["id", "email", "locale"], [("c3", "c3@shop.example", "en")])
        project.ok("import", "contacts", "new.csv")
        at = (now() - timedelta(seconds=30)).isoformat(timespec="seconds")
        project.table("late.csv", ["id", "event", "at", "ticket"], [("c3", "complaint.opened", at, "T-1")])
        project.ok("import", "events", "late.csv")
        until(lambda: len(project.mails) == 4, lambda: running.log)
        assert running.stop() == 0
        assert [word for word in PERSONAL if word in running.log.lower()] == []
        assert running.log.splitlines()[0].split()[1] == "daemon.started"
        assert running.log.splitlines()[-1].split()[1] == "daemon.stopped"
        assert running.said("tick.done") <= 4  # idle turns say nothing


def test_its_log_can_be_read_by_machines(shop):
    project = shop(1)
    configure(project)
    with daemon(project, "--log", "json") as running:
        until(lambda: '"hand_over.done"' in running.log, lambda: running.log)
        assert running.stop() == 0
        events = [json.loads(line) for line in running.log.splitlines()]
    assert [event["event"] for event in events][-1] == "daemon.stopped"
    (handed,) = [event for event in events if event["event"] == "hand_over.done"]
    assert handed["accepted"] == 1
    assert handed["level"] == "info"


def test_what_is_applied_while_it_runs_is_taken_and_a_broken_file_changes_nothing(shop):
    project = shop(1)
    configure(project)
    path = project.root / "sequences" / "complaint_care.yaml"
    whole = path.read_text(encoding="utf-8")
    with daemon(project) as running:
        running.until_said("book.taken")
        path.write_text("sequence: [this is none", encoding="utf-8")
        assert project.run("apply").code == 1
        until(lambda: len(project.mails) == 1, lambda: running.log)
        path.write_text(whole.replace("wait: 5 days", "wait: 9 days"), encoding="utf-8")
        project.ok("apply")
        running.until_said("book.taken", 2)
        complain(project, "T-2")
        assert running.stop() == 0
        assert running.said("book.unreadable") == 0


def test_it_waits_for_the_first_apply(project):
    configure(project)
    with daemon(project) as running:
        running.until_said("daemon.holds")
        project.ok("apply")
        running.until_said("daemon.goes_on")
        assert running.stop() == 0


def test_a_second_daemon_waits_and_takes_over_when_the_first_is_killed(shop):
    project = shop(40)
    configure(project)
    with daemon(project) as first:
        until(lambda: project.mails, lambda: first.log)
        with daemon(project) as second:
            second.until_said("daemon.waits")
            assert f"process={first.process.pid}" in second.log
            round_beside = project.ok("run", "--once")
            assert f"process {first.process.pid}" in round_beside.out
            document = json.loads(project.ok("run", "--once", "--json").out)
            assert document["daemon"]["process"] == first.process.pid
            refused = project.run("run", "--once", "--accept")
            assert (refused.code, "Stop it" in refused.err) == (4, True)
            until(lambda: len(project.mails) == 40, lambda: first.log)
            first.kill()
            second.until_said("daemon.started")
            complain(project, "T-2", people=40)
            assert second.stop() == 0
    assert set(keys(project).values()) == {1}


def test_one_that_waits_ends_when_asked(shop):
    project = shop(1)
    configure(project)
    with daemon(project) as first:
        first.until_said("daemon.started")
        with daemon(project) as second:
            second.until_said("daemon.waits")
            assert second.stop() == 0
        assert f"process {first.process.pid}, since" in project.ok("status").out
        first.kill()
        assert "GONE: its process ended" in " ".join(project.ok("status").out.split())


def test_killed_and_started_again_it_doubles_nothing_and_loses_nothing(shop):
    project = shop(300)
    configure(project)
    for stop_at in (5, 120):
        with daemon(project) as running:
            until(lambda stop_at=stop_at: len(project.mails) >= stop_at, lambda running=running: running.log)
            running.kill()
    with daemon(project) as running:
        running.until_said("book.taken")
        until(lambda: json.loads(project.ok("run", "--once", "--json").out)["daemon"])
        until(lambda: settled(project) == 300, lambda: running.log)
        assert running.stop() == 0
    found = keys(project)
    assert set(found.values()) == {1}


def settled(project: Project) -> int:
    """How many mails are in the folder, or listed as in doubt and not there."""
    with sqlite3.connect(project.root / "nurture.db") as store:
        doubted = {key for (key,) in store.execute(
            "SELECT member.key FROM batch_member member JOIN batch ON batch.id = member.batch"
            " LEFT JOIN message ON message.key = member.key"
            " WHERE batch.status = 'in_doubt' OR message.fate = 'in_doubt'"
        )}  # fmt: skip
    return len(doubted | keys(project).keys())


def test_without_an_address_where_readers_can_leave_nothing_starts(shop):
    project = shop(1)
    configure(project, '[provider]\nname = "smtp"\n[smtp]\nhost = "127.0.0.1"\n')
    for arguments in (("run",), ("run", "--once")):
        answer = project.run(*arguments)
        assert answer.code == 1
        assert "web.url" in answer.err
    project.ok("check")
    project.ok("explain", "c0")
    project.ok("run", "--dry-run")
    configure(project, '[web]\nurl = "http://shop.example"\n')
    assert "config.toml:2:1" in project.run("run").err


def test_an_unset_key_is_named_before_anything_starts(shop):
    project = shop(1)
    web = '[web]\nurl = "https://mail.shop.example"\n'
    configure(project, '[provider]\nname = "sendgrid"\n[sendgrid]\nkey_env = "NO_SUCH_KEY"\n', web)
    assert "NO_SUCH_KEY" in project.run("run").err
    project.ok("show", "c0")


def test_a_copied_store_mails_nobody(shop):
    project = shop(2)
    configure(project)
    (project.root / ".nurture" / "installation.json").write_text('{"store": "another", "counter": 1}\n', "utf-8")
    with daemon(project) as running:
        running.until_said("daemon.holds")
        assert "--accept" in running.log
        complain(project, "T-2", people=2)
        assert running.stop() == 0
        assert project.mails == []
    with daemon(project, "--accept") as running:
        running.until_said("batch.in_doubt")
        running.until_said("book.taken")
        complain(project, "T-3", people=1, ago=0)  # what the other store may have been told would be held
        until(lambda: len(project.mails) == 1, lambda: running.log)
        assert running.stop() == 0


def test_the_web_part_answers_beside_it_and_closes_with_it(shop):
    project = shop(1)
    port = free_port()
    web = f'[web]\nurl = "http://127.0.0.1:{port}"\nlisten = "127.0.0.1:{port}"\n'
    configure(project, web)
    with daemon(project) as running:
        running.until_said("web.listens")
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/health", timeout=BOUND) as answer:
            assert answer.status == 200
        assert running.stop() == 0
    with socket.socket() as other:
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        other.bind(("127.0.0.1", port))
        other.listen()
        answer = project.run("run")
        assert answer.code == 4
        assert "web.listen" in answer.err


def test_mails_reach_a_sendgrid_shaped_server_with_the_right_content(shop):
    project = shop(5)
    project.table("none.csv", ["email"], [])
    project.ok("import", "suppressions", "none.csv")
    with sendgrid() as server:
        port = free_port()
        provider = f'[provider]\nname = "sendgrid"\n[sendgrid]\nurl = "{server.url}"\nkey_env = "SENDGRID_KEY"\n'
        configure(project, provider, f'[web]\nurl = "http://127.0.0.1:{port}"\nlisten = "127.0.0.1:{port}"\n')
        with daemon(project, SENDGRID_KEY=KEY) as running:
            until(lambda: len(server.accepted) >= 5, lambda: f"{running.log}\n{server.refused}")
            assert running.stop() == 0
            assert KEY not in running.log
        assert sorted(line["to"] for line in server.accepted) == [f"c{n}@shop.example" for n in range(5)]
        assert len({line["key"] for line in server.accepted}) == 5
        assert server.refused == []


def test_a_second_signal_ends_it_at_once_and_what_was_on_its_way_is_in_doubt(shop):
    project = shop(1)
    with sendgrid() as server:
        server.fail("late:60")
        provider = f'[provider]\nname = "sendgrid"\n[sendgrid]\nurl = "{server.url}"\nkey_env = "SENDGRID_KEY"\n'
        configure(project, provider, '[web]\nurl = "http://127.0.0.1:8080"\n')
        with daemon(project, SENDGRID_KEY=KEY) as running:
            until(lambda: server.accepted, lambda: running.log)
            running.process.send_signal(signal.SIGTERM)
            running.until_said("daemon.stopping")
            running.process.send_signal(signal.SIGTERM)
            assert running.process.wait(BOUND) == 4
            assert running.said("daemon.cut") == 1
        with daemon(project, SENDGRID_KEY=KEY) as running:
            running.until_said("batch.recovered")
            assert running.stop() == 0
        assert len(server.accepted) == 1
    assert "we_got_your_message" in project.ok("outbox", "--in-doubt").out


def test_a_reader_who_leaves_by_the_link_in_a_mail_is_heard_while_it_runs(project):
    port = free_port()
    configure(project, f'[web]\nurl = "http://127.0.0.1:{port}"\nlisten = "127.0.0.1:{port}"\n')
    path = project.root / "sequences" / "welcome.yaml"
    at_once = "  event: subscriber.joined\n  settle: 0 minutes\n"
    path.write_text(path.read_text("utf-8").replace("  event: subscriber.joined\n", at_once, 1), "utf-8")
    project.ok("apply")
    with daemon(project) as running:
        project.table("contacts.csv", ["id", "email", "locale"], [("c1", "c1@shop.example", "en")])
        project.ok("import", "contacts", "contacts.csv", "--basis", "a test", "--consent", "coffee_tips")
        at = now().isoformat(timespec="seconds")
        project.table("events.csv", ["id", "event", "at", "source"], [("c1", "subscriber.joined", at, "shop")])
        project.ok("import", "events", "events.csv")
        until(lambda: project.mails, lambda: running.log)
        assert "agreed to coffee_tips" in project.ok("show", "c1").out
        mail = message_from_bytes(project.mails[0].read_bytes(), policy=policy.default)
        link = re.search(rf"<(http://127\.0\.0\.1:{port}/u/[^>]+)>", mail["List-Unsubscribe"])
        assert link is not None
        assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
        before = running.said("tick.done")
        click = urllib.request.Request(link[1], data=b"List-Unsubscribe=One-Click")  # noqa: S310  (http, by the pattern)
        with urllib.request.urlopen(click, timeout=BOUND) as answer:  # noqa: S310
            assert answer.status == 200
        running.until_said("link.taken")
        running.until_said("tick.done", before + 1)
        assert running.stop() == 0
        assert link[1] not in running.log
    said = project.ok("show", "c1").out
    last = said.rindex("refused coffee_tips")
    assert said.rindex("agreed to coffee_tips") < last < said.index("by the reader; by a link in a mail")
    assert "agreed to nothing" in said, "what stands now"


@pytest.mark.parametrize("log", ["text", "json"])
def test_log_goes_only_with_the_daemon(project, log):
    assert project.run("run", "--once", "--log", log).code == 64
