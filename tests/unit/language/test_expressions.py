"""Reading conditions: every message of language.md 7 and 9.2, word for word and at its column."""

from pathlib import Path

import pytest

from nurture.language.expressions import DEEPEST, LONGEST, parse_condition, parse_value, scope_of
from nurture.language.scope import StepWords
from nurture.model.catalogue import Catalogue, Field, OrderRule
from nurture.model.expression import (
    Among,
    Arithmetic,
    Both,
    Call,
    Compare,
    Either,
    IsKnown,
    Kind,
    Literal,
    Name,
    Opposite,
)
from nurture.model.length import Length, Unit
from nurture.model.place import Place


def fields(**types: str) -> dict[str, Field]:
    return {name: Field(name, kind) for name, kind in types.items()}


CATALOGUE = Catalogue(
    person={
        **fields(
            country="text", first_name="text", birthday="day", vip_since="day", observes="tags", subscribed="bool"
        ),
        "visits": Field("visits", "number"),
        "seen_at": Field("seen_at", "moment"),
        "spent": Field("spent", "money"),
        "brew_method": Field("brew_method", "text", one_of=("espresso", "filter", "moka")),
        "reviews": Field("reviews", "", source="review.posted", take="count"),
        "first_stars": Field("first_stars", "", source="review.posted", take="first", take_field="stars"),
        "first_review": Field("first_review", "", source="review.posted", take="first"),
    },
    orders=OrderRule("order.placed", "order_id"),
    events={
        "order.placed": fields(order_id="text", total="money", lines="lines"),
        "review.posted": {
            **fields(stars="number", words="text"),
            "mood": Field("mood", "text", one_of=("good", "bad")),
        },
        "feedback.given": fields(score="number", words="text", stars="text"),
        "complaint.opened": fields(ticket="text"),
    },
)
SCOPE = scope_of(
    CATALOGUE,
    stages=("vip", "lapsed", "looking"),
    moments=("telling", "feedback"),
    tags=("reviewer", "do_not_ask"),
    mails=("welcome", "next_bag_offer"),
)
SCOPE = SCOPE.with_start(["complaint.opened"], ["complaint.opened"]).with_event(["review.posted", "feedback.given"])
SCOPE = SCOPE.with_steps({"hello": StepWords("send", ("sent", "capped"))})
HERE = Place("sequences/spring_push.yaml", 11, 7)


def findings(text: str) -> list[tuple[str, int, str, str]]:
    """Code, offset, message and hint of each finding."""
    condition, problems = parse_condition(text, HERE, SCOPE)
    assert (condition is None) == bool(problems)
    return [(found.code, found.place.column - 7, found.message, found.hint) for found in problems]


def root(text: str) -> object:
    condition, problems = parse_condition(text, HERE, SCOPE)
    assert condition is not None, problems
    return condition.root


def specimens() -> list[tuple[str, str]]:
    """Each condition of the specimens with the line below it."""
    path = Path(__file__).parents[2] / "specimens" / "conditions.txt"
    lines = [line for line in path.read_text("utf-8").splitlines() if line and not line.startswith("#")]
    return list(zip(lines[::2], lines[1::2], strict=True))


@pytest.mark.parametrize(("text", "below"), specimens(), ids=[text for text, _ in specimens()])
def test_a_mistake_is_told_at_its_place(text: str, below: str) -> None:
    code, offset, message, hint = findings(text)[0]
    assert f"{' ' * offset}^ {code} {'; '.join(filter(None, (message, hint)))}" == below


def test_nothing_at_all() -> None:
    for text in ("", "  "):
        assert findings(text)[0][2:] == ("there is nothing here", "ask something, e.g. person.country == 'FR'")


def test_findings_of_names_and_types_are_all_told_at_once() -> None:
    found = findings("person.ordrs.count > 2 and person.stage == 'vpi' and has_tag('revewer')")
    assert [(code, offset) for code, offset, _, _ in found] == [("E201", 0), ("E203", 43), ("E208", 61)]


def test_the_caret_covers_the_whole_word() -> None:
    _, problems = parse_condition("person.ordrs.count > 2", HERE, SCOPE)
    assert problems[0].place == Place("sequences/spring_push.yaml", 11, 7, len("person.ordrs.count"))


