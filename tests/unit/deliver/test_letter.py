"""Letters of strangers, read: the writer's own words, the signs of a machine, and an answer whatever comes."""

import json
import time
from pathlib import Path

import pytest

from nurture.deliver.form import parts, text_of
from nurture.deliver.html_text import text_of_html
from nurture.deliver.letter import letter_of_post, letter_of_raw, mailbox
from nurture.deliver.own_words import own_words
from tests.letters_told import letters, told

FORM = "multipart/form-data; boundary=xYzZY"
LARGE = 30_000_000  # bytes, SendGrid's own limit
PATIENCE = 8.0  # seconds of processor time for one; a tenth of it is usual


def posted(**fields: bytes) -> bytes:
    said = [
        b'--xYzZY\r\nContent-Disposition: form-data; name="%s"\r\n\r\n%s\r\n' % (name.encode(), value)
        for name, value in fields.items()
    ]
    return b"".join(said) + b"--xYzZY--\r\n"


@pytest.mark.parametrize("path", letters(), ids=lambda path: path.stem)
def test_letters_as_they_come(path: Path) -> None:
    assert told(path) == path.with_suffix(".json").read_text(encoding="utf-8")


def test_the_raw_mail_in_a_post_says_the_same_as_the_mail_itself() -> None:
    for path in letters():
        raw = path.read_bytes()
        assert letter_of_post(FORM, posted(email=raw, SPF=b"", dkim=b"")) == letter_of_raw(raw), path.stem


def test_fields_already_taken_apart_are_read_in_their_own_charsets() -> None:
    body = posted(
        headers=b"Message-ID: <9@post.example>\nIn-Reply-To: <key@shop.example>\nAuto-Submitted: no\n",
        to=b"Lena <lena@shop.example>, Hello <hello@shop.example>",
        subject="Önemli".encode("iso-8859-9"),
        text="İptal lütfen".encode("iso-8859-9"),
        charsets=json.dumps({"subject": "iso-8859-9", "text": "iso-8859-9", "from": "UTF-8"}).encode(),
        envelope=b'{"to":["lena@shop.example"],"from":"ilker@post.example"}',
        attachments=b"2",
        SPF=b"pass",
        dkim=b"{@post.example : pass}",
        **{"from": "İlker <Ilker@Post.example>".encode()},
    )
    found = letter_of_post(FORM, body)
    assert (found.from_address, found.from_name) == ("ilker@post.example", "İlker")
    assert (found.subject, found.words, found.attachments) == ("Önemli", "İptal lütfen", 2)
    assert (found.to, found.answers) == (("lena@shop.example", "hello@shop.example"), ("key@shop.example",))
    assert (found.spf, found.dkim, found.automatic) == ("pass", "{@post.example : pass}", ())


def test_an_empty_envelope_is_a_bounces() -> None:
    assert letter_of_post(FORM, posted(text=b"stop", envelope=b'{"from":""}')).automatic == ("Return-Path: <>",)
    assert letter_of_post(FORM, posted(text=b"stop", envelope=b'{"from":"a@b.example"}')).automatic == ()
    assert letter_of_post(FORM, posted(text=b"stop", envelope=b"no JSON")).automatic == ()


@pytest.mark.parametrize(
    ("header", "sign"),
    [
        ("Auto-Submitted: auto-replied", "Auto-Submitted"),
        ("Auto-Submitted: AUTO-GENERATED; type=x", "Auto-Submitted"),
        ("Auto-Submitted: auto-notified (why)", "Auto-Submitted"),
        ("Return-Path: <>", "Return-Path: <>"),
        ("Precedence: Bulk", "Precedence"),
        ("Precedence: junk", "Precedence"),
        ("Precedence: list", "Precedence"),
        ("X-Autoreply: yes", "X-Autoreply"),
        ("X-Autorespond: on holiday", "X-Autorespond"),
        ("List-Id: <a.b>", "List-Id"),
        ("LIST-POST: <mailto:a@b>", "List-Post"),
        ("Content-Type: multipart/report; boundary=x", "multipart/report"),
    ],
)
def test_signs_of_rfc_3834(header: str, sign: str) -> None:
    assert letter_of_raw(f"From: a@b.example\r\n{header}\r\n\r\nstop\r\n".encode()).automatic == (sign,)


