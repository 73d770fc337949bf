"""Findings in templates, each at its exact place with its cure."""

from dataclasses import replace

import pytest

from nurture.model.catalogue import Field, Numbers
from nurture.model.expression import Kind, Name
from nurture.model.place import Problem
from nurture.model.step import Offer
from nurture.render.check import check_templates
from nurture.render.source import read

from .conftest import FRONT, PNG, SEND, SEQUENCE


def said(problems: list[Problem]) -> list[tuple[str, int, int]]:
    return [(problem.code, problem.place.line, problem.place.column) for problem in problems]


@pytest.mark.parametrize(
    "text",
    [
        "{{ code | or_else('-') }} {{ visits }} {{ person.email }} {{ today | day }}",
        "{{ person.first_name | or_else('you') }}{{ ', ' ~ person.first_name if person.first_name is known }}",
        "{% if person.country is known and person.country != 'FR' %}{{ person.country }}{% endif %}",
        "{% if person.country is unknown %}-{% else %}{{ person.country }}{% endif %}",
        "{% if not person.country is known %}-{% elif not person.country == 'FR' %}{{ person.country }}{% endif %}",
        "{% if person.likes is known %}{% for taste in person.likes %}{{ taste }}{% endfor %}{% endif %}",
        "{{ person.likes | list_and | or_else('everything') }} {{ person.spent | money | or_else('-') }}",
        "{% if person.country in ['FR', 'DE'] %}near: {{ person.country }}{% endif %}",
        "{% if person.orders.count > 2 %}many{% endif %}{{ person.orders.first_at | day | or_else('-') }}",
        "{# a note: {{ nothing }} #}text",
    ],
)
def test_no_finding(findings, text):
    assert findings(text) == []


@pytest.mark.parametrize(
    ("text", "code", "column", "hint"),
    [
        ("{% if visits %}a{% endif %} {% if kode == 'a' %}b{% endif %}", "E220", 35, "did you mean 'code'?"),
        ("{% if visits %}a{% elif visits and kode %}b{% endif %}", "E220", 36, "did you mean 'code'?"),
        ("{{ visits | uper }}", "E223", 13, None),
        ("Code **{{ codee }}**", "E220", 11, "did you mean 'code'?"),
        ("{{ code | or_else('') }} {{ kode }}", "E220", 29, "did you mean 'code'?"),
        ("{{ person.frist_name | or_else('x') }}", "E221", 4, "did you mean 'person.first_name'?"),
        ("{{ person.orders.cuont }}", "E221", 4, "did you mean 'person.orders.count'?"),
        ("{% if person.land == 'FR' %}x{% endif %}", "E221", 7, ""),
        ("Dear {{ person.first_name }}", "E222", 9, "{{ person.first_name | or_else('…') }}"),
        ("{{ person.first_name | or_else('x') }} {{ person.first_name }}", "E222", 43, None),
        ("{{ code }}", "E222", 4, None),
        ("{{ 'a' if person.country == 'FR' else person.country }}", "E222", 11, None),
        ("{% if not person.country == 'FR' %}x{% endif %}", "E222", 11, None),
        ("{% if person.country not in ['FR'] %}x{% endif %}", "E222", 7, None),
        ("{% for x in person.likes %}{{ x }}{% endfor %}", "E222", 13, None),
        ("{% if person.country is known or visits > 1 %}{{ person.country }}{% endif %}", "E222", 50, None),
        ("{% if x %}", "E223", 1, None),
        ("{{ visits | upper }}", "E223", 13, None),
        ("{{ visits | day }}", "E223", 4, None),
        ("{{ 1/0 }}", "E223", 1, "write what comes out of it"),
        ("{{ 'a' + 1 }}", "E223", 1, "write what comes out of it"),
        ("{{ -'a' }}", "E223", 1, "write what comes out of it"),
        ("{{ 99999999 ** 99999999 }}", "E223", 1, "write what comes out of it"),
        ("{% if 1 < 'a' %}x{% endif %}", "E223", 1, "write what comes out of it"),
        ("{{ visits + (1 - 1) }}", "E223", 1, "write what comes out of it"),
        ("{{ visits / 0 }}", "E223", 1, None),
        ("{{ visits % 0.0 }}", "E223", 1, None),
        ("{{ code.upper() }}", "E223", 1, None),
        ("{% set a = 1 %}", "E223", 1, None),
        ("{% include 'x' %}", "E223", 1, None),
        ("{{ person.first_name | or_else }}", "E223", 24, None),
        ("{% if code is defined %}x{% endif %}", "E223", 15, "use 'is known' or 'is unknown'"),
        ("{% for x in code | or_else('') %}{{ x }}{% endfor %}", "E223", 1, None),
        ("**{% if visits %}a**{% endif %}", "E223", 21, None),
        ("[x](https://a.example/{{ '{{' }", "E223", None, None),
        ("![a](cup.png)", "E224", 6, "_images/… for a file of templates/_images/, or its whole address: https://…"),
        ("a ![](https://a.example/b.png)", "W315", 7, None),
        ("Born {{ person.birthday | day | or_else('') }}", "W325", 9, None),
    ],
)
def test_finding_at_its_place(findings, text, code, column, hint):
    problems = findings(text)
    assert [problem.code for problem in problems] == [code]
    assert problems[0].place.line == 4
    if column:
        assert problems[0].place.column == column
    if hint is not None:
        assert problems[0].hint == hint


