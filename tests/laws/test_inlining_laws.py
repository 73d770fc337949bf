"""A page made once and rendered for each reader is the page that would be made anew for each reader (email.md 5.2)."""

import re
from html.parser import HTMLParser

import css_inline
import jinja2
import mrml
import pytest
from hypothesis import event, given, settings
from hypothesis import strategies as st

from nurture.model.place import Problem
from nurture.render.compiled import Compiled, Templates, compiled
from nurture.render.restore import Source
from nurture.render.tokens import tokens_in
from nurture.render.versions import Origin

FILE = "templates/hello/en.html"
MJML_FILE = "templates/hello/en.mjml"
FRAME = """<!doctype html><html><head><title>t</title><style>
.b { color: red; margin: 0 1px } p { color: green } td { padding: 3px } a { color: blue !important }
p.b a { border: 1px solid } li { margin: 2px } table .b { width: 4px }
@media (prefers-color-scheme: dark) { p { color: white !important } #x { color: black } }
a:hover { color: gray } [data-ogsc] p { color: white }
</style></head><body>{{ content }}<i>{{ unsubscribe_url }}{{ postal_address }}{{ preheader }}</i></body></html>"""
VALUES = {
    "yes": True, "no": False, "n": 2, "items": ("a", "<b>&amp;", "'\"{{ n }}"), "nothing": (),
    "word": "5 < 6 & \"q\" 'r' {% if %}", "url": "https://a.example/?a=1&b=2", "size": "7px",
}  # fmt: skip
FRAMES = {"unsubscribe_url": "u", "postal_address": "p", "preheader": "before"}
TOLD = {f"_page_{name}": value for name, value in {**FRAMES, "trap": ""}.items()}

# The twelve constructs that MJML and style inliners tear when they see Jinja, and more.
SAME = {
    "loop in tbody": "<table><tbody>{% for i in items %}<tr><td>{{ i }}</td></tr>{% endfor %}</tbody></table>",
    "loop in a row": "<table><tbody><tr>{% for i in items %}<td>{{ i }}</td>{% endfor %}</tr></tbody></table>",
    "empty loop": "<ul>{% for i in nothing %}<li>{{ i }}</li>{% else %}<li>-</li>{% endfor %}</ul>",
    "less and more": "<p>{% if n > 3 and n < 9 %}yes{% else %}no{% endif %}</p>",
    "quotes in an attribute": """<p><a href='{{ url }}' title="{{ word if yes else 'x' }}">x</a></p>""",
    "double quotes inside double quotes": '<p><a title="{{ word ~ "!" }}">x</a></p>',
    "a part of an attribute": '<p><b title="a {{ word }} b {{ n }}">x</b></p>',
    "a condition in a value": '<p><b title="{% if yes %}a{% else %}b{% endif %}">x</b></p>',
    "a value in a style": '<p class="b" style="width: {{ size }}">x</p>',
    "loop in a list": "<ul>{% for i in items %}<li>{{ i }}</li>{% endfor %}</ul>",
    "comments and strings": "<p>{# hi < > #}{{ '<b>' }}{{ word }}</p>",
    "for Outlook": "<!--[if mso]><td>{{ n }}</td><![endif]--><p>{{ n }}</p>",
    "not for Outlook": "<!--[if !mso]><!--><p class='b'>{{ word }}</p><!--<![endif]-->",
    "whole elements by condition": "{% if yes %}<p class='b'>a</p>{% else %}<p>b</p>{% endif %}{% if no %}c{% endif %}",
    "unclosed paragraphs": "<p>a {{ n }}<p class=b>b {{ word }}",
    "an entity beside a token": "<p>&lt;{{ n }}&gt; &amp;{{ n }}; &nbsp;</p>",
    "braces of their own": "<p>{ {{ n }} } a}} {</p>",
    "words like our marks": "<p>jj00000jj {{ n }} jjj00001jjj</p>",
    "a title's own characters": "<p>{{ '</p>' }}{{ '-->' }}</p>",
    "nested": "{% if yes %}<table><tbody>{% for i in items %}<tr><td>{% if i == 'a' %}<p class='b'>{{ i }}</p>"
    "{% endif %}</td></tr>{% endfor %}</tbody></table>{% endif %}",
}
REFUSED = {
    "loop in a table without tbody": "<table>{% for i in items %}<tr><td>{{ i }}</td></tr>{% endfor %}</table>",
    "an attribute by condition": '<p {% if yes %}class="b"{% endif %}>x</p>',
    "a bare attribute by condition": "<p {% if yes %}title=x{% endif %}>x</p>",
    "a class by condition": '<p class="{% if yes %}b{% endif %}">x</p>',
    "a class by value": '<p class="{{ word }}">x</p>',
    "one of two beginnings": '{% if yes %}<p>{% else %}<p class="b">{% endif %}x</p>',
    "half an element": "{% if yes %}<b>{% endif %}x</b>",
    "a value in a style sheet that fits twice": "<style>i { color: {{ size }} }</style><i>1</i><i>2</i>",
    "a condition in a style": '<p style="{% if yes %}color:red{% endif %}">x</p>',
    "a condition in an address": '<a href="{% if yes %}https://a{% endif %}">x</a>',
}  # fmt: skip
# A rule that asks where an element stands among others is worked out once, before there is one for each thing.
DIFFERENT = (
    "<style>.l b:first-child { color: red }</style><div class='l'>{% for i in items %}<b>{{ i }}</b>{% endfor %}</div>"
)
INLINER = css_inline.CSSInliner(
    keep_style_tags=True, remove_inlined_selectors=True, keep_at_rules=True, load_remote_stylesheets=False
)


