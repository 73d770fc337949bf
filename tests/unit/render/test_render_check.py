"""Findings in templates, each at its exact place with its cure."""

import pytest

from nurture.model.place import Problem
from nurture.render.check import check_templates

FRONT = "---\nsubject: Hello\n---\n"


@pytest.fixture
def findings(book):
    def found(text: str, front: str = FRONT, file: str = "templates/hello/en.md", **extra: str) -> list[Problem]:
        templates = {file: (front + text).encode(), **{name: body.encode() for name, body in extra.items()}}
        return list(check_templates(book, templates))

    return found


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
        ("---\nsubject: [a]\n---\n", [("E103", 2, 10)]),
    ],
)
def test_front_matter(findings, front, expected):
    found = said(findings("text", front))
    assert [(code, line) for code, line, _ in found] == [(code, line) for code, line, _ in expected]


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


@pytest.mark.parametrize(
    "file",
    [
        "hello/en.htm",
        "hello/a/b/en.md",
        "hello/Special/en.md",
        "en.md",
        "hello/en.txt",
        "hello/english.md",
        "hello/pt-br.md",
        "hello/AR.md",
    ],
)
def test_a_file_that_no_mail_is_made_from(findings, file):
    assert [problem.code for problem in findings("x", file=f"templates/{file}")] == ["E223"]