def test_a_ladder_gives_its_mail_the_rung_by_itself(book, findings):
    text = "{% if rung == 'sampler' %}{{ rung_title }}{% endif %} {{ code | or_else('-') }}"
    assert [problem.code for problem in findings(text)] == ["E220", "E220"]
    given = {name: getattr(SEND, name) for name in ("id", "place", "mail", "class_", "topic", "variables", "valid_for")}
    ladder = replace(SEQUENCE, steps=(Offer(**given, ladder="beans"),))
    assert (
        list(
            check_templates(replace(book, sequences={"s": ladder}), {"templates/hello/en.md": (FRONT + text).encode()})
        )
        == []
    )


def test_numbers_handed_on_together_are_read_with_a_dot(book):
    cups = Numbers("cups", {"brewed": Field("brewed", "number"), "best_day": Field("best_day", "text")})
    together = replace(SEND, variables=(("cups", Name(("numbers", "cups"), Kind.record)),))
    digest = replace(
        book,
        catalogue=replace(book.catalogue, numbers={"cups": cups}),
        sequences={"s": replace(SEQUENCE, steps=(together,))},
    )

    def codes(text: str) -> list[str]:
        return [one.code for one in check_templates(digest, {"templates/hello/en.md": (FRONT + text).encode()})]

    assert codes("{{ cups.brewed | or_else('0') }} on {{ cups.best_day | or_else('no day') }}") == []
    assert codes("{{ cups.brewed }}") == ["E222"]
    assert codes("{{ cups.brewn | or_else('0') }}") == ["E221"]


def test_sample_of_the_language_document(findings):
    front = '---\nsubject: "عيد ميلاد سعيد"\npreheader: كيس من قهوتك المفضلة\n---\nSalma،\n\n'
    text = "كيس من حبوب القهوة بانتظارك. الرمز **{{ codee }}** صالح حتى {{ today | day }}."
    (problem,) = findings(text, front, "templates/hello/ar.md")
    assert str(problem.place) == "templates/hello/ar.md:7:41"
    assert problem.message == "'codee' is not given to this mail by s › hello"
    assert problem.hint == "did you mean 'code'?"


def test_places_in_the_subject(findings):
    problems = findings("text", '---\nsubject: "Hi {{ kode }}"\npreheader: "{{ person.country }}"\n---\n')
    assert said(problems) == [("E220", 2, 17), ("E222", 3, 16)]


def test_line_breaks_of_other_systems_and_a_byte_order_mark(findings):
    assert said(findings("a\r\n{{ kode }}", "\ufeff---\r\nsubject: x\r\n---\r\n")) == [("E220", 5, 4)]


