"""A mail from the installed daemon into a mailbox: read by IMAP, believed by DKIM, and left by its own header."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from email.message import EmailMessage
from email.utils import format_datetime
from pathlib import Path

import pytest

from nurture.wiring import now
from tests import live_shop, mail_judges
from tests.daemons import ask, free_port, until
from tests.delivered import Mailbox, Signer, covered, mailbox, read
from tests.delivered import as_message as message_of
from tests.live_run import at_rest, configure, fleet
from tests.live_server import server_process
from tests.live_shop import BEANS, RIGHT_TO_LEFT, SERVICE, TOPICS, WELCOME, Person
from tests.projects import Project

BASE = "https://mail.shop.example"
ONE_CLICK = "List-Unsubscribe=One-Click"
LANGUAGES = ("en", "tr", "ar", "he", "hy")
FIVE = len(LANGUAGES)
DOMAIN = "kestrel.example"
TAG = re.compile(r"-nv[0-9a-f]{8}[a-z]\d+-")  # of a place that SendGrid fills; `-nv` alone stands in many a link
KEY = re.compile(r"<(?P<key>[\w-]+)@(?P<domain>[\w.-]+)>")


@dataclass(frozen=True)
class Received:
    """A mail as it lay in the mailbox, with whom it was for and the send key under which it was accepted."""

    one: Person
    mail: str
    key: str
    data: bytes
    message: EmailMessage


@dataclass
class Delivered:
    """What a run of the daemon left behind: mails in a mailbox, a shop whose web part can be asked."""

    project: Project
    near: str
    signer: Signer
    mails: list[Received]


def those() -> list[Person]:
    """One in each of the five languages for each of three stories."""
    turns = ("joins", "has a first bag", "complains")
    return [Person(7 * turn + number, story) for turn, story in enumerate(turns) for number in range(FIVE)]


@pytest.fixture(scope="module")
def delivered(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Delivered]:
    root: Path = tmp_path_factory.mktemp("delivered")
    project, port, signer = Project(root), free_port(), Signer(DOMAIN)
    project.ok("init")
    live_shop.make(project)
    who = {one.id: one for one in those()}
    with server_process(root / "accepted.log", "--bodies") as server, fleet(project) as daemons, mailbox() as box:
        configure(project, server, web=port)
        running = daemons.grow(1)
        live_shop.take_contacts(project, who.values())
        live_shop.take_events(project, (row for one in who.values() for row in one.events(now())))
        until(lambda: at_rest(project, len(who)), lambda: running.log)
        lines = {line["key"]: line for line in server.accepted}
        for line in lines.values():
            message = message_of(line["body"], format_datetime(now()))
            box.take(line["body"]["from"]["email"], line["to"], signer.signed(message))
        yield Delivered(project, f"http://127.0.0.1:{port}", signer, list(received(box, who, lines)))


def received(box: Mailbox, who: dict[str, Person], lines: dict[str, object]) -> Iterator[Received]:
    """What lies in the mailbox, each with the person of its To and the key of its Message-ID."""
    for data in box.raw():
        message = read(data)
        one = who[message["To"].addresses[0].username]
        (mail,) = live_shop.STORIES[one.story].mails
        found = KEY.fullmatch(message["Message-ID"].strip())
        assert found, message["Message-ID"]
        assert found["key"] in lines
        yield Received(one, mail, found["key"], data, message)


def test_each_reader_has_one_mail_in_their_language(delivered):
    assert sorted(found.one.number for found in delivered.mails) == sorted(one.number for one in those())
    assert {found.one.language for found in delivered.mails} == set(LANGUAGES)
    assert len({found.key for found in delivered.mails}) == 3 * FIVE


def test_headers_say_who_to_whom_and_where_answers_go(delivered):
    for found in delivered.mails:
        message, one = found.message, found.one
        (sender,), (reader,) = message["From"].addresses, message["To"].addresses
        assert (sender.addr_spec, sender.display_name) == ("hello@kestrel.example", "Kestrel Coffee")
        assert (reader.addr_spec, reader.display_name) == (one.address, one.name)
        assert message.get_all("Reply-To", []) == [] or message["Reply-To"].addresses[0].domain == DOMAIN
        assert live_shop.SUBJECTS[found.mail][one.language].partition("{")[0] in message["Subject"]
        assert list(message.defects) == []
        for name in ("From", "To", "Subject", "Message-ID", "Date"):
            assert len(message.get_all(name)) == 1, name


def test_dkim_is_believed_and_covers_the_way_out(delivered):
    for found in delivered.mails:
        assert delivered.signer.believed(found.data)
        assert {"from", "to", "subject", "message-id", "date"} <= covered(found.message)
        if found.mail not in SERVICE:
            assert {"list-unsubscribe", "list-unsubscribe-post", "list-id"} <= covered(found.message)
    one = delivered.mails[0]
    assert not delivered.signer.believed(one.data.replace(b"Subject: ", b"Subject: X", 1))
    assert not Signer(DOMAIN).believed(one.data)


def test_the_way_out_is_as_rfc_8058_has_it_and_service_has_none(delivered):
    for found in delivered.mails:
        message = found.message
        if found.mail in SERVICE:
            assert "List-Unsubscribe" not in message
            assert "List-Unsubscribe-Post" not in message
            continue
        assert message["List-Unsubscribe-Post"] == ONE_CLICK
        assert re.match("<https://", message["List-Unsubscribe"])
        assert message["List-Unsubscribe"].count("<https:") == 1
        assert TOPICS[found.mail] in message["List-Id"]
        assert found.one.address not in message["List-Unsubscribe"]


def test_both_parts_are_there_in_utf8_with_lines_that_servers_take(delivered):
    for found in delivered.mails:
        assert max(len(line) for line in found.data.splitlines()) <= 998
        text, html = found.message.get_body(("plain",)), found.message.get_body(("html",))
        assert text is not None
        assert html is not None
        for part in (text, html):
            assert part.get_content_charset() == "utf-8"
            assert part["Content-Transfer-Encoding"] in ("quoted-printable", "base64")
            assert "4 rue du Four" in part.get_content()
            assert not TAG.search(part.get_content())
        assert re.search(rf'<html\b[^>]*\blang="{found.one.language}\b', html.get_content())
        assert ('dir="rtl"' in html.get_content().partition("<body")[0]) == (found.one.language in RIGHT_TO_LEFT)
        assert len(html.get_content().encode()) < 80_000


def test_spamassassin_has_nothing_much_against_them(delivered):
    verdicts = mail_judges.spam_points([found.data for found in delivered.mails])
    assert len(verdicts) == len(delivered.mails)
    assert {verdict for verdict in verdicts if verdict.points >= 1.5} == set()


@pytest.mark.parametrize("language", LANGUAGES)
def test_one_click_on_the_received_header_is_heard_and_nothing_follows(delivered, language):
    (found,) = [one for one in delivered.mails if one.mail == WELCOME and one.one.language == language]
    link = re.search(rf"<({re.escape(BASE)}/u/[^>]+)>", found.message["List-Unsubscribe"])
    assert link
    near = link[1].replace(BASE, delivered.near)
    assert ask(near)[0] == 200
    assert f"agreed to {TOPICS[WELCOME]}" in delivered.project.ok("show", found.one.id).out
    status, said = ask(near, ONE_CLICK.encode())
    assert status == 200
    assert "<" not in said
    assert f"refused {TOPICS[WELCOME]}" in delivered.project.ok("show", found.one.id).out
    live_shop.take_events(delivered.project, [found.one.event(*live_shop.NEXT_BAG, now())], f"next-{language}.csv")
    until(lambda: "refused" in delivered.project.run("explain", found.one.id, "--mail", BEANS).out)
