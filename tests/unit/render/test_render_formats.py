"""Which file a reader gets, what travels with it, and what a mail may call."""

import hashlib
from urllib.parse import unquote

import pytest

from nurture.links import ANSWER, SPARE, verify
from nurture.model.mail import Email
from nurture.model.rules import Rules
from nurture.render.images import by_digest

from .conftest import LINKS
from .test_render_mail import HELLO

PNG = b"\x89PNG\r\n\x1a\nlogo"
FRAME = "<html><body>{{ content }} {{ unsubscribe_url }} {{ postal_address }}</body></html>"
MJML = (
    "<mjml><mj-body>{{ content }}<mj-section><mj-column><mj-text>{{ unsubscribe_url }} {{ postal_address }}"
    "</mj-text></mj-column></mj-section></mj-body></mjml>"
)
PICTURES = {"templates/_images/logo.png": PNG, "templates/_images/other.jpg": b"other"}


def framed(frame: str, ending: str = "html", **more: bytes) -> dict[str, bytes]:
    return {f"templates/_layout/base.{ending}": frame.encode(), **more}


@pytest.mark.parametrize(
    ("files", "facts", "variant", "expected"),
    [
        ({"en.md": "plain", "festive/en.md": "festive"}, {}, "", "plain"),
        ({"en.md": "plain", "festive/en.md": "festive"}, {}, "festive", "festive"),
        ({"en.md": "plain", "ar.md": "عربي", "festive/en.md": "festive"}, {"locale": "ar"}, "festive", "festive"),
        ({"en.md": "plain", "festive/fr.md": "fête"}, {"locale": "en"}, "festive", "plain"),
        ({"en.md": "plain", "festive/fr.md": "fête"}, {"locale": "fr-CA"}, "festive", "fête"),
        ({"en.md": "plain"}, {}, "festive", "plain"),
        ({"en.html": "<p>page</p>"}, {}, "", "page"),
        ({"en.html": "<p>page</p>", "en.txt": "words"}, {}, "", "words"),
        ({"en.md": "plain", "ar.html": "---\nuntranslated: true\n---\nx"}, {"locale": "ar"}, "", "plain"),
    ],
)
def test_variant_then_locale(mail, files, facts, variant, expected):
    texts = {name: text if text.startswith("---") else HELLO + text for name, text in files.items()}
    texts |= {name: text for name, text in files.items() if name.endswith(".txt")}
    assert mail(texts, facts, variant=variant).text.startswith(expected)


@pytest.mark.parametrize("name", ["en.md", "en.html", "en.mjml"])
def test_front_matter_is_the_same_in_every_format(mail, name):
    body = "<mj-section><mj-column><mj-text>Text</mj-text></mj-column></mj-section>" if "mjml" in name else "Text"
    written = mail({name: HELLO + body}, extra=framed(MJML, "mjml"))
    assert written.subject == "Hello friend"
    assert "Before" in written.html.partition("Text")[0]
    assert written.text.startswith("Text\n")


def test_the_preheader_is_the_first_thing_in_the_body_unless_the_frame_says_it(mail):
    body = mail(HELLO + "Text").html.partition("<body")[2].partition(">")[2]
    assert body.startswith('<div style="display:none')
    assert "Before" in body.partition("</div>")[0]
    told = mail(HELLO + "Text", extra=framed("<html><body><i>{{ preheader }}</i>" + FRAME[12:]))
    assert told.html.count("Before") == 1
    assert "display:none" not in mail("---\nsubject: x\n---\nText").html


def test_names_of_the_frame_never_meet_names_the_mail_is_given(mail):
    frame = FRAME.replace(
        "{{ content }}", "{{ why }}|{{ reply }}{% for why in ('x',) %}{{ why }}{% endfor %}{{ content }}"
    )
    written = mail(HELLO + "({{ reply }}, {{ why }})", extra=framed(frame), variables={"reply": "ours", "why": "mine"})
    assert "(ours, mine)" in written.html
    assert "Topic: Coffee tips." in written.html
    assert "|Just reply" in written.html