@pytest.mark.parametrize(
    ("front", "expected"),
    [
        ('---\nsubject: "x\n---\n', [("E100", 3, 1)]),
        ("", [("W315", 1, 1)]),
        ("---\nsubject: " + "long " * 15 + "\n---\n", [("W315", 2, 10)]),
        ("---\nsubject: BUY NOW\n---\n", [("W315", 2, 10)]),
        ("---\nsubjekt: x\n---\n", [("E110", 2, 1)]),
        ("---\nsubject: a\nsubject: b\n---\n", [("E101", 3, 1)]),
        ("---\nsubject: {{ code }}\n---\n", [("E103", 2, 10)]),
        ("---\nsubject: Hello: you\n---\n", [("E100", 2, 15)]),
        ('---\nsubject: "Hi { person.first_name }"\n---\n', [("W315", 2, 14)]),
        ("---\nsubject: [a]\n---\n", [("E103", 2, 10)]),
        ("---\nsubject: never closed\n", [("E100", 1, 1)]),
        ("---\nsubject: x\npreheader: a\x07b\n---\n", [("E100", 3, 13)]),
    ],
)
def test_front_matter(findings, front, expected):
    found = said(findings("text", front))
    assert [(code, line) for code, line, _ in found] == [(code, line) for code, line, _ in expected]


@pytest.mark.parametrize(
    ("body", "place"),
    [
        ("only words\n", (4, 1)),
        ("<mj-section><mj-column>words</mj-column></mj-section>", (4, 24)),
        ("<mj-section><mj-column><mj-txt>x</mj-txt></mj-column></mj-section>", (4, 24)),
    ],
)
def test_mjml_that_readers_would_not_see(findings, body, place):
    frame = "<mjml><mj-body>{{ content }}</mj-body></mjml>"
    found = findings(body, file="templates/hello/en.mjml", **{"templates/_layout/base.mjml": frame})
    assert ("E223", *place) in said(found)


def test_a_mail_nobody_sends_may_name_anything_but_not_print_the_unknown(findings):
    assert said(findings("{{ whatever }} {{ person.country }}", file="templates/other/en.md")) == [("E222", 4, 19)]


def test_file_that_is_not_text(book):
    (problem,) = check_templates(book, {"templates/hello/en.md": b"---\nsubject: x\n---\n\xff"})
    assert (problem.code, problem.place.line) == ("E100", 4)


@pytest.mark.parametrize(
    ("words", "code"),
    [
        ("x", "E100"),
        ('why = "{topic}"\nunsubscribe = "a"\nreply = "b"', "E115"),
        ('why = "a"\nwhy_service = "c"\nunsubscribe = "a"\nreply = "b"', "E115"),
        ('wyh = "{topic}"', "E110"),
        ("why = 3", "E114"),
    ],
)
def test_words_of_the_footer(findings, words, code):
    assert [problem.code for problem in findings("x", **{"templates/_layout/en.toml": words})] == [code]


def test_frame_without_a_way_out(findings):
    extra = {"templates/_layout/base.html": "{{ content }} {{ postal_address }}"}
    assert [problem.code for problem in findings("x", **extra)] == ["E311"]
    extra = {"templates/_layout/base.html": "\n{% if %}"}
    (problem,) = findings("x", **extra)
    assert (problem.code, problem.place.line) == ("E223", 2)


def test_a_service_mail_needs_no_way_out(book):
    send = replace(SEND, class_="service")
    service = replace(book, sequences={"s": replace(SEQUENCE, steps=(send,))})
    page = (FRONT + "<html><body>x</body></html>").encode()
    assert check_templates(service, {"templates/hello/en.html": page}) == ()


FOOT = "{{ unsubscribe_url }} {{ postal_address }}</body></html>"


