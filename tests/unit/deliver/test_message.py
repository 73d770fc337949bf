"""An Email as bytes: read back by the standard library it says the same, and nothing more."""

import email
import email.policy
import email.utils
from dataclasses import replace
from datetime import UTC, datetime
from email.header import decode_header, make_header

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nurture.deliver.message import CannotBeSaid, as_bytes
from nurture.model.mail import Email, Image

LONG = "<https://shop.example/u/" + "a" * 300 + ">"
MAIL = Email(
    key="ab12",
    from_name="Kestrel Coffee",
    from_address="hello@kestrel.example",
    to_name="Salma",
    to_address="salma@shop.example",
    subject="Hello",
    text="Dear Salma,\n\n" + "long " * 300 + "\n",
    html="<html><body><p>عيد ميلاد سعيد</p></body></html>",
    locale="en",
    direction="ltr",
    date=datetime(2026, 11, 21, 9, 0, tzinfo=UTC),
    reply_to="lena@kestrel.example",
    headers=(("Message-ID", "<ab12@kestrel.example>"), ("List-Unsubscribe", LONG)),
)


def parsed(mail: Email) -> email.message.EmailMessage:
    return email.message_from_bytes(as_bytes(mail), policy=email.policy.default)


def test_read_back():
    message = parsed(MAIL)
    assert message["From"] == "Kestrel Coffee <hello@kestrel.example>"
    assert message["To"] == "Salma <salma@shop.example>"
    assert message["Reply-To"] == "lena@kestrel.example"
    assert message["Message-ID"] == "<ab12@kestrel.example>"
    assert message["Content-Language"] == "en"
    assert message["Date"].datetime == MAIL.date
    assert message.get_content_type() == "multipart/alternative"
    assert [part.get_content_type() for part in message.iter_parts()] == ["text/plain", "text/html"]
    assert message.get_body(("plain",)).get_content().replace("\r\n", "\n") == MAIL.text
    assert message.get_body(("html",)).get_content().strip() == MAIL.html


def test_an_address_in_a_header_stays_an_address():
    assert f"List-Unsubscribe: {LONG}\r\n".encode() in as_bytes(MAIL)


def test_lines_are_short_enough_and_end_in_crlf():
    for line in as_bytes(MAIL).split(b"\r\n"):
        assert len(line) <= 998
        assert b"\n" not in line
        assert b"\r" not in line


@pytest.mark.parametrize("text", ["عيد ميلاد سعيد " * 200, "Dear Salma, good day to you. " * 200])
def test_every_script_is_written_in_few_bytes(text):
    data = as_bytes(replace(MAIL, text=text, html="", headers=()))
    assert len(data) < 1.45 * len(text.encode()) + 1000  # base64 for Arabic, which quoted-printable would triple


def test_same_mail_same_bytes():
    assert as_bytes(MAIL) == as_bytes(MAIL)


@pytest.mark.parametrize(
    "subject", ["عيد ميلاد سعيد، \u2068Salma\u2069", ("Շնորհավոր ծնունդ " * 6).strip(), "😀" * 40, "a, b; c"]
)
def test_subjects_of_all_scripts(subject):
    data = as_bytes(replace(MAIL, subject=subject, to_name=subject))
    message = email.message_from_bytes(data, policy=email.policy.compat32)  # the newer one misreads long names
    assert str(make_header(decode_header(message["Subject"]))) == subject
    assert email.utils.parseaddr(str(make_header(decode_header(message["To"]))))[1] == MAIL.to_address
    assert subject.partition(",")[0] in str(make_header(decode_header(message["To"])))


@pytest.mark.parametrize("bad", ["a\r\nBcc: x@y.example", "a\nb", "a\rb", "a\0b"])
@pytest.mark.parametrize("where", ["subject", "to_name", "to_address", "from_name", "reply_to"])
def test_no_header_can_be_slipped_in(where, bad):
    with pytest.raises(CannotBeSaid):
        as_bytes(replace(MAIL, **{where: bad}))


@pytest.mark.parametrize(
    "headers",
    [(("X-A", "a\r\nBcc: b@c.example"),), (("X-A\r\nBcc", "b"),), (("X-A", "é"),), (("List-Id", "a" * 1000),)],
)
def test_headers_are_one_line_of_ascii(headers):
    with pytest.raises(CannotBeSaid):
        as_bytes(replace(MAIL, headers=headers))