def test_locale_and_sides_are_settled_before_styles_are_read(mail):
    frame = FRAME.replace(
        "<body>", "<style>.{{ direction }} p { padding-{{ start }}: 3px }</style><body class='{{ direction }}'>"
    )
    assert 'padding-right: 3px"' in mail({"ar": HELLO + "عربي"}, {"locale": "ar"}, extra=framed(frame)).html.replace(
        ";", ""
    )
    assert "padding-left: 3px" in mail(HELLO + "Text", extra=framed(frame)).html


def test_an_answer_is_a_signed_link(mail):
    body = "**[9]({{ answer('feedback.given', score=9, words=code, again=true) }})** [no]({{ spare('mothers_day') }})"
    for locale in ("en", "ar"):
        written = mail({locale: HELLO + body}, {"locale": locale})
        for page, purpose, subject, fields in (
            ("a", ANSWER, "feedback.given", {"score": 9, "words": "A-1", "again": True}),
            ("s", SPARE, "mothers_day", {}),
        ):
            url = written.text.partition(f"https://shop.example/{page}/")[2].split()[0]
            token = verify(url, b"secret", purpose, "kestrel")
            assert token is not None
            assert (token.person, token.subject, token.key, dict(token.fields)) == ("p1", subject, "ab12", fields)
            assert f'href="https://shop.example/{page}/{url}"' in written.html


def test_without_a_web_address_an_answer_is_a_letter(mail):
    written = mail(
        HELLO + "[9]({{ answer('feedback.given', score=9, again=true) }}) {{ spare('mothers_day') }}", links=None
    )
    said = [unquote(part) for part in written.text.split() if "mailto:lena@" in part][:2]
    assert said == [
        "mailto:lena@kestrel.example?subject=feedback.given score=9 again=true",
        "mailto:lena@kestrel.example?subject=spare mothers_day",
    ]


@pytest.mark.parametrize("value", ["person.likes", "person.spent", "today"])
def test_a_link_carries_plain_values_only(fault, value):
    facts = {"likes": ("a",), "spent": object()}
    assert fault(HELLO + f"{{{{ answer('feedback.given', words={value}) }}}}", facts).code == "E223"


def test_an_answer_with_something_unknown_is_a_problem(fault):
    assert fault(HELLO + "[x]({{ answer('feedback.given', words=person.country) }})").code == "E222"


SHOWN = [
    ("en.md", "![Logo](_images/logo.png)", "html"),
    ("en.md", "![Logo]({{ image('logo.png') }})", "html"),
    ("en.html", '<img src="_images/logo.png" alt="x">', "html"),
    ("en.html", "<img src='{{ image(\"logo.png\") }}' alt=x>", "html"),
    ("en.html", '<p style="background: url(_images/logo.png)">x</p>', "html"),
    ("en.html", "<style>p { background: url('_images/logo.png') }</style><p>x</p><p>y</p>", "html"),
    (
        "en.mjml",
        '<mj-section background-url="_images/logo.png"><mj-column><mj-text>x</mj-text></mj-column></mj-section>',
        "mjml",
    ),
]


@pytest.mark.parametrize(("name", "body", "ending"), SHOWN)
def test_pictures_are_served_or_travel_inside(mail, name, body, ending):
    extra = {**framed(FRAME if ending == "html" else MJML, ending), **PICTURES}
    served = mail({name: HELLO + body}, extra=extra)
    digest = hashlib.sha256(PNG).hexdigest()
    assert f"https://shop.example/i/{digest[:32]}/{digest[32:]}/logo.png" in served.html
    assert served.images == ()
    carried = mail({name: HELLO + body}, links=None, extra=extra)
    (image,) = carried.images
    assert (image.name, image.media_type, image.data) == ("logo.png", "image/png", PNG)
    assert f"cid:{image.content_id}" in carried.html
    assert "_images/" not in served.html + carried.html


def test_pictures_by_digest():
    found = by_digest(PICTURES, hashlib.sha256(PNG).hexdigest())
    assert found is not None
    assert (found.name, found.media_type, found.data) == ("logo.png", "image/png", PNG)
    assert by_digest(PICTURES, "0" * 64) is None
    assert by_digest({"templates/_images/a.exe": b"x"}, hashlib.sha256(b"x").hexdigest()) is None