@pytest.mark.parametrize(
    ("frame", "code", "line", "column"),
    [
        ("<html><body>\n{{ content }} {{ nothing }} " + FOOT, "E220", 2, 18),
        ("<html><body>\n{{ content }} {{ unsubscribe_ulr }} " + FOOT, "E220", 2, 18),
        ("<html><body>{{ content }}\n{{ content }} " + FOOT, "E223", 2, 1),
        ("<html><body>\n<p title='{{ content }}'>" + FOOT, "E223", 2, 11),
        ("<html><body>{{ content }}\n<p class='{{ why }}'>" + FOOT, "E223", 2, 11),
        ("<html><body>{{ content }}\n<p {% if why %}x{% endif %}>" + FOOT, "E223", 2, 4),
        ("<html><body>{{ content }}\n<table>{% if why %}<tr><td>{% endif %}" + FOOT, "E223", 2, 28),
        ("<html><body>{{ content }}\n<img src='_images/x.png' alt=''>" + FOOT, "E224", 2, 11),
        ("<html><body>{{ content }}\n<img src='{{ image('x.png') }}' alt=''>" + FOOT, "E224", 2, 21),
        ("<html><body>{{ content }}\n<img src='https://a/b'>" + FOOT, "W315", 2, 1),
    ],
)
def test_findings_in_the_frame(findings, frame, code, line, column):
    problems = findings("x", **{"templates/_layout/base.html": frame})
    assert [(problem.code, str(problem.place)) for problem in problems] == [
        (code, f"templates/_layout/base.html:{line}:{column}")
    ]


def test_two_frames(findings):
    frame = f"<html><body>{{{{ content }}}}{FOOT}"
    problems = findings("x", **{"templates/_layout/base.html": frame, "templates/_layout/base.mjml": "<mjml></mjml>"})
    assert [(problem.code, problem.place.file) for problem in problems] == [("E223", "templates/_layout/base.mjml")]


@pytest.mark.parametrize(
    ("call", "code", "column", "hint"),
    [
        ("answer('feedback.given', score=9, words='a', mood='glad', again=true)", None, 0, ""),
        ("answer('feedback.given', score=visits, words=code | or_else(''))", None, 0, ""),
        ("spare('mothers_day')", None, 0, ""),
        ("answer('feedback.givn', score=9)", "E202", 12, "did you mean 'feedback.given'?"),
        ("answer('feedback.given', scor=9)", "E221", 29, "did you mean 'score'?"),
        ("answer('feedback.given', score='9')", "E223", 29, ""),
        ("answer('feedback.given', again=1)", "E223", 29, ""),
        ("answer('feedback.given', score=person.spent | or_else(0))", "E223", 29, ""),
        ("answer('feedback.given', at=today)", "E223", 29, "text, number or bool"),
        ("answer('feedback.given', mood='gald')", "E221", 35, "did you mean 'glad'?"),
        ("answer('feedback.given', words=person.country)", "E222", 29, None),
        ("answer('feedback.given', words=person.cuontry)", "E221", 35, "did you mean 'person.country'?"),
        ("answer(code | or_else(''))", "E223", 4, "answer('feedback.given', score=9)"),
        ("answer('feedback.given', 9)", "E223", 4, "answer('feedback.given', score=9)"),
        ("spare('mother_day')", "E208", 11, "did you mean 'mothers_day'?"),
        ("spare()", "E223", 4, "spare('mothers_day')"),
        ("image('lgo.png')", "E224", 11, "did you mean 'logo.png'?"),
        ("anser('feedback.given')", "E223", 1, None),
    ],
)
def test_what_a_mail_may_call(findings, call, code, column, hint):
    problems = findings(f"{{{{ {call} }}}}", **{"templates/_images/logo.png": PNG})
    assert [problem.code for problem in problems] == ([code] if code else [])
    for problem in problems:
        assert problem.place.column == column
        assert hint is None or problem.hint == hint


