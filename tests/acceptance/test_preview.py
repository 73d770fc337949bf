"""`nurture preview` as a person at a shell uses it."""

import json
import re
from email import message_from_bytes, policy
from pathlib import Path

import pytest

from tests.projects import Project
from tests.sendgrid_server import KEY, sendgrid

PAGE = (Path(__file__).parents[2] / "docs" / "preview.md").read_text(encoding="utf-8")
SHOWN = re.findall(r"```\n(\$ .*?)```", PAGE, flags=re.DOTALL)
LABELS = ["From", "To", "Subject", "Preview", "Direction", "Topic", "Sent", "Size", "Links", "Images", "Written"]


def labels(lines: list[str]) -> list[str]:
    return [line.split()[0] for line in lines if line and line[0] not in " N"]


def test_a_mail_is_shown_and_written_without_a_store(project):
    answer = project.ok("preview", "happy_birthday", "--locale", "ar")
    assert [label for label in labels(answer.lines) if label != "With"] == LABELS
    assert "With      code: BDAY-XXXXXXXX   a sample; the real one is settled at sending" in answer.lines
    assert "Direction right to left, from locale ar" in answer.out
    assert max(map(len, answer.lines)) <= 100
    page = project.root / ".nurture" / "preview" / "happy_birthday.ar.html"
    assert f"Written to {page.relative_to(project.root)}" in answer.out
    assert 'dir="rtl"' in page.read_text(encoding="utf-8")
    assert answer.lines[-1].strip().startswith("nurture preview birthday --timeline")
    assert not (project.root / "nurture.db").exists()


def test_for_a_person_of_the_store_it_is_their_mail(shop):
    project = shop(1)
    project.ok("run", "--once")
    answer = project.ok("preview", "we_got_your_message", "--as", "c0@shop.example", "--text")
    assert "To        <c0@shop.example>, c0" in answer.lines
    assert "With      ticket: T0" in answer.lines
    message = message_from_bytes(project.mails[0].read_bytes(), policy=policy.default)
    said = message.get_body(("plain",)).get_content().replace("\r\n", "\n").strip()
    assert said in answer.out
    html = message.get_body(("html",)).get_content().replace("\r\n", "\n").strip()
    written = project.root / ".nurture" / "preview" / "we_got_your_message.en.html"
    page = written.read_text(encoding="utf-8").strip()
    assert re.sub(r"data:image/\w+;base64,[\w+/=]+", "P", page) == re.sub(r"cid:[\w@]+", "P", html)
    assert project.run("preview", "we_got_your_message", "--as", "nobody").code == 64


def test_a_person_is_asked_for_before_there_is_a_store(project):
    answer = project.run("preview", "happy_birthday", "--as", "salma")
    assert answer.code == 4
    assert "there is no store yet" in answer.err
    assert not (project.root / "nurture.db").exists()


def test_one_page_holds_every_mail_in_every_language(project):
    answer = project.ok("preview", "--all")
    mails = len(list((project.root / "templates").glob("[a-z]*")))
    assert f"Written to .nurture/preview/all.html: {mails} mails in 5 languages" in answer.out
    page = (project.root / ".nurture" / "preview" / "all.html").read_text(encoding="utf-8")
    assert page.count("<section ") == mails
    assert page.count("<iframe ") == mails * 5 * 4
    document = json.loads(project.ok("preview", "happy_birthday", "--all", "--json").out)
    assert document["written"].endswith("happy_birthday.all.html")
    assert (document["previews"], document["findings"]) == (5, [])


def test_a_timeline_is_told_as_lines_and_as_a_document(project):
    answer = project.ok("preview", "welcome", "--timeline")
    assert "├ if person.brew_method == 'espresso'" in answer.out
    assert max(map(len, answer.lines)) <= 100
    document = json.loads(project.ok("preview", "welcome", "--timeline", "--json").out)
    assert document["rows"][0]["what"] == "welcome_hello"
    assert document["messages"] == 4


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("happy_birthdy",), 64, "did you mean 'happy_birthday'?"),
        (("first_order",), 64, "`nurture preview first_order --timeline` shows its days"),
        (("first_ordr", "--timeline"), 64, "did you mean 'first_order'?"),
        (("happy_birthday", "--sequence", "welcome"), 64, "welcome does not send 'happy_birthday'; it is sent by"),
        (("happy_birthday", "--variant", "short"), 64, "there is no variant 'short'"),
        (("--all", "--variant", "short"), 64, "--variant goes with a mail"),
        (("--all", "--sequence", "welcme"), 64, "did you mean 'welcome'?"),
        (("happy_birthday", "--locale", "?"), 64, "'?' is not a locale; this project has: en, tr, ar, he, hy"),
        ((), 64, "name a mail, or ask for --all"),
        (("--timeline",), 64, "name a mail"),
        (("welcome", "--timeline", "--as", "salma"), 64, "--timeline shows a sequence"),
        (("happy_birthday", "--all", "--send-to", "me@example.net"), 64, "--all makes a page of every language"),
        (("happy_birthday", "--send-to", "me"), 64, "'me' is no address"),
    ],
)  # fmt: skip
def test_what_cannot_be_shown_is_said_with_its_cure(project, arguments, code, said):
    answer = project.run("preview", *arguments)
    assert answer.code == code
    assert said in answer.err


