"""Law: any text is either a finding or a condition that Jinja reads too; nothing else comes out (language.md 7)."""

from hypothesis import given, settings
from hypothesis import strategies as st
from jinja2.sandbox import SandboxedEnvironment

from nurture.language.expressions import parse_condition, parse_value, scope_of
from nurture.model.catalogue import Catalogue, Field
from nurture.model.place import Place

SCOPE = scope_of(
    Catalogue(
        person={"c": Field("c", "text"), "n": Field("n", "number"), "b": Field("b", "bool"), "d": Field("d", "day")},
        events={"e": {"n": Field("n", "number")}},
    ),
    tags=("t",),
)
ENVIRONMENT = SandboxedEnvironment()
ENVIRONMENT.tests |= {"known": bool, "unknown": bool}
WORDS = (
    "person.c", "person.n", "person.b", "person.d", "today", "1", "2.5", "0", "'x'", '"y"', "true", "false", "and",
    "or", "not", "in", "is", "known", "unknown", "none", "==", "!=", "<", ">=", "=", "(", ")", "[", "]", ",", "+",
    "-", "*", "/", "%", "days_since(", "days_until(", "has_tag('t')", "count('e')", "count('e', n=", "within='3 days'",
    "ago('2 weeks')", "lower(", "'", "&&", "}}", "person.c == 'x'", "person.n > 1", "person.d is known", "\n", "é",
)  # fmt: skip
PLACE = Place("law")
CLAUSES = ("person.c == 'x'", "person.n > 1", "person.b", "person.d is known", "person.n in [1, 2]", "true")


def read(text: str) -> bool:
    """Whether the text is a condition; if it is, Jinja reads it too."""
    condition, problems = parse_condition(text, PLACE, SCOPE)
    assert (condition is None) == bool(problems), text
    for problem in problems:
        assert 1 <= problem.place.column <= len(text) + 1
        assert problem.place.column + problem.place.length <= len(text) + 2
    if condition is not None:
        ENVIRONMENT.compile_expression(text)
    return condition is not None


@settings(max_examples=1500, deadline=None)
@given(st.text(max_size=60))
def test_any_text(text: str) -> None:
    read(text)
    parse_value(text, PLACE, SCOPE)


@settings(max_examples=1500, deadline=None)
@given(st.lists(st.sampled_from(WORDS), max_size=12), st.sampled_from(("", " ")))
def test_any_words(words: list[str], between: str) -> None:
    text = between.join(words)
    read(text)
    value, _ = parse_value(text, PLACE, SCOPE)
    if value is not None:
        ENVIRONMENT.compile_expression(text)


@settings(max_examples=500, deadline=None)
@given(st.lists(st.sampled_from(CLAUSES), min_size=1, max_size=5), st.data())
def test_questions_joined_in_any_way(clauses: list[str], data: st.DataObject) -> None:
    text = clauses[0]
    for clause in clauses[1:]:
        joined = f"{text} {data.draw(st.sampled_from(('and', 'or', 'and not', 'or not')))} {clause}"
        text = data.draw(st.sampled_from((joined, f"({joined})", f"not ({joined})")))
    assert read(text)