@pytest.mark.parametrize(
    "header",
    [
        "Auto-Submitted: no",
        "Auto-Submitted: No ; x=y",
        "X-Auto-Response-Suppress: All",
        "Precedence: first-class",
        "Return-Path: <a@b.example>",
        "X-Listening: yes",
    ],
)
def test_what_is_no_sign(header: str) -> None:
    assert letter_of_raw(f"From: a@b.example\r\n{header}\r\n\r\nstop\r\n".encode()).automatic == ()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Salma <Salma@Example.net>", ("salma@example.net", "Salma")),
        ('"Haddad, Salma" <salma@example.net>', ("salma@example.net", "Haddad, Salma")),
        ("salma@example.net (Salma)", ("salma@example.net", "Salma")),
        ("<salma@example.net>", ("salma@example.net", "")),
        ("nobody", ("", "")),
        ("(" * 5_000, ("", "")),
        ("", ("", "")),
    ],
)
def test_who_it_is_from(text: str, expected: tuple[str, str]) -> None:
    assert mailbox(text) == expected


OWN = "It tastes good."


@pytest.mark.parametrize(
    "below",
    [
        "\n\nOn Tue, Mar 2, 2027 at 9:12 AM Shop <h@shop.example> wrote:\n\n> Unsubscribe",
        "\n\nOn Tue, Mar 2, 2027 at 9:12 AM Shop <h@shop.example>\nwrote:\n> Unsubscribe",
        "\n\nLe mar. 2 mars 2027 à 09:12, Shop <h@shop.example> a écrit :\n> Unsubscribe",
        "\n\nAm 02.03.2027 um 09:12 schrieb Shop <h@shop.example>:\n> Unsubscribe",
        "\n\nEl mar, 2 mar 2027 a las 9:12, Shop (<h@shop.example>) escribió:\n> Unsubscribe",
        "\n\nIl giorno mar 2 mar 2027 alle ore 09:12 Shop <h@shop.example> ha scritto:\n> Unsubscribe",
        "\n\nOp di 2 mrt 2027 om 09:12 schreef Shop <h@shop.example>:\n> Unsubscribe",
        "\n\nEm ter., 2 de mar. de 2027 às 09:12, Shop <h@shop.example> escreveu:\n> Unsubscribe",
        "\n\nShop <h@shop.example>, 2 Mar 2027 Sal, 09:12 tarihinde şunu yazdı:\n> Unsubscribe",
        "\n\nفي الثلاثاء، 2 مارس 2027 في 9:12 ص Shop <h@shop.example> كتب:\n> Unsubscribe",
        "\n\nבתאריך יום ג׳, 2 במרץ 2027 ב-9:12, Shop <h@shop.example> כתב:\n> Unsubscribe",
        "\n\n-----Original Message-----\nFrom: Shop\nUnsubscribe",
        "\n\n-----Ursprüngliche Nachricht-----\nVon: Shop\nUnsubscribe",
        "\n\n________________________________\nFrom: Shop\nUnsubscribe",
        "\n\nFrom: Shop <h@shop.example>\nSent: Tuesday\nTo: Salma\nSubject: Hello\n\nUnsubscribe",
        "\n\nDe : Shop <h@shop.example>\nEnvoyé : mardi\nÀ : Salma\nObjet : Bonjour\n\nUnsubscribe",
        "\n\n> Unsubscribe\n> stop",
        "\n-- \nSalma\nUnsubscribe Ltd",
        "\n\nSent from my iPhone",
        "\n\nGet Outlook for Android",
        "\n\nVon meinem iPhone gesendet",
        "\n\nEnvoyé de mon iPhone",
        "\n\nEnviado desde mi iPhone",
        "\n\nInviato da iPhone",
        "\n\niPhone'umdan gönderildi",
        "\n\nأُرسلت من الـ iPhone",
        "\n\nנשלח מה-iPhone שלי",
        "\n\n* * *",
    ],
)
def test_the_writers_own_words(below: str) -> None:
    assert own_words(OWN + below) == OWN
    assert own_words((OWN + below).replace("\n", "\r\n")) == OWN


