"""What steps make beside mails, by the installed command: tasks, calls of other systems, drafts, people taken in."""

import json
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from email import message_from_bytes, policy
from pathlib import Path
from typing import Any

import pytest

from nurture.wiring import now
from tests.daemons import daemon, until
from tests.projects import Project
from tests.sockets import listening, read_http

SEQUENCE = """
sequence: desk
title: Everything that comes to the desk
stage: any
class: service
because: reply
status: live
start: {manual: true}
again: {per: person, running: ignore, gap: 1 day}
steps:
  - {id: card, task: "A card for {{ person.first_name }}", to: lena, due: 1 working day, hold_until_done: 5 days}
  - id: flag
    webhook: erp_customer_flag
    body: {who: person.first_name, stage: person.stage}
    retry: 2
    timeout: 5 seconds
    save_as: person.erp_level
  - send: desk_note
    approve: owner
    valid_for: 2 days
    with: {level: person.erp_level}
"""
NOTE = "---\nsubject: A word from Lena\npreheader: For you\n---\nYour level is {{ level | or_else('new') }}.\n"


@dataclass(frozen=True)
class Shop(Project):
    """A project whose environment says where its ERP is."""

    variables: dict[str, str] = field(default_factory=dict)

    def environment(self) -> dict[str, str]:
        return super().environment() | self.variables

    def said(self, *arguments: str) -> Any:
        return json.loads(self.ok(*arguments, "--json").out)


@pytest.fixture
def desk(project: Project) -> Shop:
    """The starter project with a sequence that needs the desk, and Salma."""
    shop = Shop(project.root)
    house = shop.root / "sequences" / "house"
    for name, old, new in (
        ("rules", "key_env: ERP_KEY}", "key_env: ERP_KEY, private: true}"),
        ("catalogue", "  vip_since:", "  erp_level:    {type: text}\n  vip_since:"),
    ):
        text = (house / f"{name}.yaml").read_text(encoding="utf-8")
        assert old in text
        (house / f"{name}.yaml").write_text(text.replace(old, new, 1), encoding="utf-8")
    (shop.root / "sequences" / "desk.yaml").write_text(SEQUENCE, encoding="utf-8")
    (shop.root / "templates" / "desk_note").mkdir()
    (shop.root / "templates" / "desk_note" / "en.md").write_text(NOTE, encoding="utf-8")
    shop.ok("apply")
    shop.table("contacts.csv", ["id", "email", "locale", "zone", "first_name"],
               [("salma", "salma@shop.example", "en", "Europe/Paris", "Salma")])  # fmt: skip
    shop.ok("import", "contacts", "contacts.csv")
    return shop


@contextmanager
def erp(shop: Shop, *script: bytes) -> Iterator[list[bytes]]:
    """The other system on loopback: it answers by its script, then always with a level."""
    got: list[bytes] = []
    answers = list(script)

    def talk(connection: socket.socket) -> None:
        got.append(read_http(connection))
        connection.sendall(answers.pop(0) if answers else status(200, b'"gold"'))

    with listening(talk) as port:
        shop.variables.update(ERP_URL=f"http://127.0.0.1:{port}/flag", ERP_KEY="s3cret-of-erp")
        yield got


def status(number: int, body: bytes = b"") -> bytes:
    return b"HTTP/1.1 %d x\r\nContent-Length: %d\r\n\r\n%s" % (number, len(body), body)


def key_of(shop: Shop, verb: str) -> str:
    found = shop.said(verb)
    (one,) = found if isinstance(found, list) else found.get("tasks") or found["calls"]
    return str(one["key"])


def to_the_call(shop: Shop) -> None:
    shop.ok("enrol", "desk", "salma")
    shop.ok("run", "--once")
    shop.ok("tasks", "done", key_of(shop, "tasks")[:8], "--by", "lena", "--words", "posted it")


def letter(path: Path) -> Any:
    return message_from_bytes(path.read_bytes(), policy=policy.default)


