"""Every token comes back exactly once, where Markdown would have torn it."""

import re

import pytest

from nurture.render.page import body_of
from nurture.render.restore import Restoring, Source
from nurture.render.source import read
from nurture.render.tokens import LETTERS, Misplaced, letters_for, text_with_tokens


def body(source: str):
    written = read("templates/hello/en.md", source.encode())
    return body_of(written, letters_for(source), "en")


def html(source: str) -> str:
    """The mail's own HTML with Jinja in it, without what is round it."""
    made = body(source)
    parts = Restoring(made.hidden).run(made.html)
    whole = "".join(part.text if isinstance(part, Source) else part for part in parts)
    return whole.removeprefix('<div class="words">\n').removesuffix("</div>")


def text(source: str) -> str:
    made = body(source)
    return text_with_tokens(made.text, made.hidden)


@pytest.mark.parametrize(
    "token",
    [
        "{{ a }}",
        "{{ a ~ '}}' }}",
        '{{ a | or_else("it\'s *here*") }}',
        "{{ a < b and c > d }}",
        "{{ a * b * c }}",
        "{{ _a_ }}",
        "{{- a -}}",
        "{{ a\n}}",
    ],
)
@pytest.mark.parametrize(
    "place",
    ["{}", "**{}**", "x{}y", "# {}", "- {}", "> {}", "1. {}", "`{}`", "{} {}", "    {}", "a\n{}\nb", "[{}](https://a)"],
)
def test_expressions_survive_markdown(token, place):
    source = place.replace("{}", token)
    times = source.count(token)
    assert html(source).count(token) == times
    assert text(source).count(token) == times


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("{% if a %}\nText\n{% endif %}", "{% if a %}<p>Text</p>{% endif %}"),
        ("a {% if a %}b{% else %}c{% endif %}", "<p>a {% if a %}b{% else %}c{% endif %}</p>"),
        ("{% for a in b %}\n- {{ a }}\n{% endfor %}", "{% for a in b %}<ul><li>{{ a }}</li></ul>{% endfor %}"),
        ("**{% if a %}b{% endif %}**", "<p><strong>{% if a %}b{% endif %}</strong></p>"),
        ("[x]({{ url }})", '<p><a href="{{ (url) | _address }}">x</a></p>'),
        ("[x](https://a/?b={{ c }})", '<p><a href="https://a/?b={{ (c) | _quoted }}">x</a></p>'),
        ("![{{ a }}](https://a/b)", '<p class="picture"><img src="https://a/b" alt="{{ (a) | _plain }}" /></p>'),
        ("<b>{{ a }}</b>", "<p>&lt;b&gt;{{ a }}&lt;/b&gt;</p>"),
        ("a {# note #}b", "<p>a b</p>"),
        ("jj00000jj {{ a }}", "<p>jj00000jj {{ a }}</p>"),
        ("{\\{ a }}", "<p>{{ a }}</p>"),
    ],
)
def test_html(source, expected):
    assert re.sub(r"\n(?=<|\{|$)|(?<=>)\n", "", html(source)) == expected


@pytest.mark.parametrize(
    "source",
    [
        "**{% if a %}b**{% endif %}",
        "{% if a %}**b{% endif %}**",
        "- {% if a %}x\n- y{% endif %}",
        "{% if a %}x\n\ny{% endif %}",
        "[x](https://a/{%if a%}b{%endif%})",
        "[x]: {{ url }}",
        "{% endif %}",
    ],
)
def test_what_would_break_the_page_is_refused(source):
    with pytest.raises(Misplaced):
        html(source)


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("# A\n\nb *c* `d`\n\n---\n\n> e\n> f", "A\n\nb c d\n\n* * *\n\n> e\n> f\n"),
        ("1. a\n2. b\n\nc", "1. a\n2. b\n\nc\n"),
        ("3. a\n4. b", "3. a\n4. b\n"),
        ("- a\n  - b\n- c\n\nd", "- a\n  - b\n- c\n\nd\n"),
        ("- a\n- b\n\n1. c", "- a\n- b\n\n1. c\n"),
        ("[a](https://b) <https://c> <m@d.example>", "a: https://b https://c m@d.example\n"),
        ("a\\\nb", "a\nb\n"),
        ("![cup](https://b)", "cup\n"),
        ("```\nx  y\n```", "x  y\n"),
        ("{ a }", "{{ '{' }} a }\n"),
    ],
)
def test_text(source, expected):
    assert text(source) == expected


TABLE = 'role="presentation" cellpadding="0" cellspacing="0" border="0"><tbody><tr><td>'
WIDE = 'role="presentation" width="100%" cellpadding="0" cellspacing="0" border="0"><tbody><tr><td>'
BUTTON = f'<table class="button" {TABLE}<a href="https://b">a</a></td></tr></tbody></table>'


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("**[a](https://b)**", BUTTON),
        ("**[a](https://b)** **[a](https://b)**", f'<div class="buttons">{BUTTON}{BUTTON}</div>'),
        ("**[a](https://b)**\n**[a](https://b)**", f'<div class="buttons">{BUTTON}{BUTTON}</div>'),
        ("[a](https://b)", '<p><a href="https://b">a</a></p>'),
        ("see **[a](https://b)**", '<p>see <strong><a href="https://b">a</a></strong></p>'),
        ("**see [a](https://b)**", '<p><strong>see <a href="https://b">a</a></strong></p>'),
        ("**[a](https://b) now**", '<p><strong><a href="https://b">a</a> now</strong></p>'),
        ("> a\n>\n> b", f'<table class="card" {WIDE}\n<p>a</p>\n<p>b</p>\n</td></tr></tbody></table>'),
        ("a\n\n---", f'<p>a</p>\n<table class="divider" {WIDE}</td></tr></tbody></table>'),
        ("# a\n\n## b", "<h1>a</h1>\n<h2>b</h2>"),
        ("`A`", '<p class="code"><code>A</code></p>'),
        ("- `A`", "<ul>\n<li><code>A</code></li>\n</ul>"),
        ("![a](https://b)", '<p class="picture"><img src="https://b" alt="a" /></p>'),
        ('![a](https://b "280")', '<p class="picture"><img src="https://b" alt="a" width="280" /></p>'),
        ('x ![a](https://b "c")', '<p>x <img src="https://b" alt="a" title="c" /></p>'),
        ("![a](_images/b.png)", """<p class="picture"><img src="{{ _image('b.png') | _plain }}" alt="a" /></p>"""),
    ],
)
def test_what_the_manual_promises_of_markdown(source, expected):
    assert html(source).strip() == expected


def test_letters_never_stand_in_the_templates():
    assert letters_for("a") == LETTERS
    assert letters_for("jj00000jj", "b") == "jjj"
    assert letters_for("jj00000jj", "jjj00000jjj") == "jjjj"