@pytest.mark.parametrize(
    "text",
    [
        "You wrote: I should say when.\nSo I say it.",
        "From: my heart, thanks",
        "I sent a mail from my phone yesterday about the grinder",
        "On Monday I wrote: nothing came back.",
        "--\nstop",
    ],
)
def test_what_looks_like_a_quote_and_is_none_stays(text: str) -> None:
    assert own_words(text) == text


def test_an_answer_below_and_between_what_is_quoted() -> None:
    assert own_words("> how was it?\nGood.\n> and the bag?\nBroken.") == "Good.\nBroken."


def test_html_is_read_as_its_text() -> None:
    html = (
        "<head><title>x</title></head><style>p{}</style><p>One&nbsp;&amp; two</p><br>three<!-- no --><ul><li>four</ul>"
    )
    assert text_of_html(html).split() == ["One", "&", "two", "three", "four"]
    assert own_words(text_of_html("<div>mine</div><blockquote><p>theirs</p>more</blockquote><div>mine too</div>")) == (
        "mine\n\nmine too"
    )


@pytest.mark.parametrize("charset", ["hex", "idna", "punycode", "zip", "rot13", "unicode_escape", "\0", "utf-9", ""])
def test_a_charset_that_is_none_is_not_believed(charset: str) -> None:
    assert text_of("é".encode(), charset) == "é"
    assert text_of(b"\xe9", charset) == "é"


def test_a_form_without_form_is_nothing() -> None:
    assert parts("text/plain", b"--x") == {}
    assert parts("multipart/form-data", b"--x") == {}
    assert parts("application/x-www-form-urlencoded", b"text=stop&text=go") == {"text": b"stop"}
    assert parts(FORM, posted(a=b"1") + posted(a=b"2"))["a"] == b"1"


HTML, MIXED, DIGEST = (f"Content-Type: {kind}\n\n".encode() for kind in (
    "text/html", "multipart/mixed; boundary=b", "multipart/digest; boundary=b",
))  # fmt: skip
HOSTILE = {  # by name: how it begins, and what is said again and again
    "line ends": (b"", b"\n"),
    "NULs": (b"", b"\0"),
    "parts without end": (MIXED, b"--b\n\n"),
    "digests without end": (DIGEST, b"--b\n\n"),
    "parts in parts": (b"", b"Content-Type: multipart/mixed; boundary=b\n\n--b\n"),
    "headers without end": (b"", b"a:b\n"),
    "encoded words": (b"Subject: ", b"=?utf-8?q?a?= "),
    "encoded words torn": (b"Subject: ", b"=?utf-8?q?"),
    "brackets": (b"From: ", b"("),
    "angles": (b"From: ", b"<a@"),
    "quotes": (b"From: ", b'"\\'),
    "ids": (b"References: ", b"<"),
    "comments": (HTML, b"<!--"),
    "tags": (HTML, b"<a>x"),
    "entities": (HTML, b"&#"),
    "attributions": (b"\n\n", b"wrote wrote:\n"),
    "parameters": (b"Content-Type: text/plain; ", b"a*0*=idna'en'x; "),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_thirty_megabytes_of_anything_are_read_in_time(name: str) -> None:
    begins, again = HOSTILE[name]
    body = posted(email=begins + again * (LARGE // len(again)))
    began = time.process_time()
    assert len(letter_of_post(FORM, body).words) <= 20_000
    assert time.process_time() - began < PATIENCE


def test_many_levels_of_parts_are_no_depth_for_the_library() -> None:
    raw = b"".join(b"Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n" % (n, n) for n in range(99_999))
    assert letter_of_raw(raw).attachments == 0


def test_a_text_behind_a_large_attachment_is_found() -> None:
    attached = b"--b\nContent-Disposition: attachment; filename=x\nContent-Transfer-Encoding: base64\n\n"
    raw = b"Content-Type: multipart/mixed; boundary=b\n\n" + attached + (b"A" * 76 + b"\n") * 300_000
    found = letter_of_raw(raw + b"--b\nContent-Type: text/plain\n\nstop\n--b--\n")
    assert (found.words, found.attachments) == ("stop", 1)