@pytest.mark.parametrize(
    ("name", "body", "code", "column"),
    [
        ("en.md", "![x](_images/lgo.png)", "E224", 6),
        ("en.html", "<img src='_images/lgo.png' alt='x'>a", "E224", 11),
        ("en.html", "<p style='background: url(_images/lgo.png)'>a</p>", "E224", 27),
        ("en.html", "<img src='_images/logo.png'>a", "W315", 1),
        ("en.html", "<img src='cup.png' alt='x'>a", "E224", 11),
        ("en.html", "<img src='_images/logo.png' alt=''>", "W315", 1),
        ("en.html", "<p>a</p", "E223", 7),
        ("en.html", "<p>a <!-- b", "E223", 6),
        ("en.html", "<style>p { color: red }", "E223", 1),
        ("en.html", "<p style='{{ code | or_else(1) }}'>a</p>", "E223", 11),
        ("en.html", "<p style='color: red; {{ code | or_else(1) }}: 1'>a</p>", "E223", 23),
        ("en.html", "<style>p { margin: 1px }</style><p style='color'>a</p>", "E223", 1),
    ],
)
def test_findings_in_pages(findings, name, body, code, column):
    problems = findings(body, file=f"templates/hello/{name}", **{"templates/_images/logo.png": PNG})
    assert [(problem.code, problem.place.column) for problem in problems] == [(code, column)]


@pytest.mark.parametrize(
    ("body", "column", "hint"),
    [
        ("<mj-image src='https://a/b' alt='' width='{{ visits }}' />", 43, "write a number"),
        ("<mj-text font-size='{{ visits }}px'>a</mj-text>", 21, "write a number"),
        ("<mj-text css-class='{{ visits }}'>a</mj-text>", 21, None),
        ("<mj-text>1 < 2</mj-text>", 12, "write &lt;"),
        ("<mj-style>@media (width < 3px) {}</mj-style>", 25, "write it without"),
        ("<mj-text><p>a</mj-text>", 14, "</p>"),
        ("<mj-text>a", 11, "</mj-text>"),
        ("<mj-text>a</mj-text><mj-include path='/etc/hosts' />", 22, None),
        ("<mj-button background-color=\"{{ code | or_else('') }}\">a</mj-button>", 30, None),
    ],
)
def test_findings_in_mjml(findings, body, column, hint):
    whole = f"<mjml><mj-body><mj-section><mj-column>\n{body}</mj-column></mj-section></mj-body></mjml>"
    problems = findings(whole, file="templates/hello/en.mjml")
    (problem,) = [one for one in problems if one.code == "E223"]
    assert (problem.place.line, problem.place.column) == (5, column)
    assert hint is None or problem.hint == hint


@pytest.mark.parametrize(("letters", "code"), [(70_000, None), (90_000, "W356"), (120_000, "E357")])
def test_size(findings, letters, code):
    assert [problem.code for problem in findings("x" * letters)] == ([code] if code else [])


def test_a_translation_older_than_its_source(findings):
    source = read("templates/hello/en.md", b"---\nsubject: Hello\n---\nText")
    front = f"---\nsubject: Hola\nstill_right: {source.fingerprint}\n---\n"

    def said_of_ar(english: str) -> list[Problem]:
        problems = findings("x", front, "templates/hello/ar.md", **{"templates/hello/en.md": english})
        return [one for one in problems if one.place.file.endswith("ar.md")]

    assert said_of_ar("---\nsubject: Hello\n---\n\nText\n") == []
    for changed in ("---\nsubject: Hi\n---\nText", "---\nsubject: Hello\n---\nTexts"):
        (problem,) = said_of_ar(changed)
        assert (problem.code, problem.place.line, problem.place.column) == ("W311", 3, 14)
        fingerprint = read("templates/hello/en.md", changed.encode()).fingerprint
        assert problem.hint == f"when it is right again: still_right: {fingerprint}"


def test_beside_files_with_mistakes_nothing_false_is_said(book):
    body = "![x](_images/logo.png) [y]({{ spare('what_nobody_could_read') }}) {{ visits }}"
    templates = {"templates/hello/en.md": (FRONT + body).encode(), "templates/_images/logo.png": PNG}
    assert check_templates(book, templates, whole=False) == ()
    assert [problem.code for problem in check_templates(book, templates)] == ["E208"]
    nobody = replace(book, sequences={})
    templates["templates/hello/ar.html"] = (FRONT + "<html><body>x</body></html>").encode()
    assert check_templates(nobody, templates, whole=False) == ()
