"""Every token comes back exactly once, where Markdown would have torn it."""

import pytest

from nurture.render import markdown
from nurture.render.tokens import Misplaced, hide, html_with_tokens, text_with_tokens


def html(source: str) -> str:
    hidden = hide(source)
    return html_with_tokens(markdown.to_html(markdown.parse(hidden.text)), hidden)


def text(source: str) -> str:
    hidden = hide(source)
    return text_with_tokens(markdown.to_text(markdown.parse(hidden.text)), hidden)


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
        ("![{{ a }}](https://a/b)", '<p><img src="https://a/b" alt="{{ (a) | _plain }}" /></p>'),
        ("<b>{{ a }}</b>", "<p>&lt;b&gt;{{ a }}&lt;/b&gt;</p>"),
        ("a {# note #}b", "<p>a b</p>"),
        ("jj00000jj {{ a }}", "<p>jj00000jj {{ a }}</p>"),
        ("{\\{ a }}", "<p>&#123;&#123; a }}</p>"),
    ],
)
def test_html(source, expected):
    import re

    without_styles = re.sub(r' style="[^"]*"', "", html(source))
    assert re.sub(r"\n(?=<|\{|$)|(?<=>)\n", "", without_styles) == expected


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


def test_a_paragraph_that_is_only_a_link_is_a_button():
    assert "background" in html("[a](https://b)")
    assert "background" not in html("see [a](https://b)")
    assert "background" not in html("[a](https://b) [c](https://d)")
