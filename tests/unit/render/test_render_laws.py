"""Whatever a value or a template holds, the page keeps its structure or there is a finding."""

from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

from nurture.render.restore import Restoring, Source
from nurture.render.tokens import Misplaced, text_with_tokens

from .test_render_mail import HELLO, Structure
from .test_render_tokens import body

NASTY = st.text(
    st.sampled_from(list("<>&\"'{}%#[]()!*_`\\\r\n\u2066\u2067\u2068\u2069\u202e\u200fא aب1jj/:.=;-")), max_size=25
)
TOKENS = [
    "{{ a }}",
    "{{ b | or_else('}}') }}",
    "{# c #}",
    "{% if a %}",
    "{% else %}",
    "{% endif %}",
    "{% for a in b %}",
]
MARKS = ["- ", "1. ", "> ", "# ", "**", "*", "`", "[", "](", ")", "![", "<", "https://a", "word", " ", "    ", "jj"]
PARTS = st.sampled_from([*TOKENS, *MARKS, "\n", "\n\n"])


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=150)
@given(NASTY | st.text(max_size=30))
def test_no_value_changes_the_structure(mail, value):
    body = (
        "{{ code | or_else('-') }} [go](https://a.example/?n={{ code | or_else('-') }}) "
        "**{{ person.first_name | or_else('-') }}**"
    )
    tame = mail({"ar": HELLO + body}, {"locale": "ar"}, variables={"code": None})
    wild = mail({"ar": HELLO + body}, {"locale": "ar", "first_name": value}, variables={"code": value})
    tags = [[tag for tag in Structure(page.html).seen if tag != "bdi"] for page in (wild, tame)]
    assert tags[0] == tags[1]
    assert wild.text.count("\n") == tame.text.count("\n")
    assert "\n" not in wild.subject
    assert "\r" not in wild.subject + wild.to_name


@settings(max_examples=300)
@given(st.lists(PARTS, max_size=20).map("".join))
def test_every_token_comes_back_once_or_is_refused(source):
    made = body(source)
    hidden = made.hidden
    try:
        parts = Restoring(hidden).run(made.html)
        text = text_with_tokens(made.text, hidden)
    except Misplaced:
        event("refused")
        return
    html = "".join(part.text if isinstance(part, Source) else part for part in parts)
    event(f"kept {min(3, len(hidden.tokens))} tokens or more")
    for token in set(hidden.tokens):
        times = sum(other.text == token.text for other in hidden.tokens)
        assert html.count(token.text) + html.count(f"{{{{ ({token.expression}) | _") == times
        assert text.count(token.text) <= times
    assert not hidden.mark.search(html)
    assert not hidden.mark.search(text)
