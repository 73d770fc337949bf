"""`nurture run --once` over SendGrid: readers in five languages, few requests, and each gets what was rendered."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from nurture.deliver.sendgrid import SendGrid
from nurture.engine.hand_over import hand_over_all
from nurture.engine.tick import tick
from nurture.model.mail import Email, Fate
from nurture.wiring import live, now, workshop
from tests.prism_server import PATCHED, prism
from tests.projects import Project
from tests.sendgrid_server import CONFIG, KEY, SendGridServer

PEOPLE = 50
NAMES = {"en": "O'Brien & Sons", "tr": "Şükrü İnönü", "ar": "سلمى", "he": "שָׁלוֹם", "hy": "Գայանե"}


@pytest.fixture
def shop(project: Project, server: SendGridServer, monkeypatch: pytest.MonkeyPatch) -> Project:
    """Everybody has complained: an answer is owed to each, in their language."""
    monkeypatch.setenv("SENDGRID_KEY", KEY)
    project.ok("apply")
    (project.root / "config.toml").write_text(CONFIG.format(url=server.url), encoding="utf-8")
    who = [(f"c{n}", f"c{n}@shop.example", language, f"{NAMES[language]} {n}")
           for n, language in zip(range(PEOPLE), sorted(NAMES) * PEOPLE, strict=False)]  # fmt: skip
    project.table("contacts.csv", ["id", "email", "locale", "first_name"], who)
    at = (now() - timedelta(minutes=5)).isoformat(timespec="seconds")
    events = [(f"c{n}", "complaint.opened", at, f"T{n}") for n in range(PEOPLE)]
    project.table("events.csv", ["id", "event", "at", "ticket"], events)
    project.ok("import", "contacts", "contacts.csv")
    project.ok("import", "events", "events.csv")
    return project


def test_the_installed_command_hands_over_all_in_a_request_a_language(shop: Project, server: SendGridServer) -> None:
    """Prism stands between, and lets nothing pass that is against SendGrid's document, in neither direction."""
    with prism(PATCHED, server.url) as between:
        (shop.root / "config.toml").write_text(CONFIG.format(url=between), encoding="utf-8")
        assert f"{PEOPLE} taken by sendgrid" in shop.ok("run", "--once").out
    assert (server.requests, server.refused) == (len(NAMES), [])
    assert sorted(line["to"] for line in server.accepted) == sorted(f"c{n}@shop.example" for n in range(PEOPLE))
    texts = [part["value"] for line in server.accepted for part in line["body"]["content"]]
    assert not any(re.search(r"-nv[0-9a-f]{8}[a-z]\d+-", text) for text in texts)  # `-nv` alone stands in many a link
    assert len({line["message_id"] for line in server.accepted}) == PEOPLE


def test_each_mail_is_what_was_rendered_byte_by_byte(shop: Project, server: SendGridServer) -> None:
    given: dict[str, Email] = {}

    class Remembering(SendGrid):
        def build(self, mails: Sequence[Email]) -> Iterator[Any]:
            given.update({mail.key: mail for mail in mails})
            return super().build(mails)

    with workshop(shop.root) as opened:
        book = live(opened.store)
        assert tick(opened.store, book.book, now()).intents == PEOPLE
        there = replace(opened, provider=Remembering(server.url, KEY, now, 5))
        assert hand_over_all(there, book, now()).fates == {Fate.accepted: PEOPLE}
    assert len(server.accepted) == len(given) == PEOPLE
    for line in server.accepted:
        mail = given[line["key"]]
        assert [part["value"] for part in line["body"]["content"]] == [mail.text, mail.html]
        assert (line["to"], line["subject"], line["body"]["headers"]) == (
            mail.to_address, mail.subject, dict(mail.headers)
        )  # fmt: skip
    assert server.requests == len(NAMES)
