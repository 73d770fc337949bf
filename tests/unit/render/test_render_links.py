"""Links that lead nowhere and what mail programs do not let a mail do: each at its place, with its cure."""

import pytest

from nurture.render.check import check_templates
from nurture.render.check_links import CURE

FRONT = "---\nsubject: Hello\n---\n"
FOOT = "{{ unsubscribe_url }}{{ postal_address }}</body></html>"
MJML = "<mjml><mj-body>{}{{{{ unsubscribe_url }}}}{{{{ postal_address }}}}</mj-body></mjml>"


@pytest.fixture
def found(book):
    def of(name: str, body: str, **extra: bytes) -> list[tuple[str, int, int]]:
        problems = check_templates(book, {f"templates/hello/{name}": (FRONT + body).encode(), **extra})
        return [(one.code, one.place.line, one.place.column) for one in problems if one.code in ("E223", "W315")]

    return of


@pytest.mark.parametrize(
    ("name", "body", "column"),
    [
        ("en.md", "a [w](/rel)", 7),
        ("en.md", "a [v]()", 7),
        ("en.md", "a [z](//evil.example)", 7),
        ("en.md", "a [z](www.shop.example)", 7),
        ("en.md", "a [z](https://)", 7),
        ("en.md", "a [z](#)", 7),
        ("en.md", "a [z](/x/{{ visits }})", 7),
        ("en.md", "a [z](</some where>)", 8),
        ("en.md", "a [z](ftp://shop.example)", 7),
        ("en.md", "a [z](javascript:alert)", 7),
        ("en.html", "<p>a <a href='/rel'>w</a></p>", 15),
        ("en.html", "<p>a <a href=''>w</a></p>", 15),
        ("en.html", "<p>a <a href='//evil.example'>w</a></p>", 15),
        ("en.html", "<p>a <a href=' java&#115;cript:alert(1)'>w</a></p>", 15),
        ("en.html", "<p>a <a href='shop?{{ visits }}'>w</a></p>", 15),
        ("en.html", "<p>a <b onclick='go()'>w</b></p>", 18),
        ("en.html", "<p>a</p><script>go()</script>", 9),
        ("en.html", "<p>a</p><base href='https://shop.example'>", 9),
        ("en.html", "<p>a</p><meta http-equiv='Refresh' content='0'>", 9),
        ("en.html", "<p>a</p><iframe src='https://shop.example'></iframe>", 9),
        ("en.html", "<p>a</p><form action='https://shop.example'>b</form>", 9),
        ("en.html", "<p>a</p><object data='https://shop.example'>b</object>", 9),
        ("en.html", "<p>a</p><embed src='https://shop.example'>", 9),
    ],
)
def test_what_leads_nowhere_or_runs(found, name, body, column):
    assert found(name, body) == [("E223", 4, column)]


@pytest.mark.parametrize(
    ("element", "column"),
    [
        ("<mj-button href='/rel'>a</mj-button>", 18),
        ("<mj-navbar><mj-navbar-link href='/rel'>a</mj-navbar-link></mj-navbar>", 34),
        ("<mj-accordion></mj-accordion>", 1),
        ("<mj-carousel></mj-carousel>", 1),
    ],
)
def test_in_mjml(found, element, column):
    body = MJML.format(f"<mj-section><mj-column>\n{element}</mj-column></mj-section>")
    assert ("E223", 5, column) in found("en.mjml", body)


@pytest.mark.parametrize(
    "address",
    [
        "#below",
        "mailto:lena@kestrel.example",
        "tel:+33123456",
        "https://shop.example/a?b=c",
        "http://shop.example",
        "HTTPS://SHOP.EXAMPLE",
        "{{ answer('feedback.given', score=9) }}",
        "https://shop.example/{{ visits }}",
        "_images/menu.png",
    ],
)
@pytest.mark.parametrize(("name", "body"), [("en.md", "a [w]({})"), ("en.html", '<p>a <a href="{}">w</a></p>')])
def test_what_leads_somewhere(found, name, body, address):
    picture = {"templates/_images/menu.png": b"\x89PNG\r\n\x1a\n"}
    assert found(name, body.replace("{}", address), **picture) == []


def test_a_navigation_bar_with_an_address_of_its_own(found):
    bar = "<mj-navbar base-url='https://shop.example'><mj-navbar-link href='/a'>a</mj-navbar-link></mj-navbar>"
    body = MJML.format(f"<mj-section><mj-column>{bar}</mj-column></mj-section>")
    assert [one for one in found("en.mjml", body) if one[0] == "E223"] == []


def test_the_same_link_twice_is_two_places_and_has_a_cure(book, found):
    assert found("en.md", "[a](/x) [b](/x)") == [("E223", 4, 5), ("E223", 4, 13)]
    (problem,) = check_templates(book, {"templates/hello/en.md": f"{FRONT}[a](/x)".encode()})
    assert (problem.message, problem.hint) == ("'/x' leads nowhere from a mail", CURE)


def test_the_frame_after_its_class_of_the_direction(found):
    frame = "<html><body class='{{ direction }}'>{{ content }}\n<a href='/rel'>x</a>"
    assert found("en.md", "a", **{"templates/_layout/base.html": f"{frame}{FOOT}".encode()}) == [("E223", 2, 10)]


@pytest.mark.parametrize(
    ("front", "line"),
    [
        ("---\npreheader: a\nsubject: '{% if visits > 99 %}Many{% endif %}'\n---\n", 3),
        ("---\npreheader: a\nsubject: \"{{ '' if visits < 99 else 'Many' }}\u2066 \u2069\"\n---\n", 3),
        ("", 1),
    ],
)
def test_a_subject_that_is_empty_for_a_reader(fault, front, line):
    problem = fault(f"{front}text")
    assert (problem.code, problem.place.line) == ("E223", line)
    assert problem.message == "the subject is empty for this reader"


@pytest.mark.parametrize(
    ("body", "places"),
    [
        ("a <b>bold</b> <i>word</i>", [(4, 3)]),
        ("<div class='x'>\nwords\n</div>", [(4, 1)]),
        ("a<br/>b", [(4, 2)]),
        ("\\<br> <b>b</b>", [(4, 7)]),
        ("a\n\n<!-- note -->", [(6, 1)]),
        ("| a | b |\n|---|:-:|\n| 1 | 2 |", [(5, 1)]),
        ("a | b\n--- | ---\n1 | 2", [(5, 1)]),
        ("`<b>` \\<b> &lt;i&gt; 1 < 2 <lena@kestrel.example> <https://shop.example>", []),
        ("```\n<b>\n\n| a |\n|---|\n```", []),
        ("this | that\n\n---\n\n- a - b", []),
        ("{{ 'a' if visits < 3 else '<b>' }}", []),
    ],
)
def test_what_readers_of_markdown_would_get_as_characters(found, body, places):
    assert found("en.md", body) == [("W315", *place) for place in places]
