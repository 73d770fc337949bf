"""What stands in a request to SendGrid, and which mails are refused before one is made."""

import base64
import json
import re
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from nurture.deliver.sendgrid import Post, SendGrid
from nurture.model.mail import Email, Fate, Handover, Image
from tests.sendgrid_rules import against_the_document, against_the_pages, published

from .test_message import MAIL

NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
PROVIDER = SendGrid("https://api.sendgrid.com", "SG.secret", lambda: NOW)
PICTURE = Image("cup.png", "cup@nurture", "image/png", b"\x89PNG\r\n" + bytes(range(256)))


def body(mail: Email) -> dict[str, Any]:
    (request,) = PROVIDER.build([mail])
    assert isinstance(request, Post), request
    found = json.loads(request.body)
    assert list(against_the_document(published(), found)) == []
    assert list(against_the_pages(found, NOW)) == []
    return found


def refusal(mail: Email) -> str:
    (answer,) = PROVIDER.build([mail])
    assert isinstance(answer, Handover)
    assert (answer.key, answer.fate) == (mail.key, Fate.refused)
    return answer.detail


def test_the_whole_body() -> None:
    mail = replace(MAIL, categories=("welcome", "first_order", "welcome"), images=(PICTURE,))
    assert body(mail) == {
        "personalizations": [
            {
                "to": [{"email": MAIL.to_address, "name": "Salma"}],
                "subject": "Hello",
                "headers": dict(MAIL.headers),
                "custom_args": {"nv_send": MAIL.key},
            }
        ],
        "from": {"email": "hello@kestrel.example", "name": "Kestrel Coffee"},
        "reply_to": {"email": "lena@kestrel.example"},
        "content": [{"type": "text/plain", "value": MAIL.text}, {"type": "text/html", "value": MAIL.html}],
        "categories": ["welcome", "first_order"],
        "attachments": [
            {
                "content": base64.b64encode(PICTURE.data).decode(),
                "type": "image/png",
                "filename": "cup.png",
                "disposition": "inline",
                "content_id": "cup@nurture",
            }
        ],
        "tracking_settings": {
            "click_tracking": {"enable": False, "enable_text": False},
            "open_tracking": {"enable": False},
            "subscription_tracking": {"enable": False},
            "ganalytics": {"enable": False},
        },
    }


def test_what_is_empty_is_left_out() -> None:
    found = body(replace(MAIL, to_name="", from_name="", reply_to="", headers=()))
    assert found["personalizations"][0]["to"] == [{"email": MAIL.to_address}]
    assert found["from"] == {"email": MAIL.from_address}
    assert {"reply_to", "categories", "attachments"}.isdisjoint(found)
    assert "headers" not in found["personalizations"][0]


def test_what_sendgrid_keeps_for_ever_holds_the_key_and_nothing_else() -> None:
    (one,) = body(MAIL)["personalizations"]
    assert one["custom_args"] == {"nv_send": MAIL.key}


def test_the_same_mail_has_the_same_body() -> None:
    assert list(PROVIDER.build([MAIL])) == list(PROVIDER.build([MAIL]))


def test_a_pictures_file_has_a_name_that_arrives() -> None:
    (found,) = body(replace(MAIL, images=(replace(PICTURE, name="fall/Tasse à café.png"),)))["attachments"]
    assert found["filename"] == "Tasse___caf_.png"


@pytest.mark.parametrize(
    ("name", "said"), [("Smith, John", "Smith John"), ("Smith;John,", "Smith John"), ("José  Maria", "José  Maria")]
)
def test_a_readers_name_loses_what_sendgrid_would_refuse_the_mail_for(name: str, said: str) -> None:
    (one,) = body(replace(MAIL, to_name=name))["personalizations"]
    assert one["to"][0]["name"] == said


def test_a_name_of_separators_alone_is_none() -> None:
    (one,) = body(replace(MAIL, to_name=" ; , "))["personalizations"]
    assert "name" not in one["to"][0]


def test_a_sender_may_have_a_comma() -> None:
    assert body(replace(MAIL, from_name="Kestrel Coffee, Inc."))["from"]["name"] == "Kestrel Coffee, Inc."


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"subject": ""}, "the subject is empty"),
        ({"text": ""}, "the text is empty"),
        ({"html": ""}, "the HTML is empty"),
        ({"from_address": "hello@küche.example"}, "the sender's address .* not ASCII"),
        ({"to_address": "أحمد@shop.example"}, "the reader's address .* not ASCII"),
        ({"to_address": "nobody"}, "the reader has no usable address"),
        ({"reply_to": "a b@c.example"}, "the reply address has no usable address"),
        ({"subject": "a\r\nBcc: x@y.example"}, "line break"),
        ({"to_name": "a\nb"}, "line break"),
        ({"from_name": "a\rb"}, "line break"),
        ({"to_address": "a@b.example\n"}, "line break"),
        ({"categories": ("a\nb",)}, "line break"),
        ({"headers": (("X-A", "a\r\nBcc: b@c.example"),)}, "line break"),
        ({"headers": (("X-A: b\r\nBcc", "c"),)}, "cannot be the name of a header"),
        ({"headers": (("", "c"),)}, "cannot be the name of a header"),
        ({"headers": (("X-A", "é"),)}, "not ASCII"),
        ({"headers": (("List-Id", "a"), ("list-id", "b"))}, "stands twice"),
        ({"headers": (("Reply-To", "a@b.example"),)}, "sets the header Reply-To itself"),
        ({"headers": (("x-sg-eid", "a"),)}, "sets the header x-sg-eid itself"),
        ({"headers": (("Content-Type", "a"),)}, "sets the header Content-Type itself"),
        ({"categories": tuple("abcdefghijk")}, "11 categories"),
        ({"categories": ("a" * 256,)}, "256 characters"),
        ({"categories": ("",)}, "0 characters"),
        ({"key": "a" * 20_000}, "send key"),
        ({"key": ""}, "send key"),
        ({"images": (replace(PICTURE, content_id="a>b"),)}, "has a content id"),
        ({"images": (replace(PICTURE, media_type="text/html"),)}, "no picture's type"),
        ({"images": (replace(PICTURE, data=b""),)}, "is empty"),
        ({"images": (replace(PICTURE, data=bytes(23_000_000)),)}, "30.7 MB"),
    ],
)
def test_what_sendgrid_would_not_take_is_refused_in_words(change: dict[str, Any], words: str) -> None:
    assert re.search(words, refusal(replace(MAIL, **change)))


@pytest.mark.parametrize("whose", ["mérie@shop.example", "a..b@shop.example"])
def test_the_words_of_a_refusal_are_kept_and_hold_no_address(whose: str) -> None:
    assert "shop.example" not in refusal(replace(MAIL, to_address=whose))


def test_a_refused_mail_holds_up_no_other() -> None:
    mails = [MAIL, replace(MAIL, key="bb", subject=""), replace(MAIL, key="cc", to_address="cc@shop.example")]
    made = list(PROVIDER.build(mails))
    assert [one.key for one in made if isinstance(one, Handover)] == ["bb"]
    assert [one.keys for one in made if isinstance(one, Post)] == [(MAIL.key, "cc")]


def test_nothing_that_is_printed_holds_the_key_or_the_mail() -> None:
    (request,) = PROVIDER.build([MAIL])
    assert "SG.secret" not in repr(PROVIDER)
    assert MAIL.to_address not in repr(request)