def test_from_the_task_over_the_call_to_the_approved_mail(desk: Shop) -> None:
    assert "salma starts: started" in desk.ok("enrol", "desk", "salma").out
    desk.ok("run", "--once")
    key = key_of(desk, "tasks")
    listed = desk.ok("tasks", "--mine", "owner").out  # owner and lena are one address
    assert "A card for Salma" in listed
    assert "desk waits for it until" in listed
    assert "taken by lena" in desk.ok("tasks", "take", key[:6], "--by", "lena").out
    refused = desk.run("tasks", "take", key[:6], "--by", "omar")
    assert (refused.code, "taken by lena already" in refused.err) == (1, True)
    assert "goes on with the next round" in desk.ok("tasks", "done", key[:6], "--by", "lena").out
    with erp(desk) as got:
        assert "1 webhook answered" in desk.ok("run", "--once").out
    (request,) = got
    assert json.loads(request.partition(b"\r\n\r\n")[2]) == {"who": "Salma", "stage": "looking"}
    assert b"Authorization: Bearer s3cret-of-erp" in request
    assert desk.mails == []
    draft = key_of(desk, "drafts")
    assert "Your level is gold." in desk.ok("drafts", "show", draft[:8]).out
    assert "desk_note waits for the approval of owner" in desk.ok("show", "salma").out
    desk.ok("drafts", "approve", draft[:8], "--by", "lena")
    desk.ok("run", "--once")
    (mail,) = desk.mails
    assert "Your level is gold." in letter(mail).get_body(("plain",)).get_content()
    told = desk.ok("explain", "salma", "--sequence", "desk").out
    for words in ("done by lena", "erp_customer_flag answered", "approved by lena", "ended"):
        assert words in told
    assert desk.ok("tasks").lines[0] == "Nothing to do."
    assert "posted" not in desk.ok("drafts").out


def test_a_draft_in_a_persons_own_words(desk: Shop) -> None:
    to_the_call(desk)
    with erp(desk):
        desk.ok("run", "--once")
    (desk.root / "own.md").write_text("Dear Salma,\n\n**thank you** & {{ 7 * 7 }}.\n", encoding="utf-8")
    draft = key_of(desk, "drafts")[:8]
    assert desk.run("drafts", "edit", draft, "--body", "own.md").code == 64
    desk.ok("drafts", "edit", draft, "--subject", "Thank you {{ 1 }}", "--body", "own.md", "--by", "lena")
    assert desk.run("drafts", "drop", draft, "--because", "late").code == 1
    desk.ok("run", "--once")
    (mail,) = desk.mails
    assert letter(mail)["Subject"] == "Thank you {{ 1 }}"
    assert "thank you & {{ 7 * 7 }}." in letter(mail).get_body(("plain",)).get_content()
    assert "<strong>thank you</strong>" in letter(mail).get_body(("html",)).get_content()


def test_a_draft_that_is_dropped_does_not_go(desk: Shop) -> None:
    to_the_call(desk)
    with erp(desk):
        desk.ok("run", "--once")
    draft = key_of(desk, "drafts")[:8]
    assert desk.run("drafts", "drop", draft).code == 64
    desk.ok("drafts", "drop", draft, "--because", "she rang us", "--by", "lena")
    desk.ok("run", "--once")
    assert desk.mails == []
    assert "dropped by lena: she rang us" in desk.ok("explain", "salma", "--mail", "desk_note").out


def test_a_call_is_tried_again_and_given_up(desk: Shop) -> None:
    to_the_call(desk)
    with erp(desk, status(503, b"later")) as got:
        assert "1 webhook to be tried again later" in desk.ok("run", "--once").out
        listed = " ".join(desk.ok("webhooks").out.split())
        assert "1 try, next" in listed
        assert "answered 503: later" in listed
        key = key_of(desk, "webhooks")[:8]
        assert key in got[0].decode()
        desk.ok("webhooks", "give-up", key, "--because", "the ERP is gone", "--by", "lena")
        desk.ok("run", "--once")
        assert len(got) == 1
        assert key_of(desk, "drafts")  # if_fails is to go on
        desk.ok("webhooks", "retry", key)
        assert "1 webhook answered" in desk.ok("run", "--once").out
    assert got[0].partition(b"Idempotency-Key: ")[2][:64] == got[1].partition(b"Idempotency-Key: ")[2][:64]
    assert (
        "erp_customer_flag failed: given up by lena: the ERP is gone"
        in desk.ok("explain", "salma", "--sequence", "desk").out
    )


def test_a_public_endpoint_is_not_called_inside_our_own_network(desk: Shop) -> None:
    rules = desk.root / "sequences" / "house" / "rules.yaml"
    rules.write_text(rules.read_text(encoding="utf-8").replace(", private: true}", "}"), encoding="utf-8")
    desk.ok("apply")
    to_the_call(desk)
    with erp(desk) as got:
        desk.variables["ERP_URL"] = desk.variables["ERP_URL"].replace("http://127.0.0.1", "https://localhost")
        desk.ok("run", "--once")
    assert got == []
    assert "private network" in " ".join(desk.ok("webhooks").out.split())


