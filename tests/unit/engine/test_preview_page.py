"""The page of every language: each mail and picture in it once, and nothing in a mail can break out of it."""

import json
import re
from dataclasses import replace

from nurture.engine.preview import Preview, Sending
from nurture.engine.preview_mail import seen, shown_pictures
from nurture.engine.preview_page import page_of
from nurture.engine.preview_reader import Given
from nurture.model.mail import Email
from nurture.model.place import Place, Problem

from .test_preview_mail import MAIL, PIXEL


def shown(email: Email, mail: str = "hello") -> tuple[str, str, Preview]:
    sending = Sending(mail)
    named = shown_pictures(email.html, email.images, None, {})
    said = seen(email, None)
    one = Preview(mail, "", "a reader", sending, Given({}), "news", "tips", email.locale, email, said, named)
    return mail, email.locale, one


def data_of(page: str) -> dict[str, list[object]]:
    (text,) = re.findall(r'<script type="application/json" id="mails">(.*?)</script>', page, flags=re.DOTALL)
    return json.loads(text)


def test_a_picture_of_many_mails_is_in_the_page_once():
    other = replace(PIXEL, content_id="other")
    mails = [
        shown(replace(MAIL, html='<img src="cid:leaf@shop">', images=(PIXEL,))),
        shown(replace(MAIL, html='<img src="cid:other">', images=(other,), locale="tr")),
    ]
    page = page_of("shop", mails)
    data = data_of(page)
    assert len(data["pictures"]) == 1
    assert data["documents"] == [
        {"html": '<img src="cid:leaf@shop">', "pictures": [["cid:leaf@shop", 0]]},
        {"html": '<img src="cid:other">', "pictures": [["cid:other", 0]]},
    ]
    assert page.count("<iframe ") == 8


def test_what_stands_in_a_mail_cannot_end_the_script_or_the_caption():
    html = "<p></script><script>alert(1)</script><!-- <script> $title</p>"
    page = page_of("shop", [shown(replace(MAIL, html=html, subject="<b>$jump & co"))])
    assert data_of(page)["documents"][0]["html"] == html
    assert page.count("</script>") == 2
    assert "&lt;b&gt;$jump &amp; co" in page
    assert "<b>" not in page


def test_a_mail_that_cannot_be_written_is_said_in_its_place():
    fault = Problem("E222", Place("templates/hello/en.md", 3), "'person.x' is <not> known", "or_else")
    page = page_of("shop", [("hello", "en", fault)])
    assert "templates/hello/en.md:3:1: E222: &#x27;person.x&#x27; is &lt;not&gt; known" in page
    assert "<iframe " not in page


def test_several_mails_can_be_jumped_to():
    page = page_of("shop", [shown(MAIL, "one"), shown(MAIL, "two")])
    assert '<option value="two">' in page
    assert '<section id="two">' in page
    assert "shop: 2 mails" in page
    assert '<select id="jump"' not in page_of("shop", [shown(MAIL, "one")])