class Events(HTMLParser):
    """What a page is, whatever the order of its attributes and the spelling of its characters."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.seen: list[object] = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        styles = {
            name: sorted(part.strip() for part in (value or "").split(";") if part.strip()) for name, value in attrs
        }
        said = {name: styles[name] if name == "style" else value for name, value in attrs}
        if tag == "table":
            said.pop("role", None)  # which every table gets here that has none
        self.seen.append((tag, said))

    def handle_endtag(self, tag: str) -> None:
        self.seen.append(f"/{tag}")

    def handle_data(self, data: str) -> None:
        if self.seen and isinstance(self.seen[-1], tuple) and self.seen[-1][0] == "#":
            data = self.seen.pop()[1] + data
        self.seen.append(("#", data))

    def handle_comment(self, data: str) -> None:
        self.seen.append(("!", data))


def made_once(body: str, frame: str = FRAME) -> Compiled | Problem:
    return compiled(Origin(FILE, body.encode(), None, "templates/_layout/base.html", frame.encode(), "en"))


def ours(body: str) -> list[object]:
    """Made once, then rendered."""
    made = made_once(body)
    assert isinstance(made, Compiled), made
    assert not isinstance(made.templates, Problem)
    return in_body(made.templates.page.render({**VALUES, **TOLD}))


def anew(body: str) -> list[object]:
    """Rendered, then made: Jinja as it is, and the inliner on the result."""
    own = jinja2.Environment(autoescape=True, undefined=jinja2.StrictUndefined, keep_trailing_newline=True)
    page = FRAME.replace("{{ content }}", body)
    return in_body(INLINER.inline(own.from_string(page).render(**VALUES, **FRAMES)))


def in_body(html: str) -> list[object]:
    return Events(html[html.index("<body") :]).seen


@pytest.mark.parametrize("body", SAME.values(), ids=SAME)
def test_made_once_is_made_anew(body):
    assert ours(body) == anew(body)


@pytest.mark.parametrize("body", REFUSED.values(), ids=REFUSED)
def test_what_would_differ_is_refused(body):
    found = made_once(body)
    assert isinstance(found, Problem)
    assert found.code == "E223"
    assert found.hint
    assert found.place.file == FILE


def test_the_one_difference_that_is_known():
    once, again = ours(DIFFERENT), anew(DIFFERENT)
    assert once != again
    red = ("b", {"style": ["color: red"]})
    assert (once.count(red), again.count(red)) == (3, 1)


def test_styles_that_cannot_be_written_into_elements_stay():
    made = made_once("<p>x</p>")
    head = made.templates.page.render({**VALUES, **TOLD}).partition("</head>")[0]
    for kept in ("@media (prefers-color-scheme: dark)", "a:hover", "[data-ogsc] p"):
        assert kept in head


WORDS = st.sampled_from(["x", " ", "{{ n }}", "{{ word }}", "&amp;", "<br>", "{# c #}", "{{ size }}", "jj", "}}", "{ "])
LINE = st.lists(WORDS, min_size=1, max_size=4).map("".join)
INLINE = LINE | LINE.map(lambda words: f"<b class='b'>{words}</b>")
BLOCKS = st.recursive(
    st.one_of(
        INLINE.map(lambda words: f"<p>{words}</p>"),
        INLINE.map(lambda words: f'<p class="b" title="{{{{ word }}}}">{words}</p>'),
        INLINE.map(lambda words: f"<p><a href='{{{{ url }}}}'>{words}</a></p>"),
        st.just("<!--[if mso]>{{ n }}<![endif]-->"),
    ),
    lambda inner: st.one_of(
        st.lists(inner, min_size=1, max_size=3).map("".join),
        inner.map(lambda block: f"{{% if yes %}}{block}{{% endif %}}"),
        inner.map(lambda block: f"{{% if no %}}{block}{{% else %}}<p>n</p>{{% endif %}}"),
        inner.map(lambda block: f"{{% for i in items %}}{block}{{{{ i }}}}{{% endfor %}}"),
        inner.map(
            lambda block: (
                f"<table class='b'><tbody>{{% for i in items %}}<tr><td>{block}</td></tr>{{% endfor %}}</tbody></table>"
            )
        ),
    ),
    max_leaves=8,
)


@settings(max_examples=120, deadline=None)
@given(BLOCKS)
def test_whatever_is_built_of_whole_elements_is_the_same(body):
    event(f"{body.count('{%')} statements")
    assert ours(body) == anew(body)


PIECES = st.sampled_from(
    [
        "{{ n }}", "{{ word }}", "{% if yes %}", "{% else %}", "{% endif %}", "{% for i in items %}", "{% endfor %}",
        "{# c #}", "<p>", "</p>", "<p class='b'>", "<b>", "</b>", "<table>", "</table>", "<tbody>", "<tr>", "<td>",
        "</td>", "</tr>", "<br>", '<a href="', '">', "<a title='", "'>", "</a>", "<!--", "-->", "<!--[if mso]>",
        "<![endif]-->", "<style>", "</style>", "<title>", "</title>", "x", " ", "<", "&", "jj", "00000", "{",
        "<mj-text>", "</mj-text>", "<img src=", " width=",
    ]
)  # fmt: skip


@settings(max_examples=400, deadline=None)
@given(st.lists(PIECES, max_size=14).map("".join))
def test_every_token_comes_back_once_or_is_refused(body):
    made = made_once(body)
    if isinstance(made, Problem):
        event(f"refused: {made.code}")
        assert made.code in ("E223", "E311")
        assert made.place.file == FILE
        return
    if made.frame is None:
        event("whole document")
        return
    kept = re.sub(r"<!--(?!\[if |<!\[endif)(?:(?!-->).)*-->", "", body, flags=re.DOTALL)
    event(f"kept {min(3, len(tokens_in(kept)))} tokens or more")
    written = [part.text for part in made.parts if isinstance(part, Source) and "_page_" not in part.text]
    assert written.pop() == "{% endif %}"  # of the link that no reader sees, the last thing in a page
    found = [re.sub(r"^\{\{ \((.*)\) \| _(?:plain|address|quoted|styled) \}\}$", r"{{ \1 }}", text) for text in written]
    assert sorted(found) == sorted(token.text for token in tokens_in(kept))
    whole = "".join(part for part in made.parts if isinstance(part, str))
    assert not re.search(r"jj\d{5}jj", whole) or "jj00000" in body
    assert isinstance(made.templates, Templates)


MJML_FRAME = """<mjml lang="en" dir="ltr"><mj-head><mj-title>t</mj-title><mj-preview>{{ preheader }}</mj-preview>
<mj-style>.b p { color: red } a { color: blue } @media (prefers-color-scheme: dark) { p { color: white } }</mj-style>
</mj-head><mj-body>{{ content }}<mj-section><mj-column>
<mj-text>{{ unsubscribe_url }}{{ postal_address }}</mj-text></mj-column></mj-section></mj-body></mjml>"""
COLUMN = "<mj-section><mj-column>{}</mj-column></mj-section>"
MJML = {
    "text": COLUMN.format("<mj-text css-class='b'><p>{{ word }} &amp; {{ n }}<br>x</p></mj-text>"),
    "a link": COLUMN.format("<mj-button href='{{ url }}'>{{ word }}</mj-button>"),
    "a link in text": COLUMN.format("""<mj-text><a href="{{ url }}" title='{{ word }}'>x</a></mj-text>"""),
    "a loop of texts": COLUMN.format("{% for i in items %}<mj-text>{{ i }}</mj-text>{% endfor %}"),
    "a loop of rows": COLUMN.format(
        "<mj-table><tbody>{% for i in items %}<tr><td>{{ i }}</td></tr>{% endfor %}</tbody></mj-table>"
    ),
    "sections by condition": "{% if yes %}" + COLUMN.format("<mj-text>a</mj-text>") + "{% endif %}{% if no %}"
    + COLUMN.format("<mj-text>b</mj-text>") + "{% endif %}",
    "texts by condition": COLUMN.format("{% if no %}<mj-text>a</mj-text>{% else %}<mj-divider />{% endif %}"),
    "a picture": COLUMN.format('<mj-image src="https://a.example/x.png" alt="{{ word }}" width="20px" />'),
    "raw": COLUMN.format("<mj-raw><tr><td>{% if yes %}<b>{{ word }}</b>{% endif %}</td></tr></mj-raw>"),
}  # fmt: skip
# MJML shares a row out among the columns that it sees, so columns by condition are not those of a page made anew.
MJML_DIFFERENT = (
    "<mj-section>{% if no %}<mj-column><mj-text>a</mj-text></mj-column>{% endif %}<mj-column /></mj-section>"
)


def mjml_ours(body: str) -> list[object]:
    made = compiled(Origin(MJML_FILE, body.encode(), None, "templates/_layout/base.mjml", MJML_FRAME.encode(), "en"))
    assert isinstance(made, Compiled), made
    assert isinstance(made.templates, Templates)
    return in_body(made.templates.page.render({**VALUES, **TOLD}))


def mjml_anew(body: str) -> list[object]:
    own = jinja2.Environment(autoescape=True, undefined=jinja2.StrictUndefined, keep_trailing_newline=True)
    whole = MJML_FRAME.replace("{{ content }}", body).replace("<mj-title>t</mj-title>", "")
    source = own.from_string(whole).render(**VALUES, **FRAMES).replace("<br>", "<br/>")
    return in_body(INLINER.inline(mrml.to_html(source, render_options=mrml.RenderOptions(fonts={})).content))


@pytest.mark.parametrize("body", MJML.values(), ids=MJML)
def test_mjml_made_once_is_mjml_made_anew(body):
    assert mjml_ours(body) == mjml_anew(body)


def test_columns_by_condition_keep_their_share_of_the_row():
    assert mjml_ours(MJML_DIFFERENT) != mjml_anew(MJML_DIFFERENT)