def test_a_place_can_be_worked_out_by_who_knows_the_file() -> None:
    def locate(offset: int, length: int) -> Place:
        return Place("folded.yaml", 3 + offset // 10, offset % 10, length)

    _, problems = parse_condition("person.visits > 1 and has_tag('x')", locate, SCOPE)
    assert problems[0].place == Place("folded.yaml", 6, 0, 3)
    condition, _ = parse_condition("true", locate, SCOPE)
    assert condition is not None
    assert condition.place == Place("folded.yaml", 3, 0, 4)


def test_lines_are_asked_by_product() -> None:
    scope = SCOPE.with_event(["order.placed"])
    _, problems = parse_condition("event.lines is known", HERE, scope)
    assert problems[0].message == "'event.lines' is a list of products; ask bought('product')"
    assert parse_condition("bought('grinder', within='90 days')", HERE, scope)[1] == ()


def test_without_order_lines_nothing_is_known_to_be_bought() -> None:
    scope = scope_of(Catalogue(orders=OrderRule("order.placed"), events={"order.placed": fields(total="money")}))
    _, problems = parse_condition("bought('grinder')", HERE, scope)
    assert problems[0].message == "the catalogue's order event has no lines, so nothing is known to be bought"
    _, problems = parse_condition("person.orders.count > 0", HERE, scope_of(Catalogue()))
    assert problems[0].message == "nothing is called 'person.orders.count'"
    assert problems[0].hint == "it is known when sequences/house/catalogue.yaml has 'orders:'"


def test_event_fields_are_only_known_where_there_is_an_event() -> None:
    scope = scope_of(CATALOGUE)
    for text in ("event.score > 1", "start.ticket == 'x'", "start.name == 'x'", "steps.hello.outcome == 'sent'"):
        assert parse_condition(text, HERE, scope)[1][0].message.startswith("nothing is called")
        assert parse_condition(text.replace("'x'", "'complaint.opened'"), HERE, SCOPE)[1] == ()


def test_a_field_of_two_events_keeps_its_closed_list_only_when_both_close_it() -> None:
    open_one = {"mood": Field("mood", "text")}
    closed = {"mood": Field("mood", "text", one_of=("good",))}
    other = {"mood": Field("mood", "text", one_of=("bad",))}
    scope = scope_of(Catalogue(events={"open": open_one, "closed": closed, "other": other}))
    assert scope.with_event(["closed", "open"]).names["event.mood"].one_of == ()
    assert scope.with_event(["open", "closed"]).names["event.mood"].one_of == ()
    assert scope.with_event(["closed", "other"]).names["event.mood"].one_of == ("good", "bad")


def test_worked_out_facts_have_the_type_of_what_they_take() -> None:
    for text in ("person.reviews >= 2", "person.first_stars == 5", "days_since(person.first_review) > 3"):
        assert findings(text) == []


# the tree


def test_binding() -> None:
    tree = root("not has_tag('reviewer') and 1 + 2 * 3 == 7 or true")
    assert isinstance(tree, Either)
    assert isinstance(tree.parts[0], Both)
    assert isinstance(tree.parts[0].parts[0], Opposite)
    compared = tree.parts[0].parts[1]
    assert isinstance(compared, Compare)
    total = compared.left
    assert isinstance(total, Arithmetic)
    assert total.operator == "+"
    assert isinstance(total.right, Arithmetic)


def test_minus() -> None:
    assert root("person.visits > -1") == Compare(
        ">", Name(("person", "visits"), Kind.number, 1), Literal(-1, Kind.number, 17), column=1
    )
    negative = root("-person.visits > 1")
    assert isinstance(negative, Compare)
    assert negative.left == Arithmetic(
        "-", Literal(0, Kind.number, 1), Name(("person", "visits"), Kind.number, 2), column=1
    )


def test_functions_keep_their_words() -> None:
    tree = root("count('review.posted', within='90 days', stars=5) >= 1")
    assert isinstance(tree, Compare)
    assert tree.left == Call(
        "count",
        Kind.number,
        None,
        "review.posted",
        Length(90, Unit.day),
        (("stars", Literal(5, Kind.number, 48)),),
        1,
    )


def test_in_and_known() -> None:
    among = root("person.country not in ['FR', \"DE\"]")
    assert isinstance(among, Among)
    assert among.negated
    assert [option.value for option in among.options if isinstance(option, Literal)] == ["FR", "DE"]
    for text, negated in (
        ("is known", False),
        ("is unknown", True),
        ("is not known", True),
        ("is not unknown", False),
    ):
        known = root(f"person.observes {text}")
        assert isinstance(known, IsKnown)
        assert known.negated is negated


def test_money_compares_as_a_number_and_a_day_with_a_moment() -> None:
    assert findings("person.spent > 9.5 and person.vip_since <= person.seen_at and start.day == today") == []


def test_a_condition_keeps_the_authors_words() -> None:
    condition, _ = parse_condition("person.visits  >  1", HERE, SCOPE)
    assert condition is not None
    assert condition.text == "person.visits  >  1"
    assert condition.place == Place("sequences/spring_push.yaml", 11, 7, 19)


def test_values_may_be_of_any_type() -> None:
    for text, kind in (
        ("today", Kind.day),
        ("'gold'", Kind.text),
        ("person.visits + 1", Kind.number),
        ("true", Kind.bool),
        ("event.mood", Kind.text),
        ("ago('3 days')", Kind.moment),
    ):
        value, problems = parse_value(text, HERE, SCOPE)
        assert problems == ()
        assert value is not None
        assert value.kind is kind
    assert parse_value("tody", HERE, SCOPE)[1][0].hint == "did you mean 'today'?"


@pytest.mark.parametrize(
    "deep",
    [
        "(" * 400 + "true" + ")" * 400,
        "not " * 5000 + "true",
        "person.visits > " + "-" * 5000 + "1",
        "lower(" * 400 + "'x'" + ")" * 400 + " == 'x'",
        "1" + " + 1" * 5000 + " > 1",
        "1" + " * 2" * 5000 + " > 1",
    ],
    ids=["brackets", "not", "minus", "functions", "sum", "product"],
)
def test_depth_is_bounded_by_a_finding(deep: str) -> None:
    assert findings(deep)[0][2] in ("too much is nested here", f"more than {LONGEST} terms in a row")


def test_what_is_within_the_bounds_is_read() -> None:
    assert findings("(" * DEEPEST + "true" + ")" * DEEPEST) == []
    assert findings("1" + " + 1" * (LONGEST - 1) + " > 1") == []
    assert findings("true" + " and true" * 3000) == []
    nested = "(" * (DEEPEST - 1) + "1" + " + 1" * (LONGEST - 1) + ")" * (DEEPEST - 1)
    assert findings(f"{nested} > 1") == []