@pytest.mark.parametrize(
    "address", ["أحمد@shop.example", "a", "@shop.example", "a@", "", "a b@c.example", "a@b@c.example"]
)
def test_addresses_that_cannot_be_written_are_refused(address):
    with pytest.raises(CannotBeSaid):
        as_bytes(replace(MAIL, to_address=address))


def test_the_reason_names_the_standard_and_not_the_address_for_it_is_kept():
    with pytest.raises(CannotBeSaid, match=r"^the reader's address is .*RFC 6531") as refused:
        as_bytes(replace(MAIL, to_address="أحمد@shop.example"))
    assert "@" not in str(refused.value)


PICTURES = (
    Image("cup.png", "cup@nurture", "image/png", bytes(range(256)) * 20),
    Image("dot.gif", "dot@nurture", "image/gif", b"GIF89a"),
)


def test_pictures_stand_beside_the_html_that_names_them():
    message = parsed(replace(MAIL, images=PICTURES))
    text, related = message.iter_parts()
    assert message.get_content_type() == "multipart/alternative"
    assert (text.get_content_type(), related.get_content_type()) == ("text/plain", "multipart/related")
    html, *pictures = related.iter_parts()
    assert html.get_content().replace("\r\n", "\n") == MAIL.html
    assert [(one["Content-ID"], one.get_filename(), one.get_content_type()) for one in pictures] == [
        ("<cup@nurture>", "cup.png", "image/png"),
        ("<dot@nurture>", "dot.gif", "image/gif"),
    ]
    assert [one.get_content() for one in pictures] == [image.data for image in PICTURES]
    assert {one.get_content_disposition() for one in pictures} == {"inline"}


@pytest.mark.parametrize(
    ("name", "written"),
    [('a".png', "a_.png"), ("season/my cup.png", "my_cup.png"), ("çay.png", "_ay.png"), ("", "picture"),
     ("a\r\nX-B: c.png", "a__X-B__c.png"), ("a" * 90 + ".png", "a" * 56 + ".png")],
)  # fmt: skip
def test_a_pictures_file_has_a_name_that_arrives(name, written):
    message = parsed(replace(MAIL, images=(replace(PICTURES[0], name=name),)))
    (part,) = [one for one in message.walk() if one.get_content_type() == "image/png"]
    assert (part.get_filename(), part.get_content(), message["X-B"]) == (written, PICTURES[0].data, None)


@pytest.mark.parametrize(
    "change",
    [{"content_id": "a>b"}, {"content_id": ""}, {"content_id": "a\r\nX-B: c"},
     {"media_type": "text/html"}, {"media_type": 'image/png"; x'}],
)  # fmt: skip
def test_a_picture_that_no_header_can_name_is_refused(change):
    with pytest.raises(CannotBeSaid, match="picture"):
        as_bytes(replace(MAIL, images=(replace(PICTURES[0], **change),)))


def test_a_key_that_would_break_the_boundary_is_refused():
    with pytest.raises(CannotBeSaid, match="send key"):
        as_bytes(replace(MAIL, key='a" b'))


TEXTS = st.text(st.characters(exclude_categories=["Cs"]) | st.sampled_from(" \t\n.=-_\x85\u2028"), max_size=300)


@given(text=TEXTS, html=TEXTS)
def test_every_text_comes_back_as_it_was(text, html):
    message = parsed(replace(MAIL, text=text, html=html, images=PICTURES[:1]))
    for kind, wanted in (("plain", text), ("html", html)):
        (part,) = [one for one in message.walk() if one.get_content_type() == f"text/{kind}"]
        got = part.get_payload(decode=True).decode()
        assert got.replace("\r\n", "\n") == wanted.replace("\r\n", "\n").replace("\r", "\n")


@given(TEXTS)
def test_every_line_is_short_and_ends_in_crlf(text):
    data = as_bytes(replace(MAIL, subject=" ".join(text.replace("\0", "").split()), text=text, html=text, headers=()))
    for line in data.split(b"\r\n"):
        assert len(line) <= 78
        assert b"\n" not in line
        assert b"\r" not in line


NAMES = st.text(st.characters(exclude_categories=["Cs", "Cc", "Zl", "Zp"]), max_size=80)


@given(name=NAMES, subject=NAMES)
def test_every_name_and_subject_comes_back_as_it_was(name, subject):
    message = email.message_from_bytes(as_bytes(replace(MAIL, to_name=name, subject=subject)))
    shown, address = email.utils.parseaddr(message["To"].replace("\r\n", ""))
    assert address == MAIL.to_address
    assert str(make_header(decode_header(shown))) == name
    assert str(make_header(decode_header(message["Subject"] or ""))) == subject
