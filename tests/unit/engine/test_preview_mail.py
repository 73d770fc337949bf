"""What a preview says of a mail: links and what was checked of them, pictures, first words, how to leave."""

import hashlib
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from nurture.engine.preview_mail import for_a_browser, seen, shown_pictures
from nurture.links import Links
from nurture.model.mail import Email, Image

LINKS = Links("https://mail.shop.example", b"a secret", "shop")
MAIL = Email(
    key="k",
    from_name="Shop",
    from_address="hello@shop.example",
    to_name="",
    to_address="reader@example.net",
    subject="A word",
    text="Hello.",
    html="<p>Hello.</p>",
    locale="en",
    direction="ltr",
    date=datetime(2026, 11, 22, tzinfo=UTC),
)
ONE_CLICK = ("List-Unsubscribe-Post", "List-Unsubscribe=One-Click")
PIXEL = Image("leaf.png", "leaf@shop", "image/png", b"\x89PNG")


def of(html: str, links: Links | None = LINKS):
    return seen(replace(MAIL, html=html), links)


@pytest.mark.parametrize(
    ("address", "kind", "fault"),
    [
        (LINKS.unsubscribe("p", "news", "k"), "ours", ""),
        (LINKS.answer("p", "feedback.given", {"score": 9}, "k"), "ours", ""),
        (LINKS.spare("p", "mothers_day", "k"), "ours", ""),
        (LINKS.unsubscribe("p", "news", "k")[:-1], "ours", "its signature does not hold"),
        (LINKS.unsubscribe("p", "news", "k").replace("/u/", "/a/"), "ours", "its signature does not hold"),
        ("https://shop.example/beans?a=1&b=2", "web", ""),
        ("http://shop.example/", "web", "not https: some mail programs warn of it"),
        ("mailto:lena@shop.example", "letter", ""),
        ("shop.example/beans", "other", "no address that a mail program can open"),
    ],
)
def test_every_link_is_judged_by_its_kind(address, kind, fault):
    html = f'<a href="{address.replace("&", "&amp;")}">go</a>'
    (link,) = of(html).links
    assert (link.address, link.kind, link.fault) == (address, kind, fault)


def test_links_are_counted_once_and_said_by_kind():
    ours = LINKS.unsubscribe("p", "news", "k")
    html = f'<a href="{ours}">a</a><a href="{ours}">b</a><a href="https://x.example/">c</a><a name="here">d</a>'
    found = of(html)
    assert found.links_words == "2: 1 ours, signature checked; 1 to the web, not called"
    assert of("<p>none</p>").links_words == "0"


def test_without_a_web_address_nothing_is_taken_for_ours():
    (link,) = of(f'<a href="{LINKS.unsubscribe("p", "news", "k")}">go</a>', None).links
    assert link.kind == "web"


@pytest.mark.parametrize(
    ("html", "first"),
    [
        ("<html><head><title>no</title><style>p{}</style></head><body><div style='display:none'>Hidden&#8204;&nbsp;"
         "</div><p>Seen</p></body></html>", "Hidden"),
        ("<body><table><tr><td> </td><td><p>The <b>first</b> words</p><p>not these</p></td></tr></table>",
         "The first words"),
        ("<body></body>", ""),
    ],
)  # fmt: skip
def test_the_preview_is_what_a_list_of_mails_shows(html, first):
    assert of(html).preheader == first


def test_pictures_are_counted_by_where_they_come_from_and_by_their_words():
    html = (
        '<img src="cid:leaf@shop" alt=""><img src="https://x.example/a.png" alt="A"><img src="https://x.example/b.png">'
    )
    assert of(html).images_words == "3: 1 inside the mail, 2 from the web, 1 without words for those who do not see"
    assert of("<p>none</p>").images_words == "none"


def test_a_browser_is_given_the_pictures_in_the_page_itself():
    other = replace(PIXEL, content_id="leaf@shop2", data=b"other")
    html = '<img src="cid:leaf@shop2"><img src="cid:leaf@shop">'
    found = for_a_browser(html, shown_pictures(html, (PIXEL, other), None, {}))
    assert "cid:" not in found
    assert found.index("b3RoZXI=") < found.index("iVBORw==")


def test_a_picture_that_our_web_part_serves_is_put_into_the_page_too():
    templates = {"templates/_images/leaf.png": PIXEL.data, "templates/_images/other.png": b"other"}
    html = f'<img src="{LINKS.image(hashlib.sha256(PIXEL.data).hexdigest(), "leaf.png")}">'
    named = shown_pictures(html, (), LINKS, templates)
    assert len(named) == 1
    assert for_a_browser(html, named) == '<img src="data:image/png;base64,iVBORw==">'


def test_the_subject_is_counted_without_marks_that_nobody_sees():
    assert seen(replace(MAIL, subject="\u200f\u2068Salma\u2069"), None).subject_length == 5


@pytest.mark.parametrize(
    ("headers", "said"),
    [
        ((), "none, it is service"),
        ((("List-Unsubscribe", "<mailto:x>"),), "yes, by a letter (there is no web.url)"),
        ((("List-Unsubscribe", "<https://x>"), ONE_CLICK), "yes, one click"),
    ],
)
def test_how_a_reader_leaves_is_said(headers, said):
    assert seen(replace(MAIL, headers=headers), None).leaving == said