def test_a_picture_that_is_gone_is_a_problem_where_it_is_named(fault):
    problem = fault(HELLO + "a\n\n![Logo](_images/logo.png)")
    assert (problem.code, str(problem.place)) == ("E224", "templates/hello/en.md:7:17")


def test_nothing_else_can_be_called(fault):
    for body in ("{{ image.__call__('x') }}", "{{ answer._links.secret }}", "{{ today() }}", "{{ (code or image)() }}"):
        assert fault(HELLO + body).code in ("E220", "E223")


def test_a_value_in_a_style_begins_no_other_style(mail):
    body = "<p style='width: {{ code }}'>x</p><style>i { color: {{ person.site }} }</style><i>y</i>"
    wild = "1px;background:url(https://evil.example)}{<\"'"
    html = mail({"en.html": HELLO + body}, {"site": wild}, variables={"code": wild}).html
    assert html.count("1pxbackgroundurlhttpsevil.example") == 2
    assert "evil" not in html.replace("1pxbackgroundurlhttpsevil.example", "")


def test_words_that_providers_count_by(mail):
    assert mail(HELLO + "Text").categories == ("hello", "s")


def test_a_whole_document_stands_alone(mail, fault, book):
    page = "<html><body><p>Own</p><a href='{{ unsubscribe_url }}'>x</a>{{ postal_address }}</body></html>"
    written = mail({"en.html": HELLO + page}, extra=framed(FRAME))
    assert written.html.count("<body") == 1
    assert written.text.count("https://shop.example/u/") == 1
    sections = "<mj-section><mj-column><mj-text>x</mj-text></mj-column></mj-section>"
    for extra in ({}, framed(FRAME), framed(MJML.replace("{{ content }}", "<mj-text>{{ content }}</mj-text>"), "mjml")):
        problem = fault({"en.mjml": HELLO + sections}, extra=extra)
        assert problem.code == "E223"
        assert "base.mjml" in problem.hint
    assert isinstance(book.rules, Rules)


@pytest.mark.parametrize(
    "place",
    [
        "<mj-body>{{ content }}",
        "<mj-body><mj-wrapper>{{ content }}</mj-wrapper>",
        "<mj-body><mj-section>{{ content }}</mj-section>",
        "<mj-body><mj-section><mj-column>{{ content }}</mj-column></mj-section>",
        "<mj-body><mj-section><mj-column><mj-text>{{ content }}</mj-text></mj-column></mj-section>",
    ],
)
def test_markdown_gets_what_mjml_wants_round_it(mail, place):
    written = mail(HELLO + "Dear *you*", extra=framed(MJML.replace("<mj-body>{{ content }}", place), "mjml"))
    assert '<div class="words">\n<p' in written.html
    assert isinstance(written, Email)
    assert "<mj-" not in written.html


def test_links_without_pictures_need_no_templates(mail):
    assert mail(HELLO + "Text", links=LINKS).images == ()


@pytest.mark.parametrize(
    ("name", "body", "line"),
    [
        ("en.html", "<p title='{{ code }}'>x\n<a href={{ person.site }}>y</a>", 6),
        ("en.html", "<p title='{{ code }}'>x\n<a href='{{ person.site }}'>y</a>", 6),
        ("en.html", '<p>{{ person.site }}\n\n<img alt="" src = "{{ person.site }}">', 7),
        ("en.md", "{{ person.site }}\n\n[y](<{{ person.site }}>)", 7),
        ("en.md", "{{ code }}\n\n{% for x in person.likes %}\n[y]({{ x }}) {{ nothing }}\n{% endfor %}", 8),
    ],
)
def test_an_address_that_is_none_is_a_problem_at_its_place(fault, name, body, line):
    problem = fault({name: HELLO + body}, {"site": "javascript:alert(1)", "likes": ("a",)})
    assert (problem.code, problem.place.line) == ("E220" if "nothing" in body else "E223", line)