def test_the_daemon_calls_and_goes_on_by_itself(desk: Shop) -> None:
    config = desk.root / "config.toml"
    text = config.read_text(encoding="utf-8")
    config.write_text(text.replace('every = "5 seconds"', 'every = "1 second"'), encoding="utf-8")
    to_the_call(desk)
    with erp(desk) as got, daemon(desk) as running:
        running.until_said("webhooks.done")
        until(lambda: desk.said("drafts"), lambda: running.log)
        desk.ok("drafts", "approve", key_of(desk, "drafts")[:8], "--by", "lena")
        until(lambda: desk.mails, lambda: running.log)
        assert running.stop() == 0
    assert len(got) == 1
    assert "webhooks.done ok=1" in running.log
    for private in ("s3cret-of-erp", "salma", "Salma", "127.0.0.1:"):
        assert private not in running.log


def bought(shop: Project, people: int, days: int) -> None:
    at = (now() - timedelta(days=days)).isoformat(timespec="seconds")
    shop.table("orders.csv", ["id", "email", "at", "total", "order_id"],
               [(f"q{n}", f"q{n}@shop.example", at, "20", f"O{n}") for n in range(people)])  # fmt: skip
    shop.ok("import", "orders", "orders.csv", "--consent", "offers news", "--basis", "bought")


def test_all_who_fulfil_a_start_already_are_taken_in_when_their_number_is_said(project: Project) -> None:
    project.ok("apply")
    bought(project, 5, 200)
    project.ok("run", "--once")
    asked = project.run("enrol", "gone_quiet", "--already", "--yes", "4")
    assert asked.code == 3
    assert "5 fulfil gone_quiet already and would start." in asked.out
    assert "--yes says 4, but they are 5." in asked.out
    done = project.ok("enrol", "gone_quiet", "--already", "--spread", "14 days", "--yes", "5")
    assert "5 people taken in, spread over 14 days." in done.out
    again = project.ok("enrol", "gone_quiet", "--already", "--yes", "0", "--json")
    assert json.loads(again.out) == {"sequence": "gone_quiet", "enrolled": 0, "refused": {}, "awaited": 5}


WRONGLY_MEANT = (
    (("enrol", "gone_quiet"), "name people, or say --already"),
    (("enrol", "gone_quiet", "salma", "--spread", "3 days"), "go with --already"),
    (("enrol", "gone_quiet", "nobody"), "nobody is called 'nobody'"),
    (("enrol", "gone_quite", "salma"), "did you mean 'gone_quiet'"),
    (("tasks", "done"), "say which"),
    (("tasks", "done", "ffff"), "no task has a key that begins with 'ffff'"),
    (("drafts", "show", "ffff"), "no draft has a key"),
    (("webhooks", "retry", "ffff"), "no webhook has a key"),
    (("import", "nothing.csv", "--thing", "subscription"), "nothing.csv"),
    (("import", "orders", "contacts.csv", "--numbers", "cups"), "in place of a kind"),
    (("import", "orderz", "contacts.csv"), "is not one of contacts, orders"),
)


def test_what_is_meant_wrongly_is_said(desk: Shop) -> None:
    for arguments, words in WRONGLY_MEANT:
        answer = desk.run(*arguments)
        assert (answer.code, words in answer.err) == (64, True), f"{arguments}: {answer.err}"


def test_things_and_numbers_come_in_by_a_file(desk: Shop) -> None:
    desk.table("subs.csv", ["id", "subscription_id", "renews_on", "plan", "bags_a_month"],
               [("salma", "S-1", "2027-12-24", "Filter, 250 g", "2"), ("salma", "S-2", "soon", "", "")])  # fmt: skip
    told = desk.ok("import", "subs.csv", "--thing", "subscription")
    assert "thing.changed                        1" in told.out
    assert "soon" in (desk.root / "subs.rejects.csv").read_text(encoding="utf-8")
    assert "2 were known already" not in told.out
    assert "1 were known already" in desk.ok("import", "subs.csv", "--thing", "subscription").out
    yesterday = (now() - timedelta(days=1)).date().isoformat()
    desk.table("week.csv", ["id", "at", "brewed"], [("salma", yesterday, "17")])
    assert "numbers.told" in desk.ok("import", "week.csv", "--numbers", "cups").out
    shown = desk.ok("show", "salma").out
    assert "subscription S-1: bags_a_month 2, plan Filter, 250 g, renews_on 2027-12-24" in shown
    assert "cups: brewed 17, told" in shown
