"""Every mail of the starter book before judges that are not ours: HTML, mail programs, spam filters, size."""

from collections.abc import Mapping

import pytest

from nurture.deliver.message import as_bytes
from nurture.model.mail import Email
from tests import mail_judges
from tests.mail_judges import Findings

LARGEST = 80_000  # bytes of HTML; Gmail cuts a mail off at about 102,000, and tracking lengthens its links
POINTS = 1.5
SPAM = b"""From: a@b.example
To: c@d.example
Subject: YOU WON $1,000,000!!! cheap VIAGRA
Content-Type: text/html

<html><body><font size=7 color=white>CLICK HERE NOW http://192.0.2.4/ 100% free money, act now!!!</font></body></html>
"""


@pytest.fixture(scope="module")
def mails() -> Mapping[str, Email]:
    return dict(mail_judges.starter_mails())


@pytest.fixture(scope="module")
def findings(mails: Mapping[str, Email], tmp_path_factory: pytest.TempPathFactory) -> Findings:
    return mail_judges.judged({name: mail.html for name, mail in mails.items()}, tmp_path_factory.mktemp("mails"))


def test_there_are_mails_in_every_language(mails):
    assert len(mails) >= 5 * 30
    assert {name.rpartition(".")[2] for name in mails} == {"en", "tr", "ar", "he", "hy"}


def test_none_is_so_large_that_gmail_would_cut_off_the_way_out(mails):
    assert {name: size for name, mail in mails.items() if (size := len(mail.html.encode())) > LARGEST} == {}


def test_html_validate_finds_nothing_that_has_no_reason(findings):
    assert set(findings.html) == set(mail_judges.known("html"))


def test_mail_programs_lack_nothing_that_has_no_reason(findings):
    assert findings.features == set(mail_judges.known("clients"))


def test_the_judges_find_what_is_wrong(tmp_path):
    page = "<!doctype html><html><body><p>Hello<div id=a id=b></p><form><video src=a.mp4></video></form></body></html>"
    found = mail_judges.judged({"wrong": page}, tmp_path)
    assert any(said.startswith("no-dup-attr") for said in found.html)
    assert {"<form> element", "<video> element"} <= found.features


def test_spamassassin_gives_few_points_and_knows_spam(mails):
    one_of_each = [as_bytes(mail) for name, mail in mails.items() if name.startswith(("w", "f"))]
    assert len(one_of_each) >= 25
    ours = mail_judges.spam_points(one_of_each)
    assert len(ours) == len(one_of_each)
    assert {verdict for verdict in ours if verdict.points >= POINTS} == set()
    (spam,) = mail_judges.spam_points([SPAM])
    assert spam.points > 5
