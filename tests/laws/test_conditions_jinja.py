"""Law: any text is either a finding or a condition that runs, and that Jinja reads too (language.md 7)."""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

from hypothesis import given, settings
from hypothesis import strategies as st
from jinja2.sandbox import SandboxedEnvironment

from nurture.decide.clock import Clock
from nurture.decide.conditions import evaluate, looks, next_change, truth
from nurture.decide.scene import Scene
from nurture.language.expressions import parse_condition, parse_value, scope_of
from nurture.model.book import Book
from nurture.model.catalogue import Catalogue, Field
from nurture.model.event import Event
from nurture.model.person import Person
from nurture.model.place import Place
from nurture.model.rules import Rules

CATALOGUE = Catalogue(
    person={"c": Field("c", "text"), "n": Field("n", "number"), "b": Field("b", "bool"), "d": Field("d", "day")},
    events={"e": {"n": Field("n", "number")}},
)
SCOPE = scope_of(CATALOGUE, tags=("t",))
NOW = datetime(2027, 3, 28, 0, 30, tzinfo=UTC)
PEOPLE = (
    Person("nobody", NOW),
    Person(
        "somebody",
        NOW,
        {"c": "x", "n": 0, "b": True, "d": date(2027, 3, 1)},
        frozenset({"t"}),
        events=(Event("1", "e", NOW, NOW, 1, {"n": 1}),),
    ),
)
SCENES = [Scene(Book(Rules("law"), CATALOGUE), person, NOW, Clock(ZoneInfo("Europe/Paris"))) for person in PEOPLE]
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
        for scene in SCENES:
            answers = {look.answer for look in looks(condition, scene)}
            joined = False if "no" in answers else None if "unknown" in answers else True
            assert truth(condition, scene) is joined, text
            change = next_change(condition.root, scene)
            assert change is None or change > NOW
    return condition is not None


@settings(max_examples=500, deadline=None)
@given(st.text(max_size=60))
def test_any_text(text: str) -> None:
    """Any text is a condition or findings, and never both, nor a traceback."""
    assert read(text) in (True, False)
    value, problems = parse_value(text, PLACE, SCOPE)
    assert (value is None) == bool(problems)


SENTENCES = (
    "not ( person.n + 1 ) * 2 >= 4 and person.c in [ 'x' , \"y\" ] or person.d is unknown",
    "days_since( person.d ) > 30 and ( person.b or has_tag('t') )",
    "count('e', n= person.n , within='3 days' ) + count('e') / 2 == - person.n",
    "ago('2 weeks') < person.d or today != person.d and not person.b == false",
    "lower( person.c ) not in [ 'x' ] and person.n is not known",
)


ALIKE = (
    ("and", "or", "and not", "or not"),
    ("==", "!=", ">=", ">", "<", "<="),
    ("+", "-", "*", "/"),
    ("in", "not in"),
    ("person.n", "1", "2", "30", "2.5", "- 4", "count('e')", "( person.n - 1 )", "days_until( today )"),
    ("'x'", '"y"', "person.c", "lower( 'X' )"),
    ("known", "unknown", "not known"),
    ("'3 days'", "'1 month'", "'5 hours'", "'0 days'", "'soon'"),
)
PEERS = {word: words for words in ALIKE for word in words}


@st.composite
def nearly_right(draw: st.DrawFn) -> str:
    """A condition with some words changed for others of their kind, and sometimes one that is out of place."""
    words = [
        draw(st.sampled_from(PEERS.get(word, (word,)))) if draw(st.booleans()) else word
        for word in draw(st.sampled_from(SENTENCES)).split(" ")
    ]
    if draw(st.integers(0, 3)) == 3:
        words[draw(st.integers(0, len(words) - 1))] = draw(st.sampled_from(WORDS))
    return " ".join(words)


@settings(max_examples=700, deadline=None)
@given(nearly_right())
def test_any_words(text: str) -> None:
    assert read(text) in (True, False)
    value, problems = parse_value(text, PLACE, SCOPE)
    assert (value is None) == bool(problems)
    if value is not None:
        ENVIRONMENT.compile_expression(text)
        for scene in SCENES:
            evaluate(value, scene)


@settings(max_examples=200, deadline=None)
@given(st.lists(st.sampled_from(CLAUSES), min_size=1, max_size=5), st.data())
def test_questions_joined_in_any_way(clauses: list[str], data: st.DataObject) -> None:
    text = clauses[0]
    for clause in clauses[1:]:
        joined = f"{text} {data.draw(st.sampled_from(('and', 'or', 'and not', 'or not')))} {clause}"
        text = data.draw(st.sampled_from((joined, f"({joined})", f"not ({joined})")))
    assert read(text)