def test_findings_of_the_mail_are_shown_and_errors_stop_it(project):
    file = project.root / "templates" / "happy_birthday" / "en.md"
    text = file.read_text(encoding="utf-8")
    file.write_text(re.sub(r"subject: .*", f"subject: {'Happy birthday to you ' * 4}", text, count=1), encoding="utf-8")
    answer = project.ok("preview", "happy_birthday")
    (said,) = [line for line in answer.lines if "W315" in line]
    assert said.startswith("templates/happy_birthday/en.md:")
    assert "of 70 characters" in answer.out
    assert "W315" not in project.ok("preview", "one_recipe").out
    file.write_text(text + "\n{{ person.nobody }}\n", encoding="utf-8")
    broken = project.run("preview", "happy_birthday")
    assert broken.code == 1
    assert "person.nobody" in broken.out
    assert "see `nurture check`" in broken.err
    document = json.loads(project.run("preview", "happy_birthday", "--json").out)
    assert document["code"] == 1


def test_a_mail_that_cannot_be_written_for_one_reader_is_said_at_its_line(shop):
    project = shop(1)
    file = project.root / "templates" / "one_recipe" / "en.md"
    text = file.read_text(encoding="utf-8")
    file.write_text(text + "\n\nEvery {{ 365 // person.orders.count }} days.\n", encoding="utf-8")
    line = len(text.splitlines()) + 3
    project.ok("preview", "one_recipe")  # the made-up reader has ordered
    for more in ((), ("--all",), ("--send-to", "me@example.net")):
        answer = project.run("preview", "one_recipe", "--as", "c0", *more)
        assert answer.code == 1
        assert f"templates/one_recipe/en.md:{line}:1: error E223" in answer.out
        assert f"{line} | Every {{{{ 365 //" in answer.out
    assert project.mails == []
    found = json.loads(project.run("preview", "one_recipe", "--as", "c0", "--json").out)["findings"]
    assert [(one["file"], one["line"], one["code"]) for one in found] == [("templates/one_recipe/en.md", line, "E223")]


def test_a_copy_goes_out_by_the_folder_and_each_copy_is_a_mail_of_its_own(shop):
    project = shop(1)
    for _ in range(2):
        answer = project.ok("preview", "we_got_your_message", "--as", "c0", "--send-to", "me@example.net")
        assert "Accepted  one copy for me@example.net, by folder:" in answer.out
    assert len(project.mails) == 2
    message = message_from_bytes(project.mails[0].read_bytes(), policy=policy.default)
    assert str(message["To"]) == "me@example.net"
    assert str(message["Subject"]).startswith("[preview] ")
    project.ok("run", "--once")
    assert len(project.mails) == 3  # the customer's own still goes
    document = json.loads(project.ok("preview", "we_got_your_message", "--send-to", "me@example.net", "--json").out)
    assert document["sent"]["handover"]["fate"] == "accepted"


def test_a_copy_goes_only_where_the_configuration_lets_mail_go(project):
    (project.root / "config.toml").write_text('[deliver]\nonly_to = ["lena@kestrel.example"]\n', encoding="utf-8")
    refused = project.run("preview", "happy_birthday", "--send-to", "me@example.net")
    assert refused.code == 1
    assert "deliver.only_to" in refused.err
    assert project.mails == []
    project.ok("preview", "happy_birthday", "--send-to", "lena@kestrel.example")
    assert len(project.mails) == 1


SENDGRID = """\
[provider]
name = "sendgrid"
[sendgrid]
url = "{url}"
key_env = "SHOP_KEY"
[web]
url = "https://mail.kestrel.example"
listen = "127.0.0.1:8080"
"""


@pytest.mark.parametrize(
    ("fault", "code", "said", "arrived"),
    [("", 0, "Accepted", 1), ("401", 4, "Not gone", 0), ("lost_answer", 4, "In doubt", 1), ("400", 1, "Refused", 0)],
)
def test_how_a_copy_by_sendgrid_ended_is_the_exit_code(project, monkeypatch, fault, code, said, arrived):
    monkeypatch.setenv("SHOP_KEY", KEY)
    with sendgrid() as server:
        if fault:
            server.fail(fault)
        (project.root / "config.toml").write_text(SENDGRID.format(url=server.url), encoding="utf-8")
        answer = project.run("preview", "happy_birthday", "--send-to", "me@example.net")
        assert (answer.code, said in answer.out) == (code, True), answer.out + answer.err
        assert "List-Unsubscribe: yes, one click" in answer.out
        assert "ours, signature checked" in answer.out
        assert len(server.accepted) == arrived


def test_it_opens_in_a_browser_or_says_where_the_file_is(project, monkeypatch):
    seen = project.root / "seen"
    browser = project.root / "browser"
    browser.write_text(f'#!/bin/sh\necho "$1" > {seen}\n', encoding="utf-8")
    browser.chmod(0o755)
    monkeypatch.setenv("BROWSER", str(browser))
    project.ok("preview", "one_recipe", "--open")
    page = project.root / ".nurture" / "preview" / "one_recipe.en.html"
    assert seen.read_text(encoding="utf-8").strip() == page.as_uri()
    monkeypatch.setenv("BROWSER", "/bin/false")
    told = project.ok("preview", "one_recipe", "--open").out
    assert "There is no browser here to open it in; the file is" in told


@pytest.mark.parametrize("shown", SHOWN, ids=lambda block: block.partition("\n")[0])
def test_the_page_about_previews_shows_what_is_printed(project, shown):
    """The same lines with the same first words; sizes and sentences are the mail's own and may change with it."""
    command, *lines = shown.splitlines()
    printed = project.ok(*command.removeprefix("$ nurture ").split()).lines
    begun = [line.split()[0] for line in lines]
    assert begun == [line.split()[0] for line in printed if line and line.split()[0] in begun]


def test_a_folder_that_is_no_project_is_said(empty: Project):
    assert empty.run("preview", "happy_birthday").code == 64
